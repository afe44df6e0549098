package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nks/gateway"
)

func (c *played) find(kind string) *answer {
	i := slices.IndexFunc(c.answers, func(a answer) bool { return a.kind == kind })
	if i < 0 {
		return nil
	}
	return &c.answers[i]
}

// receipt is receipt 0 or 1.
func (c *played) receipt() *answer {
	if a := c.find("0"); a != nil {
		return a
	}
	return c.find("1")
}

// judgeAtOnce judges what comes at once.
func (p *player) judgeAtOnce() {
	why := p.now.wrongAtOnce()
	switch {
	case why != "":
		p.verdict(gateway.VerdictFailed, why)
	case len(p.now.want.later) == 0:
		p.verdict(gateway.VerdictPassed, "")
	default:
		p.now.open = true
		p.tell(p.now)
	}
}

// wrongAtOnce says what is not as it must be; empty: nothing.
func (c *played) wrongAtOnce() string {
	if odd := c.find("?"); odd != nil {
		return "an answer departs from the schema: " + strings.Join(odd.codes, ", ")
	}
	receipt := c.receipt()
	switch {
	case c.want.silent && receipt != nil:
		return "a second receipt came"
	case c.want.silent:
		return ""
	case receipt == nil:
		return "no receipt came"
	case receipt.status != c.want.receipt:
		return fmt.Sprintf("the receipt says %s %s, and must say %s", receipt.status, strings.Join(receipt.codes, " "), c.want.receipt)
	case c.want.code != "" && !slices.Contains(receipt.codes, c.want.code):
		return fmt.Sprintf("the receipt has code %s, and must have %s", strings.Join(receipt.codes, " "), c.want.code)
	case c.want.receipt != "ACPT":
		return ""
	}
	return c.wrongResponse2(c.find("2"))
}

func (c *played) wrongResponse2(a *answer) string {
	if a == nil {
		return "no response 2 came"
	}
	answered, wanted := map[string]string{}, map[string]string{}
	for _, one := range a.payments {
		answered[one.id] = one.code
	}
	for place, code := range c.want.rejected {
		wanted[c.ids[place]] = code
	}
	group := strings.Join(a.codes, "")
	switch {
	case group != c.want.group:
		return fmt.Sprintf("response 2 has code %q for the debit, and must have %q", group, c.want.group)
	case !maps.Equal(answered, wanted):
		return fmt.Sprintf("response 2 rejects %v, and must reject %v", answered, wanted)
	}
	return ""
}

// reported is every word on a payment that came after response 2.
func (c *played) reported(id string) (words []string) {
	for _, a := range c.answers {
		if !slices.Contains([]string{"5", "7", "8", "9"}, a.kind) {
			continue
		}
		for _, one := range a.payments {
			if one.id == id {
				words = append(words, a.kind+" "+one.status)
			}
		}
	}
	return words
}

// hasEverything reports whether every word that is wanted has come.
func (c *played) hasEverything() bool {
	for place, wanted := range c.want.later {
		words := c.reported(c.ids[place])
		for _, w := range wanted {
			if !slices.Contains(words, w) {
				return false
			}
		}
	}
	return true
}

// judgeLater ends a case that waits for what comes when its payments are due.
func (p *player) judgeLater(c *played) {
	if !c.open {
		return
	}
	c.open = false
	switch why := c.wrongLater(); {
	case why == "" && c.hasEverything():
		c.verdict, c.why = gateway.VerdictPassed, ""
	case c.want.byHand != "":
		c.verdict, c.why = gateway.VerdictNotPossible, "nobody did it in time: "+c.want.byHand
	case why != "":
		c.verdict, c.why = gateway.VerdictFailed, why
	case p.Bank == 0:
		c.verdict, c.why = gateway.VerdictNotPossible, "what comes at once was right; nothing was waited for that comes when payments are due (--bank)"
	default:
		c.verdict, c.why = gateway.VerdictUnanswered, fmt.Sprintf("what comes at once was right; not everything came within %s that comes when payments are due", p.Bank)
	}
	p.tell(c)
}

// wrongLater says what came that must not; empty: nothing.
func (c *played) wrongLater() string {
	for place, id := range c.ids {
		for _, word := range c.reported(id) {
			// A bank may reject what it had: response 9 then follows an 8.
			before := word == toldHandedOn && slices.Contains(c.want.later[place], toldRejected)
			if !before && !slices.Contains(c.want.later[place], word) {
				return fmt.Sprintf("payment %s is told as %q, and must be as %q", id, word, strings.Join(c.want.later[place], ", "))
			}
		}
	}
	if !c.want.lists {
		return ""
	}
	for _, a := range c.answers {
		for _, block := range a.listed {
			for _, t := range block.Transfers {
				if block.Debit.Account == "" || t.Original.Amount != kroner(100) || t.Original.Account.Number == "" {
					return fmt.Sprintf("response 8 does not list payment %s with debit account, amount and account", t.EndToEndID)
				}
			}
		}
	}
	return ""
}
