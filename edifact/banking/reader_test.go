package banking_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/banking"
	"nks/edifact/directory/d01b"
	"nks/edifact/directory/d96a"
)

// told reads all items of text with every fault told, and names them.
func reported(t *testing.T, text string, o banking.Options) (items []string, faults []edifact.Rule, err error) {
	t.Helper()
	ro := edifact.ReaderOptions{Faults: func(e *edifact.ParseError) { faults = append(faults, e.Rule) }}
	r := banking.NewReader(edifact.NewValidator(edifact.NewReader(strings.NewReader(text), ro), danish), o)
	for item, err := range r.Items() {
		if err != nil {
			return items, faults, err
		}
		items = append(items, strings.TrimPrefix(fmt.Sprintf("%T", item), "*banking."))
	}
	return items, faults, nil
}

const (
	paymulHead  = "BGM+452+A+9'DTM+137:20050811:102'"
	paymulLine  = "LIN+1'FII+OR+1'"
	paymulOrder = "SEQ'MOA+9:1'"
)

// around is an interchange of a message whose counts may be wrong.
func around(typ string, segments ...string) string {
	body := strings.Join(segments, "")
	return fmt.Sprintf("UNB+UNOC:3+A+B+050811:0605+1'UNH+1+%s'%sUNT+%d+1'UNZ+1+1'", typ, body, strings.Count(body, "'")+2)
}

func TestItemsStandInOrder(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"paymul": "PaymulHead PaymulLine PaymulOrder PaymulOrder PaymulLine PaymulOrder PaymulTail PaymulHead PaymulLine PaymulOrder PaymulTail",
		"bansta": "BanstaHead BanstaLine BanstaStatus BanstaStatus BanstaLine BanstaStatus BanstaTail",
		"debmul": "DebmulHead DebmulLine DebmulEntry DebmulTail",
		"cremul": "CremulHead CremulLine CremulEntry CremulEntry CremulTail",
		"finsta": "FinstaHead FinstaLine FinstaEntry FinstaEntry FinstaTail",
		"fincan": "FincanHead FincanLine FincanLine FincanTail",
	}
	for name, text := range ourFiles(t) {
		items, faults, err := reported(t, string(text), banking.Options{})
		if err != nil || len(faults) > 0 {
			t.Errorf("%s: %v, %v", name, faults, err)
		}
		if got := strings.Join(items, " "); got != want[name] {
			t.Errorf("%s holds %s", name, got)
		}
	}
}

func TestValuesOfAFile(t *testing.T) {
	t.Parallel()
	text := ourFiles(t)["paymul"]
	r := banking.NewReader(validator(bytes.NewReader(text)), banking.Options{})
	var order *banking.PaymulOrder
	for order == nil {
		item, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		order, _ = item.(*banking.PaymulOrder)
	}
	want := banking.PaymulOrder{
		SEQ: banking.SEQ{Sequence: banking.Sequence{Number: "1"}},
		MOA: banking.MOA{Qualifier: "9", Amount: "100.5", Currency: "DKK"},
		RFF: []banking.RFF{{Qualifier: "CR", Number: "00000001BIL 1"}},
		PAI: banking.PAI{Means: "IBB", Channel: "UKA"},
		SG12: []banking.PaymulSG12{{FII: banking.FII{
			Qualifier: "BF", Account: banking.Account{Number: "0009876543"},
			Institution: banking.Institution{Branch: "5432", BranchCodeList: "80", BranchAgency: "130"},
		}}},
		SG13: []banking.PaymulSG13{{NAD: banking.NAD{
			Qualifier: "BE", Name: banking.PartyName{Lines: [5]string{"O'NEIL, PÆR"}}, Street: [4]string{"ÆBLEVEJ 3"}, City: "ØLBY", Postcode: "4600", Country: "DK",
		}}},
		SG16: banking.PaymulSG16{
			PRC: banking.PRC{Type: "11"},
			FTX: []banking.FTX{{Qualifier: "PMD", Text: [5]string{"BOLIGSTØTTE AUGUST", "SIDE 2"}}},
		},
	}
	if got := order.Clone(); fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", want) {
		t.Errorf("order is\n%+v, want\n%+v", *got, want)
	}
	if lines, orders := r.Counts(); lines != 1 || orders != 1 {
		t.Errorf("counts are %d and %d", lines, orders)
	}
	if p := r.Place(); p.Interchange != "00000000000042" || p.Message != "1" || p.Position != 11 || p.Offset != int64(bytes.Index(text, []byte("SEQ"))) {
		t.Errorf("order stands at %+v", p)
	}
	if order.SG16.IsZero() || order.SG16.PRC.IsZero() || !order.FCA.IsZero() {
		t.Error("IsZero does not tell what is there")
	}
}

func TestReaderRefuses(t *testing.T) {
	t.Parallel()
	orders := strings.Repeat(paymulOrder, 60)
	for _, test := range []struct {
		name, text string
		o          banking.Options
		items      int
		want       edifact.Rule
	}{
		{"another message", around("ORDERS:D:96A:UN", "BGM'"), banking.Options{}, 0, edifact.RuleMessageType},
		{"another release", around("PAYMUL:D:01B:UN", "BGM'"), banking.Options{}, 0, edifact.RuleMessageType},
		{"many segments", around("PAYMUL:D:96A:UN", paymulHead, paymulLine, paymulOrder), banking.Options{ItemSegments: 2}, 0, edifact.RuleLimit},
		{"many bytes", around("PAYMUL:D:96A:UN", paymulHead, paymulLine, "SEQ'MOA+9:1'FTX+PMD+++"+strings.Repeat("x", 60)+"'"), banking.Options{ItemBytes: 60}, 2, edifact.RuleLimit},
		{"a limit that is none", around("PAYMUL:D:96A:UN", paymulHead, paymulLine, orders), banking.Options{ItemBytes: 60}, 63, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			items, _, err := reported(t, test.text, test.o)
			var fault *edifact.ParseError
			errors.As(err, &fault)
			if len(items) != test.items || test.want == "" && err != nil || test.want != "" && (fault == nil || fault.Rule != test.want || fault.Message != "1") {
				t.Errorf("read %d items, error %v", len(items), err)
			}
		})
	}
}

func TestSchemaWithoutTheMessage(t *testing.T) {
	t.Parallel()
	o := edifact.ReaderOptions{Faults: func(*edifact.ParseError) {}}
	in := strings.NewReader(around("PAYMUL:D:96A:UN", paymulHead, paymulLine, paymulOrder))
	_, err := banking.NewReader(edifact.NewValidator(edifact.NewReader(in, o), edifact.NewSchema(d01b.Directory())), banking.Options{}).Next()
	var fault *edifact.ParseError
	if !errors.As(err, &fault) || fault.Rule != edifact.RuleMessageType {
		t.Errorf("error is %v", err)
	}
}

// TestBeginInTheMiddle: a reader can begin at the segment behind UNH, but no later.
func TestBeginInTheMiddle(t *testing.T) {
	t.Parallel()
	for skip, want := range map[int]edifact.Rule{2: "", 3: edifact.RulePosition} {
		v := validator(strings.NewReader(around("PAYMUL:D:96A:UN", paymulHead, paymulLine, paymulOrder)))
		for range skip {
			if _, err := v.Next(); err != nil {
				t.Fatal(err)
			}
		}
		m, err := banking.NewReader(v, banking.Options{}).ReadMessage()
		var fault *edifact.ParseError
		if errors.As(err, &fault); want == "" && err != nil || want != "" && (fault == nil || fault.Rule != want) {
			t.Errorf("behind %d segments the error is %v", skip, err)
		}
		if m, ok := m.(*banking.Paymul); want == "" && (!ok || m.Head.UNH.Ref != "1" || m.Head.BGM.Number != "A" || len(m.Lines[0].Orders) != 1) {
			t.Errorf("read %+v", m)
		}
		if s, err := v.Next(); want == "" && (err != nil || s.Tag != "UNZ") {
			t.Errorf("behind the message the validator stands at %v, %v", s, err)
		}
	}
}

// TestOtherMessages go where the options say.
func TestOtherMessages(t *testing.T) {
	t.Parallel()
	text := "UNB+UNOC:3+A+B+050811:0605+1'UNH+1+CONTRL:D:3:UN'UCI+1+A+B+7'UNT+3+1'" +
		"UNH+2+PAYMUL:D:96A:UN'" + paymulHead + paymulLine + paymulOrder + "UNT+8+2'UNH+3+ORDERS:D:96A:UN'BGM+1'DTM+137:1'UNT+4+3'UNZ+3+1'"
	var others []string
	items, faults, err := reported(t, text, banking.Options{Other: func(s *edifact.Segment) error {
		others = append(others, s.Tag)
		return nil
	}})
	if err != nil || strings.Join(items, " ") != "PaymulHead PaymulLine PaymulOrder PaymulTail" || strings.Join(others, " ") != "UNH UCI UNT UNH BGM DTM UNT" {
		t.Errorf("read %v and %v, faults %v, error %v", items, others, faults, err)
	}
	no := errors.New("no")
	if _, _, err := reported(t, text, banking.Options{Other: func(*edifact.Segment) error { return no }}); !errors.Is(err, no) {
		t.Errorf("error is %v", err)
	}
}

// TestReadingOnBehindFaults: items hold what has a place.
func TestReadingOnBehindFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text, want string
		faults           []edifact.Rule
	}{
		{"a segment that no message has", around("PAYMUL:D:96A:UN", paymulHead, paymulLine, "SEQ'ZZZ+1'MOA+9:1'"),
			"PaymulHead PaymulLine PaymulOrder PaymulTail", []edifact.Rule{edifact.RulePosition}},
		{"a segment too many", around("PAYMUL:D:96A:UN", paymulHead, paymulLine, "SEQ'MOA+9:1'DTM+203:1'DTM+203:2'PAI+1'"),
			"PaymulHead PaymulLine PaymulOrder PaymulTail", []edifact.Rule{edifact.RuleSegments}},
		{"a group too many", around("PAYMUL:D:96A:UN", paymulHead, paymulLine, paymulOrder, strings.Repeat("FII+BF'", 4)),
			"PaymulHead PaymulLine PaymulOrder PaymulTail", []edifact.Rule{edifact.RuleSegmentGroup}},
		{"a group that stands once too many", around("PAYMUL:D:96A:UN", paymulHead, paymulLine, paymulOrder, "PRC+8'PRC+11'"),
			"PaymulHead PaymulLine PaymulOrder PaymulTail", []edifact.Rule{edifact.RuleSegmentGroup}},
		{"a line behind the totals", around("PAYMUL:D:96A:UN", paymulHead, paymulLine, paymulOrder, "CNT+2:1'LIN+2'CNT+1:1'"),
			"PaymulHead PaymulLine PaymulOrder PaymulTail", []edifact.Rule{edifact.RulePosition}},
		{"an order without a line", around("PAYMUL:D:96A:UN", paymulHead, paymulOrder),
			"PaymulHead PaymulTail", nil},
		{"no UNT", "UNB+UNOC:3+A+B+050811:0605+1'UNH+1+PAYMUL:D:96A:UN'" + paymulHead + "UNH+2+PAYMUL:D:96A:UN'" + paymulHead + paymulLine + paymulOrder + "UNT+8+2'UNZ+2+1'",
			"PaymulHead PaymulTail PaymulHead PaymulLine PaymulOrder PaymulTail", nil},
		{"no UNT at the end", "UNB+UNOC:3+A+B+050811:0605+1'UNH+1+PAYMUL:D:96A:UN'" + paymulHead + paymulLine + paymulOrder + "UNZ+1+1'",
			"PaymulHead PaymulLine PaymulOrder PaymulTail", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			items, faults, err := reported(t, test.text, banking.Options{})
			if err != nil || strings.Join(items, " ") != test.want {
				t.Errorf("read %v, error %v", items, err)
			}
			if len(faults) == 0 || test.faults != nil && !reflect.DeepEqual(faults, test.faults) {
				t.Errorf("faults are %v", faults)
			}
		})
	}
}

func TestInputThatEndsInAMessage(t *testing.T) {
	t.Parallel()
	text := "UNB+UNOC:3+A+B+050811:0605+1'UNH+1+PAYMUL:D:96A:UN'" + paymulHead + paymulLine
	if _, err := banking.NewReader(validator(strings.NewReader(text)), banking.Options{}).ReadMessage(); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("error is %v", err)
	}
	if _, _, err := reported(t, text, banking.Options{}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("with faults told the error is %v", err)
	}
}

func TestWholeMessages(t *testing.T) {
	t.Parallel()
	text := around("PAYMUL:D:96A:UN", paymulHead, paymulLine, strings.Repeat(paymulOrder, 50))
	for o, want := range map[*banking.Options]edifact.Rule{
		{MessageBytes: 100}: edifact.RuleLimit, {MessageSegments: 20}: edifact.RuleLimit, {MessageSegments: 105}: "",
	} {
		m, err := banking.NewReader(validator(strings.NewReader(text)), *o).ReadMessage()
		var fault *edifact.ParseError
		if errors.As(err, &fault); want != "" && (fault == nil || fault.Rule != want) || want == "" && (err != nil || len(m.(*banking.Paymul).Lines[0].Orders) != 50) {
			t.Errorf("with %+v the error is %v", *o, err)
		}
	}
	r := banking.NewReader(validator(strings.NewReader(text)), banking.Options{})
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if m, err := r.ReadMessage(); err == nil {
		t.Errorf("read %v behind Next", m)
	}
}

func TestCloneOfAMessage(t *testing.T) {
	t.Parallel()
	m, err := banking.NewReader(validator(bytes.NewReader(ourFiles(t)["paymul"])), banking.Options{}).ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	p := m.(*banking.Paymul)
	c := p.Clone()
	if !reflect.DeepEqual(c, p) {
		t.Error("clone is another")
	}
	p.Lines[0].Orders[0].RFF[0].Number = "changed"
	p.Lines[0].SG7[0].NAD.City = "changed"
	p.Tail.CNT[0].Value = "changed"
	if strings.Contains(fmt.Sprintf("%+v", c), "changed") {
		t.Error("clone changed too")
	}
}

// TestAllocations: an order takes one allocation, for its values.
func TestAllocations(t *testing.T) {
	read := func(orders int) float64 {
		text := largePaymul(orders)
		return testing.AllocsPerRun(3, func() {
			r := banking.NewReader(validator(bytes.NewReader(text)), banking.Options{})
			for {
				if _, err := r.Next(); errors.Is(err, io.EOF) {
					return
				} else if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	if few, many := read(1000), read(6000); many-few > 5050 {
		t.Errorf("5000 orders took %.0f allocations", many-few)
	}
}

func FuzzReader(f *testing.F) {
	for _, text := range ourFiles(f) {
		f.Add(text, true)
		f.Add(text, false)
	}
	schema := edifact.NewSchema(d96a.Directory())
	f.Fuzz(func(t *testing.T, in []byte, lenient bool) {
		o := edifact.ReaderOptions{}
		if lenient {
			o = edifact.ReaderOptions{Lenient: edifact.Everything, Faults: func(*edifact.ParseError) {}}
			schema := danish
			r := banking.NewReader(edifact.NewValidator(edifact.NewReader(bytes.NewReader(in), o), schema), banking.Options{})
			for {
				if _, err := r.ReadMessage(); err != nil {
					break
				}
			}
		}
		var out bytes.Buffer
		v := edifact.NewValidator(edifact.NewReader(bytes.NewReader(in), o), schema)
		w := edifact.NewWriter(&out, edifact.WriterOptions{UNA: true})
		typed := banking.NewWriter(w)
		begun := false
		for item, err := range banking.NewReader(v, banking.Options{Other: func(*edifact.Segment) error { return nil }}).Items() {
			if err != nil {
				return
			}
			if !begun {
				w.Begin(*v.Interchange())
				begun = true
			}
			if err := typed.Write(item); err != nil && !lenient && w.Err() == nil {
				t.Fatalf("what a strict reader took is refused: %v", err)
			}
		}
		if !lenient && begun && w.End() == nil {
			if _, err := copyItems(validator(bytes.NewReader(out.Bytes()))); err != nil {
				t.Fatalf("what was written is refused: %v\n%s", err, out.Bytes())
			}
		}
	})
}

// TestSamples reads files of banks.
func TestSamples(t *testing.T) {
	t.Parallel()
	const dir = "../../../shared/samples/edifact/payments"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no samples here")
	}
	for name, want := range map[string]string{
		"cremul_dk_fik71.edi":           "1234.56",
		"debmul_dk_fixed_una.edi":       "1234.56",
		"finsta_dk_skb.edi":             "1234.56",
		"paymul_hsbc_ezone.edi":         "1.00",
		"paymul_hsbc_uk_high_value.edi": "1.00",
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		o := edifact.ReaderOptions{Lenient: edifact.Everything, Faults: func(e *edifact.ParseError) { t.Logf("%s: %v", name, e) }}
		r := banking.NewReader(edifact.NewValidator(edifact.NewReader(bytes.NewReader(text), o), danish), banking.Options{})
		amount := ""
		for item, err := range r.Items() {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			switch item := item.(type) {
			case *banking.PaymulOrder:
				amount = item.MOA.Amount
			case *banking.DebmulEntry:
				amount = item.SG13[0].MOA.Amount
			case *banking.CremulEntry:
				amount = item.SG13[0].MOA.Amount
			case *banking.FinstaEntry:
				amount = item.MOA.Amount
			}
		}
		if lines, details := r.Counts(); lines != 1 || details != 1 || amount != want {
			t.Errorf("%s holds %d lines, %d details, amount %q", name, lines, details, amount)
		}
	}
}
