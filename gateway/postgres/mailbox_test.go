package postgres_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/pgtest"
	"nks/sftp/sftptest"
)

// noon is the business time of tests that do not care for it.
var noon = time.Date(2005, 8, 11, 12, 0, 0, 0, time.UTC)

func store(db *sqlx.DB) *postgres.Store {
	return postgres.New(postgres.Config{DB: db, Now: func() time.Time { return noon }, Location: time.UTC, Log: zerolog.Nop(),
		Rules: postgres.Rules{DocumentBytes: 8 << 20, ReadFailuresBefore: 5}})
}

// TestMailbox: the door's storage keeps what every mailbox promises.
func TestMailbox(t *testing.T) {
	t.Parallel()
	sftptest.TestMailbox(t, func(t *testing.T) sftptest.Subject {
		db := pgtest.New(t)
		s := store(db)
		return sftptest.Subject{Mailbox: postgres.NewMailbox(s, func() {}), Party: "LEVA", Other: "LEVB",
			Offer:      func(t *testing.T, party, name string, data []byte) { offer(t, s, db, party, name, data) },
			Deliveries: func(t *testing.T, party string) []sftptest.Delivery { return deliveries(t, s, db, party) }}
	})
}

// offer lays a document in a party's out/, as an answer to a delivery made for it.
func offer(t *testing.T, s *postgres.Store, db *sqlx.DB, party, name string, data []byte) {
	t.Helper()
	u, err := s.NewUpload(t.Context(), party, ".offered-"+name, false)
	if err == nil {
		_, err = u.Write(data)
	}
	if err == nil {
		err = u.Commit(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), `
		WITH u AS (DELETE FROM mailbox_upload WHERE supplier = $1 AND name = '.offered-' || $2 RETURNING document_id),
		d AS (INSERT INTO delivery (door, supplier, transport_key, document_id, sha256, size, received_at, month)
			SELECT 'mq', $1, 'for ' || $2, document_id, '', 0, $3, '2005-08-01' FROM u RETURNING id, document_id)
		INSERT INTO answer (kind, number, delivery_id, supplier, door, file_name, made_at, document_id)
		SELECT 1, (SELECT count(*) + 1 FROM answer), id, $1, 'sftp', $2, $3, document_id FROM d`, party, name, noon)
	if err != nil {
		t.Fatal(err)
	}
}

func deliveries(t *testing.T, s *postgres.Store, db *sqlx.DB, party string) []sftptest.Delivery {
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

func raw(t *testing.T, s *postgres.Store, document int64) []byte {
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

// TestMailbox_TellsOfDeliveries: who waits for deliveries is woken by each, and by nothing else.
func TestMailbox_TellsOfDeliveries(t *testing.T) {
	t.Parallel()
	woken := 0
	m := postgres.NewMailbox(store(pgtest.New(t)), func() { woken++ })
	for _, step := range []struct {
		name string
		do   func(context.Context) error
		want int
	}{
		{"a final name", func(ctx context.Context) error { return put(ctx, m, "a.xml") }, 1},
		{"a temporary name", func(ctx context.Context) error { return put(ctx, m, ".b.tmp") }, 1},
		{"its rename", func(ctx context.Context) error { return m.Rename(ctx, "LEVA", ".b.tmp", "b.xml") }, 2},
	} {
		if err := step.do(t.Context()); err != nil || woken != step.want {
			t.Errorf("%s: woken %d times, want %d, %v", step.name, woken, step.want, err)
		}
	}
}

func put(ctx context.Context, m *postgres.Mailbox, name string) error {
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
		s := postgres.New(postgres.Config{DB: db, Now: func() time.Time { return now }, Location: loc, Log: zerolog.Nop(),
			Rules: postgres.Rules{DocumentBytes: 1 << 20}})
		if err := put(t.Context(), postgres.NewMailbox(s, func() {}), when[:13]+".xml"); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	var months string
	err := db.GetContext(t.Context(), &months, `SELECT string_agg(to_char(month, 'YYYY-MM'), ' ' ORDER BY id) FROM delivery`)
	if err != nil || months != "2005-08 2005-09 2006-01" {
		t.Errorf("deliveries of %s, %v", months, err)
	}
}

// TestStoredClock: the first start sets business time; a restart finds it, and it never goes back.
func TestStoredClock(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	machine := func() time.Time { return noon.Add(time.Hour) }
	first, err := postgres.StoredClock(t.Context(), db, machine, noon)
	if err != nil || first != -time.Hour {
		t.Fatalf("offset %s, %v", first, err)
	}
	later := func() time.Time { return noon.Add(10 * time.Hour) }
	if again, err := postgres.StoredClock(t.Context(), db, later, noon); err != nil || again != first {
		t.Errorf("a restart found %s, %v", again, err)
	}
	for _, jump := range []struct{ to, want time.Duration }{{2 * time.Hour, 2 * time.Hour}, {time.Hour, 2 * time.Hour}} {
		if err := postgres.StoreClock(t.Context(), db, jump.to, later()); err != nil {
			t.Fatal(err)
		}
		if got, err := postgres.StoredClock(t.Context(), db, later, time.Time{}); err != nil || got != jump.want {
			t.Errorf("after a jump to %s: %s, %v", jump.to, got, err)
		}
	}
}

// TestLease: one owner at a time, and each with a higher fencing number.
func TestLease(t *testing.T) {
	t.Parallel()
	s := store(pgtest.New(t))
	first, err := s.Lease(t.Context(), "B")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lease(t.Context(), "B"); !isTemporary(err) {
		t.Errorf("a second owner: %v", err)
	}
	other, err := s.Lease(t.Context(), "C")
	if err != nil {
		t.Fatalf("another bank's: %v", err)
	}
	other.Release()
	if err := first.Held(t.Context()); err != nil {
		t.Error(err)
	}
	first.Release()
	second, err := s.Lease(t.Context(), "B")
	if err != nil || second.Fence <= first.Fence {
		t.Errorf("fence %d after %d, %v", second.Fence, first.Fence, err)
	}
	second.Release()
}

// TestLease_EndsWithItsSession: who loses the database loses the connection to the bank.
func TestLease_EndsWithItsSession(t *testing.T) {
	t.Parallel()
	d := pgtest.Create(t)
	s := store(d.Open(t, "nks_flow"))
	lease, err := s.Lease(t.Context(), "B")
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Open(t, pgtest.Superuser).ExecContext(t.Context(), `SELECT pg_terminate_backend(pid, 10000) FROM pg_locks
		WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	if err != nil {
		t.Fatal(err)
	}
	if err := lease.Held(t.Context()); err == nil {
		t.Error("still held after the session's end")
	}
	next, err := s.Lease(t.Context(), "B")
	if err != nil || next.Fence <= lease.Fence {
		t.Errorf("the next owner: fence %d after %d, %v", next.Fence, lease.Fence, err)
	}
	lease.Release()
	next.Release()
}

func isTemporary(err error) bool { return err != nil && errors.Is(err, gateway.ErrTemporary) }
