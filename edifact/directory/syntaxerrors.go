package directory

// SyntaxErrorMeaning says in a sentence what a code of 0085 reports; empty for
// none. The codes' names are in [Service]: Elements["0085"].Codes, those of
// version 4 being fewer than those of version 3.
func SyntaxErrorMeaning(code string) string { return syntaxErrors[code] }

// syntaxErrors is UNSL 0085 and ISO 9735-10, in short. A code has the same
// meaning in all versions but for packages, which only version 4 has.
var syntaxErrors = map[string]string{
	"1":  "The UNA string cannot be understood or complied with.",
	"2":  "The recipient does not support the syntax version or level.",
	"3":  "The recipient does not support the message type, version or release.",
	"4":  "A service segment is missing, holds invalid data or cannot be processed.",
	"5":  "The trailer does not agree with the header, or its count is wrong.",
	"6":  "A data segment is missing, holds invalid data or cannot be processed.",
	"7":  "The interchange recipient (S003) is not the actual recipient.",
	"8":  "A segment holds too many data elements.",
	"9":  "A mandatory data element is missing.",
	"10": "A data element does not conform to the message or segment specification.",
	"11": "The password in UNB is invalid.",
	"12": "The value of an element does not conform to its specification.",
	"13": "A mandatory or otherwise required segment or element is missing.",
	"14": "The recipient does not support this value in this position.",
	"15": "The recipient does not support this segment or element in this position.",
	"16": "A segment holds too many elements, or a composite too many components.",
	"17": "No agreement allows receipt of an interchange, group or message with this value.",
	"18": "There is an error whose nature is not reported.",
	"19": "The decimal mark in UNA is invalid, or a number uses another mark.",
	"20": "A character given in UNA cannot be a service character.",
	"21": "A character is not in the repertoire that UNB names.",
	"22": "A service character is not one of those in UNA or of the syntax level.",
	"23": "The interchange sender (S002) is not known.",
	"24": "The interchange or group is older than agreed or accepted.",
	"25": "Test processing cannot be done for the interchange, group or message.",
	"26": "The interchange, group or message may have been received before.",
	"27": "The recipient does not support the security function.",
	"28": "The reference in the header is not the one in the trailer.",
	"29": "The count of groups, messages, segments or octets is not what was received.",
	"30": "Groups and single messages or packages are mixed in one interchange.",
	"31": "A group holds messages of more than one type.",
	"32": "The interchange holds no message, package or group, or a group holds none.",
	"33": "A segment or element stands between messages, packages or groups.",
	"34": "Explicit nesting stands in a message that does not use it.",
	"35": "A segment or data element is repeated too often.",
	"36": "A segment group is repeated too often.",
	"37": "A digit stands in an alphabetic element, or a letter in a numeric one.",
	"38": "No digit stands before a decimal mark.",
	"39": "A data element is longer than its specification allows.",
	"40": "A data element is shorter than its specification demands.",
	"41": "The network reported a permanent error; sending again does not help.",
	"42": "The network reported a temporary error; sending again may help.",
	"43": "The network does not know the interchange recipient.",
	"45": "A separator stands last before the end of a segment, composite or repetition.",
	"46": "A character is not in the character set that UNB declares.",
	"47": "The recipient does not support the envelope structure.",
	"48": "A dependency note of the message or segment is not kept.",
}
