package registry

import (
	"context"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/registerxml"
	"nks/register/accounts"
	"nks/register/law"
)

const (
	refusedState  = law.Refused
	answeredState = "answered" // of a query
)

// actions are what items ask for in the words of the law.
func action(a registerxml.Action) law.Action {
	switch a {
	case registerxml.Register:
		return law.Register
	case registerxml.Lock:
		return law.Lock
	case registerxml.Unlock:
		return law.Unlock
	case registerxml.Limit, registerxml.Closed:
		return law.Limit
	case registerxml.Promote:
		return law.Promote
	}
	return law.Delete
}

// judge has the items of a document judged, and gives their outcomes in the same order. What is queried is what holds after all changes.
func (s *Store) judge(ctx context.Context, x *postgres.Session, d postgres.Delivery, head registerxml.Head, items []registerxml.Item) ([]registerxml.Outcome, error) {
	outcomes := make([]registerxml.Outcome, len(items))
	var asked []law.Application
	var places, queries []int
	for n, i := range items {
		outcomes[n] = registerxml.Outcome{Item: n + 1, Ref: i.Ref}
		if i.Action == registerxml.Query {
			queries = append(queries, n)
			continue
		}
		asked, places = append(asked, s.application(d, head, i, n+1)), append(places, n)
	}
	made, err := s.Accounts.Apply(ctx, x, asked)
	if err != nil {
		return nil, err
	}
	for k, o := range made {
		tell(&outcomes[places[k]], o, head, items[places[k]])
	}
	if len(queries) == 0 {
		return outcomes, nil
	}
	return outcomes, s.query(ctx, x, d, head, items, queries, outcomes)
}

// application is what an item asks for. // B26.1b // B18.2
func (s *Store) application(d postgres.Delivery, head registerxml.Head, i registerxml.Item, n int) law.Application {
	a := law.Application{Channel: law.Interface, Action: action(i.Action), Holder: i.Holder, Authority: i.Authority, BenefitType: i.BenefitType,
		Account: law.Account(i.Account), From: i.From, To: i.To, Locked: i.Locked, Expects: i.Expects, By: i.By, OnBehalfOf: head.Authority,
		Why: i.Why, Source: i.Source, Delivery: d.ID, Item: n}
	if head.Root == registerxml.BankReport {
		a.Channel, a.Bank, a.By, a.Source = law.Bank, head.Bank, d.Supplier, fmt.Sprintf("delivery %d item %d", d.ID, n)
		a.Expects, a.Why = law.Unsaid, "the bank reports "+string(i.Action)
	}
	if today := gateway.DateOf(s.Now().In(s.Location)); i.Action == registerxml.Closed && !today.Before(i.To) {
		a.Action, a.To = law.Delete, gateway.Date{}
	}
	return a
}

// tell makes the outcome of an item known to its sender, with no more of accounts than it may see.
func tell(to *registerxml.Outcome, o accounts.Outcome, head registerxml.Head, i registerxml.Item) {
	to.State, to.Rule, to.Text, to.Application, to.Version, to.From = string(o.State), o.Rule, o.Why, o.Application, o.Version, o.From
	if o.Now == nil {
		return
	}
	h := registerxml.Held{Authority: i.Authority, BenefitType: i.BenefitType, Account: registerxml.Account(o.Now.Account), Version: o.Now.Version,
		Locked: o.Now.Locked, Later: o.Now.Later, From: o.Now.From, To: o.Now.To}
	if i.Action == registerxml.Promote {
		h.Authority, h.BenefitType = "", ""
	}
	switch {
	case head.Root == registerxml.BankReport:
		if o.State == refusedState || h.Account.Account != i.Account.Account {
			return
		}
	case h.Authority == "":
		h.Account.Number = h.Account.MaskedNumber() // B19.1
	case h.Authority != head.Authority:
		return // B19.2
	}
	to.Holds = append(to.Holds, h)
}
