package flowtest_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nks/gateway/intake/intaketest"
)

// slips makes payment slips, and what is to become of each.
type slips struct {
	rng      *rand.Rand
	payments []intaketest.Payment
	refused  []string // as response 2 lists them
	ordered  []string // as the bank reads them
}

func (s *slips) digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + s.rng.IntN(10))
	}
	return string(b)
}

// id has n digits, the last by modulus 10: weights 1 and 2 from the left or right, so that the last has 1.
func (s *slips) id(n int) string {
	if n == 0 {
		return ""
	}
	id := s.digits(n - 1)
	for last := range 10 {
		sum := 0
		for i, c := range id + fmt.Sprint(last) {
			product := int(c-'0') * (1 + (n-1-i)%2)
			sum += product/10 + product%10
		}
		if sum%10 == 0 {
			return id + fmt.Sprint(last)
		}
	}
	return ""
}

// add adds a slip; wrong is what is wrong with it, empty when nothing is.
func (s *slips) add(wrong, card, id, creditor string) {
	e2e := fmt.Sprintf("%s-%03d", card, len(s.payments))
	s.payments = append(s.payments, intaketest.Payment{EndToEndID: e2e, Amount: 1000, AccountKind: "Prtry", Account: creditor, Complete: true,
		Remittance: []string{"CdtrRef:" + card + "+" + id}})
	if wrong != "" {
		s.refused = append(s.refused, e2e+":9016")
		return
	}
	bid := ""
	if id != "" {
		bid = "RFF+BID:" + id + "'"
	}
	s.ordered = append(s.ordered, e2e+"'"+bid+"RFF+KRE:"+creditor+"'PAI+::IBK:::A"+card)
}

// card adds good slips of a type, and each with one thing wrong.
func (s *slips) card(card string, idDigits int, creditorDigits ...int) {
	creditor := func() string { return "8" + s.digits(creditorDigits[0]-1) }
	for _, n := range creditorDigits {
		for range 5 {
			s.add("", card, s.id(idDigits), "8"+s.digits(n-1))
		}
	}
	for _, n := range []int{5, 6, 7, 8, 9} {
		if !slices.Contains(creditorDigits, n) {
			s.add("creditor's length", card, s.id(idDigits), s.digits(n))
		}
	}
	s.add("creditor has a letter", card, s.id(idDigits), creditor()[1:]+"A")
	for _, n := range []int{1, 8, 14, 15, 16, 17} {
		if n != idDigits {
			s.add("id's length", card, s.id(n), creditor())
		}
	}
	if idDigits == 0 {
		return
	}
	s.add("no id", card, "", creditor())
	s.add("id has a blank", card, s.id(idDigits)[:idDigits-1]+" ", creditor())
	for at := range idDigits {
		id := []byte(s.id(idDigits))
		id[at] = '0' + (id[at]-'0'+byte(1+s.rng.IntN(9)))%10
		s.add("a digit", card, string(id), creditor())
	}
}

var orderedSlip = regexp.MustCompile(`RFF\+CR:.{8}((?:01|04|15|71|73|75)-\d{3}'(?:RFF\+BID:\d+')?RFF\+KRE:\d+'PAI\+::IBK:::A\d\d)'`)

// TestSlips_AllCardTypes: a slip whose code line cannot be is refused by response 2, one by one; the others reach the bank with
// id, creditor and card type as they came. // B9.1
func TestSlips_AllCardTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := &slips{rng: rand.New(rand.NewPCG(12, 10))}
	s.card("01", 0, 7, 8)
	s.card("04", 16, 7, 8)
	s.card("15", 16, 7, 8)
	s.card("71", 15, 8)
	s.card("73", 0, 8)
	s.card("75", 16, 8)
	s.add("no such card type", "02", "", "85551234")
	d := bundle("G-1", s.payments...)
	d.Debits[0].Instrument = "IBK"
	w.receive(d)
	w.wantAnswers("1 ACPT; 2 PART " + strings.Join(s.refused, " "))
	w.at(receiveBy)
	w.release()
	var ordered []string
	for _, file := range w.dispatch() {
		for _, m := range orderedSlip.FindAllStringSubmatch(file, -1) {
			ordered = append(ordered, m[1])
		}
	}
	slices.Sort(ordered)
	slices.Sort(s.ordered)
	w.want("orders", strings.Join(ordered, "\n"), strings.Join(s.ordered, "\n"))
	w.want("ledger", w.ledger(), fmt.Sprintf("rejected %d = %d, with_bank %d = %d", len(s.refused), 100*len(s.refused), len(s.ordered), 100*len(s.ordered)))
}
