package report

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"nks/gateway"
)

//go:embed sql/payments.sql
var paymentsSQL string

//go:embed sql/orders.sql
var ordersSQL string

// ErrReference is in the error of a reference that no report gives.
var ErrReference = errors.New("is no reference of a report")

// longestReference bounds what is read.
const longestReference = 1000

// reference writes what a row is about as a text: key=value, joined by &.
func reference(object string) (string, error) {
	if object == "" {
		return "", nil
	}
	keys := map[string]string{}
	if err := json.Unmarshal([]byte(object), &keys); err != nil {
		return "", fmt.Errorf("reference: %w", err)
	}
	values := url.Values{}
	for k, v := range keys {
		values.Set(k, v)
	}
	return values.Encode(), nil
}

// Listed are the columns of Payments.
func Listed() []Column {
	return []Column{{"Betaling", "Payment", Count}, {"EndToEndId", "EndToEndId", Text}, {"Dataleverandør", "Data supplier", Text}, authority(), agreement(), amount(), state()}
}

// Payments lists the payments that a row of a report counts, by its reference, as they stand now. What looks like a CPR number in an EndToEndId is
// masked.
func Payments(ctx context.Context, db Queryer, ref string, o Options, each func(Row) error) error {
	keys, err := parse(ref)
	if err != nil {
		return err
	}
	for _, name := range []string{"received", "executes", "learned"} { // of a day in a closed month
		if day, err := gateway.ParseDate(keys[name]); err == nil {
			o.Day = day
		}
	}
	args, err := scope(ctx, db, o)
	if err != nil {
		return fmt.Errorf("payments of %q: %w", ref, err)
	}
	query := paymentsSQL
	if keys.have("executes", "control", "prepared", "bank") {
		query = ordersSQL
	}
	for _, name := range append(plain(), "received_since", "received_until", "executes_since", "executes_until", "prepared_since", "prepared_until") {
		args[name] = nil
	}
	for name, value := range keys {
		switch name {
		case "received", "executes", "prepared":
			since, until, isRange := strings.Cut(value, "..")
			if !isRange {
				until = since
			}
			args[name+"_since"], args[name+"_until"] = orNull(since), orNull(until)
		default:
			args[name] = value
		}
	}
	columns := Listed()
	err = run(ctx, db, query, args, columns, func(r Row) error {
		r[1] = masked(r[1].(string))
		return each(r)
	})
	if err != nil {
		return fmt.Errorf("payments of %q: %w", ref, err)
	}
	return nil
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// plain are the keys whose values stand for themselves.
func plain() []string {
	return []string{"supplier", "authority", "agreement", "centre", "bank", "state", "ordered", "anew", "paid", "planned", "group", "delivery", "control",
		"cheque", "line", "kind", "code", "text", "learned", "due", "part"}
}

// isNumber are the keys whose values are numbers.
var isNumber = map[string]bool{"group": true, "delivery": true, "control": true, "due": true, "part": true}

type keys map[string]string

func (k keys) have(any ...string) bool {
	for _, name := range any {
		if _, ok := k[name]; ok {
			return true
		}
	}
	return false
}

var ofDays = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)?(\.\.(\d{4}-\d\d-\d\d)?)?$`)

// parse reads a reference; what it has beside the keys that there are is an error.
func parse(ref string) (keys, error) {
	values, err := url.ParseQuery(ref)
	if err != nil || len(ref) > longestReference || len(values) == 0 {
		return nil, fmt.Errorf("%.40q %w", ref, ErrReference)
	}
	known := map[string]bool{"received": true, "executes": true, "prepared": true}
	for _, name := range plain() {
		known[name] = true
	}
	k := keys{}
	for name, all := range values {
		value := all[0]
		wrong := !known[name] || len(all) != 1
		if isNumber[name] {
			_, err := strconv.ParseInt(value, 10, 64)
			wrong = wrong || err != nil
		}
		switch name {
		case "received", "executes", "prepared":
			wrong = wrong || !days(value)
		case "learned":
			_, err := gateway.ParseDate(value)
			wrong = wrong || err != nil
		}
		if wrong {
			return nil, fmt.Errorf("%.40q %w: %s=%.40s", ref, ErrReference, name, value)
		}
		k[name] = value
	}
	return k, nil
}

// days reports whether a value is a day, or a span of days.
func days(value string) bool {
	if !ofDays.MatchString(value) || value == "" {
		return false
	}
	for _, day := range strings.Split(value, "..") {
		if _, err := gateway.ParseDate(day); day != "" && err != nil {
			return false
		}
	}
	return true
}

var personal = regexp.MustCompile(`\d{6}[- ]?\d{4}`)

// masked hides what may be a CPR number.
func masked(text string) string { return personal.ReplaceAllString(text, "xxxxxxxxxx") }
