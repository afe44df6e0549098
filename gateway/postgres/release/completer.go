package release

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"nks/gateway"
	"nks/register"
	"nks/register/image"
)

// completed is a payment with the account that it is paid to, or with the reason that it is not.
type completed struct {
	id, ore     int64
	whole       int64 // of the payment; ore is of the order
	version     int64 // 0: no account version
	kind        int16
	typ         int16
	rule        int16
	attempt     int16               // of its order
	before      gateway.PaymentType // of the order before
	reason      gateway.Unpaid
	debit       string
	currency    string
	e2e         string
	account     string
	bic         string
	bankCode    string
	text        string
	debitText   string
	detail      string // JSON, empty: none
	beneficiary string // JSON, empty: none
	tells       string // what its authority is told of how it is paid, by response 7; empty: nothing
	holder      register.Asked
	// Of one that is not ordered, nor returned.
	givenBack bool                   // what a choice had ordered for it cannot be; reason is why
	choice    gateway.StandingChoice // by which it does
}

const (
	// endedReason marks a payment that was rejected or stopped: it is counted, and nothing else.
	endedReason = "ended"
	// waitsReason marks a payment that is kept until an account arrives.
	waitsReason = "waits"
	// doubtReason marks a payment that is to be ordered anew and has two accounts: it waits.
	doubtReason = "in doubt"
)

// completer completes the payments of a slice, by the register's image where there is one, and else by SQL.
type completer struct {
	*completion
	store  *Store
	tx     pgx.Tx
	ended  map[int64]bool
	reader *image.Reader // nil: SQL is asked for everything

	page      []due
	repeated  repeated
	termsOf   map[termsKey]gateway.PayoutTerms
	questions []register.Asked
	answers   []image.Answer
	asking    []int // the payments of the page that are in questions
	found     []gateway.FoundAccount
	doubtful  map[int64]bool // of which the register tells two things at once

	aside []completed
	last  string // debit account of the payments aside
}

func (s *Store) newCompleter(ctx context.Context, tx pgx.Tx, c *completion, ended map[int64]bool) (*completer, error) {
	m := &completer{completion: c, store: s, tx: tx, ended: ended, termsOf: map[termsKey]gateway.PayoutTerms{}, doubtful: map[int64]bool{}}
	if s.Image == nil {
		return m, nil
	}
	var err error
	m.reader, err = s.Image.AsOf(ctx, tx, c.asOf)
	return m, err
}

func (c *completer) terms(p *due) gateway.PayoutTerms {
	of := termsKey{debit: p.debit}
	if len(c.choices) > 0 {
		of.benefitType = p.recipient.BenefitType
	}
	t, known := c.termsOf[of]
	if !known {
		t = c.completion.terms(of)
		c.termsOf[of] = t
	}
	return t
}

// asks reports whether the register is asked about a payment.
func (c *completer) asks(p *due) bool {
	if w, is := c.chosen[p.id]; is {
		return w.asks(p)
	}
	return c.terms(p).AsksRegister(&p.DuePayment)
}

// find finds the accounts of a page's payments.
func (c *completer) find(ctx context.Context, page []due) error {
	c.questions, c.asking = c.questions[:0], c.asking[:0]
	c.found = append(c.found[:0], make([]gateway.FoundAccount, len(page))...)
	for i := range page {
		if p := &page[i]; !c.ended[p.id] && c.asks(p) {
			c.questions, c.asking = append(c.questions, p.recipient), append(c.asking, i)
		}
	}
	if c.reader == nil {
		c.asked(0, len(c.asking))
		return c.ask(ctx, page, c.asking, nil)
	}
	c.answers = append(c.answers[:0], make([]image.Answer, len(c.questions))...)
	c.reader.Choose(c.questions, c.answers)
	var unsure []int
	byImage := 0
	samples := map[int]image.Answer{}
	for n, i := range c.asking {
		a := c.answers[n]
		decided := a.Sure && c.take(&page[i], a, &c.found[i])
		sampled := c.store.Image.IsSample(page[i].id)
		if a.Sure && sampled {
			samples[i] = a
		}
		if decided {
			byImage++
		}
		if !decided || sampled {
			unsure = append(unsure, i)
		}
	}
	c.asked(byImage, len(c.asking)-byImage)
	return c.ask(ctx, page, unsure, samples)
}

// asked takes note of who tells of accounts.
func (c *completer) asked(byImage, bySQL int) {
	if c.store.Image != nil {
		c.store.Image.Asked(byImage, bySQL)
	}
}

// take makes what was found of an image's answer; false where that needs what an image does not have: a bank abroad, an
// address for a cheque.
func (c *completer) take(p *due, a image.Answer, found *gateway.FoundAccount) bool {
	switch {
	case a.Reason == register.Overlap || c.chosen != nil: // whose address may be needed
		return false
	case a.Reason != register.Chosen:
		found.Unpaid = a.Reason.Unpaid()
		return !c.terms(p).MayBecomeCheque(&p.DuePayment, found.Unpaid)
	case a.Account != gateway.DomesticBBAN:
		return false
	}
	*found = gateway.FoundAccount{Rule: a.Rule, Version: a.Version, Account: gateway.Account{Kind: a.Account, Number: a.Number()}}
	return true
}

// ask asks SQL for some payments of the page, and holds what an image has said of samples against it.
func (c *completer) ask(ctx context.Context, page []due, which []int, samples map[int]image.Answer) error {
	if len(which) == 0 {
		return nil
	}
	asked := make([]register.Asked, len(which))
	for n, i := range which {
		asked[n] = page[i].recipient
	}
	found, err := register.Find(ctx, c.tx, asked, c.asOf)
	if err != nil {
		return err
	}
	doubt := &doubtError{}
	for n, i := range which {
		if a, sampled := samples[i]; sampled && !a.Agrees(&found[n]) {
			doubt.differ = append(doubt.differ, page[i].id)
			doubt.why = fmt.Sprintf("payment %d: by the image version %d, %s; by SQL version %d, %s", page[i].id, a.Version, a.Reason,
				found[n].FoundAccount.Version, found[n].Reason)
		}
		if found[n].Reason == register.Overlap {
			// A release gives them groups of their own first; what is to be ordered anew waits as it is.
			doubt.overlap, c.doubtful[page[i].id] = c.groups != nil, true
		}
		c.found[i] = found[n].FoundAccount
	}
	if c.chosen != nil {
		addresses, err := register.Addresses(ctx, c.tx, asked, c.asOf)
		if err != nil {
			return err
		}
		for n, i := range which {
			c.found[i].Address = addresses[n]
		}
	}
	if len(doubt.differ) > 0 {
		c.store.Image.Discard(c.reader, doubt.why)
	}
	if doubt.overlap || len(doubt.differ) > 0 {
		return doubt
	}
	return nil
}

// complete decides about each payment of the page, in the order in which they are placed: of a debit account first the
// domestic transfers, which are nearly all and go on as they come; the others are put aside until they fill a message.
func (c *completer) complete(page []due) ([]completed, error) {
	batch := make([]completed, 0, len(page)+len(c.aside))
	for i := range page {
		p, err := c.judge(&page[i], &c.found[i])
		switch {
		case err != nil:
			return nil, fmt.Errorf("payment %d: %w", page[i].id, err)
		case p.reason == endedReason || p.reason == doubtReason || p.reason == waitsReason || p.givenBack:
			batch = append(batch, p)
			continue
		}
		if p.debit != c.last || len(c.aside) >= c.store.Rules.Split.MessageOrders {
			batch = c.bringBack(batch)
			c.last = p.debit
		}
		if p.reason == "" && (p.typ != int16(gateway.Transfer) || p.currency != "") {
			c.aside = append(c.aside, p)
			continue
		}
		batch = append(batch, p)
	}
	if len(page) < pagePayments {
		batch = c.bringBack(batch)
	}
	return batch, nil
}

// bringBack appends what was put aside, orders of one line together.
func (c *completer) bringBack(batch []completed) []completed {
	slices.SortFunc(c.aside, func(a, b completed) int {
		switch {
		case a.typ != b.typ:
			return int(a.typ - b.typ)
		case a.currency != b.currency:
			return strings.Compare(a.currency, b.currency)
		}
		return int(a.id - b.id)
	})
	batch = append(batch, c.aside...)
	c.aside = c.aside[:0]
	return batch
}

// judge is what becomes of a payment.
func (c *completer) judge(d *due, found *gateway.FoundAccount) (completed, error) {
	if c.ended[d.id] {
		return completed{id: d.id, reason: endedReason}, nil
	}
	if c.doubtful[d.id] {
		return completed{id: d.id, reason: doubtReason}, nil
	}
	d.Salary = c.salaries[d.recipient.BenefitType]
	d.ToAuthority = d.recipient.Kind == gateway.CVR && c.authorities[d.recipient.Number]
	if w, is := c.chosen[d.id]; is {
		return c.judgeChosen(d, w, found)
	}
	to := gateway.JudgePayout(&d.DuePayment, c.terms(d), found)
	switch {
	case d.setOff == noSetOff || to.Unpaid != "":
	case d.setOff == setOffEnded:
		to = gateway.Payout{Unpaid: gateway.UnpaidSetOff}
	default:
		to.Rule = gateway.BySetOff
	}
	if to.Waits {
		t := c.terms(d)
		return completed{id: d.id, ore: d.ore, whole: d.ore, debit: d.debit, holder: d.recipient, reason: waitsReason, choice: t.NoAccount}, nil
	}
	return c.payout(d, to)
}

// payout is a payment as it is paid, or not.
func (c *completer) payout(d *due, to gateway.Payout) (completed, error) {
	p := completed{id: d.id, ore: d.ore, whole: d.ore, version: to.Version, kind: int16(to.Account.Kind), typ: int16(to.Type), rule: int16(to.Rule), reason: to.Unpaid,
		attempt: d.ordered + 1, before: d.before, debit: d.debit, currency: to.Currency, e2e: d.e2e, account: to.Account.Number, bic: to.Account.BIC, bankCode: to.Account.BankCode,
		text: d.text, debitText: d.debitText, detail: d.detail, holder: d.recipient}
	switch {
	case to.Type == gateway.Cheque && d.before != gateway.Cheque: // that it is one is told once
		p.tells = gateway.TextChequeUsed
	case to.Type == gateway.ErrorOrder:
		to.Beneficiary = &gateway.Detail{Name: c.agreement.AuthorityName}
		if d.before != gateway.ErrorOrder {
			p.tells = gateway.TextErrorAccountUsed
		}
	case to.Beneficiary == nil:
		return p, nil
	}
	if d.detail != "" { // what the order says of the charges counts
		var own gateway.Detail
		if err := json.Unmarshal([]byte(d.detail), &own); err != nil {
			return p, err
		}
		if own.ChargeBearer != "" {
			to.Beneficiary.ChargeBearer = ""
		}
	}
	beneficiary, err := json.Marshal(to.Beneficiary)
	p.beneficiary = string(beneficiary)
	return p, err
}
