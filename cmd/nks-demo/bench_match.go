package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"nks/gateway"
	"nks/reconciliation/match"
)

// benchMatchUnnamed is the how manyth part comes without a reference.
const benchMatchUnnamed = 100

// measureMatch times package match on one core, beside a map from reference to candidate that is made and asked once for each
// part: what any matching must do at least. Values are parts per second, medians, and how many times the map's time it takes.
func (b *bench) measureMatch() (measurement, error) {
	n := b.options.payments
	unnamed := (n + benchMatchUnnamed - 1) / benchMatchUnnamed
	parts, candidates := returnedDay(n)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var found, joined []float64
	for range max(3, b.options.rounds) {
		began := time.Now()
		if named := joinByReference(parts, candidates); named != n-unnamed {
			return measurement{}, fmt.Errorf("match: the map finds %d of %d parts", named, n)
		}
		joined = append(joined, time.Since(began).Seconds())
		began = time.Now()
		r, err := match.Find(parts, candidates, match.Windows{Return: match.Window{After: 30}})
		if err != nil {
			return measurement{}, err
		}
		if len(r.Matches) != n {
			return measurement{}, fmt.Errorf("match: %d of %d parts are matched", len(r.Matches), n)
		}
		found = append(found, time.Since(began).Seconds())
	}
	return measurement{Name: "match", Sizes: map[string]int{"payments": n}, Values: map[string]float64{
		"parts_per_s": float64(n) / median(found), "times_map": median(found) / median(joined)}}, nil
}

// returnedDay is a day on which all comes back, and every hundredth part without its reference.
func returnedDay(n int) ([]match.Part, []match.Candidate) {
	executed := gateway.Date{Year: 2005, Month: time.August, Day: 15}
	parts, candidates := make([]match.Part, n), make([]match.Candidate, n)
	order := rand.New(rand.NewPCG(uint64(n), 1)).Perm(n) // of the postings
	for i := range n {
		c := match.Candidate{Subject: match.PaymentAttempt(int64(i), 1), Way: match.Return, Reference: fmt.Sprintf("00000001FAKTURA 2005-%07d", i),
			Account: "01234567890123", Counterparty: fmt.Sprintf("5432%010d", i), Ore: int64(i%5_000)*100 + 25, ExecutesOn: executed}
		p := match.Part{ID: int64(i), Account: c.Account, Counterparty: c.Counterparty, Ore: c.Ore, PostedOn: executed.AddDays(i % 5)}
		if i%benchMatchUnnamed != 0 {
			p.References = []string{c.Reference}
		}
		parts[order[i]], candidates[i] = p, c
	}
	return parts, candidates
}

// joinByReference is how many parts a map of references finds a candidate for.
func joinByReference(parts []match.Part, candidates []match.Candidate) (found int) {
	by := make(map[string]int32, len(candidates))
	for i := range candidates {
		by[candidates[i].Reference] = int32(i)
	}
	for i := range parts {
		for _, reference := range parts[i].References {
			if _, ok := by[reference]; ok {
				found++
			}
		}
	}
	return found
}
