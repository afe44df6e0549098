package letter_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/paper"
	"nks/paper/papertest"
	"nks/register/letter"
)

func activation(t *testing.T) letter.Activation {
	t.Helper()
	code, err := gateway.ParseActivationCode("4711 0815 2342")
	if err != nil {
		t.Fatal(err)
	}
	return letter.Activation{Sender: letter.Sender{Name: "NemKonto", Address: "Postboks 1, 2750 Ballerup", Site: "nemkonto.example", Phone: "33 92 00 00"},
		To: gateway.Addressee{Status: gateway.Alive, Name: "Søren Ærø  Åkjær", Street: "Ørstedsvej 7, 2. th", Postcode: "8000", Town: "Aarhus C"},
		By: "Aarhus Kommune", Account: gateway.Account{Kind: gateway.DomesticBBAN, Number: "12340005678901"},
		MadeOn: gateway.Date{Year: 2005, Month: 8, Day: 11}, ExpiresOn: gateway.Date{Year: 2005, Month: 10, Day: 10}, Reference: "0123456789", Code: code}
}

func text(t *testing.T, a letter.Activation, in letter.Language) string {
	t.Helper()
	document, err := a.Document(in, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	again, err := a.Document(in, time.UTC)
	if err != nil || !bytes.Equal(document, again) {
		t.Fatalf("the same letter gives other bytes: %v", err)
	}
	return strings.Join(strings.Fields(papertest.Text(t, document)), " ")
}

// TestActivation_Document: the letter has its address, its code and its day, in both languages, and never the whole account. // B13 // B19.1
func TestActivation_Document(t *testing.T) {
	t.Parallel()
	a := activation(t)
	ward := a
	ward.Ward, ward.Specific = "Ida Holm", "Boligstøtte"
	abroad := a
	abroad.To.Country = "Sverige"
	for name, c := range map[string]struct {
		of   letter.Activation
		in   letter.Language
		says []string
	}{
		"Danish": {a, letter.Danish, []string{"Søren Ærø Åkjær", "Ørstedsvej 7, 2. th", "8000 Aarhus C", "11. august 2005", "Aarhus Kommune", "1234 000567xxxx",
			"Reference: 01234 56789", "Kode: 4711 0815 2342", "til og med den 10. oktober 2005", "Indtil da får du udbetalt som hidtil", "nemkonto.example", "33 92 00 00"}},
		"English":     {a, letter.English, []string{"11 August 2005", "Code: 4711 0815 2342", "until 10 October 2005", "Until then you are paid as before"}},
		"to guardian": {ward, letter.Danish, []string{"som værge for Ida Holm", "Boligstøtte", "Søren Ærø Åkjær"}},
		"abroad":      {abroad, letter.English, []string{"SVERIGE"}},
	} {
		got := text(t, c.of, c.in)
		for _, want := range c.says {
			if !strings.Contains(got, want) {
				t.Errorf("%s: does not say %q:\n%s", name, want, got)
			}
		}
		if strings.Contains(strings.ReplaceAll(got, " ", ""), "5678901") {
			t.Errorf("%s: shows the whole account", name)
		}
	}
	if letter.LanguageOf(a.To) != letter.Danish || letter.LanguageOf(abroad.To) != letter.English {
		t.Error("the language is not that of the country")
	}
}

// TestActivation_Mark: letters that say the same and have other marks have other bytes, so that a hash tells nothing of a code.
func TestActivation_Mark(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, mark := range []string{"00", "01"} {
		a := activation(t)
		a.Mark = mark
		document, err := a.Document(letter.Danish, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		seen[string(document)] = true
	}
	if len(seen) != 2 {
		t.Error("two marks give the same bytes")
	}
}

// TestActivation_NoRoom: what does not fit into the window or the text is told, and not cut.
func TestActivation_NoRoom(t *testing.T) {
	t.Parallel()
	a := activation(t)
	a.To.Street = strings.Repeat("Langvejen ", 12)
	if _, err := a.Document(letter.Danish, time.UTC); !errors.Is(err, paper.ErrNoRoom) {
		t.Errorf("a long street: %v", err)
	}
	a = activation(t)
	a.By = strings.Repeat("x", 201)
	if _, err := a.Document(letter.Danish, time.UTC); !errors.Is(err, letter.ErrLong) {
		t.Errorf("a long name: %v", err)
	}
}
