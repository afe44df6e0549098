// Package restore holds the database against the journals outside of it: one that was set back to an earlier moment knows less than
// they do. Then the gateway is quiet, until what is missing was taken in.
package restore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/journal"
)

// Store compares and takes in. Safe for concurrent use.
type Store struct {
	*postgres.Base
	// Directories are where the journals of all nodes are.
	Directories []string
	Flow        Flow
	Keep        time.Duration // how long this node's journal keeps what it has; 0: for ever

	mu            sync.Mutex
	marked, again time.Time
}

// Unknown is what the journals say that the database does not know.
type Unknown struct {
	Records []journal.Record
	// Missing are nodes whose journal is not to be seen, Damaged is why one cannot be read.
	Missing []string
	Damaged error
	// short are those whose journal has forgotten what the database does not know.
	short []short

	all []journal.Record // also what the database knows, without its facts
}

// unseen says what of the journals is not to be seen; "" when all of them are.
func (u Unknown) unseen() string {
	var why []string
	if len(u.Missing) > 0 {
		why = append(why, "the journal of "+strings.Join(u.Missing, ", ")+" is not there")
	}
	for _, e := range u.short {
		why = append(why, e.why())
	}
	if u.Damaged != nil {
		why = append(why, u.Damaged.Error())
	}
	return strings.Join(why, "; ")
}

// Why says it in one line; "" when the database knows everything.
func (u Unknown) Why() string {
	var why []string
	if unseen := u.unseen(); unseen != "" {
		why = append(why, unseen)
	}
	counts := map[journal.Kind]int{}
	for _, r := range u.Records {
		counts[r.Kind]++
	}
	for _, k := range checks() {
		if n := counts[k.kind]; n > 0 {
			why = append(why, fmt.Sprintf("%d of kind %s are in the journal and not in the database", n, k.kind))
		}
	}
	if len(why) == 0 {
		return ""
	}
	return strings.Join(why, "; ") + ": nks recover"
}

// check is what must be in the database of a record: a condition about w.facts.
type check struct {
	kind  journal.Kind
	there string
}

// journalBegun is the first record of each journal: one without it is not there.
const journalBegun journal.Kind = "begun"

// checks are in the order in which missing things are taken in. What was of a month that is dropped is known.
func checks() []check {
	return []check{
		{postgres.JournalDelivery, `SELECT FROM delivery d WHERE d.id = (w.facts->>'id')::bigint AND d.sha256 = (w.facts->>'sha256')::bytea
			UNION ALL SELECT WHERE (w.facts->>'id')::bigint < month_deliveries(first_kept())`},
		{postgres.JournalParked, `SELECT FROM parked_message p WHERE p.id = (w.facts->>'id')::bigint AND p.sha256 = (w.facts->>'sha256')::bytea`},
		{postgres.JournalSending, `SELECT FROM interchange i LEFT JOIN document c ON c.id = i.document_id WHERE i.bank = w.facts->>'bank' AND i.control_ref = (w.facts->>'control_ref')::bigint
			AND i.version = (w.facts->>'version')::int AND i.attempt >= (w.facts->>'attempt')::int AND i.may_be_out_since IS NOT NULL
			AND (c.sha256 = (w.facts->>'sha256')::bytea OR c.id IS NULL AND i.month < first_kept())`},
		{postgres.JournalSent, `SELECT FROM interchange i WHERE i.bank = w.facts->>'bank' AND i.control_ref = (w.facts->>'control_ref')::bigint
			AND i.version = (w.facts->>'version')::int AND i.state = 'sent'`},
		{postgres.JournalBankFile, `SELECT FROM bank_file_key k WHERE k.bank = w.facts->>'bank' AND k.name = w.facts->>'name' AND k.sha256 = (w.facts->>'sha256')::bytea`},
		{postgres.JournalAnswer, `SELECT FROM answer_key k WHERE k.kind = (w.facts->>'kind')::smallint AND k.number = (w.facts->>'number')::bigint
			AND k.delivery_id = (w.facts->>'delivery_id')::bigint AND k.file_name = w.facts->>'file_name'`},
		{postgres.JournalDecision, `SELECT FROM decision d JOIN decision_step s ON s.decision_id = d.id AND s.step = 'executed'
			WHERE d.id = (w.facts->>'id')::bigint AND encode(d.hash, 'hex') = w.facts->>'hash'`},
	}
}

// page is how many records are asked for at a time.
const page = 5000

// Compare holds the database against every journal, and sets whether the gateway is quiet.
func (s *Store) Compare(ctx context.Context) (Unknown, error) {
	u, err := s.unknown(ctx)
	if err != nil {
		return u, fmt.Errorf("compare with the journals: %w", err)
	}
	why := u.Why()
	s.Quiet.Set(why)
	if why != "" {
		return u, s.RaiseDetailAlone(ctx, gateway.DatabaseSetBack, setBack, gateway.DetailSetBack.With(why))
	}
	return u, s.Transact(ctx, "not quiet", func(x *postgres.Session) error {
		return s.Close(ctx, x, gateway.DatabaseSetBack, setBack, postgres.ClosedByFlow)
	})
}

// setBack is what the exception is about.
const setBack = "journal"

// Next compares anew while the gateway is quiet: who takes in what is missing is another process.
func (s *Store) Next(ctx context.Context) (bool, error) {
	if s.Quiet.Why() == "" {
		return false, nil
	}
	_, err := s.Compare(ctx)
	return false, err
}

func (s *Store) unknown(ctx context.Context) (u Unknown, err error) {
	var listed []string
	if err := s.DB.SelectContext(ctx, &listed, `SELECT node FROM journal_node WHERE lost_at IS NULL ORDER BY node`); err != nil {
		return u, postgres.Transient(err)
	}
	found, err := journal.Nodes(s.Directories...)
	if err != nil {
		return u, err
	}
	nodes := slices.Concat(listed, found)
	slices.Sort(nodes)
	var all []journal.Record
	var floors []short
	for _, node := range slices.Compact(nodes) {
		records, err := journal.Read(node, s.Directories...)
		if err != nil && !errors.Is(err, journal.ErrCorrupt) {
			return u, err
		}
		u.Damaged = errors.Join(u.Damaged, err)
		if len(records) == 0 && slices.Contains(listed, node) {
			u.Missing = append(u.Missing, node)
		}
		floor, err := journal.FloorOf(records)
		if err != nil {
			return u, err
		}
		if !floor.To.IsZero() {
			floors = append(floors, short{node, floor.To})
		}
		all = append(all, records...)
	}
	if u.short, err = s.tooShort(ctx, floors); err != nil {
		return u, err
	}
	slices.SortStableFunc(all, func(a, b journal.Record) int { return a.At.Compare(b.At) }) // of several nodes
	u.all = all
	left, err := s.left(ctx)
	if err != nil {
		return u, err
	}
	half, err := s.half(ctx)
	if err != nil {
		return u, err
	}
	for _, k := range checks() {
		var of []journal.Record
		for _, r := range all {
			if r.Kind == k.kind && !left[r.Name()] {
				of = append(of, r)
			}
		}
		for part := range slices.Chunk(of, page) {
			loaded, err := journal.Load(part)
			if err != nil {
				return u, err
			}
			missing, err := s.missing(ctx, k, loaded)
			if err != nil {
				return u, err
			}
			u.Records = append(u.Records, missing...)
			for _, r := range loaded {
				if half[r.Name()] && !slices.ContainsFunc(missing, func(m journal.Record) bool { return m.Name() == r.Name() }) {
					u.Records = append(u.Records, r)
				}
			}
		}
	}
	return u, nil
}

// left are the records that the database goes on without, by name.
func (s *Store) left(ctx context.Context) (map[string]bool, error) {
	var names []string
	if err := s.DB.SelectContext(ctx, &names, `SELECT kind || ' ' || key FROM journal_left`); err != nil {
		return nil, postgres.Transient(err)
	}
	left := make(map[string]bool, len(names))
	for _, name := range names {
		left[name] = true
	}
	return left, nil
}

// half are the answers that are here, and not yet what they have told, by name: somebody broke off while it was taken in.
func (s *Store) half(ctx context.Context) (map[string]bool, error) {
	var names []string
	err := s.DB.SelectContext(ctx, &names, `SELECT subject FROM exception WHERE kind = $1 AND subject LIKE $2 || ' %' AND closed_at IS NULL`,
		gateway.JournalNotTaken, string(postgres.JournalAnswer))
	if err != nil {
		return nil, postgres.Transient(err)
	}
	half := make(map[string]bool, len(names))
	for _, name := range names {
		half[name] = true
	}
	return half, nil
}

// missing are the records that the database does not know.
func (s *Store) missing(ctx context.Context, k check, records []journal.Record) ([]journal.Record, error) {
	facts := make([]json.RawMessage, len(records))
	for i, r := range records {
		facts[i] = r.Facts
	}
	all, err := json.Marshal(facts)
	if err != nil {
		return nil, err
	}
	var places []int
	err = s.DB.SelectContext(ctx, &places, `SELECT w.n FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY w (facts, n) WHERE NOT EXISTS (`+k.there+`) ORDER BY 1`, string(all))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.kind, postgres.Transient(err))
	}
	var missing []journal.Record
	for _, n := range places {
		missing = append(missing, records[n-1])
	}
	return missing, nil
}

// Known asks on one connection, as it is made, whether the newest things that the journal has are there. ErrSetBack: they are not.
func Known(ctx context.Context, conn *pgx.Conn, newest []journal.Record) error {
	for _, k := range checks() {
		for _, r := range newest {
			if r.Kind != k.kind {
				continue
			}
			var there bool
			err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM (SELECT $1::jsonb) w (facts) WHERE EXISTS (`+k.there+`))`, string(r.Facts)).Scan(&there)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			if !there {
				return fmt.Errorf("%w: %s %s", ErrSetBack, r.Kind, r.Key)
			}
		}
	}
	return nil
}

// ErrSetBack: the database does not know what this process has recorded in the journal.
var ErrSetBack = fmt.Errorf("the database was set back: %w", gateway.ErrTransient)

// LockNode locks a node that is to keep a journal; gateway.ErrNotFound: there is none of that name.
func (s *Store) LockNode(ctx context.Context, x *postgres.Session, node string) (id int64, err error) {
	err = x.GetContext(ctx, &id, `SELECT id FROM journal_node WHERE node = $1 AND lost_at IS NULL FOR UPDATE`, node)
	if errors.Is(err, sql.ErrNoRows) {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("node %q that keeps a journal: %w", node, err)
	}
	return id, nil
}

// LoseNode ends that a node's journal is missed, by a decision.
func (s *Store) LoseNode(ctx context.Context, x *postgres.Session, id, decision int64) error {
	return x.UpdateOne(ctx, `UPDATE journal_node SET lost_at = $2, decision = $3 WHERE id = $1 AND lost_at IS NULL`, id, s.Now(), decision)
}
