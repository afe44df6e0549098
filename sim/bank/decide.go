package bank

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nks/edifact"
)

// decision turns what one file said into journal lines: its verdicts, its findings and the answers that will be given.
type decision struct {
	profile Profile
	zone    *time.Location
	got     *interchange
	line    *receivedLine
	books   *books
	// faultKey is what the interchange is known by where faults are chosen: the least of what payers call its orders.
	faultKey string
	postings []postingLine          // of all its bookings
	known    map[string]*knownOrder // that a FINCAN asks for, by RFF+CR
}

// books is what the centre knows from all files before.
type books struct {
	references map[mark]struct{}
	messages   map[mark]struct{}
	controls   map[string]controlFact // by sender and UNB 0020
	ours       map[string]struct{}    // UNB 0020 of what was published
	closings   map[closing]struct{}   // planned
}

// closing ends a day for the accounts of an agreement.
type closing struct{ agreement, date string }

type controlFact struct {
	serial int
	sha256 string
}

func newBooks() books {
	return books{
		references: map[mark]struct{}{}, messages: map[mark]struct{}{},
		controls: map[string]controlFact{}, ours: map[string]struct{}{}, closings: map[closing]struct{}{},
	}
}

func controlKey(r *receivedLine) string { return r.Type + " " + r.Sender.ID + " " + r.Control }

// decide fills the received line; the orders that stay in got.messages are to be journalled with it.
func (d *decision) decide() {
	g, r := d.got, d.line
	r.Type, r.Control, r.Sender, r.Recipient = g.kind, g.control, g.sender, g.recipient
	r.Agreement, r.Test, r.Asks, r.Flaw = g.agreement, g.test, g.asks, g.flaw
	if !oneOf(r.Type, "PAYMUL FINCAN CONTRL") {
		r.Type = "?"
	}
	if !g.readable {
		r.Type = "?"
		g.messages = nil
		d.find(FindingUnreadable, g.control, r.Flaw.What)
		return
	}
	if r.Type == "CONTRL" {
		d.decideContrl()
		return
	}
	d.checkEnvelope()
	if before, known := d.books.controls[controlKey(r)]; known {
		d.refuseDuplicate(before)
	}
	d.decideMessages()
	if r.Type == "FINCAN" {
		d.planContrls()
		d.decideRecalls()
		return
	}
	d.decideFaults()
	d.plan()
}

// maxFindings bounds the journal line of a file; a file with more is no better understood by reading them all.
const maxFindings = 1000

func (d *decision) find(kind FindingKind, ref, what string) {
	if len(d.line.Findings) >= maxFindings {
		return
	}
	d.line.Findings = append(d.line.Findings, Finding{Kind: kind, File: d.line.Name, Reference: ref, What: what})
}

// checkEnvelope compares UNB with who we are.
func (d *decision) checkEnvelope() {
	r := d.line
	if r.Flaw != nil {
		return
	}
	test := ""
	if d.profile.Test {
		test = "1"
	}
	switch {
	case r.Recipient.ID != d.profile.GLN:
		r.Flaw = &flaw{Code: 7, Tag: "UNB", Element: 4, Component: 1, What: "UNB: we are not the recipient"}
	case r.Agreement == "":
		r.Flaw = &flaw{Code: 17, Tag: "UNB", Element: 11, What: "UNB: no agreement"}
	case r.Test != test:
		r.Flaw = &flaw{Code: 25, Tag: "UNB", Element: 12, What: "UNB: test indicator is not ours"}
	case r.Type == "?":
		r.Flaw = &flaw{Code: int(codeType), What: "message type is not supported"}
	}
}

// refuseDuplicate drops the orders: what the first interchange of that number ordered stands, and nothing else.
func (d *decision) refuseDuplicate(before controlFact) {
	what := fmt.Sprintf("UNB 0020 stands in file %d, with other bytes", before.serial)
	if before.sha256 == d.line.SHA256 {
		what = fmt.Sprintf("UNB 0020 stands in file %d, with the same bytes", before.serial)
	}
	d.line.Flaw = &flaw{Code: 26, Tag: "UNB", Element: 6, What: what}
	d.find(FindingDuplicateInterchange, d.line.Control, what)
	for i := range d.got.messages {
		d.got.messages[i].lines = nil
		d.got.messages[i].Lines, d.got.messages[i].Orders = 0, 0
	}
	d.got.orders = 0
}

func (d *decision) decideMessages() {
	r := d.line
	if r.Flaw != nil && r.Flaw.Code != 26 {
		d.find(FindingStrict, r.Control, r.Flaw.What)
	}
	if r.Flaw == nil && chance(d.profile.Seed, "reject interchange", r.Control, d.profile.Misbehaves.RejectInterchange) {
		r.Flaw = &flaw{Code: int(edifact.CodeUnspecified), What: "the interchange is refused at our discretion"}
	}
	inFile := map[mark]struct{}{}
	for i := range d.got.messages {
		m := &d.got.messages[i]
		d.decideMessage(i, m, inFile)
		if r.Flaw == nil || r.Flaw.Code != 26 {
			r.Orders += m.Orders
		}
		r.Messages = append(r.Messages, m.messageFacts)
	}
}

func (d *decision) decideMessage(index int, m *message, inFile map[mark]struct{}) {
	if m.Flaw != nil {
		d.find(FindingStrict, m.ID, m.Flaw.What)
	}
	if d.line.Flaw == nil || d.line.Flaw.Code != 26 {
		d.checkMessageID(m, inFile)
	}
	for l := range m.lines {
		m.lines[l].Message = index
		for o := range m.lines[l].orders {
			order := &m.lines[l].orders[o]
			order.Message = index
			d.checkReference(m, order, inFile)
		}
	}
	if m.Flaw == nil && d.line.Flaw == nil && chance(d.profile.Seed, "reject message", m.ID, d.profile.Misbehaves.RejectMessage) {
		m.Flaw = &flaw{Code: int(edifact.CodeUnspecified), What: "the message is refused at our discretion"}
	}
	if m.Flaw != nil || d.line.Flaw != nil {
		return
	}
	for l := range m.lines {
		for o := range m.lines[l].orders {
			d.judge(&m.lines[l].orders[o])
		}
	}
}

func (d *decision) checkMessageID(m *message, inFile map[mark]struct{}) {
	if m.ID == "" {
		return
	}
	id := markOf("message " + m.ID)
	_, old := d.books.messages[id]
	_, twice := inFile[id]
	inFile[id] = struct{}{}
	if old || twice {
		d.find(FindingDuplicateMessage, m.ID, "BGM 1004 has come before")
		m.fail(&flaw{Code: 26, Segment: 2, Element: 3, What: "BGM: message id has come before"})
	}
}

// checkReference is the check that counts: an order whose reference has come before would be money paid twice.
func (d *decision) checkReference(m *message, o *orderLine, inFile map[mark]struct{}) {
	if o.Ref == "" {
		return
	}
	ref := markOf(o.Ref)
	_, old := d.books.references[ref]
	_, twice := inFile[ref]
	inFile[ref] = struct{}{}
	if old || twice {
		o.Double = true
		d.find(FindingDoublePayment, o.Ref, fmt.Sprintf("RFF+CR has come before (message %s LIN %d SEQ %d)", m.ID, o.Line, o.Seq))
		m.fail(&flaw{Code: 26, What: "RFF+CR: reference has come before"})
	}
}

// judge decides what becomes of a good order.
func (d *decision) judge(o *orderLine) {
	p := d.profile
	verdict := ""
	name := payersName(o.Ref)
	switch {
	case slices.Contains(p.RejectsAccounts, o.Bank+o.Account), o.Type == "20" && !p.Cheques, chance(p.Seed, "reject", name, p.RejectPerMille):
		verdict = verdictReject
	case chance(p.Seed, "late reject", name, p.LateRejectPerMille):
		verdict = verdictLate
	default:
		return
	}
	if oneOf(p.Validation, ValidationNone+" "+ValidationLines) {
		verdict = verdictLate
	}
	o.Verdict = verdict
	o.Why = int(draw(p.Seed, "reason", name) % uint64(len(p.Reasons)))
}

// payersName is what the payer calls an order, in its reference behind the eight digits that the gateway counts by. Fate
// hangs on it alone, so that the same payments are judged alike in whatever order their bundles come.
func payersName(ref string) string {
	const counted = 8
	if len(ref) > counted && strings.Trim(ref[:counted], "0123456789") == "" {
		return ref[counted:]
	}
	return ref
}

func (d *decision) decideContrl() {
	r := d.line
	for i := range d.got.messages {
		m := &d.got.messages[i]
		r.Messages = append(r.Messages, m.messageFacts)
		r.Answers = append(r.Answers, m.answers...)
		if m.Flaw != nil && r.Flaw == nil {
			r.Flaw = m.Flaw
		}
	}
	if r.Flaw != nil {
		d.find(FindingStrict, r.Control, r.Flaw.What)
	}
	if r.Recipient.ID != d.profile.GLN {
		d.find(FindingStrict, r.Control, "CONTRL: we are not the recipient")
	}
	if _, known := d.books.controls[controlKey(r)]; known {
		d.find(FindingDuplicateInterchange, r.Control, "a CONTRL with that UNB 0020 has come before")
	}
	for _, a := range r.Answers {
		if _, ours := d.books.ours[a.Control]; !ours {
			d.find(FindingUnknownAnswer, a.Control, "CONTRL about an interchange that we never sent")
		}
		if a.Action == "4" {
			d.find(FindingRefusedAnswer, a.Control, "the gateway refuses our interchange")
		}
	}
}

// remember takes a committed file into the books.
func (b *books) remember(r *receivedLine) {
	if r.Type == "?" && r.Control == "" {
		return
	}
	if _, known := b.controls[controlKey(r)]; !known {
		b.controls[controlKey(r)] = controlFact{serial: r.Serial, sha256: r.SHA256}
	}
	for _, m := range r.Messages {
		if m.ID != "" && !strings.HasPrefix(m.Type, "CONTRL") {
			b.messages[markOf("message "+m.ID)] = struct{}{}
		}
	}
	for _, p := range r.Plan {
		if p.Kind == answerClose {
			b.closings[closing{r.Agreement, p.Date}] = struct{}{}
		}
	}
}
