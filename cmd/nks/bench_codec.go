package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"nks/edifact"
	"nks/gateway"
	"nks/gateway/bankfile"
	"nks/gateway/nksxml"
)

// benchCodecPayments is how much of the bundle the codecs are measured on at most: the standard library's reader is
// slow enough for that.
const benchCodecPayments = 100_000

// measureCodecs times the readers and writers of both languages and their peers on the same bytes, in the same run, one
// after the other in every round. Each value is a median, in MB/s or orders/s.
func (b *bench) measureCodecs(ctx context.Context) ([]measurement, error) {
	document, err := b.shortBundle()
	if err != nil {
		return nil, err
	}
	if err := writeFile(b.path("codec.xml"), document); err != nil {
		return nil, err
	}
	codec, err := bankfile.New(bankProfile(b.config, b.config.Banks[0]))
	if err != nil {
		return nil, err
	}
	orders := b.country.orders(benchCodecPayments)
	var interchange bytes.Buffer
	if err := writeOrders(codec, &interchange, orders); err != nil {
		return nil, err
	}
	tasks := []struct {
		name string
		size int
		run  func() error
	}{
		{"xml_read", len(document), func() error { return readNKS(bytes.NewReader(document)) }},
		{"xml_encoding_xml", len(document), func() error { return readStandard(bytes.NewReader(document)) }},
		{"xml_xmllint", len(document), func() error { return readLibxml(ctx, b.path("codec.xml")) }},
		{"edifact_write", interchange.Len(), func() error { return writeOrders(codec, io.Discard, orders) }},
		{"edifact_read", interchange.Len(), func() error { return readSegments(bytes.NewReader(interchange.Bytes())) }},
	}
	speeds := map[string][]float64{}
	for range max(3, b.options.rounds) {
		for _, t := range tasks {
			began := time.Now()
			if err := t.run(); errors.Is(err, exec.ErrNotFound) {
				continue
			} else if err != nil {
				return nil, fmt.Errorf("%s: %w", t.name, err)
			}
			speeds[t.name] = append(speeds[t.name], float64(t.size)/1e6/time.Since(began).Seconds())
		}
	}
	values := map[string]float64{"orders_per_s": median(speeds["edifact_write"]) * 1e6 / float64(interchange.Len()) * float64(len(orders))}
	for name, s := range speeds {
		values[name+"_mb_s"] = median(s)
	}
	for peer, name := range map[string]string{"xml_encoding_xml": "xml_times_encoding_xml", "xml_xmllint": "xml_times_xmllint"} {
		if len(speeds[peer]) > 0 {
			values[name] = median(speeds["xml_read"]) / median(speeds[peer])
		}
	}
	return []measurement{{Name: "codecs", Sizes: map[string]int{"payments": len(orders), "xml_bytes": len(document), "edifact_bytes": interchange.Len()}, Values: values}}, nil
}

// shortBundle is the bundle as if it ended after its first payments.
func (b *bench) shortBundle() ([]byte, error) {
	const most = 2_000 // bytes of a payment, amply
	f, err := os.Open(b.path("bundle.xml"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // read only
	document, err := io.ReadAll(io.LimitReader(f, most*benchCodecPayments))
	if err != nil {
		return nil, err
	}
	end := []byte("</swift:PmtInf>\n")
	at := 0
	for range min(benchCodecPayments, b.country.payments) {
		next := bytes.Index(document[at:], end)
		if next < 0 {
			return nil, errors.New("bundle.xml is not the bundle of this world: --fresh makes it again")
		}
		at += next + len(end)
	}
	return append(document[:at:at], "</NKSPayment>\n"...), nil
}

func readNKS(r io.Reader) error {
	reader := nksxml.NewReader(r, nksxml.Limits{})
	for {
		if _, err := reader.Next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// readStandard is the least that a program on the standard library's reader does.
func readStandard(r io.Reader) error {
	d := xml.NewDecoder(r)
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// readLibxml measures the start of a process, too, which is nothing beside the document.
func readLibxml(ctx context.Context, path string) error {
	return exec.CommandContext(ctx, "xmllint", "--stream", "--noout", path).Run()
}

func readSegments(r io.Reader) error {
	reader := edifact.NewReader(r, edifact.Limits{})
	for {
		if _, err := reader.Next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// orders are as many as a register of accounts would make of the bundle's payments.
func (c benchCountry) orders(n int) []gateway.Order {
	list := make([]gateway.Order, min(n, c.payments))
	for i := range list {
		p := c.payment(c.measured(), i)
		list[i] = gateway.Order{Reference: "00000001" + p.reference, Ore: p.ore, Type: gateway.Transfer, Text: "Målestøtte",
			Account: gateway.Account{Kind: gateway.DomesticBBAN, Number: benchAccount(c.draw(drawAccount, c.measured(), i))}}
	}
	return list
}

// writeOrders writes one interchange of messages with one line each.
func writeOrders(codec *bankfile.Codec, out io.Writer, orders []gateway.Order) error {
	const perMessage = 5_000
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
	all := gateway.Totals{Messages: (len(orders) + perMessage - 1) / perMessage, Payments: len(orders), Ore: sum(orders)}
	for no := 1; len(orders) > 0; no++ {
		page := orders[:min(perMessage, len(orders))]
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
