package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"time"

	"nks/edifact"
	"nks/edifact/banking"
	"nks/edifact/directory/d96a"
	"nks/gateway"
	"nks/gateway/bankfile"
	"nks/internal/app"
)

// benchEdifactOrders make an interchange of more than 50 MB.
const benchEdifactOrders = 180_000

// benchMessageOrders are in each message of it.
const benchMessageOrders = 5_000

// measureEdifact times package edifact on one core and one big interchange, beside a loop that only looks for the
// terminators: what any reader must do at least. Values are medians in MB/s, and the readers' part of that loop's speed.
func (b *bench) measureEdifact() (measurement, error) {
	profile, err := app.BankProfile(b.config, b.config.Banks[0])
	if err != nil {
		return measurement{}, err
	}
	codec, err := bankfile.New(profile)
	if err != nil {
		return measurement{}, err
	}
	var interchange bytes.Buffer
	orders := edifactOrders(benchEdifactOrders)
	if err := writeOrders(codec, &interchange, orders); err != nil {
		return measurement{}, err
	}
	data := interchange.Bytes()
	schema := edifact.NewSchema(d96a.Directory()).WithCodes(bankfile.Codes())
	parts, err := segmentsOf(data)
	if err != nil {
		return measurement{}, err
	}
	tasks := []struct {
		name string
		run  func() error
	}{
		{"scan", func() error { return scanTerminators(data) }},
		{"read", func() error { return readElements(bytes.NewReader(data)) }},
		{"validate", func() error { return validateAll(bytes.NewReader(data), schema) }},
		{"typed", func() error { return readOrders(bytes.NewReader(data), schema) }},
		{"write", func() error { return writeAgain(parts, int64(len(data))) }},
		{"orders", func() error { return writeOrders(codec, io.Discard, orders) }},
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	speeds := map[string][]float64{}
	for range max(9, b.options.rounds) {
		for _, t := range tasks {
			began := time.Now()
			if err := t.run(); err != nil {
				return measurement{}, fmt.Errorf("edifact %s: %w", t.name, err)
			}
			speeds[t.name] = append(speeds[t.name], float64(len(data))/1e6/time.Since(began).Seconds())
		}
	}
	values := map[string]float64{
		"read_of_scan": median(speeds["read"]) / median(speeds["scan"]),
		"orders_per_s": median(speeds["orders"]) * 1e6 / float64(len(data)) * benchEdifactOrders,
	}
	for name, s := range speeds {
		values[name+"_mb_s"] = median(s)
	}
	return measurement{Name: "edifact", Sizes: map[string]int{"bytes": len(data), "orders": benchEdifactOrders}, Values: values}, nil
}

// edifactOrders are orders with a name, an address and an advice.
func edifactOrders(n int) []gateway.Order {
	list := make([]gateway.Order, n)
	for i := range list {
		list[i] = gateway.Order{
			Reference: fmt.Sprintf("00000001FAKTURA 2005-0815/%05d", i), Ore: int64(i)*100 + 25, Type: gateway.Transfer, Text: "Boligstøtte for august 2005",
			Account: gateway.Account{Kind: gateway.DomesticBBAN, Number: "5432" + fmt.Sprintf("%010d", i)},
			Detail: gateway.Detail{Name: "Jørgen Bæk", AddressLines: []string{"Åboulevarden 12", "c/o Østergaard"}, PostCode: "4600", Town: "Køge", Country: "DK",
				Advice: []string{"Boligstøtte for august 2005", "Journal 4711/" + strconv.Itoa(i)}},
		}
	}
	return list
}

func scanTerminators(data []byte) error {
	segments := 0
	for rest := data; ; segments++ {
		i := bytes.IndexByte(rest, '\'')
		if i < 0 {
			break
		}
		rest = rest[i+1:]
	}
	if segments < benchEdifactOrders {
		return errors.New("too few segments")
	}
	return nil
}

// readElements asks of every segment where it is and how many data elements it has.
func readElements(in io.Reader) error {
	r := edifact.NewReader(in, edifact.ReaderOptions{})
	elements, last := 0, int64(0)
	for {
		s, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		elements += s.Len()
		last = s.End
	}
	if int64(elements) > last {
		return errors.New("more data elements than bytes")
	}
	return nil
}

func validateAll(in io.Reader, schema *edifact.Schema) error {
	v := edifact.NewValidator(edifact.NewReader(in, edifact.ReaderOptions{}), schema)
	for {
		if _, err := v.Next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// readOrders asks every order for its amount.
func readOrders(in io.Reader, schema *edifact.Schema) error {
	r := banking.NewReader(edifact.NewValidator(edifact.NewReader(in, edifact.ReaderOptions{}), schema), banking.Options{})
	orders := 0
	for {
		item, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if o, ok := item.(*banking.PaymulOrder); ok {
			if _, err := edifact.ParseMinor(o.MOA.Amount, 2); err != nil {
				return err
			}
			orders++
		}
	}
	if orders != benchEdifactOrders {
		return fmt.Errorf("%d orders", orders)
	}
	return nil
}

// segmentParts is a segment as a program holds it: values as strings, by data element.
type segmentParts struct {
	tag      string
	elements [][]string
}

// benchWritten is as much of a message as is written again and again: little enough to measure the writer and not how
// fast memory gives it the values.
const benchWritten = 100

// segmentsOf are the first segments of the first message.
func segmentsOf(data []byte) ([]segmentParts, error) {
	var list []segmentParts
	for s, err := range edifact.NewReader(bytes.NewReader(data), edifact.ReaderOptions{}).Segments() {
		if err != nil || len(list) == benchWritten {
			return list, err
		}
		if s.Position < 2 {
			continue
		}
		p := segmentParts{tag: s.Tag, elements: make([][]string, s.Len())}
		for v := range s.Values() {
			p.elements[v.Element] = append(p.elements[v.Element], s.Decode(v.Bytes))
		}
		list = append(list, p)
	}
	return list, errors.New("no message")
}

// writeAgain writes segments as often as it takes to write as many bytes as the interchange has.
func writeAgain(segments []segmentParts, size int64) error {
	w := edifact.NewWriter(io.Discard, edifact.WriterOptions{UNA: true})
	w.Begin(edifact.UNB{Sender: edifact.Party{ID: "5798000016446", Qualifier: "14"}, Recipient: edifact.Party{ID: "5790000000012", Qualifier: "14"},
		Date: "050811", Time: "0605", ControlRef: "1"})
	for no := 1; w.Written() < size; no++ {
		w.Message(edifact.UNH{Ref: strconv.Itoa(no), Type: "PAYMUL", Version: "D", Release: "96A", Agency: "UN"})
		for range 1_000 {
			writeParts(w, segments)
		}
		w.EndMessage()
	}
	return w.End()
}

func writeParts(w *edifact.Writer, segments []segmentParts) {
	for i := range segments {
		w.Segment(segments[i].tag)
		for _, values := range segments[i].elements {
			w.Elem(values[0])
			for _, v := range values[1:] {
				w.Comp(v)
			}
		}
	}
}

// writeOrders writes one interchange of messages with one line each.
func writeOrders(codec *bankfile.Codec, out io.Writer, orders []gateway.Order) error {
	_, debit, _ := benchAgreement(0)
	sum := func(orders []gateway.Order) (ore int64) {
		for i := range orders {
			ore += orders[i].Ore
		}
		return ore
	}
	day := gateway.Date{Year: 2005, Month: time.August, Day: 16}
	w, err := codec.Begin(out, gateway.Interchange{ControlRef: "00000000000001", Agreement: "BENCH-1", Authority: "Målestyrelsen", ExecutesOn: day,
		Prepared: day.At(6*time.Hour, time.UTC)})
	if err != nil {
		return err
	}
	all := gateway.Totals{Messages: (len(orders) + benchMessageOrders - 1) / benchMessageOrders, Payments: len(orders), Ore: sum(orders)}
	for no := 1; len(orders) > 0; no++ {
		page := orders[:min(benchMessageOrders, len(orders))]
		orders = orders[len(page):]
		err := errors.Join(w.Message(no, fmt.Sprintf("BENCH-%d", no)),
			w.Line(gateway.Line{No: 1, DebitAccount: debit, Type: gateway.Transfer, GroupRef: fmt.Sprintf("1-%d-1", no), Orders: len(page), Ore: sum(page)}))
		if err != nil {
			return err
		}
		for i := range page {
			page[i].Seq = i + 1
			if err := w.Order(&page[i]); err != nil {
				return err
			}
		}
	}
	return w.End(all)
}
