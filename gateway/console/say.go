package console

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/view"
)

// Text is what a page says, in both languages.
type Text struct{ Key, Danish, English string }

// Texts is everything that pages say, but for the codes of rejections, which are the gateway's.
func Texts() []Text {
	return slices.Concat(pageTexts, flowTexts, decisionTexts, lineTexts, connectionTexts)
}

// spoken are the texts by language and key.
var spoken = func() map[Language]map[string]string {
	m := map[Language]map[string]string{Danish: {}, English: {}}
	for _, t := range Texts() {
		m[Danish][t.Key], m[English][t.Key] = t.Danish, t.English
	}
	return m
}()

// say is a text in a language; a key without a text shows itself, so that it is seen.
func say(l Language, key string) string {
	if text, ok := spoken[l][key]; ok {
		return text
	}
	return "⟦" + key + "⟧"
}

// ExceptionKind is the kind of an exception in a language; one that this version does not know is told as it is recorded.
func ExceptionKind(l Language, kind string) string {
	if text, ok := spoken[l][exceptionKey(kind)]; ok {
		return text
	}
	return kind
}

func exceptionKey(kind string) string { return "exception." + strings.ReplaceAll(kind, " ", "_") }

// ExceptionDetail is what an exception says beyond its kind, in a language.
func ExceptionDetail(l Language, d gateway.ExceptionDetail) string {
	if l == Danish {
		return d.Danish()
	}
	return d.English()
}

// ExceptionPlace is what an exception is about, in a language: a thing of ours, or what it was raised for.
func ExceptionPlace(l Language, thing gateway.Thing, id int64, subject string) string {
	if thing == "" {
		return subject
	}
	place := say(l, "thing."+strings.ReplaceAll(string(thing), " ", "_")) + " " + strconv.FormatInt(id, 10)
	if subject != strconv.FormatInt(id, 10) {
		place += " (" + subject + ")"
	}
	return place
}

// SeverityText is how soon somebody must look, in a language.
func SeverityText(l Language, s gateway.Severity) string { return say(l, "severity."+s.String()) }

// short is an instant as it fits under a picture.
func (s *Console) short(l Language, at time.Time) string {
	layout := "02.01. 15.04"
	if l == English {
		layout = "2 Jan 15:04"
	}
	return at.In(s.Location).Format(layout)
}

// verdict is a report in one sentence.
func verdict(l Language, r CheckReport) string {
	switch {
	case r.Receipt == "0":
		return say(l, "check.unreadable")
	case r.Receipt == "RJCT":
		return say(l, "check.refused")
	case r.Rejected > 0 && r.Accepted == 0:
		return say(l, "check.none")
	case r.Rejected > 0:
		return say(l, "check.some")
	}
	return say(l, "check.all")
}

// chip is the answers of one kind and status.
type chip struct {
	Kind   string
	Status string
	Times  int
}

// brief puts answers of one kind and status together.
func brief(answers []view.Answer) []chip {
	var list []chip
next:
	for _, a := range answers {
		for i := range list {
			if list[i].Kind == strconv.Itoa(a.Kind) && list[i].Status == a.Status {
				list[i].Times++
				continue next
			}
		}
		list = append(list, chip{Kind: strconv.Itoa(a.Kind), Status: a.Status, Times: 1})
	}
	return list
}

// sumTable is a table of sums by state.
type sumTable struct {
	ID, Head string
	Rows     []view.Tally
}

// excerpt is a document's excerpt, open from the start or not.
type excerpt struct {
	*view.Excerpt
	Open bool
}
