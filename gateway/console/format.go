package console

import (
	"fmt"
	"html/template"
	"regexp"
	"strconv"
	"strings"
	"time"

	"nks/gateway"
)

// functions are what templates may call, for one language.
func (s *Console) functions(l Language) template.FuncMap {
	return template.FuncMap{
		"t":      func(key string) string { return say(l, key) },
		"tf":     func(key string, args ...any) string { return fmt.Sprintf(say(l, key), args...) },
		"kr":     Kroner,
		"n":      Number,
		"bytes":  byteSize,
		"when":   func(at time.Time) string { return s.when(l, at) },
		"clock":  func(at time.Time) string { return at.In(s.Location).Format(l.clock()) },
		"iso":    func(at time.Time) string { return at.In(s.Location).Format(time.RFC3339) },
		"day":    func(at time.Time) string { return at.Format(l.day()) },
		"cut":    cut,
		"add":    func(a, b int) int { return a + b },
		"mul":    func(a, b, plus int) int { return a*b + plus },
		"short":  func(at time.Time) string { return s.short(l, at) },
		"code":   func(code string) string { return codeText(l, code) },
		"brief":  brief,
		"opened": func(e *excerpt, open bool) *excerpt { e.Open = open; return e },

		"states":    flowStates,
		"keeps":     func(state string) bool { return state != stateUnread && state != stateFrozen && state != stateUnknown },
		"sums":      func(id, head string, rows []tally) sumTable { return sumTable{id, head, rows} },
		"exception": func(kind string) string { return exceptionKind(l, kind) },
		"verdict":   func(r CheckReport) string { return verdict(l, r) },
	}
}

func (l Language) clock() string {
	if l == Danish {
		return "15.04.05"
	}
	return "15:04:05"
}

func (l Language) day() string {
	if l == Danish {
		return "02.01.2006"
	}
	return "2006-01-02"
}

// when is an instant in Copenhagen, or nothing.
func (s *Console) when(l Language, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(s.Location).Format(l.day() + " " + l.clock())
}

// Kroner writes øre the Danish way: 1.234.567,89.
func Kroner(ore int64) string {
	sign := ""
	u := uint64(ore)
	if ore < 0 {
		sign, u = "-", -u
	}
	return sign + grouped(u/100) + fmt.Sprintf(",%02d", u%100)
}

// Number writes a count with points between thousands.
func Number(n int64) string {
	if n < 0 {
		return "-" + grouped(-uint64(n))
	}
	return grouped(uint64(n))
}

func grouped(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "." + s[i:]
	}
	return s
}

// byteSize is a size for people.
func byteSize(n int64) string {
	switch {
	case n < 1<<10:
		return Number(n) + " B"
	case n < 1<<20:
		return Number(n>>10) + " kB"
	}
	return Number(n>>20) + " MB"
}

// cut shortens a text to n characters.
func cut(n int, s string) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return strings.TrimSpace(string(r[:n-1])) + "…"
}

// looksLikeCPR finds whatever may be a citizen's number in a raw document, wherever somebody has put it.
var looksLikeCPR = regexp.MustCompile(`\b((?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2})-?\d{4}\b`)

// mask hides citizens' numbers in a text, those that are known also inside of other digits, and parts that must not
// be seen yet.
func mask(text string, holder gateway.Holder, hidden ...string) string {
	if holder.Kind == gateway.CPR && holder.ID != "" {
		text = strings.ReplaceAll(text, holder.ID, holder.Masked())
	}
	text = looksLikeCPR.ReplaceAllString(text, "$1-xxxx")
	for _, h := range hidden {
		if len(h) > 4 {
			text = strings.ReplaceAll(text, h, h[:len(h)-4]+"xxxx")
		}
	}
	return text
}
