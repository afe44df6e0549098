package mailbox_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"

	"nks/gateway/door"
	"nks/gateway/door/mailbox"
	"nks/gateway/postgres"
	"nks/gateway/postgres/answer"
	"nks/gateway/postgres/pgtest"
	"nks/gateway/postgres/receive"
	"nks/sftp"
	"nks/sftp/sftptest"
)

// noon is the business time of tests that do not care for it.
var noon = time.Date(2005, 8, 11, 12, 0, 0, 0, time.UTC)

// storage is the flow behind a mailbox.
type storage struct {
	*receive.Store
	answers *answer.Store
}

func store(db *sqlx.DB) storage { return storeAt(db, noon, time.UTC) }

func storeAt(db *sqlx.DB, now time.Time, loc *time.Location) storage {
	base := postgres.NewBase(postgres.Base{DB: db, Now: func() time.Time { return now }, Location: loc, Log: zerolog.Nop()})
	return storage{&receive.Store{Base: base, Rules: receive.Rules{DocumentBytes: 8 << 20}}, &answer.Store{Base: base}}
}

func (s storage) mailbox() *mailbox.Mailbox {
	return mailbox.New(s.Store, s.answers)
}

// TestMailbox: the door's storage keeps what every mailbox promises.
func TestMailbox(t *testing.T) {
	t.Parallel()
	sftptest.TestMailbox(t, func(t *testing.T) sftptest.Subject {
		db := pgtest.New(t)
		s := store(db)
		return sftptest.Subject{Mailbox: s.mailbox(), Party: "LEVA", Other: "LEVB",
			Offer:      func(t *testing.T, party, name string, data []byte) { offer(t, s, db, party, name, data) },
			Deliveries: func(t *testing.T, party string) []sftptest.Delivery { return deliveries(t, s, db, party) }}
	})
}

// offer lays a document in a party's out/, as an answer to a delivery made for it.
func offer(t *testing.T, s storage, db *sqlx.DB, party, name string, data []byte) {
	t.Helper()
	err := s.Stage(t.Context(), door.Arrival{Door: door.Mailbox, Party: party, Key: ".offered-" + name, Size: door.Unsized, Content: bytes.NewReader(data)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), `
		WITH u AS (DELETE FROM mailbox_upload WHERE supplier = $1 AND name = '.offered-' || $2 RETURNING document_id),
		d AS (INSERT INTO delivery (id, door, supplier, arrival, transport_key, document_id, sha256, size, received_at, counts_at, month)
			SELECT month_deliveries(m) + nextval('delivery_number_' || to_char(m, 'YYYYMM')), 'mq', $1, 1, 'for ' || $2, document_id, '', 0, $3, $3, m
			FROM u, date_trunc('month', $3::timestamptz AT TIME ZONE 'UTC') t, LATERAL (SELECT t::date AS m) m RETURNING id, document_id, month),
		a AS (INSERT INTO answer (id, kind, number, delivery_id, supplier, door, file_name, made_at, document_id)
			SELECT month_ids(month) + nextval('answer_number'), 1, (SELECT count(*) + 1 FROM answer), id, $1, 'sftp', $2, $3, document_id FROM d
			RETURNING id, kind, number, delivery_id, supplier, file_name)
		INSERT INTO answer_key (answer_id, kind, number, delivery_id, supplier, file_name) SELECT * FROM a`, party, name, noon)
	if err != nil {
		t.Fatal(err)
	}
}

func deliveries(t *testing.T, s storage, db *sqlx.DB, party string) []sftptest.Delivery {
	t.Helper()
	var rows []struct {
		Key      string `db:"transport_key"`
		Document int64  `db:"document_id"`
	}
	err := db.SelectContext(t.Context(), &rows, `SELECT transport_key, document_id FROM delivery
		WHERE supplier = $1 AND door = 'sftp' ORDER BY id`, party)
	if err != nil {
		t.Fatal(err)
	}
	var all []sftptest.Delivery
	for _, r := range rows {
		all = append(all, sftptest.Delivery{Name: r.Key, Data: raw(t, s, r.Document)})
	}
	return all
}

func raw(t *testing.T, s storage, document int64) []byte {
	t.Helper()
	r, err := s.Raw(t.Context(), document)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func put(ctx context.Context, m *mailbox.Mailbox, name string) error {
	u, err := m.Create(ctx, "LEVA", name)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(u, "<a/>"+name); err != nil {
		return err
	}
	return u.Commit(ctx)
}

// TestDeliveriesOfMonths: the tables of a month are there before its first delivery.
func TestDeliveriesOfMonths(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for _, when := range []string{"2005-08-31T21:59:59Z", "2005-08-31T22:00:00Z", "2006-01-01T00:00:00Z"} {
		now, err := time.Parse(time.RFC3339, when)
		if err != nil {
			t.Fatal(err)
		}
		loc, err := time.LoadLocation("Europe/Copenhagen")
		if err != nil {
			t.Fatal(err)
		}
		if err := put(t.Context(), storeAt(db, now, loc).mailbox(), when[:13]+".xml"); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	var months string
	err := db.GetContext(t.Context(), &months, `SELECT string_agg(to_char(month, 'YYYY-MM'), ' ' ORDER BY id) FROM delivery`)
	if err != nil || months != "2005-08 2005-09 2006-01" {
		t.Errorf("deliveries of %s, %v", months, err)
	}
}

// TestSameNameInAnotherMonth: a client that has not heard OK before midnight sends again after it, straight or by rename.
func TestSameNameInAnotherMonth(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for _, c := range []struct {
		when, content string
		want          error
	}{{"2005-08-31T21:59:59Z", "<a/>", nil}, {"2005-08-31T22:00:00Z", "<a/>", nil}, {"2005-08-31T22:00:01Z", "<b/>", sftp.ErrConflict},
		{"2005-10-01T00:00:00Z", "<b/>", sftp.ErrConflict}, {"2005-10-01T00:00:00Z", "<a/>", nil}} {
		now, err := time.Parse(time.RFC3339, c.when)
		if err != nil {
			t.Fatal(err)
		}
		u, err := storeAt(db, now, time.FixedZone("CEST", 2*60*60)).mailbox().Create(t.Context(), "LEVA", "a.xml")
		if err == nil {
			_, err = io.WriteString(u, c.content)
		}
		if err == nil {
			err = u.Commit(t.Context())
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s at %s: %v, want %v", c.content, c.when, err, c.want)
		}
	}
	var found string
	err := db.GetContext(t.Context(), &found, `SELECT count(*) || ' deliveries, ' || (SELECT count(*) FROM document) || ' documents' FROM delivery`)
	if err != nil || found != "1 deliveries, 1 documents" {
		t.Errorf("%s, %v", found, err)
	}
}
