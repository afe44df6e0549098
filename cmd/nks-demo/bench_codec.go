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

	"nks/gateway/nksxml"
)

// benchCodecPayments is how much of the bundle the codecs are measured on at most: the standard library's reader is
// slow enough for that.
const benchCodecPayments = 100_000

// measureCodecs times the reader of XML, the verifier of signatures and their peers on the same bytes, in the same run, one after the other in every
// round. Each value is a median, in MB/s.
func (b *bench) measureCodecs(ctx context.Context) ([]measurement, error) {
	document, err := b.shortBundle()
	if err != nil {
		return nil, err
	}
	if err := writeFile(b.path("codec.xml"), document); err != nil {
		return nil, err
	}
	signed, err := b.signBundle(document)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	tasks := []struct {
		name string
		size int
		run  func() error
	}{
		{"xml_read", len(document), func() error { return readNKS(bytes.NewReader(document)) }},
		{"xml_encoding_xml", len(document), func() error { return readStandard(bytes.NewReader(document)) }},
		{"xml_xmllint", len(document), func() error { return readLibxml(ctx, b.path("codec.xml")) }},
		{"signature_verify", len(signed.message), signed.verify},
		{"signature_xmlsec1", len(signed.message), func() error { return signed.verifyByXmlsec(ctx) }},
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
	values := map[string]float64{}
	for name, s := range speeds {
		values[name+"_mb_s"] = median(s)
	}
	for peer, name := range map[string]string{"xml_encoding_xml": "xml_times_encoding_xml", "xml_xmllint": "xml_times_xmllint"} {
		if len(speeds[peer]) > 0 {
			values[name] = median(speeds["xml_read"]) / median(speeds[peer])
		}
	}
	if peer := speeds["signature_xmlsec1"]; len(peer) > 0 {
		values["signature_of_xmlsec1"] = median(peer) / median(speeds["signature_verify"])
	}
	return []measurement{{Name: "codecs", Sizes: map[string]int{"payments": min(benchCodecPayments, b.country.payments), "xml_bytes": len(document)}, Values: values}}, nil
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
