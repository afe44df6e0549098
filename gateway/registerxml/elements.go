package registerxml

import (
	"strconv"
	"time"

	"nks/gateway"
)

// headOf is the head of a kind of document.
func headOf(root string) element[Head] {
	whose := text("Authority", 20, func(h *Head) *string { return &h.Authority })
	if root == BankReport {
		whose = text("Bank", 140, func(h *Head) *string { return &h.Bank })
	}
	return element[Head]{name: "Head", parts: []element[Head]{
		text("MessageId", 35, func(h *Head) *string { return &h.MessageID }),
		text("Sender", 35, func(h *Head) *string { return &h.Sender }), whose}}
}

// specific is the purpose of a specific account.
func specific[T any](authority, benefitType func(*T) *string) element[T] {
	return element[T]{name: "Specific", optional: true, parts: []element[T]{text("Authority", 20, authority), text("BenefitType", 35, benefitType)}}
}

// itemsOf are the items of a kind of document, one element for each action.
func itemsOf(root string) []element[Item] {
	to := date("To", func(i *Item) *gateway.Date { return &i.To })
	from := maybe(date("From", func(i *Item) *gateway.Date { return &i.From }))
	whom := []element[Item]{text("Ref", 35, func(i *Item) *string { return &i.Ref }), holder(func(i *Item) *gateway.Holder { return &i.Holder })}
	which := account(func(i *Item) *Account { return &i.Account })
	item := func(a Action, before []element[Item], parts ...element[Item]) element[Item] {
		return element[Item]{name: string(a), parts: append(before[:len(before):len(before)], parts...)}
	}
	if root == BankReport {
		return []element[Item]{item(Register, whom, which, from), item(Closed, whom, which, to), item(Delete, whom, which)}
	}
	purpose := append(whom[:len(whom):len(whom)], specific(func(i *Item) *string { return &i.Authority }, func(i *Item) *string { return &i.BenefitType }))
	expects := number("Expects", Unsaid, func(i *Item) *int64 { return &i.Expects })
	by := text("By", 100, func(i *Item) *string { return &i.By })
	why := text("Why", 350, func(i *Item) *string { return &i.Why })
	source := maybe(text("Source", 140, func(i *Item) *string { return &i.Source }))
	return []element[Item]{
		item(Register, purpose, which, flag("Locked", func(i *Item) *bool { return &i.Locked }), from, maybe(to), expects, by, why, source),
		item(Lock, purpose, expects, by, why, source),
		item(Unlock, purpose, expects, by, why, source),
		item(Limit, purpose, to, expects, by, why, source),
		item(Delete, purpose, expects, by, why, source),
		item(Promote, purpose, expects, by, why, source),
		item(Query, whom, by, why),
	}
}

// answerHead is the head of an answer.
func answerHead() element[Answer] {
	refusal := func(t *Answer) *Refusal {
		if t.Refused == nil {
			t.Refused = &Refusal{}
		}
		return t.Refused
	}
	// refused looks without making a refusal.
	refused := func(of func(*Refusal) string) func(*Answer) string {
		return func(t *Answer) string {
			if t.Refused == nil {
				return ""
			}
			return of(t.Refused)
		}
	}
	rule := text("Rule", 20, func(t *Answer) *string { return &refusal(t).Rule })
	rule.get = refused(func(r *Refusal) string { return r.Rule })
	words := text("Text", 350, func(t *Answer) *string { return &refusal(t).Text })
	words.get = refused(func(r *Refusal) string { return r.Text })
	path := maybe(text("Path", 350, func(t *Answer) *string { return &refusal(t).Path }))
	path.get = refused(func(r *Refusal) string { return r.Path })
	line := maybe(whole("Line", func(t *Answer) *int { return &refusal(t).Line }))
	line.get = refused(func(r *Refusal) string { return unlessZero(r.Line) })
	return element[Answer]{name: "Head", parts: []element[Answer]{
		text("Id", 60, func(t *Answer) *string { return &t.ID }),
		instant("MadeAt", func(t *Answer) *time.Time { return &t.MadeAt }),
		text("To", 35, func(t *Answer) *string { return &t.To }),
		maybe(text("About", 35, func(t *Answer) *string { return &t.About })),
		text("Status", 4, func(t *Answer) *string { return &t.Status }),
		flag("Repeats", func(t *Answer) *bool { return &t.Repeats }),
		{name: "Refused", optional: true, parts: []element[Answer]{rule, words, line, path}},
	}}
}

func unlessZero(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// whole is a place or a line, from 1.
func whole[T any](name string, of func(*T) *int) element[T] {
	return element[T]{name: name, get: func(t *T) string { return unlessZero(*of(t)) }, set: func(t *T, v string) string {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || strconv.Itoa(n) != v {
			return "must be a whole number from 1"
		}
		*of(t) = n
		return ""
	}}
}

// outcome is what became of an item.
func outcome() element[Outcome] {
	held := heldAccount()
	return element[Outcome]{name: "Outcome", parts: []element[Outcome]{
		whole("Item", func(o *Outcome) *int { return &o.Item }),
		text("Ref", 35, func(o *Outcome) *string { return &o.Ref }),
		text("State", 20, func(o *Outcome) *string { return &o.State }),
		maybe(text("Rule", 20, func(o *Outcome) *string { return &o.Rule })),
		maybe(text("Text", 350, func(o *Outcome) *string { return &o.Text })),
		maybe(number("Application", 0, func(o *Outcome) *int64 { return &o.Application })),
		maybe(number("Version", 0, func(o *Outcome) *int64 { return &o.Version })),
		maybe(instant("InForceFrom", func(o *Outcome) *time.Time { return &o.From })),
		{name: held.name, optional: true,
			read: func(s *scanner, o *Outcome) {
				var h Held
				readElement(s, held, &h)
				if len(o.Holds) == mostHeld {
					s.fail("", "more accounts than "+strconv.Itoa(mostHeld))
				}
				o.Holds = append(o.Holds, h)
			},
			write: func(w *writer, o *Outcome) {
				for i := range o.Holds {
					writeElement(w, held, &o.Holds[i])
				}
			}},
	}}
}

// mostHeld bounds the accounts of one outcome.
const mostHeld = 10_000

// heldAccount is an account that a holder has. Its number may have hidden digits.
func heldAccount() element[Held] {
	of := func(name string, kind gateway.AccountKind) element[Held] {
		e := text(name, 34, func(h *Held) *string { return &h.Account.Number })
		set := e.set
		e.set = func(h *Held, v string) string {
			h.Account.Kind = kind
			return set(h, v)
		}
		e.get = func(h *Held) string {
			if h.Account.Kind != kind {
				return ""
			}
			return h.Account.Number
		}
		return e
	}
	return element[Held]{name: "Holds", parts: []element[Held]{
		specific(func(h *Held) *string { return &h.Authority }, func(h *Held) *string { return &h.BenefitType }),
		{oneOf: []element[Held]{of("Domestic", gateway.DomesticBBAN), of("Iban", gateway.IBANAccount), of("Foreign", gateway.ForeignAccount)}},
		maybe(text("Bic", 11, func(h *Held) *string { return &h.Account.BIC })),
		maybe(text("BankCode", 34, func(h *Held) *string { return &h.Account.BankCode })),
		maybe(text("Currency", 3, func(h *Held) *string { return &h.Account.Currency })),
		number("Version", 0, func(h *Held) *int64 { return &h.Version }),
		flag("Locked", func(h *Held) *bool { return &h.Locked }),
		flag("Later", func(h *Held) *bool { return &h.Later }),
		maybe(instant("From", func(h *Held) *time.Time { return &h.From })),
		maybe(instant("To", func(h *Held) *time.Time { return &h.To })),
	}}
}
