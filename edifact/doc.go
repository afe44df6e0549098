// Package edifact reads and writes UN/EDIFACT interchanges (ISO 9735, syntax
// versions 1 to 3) and checks messages against the UN directory. It knows the
// syntax and the message structures, and nothing of what the messages are for.
//
// [Reader] cuts a byte stream into segments, [Interchange] adds the envelope
// with its references and counts, [Checker] compares a message with its
// structure, [Writer] writes, and [Control] is the service message CONTRL.
//
// Everything streams: memory does not grow with the input. What is wrong with
// an input is told as [*Error], which names the place the way CONTRL does.
package edifact
