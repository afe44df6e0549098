package year_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nks/gateway"
	"nks/gateway/postgres/booking"
	"nks/gateway/postgres/sequence"
	"nks/reconciliation"
	"nks/sim/bank"
	"nks/sim/witness"
)

// verdict is what a judgement has found: nothing, where all is as it must be.
type verdict struct {
	faults []string
	counts []string
}

func (v *verdict) fault(format string, args ...any) {
	v.faults = append(v.faults, fmt.Sprintf(format, args...))
}

func (v *verdict) count(format string, args ...any) {
	v.counts = append(v.counts, fmt.Sprintf(format, args...))
}

// mostFaults are shown.
const mostFaults = 40

// err is all faults as one error.
func (v *verdict) err(when string) error {
	if len(v.faults) == 0 {
		return nil
	}
	shown := v.faults[:min(len(v.faults), mostFaults)]
	return fmt.Errorf("%s: %d faults:\n%s", when, len(v.faults), strings.Join(shown, "\n"))
}

// judgeAll holds everything together; over says that nothing is on its way any more.
func (r *run) judgeAll(ctx context.Context, over bool) (*verdict, error) {
	v := &verdict{}
	journals := map[string]bank.Ledger{}
	for _, c := range centres() {
		l, err := bank.ReadJournal(r.Dir, c)
		if err != nil {
			return nil, err
		}
		journals[c] = l
		v.judgeJournal(c, &l)
	}
	for _, f := range []func(context.Context, *verdict) error{r.judgeInvariants, r.judgeSecond, r.judgeLog} {
		if err := f(ctx, v); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(r.judgePayments(ctx, v, journals, over), r.judgeForetold(ctx, v, journals)); err != nil || !over {
		return v, err
	}
	return v, errors.Join(r.judgeAccounts(ctx, v, journals), r.judgeBooks(ctx, v), r.judgeAnswers(v, journals))
}

// judgeJournal: no bank has got anything twice, or anything that it could not read.
func (v *verdict) judgeJournal(centre string, l *bank.Ledger) {
	for _, f := range l.Findings {
		v.fault("bank %s, %s: %s: %s %s", centre, f.File, f.Kind, f.Reference, f.What)
	}
	for ref, o := range l.Orders {
		if o.Times != 1 {
			v.fault("bank %s got order %s %d times", centre, ref, o.Times)
		}
	}
}

// judgeInvariants: all invariants hold, and the ledger has every payment that was ever received.
func (r *run) judgeInvariants(ctx context.Context, v *verdict) error {
	findings, err := reconciliation.CheckOpen(ctx, r.db)
	if err != nil {
		return err
	}
	whole, err := reconciliation.Check(ctx, r.db)
	if err != nil {
		return err
	}
	for _, f := range slices.Concat(findings, whole) {
		v.fault("%s: %s: %d, as %s", f.Rule, f.What, f.Count, f.Sample)
	}
	d, err := reconciliation.Compare(ctx, r.db)
	if err != nil {
		return err
	}
	if !d.Clean() {
		v.fault("ledger: %+v", d)
	}
	return nil
}

// coarse are the states by which the two computations are compared.
func coarse(s gateway.PaymentState) string {
	switch s {
	case gateway.PaymentRejected, gateway.PaymentExecuted, gateway.PaymentReturned, gateway.PaymentCheque, gateway.PaymentStopped, gateway.PaymentDisputed:
		return string(s)
	case gateway.PaymentCameBack, gateway.PaymentSettled:
		return "came back" // whether it is settled may stand in its authority's books alone
	}
	return "waiting"
}

// judgeSecond: a second computation, from the bytes of the parties alone, comes to the same, and everybody has been answered.
func (r *run) judgeSecond(ctx context.Context, v *verdict) error {
	entries, err := reconciliation.Ledger(ctx, r.db)
	if err != nil {
		return err
	}
	seen, err := witness.Compute(ctx, r.Dir)
	if err != nil {
		return err
	}
	apart := map[[2]string]witness.Sum{}
	add := func(authority, state string, sign int64, s witness.Sum) {
		k := [2]string{authority, state}
		apart[k] = witness.Sum{Count: apart[k].Count + sign*s.Count, Oere: apart[k].Oere + sign*s.Oere}
	}
	total := map[string]int64{}
	for _, e := range entries {
		if e.State == gateway.PaymentMissing || e.Ore != e.OrderOre {
			v.fault("ledger: %+v", e)
		}
		add(e.Authority, coarse(e.State), 1, witness.Sum{Count: e.Payments, Oere: e.OrderOre})
		total[string(e.State)] += e.Payments
	}
	for _, a := range seen.Authorities {
		for state, s := range map[string]witness.Sum{"rejected": a.Rejected, "executed": a.Executed, "returned": a.Returned, "cheque": a.Cheque, "waiting": a.Waiting, "stopped": a.Stopped,
			"disputed": a.Disputed} {
			add(a.Authority, state, -1, s)
		}
		add(a.Authority, "came back", -1, a.CameBack)
		add(a.Authority, "came back", -1, a.Settled)
	}
	for k, s := range apart {
		if s != (witness.Sum{}) {
			v.fault("%s, %s: the ledger has %d payments and %d øre more than the second computation", k[0], k[1], s.Count, s.Oere)
		}
	}
	for _, f := range seen.Findings {
		v.fault("second computation: %s: %s", f.Kind, f.What)
	}
	if seen.Unanswered > 0 {
		v.fault("%d are not answered", seen.Unanswered)
	}
	v.count("%d deliveries, %d payments: %v", seen.Deliveries, seen.Total.Received.Count, total)
	return nil
}

// judgeLog: the log that cannot be forged verifies, and closed months are what it was told.
func (r *run) judgeLog(ctx context.Context, v *verdict) error {
	log, err := sequence.Log{DB: r.db, Keeping: r.Sequence.Keeping}.Verify(ctx)
	if err != nil {
		return err
	}
	for _, f := range log.Findings {
		v.fault("log: %v", f)
	}
	months, err := r.Closing.Months(ctx)
	if err != nil {
		return err
	}
	for _, m := range months {
		if m.State != "closed" {
			continue
		}
		month, err := gateway.ParseMonth(m.Month)
		if err != nil {
			return err
		}
		verified, err := r.Closing.Verify(ctx, month)
		if err != nil {
			return err
		}
		for _, f := range verified.Findings {
			v.fault("closed month %s: %v", m.Month, f)
		}
	}
	return nil
}

// judgeBooks: every day verifies, and every certificate is what its day and the log say. What was refused last is so for what still is open.
func (r *run) judgeBooks(ctx context.Context, v *verdict) error {
	var days []string
	if err := r.db.SelectContext(ctx, &days, `SELECT day::text FROM book WHERE day >= first_kept() ORDER BY 1`); err != nil {
		return err
	}
	for _, text := range days {
		day, err := gateway.ParseDate(text)
		if err != nil {
			return err
		}
		d, err := r.Booking.Show(ctx, booking.Asked{Day: day, Verify: true})
		if err != nil {
			return err
		}
		if !d.Verified.Clean() {
			v.fault("%s does not verify: %+v", text, *d.Verified)
		}
	}
	all, err := r.Booking.Certificates(ctx, gateway.Date{})
	if err != nil {
		return err
	}
	last := map[[4]string]booking.Held{}
	refusals := 0
	for _, h := range all {
		last[[4]string{h.Day, h.Authority, h.Agreement, h.BankCentre}] = h
		for _, f := range h.Findings {
			v.fault("certificate of %s, %s at %s: %s", h.Day, h.Agreement, h.BankCentre, f)
		}
		if !h.Issued {
			refusals++
			if len(h.Reasons) == 0 {
				v.fault("certificate of %s, %s at %s is refused without reason", h.Day, h.Agreement, h.BankCentre)
			}
		}
	}
	issued, reasons := 0, map[string]int{}
	for _, h := range last {
		if h.Issued {
			issued++
			continue
		}
		for _, reason := range h.Reasons {
			kind, _, _ := strings.Cut(strings.TrimPrefix(reason, "open: "), ":")
			reasons[kind]++
			if err := r.holdsStill(ctx, v, h, reason); err != nil {
				return err
			}
		}
	}
	v.count("%d days booked, %d certificates, %d of them issued at last, %d refusals; refused at last for %v", len(days), len(last), issued, refusals, reasons)
	return nil
}

// holdsStill: a refusal that is the last word names what is so now.
func (r *run) holdsStill(ctx context.Context, v *verdict, h booking.Held, reason string) error {
	rest, isOpen := strings.CutPrefix(reason, "open: ")
	if !isOpen {
		return nil
	}
	kind, _, _ := strings.Cut(rest, ":")
	var n int
	err := r.db.GetContext(ctx, &n, `SELECT count(*) FROM exception WHERE kind = $1 AND closed_at IS NULL AND (bank IS NULL OR bank = $2) AND (authority IS NULL OR authority = $3)`, kind, h.BankCentre, h.Authority)
	if err == nil && n == 0 {
		v.fault("certificate of %s, %s at %s: refused for %s, which is not open", h.Day, h.Agreement, h.BankCentre, reason)
	}
	return err
}
