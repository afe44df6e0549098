package bank

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"nks/edifact"
)

// Kinds of journal lines. The order, line and posting lines of a file stand before its received line, which commits them: a
// reader that meets the end, or anything else, before the received line has met a file that was never taken.
const (
	kindOrder     = "order"
	kindLine      = "line"
	kindReceived  = "received"
	kindMade      = "made"
	kindPublished = "published"
	kindRemoved   = "removed"
	kindConfirmed = "confirmed"
	kindRepeats   = "repeats" // asked to say once more what nobody could use
	kindPosting   = "posting" // with the orders
	kindBooked    = "booked"
	kindClosed    = "closed"
)

// Codes of a CONTRL, 0085, that a fault gives.
const (
	codeDuplicate   = int(edifact.CodeDuplicate)
	codeUnspecified = int(edifact.CodeUnspecified)
)

// Verdicts of an order line, decided when the file is read and told when the profile says.
const (
	verdictReject = "reject" // told at validation
	verdictLate   = "late"   // told at booking
	verdictSilent = "silent" // told of, if at all, by the statements of a fault
)

// orderLine is one order as it stood in a PAYMUL.
type orderLine struct {
	Kind     string `json:"k"`
	Ref      string `json:"ref"` // RFF+CR
	Oere     int64  `json:"oere"`
	Currency string `json:"cur"`
	Account  string `json:"acc,omitempty"`  // FII+BF
	Bank     string `json:"bank,omitempty"` // reg.nr or BIC
	Type     string `json:"type"`           // PAI, its parts joined with /
	Creditor string `json:"kre,omitempty"`  // RFF+KRE
	SlipID   string `json:"bid,omitempty"`  // RFF+BID
	Message  int    `json:"msg"`            // index into the messages of the received line
	Line     int    `json:"lin"`
	Seq      int    `json:"seq"`
	Verdict  string `json:"v,omitempty"`
	Why      int    `json:"why,omitempty"` // index into the profile's reasons
	Double   bool   `json:"double,omitempty"`
	// Truth is what the centre does with the order, whatever it tells: Executed or Rejected.
	Truth    Outcome `json:"truth"`
	Booked   bool    `json:"booked,omitempty"` // debited though it is rejected
	Fault    Fault   `json:"fault,omitempty"`
	Names    string  `json:"names,omitempty"`     // wrong reference: how it is wrong
	NamesRef string  `json:"names_ref,omitempty"` // and the reference that is named
	// Exchanged is what an order abroad came to at the rate of its debit; nil: it is debited as it was ordered.
	Exchanged *exchanged `json:"exchanged,omitempty"`
}

// lineLine is one LIN.
type lineLine struct {
	Kind     string `json:"k"`
	Message  int    `json:"msg"`
	Line     int    `json:"lin"`
	Group    string `json:"aek,omitempty"` // RFF+AEK
	Oere     int64  `json:"oere"`
	Currency string `json:"cur"`
	Account  string `json:"acc"`  // FII+OR
	Bank     string `json:"bank"` // reg.nr
	Type     string `json:"type"` // BUS
	Date     string `json:"date"` // DTM+203, ccyymmdd
	Orders   int    `json:"n"`
	Transfer string `json:"cux,omitempty"` // currency that the recipients get; empty: kroner
}

// flaw is an error found in a received interchange, as CONTRL tells it.
type flaw struct {
	Code      int    `json:"code"`              // 0085
	Tag       string `json:"tag,omitempty"`     // 0013 of a service segment
	Segment   int    `json:"segment,omitempty"` // 0096, UNH = 1
	Element   int    `json:"element,omitempty"` // 0098, tag = 1
	Component int    `json:"component,omitempty"`
	What      string `json:"what"`
}

type party struct {
	ID        string `json:"id"`
	Qualifier string `json:"qualifier,omitempty"`
}

// messageFacts is one UNH..UNT of a received interchange.
type messageFacts struct {
	Ref    string `json:"ref"`  // UNH 0062
	Type   string `json:"type"` // S009, its parts joined with :
	ID     string `json:"id"`   // BGM 1004
	Lines  int    `json:"lines"`
	Orders int    `json:"orders"`
	Flaw   *flaw  `json:"flaw,omitempty"`
}

// receivedLine commits a received file.
type receivedLine struct {
	Kind      string         `json:"k"`
	Serial    int            `json:"serial"`
	Name      string         `json:"name"`
	SHA256    string         `json:"sha256"`
	Size      int64          `json:"size"`
	At        time.Time      `json:"at"`
	Type      string         `json:"type"` // PAYMUL, FINCAN, CONTRL, or ? where that could not be seen
	Control   string         `json:"ref"`  // UNB 0020
	Sender    party          `json:"sender"`
	Recipient party          `json:"recipient"`
	Agreement string         `json:"agreement,omitempty"` // UNB 0032
	Test      string         `json:"test,omitempty"`      // UNB 0035
	Asks      bool           `json:"asks,omitempty"`      // UNB 0031
	Messages  []messageFacts `json:"messages,omitempty"`
	Orders    int            `json:"orders"`
	Flaw      *flaw          `json:"flaw,omitempty"`
	Findings  []Finding      `json:"findings,omitempty"`
	Answers   []verdictOn    `json:"answers,omitempty"` // a CONTRL of the gateway: what it says of ours
	Recalls   []recalled     `json:"recalls,omitempty"` // a FINCAN: orders that are asked for
	Drops     []string       `json:"drops,omitempty"`   // and plans of files before that have nothing to tell without these
	Fault     Fault          `json:"fault,omitempty"`
	Corrected bool           `json:"corrected,omitempty"` // the fault is, by a later answer
	Plan      []planned      `json:"plan,omitempty"`
	OnRequest []planned      `json:"on_request,omitempty"` // said when somebody asks for it
}

func (r *receivedLine) done() string { return doneName(r.Serial, r.Name) }

// verdictOn is what a CONTRL of the gateway says of one of our interchanges.
type verdictOn struct {
	Control string `json:"ref"`
	Action  string `json:"action"`
}

// Kinds of planned answers.
const (
	answerContrl     = "CONTRL"
	answerValidation = "VALIDATION"
	answerBooking    = "BOOKING"
	AnswerStray      = "STRAY"   // about an order that nobody gave
	answerAgain      = "AGAIN"   // the bytes of another one under another name
	answerFault      = "FAULT"   // about the orders that have the interchange's fault
	answerRecall     = "RECALL"  // what becomes of orders that were asked for
	answerStopped    = "STOPPED" // rejects of those that are not booked any more

	answerDebits     = "DEBMUL"
	answerCredits    = "CREMUL"
	answerStatements = "FINSTA"

	answerBook  = "BOOK"  // no answer: money is moved
	answerClose = "CLOSE" // no answer: a day ends
)

// planned is an answer that will be given. Everything but the number, the instant and the format is decided when the
// file is read.
type planned struct {
	ID     string    `json:"id"`
	Kind   string    `json:"kind"`
	Due    time.Time `json:"due"`
	Action string    `json:"action,omitempty"` // CONTRL: 8, 7 or 4
	Last   bool      `json:"last,omitempty"`   // CONTRL: none comes after it
	Code   int       `json:"code,omitempty"`   // CONTRL: 0085 of a refusal that nothing in the file has earned
	Status string    `json:"word,omitempty"`   // VALIDATION: Profile.Validation, BOOKING: Profile.Executed, FAULT: a statement
	Date   string    `json:"date,omitempty"`   // BOOKING, FAULT: of the lines it is about; BOOK: of the lines or the return; CLOSE: the day
	Of     string    `json:"of,omitempty"`     // AGAIN: the id of the other one; a report: of what it reports
	Fault  Fault     `json:"fault,omitempty"`  // of this answer
	How    string    `json:"how,omitempty"`    // it is spoilt
	// Corrects: it says once more, as it should be, what the fault has spoilt.
	Corrects bool `json:"corrects,omitempty"`
}

// messageType is what an answer goes out as.
func (a planned) messageType() string {
	switch a.Kind {
	case answerContrl, answerDebits, answerCredits, answerStatements:
		return a.Kind
	}
	return "BANSTA"
}

// madeLine is written when the bytes of an answer lie complete under their temporary name. From then on they are
// published exactly as they are.
type madeLine struct {
	Kind    string    `json:"k"`
	Answer  string    `json:"answer"`
	Number  int       `json:"n"`
	Control string    `json:"ref"`
	Name    string    `json:"name"`
	At      time.Time `json:"at"`
	SHA256  string    `json:"sha256"`
	Size    int64     `json:"size"`
	Asks    bool      `json:"asks,omitempty"`
}

// nameLine says that a published file appeared in, or was removed from, out/.
type nameLine struct {
	Kind string    `json:"k"`
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

// appendOrder writes the line by hand: there are a million of them.
func appendOrder(b []byte, o *orderLine) []byte {
	b = append(b, `{"k":"order","ref":`...)
	b = appendText(b, o.Ref)
	b = append(b, `,"oere":`...)
	b = strconv.AppendInt(b, o.Oere, 10)
	b = appendPair(b, `,"cur":`, o.Currency)
	b = appendPair(b, `,"acc":`, o.Account)
	b = appendPair(b, `,"bank":`, o.Bank)
	b = append(b, `,"type":`...)
	b = appendText(b, o.Type)
	b = appendPair(b, `,"kre":`, o.Creditor)
	b = appendPair(b, `,"bid":`, o.SlipID)
	b = append(b, `,"msg":`...)
	b = strconv.AppendInt(b, int64(o.Message), 10)
	b = append(b, `,"lin":`...)
	b = strconv.AppendInt(b, int64(o.Line), 10)
	b = append(b, `,"seq":`...)
	b = strconv.AppendInt(b, int64(o.Seq), 10)
	if o.Verdict != "" {
		b = appendPair(b, `,"v":`, o.Verdict)
		b = append(b, `,"why":`...)
		b = strconv.AppendInt(b, int64(o.Why), 10)
	}
	if o.Double {
		b = append(b, `,"double":true`...)
	}
	b = appendText(append(b, `,"truth":`...), string(o.Truth))
	if o.Booked {
		b = append(b, `,"booked":true`...)
	}
	b = appendPair(b, `,"fault":`, string(o.Fault))
	b = appendPair(b, `,"names":`, o.Names)
	b = appendPair(b, `,"names_ref":`, o.NamesRef)
	if o.Exchanged != nil {
		b = append(append(b, `,"exchanged":`...), bytes.TrimSpace(appendJSON(nil, o.Exchanged))...)
	}
	return append(b, "}\n"...)
}

func appendPair(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendText(append(b, name...), value)
}

func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			text, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...)
			}
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendLine(b []byte, l *lineLine) []byte {
	return appendJSON(b, l)
}

func appendJSON(b []byte, line any) []byte {
	text, err := json.Marshal(line)
	if err != nil {
		return b
	}
	return append(append(b, text...), '\n')
}
