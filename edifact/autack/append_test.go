package autack_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"nks/edifact"
	"nks/edifact/autack"
)

func TestAppendedIsVerified(t *testing.T) {
	t.Parallel()
	key, public := loadKey(t, keyFile)
	level := autack.LevelMessage
	for name, test := range map[string]struct {
		input string
		o     autack.AppendOptions
		want  int
	}{
		"version 3":     {input: interchange3, want: 2},
		"version 4":     {input: interchange4, want: 2},
		"packages":      {input: interchange4, o: autack.AppendOptions{Levels: level | autack.LevelPackage}, want: 3},
		"base 64, PSS":  {input: interchange3, o: autack.AppendOptions{SignOptions: autack.SignOptions{Filter: autack.Base64, Padding: autack.PSS}}, want: 2},
		"groups":        {input: grouped, want: 2},
		"whole groups":  {input: grouped, o: autack.AppendOptions{Levels: autack.LevelGroup}, want: 2},
		"line breaks":   {input: strings.ReplaceAll(grouped, "'U", "'\r\nU") + "\r\n", want: 2},
		"wrapped":       {input: wrap(interchange3[9:], 7), want: 2},
		"other marks":   {input: "UNA|*,! ~" + strings.NewReplacer("'", "~", "+", "*", ":", "|", "?", "!").Replace(interchange3[9:]), want: 2},
		"no last break": {input: strings.TrimSuffix(interchange4, "'"), want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := test.o
			o.Reader.Lenient = edifact.LineBreaks | edifact.WrappedLines | edifact.MissingTerminator
			var out bytes.Buffer
			if err := autack.Append(&out, iotest.HalfReader(strings.NewReader(test.input)), key, o); err != nil {
				t.Fatal(err)
			}
			before := test.input[:len(test.input)-16]
			if !strings.HasPrefix(out.String(), before) {
				t.Fatalf("%q is changed to %q", test.input, out.String())
			}
			d, m, err := read(&out, edifact.ReaderOptions{Lenient: edifact.LineBreaks | edifact.WrappedLines}, autack.HashOptions{})
			if err != nil || len(m) != 1 {
				t.Fatalf("%d AUTACKs, %v", len(m), err)
			}
			if m[0].UNH.Ref != "AUTACK" {
				t.Errorf("reference is %q", m[0].UNH.Ref)
			}
			covered, err := autack.Verify(m[0], d, autack.VerifyOptions{Keys: autack.OneKey(public)})
			if err != nil || len(covered) != test.want {
				t.Errorf("covered %d, want %d: %v", len(covered), test.want, err)
			}
		})
	}
}

// failing is a disk that has room for some bytes.
type failing struct{ after int }

var errDisk = errors.New("disk is full")

func (f *failing) Write(p []byte) (int, error) {
	if f.after -= len(p); f.after < 0 {
		return 0, errDisk
	}
	return len(p), nil
}

func TestAppendFaults(t *testing.T) {
	t.Parallel()
	key, _ := loadKey(t, keyFile)
	other := autack.AppendOptions{Reader: edifact.ReaderOptions{Lenient: edifact.Padding}}
	used := autack.AppendOptions{SignOptions: autack.SignOptions{Message: edifact.UNH{Ref: "M2"}}}
	for name, test := range map[string]struct {
		input string
		o     autack.AppendOptions
		want  error
	}{
		"nothing":          {"", other, autack.ErrMalformed},
		"two":              {interchange3 + interchange3, other, autack.ErrUnsupported},
		"reference":        {interchange3, used, autack.ErrAmbiguous},
		"group reference":  {strings.ReplaceAll(grouped, "G2", "M2"), used, autack.ErrAmbiguous},
		"the interchange":  {interchange3, autack.AppendOptions{Levels: autack.AllLevels}, autack.ErrUnsupported},
		"nothing to sign":  {interchange3, autack.AppendOptions{Levels: autack.LevelGroup}, autack.ErrNotFound},
		"too much padding": {interchange3 + strings.Repeat(" ", 2<<20), other, autack.ErrLimit},
		"padding":          {interchange3 + strings.Repeat(" ", 100), other, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := autack.Append(&bytes.Buffer{}, strings.NewReader(test.input), key, test.o); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
		})
	}
	for after := 0; after < len(interchange3)+800; after += 31 {
		if err := autack.Append(&failing{after}, strings.NewReader(interchange3), key, autack.AppendOptions{}); !errors.Is(err, errDisk) {
			t.Fatalf("no room for more than %d bytes: %v", after, err)
		}
	}
	var parse *edifact.ParseError
	if err := autack.Append(&bytes.Buffer{}, strings.NewReader(interchange3[:100]), key, autack.AppendOptions{}); !errors.As(err, &parse) {
		t.Errorf("cut input: %v", err)
	}
}
