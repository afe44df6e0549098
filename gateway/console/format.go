package console

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/view"
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
		"paper":  paperName,
		"opened": func(e *view.Excerpt, open bool) excerpt { return excerpt{e, open} },

		"states":    flowStates,
		"tiles":     tileStates,
		"keeps":     keepsTile,
		"sums":      func(id, head string, rows []view.Tally) sumTable { return sumTable{id, head, rows} },
		"exception": func(kind string) string { return ExceptionKind(l, kind) },
		"place":     func(e view.Exception) string { return ExceptionPlace(l, e.Thing, e.ThingID, e.Subject) },
		"detail": func(e view.Exception) string {
			return ExceptionDetail(l, gateway.ExceptionDetail{Code: e.Code, Args: e.Args})
		},
		"connectionaddress":  connectionAddress,
		"connectionclass":    connectionClass,
		"connectionstate":    func(s gateway.ConnectionState) string { return ConnectionStateText(l, s) },
		"connectiondecision": func(d view.ConnectionDecision) string { return decisionText(l, d) },
		"testreport":         func(r gateway.ConformanceReport) string { return reportText(l, r) },
		"testverdict":        func(v gateway.Verdict) string { return VerdictText(l, v) },

		"linename":  func(line view.Line) string { return LineName(l, line.Kind, line.Name) },
		"linestate": func(s gateway.LinkState) string { return LineState(l, s) },
		"waits":     func(p gateway.QueuePlace) string { return Place(l, p) },
		"trouble":   func(why gateway.LinkTrouble) string { return LineTrouble(l, why) },
		"severity":  func(s gateway.Severity) string { return SeverityText(l, s) },
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

// dayOf is a day, or nothing.
func dayOf(l Language, at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.Format(l.day())
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
