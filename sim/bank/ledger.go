package bank

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Outcome is what a centre has told about an order, as far as published answers go.
type Outcome string

// Outcomes. Ordered: nothing told yet.
const (
	Ordered  Outcome = "ordered"
	Accepted Outcome = "accepted"
	Rejected Outcome = "rejected"
	Executed Outcome = "executed"
)

// FindingKind says what is wrong with something that the gateway sent.
type FindingKind string

// Findings. Each one of them in an unharmed run is a fault of the gateway.
const (
	FindingDoublePayment        FindingKind = "DOUBLE PAYMENT"        // RFF+CR has come before
	FindingDuplicateInterchange FindingKind = "duplicate interchange" // UNB 0020 has come before
	FindingDuplicateMessage     FindingKind = "duplicate message"     // BGM 1004 has come before
	FindingStrict               FindingKind = "strict"                // not what the standard or the guide allows
	FindingUnreadable           FindingKind = "unreadable"            // so broken that no answer can be given
	FindingUnknownAnswer        FindingKind = "unknown answer"        // CONTRL about nothing of ours
	FindingRefusedAnswer        FindingKind = "refused answer"        // CONTRL 4 about ours
	FindingUnknownRecall        FindingKind = "unknown recall"        // FINCAN about an order that never came
)

// Finding is one thing wrong.
type Finding struct {
	Kind      FindingKind `json:"kind"`
	File      string      `json:"file"` // as the gateway named it
	Reference string      `json:"ref,omitempty"`
	What      string      `json:"what"`
}

// LedgerOrder is one order as the centre's own ledger has it.
type LedgerOrder struct {
	Oere        int64
	Currency    string
	Account     string // of the recipient, FII+BF
	Bank        string // registration number or BIC
	Type        string // PAI, its parts joined with /
	Debit       string // account of LIN, FII+OR
	DebitBank   string
	Date        string // execution date ccyymmdd
	Interchange string // UNB 0020
	Message     string // BGM 1004
	Line, Seq   int
	Times       int // how often the reference was ordered; must be 1
	Outcome     Outcome
	// Truth is what the centre does with the order, Executed or Rejected, whatever it tells.
	Truth   Outcome
	Fault   Fault // of what is told of it; empty: none
	Debited int64 // booked for it, in øre
	Rated   int64 // what is to be booked for it: what was ordered, or what that came to at another rate
	Foreign int64 // what was transferred of another currency, in its minor units; 0: of none that is told
	Returns []LedgerReturn
	Recall  Recall // what the centre does with it, asked to give it back; empty: nobody has asked
	// Confirmed: the truth has been told to somebody who asked.
	Confirmed bool
}

// LedgerFile is a received file.
type LedgerFile struct {
	Name, Done, SHA256, Type, Control string
	Size                              int64
	At                                time.Time // business time
	Orders                            int
	Refused                           string // why the whole interchange was refused; empty: it was not
}

// LedgerAnswer is an answer that was made.
type LedgerAnswer struct {
	Name, Kind, Control, SHA256 string
	Size                        int64
	About                       string // UNB 0020 of the interchange it answers
	At                          time.Time
	Published, Removed          bool
	Fault                       Fault
	Corrects                    bool // it tells the truth after a fault
}

// Ledger is what a centre's journal says. Orders holds every order of every interchange that was read, refused ones
// included (Outcome Rejected once that was told); those of a repeated interchange are not taken and not in it.
type Ledger struct {
	Folders  Folders
	Orders   map[string]*LedgerOrder // by RFF+CR
	Files    []LedgerFile
	Answers  []LedgerAnswer
	Findings []Finding
	Waiting  int // answers and bookings planned and not made
	accounts map[AccountName]*LedgerAccount
}

// ReadJournal reads the journal of a centre, which may be running: what is not committed is not seen.
func ReadJournal(dir, centre string) (Ledger, error) {
	f := FoldersOf(dir, centre)
	r := ledgerReader{
		ledger:   Ledger{Folders: f, Orders: map[string]*LedgerOrder{}, accounts: map[AccountName]*LedgerAccount{}},
		bookings: map[string][]*postingLine{},
		files:    map[int]*ledgerFacts{}, plans: map[string]planned{}, names: map[string]int{},
	}
	if _, err := replay(f.journal(), &r); err != nil {
		return Ledger{}, fmt.Errorf("read ledger of %s: %w", centre, err)
	}
	return r.ledger, nil
}

type ledgerReader struct {
	ledger Ledger
	lines  []lineLine
	orders []orderLine

	postings []*postingLine
	bookings map[string][]*postingLine // by plan

	files map[int]*ledgerFacts
	plans map[string]planned
	names map[string]int // index into Answers
	ids   []string       // plan id of each of Answers
}

// ledgerFacts are what answers to a file are about.
type ledgerFacts struct {
	line   *receivedLine
	orders []ledgerFact
}

type ledgerFact struct {
	order   *LedgerOrder
	message int
	verdict string
	booked  bool
	debit   int64
}

func (r *ledgerReader) fact(kind string, line []byte) error {
	if kind == kindLine {
		var l lineLine
		if err := json.Unmarshal(line, &l); err != nil {
			return fmt.Errorf("%w: line: %w", ErrJournal, err)
		}
		r.lines = append(r.lines, l)
		return nil
	}
	if kind == kindPosting {
		return replayOne(line, func(p *postingLine) error {
			r.postings = append(r.postings, p)
			return nil
		})
	}
	var o orderLine
	if err := json.Unmarshal(line, &o); err != nil {
		return fmt.Errorf("%w: order: %w", ErrJournal, err)
	}
	r.orders = append(r.orders, o)
	return nil
}

func (r *ledgerReader) received(f *receivedLine, _ section) error {
	refused := ""
	if f.Flaw != nil {
		refused = f.Flaw.What
	}
	r.ledger.Files = append(r.ledger.Files, LedgerFile{
		Name: f.Name, Done: f.done(), SHA256: f.SHA256, Type: f.Type, Control: f.Control,
		Size: f.Size, At: f.At, Orders: f.Orders, Refused: refused,
	})
	r.ledger.Findings = append(r.ledger.Findings, f.Findings...)
	facts := &ledgerFacts{line: f}
	lines := map[[2]int]lineLine{}
	for _, l := range r.lines {
		lines[[2]int{l.Message, l.Line}] = l
	}
	for i := range r.orders {
		o := &r.orders[i]
		if o.Message < 0 || o.Message >= len(f.Messages) {
			return fmt.Errorf("order of message %d", o.Message)
		}
		facts.orders = append(facts.orders, ledgerFact{r.enter(f, o, lines[[2]int{o.Message, o.Line}]), o.Message, o.Verdict, o.isBooked(), o.debit()})
	}
	for _, p := range r.postings {
		r.bookings[p.Booking] = append(r.bookings[p.Booking], p)
	}
	r.recalled(f)
	r.lines, r.orders, r.postings = r.lines[:0], r.orders[:0], nil
	for _, p := range f.Plan {
		r.plans[p.ID] = p
	}
	r.ledger.Waiting += len(f.Plan) - len(f.Drops)
	r.files[f.Serial] = facts
	return nil
}

// enter takes an order into the ledger. A reference that comes again is counted; the first order stands. An order
// without a reference, which was refused for it, has no place there.
func (r *ledgerReader) enter(f *receivedLine, o *orderLine, l lineLine) *LedgerOrder {
	if o.Ref == "" {
		return nil
	}
	if known := r.ledger.Orders[o.Ref]; known != nil {
		known.Times++
		return nil
	}
	e := &LedgerOrder{
		Oere: o.Oere, Currency: o.Currency, Account: o.Account, Bank: o.Bank, Type: o.Type,
		Debit: l.Account, DebitBank: l.Bank, Date: l.Date,
		Interchange: f.Control, Message: f.Messages[o.Message].ID, Line: o.Line, Seq: o.Seq, Times: 1, Outcome: Ordered,
		Truth: o.Truth, Fault: o.Fault, Rated: o.debit(),
	}
	if o.Exchanged != nil {
		e.Foreign = o.Exchanged.Foreign
	}
	r.ledger.Orders[o.Ref] = e
	return e
}

func (r *ledgerReader) made(m *madeLine) error {
	p, known := r.plans[m.Answer]
	if !known {
		return fmt.Errorf("answer %q was never planned", m.Answer)
	}
	r.ledger.Waiting--
	r.names[m.Name] = len(r.ledger.Answers)
	r.ids = append(r.ids, m.Answer)
	r.ledger.Answers = append(r.ledger.Answers, LedgerAnswer{
		Name: m.Name, Kind: p.Kind, Control: m.Control, SHA256: m.SHA256, Size: m.Size,
		About: r.files[serialOf(m.Answer)].line.Control, At: m.At, Fault: p.Fault, Corrects: p.Corrects,
	})
	return nil
}

// serialOf reads the file's number out of an answer's id.
func serialOf(id string) int {
	before, _, _ := strings.Cut(id, ".")
	n, err := strconv.Atoi(before)
	if err != nil {
		return 0
	}
	return n
}

func (r *ledgerReader) published(n *nameLine) error {
	i, known := r.names[n.Name]
	if !known {
		return fmt.Errorf("%s was never made", n.Name)
	}
	r.ledger.Answers[i].Published = true
	r.tell(r.files[serialOf(r.ids[i])], r.plans[r.ids[i]])
	return nil
}

func (r *ledgerReader) removed(n *nameLine) error {
	i, known := r.names[n.Name]
	if !known {
		return fmt.Errorf("%s was never made", n.Name)
	}
	r.ledger.Answers[i].Removed = true
	return nil
}

func (r *ledgerReader) confirmed(c *confirmedLine) error {
	if o := r.ledger.Orders[c.Ref]; o != nil {
		o.Confirmed = true
	}
	return nil
}

// repeats takes in what is said once more.
func (r *ledgerReader) repeats(l *repeatsLine) error {
	for _, serial := range l.Files {
		facts := r.files[serial]
		if facts == nil {
			return fmt.Errorf("file %d is to be repeated and never came", serial)
		}
		for _, p := range facts.line.requested(l.At) {
			r.plans[p.ID] = p
			r.ledger.Waiting++
		}
	}
	return nil
}

// recalled takes in what becomes of orders that a file asks for.
func (r *ledgerReader) recalled(f *receivedLine) {
	withdraw(r.bookings, f.Recalls)
	for _, asked := range f.Recalls {
		o := r.ledger.Orders[asked.Ref]
		if o == nil || o.Recall == RecallStopped || o.Recall == RecallReturned {
			continue // what is given back stays so, asked again or not
		}
		o.Recall = asked.Does
		if asked.Does != RecallStopped {
			continue
		}
		o.Truth = Rejected
		facts := r.files[serialOf(asked.Booking)].orders
		for i := range facts {
			if facts[i].order == o {
				facts[i].booked, facts[i].verdict = false, verdictSilent
			}
		}
	}
}

// tell applies what a published answer says. A rejected order stays rejected, an executed one executed: what the centre
// says against itself, or so that nobody can use it, is not followed.
func (r *ledgerReader) tell(f *ledgerFacts, p planned) {
	if (p.Fault == FaultUnreadable || p.isOld()) && !p.Corrects {
		return
	}
	if p.Kind == answerStopped {
		for _, asked := range f.line.Recalls {
			if o := r.ledger.Orders[asked.Ref]; asked.Does == RecallStopped && o.Outcome != Executed {
				o.Outcome = Rejected
			}
		}
		return
	}
	for _, o := range f.orders {
		if o.order == nil {
			continue
		}
		refused := f.line.Flaw != nil || f.line.Messages[o.message].Flaw != nil
		var says Outcome
		switch {
		case p.Kind == answerFault && o.order.Fault == p.Fault && o.order.Date == p.Date:
			says = p.outcome(o)
		case p.Kind == answerContrl && p.Code == codeUnspecified:
			says = Rejected
		case p.Kind == answerContrl && p.Action != "8" && refused:
			says = Rejected
		case refused:
		case p.Kind == answerContrl && p.Last:
			says = Accepted
		case p.Kind == answerValidation && o.verdict == verdictReject:
			says = Rejected
		case p.Kind == answerBooking && o.order.Date == p.Date && o.verdict == verdictLate:
			says = Rejected
		case p.Kind == answerBooking && o.order.Date == p.Date && o.verdict == "" && p.Status != ExecutedNone:
			says = Executed
		}
		if says != "" && (o.order.Outcome == Ordered || o.order.Outcome == Accepted) {
			o.order.Outcome = says
		}
	}
}

// outcome is what a fault's statement or its correction says of an order; one that names it wrongly says nothing of it.
func (p planned) outcome(o ledgerFact) Outcome {
	switch {
	case p.Status == stateTruth:
		return o.order.Truth
	case o.verdict != verdictSilent:
		return ""
	case p.Status == stateExecuted, p.Status == stateAmount:
		return Executed
	case p.Status == stateRejected:
		return Rejected
	}
	return ""
}
