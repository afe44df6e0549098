package autack

import "nks/edifact"

// Message is an AUTACK. It is a plain value: [Sign] makes one, [Read] and
// [Message.Write] take it from and to EDIFACT.
type Message struct {
	UNH       edifact.UNH
	Headers   []Header      // SG1, up to 99
	Response  string        // 0503 of USB: 1 no acknowledgement expected, 2 expected
	Time      Time          // of USB
	Sender    edifact.Party // S002 of USB
	Recipient edifact.Party // S003 of USB
	Secured   []Secured     // SG3, up to 9,999
	Trailers  []Trailer     // SG4, one for each header
}

// Header is a security header group: USH with what follows it. It says how a
// security service was applied.
type Header struct {
	Service      string // 0501
	Ref          string // 0534: links it with USY and UST
	Scope        string // 0541
	Response     string // 0503
	Filter       Filter // 0505
	Encoding     string // 0507: of what was secured
	Role         string // 0509
	Parties      []Party
	Sequence     string // 0520
	Time         Time
	Algorithms   []Algorithm   // USA, up to 3
	Certificates []Certificate // SG2, up to 2
}

// Party is a party to security (S500).
type Party struct {
	Qualifier string // 0577: 1 sender, 2 receiver, 3 owner of the certificate, 4 who certifies
	KeyName   string // 0538
	ID        string // 0511
	List      string // 0513: list that ID is from
	Agency    string // 0515: who keeps that list
	Names     [3]string
}

// Time is a date with a time (S501).
type Time struct {
	Qualifier string // 0517: 1 is a security timestamp
	Date      string // 0338 ccyymmdd
	Time      string // 0314 hhmmss, with or without decimals
	Offset    string // 0336: from UTC, hhmm
}

// Algorithm is a USA: an algorithm and its use.
type Algorithm struct {
	Use        string // 0523: 1 hashing, 6 signing
	Mode       Code   // 0525, 0533
	Code       Code   // 0527, 0529
	Padding    Code   // 0591, 0601
	Parameters []Parameter
}

// Parameter is a parameter of an algorithm (S503).
type Parameter struct {
	Qualifier string // 0531
	Value     string // 0554
}

// Certificate is a certificate group: USC with what follows it. Ref alone, or a
// key name of a party, refers to a key that the partners have.
type Certificate struct {
	Ref               string // 0536
	Parties           []Party
	Syntax            string      // 0545: 3 is X.509
	Filter            Filter      // 0505
	Encoding          string      // 0507
	Level             string      // 0546: user authorisation level
	ServiceCharacters []Parameter // S505: 0551 with 0548
	Times             []Time
	Status            string      // 0567
	Revocation        string      // 0569
	Algorithms        []Algorithm // USA, up to 3
	Signature         []Value     // USR: of the certificate
}

// Value is a validation value (S508).
type Value struct {
	Qualifier string // 0563: 1 is the only one
	Value     string // 0560, in the form of its filter
}

// Secured is a reference group: USX, and a USY for each signature.
type Secured struct {
	Reference Reference
	Time      Time // when it was secured, or prepared
	Results   []Result
}

// Result is a USY: the signature that a security header describes, or why it was
// rejected.
type Result struct {
	Header string // 0534
	Values []Value
	Error  string // 0571
}

// Trailer is a security trailer group: UST and USR.
type Trailer struct {
	Header    string  // 0534
	Segments  int     // 0588: of header and trailer group together
	Signature []Value // USR: of the AUTACK itself
}

// segments counts header group h and its trailer group.
func (h *Header) segments(t *Trailer) int {
	n := 1 + len(h.Algorithms) + 1
	for i := range h.Certificates {
		c := &h.Certificates[i]
		n += 1 + len(c.Algorithms)
		if len(c.Signature) > 0 {
			n++
		}
	}
	if len(t.Signature) > 0 {
		n++
	}
	return n
}
