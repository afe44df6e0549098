// Package contrl answers UN/EDIFACT interchanges with the service message
// CONTRL, and reads the answers of others (ISO 9735:1988 Amd.1 with CONTRL
// D.3; ISO 9735-4:2002 for syntax version 4).
//
// [Answers] is the simple door: it reads an input, compares its messages with
// their structure, and gives for every interchange the [Control] that its
// sender should get. A [Collector] does the same beside a reading that somebody
// does for other reasons. [Write] writes a Control as a message, [Read] reads
// one, and [Control.Judge] says what it means for each message that was sent.
//
// What an answer says:
//
//   - A fault stands at the level it belongs to: UNA, UNB, UNZ and what stands
//     outside of groups and messages reject the interchange (UCI); UNG, UNE and
//     what stands between the messages of a group reject the group (UCF); UNH and
//     UNT, or UNO and UNP, reject the message (UCM) and name the trailer or
//     header; every other segment rejects its message and is counted in UCS, its
//     data elements in UCD.
//   - Each of UCI, UCF and UCM has room for one fault, the first. A level whose
//     faults are all told below it has no code of its own.
//   - Only what is rejected is listed. What is not listed is accepted where the
//     level above is (action 7).
//   - A missing segment is told with the position of the last one before the
//     place where it should be (0096).
//   - What cannot be named, such as a message without a reference, rejects the
//     level above.
//   - An interchange that breaks off is rejected: its UNZ is missing.
//   - CONTRL is never answered with CONTRL, and messages of that type among
//     others are passed over.
//   - An interchange whose UNB does not hold what an answer must repeat has none:
//     its sender has to be told by other means.
package contrl
