package client

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
)

// Rejection is a payment that was rejected, or what speaks against all payments of a debit or a bundle.
type Rejection struct {
	EndToEndID string `json:"end_to_end_id"` // empty: not one payment alone
	Code       string `json:"code"`
	Text       string `json:"text"`
}

// reason is the code and the text.
func (r Rejection) reason() string { return strings.TrimSpace(r.Code + " " + r.Text) }

// answer is what matters here of a receipt or response.
type answer struct {
	root, refersTo, action, groupStatus string
	// days are those on which a receipt that accepts has the recipients' money planned: one, or the first and the last.
	days       []string
	rejected   int // payments, or items of a document about the register
	items      int // of a document about the register; 0: it was refused as a whole
	rejections []Rejection
}

func readAnswer(b []byte) (answer, error) {
	var a answer
	var now Rejection // what is being read
	var text string
	dec := xml.NewDecoder(bytes.NewReader(b))
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			a.close(&now)
			return a, nil
		}
		if err != nil {
			return a, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if a.root == "" {
				a.root = t.Name.Local
			}
			if t.Name.Local == "Error" || t.Name.Local == "OrgnlTxRefInfAndSts" {
				a.close(&now)
			}
			for _, at := range t.Attr {
				if at.Name.Local == "errorCode" {
					now.Code = at.Value
				}
			}
			text = ""
		case xml.CharData:
			text += string(t)
		case xml.EndElement:
			a.leaf(t.Name.Local, strings.TrimSpace(text), &now)
			text = ""
		}
	}
}

// leaf takes note of an element's text.
func (a *answer) leaf(name, text string, now *Rejection) {
	if a.root == registerAnswer {
		a.registerLeaf(name, text, now)
		return
	}
	switch name {
	case "RefToMessageId":
		a.refersTo = text
	case "Action":
		a.action = text
	case "GrpSts":
		a.groupStatus = text
	case "EndToEndId":
		now.EndToEndID = text
	case "TxSts":
		if text == "RJCT" {
			a.rejected++
		}
	case "StsRsn":
		now.Code = text
	case "Description", "AddtlInf":
		if a.action == "ACPT" { // when the money is there: no reason
			a.days = dayPattern.FindAllString(text, 2)
			return
		}
		now.Text = text
	case "OrgnlTxRefInfAndSts", "OrgnlGrpRefInfAndSts", "Error":
		a.close(now)
	}
}

// registerAnswer is the answer to a document about the register.
const registerAnswer = "RegisterAnswer"

// registerLeaf is leaf of an answer to a document about the register: a refused item stands in the place of a payment.
func (a *answer) registerLeaf(name, text string, now *Rejection) {
	switch name {
	case "About":
		a.refersTo = text
	case "Ref":
		now.EndToEndID = text
	case "State":
		a.items++
		if text == "refused" {
			a.rejected++
		}
	case "Rule":
		now.Code = text
	case "Text":
		now.Text = text
	case "Outcome", "Refused":
		a.close(now)
	}
}

// close ends what is being read; what has neither a code nor a text is no rejection.
func (a *answer) close(now *Rejection) {
	if now.reason() != "" {
		a.rejections = append(a.rejections, *now)
	}
	*now = Rejection{}
}

var dayPattern = regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2}`)

var messageIDPattern = regexp.MustCompile(`MessageId\s*>\s*([^<]*?)\s*<`)

// glance reads a payment document's message id and counts its payments, however broken it may be.
func glance(b []byte) (messageID string, payments int) {
	if m := messageIDPattern.FindSubmatch(b); m != nil {
		messageID = string(m[1])
	}
	return messageID, bytes.Count(b, []byte("PmtTx>")) / 2
}
