// Package watch looks at the flow for those who operate it: depths and ages, and what happened since the last
// look. It writes nothing.
package watch

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Store looks. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Days  gateway.Days
	Banks postgres.Centres
}

// Reader reads.
type Reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

//go:embed sql/deliveries.sql
var deliveriesQuery string

//go:embed sql/groups.sql
var groupsQuery string

//go:embed sql/interchanges.sql
var interchangesQuery string

//go:embed sql/bank_files.sql
var bankFilesQuery string

//go:embed sql/answers_due.sql
var answersDueQuery string

//go:embed sql/answers_uncollected.sql
var answersUncollectedQuery string

//go:embed sql/exceptions.sql
var exceptionsQuery string

//go:embed sql/send_by.sql
var sendByQuery string

// gauges are read by one query: text columns for the labels, then a number for each name.
type gauges struct {
	labels  []string
	columns [][2]string // name and help
	query   string
	args    func(banks gateway.BankCentres, now time.Time) []any
}

// other stands for a bank centre that is not configured.
const other = "other"

func withBanks(banks gateway.BankCentres, now time.Time) []any {
	return []any{now, append(banks.IDs(), other)}
}

func withNow(_ gateway.BankCentres, now time.Time) []any { return []any{now} }

// sampled is everything that a sample reads. No query reads payments or orders, and each keeps to what is in hand by a
// partial index, or to a table that grows with files and not with payments. Every label value has a row, zero as well:
// what is absent cannot be watched.
func sampled() []gauges {
	return []gauges{
		{[]string{"state"}, [][2]string{
			{"nks_deliveries_waiting", "Deliveries to be read (received) or checked (read)."},
			{"nks_deliveries_oldest_seconds", "Age of the oldest of them, in business time."},
			{"nks_deliveries_set_aside", "Those of them that failed too often and wait for a person."},
		}, deliveriesQuery, withNow},
		{[]string{"bank", "due"}, [][2]string{
			{"nks_groups_waiting", "Groups of payments that wait for their release."},
			{"nks_payments_waiting", "Payments in them."},
			{"nks_payments_waiting_ore", "Amount of them, in øre."},
			{"nks_release_overdue_seconds", "How long ago the oldest of them was to be released; 0 where none is due."},
		}, groupsQuery, withBanks},
		{[]string{"bank", "state"}, [][2]string{
			{"nks_interchanges", "Interchanges in hand: on their way to the bank, of unknown outcome, or sent and without CONTRL (awaiting_contrl)."},
			{"nks_interchange_payments", "Payments in them."},
			{"nks_interchange_ore", "Amount of them, in øre."},
			{"nks_interchange_oldest_seconds", "Age of the oldest of them since it was frozen, or since it was sent where CONTRL is awaited."},
		}, interchangesQuery, withBanks},
		{[]string{"bank"}, [][2]string{
			{"nks_bank_files_waiting", "Files from the bank that have not been matched."},
			{"nks_bank_files_oldest_seconds", "Age of the oldest of them."},
			{"nks_bank_lease_fence", "Fencing number of the owner of the connection; it grows with every owner."},
		}, bankFilesQuery, withBanks},
		{[]string{"kind"}, [][2]string{
			{"nks_answers_due", "Payments that responses (5, 7, 8, 9) must still tell of."},
			{"nks_answers_due_oldest_seconds", "Age of the oldest of them."},
		}, answersDueQuery, withNow},
		{[]string{"door"}, [][2]string{
			{"nks_answers_uncollected", "Answers that lie ready and that nobody has collected."},
			{"nks_answers_uncollected_oldest_seconds", "Age of the oldest of them."},
		}, answersUncollectedQuery, withNow},
		{[]string{"kind"}, [][2]string{
			{"nks_exceptions_open", "Exceptions that wait for a person."},
			{"nks_exceptions_oldest_seconds", "Age of the oldest of them."},
		}, exceptionsQuery,
			func(_ gateway.BankCentres, now time.Time) []any { return []any{now, gateway.ExceptionKinds()} }},
		{nil, [][2]string{
			{"nks_uploads_staged", "Complete uploads in a mailbox under a temporary name, which are no deliveries until they are renamed."},
			{"nks_uploads_staged_oldest_seconds", "Age of the oldest of them."},
			{"nks_uploads_staged_bytes", "Bytes of them."},
			{"nks_uploads_staged_most", "Those of the supplier that has the most of them."},
			{"nks_uploads_staged_most_bytes", "Bytes of the supplier that has the most bytes of them."},
		}, `SELECT coalesce(sum(n), 0)::bigint, extract(epoch FROM $1 - min(oldest))::bigint, coalesce(sum(bytes), 0)::bigint, max(n), max(bytes) FROM (
				SELECT count(*) AS n, min(u.made_at) AS oldest, sum(d.size)::bigint AS bytes
				FROM mailbox_upload u JOIN document d ON d.id = u.document_id GROUP BY u.supplier) s`, withNow},
		{nil, [][2]string{
			{"nks_documents_arriving", "Documents that are not complete: they arrive, or broke off with their process and are dropped after a day."},
			{"nks_documents_arriving_oldest_seconds", "Age of the oldest of them."},
		}, `SELECT count(*), extract(epoch FROM $1 - min(made_at))::bigint FROM document
			WHERE sha256 IS NULL AND id >= (SELECT month_ids(first_open()))`, withNow},
		{nil, [][2]string{
			{"nks_messages_parked", "Messages of queues that were not taken and wait for persons."},
			{"nks_messages_parked_oldest_seconds", "Age of the oldest of them, since it was parked."},
		}, `SELECT count(*), extract(epoch FROM $1 - min(parked_at))::bigint FROM parked_message WHERE state = 'parked'`, withNow},
		{nil, [][2]string{
			{"nks_audit_waiting", "Entries of the log that wait for their place in the tree."},
			{"nks_audit_oldest_seconds", "Age of the oldest of them, by the database's clock, since it was written."},
			{"nks_audit_entries", "Entries in the signed tree."},
		}, `SELECT count(*), extract(epoch FROM clock_timestamp() - min(recorded_at))::bigint, (SELECT max(size) FROM audit_checkpoint)
			FROM audit_entry WHERE place IS NULL`,
			func(gateway.BankCentres, time.Time) []any { return nil }},
	}
}

// The operator's question at 05:50: will we make it?
const (
	sendBySeconds  = "nks_send_by_seconds"
	sendByPayments = "nks_send_by_payments"
	sendByOre      = "nks_send_by_ore"
)

// Instruments are what Sample and a Follower read.
func Instruments() []gateway.Instrument {
	all := []gateway.Instrument{
		{Kind: gateway.Gauge, Name: sendBySeconds, Help: "Business seconds to the bank's next send-by.", Labels: []string{"bank"}},
		{Kind: gateway.Gauge, Name: sendByPayments, Help: "Payments that must leave by then and have not been sent.", Labels: []string{"bank"}},
		{Kind: gateway.Gauge, Name: sendByOre, Help: "Amount of them, in øre.", Labels: []string{"bank"}},
	}
	for _, g := range sampled() {
		for _, c := range g.columns {
			all = append(all, gateway.Instrument{Kind: gateway.Gauge, Name: c[0], Help: c[1], Labels: g.labels})
		}
	}
	return append(all, followed()...)
}

// Sample reads what is in hand now: depths and ages. It reads nothing that grows with the number of payments.
func (s *Store) Sample(ctx context.Context, db Reader) ([]gateway.Reading, error) {
	now := s.Now()
	banks, err := s.Banks.Known(ctx, db)
	if err != nil {
		return nil, err
	}
	var all []gateway.Reading
	for _, g := range sampled() {
		readings, err := g.read(ctx, db, g.args(banks, now))
		if err != nil {
			return nil, fmt.Errorf("sample %s: %w", g.columns[0][0], err)
		}
		all = append(all, readings...)
	}
	for _, id := range banks.IDs() {
		b, err := banks.Serving(id, now)
		if err != nil {
			continue // it is still to come
		}
		readings, err := s.sampleSendBy(ctx, db, b, now)
		if err != nil {
			return nil, fmt.Errorf("sample send-by of %s: %w", b.ID, err)
		}
		all = append(all, readings...)
	}
	return all, nil
}

func (g gauges) read(ctx context.Context, db Reader, args []any) (all []gateway.Reading, err error) {
	rows, err := db.QueryContext(ctx, g.query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		labels, numbers := make([]string, len(g.labels)), make([]sql.NullInt64, len(g.columns))
		into := make([]any, 0, len(labels)+len(numbers))
		for i := range labels {
			into = append(into, &labels[i])
		}
		for i := range numbers {
			into = append(into, &numbers[i])
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for i, c := range g.columns {
			all = append(all, gateway.Reading{Name: c[0], Labels: labels, Value: numbers[i].Int64})
		}
	}
	return all, rows.Err()
}

// sampleSendBy counts what must leave by the bank's next send-by: interchanges that are not sent, and groups that are
// to be released until then.
func (s *Store) sampleSendBy(ctx context.Context, db Reader, b gateway.BankCentre, now time.Time) ([]gateway.Reading, error) {
	controls, err := postgres.NightControls(ctx, db, now.In(s.Location))
	if err != nil {
		return nil, err
	}
	by := s.Days.BankTerms(b, controls).NextSendBy(now)
	g := gauges{labels: []string{"bank"}, columns: [][2]string{{sendByPayments}, {sendByOre}}, query: sendByQuery}
	all, err := g.read(ctx, db, []any{b.ID, by})
	return append(all, gateway.Reading{Name: sendBySeconds, Labels: []string{b.ID}, Value: int64(by.Sub(now).Seconds())}), err
}
