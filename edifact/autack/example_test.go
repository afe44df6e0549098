package autack_test

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"strings"

	"nks/edifact"
	"nks/edifact/autack"
)

const received = "UNB+UNOC:3+BANK:14+NKS:ZZ+260301:0600+4711'" +
	"UNH+1+CONTRL:D:3:UN'UCI+42+NKS:ZZ+BANK:14+7'UNT+3+1'" +
	"UNZ+1+4711'"

// An AUTACK in an interchange of its own signs another interchange, and is
// verified when both have been read.
func Example() {
	// The sender reads what is to be signed.
	r, h := autack.NewReader(strings.NewReader(received), edifact.ReaderOptions{}, autack.HashOptions{Levels: autack.LevelInterchange})
	for _, err := range r.Segments() {
		if err != nil {
			panic(err)
		}
	}
	key, err := autack.LoadSigner("testdata/test-key.pem")
	if err != nil {
		panic(err)
	}
	signature, err := autack.Sign(h.Digests().All(), key, autack.SignOptions{KeyName: "BANK2026", Time: autack.Time{Date: "20260301", Time: "060000"}})
	if err != nil {
		panic(err)
	}
	var out bytes.Buffer
	w := edifact.NewWriter(&out, edifact.WriterOptions{})
	w.Begin(edifact.UNB{
		Version: 3, Sender: edifact.Party{ID: "BANK", Qualifier: "14"}, Recipient: edifact.Party{ID: "NKS", Qualifier: "ZZ"},
		Date: "260301", Time: "0600", ControlRef: "4712",
	})
	if err := signature.Write(w, 3); err != nil {
		panic(err)
	}
	if err := w.End(); err != nil {
		panic(err)
	}

	// The receiver has read the first interchange, with h, and reads the second.
	v := edifact.NewValidator(edifact.NewReader(&out, edifact.ReaderOptions{}), edifact.NewSchema())
	for s, err := range v.Segments() {
		if err != nil {
			panic(err)
		}
		if s.Tag != "UNH" || v.Message().Type != "AUTACK" {
			continue
		}
		m, err := autack.Read(v)
		if err != nil {
			panic(err)
		}
		keys := autack.KeyPool(map[string]*rsa.PublicKey{"BANK2026": key.Public().(*rsa.PublicKey)})
		covered, err := autack.Verify(m, h.Digests(), autack.VerifyOptions{Keys: keys})
		if err != nil {
			panic(err)
		}
		for _, c := range covered {
			fmt.Printf("%v: bytes %d to %d signed by %s\n", c.Reference, c.From, c.To, c.KeyName)
		}
	}
	// Output: interchange "4711": bytes 0 to 106 signed by BANK2026
}

// Append puts the AUTACK into the interchange, behind the messages that it
// signs.
func ExampleAppend() {
	key, err := autack.LoadSigner("testdata/test-key.pem")
	if err != nil {
		panic(err)
	}
	var out bytes.Buffer
	if err := autack.Append(&out, strings.NewReader(received), key, autack.AppendOptions{}); err != nil {
		panic(err)
	}
	for segment := range strings.SplitAfterSeq(out.String(), "'") {
		if len(segment) > 60 {
			segment = segment[:30] + "…"
		}
		fmt.Println(segment)
	}
	// Output:
	// UNB+UNOC:3+BANK:14+NKS:ZZ+260301:0600+4711'
	// UNH+1+CONTRL:D:3:UN'
	// UCI+42+NKS:ZZ+BANK:14+7'
	// UNT+3+1'
	// UNH+AUTACK+AUTACK:4:1:UN'
	// USH+7+1+3++2'
	// USA+1:::48:1'
	// USC++3'
	// USA+6:::10:1:16:1'
	// USB+1++BANK:14+NKS:ZZ'
	// USX+4711+BANK:14+NKS:ZZ++++1+CONTRL:D:3:UN'
	// USY+1+1:16F469796EA46E886A3D23…
	// UST+1+5'
	// UNT+10+AUTACK'
	// UNZ+2+4711'
}

// A reader that hashes gives its segments to whoever reads messages; the digests
// are there when they have ended.
func ExampleNewReader() {
	r, h := autack.NewReader(strings.NewReader(received), edifact.ReaderOptions{}, autack.HashOptions{})
	v := edifact.NewValidator(r, edifact.NewSchema())
	for _, err := range v.Segments() {
		if err != nil {
			panic(err)
		}
	}
	for _, d := range h.Digests().All() {
		fmt.Printf("%v: %x…\n", d.Reference, d.SHA256[:4])
	}
	// Output:
	// interchange "4711", message "1": 14bb33da…
	// interchange "4711": fb3da255…
}

// Verify says what is signed, not that everything is: who wants every message
// signed asks for every message that was read.
func ExampleVerify() {
	key, err := autack.LoadSigner("testdata/test-key.pem")
	if err != nil {
		panic(err)
	}
	var file bytes.Buffer
	if err := autack.Append(&file, strings.NewReader(received), key, autack.AppendOptions{}); err != nil {
		panic(err)
	}
	added := "UNH+2+CONTRL:D:3:UN'UCI+43+NKS:ZZ+BANK:14+7'UNT+3+2'UNZ+3+4711'"
	for _, in := range []string{file.String(), strings.Replace(file.String(), "UNZ+2+4711'", added, 1)} {
		covered, err := verifyAll(in, autack.OneKey(key.Public().(*rsa.PublicKey)))
		fmt.Println(len(covered), err)
	}
	// Output:
	// 1 <nil>
	// 0 autack: interchange "4711", message "2": not signed
}

// verifyAll verifies an interchange with its AUTACK in it, which must sign every
// other message.
func verifyAll(in string, keys autack.Keys) ([]autack.Covered, error) {
	r, h := autack.NewReader(strings.NewReader(in), edifact.ReaderOptions{}, autack.HashOptions{Levels: autack.LevelMessage})
	v := edifact.NewValidator(r, edifact.NewSchema())
	var signature *autack.Message // nil where there is none, which Verify refuses
	for s, err := range v.Segments() {
		if err != nil {
			return nil, err
		}
		if s.Tag != "UNH" || v.Message().Type != "AUTACK" {
			continue
		}
		if signature, err = autack.Read(v); err != nil {
			return nil, err
		}
	}
	return autack.Verify(signature, h.Digests(), autack.VerifyOptions{Keys: keys, AllMessages: true})
}
