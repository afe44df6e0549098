package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nks/gateway"
	"nks/gateway/postgres/booking"
	"nks/internal/app"
	"nks/internal/report"
	"nks/reconciliation"
	"nks/reconciliation/ledger"
	"nks/sim/witness"
)

// keptBooks is what the gateway's books of all days are, held against everything else.
type keptBooks struct {
	certificates []booking.Held // the last verdict on each day, agreement and bank centre
	unverified   []string
	rates        map[string]rates // by authority
}

// rates is what rates have made of orders abroad, in øre: what was debited beyond what was ordered, and what they took of what came back.
type rates struct{ debits, returns int64 }

// exchanged adds what rates have made of orders on a day.
func (k *keptBooks) exchanged(d *reconciliation.Day) {
	for _, a := range d.Accounts {
		if a.Balance.Account == ledger.Exchange {
			of := k.rates[a.Authority]
			of.returns += a.In - a.Out
			k.rates[a.Authority] = of
		}
	}
	for _, a := range d.Abroad {
		of := k.rates[a.Authority]
		of.debits += a.Exchange
		k.rates[a.Authority] = of
	}
}

// readBooks verifies every day from the first that is booked to the last, and every certificate.
func readBooks(ctx context.Context, db *app.Database, books *booking.Store) (k keptBooks, err error) {
	k.rates = map[string]rates{}
	var days []string
	err = db.Pool().SelectContext(ctx, &days, `SELECT generate_series(min((at AT TIME ZONE 'Europe/Copenhagen')::date), max((at AT TIME ZONE 'Europe/Copenhagen')::date), '1 day')::date::text FROM fact`)
	if err != nil {
		return k, fmt.Errorf("booked days: %w", err)
	}
	for _, text := range days {
		day, err := gateway.ParseDate(text)
		if err != nil {
			return k, err
		}
		d, err := books.Show(ctx, booking.Asked{Day: day, Verify: true})
		if err != nil {
			return k, err
		}
		k.exchanged(d)
		if d.Verified.Clean() {
			continue
		}
		var lines strings.Builder
		report.Verified(&lines, d.Verified)
		for line := range strings.Lines(lines.String()) {
			k.unverified = append(k.unverified, text+": "+strings.TrimSpace(line))
		}
	}
	all, err := books.Certificates(ctx, gateway.Date{})
	if err != nil {
		return k, err
	}
	last := map[[4]string]booking.Held{}
	for _, h := range all {
		last[[4]string{h.Day, h.Authority, h.Agreement, h.BankCentre}] = h
		for _, f := range h.Findings {
			k.unverified = append(k.unverified, fmt.Sprintf("certificate of %s, agreement %s: %s", h.Day, h.Agreement, f))
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(last), func(a, b [4]string) int { return slices.Compare(a[:], b[:]) }) {
		k.certificates = append(k.certificates, last[key])
	}
	return k, nil
}

// addBooks takes in what the books say, and sets what rates have made of orders abroad against what the witness has.
func (r *demoResult) addBooks(k keptBooks, seen witness.Report) {
	r.Unverified = len(k.unverified)
	apart := maps.Clone(k.rates)
	for _, a := range seen.Authorities {
		of := apart[a.Authority]
		apart[a.Authority] = rates{of.debits - a.OverDebited, of.returns - a.RatesTook}
	}
	for _, authority := range slices.Sorted(maps.Keys(apart)) {
		if of := apart[authority]; of != (rates{}) {
			r.BankLedgerDifference += max(of.debits, -of.debits) + max(of.returns, -of.returns)
			r.apart = append(r.apart, fmt.Sprintf("%s: the books have %s more exchange of debits and %s of returns", authority, report.Kroner(of.debits), report.Kroner(of.returns)))
		}
	}
	for _, h := range k.certificates {
		if h.Issued {
			r.Certified++
		} else {
			r.Refused++
		}
	}
}

// printBooks tells what is certified and what is not, and ends the result.
func (w *world) printBooks(r *demoResult, k keptBooks) {
	out := w.tell.Out
	_, _ = fmt.Fprintf(out, "certificates               %10d issued, %d refused\n", r.Certified, r.Refused)
	var abroad rates
	for _, of := range k.rates {
		abroad.debits, abroad.returns = abroad.debits+of.debits, abroad.returns+of.returns
	}
	_, _ = fmt.Fprintf(out, "exchange abroad            debits %s, returns %s\n", report.Kroner(abroad.debits), report.Kroner(abroad.returns))
	for _, h := range k.certificates {
		for _, reason := range h.Reasons {
			_, _ = fmt.Fprintf(out, "  %s, agreement %s at %s: %s\n", h.Day, h.Agreement, h.BankCentre, reason)
		}
	}
	for _, what := range k.unverified {
		_, _ = fmt.Fprintf(out, "not verified: %s\n", what)
	}
	if r.Good() {
		_, _ = fmt.Fprintf(out, "every øre is accounted for, twice (%.1f s)\n", r.Seconds)
	}
}
