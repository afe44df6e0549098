package intake_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/intake"
	"nks/gateway/intake/intaketest"
)

func rules() gateway.BundleRules {
	return gateway.BundleRules{Addressed: []string{"NKSTEST", "NKSUDV"}, Supplier: "LEVA", Today: gateway.Date{Year: 2005, Month: 8, Day: 11}, DaysAhead: 365,
		BundlePayments: 100, DocumentBytes: 1 << 20}
}

const account = "30110004567890"

// document is a bundle with one debit that nothing is wrong with.
func document(payments ...intaketest.Payment) intaketest.Document {
	if payments == nil {
		payments = []intaketest.Payment{intaketest.Incomplete("A-1", "CPR", "0102031234", 100000)}
	}
	return intaketest.Document{From: []string{"LEVA"}, GroupID: "G-1", Authority: "77", Debits: []intaketest.Debit{
		{On: "2005-08-12", Agreement: "AFT-1", Account: account, Payments: payments}}}
}

// bundle is what came of a document.
type bundle struct {
	gateway.Bundle
	items []gateway.BundleItem
}

func open(t *testing.T, doc []byte, r gateway.BundleRules) (bundle, error) {
	t.Helper()
	b, err := intake.Open(bytes.NewReader(doc), r)
	if b == nil {
		t.Fatal("no bundle beside the error")
	}
	out := bundle{Bundle: b}
	for err == nil {
		var item *gateway.BundleItem
		if item, err = b.Next(); err == nil {
			kept, debit := *item, *item.Debit
			kept.Debit, kept.Faults = &debit, slices.Clone(item.Faults)
			out.items = append(out.items, kept)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return out, err
}

func read(t *testing.T, d intaketest.Document) bundle {
	t.Helper()
	b, err := open(t, d.XML(), rules())
	if err != nil {
		t.Fatalf("%v in\n%s", err, d.XML())
	}
	return b
}

// one is the only payment of a document that is read without an error of the bundle.
func one(t *testing.T, p intaketest.Payment, instrument string) gateway.BundleItem {
	t.Helper()
	d := document(p)
	d.Debits[0].Instrument = instrument
	b := read(t, d)
	if len(b.items) != 1 || b.Refused() {
		t.Fatalf("%d payments, bundle code %q", len(b.items), b.Fault())
	}
	return b.items[0]
}

func TestBundle_GoodHead(t *testing.T) {
	t.Parallel()
	d := document()
	d.From, d.MessageID = []string{"LEVA", "5790000000012"}, "5790000000012~7"
	d.Debits[0].Text, d.Debits[0].Account = "Udbetaling", "30114567890"
	b := read(t, d)
	if b.Refused() || b.Fault() != "" {
		t.Errorf("refused: %q", b.Fault())
	}
	want := gateway.BundleHead{MessageLine: 3, GroupLine: 4, Sender: "LEVA", SenderEAN: "5790000000012", MessageID: "5790000000012~7", GroupRef: "G-1", Authority: "77", Grouped: true}
	if b.Head() != want {
		t.Errorf("head %+v, want %+v", b.Head(), want)
	}
	debit := gateway.Debit{No: 1, Line: 5, RequestedOn: gateway.Date{Year: 2005, Month: 8, Day: 12}, Agreement: "AFT-1", DebitAccount: account, Text: "Udbetaling"}
	if *b.items[0].Debit != debit {
		t.Errorf("debit %+v, want %+v", *b.items[0].Debit, debit)
	}
	if b.items[0].Line < 2 {
		t.Errorf("line %d", b.items[0].Line)
	}
}

// TestBundle_Codes: each code of the whole bundle, and which of several is told.
func TestBundle_Codes(t *testing.T) {
	t.Parallel()
	two := []intaketest.Payment{intaketest.Incomplete("A-1", "CPR", "0102031234", 100000), intaketest.Incomplete("A-2", "CPR", "0102031234", 20)}
	for name, c := range map[string]struct {
		change func(*intaketest.Document)
		want   gateway.Code
	}{
		"nothing wrong":                 {func(*intaketest.Document) {}, ""},
		"another sender":                {func(d *intaketest.Document) { d.From = []string{"LEVB"} }, gateway.CodeWrongSender},
		"the sender's case counts":      {func(d *intaketest.Document) { d.From = []string{"leva"} }, gateway.CodeWrongSender},
		"only the second is the login":  {func(d *intaketest.Document) { d.From = []string{"LEVB", "LEVA"} }, gateway.CodeWrongSender},
		"production":                    {func(d *intaketest.Document) { d.To = []string{"NKS", "5798000016446"} }, gateway.CodeWrongEnvironment},
		"another name of the gateway's": {func(d *intaketest.Document) { d.To = []string{"NKSUDV"} }, ""},
		"the address beside the name":   {func(d *intaketest.Document) { d.To = []string{"NKSTEST", "5798000016446"} }, ""},
		"return always":                 {func(d *intaketest.Document) { d.Instruction = []string{"NOCDTRACCT", "RETUR"} }, ""},
		"another instruction":           {func(d *intaketest.Document) { d.Instruction = []string{"NOCDTRACCT", "CHECK"} }, gateway.CodeInstruction},
		"instruction without more":      {func(d *intaketest.Document) { d.Instruction = []string{"NOCDTRACCT"} }, gateway.CodeInstruction},
		"unknown instruction":           {func(d *intaketest.Document) { d.Instruction = []string{"HOLD", "RETUR"} }, gateway.CodeInstruction},
		"sum":                           {func(d *intaketest.Document) { d.CtrlSum = "100010" }, gateway.CodeControlSum},
		"sum in øre":                    {func(d *intaketest.Document) { d.CtrlSum = "10000" }, gateway.CodeControlSum},
		"count":                         {func(d *intaketest.Document) { d.Payments = "2" }, gateway.CodeCount},
		"grouped, two debits":           {func(d *intaketest.Document) { d.Debits = append(d.Debits, d.Debits[0]); d.Grouped = "true" }, gateway.CodeGrouping},
		"grouped, one debit of two":     {func(d *intaketest.Document) { d.Debits[0].Payments = two; d.Grouped = "1" }, ""},
		"not grouped, one debit of two": {func(d *intaketest.Document) { d.Debits[0].Payments = two; d.Grouped = "false" },
			gateway.CodeGrouping},
		"not grouped, one debit of one": {func(d *intaketest.Document) { d.Grouped = "0" }, ""},
		"not grouped, two of two": {func(d *intaketest.Document) {
			d.Debits = append(d.Debits, d.Debits[0])
			d.Debits[0].Payments = two
			d.Debits[1].Payments = two
			d.Grouped = "false"
		}, gateway.CodeGrouping},
		"six days old":  {func(d *intaketest.Document) { d.Debits[0].On = "2005-08-05" }, gateway.CodeTooOld},
		"five days old": {func(d *intaketest.Document) { d.Debits[0].On = "2005-08-06" }, ""},
		"only the second debit is old": {func(d *intaketest.Document) {
			d.Debits = append(d.Debits, d.Debits[0])
			d.Debits[1].On = "2004-08-11"
		}, gateway.CodeTooOld},
		"sender before environment":  {func(d *intaketest.Document) { d.From, d.To = []string{"X"}, []string{"NKS"} }, gateway.CodeWrongSender},
		"environment before the sum": {func(d *intaketest.Document) { d.To, d.CtrlSum = []string{"NKS"}, "1" }, gateway.CodeWrongEnvironment},
		"instruction before the sum": {func(d *intaketest.Document) { d.Instruction, d.CtrlSum = []string{"X"}, "1" }, gateway.CodeInstruction},
		"sum before count":           {func(d *intaketest.Document) { d.CtrlSum, d.Payments = "1", "9" }, gateway.CodeControlSum},
		"count before grouping":      {func(d *intaketest.Document) { d.Payments, d.Debits[0].Payments, d.Grouped = "3", two, "false" }, gateway.CodeCount},
		"grouping before the date": {func(d *intaketest.Document) {
			d.Debits[0].Payments, d.Grouped, d.Debits[0].On = two, "false", "2005-01-01"
		}, gateway.CodeGrouping},
		"a payment's error is no one": {func(d *intaketest.Document) { d.Debits[0].Payments[0].EndToEndID = "" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := document()
			c.change(&d)
			b := read(t, d)
			if got := b.Fault(); got != c.want || b.Refused() != (c.want != "") {
				t.Errorf("code %q, refused %t, want %q", got, b.Refused(), c.want)
			}
		})
	}
}

func TestBundle_ReturnAlways(t *testing.T) {
	t.Parallel()
	for info, want := range map[string]bool{"RETUR": true, "CHECK": false} {
		d := document()
		d.Instruction = []string{"NOCDTRACCT", info}
		if got := read(t, d).Head().ReturnAlways; got != want {
			t.Errorf("%s: return always %t", info, got)
		}
	}
}

// TestBundle_Limit: one payment more than may be. The bundle is read to its end all the same.
func TestBundle_Limit(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]gateway.Code{100: "", 101: gateway.CodeBundleLimit} {
		var payments []intaketest.Payment
		for i := range n {
			payments = append(payments, intaketest.Complete("A-"+strconv.Itoa(i), account, 10))
		}
		b := read(t, document(payments...))
		if b.Fault() != want || len(b.items) != n {
			t.Errorf("%d payments: %d read, code %q, want %q", n, len(b.items), b.Fault(), want)
		}
	}
}

// TestBundle_SumOverflow: a control sum that a sum beyond 64 bits wraps around to is no sum.
func TestBundle_SumOverflow(t *testing.T) {
	t.Parallel()
	for name, amounts := range map[string][]int64{
		"up":            {math.MaxInt64, math.MaxInt64, 12},
		"down":          {math.MinInt64, math.MinInt64, 10},
		"up and down":   {math.MaxInt64, 1, -1},
		"just possible": {math.MaxInt64, -1, 1},
	} {
		var payments []intaketest.Payment
		for i, a := range amounts {
			payments = append(payments, intaketest.Complete("A-"+strconv.Itoa(i), account, a))
		}
		want := gateway.CodeControlSum
		if name == "just possible" {
			want = ""
		}
		// The writer's own sum wraps in the same way.
		if got := read(t, document(payments...)).Fault(); got != want {
			t.Errorf("%s: code %q, want %q", name, got, want)
		}
	}
}

// TestBundle_Refuse: what the caller finds takes its place in the table's order.
func TestBundle_Refuse(t *testing.T) {
	t.Parallel()
	d := document()
	d.CtrlSum = "1"
	for _, reported := range []gateway.Code{gateway.CodeDuplicateBundle, gateway.CodeBundleLimit} {
		b, err := intake.Open(bytes.NewReader(d.XML()), rules())
		if err != nil {
			t.Fatal(err)
		}
		b.Refuse(reported)
		b.Refuse(reported)
		if !b.Refused() || b.Fault() != reported {
			t.Errorf("refused %t, %q", b.Refused(), b.Fault())
		}
		for err == nil {
			_, err = b.Next()
		}
		want := min(reported.Rank(), gateway.CodeControlSum.Rank())
		if !errors.Is(err, io.EOF) || b.Fault().Rank() != want {
			t.Errorf("%v, code %q", err, b.Fault())
		}
	}
}

// TestBundle_Debit: errors of the debit level stand on the debit, not on its payments.
func TestBundle_Debit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*intaketest.Debit)
		want   gateway.Code
	}{
		"today":                      {func(d *intaketest.Debit) { d.On = "2005-08-11" }, ""},
		"a year ahead":               {func(d *intaketest.Debit) { d.On = "2006-08-11" }, ""},
		"a year and a day ahead":     {func(d *intaketest.Debit) { d.On = "2006-08-12" }, gateway.CodeExecutionDate},
		"no date":                    {func(d *intaketest.Debit) { d.On = "" }, gateway.CodeExecutionDate},
		"a zone means nothing":       {func(d *intaketest.Debit) { d.On = "2005-08-12+02:00" }, ""},
		"another method":             {func(d *intaketest.Debit) { d.Method = "CHK" }, gateway.CodePaymentMethod},
		"another instrument":         {func(d *intaketest.Debit) { d.Instrument = "XYZ" }, gateway.CodePaymentMethod},
		"the date before the method": {func(d *intaketest.Debit) { d.On, d.Method = "", "CHK" }, gateway.CodeExecutionDate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := document()
			c.change(&d.Debits[0])
			b := read(t, d)
			if b.Refused() || b.items[0].Debit.Fault != c.want || b.items[0].Fault != "" {
				t.Errorf("bundle %q, debit %q, payment %q, want %q", b.Fault(), b.items[0].Debit.Fault, b.items[0].Fault, c.want)
			}
			if on := b.items[0].Debit.RequestedOn; on.IsZero() != (d.Debits[0].On == "") {
				t.Errorf("requested on %s", on)
			}
		})
	}
}

// TestBundle_Debits: each payment stands with its own debit.
func TestBundle_Debits(t *testing.T) {
	t.Parallel()
	d := document()
	second := d.Debits[0]
	second.Agreement, second.On = "AFT-2", "2005-08-15"
	second.Payments = []intaketest.Payment{intaketest.Complete("A-2", account, 10)}
	d.Debits = append(d.Debits, second)
	b := read(t, d)
	if b.Refused() || len(b.items) != 2 || b.Head().Grouped {
		t.Fatalf("%d payments, %q", len(b.items), b.Fault())
	}
	for i, want := range []string{"AFT-1", "AFT-2"} {
		if got := b.items[i].Debit; got.Agreement != want || got.No != i+1 {
			t.Errorf("payment %d stands with debit %+v", i+1, got)
		}
	}
}

// TestBundle_Unreadable: what makes receipt 0, and what of the head is known then. No CPR number stands in the error.
func TestBundle_Unreadable(t *testing.T) {
	t.Parallel()
	good := string(document().XML())
	for name, c := range map[string]struct {
		doc    string
		sender string
		text   string
	}{
		"empty":            {"", "", ""},
		"no XML":           {"UNB+UNOC:3", "", ""},
		"another root":     {"<Invoice/>", "", "NKSPayment"},
		"no payments":      {good[:strings.Index(good, "<s:PmtInf>")] + "</NKSPayment>", "LEVA", "PmtInf"},
		"cut off":          {good[:len(good)-20], "LEVA", ""},
		"more after":       {good + "<x/>", "LEVA", ""},
		"DTD":              {strings.Replace(good, "<NKSPayment", `<!DOCTYPE a [<!ENTITY b "c">]><NKSPayment`, 1), "", ""},
		"unknown element":  {strings.Replace(good, "<s:PmtId>", "<s:Secret/><s:PmtId>", 1), "LEVA", "PmtTx"},
		"amount of words":  {strings.Replace(good, ">100000</s:InstdAmt>", ">1.000,00</s:InstdAmt>", 1), "LEVA", "1.000,00"},
		"recipient's text": {strings.Replace(good, ">0102031234<", "><b>0102031234</b><", 1), "LEVA", "SclSctyNb"},
		"recipient astray": {strings.Replace(good, "<s:PmtId>", "0102031234<s:PmtId>", 1), "LEVA", "010203-xxxx"},
		"the head breaks":  {strings.Replace(good, "<s:GrpId>", "<s:GrpIdX>", 1), "LEVA", "GrpId"},
		"too large":        {strings.Replace(good, "</NKSPayment>", strings.Repeat(" ", 1<<20)+"</NKSPayment>", 1), "LEVA", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := open(t, []byte(c.doc), rules())
			var bad *gateway.UnreadableError
			if !errors.As(err, &bad) {
				t.Fatalf("error %v", err)
			}
			if !strings.Contains(bad.Text, c.text) || bad.Text == "" || strings.Contains(err.Error(), "0102031234") {
				t.Errorf("text %q, want %q in it", bad.Text, c.text)
			}
			if b.Head().Sender != c.sender {
				t.Errorf("sender %q, want %q", b.Head().Sender, c.sender)
			}
		})
	}
}

var errSource = errors.New("the database is away")

// TestBundle_SourceFails: an error of the source is not the document's.
func TestBundle_SourceFails(t *testing.T) {
	t.Parallel()
	doc := document().XML()
	for _, cut := range []int{10, len(doc) - 60} {
		b, err := intake.Open(io.MultiReader(bytes.NewReader(doc[:cut]), failing{}), rules())
		for err == nil {
			_, err = b.Next()
		}
		var bad *gateway.UnreadableError
		if !errors.Is(err, errSource) || errors.As(err, &bad) {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errSource }

// TestBundle_Indicator: both spellings, of both values.
func TestBundle_Indicator(t *testing.T) {
	t.Parallel()
	for spelling, complete := range map[string]bool{"true": false, "1": false, "false": true, "0": true} {
		p := intaketest.Incomplete("A-1", "CPR", "0102031234", 100000)
		if complete {
			p = intaketest.Complete("A-1", account, 100000)
		}
		p.Indicator = spelling
		if got := one(t, p, ""); got.Payment.Complete != complete || got.Fault != "" {
			t.Errorf("%s: complete %t, code %q", spelling, got.Payment.Complete, got.Fault)
		}
	}
}

// TestBundle_ItemsAreTheirOwn: nothing of a payment is left in the next one.
func TestBundle_ItemsAreTheirOwn(t *testing.T) {
	t.Parallel()
	full := intaketest.Payment{EndToEndID: "A-1", InstrID: "I", Text: "T", Amount: 10, Name: "N", Lines: []string{"L"}, Post: "1000", Town: "K",
		Country: "DK", IDKind: "CVR", ID: "12345674", AccountKind: "BBAN", Account: account, Final: "STRAKS", First: "K9", Complete: true,
		Remittance: []string{"a", "DocRefNb:F-1"}}
	plain := intaketest.Complete("A-2", account, 20)
	b := read(t, document(full, plain, full))
	alone := read(t, document(plain)).items[0]
	if got := b.items[1]; !reflect.DeepEqual(got.Payment, alone.Payment) {
		t.Errorf("after another: %+v\nalone: %+v", got.Payment, alone.Payment)
	}
	if !reflect.DeepEqual(b.items[0].Payment, b.items[2].Payment) {
		t.Errorf("the same payment twice: %+v, %+v", b.items[0].Payment, b.items[2].Payment)
	}
}

// TestPayment_AllItsFaults: in the order in which they are told, and none of the payment before.
func TestPayment_AllItsFaults(t *testing.T) {
	t.Parallel()
	wrong := intaketest.Incomplete(" ", "CPR", "123", 15)
	wrong.ChargeBearer, wrong.Name = "ME", "a\u0085b"
	b := read(t, document(wrong, intaketest.Complete("A", "70450001234567", 100), intaketest.Complete("B", "1", 0)))
	for i, want := range [][]gateway.Code{
		{gateway.CodeEndToEndID, gateway.CodeAmountFraction, gateway.CodeCharacters, gateway.CodeRecipientFormat, gateway.CodeChargeBearer},
		{},
		{gateway.CodeAmountZero, gateway.CodeAccount},
	} {
		item := b.items[i]
		if !slices.Equal(item.Faults, want) || len(want) > 0 && item.Fault != want[0] || len(want) == 0 && item.Fault != "" {
			t.Errorf("payment %d: %v, leading %q, want %v", i, item.Faults, item.Fault, want)
		}
	}
}

// TestHead_SelfNamed: where there is no login, the document says who sends it.
func TestHead_SelfNamed(t *testing.T) {
	t.Parallel()
	r := rules()
	r.Supplier, r.SelfNamed = "", true
	d := document(intaketest.Complete("A", "70450001234567", 100))
	d.From = []string{"LEVX"}
	b, err := open(t, d.XML(), r)
	if err != nil || b.Fault() != "" || b.Head().Sender != "LEVX" {
		t.Errorf("%v, fault %q, sender %q", err, b.Fault(), b.Head().Sender)
	}
}
