package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"nks/bankday"
	"nks/gateway"
	"nks/gateway/view"
	"nks/internal/app"
	"nks/internal/command"
	"nks/internal/report"
	"nks/reconciliation"
)

// explainCommand tells where a payment's money went, or would go now, and why.
func explainCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	words, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 1 {
		return command.Usagef("name one payment: our number, or its EndToEndId")
	}
	days, err := bankday.New()
	if err != nil {
		return err
	}
	return withTables(ctx, p, *config, func(ctx context.Context, on tables) error {
		payment, err := paymentToExplain(ctx, on, words[0])
		if err != nil {
			return err
		}
		e := &explainText{out: p.Out, location: days.Location()}
		e.payment(payment)
		return e.err
	})
}

// paymentToExplain reads a payment as the pages show it to the authority whose it is.
func paymentToExplain(ctx context.Context, on tables, wanted string) (p *view.Payment, err error) {
	found, err := reconciliation.Whose(ctx, on.db.Pool(), wanted)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, fmt.Errorf("no payment %s", view.Mask(wanted))
	case len(found) > 1:
		var numbers []string
		for _, f := range found {
			numbers = append(numbers, fmt.Sprintf("%d of authority %s", f.Payment, f.Authority))
		}
		return nil, fmt.Errorf("several payments %s; name one by its number: %s", view.Mask(wanted), strings.Join(numbers, ", "))
	}
	now, err := app.BusinessTime(ctx, on.config, on.db)
	if err != nil {
		return nil, err
	}
	reader, closeReader, err := on.db.OpenReader(ctx, on.log)
	if err != nil {
		return nil, err
	}
	p, err = reader.PaymentWithoutPapers(ctx, view.Viewer{Authority: found[0].Authority, By: "nks explain"}, found[0].Payment, now)
	return p, errors.Join(err, closeReader())
}

// explainText writes an explanation for a person: amounts and masked numbers, and no name.
type explainText struct {
	out      io.Writer
	location *time.Location
	err      error // the first of writing
}

func (e *explainText) line(format string, args ...any) {
	if e.err == nil {
		_, e.err = fmt.Fprintf(e.out, format+"\n", args...)
	}
}

func (e *explainText) at(t time.Time) string { return t.In(e.location).Format("2006-01-02 15:04:05") }

func (e *explainText) payment(p *view.Payment) {
	e.line("payment %d, EndToEndId %s", p.ID, p.E2E)
	e.line("%s kr. of authority %s for benefit %s", report.Kroner(p.Ore), p.Authority, p.BenefitType)
	if p.Recipient != "" {
		e.line("to %s", p.Recipient)
	}
	e.line("state: %s", strings.ReplaceAll(string(p.State), "_", " "))
	e.ended(p)
	e.recalls(p)
	e.inquiries(p)
	e.setOffs(p)
	switch {
	case p.Decision != nil:
		e.decision(p, p.Decision)
	case p.Early.Kind == "rejected":
		e.line("no account was looked for: the check rejected the payment")
	case p.Account != "":
		e.line("account %s: it stood in the payment, and the register was not asked", masked(p))
	default:
		e.line("no account is looked for until the payment has been checked")
	}
	for _, c := range p.Changes {
		e.line("order %d was found %s: its account was not the recipient's any more from %s, and it executes on %s; the agreement wants %q, %s", c.Attempt, e.at(c.FoundAt),
			c.EffectOn.Format(time.DateOnly), c.ExecutesOn.Format(time.DateOnly), c.Wanted, doneText(c.Done))
	}
}

// setOffs says what was taken of a payment for claims, or of which payment it was taken.
func (e *explainText) setOffs(p *view.Payment) {
	for _, s := range p.SetOffs {
		switch p.ID {
		case s.Part:
			e.line("set off of payment %d: %s kr. for claim %s of creditor %s", s.Payment, report.Kroner(s.Ore), s.Claim, s.Creditor)
		default:
			e.line("of it set off: %s kr. for claim %s of creditor %s, as payment %d", report.Kroner(s.Ore), s.Claim, s.Creditor, s.Part)
		}
	}
}

// ended says why a payment was rejected or returned.
func (e *explainText) ended(p *view.Payment) {
	switch {
	case p.Early.Kind != "":
		e.line("%s %s: %s", p.Early.Kind, e.at(*p.Early.At), strings.TrimSpace(p.Early.Code+" "+p.Early.Text))
	case p.State == view.Returned:
		e.line("refused by the bank: %s", strings.TrimSpace(p.BankStatus.Code+" "+p.BankStatus.Text))
	}
}

// recalls tells what the bank was asked for, and what it has answered.
func (e *explainText) recalls(p *view.Payment) {
	for _, r := range p.Recalls {
		e.line("%s was asked for it back %s by %s, decision %d", r.Bank, e.at(r.AskedAt), r.AskedBy, r.Decision)
		switch r.Answer {
		case "":
			e.line("  the bank has not answered")
		default:
			e.line("  the bank's answer %s: %s", e.at(*r.AnsweredAt), strings.TrimSpace(strings.TrimSpace(string(r.Answer)+" "+r.Code)+" "+r.Text))
		}
		if r.BackOre > 0 {
			e.line("  %s kr. came back %s", report.Kroner(r.BackOre), e.at(*r.BackAt))
		}
	}
}

// inquiries tells of the cases about it.
func (e *explainText) inquiries(p *view.Payment) {
	for _, i := range p.Inquiries {
		end := "open, due " + gateway.DateOf(i.DueOn).String()
		if i.ClosedAt != nil {
			end = "closed " + e.at(*i.ClosedAt) + ": " + strings.ReplaceAll(string(i.Outcome), "_", " ")
		}
		e.line("inquiry %d since %s, %s", i.ID, e.at(i.OpenedAt), end)
	}
}

func (e *explainText) decision(p *view.Payment, d *view.Decision) {
	switch {
	case !d.Decided:
		e.wouldGo(d)
	case gateway.AccountRule(p.Order.Rule) == gateway.BySetOff:
		e.line("account %s by rule %q, decided %s", masked(p), ruleText(gateway.BySetOff), e.at(d.AsOf))
	case d.Ordered != 0:
		e.line("account %s by rule %q, version %d of the register, decided %s", masked(p), ruleText(gateway.AccountRule(p.Order.Rule)), d.Ordered, e.at(d.AsOf))
	case gateway.PaymentType(p.Order.Type) == gateway.Cheque && d.Found():
		e.line("a cheque, decided %s", e.at(d.AsOf))
	case gateway.PaymentType(p.Order.Type) == gateway.Cheque:
		e.line("a cheque, decided %s, since %s", e.at(d.AsOf), d.Reason)
	case p.ForAgreement():
		e.line("not paid, decided %s: the agreement forbade it, whatever the register said", e.at(d.AsOf))
	case !d.Found():
		e.line("not paid, decided %s, since %s", e.at(d.AsOf), d.Reason)
	}
	if !d.KnownHolder {
		e.line("the register has no record of the recipient as of then")
	}
	if d.Differs {
		e.line("what the register has on record as known then does not lead to this: it was not all recorded")
	}
	if len(d.Candidates) == 0 {
		e.line("there was no candidate")
		return
	}
	if d.Decided {
		e.line("candidates as the register knew them at %s:", e.at(d.AsOf))
	} else {
		e.line("candidates:")
	}
	for i := range d.Candidates {
		c := &d.Candidates[i]
		e.line("  %s\n    %s, %s, %s, recorded %s", c.Text(), c.Account, c.Purpose(), e.span(c.From, c.To), e.at(c.Recorded))
	}
}

func (e *explainText) wouldGo(d *view.Decision) {
	switch {
	case d.Found():
		e.line("not released yet; now, %s, it would go by rule %q to version %d of the register", e.at(d.AsOf), ruleText(d.Rule), d.Version)
	case d.Twice:
		e.line("held: it cannot be released now, %s, since the register has the holder twice", e.at(d.AsOf))
	case d.Doubled():
		e.line("held: it cannot be released now, %s, since %s", e.at(d.AsOf), d.Reason)
	default:
		e.line("not released yet; now, %s, it would have no account, since %s", e.at(d.AsOf), d.Reason)
	}
}

// doneText is what was done with an order to an account that has changed.
func doneText(done gateway.EffectDone) string {
	switch done {
	case gateway.EffectAnew:
		return "and it was taken out and ordered anew"
	case gateway.EffectRecalled:
		return "and its bank was asked for it"
	}
	return "and persons were told"
}

// span is for how long an account counts.
func (e *explainText) span(from, to time.Time) string {
	a, b := "always", "for ever"
	if !from.IsZero() {
		a = e.at(from)
	}
	if !to.IsZero() {
		b = "until " + e.at(to)
	}
	return "from " + a + " " + b
}

// masked is a payment's account, its last four characters hidden. // B19.1
func masked(p *view.Payment) string {
	if p.Masked {
		return p.Account
	}
	return gateway.Account{Number: p.Account}.MaskedNumber()
}

// ruleText is a rule in words.
func ruleText(r gateway.AccountRule) string {
	switch r {
	case gateway.NamedByPayment:
		return "the payment names it"
	case gateway.BySpecific:
		return "specific account for the authority and benefit"
	case gateway.ByNemKonto:
		return "the recipient's own NemKonto"
	case gateway.ByParentAccount:
		return "the NemKonto of the CVR number above"
	case gateway.ByErrorAccount:
		return "the authority's own error account"
	case gateway.BySetOff:
		return "set off for a claim against the recipient"
	}
	return "cheque"
}
