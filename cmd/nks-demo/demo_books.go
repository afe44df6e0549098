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
)

// keptBooks is what the gateway's books of all days are, held against everything else.
type keptBooks struct {
	certificates []booking.Held // the last verdict on each day, agreement and bank centre
	unverified   []string
}

// readBooks verifies every day from the first that is booked to the last, and every certificate.
func readBooks(ctx context.Context, db *app.Database, books *booking.Store) (k keptBooks, err error) {
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

func (r *demoResult) addBooks(k keptBooks) {
	r.Unverified = len(k.unverified)
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
