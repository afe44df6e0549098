package autack_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/autack"
)

const (
	head3 = "UNB+UNOC:3+A+B+260301:0600+R'UNH+1+AUTACK:4:1:UN'"
	tail3 = "'UNT+9+1'UNZ+1+R'"
	body3 = "USH+7+1+3++2'USA+1:::48:1'USC'USA+6:::10:1'USB+1++A+B'USX+R'USY+1+1:AA'UST+1+5"
)

func TestReadRefusesWhatIsNoAUTACK(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		want error
	}{
		"as it should be": {body3, nil},
		"USY before USX":  {strings.Replace(body3, "USX+R'", "", 1), autack.ErrMalformed},
		"other segment":   {body3 + "'FTX+AAI", autack.ErrMalformed},
		"USR twice":       {body3 + "'USR+1:AA'USR+1:BB", autack.ErrMalformed},
		"USX too often":   {strings.Replace(body3, "USX+R'USY+1+1:AA'", strings.Repeat("USX+R'USY+1+1:AA'", 10_000), 1), autack.ErrMalformed},
		"USA too often":   {strings.Replace(body3, "USC'", "USC'USA+6'USA+6'USA+6'USA+6'", 1), autack.ErrMalformed},
		"count no number": {strings.Replace(body3, "UST+1+5", "UST+1+x", 1), nil},
	} {
		// Reported faults end nothing: what comes then is up to Read.
		_, m, err := read(strings.NewReader(head3+test.body+tail3), edifact.ReaderOptions{Faults: func(*edifact.ParseError) {}}, autack.HashOptions{})
		if !errors.Is(err, test.want) || (len(m) == 1) != (test.want == nil) {
			t.Errorf("%s: %d messages, %v, want %v", name, len(m), err, test.want)
		}
		if test.want == nil {
			continue
		}
		var parse *edifact.ParseError
		if _, _, err := read(strings.NewReader(head3+test.body+tail3), edifact.ReaderOptions{}, autack.HashOptions{}); !errors.As(err, &parse) {
			t.Errorf("%s: strictly read: %v", name, err)
		}
	}
}

func TestMessageOfAnotherDirectoryIsTheSame(t *testing.T) {
	t.Parallel()
	o := autack.SignOptions{Message: edifact.UNH{Ref: "7", Type: "AUTACK", Version: "D", Release: "96A", Agency: "UN", Association: "AFT"}}
	text := signed(t, interchange3, autack.LevelInterchange, 3, o)
	if !strings.Contains(text, "UNH+7+AUTACK:D:96A:UN:AFT'") {
		t.Errorf("wrote %q", text)
	}
	_, public := loadKey(t, keyFile)
	d, _ := mustRead(t, interchange3)
	_, m := mustRead(t, text)
	if _, err := autack.Verify(m[0], d, autack.VerifyOptions{Keys: autack.OneKey(public)}); err != nil {
		t.Error(err)
	}
}

func TestReadStandsAtTheHeader(t *testing.T) {
	t.Parallel()
	v := edifact.NewValidator(edifact.NewReader(strings.NewReader(interchange3), edifact.ReaderOptions{}), edifact.NewSchema())
	for range 3 {
		if _, err := autack.Read(v); !errors.Is(err, autack.ErrMalformed) {
			t.Fatalf("read %v", err)
		}
		if _, err := v.Next(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWriteFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(m *autack.Message)
		want   error
	}{
		"nothing":           {func(*autack.Message) {}, nil},
		"no headers":        {func(m *autack.Message) { m.Headers = nil }, autack.ErrMalformed},
		"no references":     {func(m *autack.Message) { m.Secured = nil }, autack.ErrMalformed},
		"no trailers":       {func(m *autack.Message) { m.Trailers = nil }, autack.ErrMalformed},
		"no results":        {func(m *autack.Message) { m.Secured[1].Results = nil }, autack.ErrMalformed},
		"no sender":         {func(m *autack.Message) { m.Sender = edifact.Party{} }, autack.ErrMalformed},
		"sender without ID": {func(m *autack.Message) { m.Sender.ID = "" }, autack.ErrMalformed},
		"no service":        {func(m *autack.Message) { m.Headers[0].Service = "" }, autack.ErrMalformed},
		"long key name":     {func(m *autack.Message) { m.Headers[0].Parties[0].KeyName = strings.Repeat("k", 36) }, autack.ErrLimit},
		"long value":        {func(m *autack.Message) { m.Secured[0].Results[0].Values[0].Value = strings.Repeat("A", 1025) }, autack.ErrLimit},
		"three parties":     {func(m *autack.Message) { m.Headers[0].Parties = make([]autack.Party, 3) }, autack.ErrLimit},
		"four algorithms":   {func(m *autack.Message) { m.Headers[0].Algorithms = make([]autack.Algorithm, 4) }, autack.ErrLimit},
		"three USC":         {func(m *autack.Message) { m.Headers[1].Certificates = make([]autack.Certificate, 3) }, autack.ErrLimit},
		"100 headers":       {func(m *autack.Message) { m.Headers = make([]autack.Header, 100) }, autack.ErrLimit},
		"10 results":        {func(m *autack.Message) { m.Secured[0].Results = make([]autack.Result, 10) }, autack.ErrLimit},
	} {
		m := full()
		test.change(m)
		_, err := own(m, 4)
		if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if _, err := own(full(), 5); !errors.Is(err, autack.ErrUnsupported) {
		t.Errorf("version 5: %v", err)
	}
}

// sample is an example of GS1, a message without an interchange.
const sample = "../../../shared/samples/edifact/payments/autack_eancom_ex2.edi"

func TestSampleIsRead(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(sample)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the samples are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	input := "UNB+UNOA:4+A+B+20260301:0600+R'\n" + strings.TrimSpace(string(text)) + "\nUNZ+1+R'"
	d, got, err := read(strings.NewReader(input), edifact.ReaderOptions{Lenient: edifact.LineBreaks}, autack.HashOptions{})
	if err != nil || len(got) != 1 {
		t.Fatalf("%d messages, %v", len(got), err)
	}
	m := got[0]
	h, x := m.Headers[0], m.Secured[0]
	c, y := h.Certificates[0], x.Results[0]
	if h.Service != "7" || h.Scope != "3" || h.Filter != autack.Hex || len(h.Time.Date) != 8 || h.Algorithms[0].Code.Value != "6" ||
		c.Ref == "" || c.Syntax != "3" || c.Parties[0].Qualifier != "4" || c.Algorithms[0].Code.Value != "10" || m.Sender.Qualifier != "14" ||
		x.Reference.Level() != autack.LevelInterchange || y.Header != h.Ref || y.Values[0].Qualifier != "1" || m.Trailers[0].Segments != 5 {
		t.Errorf("read %+v", m)
	}
	// It is signed with MD5.
	if _, err := autack.Verify(m, d, autack.VerifyOptions{}); !errors.Is(err, autack.ErrUnsupported) {
		t.Errorf("verified: %v", err)
	}
}
