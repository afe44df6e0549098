package feed

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"nks/gateway"
)

// columns are what a change says, as attributes of XML and columns of CSV.
func columns() []string {
	return []string{"n", "what", "kind", "id", "on", "name", "street", "postcode", "town", "country", "parent", "successor", "guardian", "guardianship"}
}

// takes are the columns of a kind of change beside n, what, kind and id; those with a ! must be there.
func takes(w What) []string {
	switch w {
	case New:
		return []string{"on", "name!", "street", "postcode", "town", "country", "parent", "guardian", "guardianship"}
	case Renamed:
		return []string{"name!"}
	case Moved:
		return []string{"street", "postcode", "town", "country!"}
	case Emigrated:
		return []string{"on!", "street", "postcode", "town", "country"}
	case Returned:
		return []string{"street", "postcode", "town", "country!"}
	case Died, Bankrupt, Ceased:
		return []string{"on!"}
	case Guardianship:
		return []string{"guardian!", "guardianship!"}
	case Succeeded:
		return []string{"successor!"}
	case Under:
		return []string{"parent!"}
	case Lives, GuardianshipEnded, BankruptcyEnded:
		return []string{}
	}
	return nil
}

// isOf reports whether a kind of change happens to holders of a kind.
func (w What) isOf(k gateway.HolderKind) bool {
	switch w {
	case New, Renamed, Moved, Lives, Succeeded:
		return true
	case Emigrated, Returned, Died, Guardianship, GuardianshipEnded:
		return k == gateway.CPR
	case Bankrupt, BankruptcyEnded, Ceased:
		return k != gateway.CPR
	case Under:
		return k == gateway.SE || k == gateway.PNR
	}
	return false
}

// kindOf is CPR, CVR, SE or P; 0: none of them.
func kindOf(word string) gateway.HolderKind {
	for _, k := range []gateway.HolderKind{gateway.CPR, gateway.CVR, gateway.SE, gateway.PNR} {
		if k.String() == word {
			return k
		}
	}
	return 0
}

// change makes a change of what stands in its columns; next is the number that it must have.
func (h Head) change(fields map[string]string, next int) (*Change, string) {
	c := &Change{What: What(fields["what"]), Kind: kindOf(fields["kind"])}
	allowed := takes(c.What)
	switch {
	case fields["n"] != strconv.Itoa(next):
		return nil, fmt.Sprintf("n must be %d: changes are numbered without holes", next)
	case allowed == nil:
		return nil, "what must be one of the kinds of changes"
	case !h.Source.tells(c.Kind):
		return nil, fmt.Sprintf("kind must be one of which %s tells", h.Source)
	case !c.What.isOf(c.Kind):
		return nil, fmt.Sprintf("%s does not happen to a %s number", c.What, c.Kind)
	}
	c.Number = next
	var rule string
	if c.ID, rule = numberOf(fields["id"], c.Kind); rule != "" {
		return nil, "id " + rule
	}
	filled := 0
	for _, value := range fields {
		if value != "" {
			filled++
		}
	}
	for _, column := range allowed {
		name, must := strings.CutSuffix(column, "!")
		value := fields[name]
		switch {
		case value == "" && must:
			return nil, name + " is missing"
		case value == "":
			continue
		}
		filled--
		if rule := c.set(name, value); rule != "" {
			return nil, name + " " + rule
		}
	}
	const always = 4 // n, what, kind and id
	if filled > always {
		return nil, fmt.Sprintf("%s takes n, what, kind, id and no more than: %s", c.What, strings.ReplaceAll(strings.Join(allowed, ", "), "!", ""))
	}
	return c, c.agrees()
}

// agrees tells what does not go together in a change.
func (c *Change) agrees() string {
	switch {
	case c.What == New && c.Kind == gateway.PNR && c.Parent == 0:
		return "parent is missing: a P number stands under a CVR number"
	case c.What == New && c.Parent != 0 && c.Kind != gateway.PNR && c.Kind != gateway.SE:
		return "parent is for SE and P numbers only"
	case c.What == New && c.Kind == gateway.CPR && !c.On.IsZero() && c.On != gateway.BirthDate(c.ID):
		return "on must be the date of birth that the CPR number says"
	case c.Kind != gateway.CPR && (c.Guardian != 0 || c.Guardianship != 0):
		return "guardian and guardianship are for citizens only"
	case (c.Guardian == 0) != (c.Guardianship == 0):
		return "guardian and guardianship stand together"
	case c.Guardian != 0 && c.Guardian == c.ID:
		return "guardian must be another person"
	case c.Successor != 0 && c.Successor == c.ID:
		return "successor must be another number"
	}
	return ""
}

// set takes one column; what it says back is the rule that the value breaks.
func (c *Change) set(column, value string) (rule string) {
	switch column {
	case "on":
		day, err := gateway.ParseDate(value)
		if err != nil || day.Year < 1850 || day.Year > 2999 {
			return "must be a date, YYYY-MM-DD"
		}
		c.On = day
	case "name":
		c.Name, rule = value, text(value, 200)
	case "street":
		c.Street, rule = value, text(value, 200)
	case "postcode":
		c.Postcode, rule = value, text(value, 20)
	case "town":
		c.Town, rule = value, text(value, 100)
	case "country":
		c.Country = value
		if len(value) != 2 || strings.Trim(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return "must be two letters, A-Z (ISO 3166)"
		}
	case "parent":
		c.Parent, rule = numberOf(value, gateway.CVR)
	case "successor":
		c.Successor, rule = numberOf(value, c.Kind)
	case "guardian":
		c.Guardian, rule = numberOf(value, gateway.CPR)
	case "guardianship":
		if c.Guardianship = gateway.ParseGuardianship(value); c.Guardianship == 0 {
			return "must be guardianship or custody"
		}
	}
	return rule
}

// text tells what is wrong with a text.
func text(s string, most int) string {
	switch {
	case !utf8.ValidString(s):
		return "is not UTF-8"
	case utf8.RuneCountInString(s) > most:
		return fmt.Sprintf("is longer than %d characters", most)
	case strings.TrimSpace(s) != s:
		return "must not begin or end with a blank"
	case strings.ContainsFunc(s, unicode.IsControl):
		return "must not hold control characters"
	}
	return ""
}

// numberOf reads a holder's number.
func numberOf(s string, k gateway.HolderKind) (int64, string) {
	n, err := gateway.Holder{Kind: k, ID: s}.Number()
	if err != nil || strings.Trim(s, "0123456789") != "" || !gateway.ValidNumber(k, n) {
		return 0, fmt.Sprintf("must be a %s number of %d digits", k, k.Digits())
	}
	return n, ""
}
