package doortest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/postgres"
	"nks/gateway/postgres/answer"
	"nks/gateway/postgres/pgtest"
	"nks/gateway/postgres/receive"
	"nks/gateway/postgres/reliable"
	"nks/schema"
)

// Limit is the size of the largest document that a stage takes.
const Limit = 8 << 20

// Stage is what stands behind a door under test: real tables, with faults between them and the door.
type Stage struct {
	// Intake takes documents in, and keeps uploads until their rename.
	Intake door.Staging
	// Collection is where answers lie, Queueing where those of a door wait for being put or sent.
	Collection door.Collection
	Queueing   func(of door.Kind) door.Queueing
	// Sequences is where reliable sequences are kept, Sendings where those to suppliers are.
	Sequences door.Sequences
	Sendings  door.Sendings

	tables *postgres.Base // through connections of the suite's own

	mu      sync.Mutex
	faults  []fault
	results []result
	heard   bytes.Buffer
	answers int
}

// noon is a stage's business time.
func noon() time.Time { return time.Date(2005, 8, 11, 12, 0, 0, 0, time.UTC) }

func newStage(t *testing.T) *Stage {
	t.Helper()
	s := &Stage{}
	created := pgtest.Create(t)
	base := postgres.Base{DB: created.Open(t, pgtest.Superuser), Now: noon, Location: time.UTC, Log: zerolog.New(heard{s})}
	s.tables = postgres.NewBase(base)
	base.DB = created.Open(t, schema.Flow)
	doors := postgres.NewBase(base)
	answers := &answer.Store{Base: doors}
	s.Intake = intake{&receive.Store{Base: doors, Rules: receive.Rules{DocumentBytes: Limit}}, s}
	s.Collection = collection{answers, s}
	s.Queueing = func(of door.Kind) door.Queueing { return queueing{answers.Outbox(of), s} }
	sequences := &reliable.Store{Base: doors, Limits: reliable.Limits{Sequences: 1000}}
	s.Sequences, s.Sendings = sequences, sequences
	return s
}

// Hear is told everything that the door says to persons: log lines, events, errors.
func (s *Stage) Hear(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard.WriteString(text + "\n")
}

// heard makes a log of Hear.
type heard struct{ stage *Stage }

func (h heard) Write(p []byte) (int, error) {
	h.stage.Hear(string(p))
	return len(p), nil
}

// fresh forgets what an earlier case has left of faults and results.
func (s *Stage) fresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.results = nil, nil
	s.heard.Reset()
}

// delivery is a row of the table, without what no door has to do with.
type delivery struct {
	ID       int64   `db:"id"`
	Document int64   `db:"document_id"`
	Size     int64   `db:"size"`
	Sent     *string `db:"sent_at"`
	Queued   *string `db:"queued_at"`
	Evidence *string `db:"evidence"`
}

// deliveries are those of a party under a key. Each door has its own way to write a key, which holds the client's.
func (s *suite) deliveries(party, key string) []delivery {
	s.Helper()
	var found []delivery
	err := s.tables.DB.SelectContext(s.ctx, &found, `SELECT id, document_id, size, sent_at::text, queued_at::text, evidence FROM delivery
		WHERE door = $1 AND supplier = $2 AND transport_key IN ($3, 'id:' || $3, $3 || '.xml') ORDER BY id`,
		s.client.Traits().Kind, party, key)
	s.check("deliveries", err)
	return found
}

// wantOne fails unless a party's document is there exactly once, byte for byte.
func (s *suite) wantOne(party, key string, body []byte) delivery {
	s.Helper()
	found := s.deliveries(party, key)
	if len(found) != 1 {
		s.Fatalf("%d deliveries of %s %s, want 1", len(found), party, key)
	}
	content, err := s.tables.Raw(s.ctx, found[0].Document)
	s.check("open", err)
	stored, err := io.ReadAll(content)
	s.check("read", err)
	s.check("close", content.Close())
	if !bytes.Equal(stored, body) || found[0].Size != int64(len(body)) {
		s.Fatalf("%s %s: %d bytes that say %d, sent %d: not the same", party, key, len(stored), found[0].Size, len(body))
	}
	return found[0]
}

func (s *suite) wantNone(party, key string) {
	s.Helper()
	if n := len(s.deliveries(party, key)); n != 0 {
		s.Fatalf("%d deliveries of %s %s, want none", n, party, key)
	}
}

// wantNothingLeft fails when bytes are stored that belong to nothing.
func (s *suite) wantNothingLeft() {
	s.Helper()
	var left string
	s.check("left", s.tables.DB.GetContext(s.ctx, &left, `SELECT count(DISTINCT d.id) || ' documents, ' || count(p.n) || ' pieces, '
			|| (SELECT count(*) FROM mailbox_upload) || ' uploads'
		FROM document d LEFT JOIN document_piece p ON p.document_id = d.id
		WHERE NOT EXISTS (SELECT 1 FROM delivery r WHERE r.document_id = d.id)
		  AND NOT EXISTS (SELECT 1 FROM answer r WHERE r.document_id = d.id)`))
	if left != "0 documents, 0 pieces, 0 uploads" {
		s.Errorf("left over: %s", left)
	}
}

// exceptions are the kinds of those raised, with their texts.
func (s *suite) exceptions() string {
	s.Helper()
	var all []string
	s.check("exceptions", s.tables.DB.SelectContext(s.ctx, &all, `SELECT kind || ': ' || subject || ': ' || detail FROM exception ORDER BY id`))
	return strings.Join(all, "\n")
}

// offer lays an answer to a delivery ready at the door; before is told the name that it will have. Later answers have
// earlier names, so that the order of names is not theirs.
func (s *suite) offer(party string, d delivery, body []byte, before ...func(name string)) string {
	s.Helper()
	s.answers++
	name := fmt.Sprintf("KVITTERING1-%010d", 1_000_000-s.answers)
	for _, f := range before {
		f(name)
	}
	document, _, err := s.tables.StoreDocument(s.ctx, s.tables.DB, body)
	s.check("store answer", err)
	_, err = s.tables.DB.ExecContext(s.ctx, `WITH made AS (
			INSERT INTO answer (id, kind, number, delivery_id, supplier, door, file_name, made_at, document_id)
			VALUES (month_ids($8::date) + nextval('answer_number'), 1, $1, $2, $3, $4, $5 || '.xml', $6, $7) RETURNING *)
		INSERT INTO answer_key (kind, number, supplier, file_name, delivery_id, answer_id)
		SELECT kind, number, supplier, file_name, delivery_id, id FROM made`,
		s.answers, d.ID, party, s.client.Traits().Kind, name, noon(), document, gateway.MonthOf(noon()).String())
	s.check("offer answer", err)
	return name
}

// waiting is how many answers of a party are not recorded as taken.
func (s *suite) waiting(party string) int {
	s.Helper()
	var n int
	s.check("waiting", s.tables.DB.GetContext(s.ctx, &n, `SELECT count(*) FROM answer WHERE supplier = $1 AND collected_at IS NULL`, party))
	return n
}

// fill leaves the database no room for more than the first piece of a document, until makeRoom.
func (s *Stage) fill(ctx context.Context) error {
	_, err := s.tables.DB.ExecContext(ctx, `
		CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$;
		CREATE TRIGGER no_room BEFORE INSERT ON document_piece FOR EACH ROW WHEN (NEW.n > 0) EXECUTE FUNCTION no_room()`)
	return err
}

func (s *Stage) makeRoom(ctx context.Context) error {
	_, err := s.tables.DB.ExecContext(ctx, `DROP TRIGGER no_room ON document_piece; DROP FUNCTION no_room()`)
	return err
}

// told is everything that the door has told persons, exceptions included.
func (s *suite) reported() string {
	s.Helper()
	raised := s.exceptions()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard.String() + raised
}
