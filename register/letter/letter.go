// Package letter says what the letters of the register say, in Danish and English: pure, from what is known to the pages of a window envelope.
package letter

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"nks/gateway"
	"nks/paper"
)

// Language is what a letter is written in.
type Language string

// The languages.
const (
	Danish  Language = "da"
	English Language = "en"
)

// LanguageOf is Danish for who lives in Denmark, and English for everybody else.
func LanguageOf(a gateway.Addressee) Language {
	if inDenmark(a.Country) {
		return Danish
	}
	return English
}

func inDenmark(country string) bool {
	switch strings.ToUpper(strings.TrimSpace(country)) {
	case "", "DK", "DANMARK", "DENMARK":
		return true
	}
	return false
}

// Sender is who writes, and where its code is entered.
type Sender struct {
	Name, Address string // above the window
	Site, Phone   string
}

// Activation is what a letter of an activation tells. // B13
type Activation struct {
	Sender Sender
	To     gateway.Addressee
	// Ward is whose account it is, where it goes to a guardian.
	Ward string
	// By is the authority that has registered the account.
	By        string
	Account   gateway.Account
	Specific  string // the benefit that the account is for; empty: it is to be the NemKonto
	MadeOn    gateway.Date
	ExpiresOn gateway.Date // the last day on which the code counts
	Reference gateway.ActivationReference
	Code      gateway.ActivationCode
	// Mark is drawn, and shown nowhere: without it, whoever knows the hash of a letter could try codes until one gives it.
	Mark string
}

// ErrLong is a name or address that does not fit.
var ErrLong = errors.New("is too long for a letter")

// Document is the letter as PDF.
func (a Activation) Document(in Language, location *time.Location) ([]byte, error) {
	if len(a.By) > mostName || len(a.Ward) > mostName {
		return nil, fmt.Errorf("a name in the letter %w", ErrLong)
	}
	t := texts(in)
	l := paper.Letter{Title: t.title, Mark: a.Mark, MadeAt: a.MadeOn.At(0, location), Sender: a.Sender.Name + " · " + a.Sender.Address, Address: addressLines(a.To),
		Date: date(in, a.MadeOn), Heading: t.heading, Body: a.body(in)}
	var to bytes.Buffer
	if err := l.Write(&to); err != nil {
		return nil, fmt.Errorf("letter of an activation: %w", err)
	}
	return to.Bytes(), nil
}

// mostName bounds names inside the text.
const mostName = 200

func (a Activation) body(in Language) []paper.Paragraph {
	t := texts(in)
	purpose := t.nemkonto
	if a.Specific != "" {
		purpose = fmt.Sprintf(t.specific, a.Specific)
	}
	var body []paper.Paragraph
	add := func(text string) { body = append(body, paper.Paragraph{Text: text}) }
	if a.Ward != "" {
		add(fmt.Sprintf(t.ward, a.Ward))
	}
	add(fmt.Sprintf(t.registered, a.By, shown(a.Account), purpose))
	add(t.until)
	add(fmt.Sprintf(t.enter, a.Sender.Site, a.Sender.Phone))
	body = append(body, paper.Paragraph{Text: t.reference + a.Reference.Grouped(), Bold: true}, paper.Paragraph{Text: t.code + a.Code.Grouped(), Bold: true})
	add(fmt.Sprintf(t.expires, date(in, a.ExpiresOn), gateway.ActivationTries))
	add(fmt.Sprintf(t.notAsked, a.Sender.Phone))
	return body
}

// shown is an account as a letter may show it, which others may open: its last four characters are hidden. // B19.1
func shown(a gateway.Account) string {
	if registration, number := a.DomesticParts(); registration != "" {
		return registration + " " + number[:len(number)-4] + "xxxx"
	}
	return a.MaskedNumber()
}

// addressLines are the lines in the window; the country stands in a letter that leaves Denmark.
func addressLines(a gateway.Addressee) []string {
	lines := []string{clean(a.Name), clean(a.Street), strings.TrimSpace(clean(a.Postcode) + " " + clean(a.Town))}
	if !inDenmark(a.Country) {
		lines = append(lines, strings.ToUpper(clean(a.Country)))
	}
	return lines
}

// clean is a text on one line.
func clean(text string) string { return strings.Join(strings.Fields(text), " ") }

func date(in Language, d gateway.Date) string {
	day := d.At(0, time.UTC)
	if in == English {
		return day.Format("2 January 2006")
	}
	months := [...]string{"januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"}
	return strconv.Itoa(day.Day()) + ". " + months[day.Month()-1] + " " + strconv.Itoa(day.Year())
}
