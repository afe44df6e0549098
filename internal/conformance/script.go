package conformance

import (
	"fmt"
	"strconv"
	"time"

	"nks/internal/bundle"
)

// script makes the documents of one run. Everything in them that must be unique begins with the run.
type script struct {
	Cast
	run   string
	today time.Time // the gateway's business day
	sent  map[string]bundle.Document
	// now is the case that is played.
	now string
}

func newScript(c Cast, machine time.Time) *script {
	return &script{Cast: c, run: "CT" + strconv.FormatInt(machine.UnixMilli(), 36), sent: map[string]bundle.Document{}}
}

// pays is an ordinary payment to a citizen; "" names nobody.
func (s *script) pays(person string) bundle.Payment { return s.of(person, s.Benefit) }

// of is one of a benefit.
func (s *script) of(person, benefit string) bundle.Payment {
	return bundle.Payment{Text: "Prøve " + s.now, Benefit: benefit, Amount: kroner(100), Person: person}
}

// bundle is a document of the case, for today. The ids of its payments have at most 27 characters.
func (s *script) bundle(payments ...bundle.Payment) bundle.Document {
	for i := range payments {
		payments[i].ID = fmt.Sprintf("%s-%s-%d", s.run, s.now, i+1)
	}
	return bundle.Document{Supplier: s.Supplier, To: s.To, ID: s.run + "-" + s.now, Written: s.today.Format("2006-01-02T15:04:05"), Authority: s.Authority, Agreement: s.Agreement,
		Debit: s.Debit, Day: s.today.Format(time.DateOnly), Payments: payments}
}
