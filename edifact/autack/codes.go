package autack

// Security services (0501) of structures that an AUTACK refers to.
const (
	ServiceNonRepudiation = "7" // of origin
	ServiceOrigin         = "8" // authentication of origin
	ServiceIntegrity      = "9" // the value of USY is a digest, not signed
)

// Scopes (0541) that a signature of a referenced structure can have.
const (
	ScopeWhole   = "3" // the whole message, package, group or interchange
	ScopeMessage = "6" // from the U of UNH to the terminator of UNT
)

// Uses of an algorithm (0523).
const (
	useHashing    = "1" // owner hashing
	useSigning    = "6" // owner signing
	useEitherSign = "7" // owner enciphering or signing
)

// Qualifiers.
const (
	onlyValue        = "1" // 0563: the one validation value there is
	messageSender    = "1" // 0577
	certificateOwner = "3" // 0577
	timestamp        = "1" // 0517: security timestamp
)

// Functions of the message (0113), in syntax version 4.
const (
	FunctionAuthentication = "SECAUT" // secure integrity, authentication or non-repudiation of origin
)

// Code is a code with the list that it is from (0529, 0601); list "1" is that of
// the UN.
type Code struct{ Value, List string }

// Codes say in USA how a signature is made. A zero Code stands for the usual
// one.
type Codes struct {
	Hash Code // 0527 of SHA-256: 48 of the UN
	RSA  Code // 0527: 10 of the UN
	PKCS Code // 0591 of PKCS #1 v1.5: 16 of the UN
	PSS  Code // 0591 of PSS: "PSS" of list "ZZZ", mutually agreed
}

const (
	listUN     = "1"
	listAgreed = "ZZZ"
)

// olderPKCS is the older code of the same padding.
var olderPKCS = Code{"11", listUN}

func (c Codes) withDefaults() Codes {
	set := func(to *Code, usual Code) {
		if *to == (Code{}) {
			*to = usual
		}
	}
	set(&c.Hash, Code{"48", listUN})
	set(&c.RSA, Code{"10", listUN})
	set(&c.PKCS, Code{"16", listUN})
	set(&c.PSS, Code{"PSS", listAgreed})
	return c
}

// is compares a code of a message with one that is expected; who names no list
// means that of the UN.
func (c Code) is(expected Code) bool {
	if c.List == "" {
		c.List = listUN
	}
	if expected.List == "" {
		expected.List = listUN
	}
	return c == expected
}

// Padding is how a digest is padded for RSA.
type Padding uint8

// Paddings of PKCS #1 (RFC 8017).
const (
	PKCS1v15 Padding = iota // RSASSA-PKCS1-v1_5: what EDIFACT's RSA means
	PSS                     // RSASSA-PSS, its salt as long as the digest
)

const messageType = "AUTACK"
