package registerxml

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"nks/gateway"
)

// element is an element of the grammar that reads and writes a T. It has a value (set and get), parts one after the other, or is a choice
// of one of several; or it is repeated, and has its own way.
type element[T any] struct {
	name     string
	optional bool
	set      func(*T, string) string // gives the rule that the value breaks
	get      func(*T) string         // "": it is not there
	parts    []element[T]
	oneOf    []element[T] // the element itself has no name
	read     func(*scanner, *T)
	write    func(*writer, *T)
}

// text is an element with a text of 1 to most characters.
func text[T any](name string, most int, of func(*T) *string) element[T] {
	return element[T]{name: name, get: func(t *T) string { return *of(t) }, set: func(t *T, v string) string {
		*of(t) = v
		switch {
		case utf8.RuneCountInString(v) > most:
			return fmt.Sprintf("more than %d characters", most)
		case strings.ContainsFunc(v, unicode.IsControl):
			return "a line end or another control character"
		case strings.TrimSpace(v) != v:
			return "white space around a text"
		}
		return ""
	}}
}

// number is an element with a whole number from 0; absent stands for one that is not said.
func number[T any](name string, absent int64, of func(*T) *int64) element[T] {
	return element[T]{name: name,
		get: func(t *T) string {
			if *of(t) == absent {
				return ""
			}
			return strconv.FormatInt(*of(t), 10)
		},
		set: func(t *T, v string) (rule string) {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil || strconv.FormatInt(n, 10) != v || n < 0 {
				return "must be a whole number from 0, without sign or leading zeros"
			}
			*of(t) = n
			return ""
		}}
}

// flag is an element that is true or false; false need not be said.
func flag[T any](name string, of func(*T) *bool) element[T] {
	return element[T]{name: name, optional: true,
		get: func(t *T) string {
			if *of(t) {
				return "true"
			}
			return ""
		},
		set: func(t *T, v string) string {
			if *of(t) = v == "true"; !*of(t) && v != "false" {
				return "must be true or false"
			}
			return ""
		}}
}

func date[T any](name string, of func(*T) *gateway.Date) element[T] {
	return element[T]{name: name,
		get: func(t *T) string {
			if of(t).IsZero() {
				return ""
			}
			return of(t).String()
		},
		set: func(t *T, v string) string {
			d, err := gateway.ParseDate(v)
			if err != nil || d.String() != v || d.Year < 1900 {
				return "must be a day such as 2005-08-11, from 1900 on"
			}
			*of(t) = d
			return ""
		}}
}

// instantForm is how instants are written.
const instantForm = "2006-01-02T15:04:05.999999Z07:00"

func instant[T any](name string, of func(*T) *time.Time) element[T] {
	return element[T]{name: name,
		get: func(t *T) string {
			if of(t).IsZero() {
				return ""
			}
			return of(t).Format(instantForm)
		},
		set: func(t *T, v string) string {
			at, err := time.Parse(instantForm, v)
			if err != nil || at.Year() < 1900 || at.IsZero() {
				return "must be an instant such as 2005-08-11T06:00:00+02:00"
			}
			*of(t) = at
			return ""
		}}
}

// holder is the choice of the register that a holder's number stands in.
func holder[T any](of func(*T) *gateway.Holder) element[T] {
	var all []element[T]
	for _, k := range []struct {
		name string
		kind gateway.HolderKind
	}{{"Cpr", gateway.CPR}, {"Cvr", gateway.CVR}, {"Se", gateway.SE}, {"PNumber", gateway.PNR}} {
		all = append(all, element[T]{name: k.name,
			get: func(t *T) string {
				if of(t).Kind != k.kind {
					return ""
				}
				return of(t).ID
			},
			set: func(t *T, v string) string {
				if len(v) != k.kind.Digits() || !gateway.AllDigits(v) {
					return fmt.Sprintf("must be %d digits", k.kind.Digits())
				}
				*of(t) = gateway.Holder{Kind: k.kind, ID: v}
				return ""
			}})
	}
	return element[T]{oneOf: all}
}

// accountNumber is the number of an account of one kind.
func accountNumber[T any](name string, kind gateway.AccountKind, good func(string) string, of func(*T) *Account) element[T] {
	return element[T]{name: name,
		get: func(t *T) string {
			if of(t).Kind != kind {
				return ""
			}
			return of(t).Number
		},
		set: func(t *T, v string) string {
			of(t).Kind, of(t).Number = kind, v
			return good(v)
		}}
}

// account is how an account is written. What the number must be beyond its form is judged item by item. // B10.2
func account[T any](of func(*T) *Account) element[T] {
	upper := func(most int) func(string) string {
		return func(v string) string {
			if len(v) > most || strings.Trim(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
				return fmt.Sprintf("must be at most %d capitals and digits, without blanks", most)
			}
			return ""
		}
	}
	checked := func(name string, good func(string) string, of func(*T) *string) element[T] {
		return element[T]{name: name, optional: true, get: func(t *T) string { return *of(t) }, set: func(t *T, v string) string {
			*of(t) = v
			return good(v)
		}}
	}
	return element[T]{name: "Account", parts: []element[T]{
		{oneOf: []element[T]{
			accountNumber("Domestic", gateway.DomesticBBAN, func(v string) string {
				if len(v) != 14 || !gateway.AllDigits(v) {
					return "must be 14 digits: the registration number, and the account with leading zeros"
				}
				return ""
			}, of),
			accountNumber("Iban", gateway.IBANAccount, upper(34), of),
			accountNumber("Foreign", gateway.ForeignAccount, upper(34), of),
		}},
		checked("Bic", upper(11), func(t *T) *string { return &of(t).BIC }),
		checked("BankCode", upper(34), func(t *T) *string { return &of(t).BankCode }),
		checked("Currency", upper(3), func(t *T) *string { return &of(t).Currency }),
		maybe(text("BankName", 140, func(t *T) *string { return &of(t).BankName })),
		maybe(text("BankAddress", 350, func(t *T) *string { return &of(t).BankAddress })),
		checked("BankCountry", upper(2), func(t *T) *string { return &of(t).BankCountry }),
		maybe(text("HolderName", 140, func(t *T) *string { return &of(t).HolderName })),
		maybe(text("HolderAddress", 350, func(t *T) *string { return &of(t).HolderAddress })),
	}}
}

func maybe[T any](e element[T]) element[T] {
	e.optional = true
	return e
}
