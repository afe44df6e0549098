package client

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
)

// answer is what matters here of a receipt or response.
type answer struct {
	root, refersTo, action, groupStatus string
	rejected                            int
	reasons                             []string
}

func readAnswer(b []byte) (answer, error) {
	var a answer
	var code, text string
	dec := xml.NewDecoder(bytes.NewReader(b))
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
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
			for _, at := range t.Attr {
				if at.Name.Local == "errorCode" {
					code = at.Value
				}
			}
			text = ""
		case xml.CharData:
			text += string(t)
		case xml.EndElement:
			a.leaf(t.Name.Local, strings.TrimSpace(text), &code)
			text = ""
		}
	}
}

// leaf takes note of an element's text; code carries a reason's number to its words.
func (a *answer) leaf(name, text string, code *string) {
	switch name {
	case "RefToMessageId":
		a.refersTo = text
	case "Action":
		a.action = text
	case "GrpSts":
		a.groupStatus = text
	case "TxSts":
		if text == "RJCT" {
			a.rejected++
		}
	case "StsRsn":
		if *code = text; text != "" && a.rejected == 0 {
			a.reasons = append(a.reasons, text)
		}
	case "Description", "AddtlInf":
		if a.action == "ACPT" { // when the money is there: no reason
			return
		}
		a.reasons = append(a.reasons, strings.TrimSpace(*code+" "+text))
	}
}

var messageIDPattern = regexp.MustCompile(`MessageId\s*>\s*([^<]*?)\s*<`)

// glance reads a payment document's message id and counts its payments, however broken it may be.
func glance(b []byte) (messageID string, payments int) {
	if m := messageIDPattern.FindSubmatch(b); m != nil {
		messageID = string(m[1])
	}
	return messageID, bytes.Count(b, []byte("PmtTx>")) / 2
}
