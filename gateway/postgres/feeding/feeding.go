// Package feeding takes the feeds of the registers of persons and companies that come by the doors. It writes register_feed and
// register_feed_rejected, by register/feed. // B38
package feeding

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register/feed"
)

// Store takes feeds. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Answers *postgres.Answers
	// From are the data suppliers that may send the files of each source.
	From map[feed.Source]string
}

// Request answers feeds.
func (s *Store) Request() postgres.Request {
	return postgres.Request{Kind: gateway.RequestFeed, Answer: s.answer, Matches: func(head []byte) bool {
		return feed.MatchesCSV(head) || postgres.RootOf(head).Space == feed.Namespace
	}}
}

func (s *Store) answer(ctx context.Context, x *postgres.Session, d postgres.Delivery, content io.Reader) (postgres.RequestHead, error) {
	r, err := feed.Open(content)
	of := feed.Head{}
	if r != nil {
		of = r.Head()
	}
	if err == nil && s.From[of.Source] != d.Supplier {
		err = &feed.FormError{Line: 1, Text: fmt.Sprintf("the files of %s are not sent by this data supplier", of.Source)}
	}
	taken := feed.Taken{Head: of}
	if err == nil {
		taken, err = feed.Apply(ctx, x, r, feed.By{Now: s.Now, Location: s.Location, SHA256: d.SHA256, Delivery: d.ID})
	}
	head := postgres.RequestHead{}
	if of.Number > 0 {
		head.MessageID = fmt.Sprintf("%s %d", of.Source, of.Number)
	}
	bad, form := errors.AsType[*feed.FormError](err)
	switch {
	case form:
		return head, s.refusal(head, answer{Line: bad.Line, Rule: bad.Text}, of)
	case errors.Is(err, feed.ErrOrder):
		return head, s.refusal(head, answer{Rule: err.Error()}, of)
	case err != nil:
		return head, err
	}
	a := answer{Status: gateway.StatusAccepted, Changes: taken.Changes, Done: taken.Done, Counter: taken.Counter, Again: taken.Again}
	for _, l := range taken.Left {
		a.Status = gateway.StatusPartly
		a.Left = append(a.Left, rejected(l))
	}
	return head, s.write(ctx, x, d, a, of)
}

// refusal has a file refused as a whole.
func (s *Store) refusal(head postgres.RequestHead, a answer, of feed.Head) error {
	a.Status = gateway.StatusRejected
	return &postgres.RefusedRequest{Head: head, Why: a.Rule, Write: func(ctx context.Context, x *postgres.Session, d postgres.Delivery) error {
		return s.write(ctx, x, d, a, of)
	}}
}

// answer is what the sender of a file hears.
type answer struct {
	XMLName xml.Name   `xml:"urn:nks:register-feed:1 RegisterFeedAnswer"`
	ID      string     `xml:"id,attr"`
	Source  string     `xml:"source,attr,omitempty"`
	Number  int64      `xml:"number,attr,omitempty"`
	Status  string     `xml:"status,attr"`
	Line    int        `xml:"line,attr,omitempty"`
	Rule    string     `xml:"rule,attr,omitempty"`
	Changes int        `xml:"changes,attr"`
	Done    int        `xml:"done,attr"`
	Counter int64      `xml:"counter,attr"`
	Again   bool       `xml:"again,attr,omitempty"`
	Left    []rejected `xml:"Rejected"`
}

type rejected struct {
	Number int    `xml:"n,attr"`
	Rule   string `xml:"rule,attr"`
}

func (s *Store) write(ctx context.Context, x *postgres.Session, d postgres.Delivery, a answer, of feed.Head) error {
	return s.Answers.Write(ctx, x, d, gateway.ResponseRegister, s.Now(), func(to io.Writer, head gateway.Answer) (string, error) {
		a.ID, a.Source, a.Number = head.ID(), string(of.Source), of.Number
		if !of.Source.IsKnown() {
			a.Source = ""
		}
		_, err := io.WriteString(to, xml.Header)
		if err == nil {
			err = xml.NewEncoder(to).Encode(a)
		}
		return a.Status, err
	})
}
