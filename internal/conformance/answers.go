package conformance

import (
	"bytes"
	"slices"
	"time"

	"nks/gateway/nksxml"
)

// answer is what matters of a document that came: which one, about which bundle, and what it says of each payment.
type answer struct {
	kind     string // 0, 1, 2, 5, 7, 8 or 9
	about    string // MessageId or GrpId of what was sent; empty where receipt 0 could not read it
	at       time.Time
	status   string // of a receipt or of the group
	codes    []string
	payments []paymentTold
	listed   []nksxml.Transfers
}

type paymentTold struct{ id, status, code string }

// limits are those of answers: no supplier has larger ones.
func limits() nksxml.Limits { return nksxml.Limits{} }

// readAnswer reads one by the closed schema: an answer that departs from it is an error, and no answer.
func readAnswer(b []byte) (answer, error) {
	doc, err := nksxml.ReadAnswer(bytes.NewReader(b), limits())
	if err != nil {
		return answer{}, err
	}
	switch d := doc.(type) {
	case *nksxml.Receipt0:
		return answer{kind: "0", about: d.Header.RefToMessageID, at: d.Header.Timestamp, status: "0", codes: faults(d.Errors)}, nil
	case *nksxml.Receipt1:
		return answer{kind: "1", about: d.Header.RefToMessageID, at: d.Header.Timestamp, status: d.Action, codes: faults(d.Errors)}, nil
	case *nksxml.Response2:
		return answer{kind: "2", about: d.General.GroupID, at: d.Header.Timestamp, status: d.Group.Status, codes: []string{d.Group.Reason}, payments: statuses(d.Blocks)}, nil
	case *nksxml.Response5:
		return answer{kind: "5", about: d.General.GroupID, status: d.Group.Status, payments: statuses(d.Blocks)}, nil
	case *nksxml.Response7:
		return answer{kind: "7", about: d.General.GroupID, payments: statuses(d.Blocks)}, nil
	case *nksxml.Response9:
		return answer{kind: "9", about: d.General.GroupID, payments: statuses(d.Blocks)}, nil
	case *nksxml.Response8:
		a := answer{kind: "8", about: d.General.GroupID, listed: d.Blocks}
		for _, block := range d.Blocks {
			for _, t := range block.Transfers {
				a.payments = append(a.payments, paymentTold{t.EndToEndID, t.Status, ""})
			}
		}
		return a, nil
	}
	return answer{}, nil
}

func faults(all []nksxml.Fault) (codes []string) {
	for _, f := range all {
		codes = append(codes, f.Code)
	}
	return codes
}

func statuses(blocks [][]nksxml.Status) (all []paymentTold) {
	for _, s := range slices.Concat(blocks...) {
		all = append(all, paymentTold{s.EndToEndID, s.Status, s.Reason})
	}
	return all
}
