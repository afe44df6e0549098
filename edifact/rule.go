package edifact

// Rule is the name of what a fault offends against: stable, short, one for each
// kind of fault.
type Rule string

// Rules of the syntax. The code after each is what CONTRL calls the fault
// (0085).
const (
	RuleUNA          Rule = "una"           // 20: the service string advice is complete, its characters usable and different
	RuleSeparators   Rule = "separators"    // 22: the service characters are known
	RulePreamble     Rule = "preamble"      // 21: nothing stands before UNA or UNB
	RulePadding      Rule = "padding"       // 21: nothing stands between interchanges, and no blanks between segments
	RuleLineBreak    Rule = "line-break"    // 21: line breaks are no part of the syntax
	RuleTag          Rule = "tag"           // 12: a tag is three capital letters or digits
	RuleRelease      Rule = "release"       // 22: the release character stands before a service character
	RuleTerminator   Rule = "terminator"    // 13: every segment has a terminator
	RuleRepertoire   Rule = "repertoire"    // 21: values hold characters of the repertoire only
	RuleLimit        Rule = "limit"         // 39 or 16: sizes stay within the reader's limits
	RuleSyntax       Rule = "syntax"        // 2: repertoire and syntax version are known
	RuleHeader       Rule = "header"        // 13: an interchange begins with UNB, a message with UNH
	RuleTrailer      Rule = "trailer"       // 13: every header has its trailer
	RuleOutside      Rule = "outside"       // 33: segments stand in a message
	RuleCount        Rule = "count"         // 29: trailers count what there is
	RuleReference    Rule = "reference"     // 28: trailers repeat the reference of the header
	RuleDuplicate    Rule = "duplicate"     // 26: references are unique
	RuleGroups       Rule = "groups"        // 30: groups and messages are not mixed
	RuleGroupType    Rule = "group-type"    // 31: a group holds messages of one type
	RuleEmpty        Rule = "empty"         // 32: no interchange and no group is empty
	RulePackage      Rule = "package"       // 29: the object of a package is as long as UNO says
	RuleMandatory    Rule = "mandatory"     // 13: mandatory data elements and components have a value
	RuleMissing      Rule = "missing"       // 13: mandatory segments and groups are there
	RulePosition     Rule = "position"      // 15: segments stand where the structure has them
	RuleSegments     Rule = "segments"      // 35: segments repeat as often as they may
	RuleSegmentGroup Rule = "segment-group" // 36: segment groups repeat as often as they may
	RuleNesting      Rule = "nesting"       // 34: no explicit nesting where the structure has none
	RuleElements     Rule = "elements"      // 16: a segment has no more data elements than it may
	RuleComponents   Rule = "components"    // 16: a composite has no more components than it may
	RuleRepetitions  Rule = "repetitions"   // 35: a data element repeats as often as it may
	RuleTooLong      Rule = "too-long"      // 39
	RuleTooShort     Rule = "too-short"     // 40
	RuleType         Rule = "type"          // 37: letters or digits where they belong
	RuleNumber       Rule = "number"        // 19 or 38: numbers are written as ISO 9735 §10 has it
	RuleCode         Rule = "code"          // 12: coded values stand in their code list
	RuleMessageType  Rule = "message-type"  // 14: the directory knows the message type
)
