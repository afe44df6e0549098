package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nks/gateway"
	"nks/gateway/postgres/booking"
	"nks/internal/app"
	"nks/internal/report"
	"nks/reconciliation"
	"nks/sim/witness"
)

// demoResult is what nks-demo demo --json prints.
type demoResult struct {
	Deliveries      int64 `json:"deliveries"`
	BundlesRejected int64 `json:"bundles_rejected"`
	Received        int64 `json:"received"`
	Rejected        int64 `json:"rejected"`
	Executed        int64 `json:"executed"`
	Returned        int64 `json:"returned"`
	Cheque          int64 `json:"cheque"`
	Stopped         int64 `json:"stopped"`
	CameBack        int64 `json:"came_back"` // of which money is back, and not all of it settled
	Settled         int64 `json:"settled"`   // of which money came back, and is where the authority wants it
	Waiting         int64 `json:"waiting"`
	Disputed        int64 `json:"disputed"` // their bank contradicts itself
	DisputedOere    int64 `json:"disputed_oere"`
	Asked           int64 `json:"asked"` // orders that were disputed until persons had asked their bank
	// Undecided are those of Waiting, by the parties' own bytes, of which their bank says what cannot be understood, or may.
	Undecided     int64 `json:"undecided"`
	UndecidedOere int64 `json:"undecided_oere"`
	// Unnamed are those of Executed and Cheque of which money is back, by the banks' journals, though no report names them.
	Unnamed        int64 `json:"unnamed"`
	ReceivedOere   int64 `json:"received_oere"`
	AccountedOere  int64 `json:"accounted_oere"`
	DifferenceOere int64 `json:"difference_oere"`
	// BankLedgerDifference adds up, without sign, by how much the two computations differ, by authority and state, in
	// payments and in øre.
	BankLedgerDifference int64 `json:"bank_ledger_difference"`
	// Certified and Refused count the last verdicts on a day of an agreement at its bank centre. Unverified is what no day's book
	// agrees with, or what its certificate does not.
	Certified  int     `json:"certified"`
	Refused    int     `json:"refused"`
	Unverified int     `json:"unverified"`
	Unanswered int     `json:"unanswered"`
	Findings   int     `json:"findings"`
	Seconds    float64 `json:"seconds"`
	File       string  `json:"file,omitempty"` // of --samples

	apart []string // what the two computations differ by
}

// Good reports whether every payment and every øre is explained and everybody has been answered.
func (r *demoResult) Good() bool {
	return r.DifferenceOere == 0 && r.BankLedgerDifference == 0 && r.Unanswered == 0 && r.Findings == 0 && r.Unverified == 0 &&
		r.Received == r.sum()
}

func (r *demoResult) sum() int64 {
	return r.Rejected + r.Executed + r.Returned + r.Cheque + r.Stopped + r.CameBack + r.Settled + r.Disputed + r.Waiting
}

// conclude accounts for everything and keeps whether the run is finished.
func (p *play) conclude(ctx context.Context) (*demoResult, error) {
	r, err := p.account(ctx, p.gateway.Database(), p.gateway.Books(), p.began)
	if err != nil {
		return nil, err
	}
	p.marker.Finished = r.Good()
	return r, p.save()
}

// account accounts for everything twice: from the tables, and from the bytes that the simulated parties sent and received.
func (w *world) account(ctx context.Context, db *app.Database, books *booking.Store, began time.Time) (*demoResult, error) {
	ledger, err := reconciliation.Ledger(ctx, db.Pool())
	if err != nil {
		return nil, err
	}
	r := &demoResult{}
	err = db.Pool().QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE state = 'refused'),
			coalesce(sum(payments) FILTER (WHERE state IN ('read', 'checked')), 0), coalesce(sum(ore) FILTER (WHERE state IN ('read', 'checked')), 0)
			FROM delivery`).Scan(&r.Deliveries, &r.BundlesRejected, &r.Received, &r.ReceivedOere)
	if err != nil {
		return nil, err
	}
	r.addLedger(ledger)
	findings, err := reconciliation.Check(ctx, db.Pool())
	if err != nil {
		return nil, err
	}
	seen, err := witness.Compute(ctx, w.dir)
	if err != nil {
		return nil, err
	}
	r.compare(ledger, seen)
	r.Findings = len(findings) + seen.FindingCount
	r.Unanswered = seen.Unanswered
	r.Undecided, r.UndecidedOere = seen.Total.Undecided.Count, seen.Total.Undecided.Oere
	r.Unnamed = seen.Total.Unnamed.Count
	kept, err := readBooks(ctx, db, books)
	if err != nil {
		return nil, err
	}
	r.addBooks(kept, seen)
	r.Asked = w.marker.Asked
	r.Seconds = (w.marker.Machine + time.Since(began)).Seconds()
	w.printResult(r, ledger, findings, seen)
	w.printBooks(r, kept)
	return r, nil
}

func (r *demoResult) addLedger(ledger []reconciliation.Entry) {
	for _, e := range ledger {
		switch e.State {
		case gateway.PaymentRejected:
			r.Rejected += e.Payments
		case gateway.PaymentExecuted:
			r.Executed += e.Payments
		case gateway.PaymentReturned:
			r.Returned += e.Payments
		case gateway.PaymentCheque:
			r.Cheque += e.Payments
		case gateway.PaymentStopped:
			r.Stopped += e.Payments
		case gateway.PaymentCameBack:
			r.CameBack += e.Payments
		case gateway.PaymentSettled:
			r.Settled += e.Payments
		case gateway.PaymentDisputed:
			r.Disputed += e.Payments
			r.DisputedOere += e.OrderOre
		case gateway.PaymentMissing:
			continue
		default:
			r.Waiting += e.Payments
		}
		r.AccountedOere += e.OrderOre
	}
	r.DifferenceOere = r.ReceivedOere - r.AccountedOere
}

// compare adds up how far the ledger of states and the witness are apart.
func (r *demoResult) compare(ledger []reconciliation.Entry, seen witness.Report) {
	type key struct{ authority, state string }
	apart := map[key]witness.Sum{}
	add := func(authority, state string, sign int64, s witness.Sum) {
		k := key{authority, state}
		apart[k] = witness.Sum{Count: apart[k].Count + sign*s.Count, Oere: apart[k].Oere + sign*s.Oere}
	}
	for _, e := range ledger {
		state := "waiting"
		switch e.State {
		case gateway.PaymentRejected, gateway.PaymentExecuted, gateway.PaymentReturned, gateway.PaymentCheque, gateway.PaymentStopped, gateway.PaymentDisputed:
			state = string(e.State)
		case gateway.PaymentCameBack, gateway.PaymentSettled:
			state = "came back" // whether it is settled may stand in its authority's books alone
		}
		add(e.Authority, state, 1, witness.Sum{Count: e.Payments, Oere: e.OrderOre})
	}
	for _, a := range seen.Authorities {
		add(a.Authority, "rejected", -1, a.Rejected)
		add(a.Authority, "executed", -1, a.Executed)
		add(a.Authority, "returned", -1, a.Returned)
		add(a.Authority, "cheque", -1, a.Cheque)
		add(a.Authority, "waiting", -1, a.Waiting)
		add(a.Authority, "stopped", -1, a.Stopped)
		add(a.Authority, "disputed", -1, a.Disputed)
		add(a.Authority, "came back", -1, a.CameBack)
		add(a.Authority, "came back", -1, a.Settled)
	}
	for k, s := range apart {
		if by := max(s.Count, -s.Count) + max(s.Oere, -s.Oere); by > 0 {
			r.BankLedgerDifference += by
			r.apart = append(r.apart, fmt.Sprintf("%s, %s: the ledger has %d payments and %s more", k.authority, k.state, s.Count, report.Kroner(s.Oere)))
		}
	}
	slices.Sort(r.apart)
}

func (w *world) printResult(r *demoResult, ledger []reconciliation.Entry, findings []reconciliation.Finding, seen witness.Report) {
	out := w.tell.Out
	report.Ledger(out, ledger)
	_, _ = fmt.Fprintf(out, "\n%-26s %10s %22s\n", "bank centre, by its files", "orders", "DKK")
	for _, b := range seen.Banks {
		_, _ = fmt.Fprintf(out, "%-26s %10d %22s\n", b.Centre, b.Ordered.Count, report.Kroner(b.Ordered.Oere))
	}
	_, _ = fmt.Fprintf(out, `
deliveries                 %10d, %d refused as a whole
received                   %10d %22s
accounted for              %10d %22s
difference                            %22s
by the parties' own bytes  %10d %22s   differ by %d
unanswered                 %10d
`, r.Deliveries, r.BundlesRejected, r.Received, report.Kroner(r.ReceivedOere), r.sum(),
		report.Kroner(r.AccountedOere), report.Kroner(r.DifferenceOere), seen.Total.Received.Count, report.Kroner(seen.Total.Received.Oere), r.BankLedgerDifference, r.Unanswered)
	if r.Disputed > 0 || seen.Total.Disputed.Count > 0 {
		_, _ = fmt.Fprintf(out, "disputed                   %10d %22s   by the parties' own bytes %d, %s\n", r.Disputed, report.Kroner(r.DisputedOere),
			seen.Total.Disputed.Count, report.Kroner(seen.Total.Disputed.Oere))
	}
	if r.Asked > 0 {
		_, _ = fmt.Fprintf(out, "disputed, until persons asked %7d\n", r.Asked)
	}
	if r.Undecided > 0 {
		_, _ = fmt.Fprintf(out, "waiting, undecided         %10d %22s\n", r.Undecided, report.Kroner(r.UndecidedOere))
	}
	for _, what := range r.apart {
		_, _ = fmt.Fprintf(out, "differs: %s\n", what)
	}
	for _, f := range findings {
		_, _ = fmt.Fprintf(out, "%s: %s: %d, as %s\n", f.Rule, f.What, f.Count, f.Sample)
	}
	for i, f := range seen.Findings {
		if i == 20 {
			_, _ = fmt.Fprintf(out, "and %d more findings\n", seen.FindingCount-i)
			break
		}
		_, _ = fmt.Fprintf(out, "%s: %s\n", f.Kind, f.What)
	}
}
