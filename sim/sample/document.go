package sample

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// document is what a payment document names. // nks-domain §3
type document struct {
	supplier, ean string // From/PartyId, first and second
	authority     string // ADMID
	agreements    []agreement
	holders       []holder
	benefits      []string
	executions    []time.Time

	seen     map[any]bool
	numbered map[string]int // place among agreements
}

// agreement is a BkPtyId and the accounts that are debited under it.
type agreement struct {
	number   string
	accounts []string
}

// holder is a recipient: one of the kinds of holders.csv, and its number.
type holder struct{ kind, id string }

// Kinds of holders, as holders.csv writes them.
const (
	kindCPR = "CPR"
	kindCVR = "CVR"
	kindSE  = "SE"
	kindP   = "P"
)

// Bounds on what is read of a document; the rest of a larger one is of no interest.
const (
	maxDocument = 256 << 20 // bytes
	maxDepth    = 64
	maxAccounts = 1000 // of one agreement: a record of reference data has an end
)

// readDocument collects what a document names, as far as it can be read. Only an error of the file is one.
func readDocument(file string) (*document, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	defer func() { _ = f.Close() }() // read only
	in := &noted{r: io.LimitReader(f, maxDocument)}
	doc := &document{seen: map[any]bool{}, numbered: map[string]int{}}
	decoder := xml.NewDecoder(in)
	decoder.CharsetReader = charset
	w := walk{doc: doc}
	for {
		token, err := decoder.Token()
		if in.err != nil {
			return nil, fmt.Errorf("sample: %s: %w", file, in.err)
		}
		if err != nil || !w.take(token) {
			return doc, nil
		}
	}
}

// noted remembers an error of the file, which the decoder does not tell from one of the document.
type noted struct {
	r   io.Reader
	err error
}

func (n *noted) Read(p []byte) (int, error) {
	c, err := n.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		n.err = err
	}
	return c, err
}

// charset reads the one encoding besides UTF-8 in which documents are written.
func charset(name string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "iso-8859-1", "us-ascii":
		return &latin1{r: bufio.NewReader(r)}, nil
	}
	return nil, fmt.Errorf("encoding %s", name)
}

// latin1 turns ISO 8859-1 into UTF-8: a character becomes one byte or two.
type latin1 struct {
	r      *bufio.Reader
	second byte // of the character at hand; 0 when none is due
}

func (l *latin1) Read(p []byte) (n int, err error) {
	for n < len(p) {
		b := l.second
		if l.second = 0; b == 0 {
			if b, err = l.r.ReadByte(); err != nil {
				return n, err
			}
			if b >= 0x80 {
				l.second = 0x80 | b&0x3f
				b = 0xc0 | b>>6
			}
		}
		p[n] = b
		n++
	}
	return n, nil
}

// prefixes shortens the namespaces of a document to what paths are written with here.
var prefixes = map[string]string{
	"http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2006/05/01/":       "n:",
	"http://rep.oio.dk/oes.dk/nemkonto.ebms/xml/schemas/2006/05/01/":  "e:",
	"http://rep.oio.dk/oes.dk/nemkonto.swift/xml/schemas/2006/05/01/": "",
}

// walk follows the document's elements.
type walk struct {
	doc  *document
	path []string
	text strings.Builder

	agreement, account string // of the debit at hand
	id, issuer         string // of the recipient at hand
}

// take is false when there is nothing of interest to come.
func (w *walk) take(token xml.Token) bool {
	switch t := token.(type) {
	case xml.StartElement:
		prefix, ours := prefixes[t.Name.Space]
		if !ours {
			prefix = "?:"
		}
		w.path = append(w.path, prefix+t.Name.Local)
		w.text.Reset()
		return len(w.path) <= maxDepth && w.path[0] == "n:NKSPayment"
	case xml.CharData:
		w.text.Write(t)
	case xml.EndElement:
		w.end(strings.Join(w.path[1:], "/"), w.text.String())
		w.path = w.path[:len(w.path)-1]
		w.text.Reset()
		return len(w.path) > 0
	}
	return true
}

func (w *walk) end(path, text string) {
	if inDebit, ok := strings.CutPrefix(path, "PmtInf/"); ok {
		if inPayment, ok := strings.CutPrefix(inDebit, "PmtTx/"); ok {
			w.endInPayment(inPayment, text)
			return
		}
		w.endInDebit(inDebit, text)
		return
	}
	doc := w.doc
	switch path {
	case "e:MessageHeader/e:From/e:PartyId":
		if doc.supplier == "" {
			doc.supplier = text
		} else if doc.ean == "" {
			doc.ean = text
		}
	case "GrpHdr/InitgPty/OrgId/PrtryId/Id":
		doc.authority = text
	case "PmtInf":
		doc.addAgreement(w.agreement, w.account)
		w.agreement, w.account = "", ""
	}
}

func (w *walk) endInDebit(path, text string) {
	switch path {
	case "ReqdExctnDt":
		if d, ok := execution(text); ok && w.doc.first(d) {
			w.doc.executions = append(w.doc.executions, d)
		}
	case "Dbtr/OrgId/BkPtyId":
		w.agreement = text
	case "DbtrAcct/Id/BBAN":
		w.account = text
	}
}

func (w *walk) endInPayment(path, text string) {
	switch path {
	case "Cdtr/PrvtId/SclSctyNb":
		w.doc.addHolder(kindCPR, text)
	case "Cdtr/OrgId/TaxIdNb":
		w.doc.addHolder(kindSE, text)
	case "Cdtr/OrgId/PrtryId/Id":
		w.id = text
	case "Cdtr/OrgId/PrtryId/Issr":
		w.issuer = trimSpace(text)
	case "Cdtr":
		w.endRecipient()
	case "BenefitType":
		if isText(text, 35) && w.doc.first(benefit(text)) {
			w.doc.benefits = append(w.doc.benefits, text)
		}
	}
}

// benefit keeps benefit types apart from everything else that has been seen.
type benefit string

// endRecipient takes an organisation's number, whose kind is told after it.
func (w *walk) endRecipient() {
	switch w.issuer {
	case "CVR":
		w.doc.addHolder(kindCVR, w.id)
	case "PNR":
		w.doc.addHolder(kindP, w.id)
	}
	w.id, w.issuer = "", ""
}

// first reports whether something turns up for the first time.
func (d *document) first(what any) bool {
	if d.seen[what] {
		return false
	}
	d.seen[what] = true
	return true
}

func (d *document) addHolder(kind, id string) {
	if h := (holder{kind, id}); isHolder(kind, id) && d.first(h) {
		d.holders = append(d.holders, h)
	}
}

func (d *document) addAgreement(number, account string) {
	if !isText(number, 35) {
		return
	}
	at, known := d.numbered[number]
	if !known {
		at = len(d.agreements)
		d.numbered[number] = at
		d.agreements = append(d.agreements, agreement{number: number})
	}
	if len(d.agreements[at].accounts) == maxAccounts {
		return
	}
	if bban, ok := domestic(account); ok && d.first([2]string{number, bban}) {
		d.agreements[at].accounts = append(d.agreements[at].accounts, bban)
	}
}
