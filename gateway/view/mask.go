package view

import (
	"regexp"
	"strings"

	"nks/gateway"
)

// looksLikeCPR finds whatever may be a citizen's number, wherever somebody has put it.
var looksLikeCPR = regexp.MustCompile(`\b((?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2})-?\d{4}\b`)

// Mask hides in a text of others whatever looks like a citizen's number.
func Mask(text string) string { return masker{}.mask(text) }

// masker hides what must not be seen, for texts of which more is known than how a citizen's number looks.
type masker struct {
	holder gateway.Holder // its number is hidden also inside of other digits
	hidden []string       // accounts that must not be seen yet: their last four digits are hidden
	ours   []string       // numbers that are no citizen's, though they may look like one's: shown as they are
}

func (m masker) mask(text string) string { return m.around(m.ours, text) }

// around masks what stands between numbers that are no citizen's. One that does not look like a citizen's number parts
// nothing, so that what touches it is looked at whole.
func (m masker) around(ours []string, text string) string {
	if len(ours) == 0 {
		return m.hide(text)
	}
	if !looksLikeCPR.MatchString(ours[0]) {
		return m.around(ours[1:], text)
	}
	parts := strings.Split(text, ours[0])
	for i, part := range parts {
		parts[i] = m.around(ours[1:], part)
	}
	return strings.Join(parts, ours[0])
}

func (m masker) hide(text string) string {
	if m.holder.Kind == gateway.CPR && m.holder.ID != "" {
		text = strings.ReplaceAll(text, m.holder.ID, m.holder.Masked())
	}
	text = looksLikeCPR.ReplaceAllString(text, "$1-xxxx")
	for _, h := range m.hidden {
		if len(h) > 4 {
			text = strings.ReplaceAll(text, h, h[:len(h)-4]+"xxxx")
		}
	}
	return text
}

const holderColumns = `coalesce(p.holder, 0) AS holder, CASE WHEN p.holder IS NULL THEN 0 ELSE coalesce(p.holder_kind, 0) END AS holder_kind`
