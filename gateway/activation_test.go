package gateway_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nks/gateway"
)

// TestActivation_Judge: five wrong tries lock, codes expire, and a right code of what does not count any more is told so. // B13
func TestActivation_Judge(t *testing.T) {
	t.Parallel()
	now := time.Date(2005, 8, 11, 12, 0, 0, 0, time.UTC)
	later, over := now.Add(time.Second), now
	for name, c := range map[string]struct {
		of    gateway.Activation
		right bool
		want  gateway.ActivationAnswer
	}{
		"right":                   {gateway.Activation{State: gateway.ActivationOpen, Expires: later}, true, gateway.ActivationActive},
		"right after four wrong":  {gateway.Activation{State: gateway.ActivationOpen, Tries: 4, Expires: later}, true, gateway.ActivationActive},
		"right after five wrong":  {gateway.Activation{State: gateway.ActivationLocked, Tries: 5, Expires: later}, true, gateway.ActivationWrong},
		"wrong":                   {gateway.Activation{State: gateway.ActivationOpen, Expires: later}, false, gateway.ActivationWrong},
		"too late":                {gateway.Activation{State: gateway.ActivationOpen, Expires: over}, true, gateway.ActivationExpired},
		"too late and wrong":      {gateway.Activation{State: gateway.ActivationOpen, Expires: over}, false, gateway.ActivationWrong},
		"again":                   {gateway.Activation{State: gateway.ActivationUsed, Expires: over}, true, gateway.ActivationActive},
		"of an earlier letter":    {gateway.Activation{State: gateway.ActivationReplaced, Expires: later}, true, gateway.ActivationInvalid},
		"of what has lapsed":      {gateway.Activation{State: gateway.ActivationLapsed, Expires: over}, true, gateway.ActivationInvalid},
		"of what was withdrawn":   {gateway.Activation{State: gateway.ActivationEnded, Expires: later}, true, gateway.ActivationInvalid},
		"wrong, of what was used": {gateway.Activation{State: gateway.ActivationUsed, Expires: later}, false, gateway.ActivationWrong},
	} {
		if got := c.of.Judge(c.right, now); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestActivationCode: a code is read as its letter shows it, and shows nothing when it is printed.
func TestActivationCode(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[0-9]{12}`).Draw(t, "digits")
		c, err := gateway.ParseActivationCode(digits)
		if err != nil {
			t.Fatal(err)
		}
		again, err := gateway.ParseActivationCode(strings.ReplaceAll(c.Grouped(), " ", "-"))
		if err != nil || again != c || strings.ReplaceAll(c.Grouped(), " ", "") != digits {
			t.Fatalf("%q is read as %q: %v", digits, again.Grouped(), err)
		}
		for _, shown := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), c.String()} {
			if strings.Contains(shown, digits) {
				t.Fatalf("a printed code shows itself: %s", shown)
			}
		}
	})
	for _, text := range []string{"", "1234 5678 901", "1234 5678 9012 3", "1234 5678 901a", "１２３４５６７８９０１２", strings.Repeat(" ", 100) + "123456789012"} {
		if _, err := gateway.ParseActivationCode(text); !errors.Is(err, gateway.ErrActivationText) || text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	}
	seen := map[string]bool{}
	for range 1000 {
		c, err := gateway.NewActivationCode(rand.Reader)
		if err != nil || len(c.Grouped()) != 14 || seen[c.Grouped()] {
			t.Fatalf("drawn: %q, %v", c.Grouped(), err)
		}
		seen[c.Grouped()] = true
	}
	if _, err := gateway.NewActivationCode(bytes.NewReader(nil)); err == nil {
		t.Error("a code is drawn from nothing")
	}
}

// TestLetterTo: never a letter to somebody dead, nor without an address, and the guardian gets it for a ward. // B13
func TestLetterTo(t *testing.T) {
	t.Parallel()
	at := func(name string, change ...func(*gateway.Addressee)) *gateway.Addressee {
		a := &gateway.Addressee{Status: gateway.Alive, Name: name, Street: "Havnegade 1", Postcode: "1058", Town: "København K"}
		for _, c := range change {
			c(a)
		}
		return a
	}
	is := func(s gateway.HolderStatus) func(*gateway.Addressee) {
		return func(a *gateway.Addressee) { a.Status = s }
	}
	homeless := func(a *gateway.Addressee) { a.Street = " " }
	for name, c := range map[string]struct {
		holder, guardian *gateway.Addressee
		to               string
		err              error
	}{
		"alive":                        {at("Ida"), nil, "Ida", nil},
		"abroad":                       {at("Ida", is(gateway.Emigrated)), nil, "Ida", nil},
		"dead":                         {at("Ida", is(gateway.Dead)), nil, "", gateway.ErrNotAlive},
		"ceased":                       {at("Firma", is(gateway.Ceased)), nil, "", gateway.ErrNotAlive},
		"unknown":                      {at("Ida", is(0)), nil, "", gateway.ErrNotAlive},
		"without address":              {at("Ida", homeless), nil, "", gateway.ErrNoAddress},
		"ward":                         {at("Ida"), at("Per"), "Per", nil},
		"ward without address":         {at("Ida", homeless), at("Per"), "Per", nil},
		"dead ward":                    {at("Ida", is(gateway.Dead)), at("Per"), "", gateway.ErrNotAlive},
		"ward of somebody dead":        {at("Ida"), at("Per", is(gateway.Dead)), "", gateway.ErrNotAlive},
		"guardian without any address": {at("Ida"), at("Per", homeless), "", gateway.ErrNoAddress},
	} {
		got, err := gateway.LetterTo(*c.holder, c.guardian)
		if got.Name != c.to || !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: to %q, %v", name, got.Name, err)
		}
	}
}
