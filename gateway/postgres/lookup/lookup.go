// Package lookup answers private payers that ask for the accounts of whom they will pay. It writes lookup and lookup_count. // B42 // B37.2 // B43
package lookup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/language"

	"nks/gateway"
	"nks/gateway/nksxml"
	"nks/gateway/postgres"
	"nks/gateway/puxml"
	"nks/register"
)

// Store answers. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Answers *postgres.Answers
}

// Request answers documents of requests.
func (s *Store) Request() postgres.Request {
	return postgres.Request{Kind: gateway.RequestLookups, Answer: s.answer, Matches: func(head []byte) bool {
		root := postgres.RootOf(head)
		return root.Local == puxml.Root && root.Space == puxml.Namespace()
	}}
}

func (s *Store) answer(ctx context.Context, x *postgres.Session, d postgres.Delivery, content io.Reader) (postgres.RequestHead, error) {
	r := puxml.NewReader(content)
	h, err := r.Header()
	head := postgres.RequestHead{MessageID: h.Group}
	if err != nil {
		return head, s.invalid(head, h, err)
	}
	now := s.Now()
	agreement, err := register.FindPrivateAgreement(ctx, x, h.Agreement, now)
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		return head, s.unknown(head, h, "there is no such agreement")
	case err != nil:
		return head, err
	case agreement.Supplier != d.Supplier || agreement.System != h.System:
		return head, s.unknown(head, h, "the agreement is of another supplier or system")
	}
	var all []puxml.Request
	for {
		q, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return head, s.invalid(head, h, err)
		}
		if !agreement.Covers(q.Requester) {
			return head, s.unknown(head, h, "the agreement does not cover a requester")
		}
		all = append(all, q)
	}
	return head, s.lookUp(ctx, x, d, h, all, now)
}

// invalid refuses a document that is not in its form; any other error is the gateway's own.
func (s *Store) invalid(head postgres.RequestHead, h puxml.Header, err error) error {
	bad, form := errors.AsType[*nksxml.Error](err)
	if !form {
		return err
	}
	return s.refuse(head, bad.Error(), func(a *puxml.Writer) { a.Invalid(h, bad.Error()) })
}

// unknown refuses a document whose agreement does not count. Its sender hears no more than that.
func (s *Store) unknown(head postgres.RequestHead, h puxml.Header, why string) error {
	return s.refuse(head, why, func(a *puxml.Writer) { a.Unknown(h) })
}

func (s *Store) refuse(head postgres.RequestHead, why string, say func(*puxml.Writer)) error {
	return &postgres.RefusedRequest{Head: head, Why: why, Write: func(ctx context.Context, x *postgres.Session, d postgres.Delivery) error {
		return s.write(ctx, x, d, gateway.StatusRejected, say)
	}}
}

func (s *Store) write(ctx context.Context, x *postgres.Session, d postgres.Delivery, status string, say func(*puxml.Writer)) error {
	return s.Answers.Write(ctx, x, d, gateway.ResponseLookups, s.Now(), func(w io.Writer, _ gateway.Answer) (string, error) {
		a := puxml.NewWriter(w)
		say(a)
		return status, a.End()
	})
}

// lookUp answers all requests of a document: by the NemKonto alone, as for a payer that has said nothing of emigrated holders and P numbers. Who is
// unknown, dead, has emigrated or has no account is told the same way.
func (s *Store) lookUp(ctx context.Context, x *postgres.Session, d postgres.Delivery, h puxml.Header, all []puxml.Request, now time.Time) error {
	asked := make([]register.Asked, len(all))
	for i, q := range all {
		n, err := q.Holder.Number()
		if err != nil {
			return fmt.Errorf("request %d: %w", i+1, err)
		}
		asked[i] = register.Asked{Kind: q.Holder.Kind, Number: n}
	}
	var found []register.Found
	err := x.Raw(func(conn *pgx.Conn) (err error) {
		found, err = register.Find(ctx, conn, asked, now)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.keep(ctx, x, d, h.Agreement, all, asked, found, now); err != nil {
		return fmt.Errorf("lookups of delivery %d: %w", d.ID, err)
	}
	at := now.UTC().Format("2006-01-02T15:04:05Z")
	return s.write(ctx, x, d, gateway.StatusAccepted, func(a *puxml.Writer) {
		a.Header(h)
		for i, q := range all {
			a.Response(respond(q, found[i], at))
		}
	})
}

// respond tells of the account that was found.
func respond(q puxml.Request, f register.Found, at string) puxml.Response {
	r := puxml.Response{Request: q, At: at}
	switch f.Account.Kind {
	case gateway.DomesticBBAN:
		r.Domestic = f.Account.Number
	case gateway.IBANAccount, gateway.ForeignAccount:
		b := f.Beneficiary
		r.Foreign = &puxml.Foreign{BIC: f.Account.BIC, BankCode: f.Account.BankCode, Currency: f.Currency, BankCountry: alpha3(b.BankCountry), HolderCountry: alpha3(b.Country),
			BankLines: [3]string{b.BankName, line(b.BankAddressLines, 0), line(b.BankAddressLines, 1)}, HolderLines: [3]string{b.Name, line(b.AddressLines, 0), line(b.AddressLines, 1)}}
		if f.Account.Kind == gateway.IBANAccount {
			r.Foreign.IBAN = f.Account.Number
		} else {
			r.Foreign.Account = f.Account.Number
		}
	}
	return r
}

func line(lines []string, n int) string {
	if n < len(lines) {
		return lines[n]
	}
	return ""
}

// alpha3 is a country of two letters in three; empty where there is none such.
func alpha3(country string) string {
	region, err := language.ParseRegion(country)
	if err != nil {
		return ""
	}
	return region.ISO3()
}

// keep records who asked for whose account, for the person that it is about, and counts it.
func (s *Store) keep(ctx context.Context, x *postgres.Session, d postgres.Delivery, agreement string, all []puxml.Request, asked []register.Asked, found []register.Found, now time.Time) error {
	n := len(all)
	kinds, requesterKinds := make([]int16, n), make([]int16, n)
	ids, requesters, versions := make([]int64, n), make([]int64, n), make([]int64, n)
	references := make([]string, n)
	for i, q := range all {
		requester, err := q.Requester.Number()
		if err != nil {
			return fmt.Errorf("request %d: %w", i+1, err)
		}
		kinds[i], ids[i], requesterKinds[i], requesters[i] = int16(asked[i].Kind), asked[i].Number, int16(q.Requester.Kind), requester
		versions[i], references[i] = found[i].FoundAccount.Version, q.Reference
	}
	_, err := x.ExecContext(ctx, `INSERT INTO lookup (delivery_id, n, holder_id, holder_kind, requester_kind, requester, found, version, asked_at, agreement, reference)
		SELECT $1, n, holder_id, holder_kind, requester_kind, requester, version <> 0, nullif(version, 0), $2, $3, reference
		FROM unnest($4::bigint[], $5::smallint[], $6::smallint[], $7::bigint[], $8::bigint[], $9::text[]) WITH ORDINALITY
			AS r (holder_id, holder_kind, requester_kind, requester, version, reference, n)`,
		d.ID, now, agreement, ids, kinds, requesterKinds, requesters, versions, references)
	if err == nil {
		_, err = x.ExecContext(ctx, `INSERT INTO lookup_count AS c (agreement, requester_kind, requester, month, asked, found)
			SELECT agreement, requester_kind, requester, $2::date, count(*), count(*) FILTER (WHERE found) FROM lookup WHERE delivery_id = $1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
			ON CONFLICT (agreement, requester_kind, requester, month) DO UPDATE SET asked = c.asked + excluded.asked, found = c.found + excluded.found`,
			d.ID, gateway.MonthOf(now.In(s.Location)).String())
	}
	return err
}
