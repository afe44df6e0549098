package console

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
)

// States of the ledger that a payment can be in, as page_flow gives them.
const (
	stateUnread   = "unread"
	stateRejected = "rejected"
	stateWaiting  = "waiting"
	stateFrozen   = "frozen"
	stateUnknown  = "unknown"
	stateWithBank = "with_bank"
	stateExecuted = "executed"
	stateCheque   = "cheque"
	stateReturned = "returned"
)

// flowStates is every state in the order of the flow.
func flowStates() []string {
	return []string{stateUnread, stateWaiting, stateFrozen, stateUnknown, stateWithBank, stateExecuted, stateCheque, stateReturned, stateRejected}
}

// Sum is a number of payments and their øre.
type Sum struct{ Payments, Ore int64 }

func (s Sum) plus(o Sum) Sum { return Sum{s.Payments + o.Payments, s.Ore + o.Ore} }

// tally is the sums of one authority or bank centre by state.
type tally struct {
	Key, Name string
	All       Sum
	States    map[string]Sum
}

// State is the sum of one state.
func (t tally) State(s string) Sum { return t.States[s] }

// deliveryRow is one line of the latest deliveries.
type deliveryRow struct {
	ID            int64          `db:"id"`
	Door          string         `db:"door"`
	Supplier      string         `db:"supplier"`
	Authority     sql.NullString `db:"authority"`
	AuthorityName sql.NullString `db:"authority_name"`
	State         string         `db:"state"`
	Payments      int64          `db:"payments"`
	Ore           int64          `db:"ore"`
	Size          int64          `db:"size"`
	ReceivedAt    time.Time      `db:"received_at"`
	Answers       []answerRow
}

// answerRow is an answer without what stands in it.
type answerRow struct {
	ID          int64        `db:"id"`
	Delivery    int64        `db:"delivery_id"`
	Kind        int          `db:"kind"`
	Number      int64        `db:"number"`
	Status      string       `db:"status"`
	FileName    string       `db:"file_name"`
	MadeAt      time.Time    `db:"made_at"`
	CollectedAt sql.NullTime `db:"collected_at"`
	Document    int64        `db:"document_id"`
	Excerpt     *excerpt
}

// exceptionRow is something that a person must decide.
type exceptionRow struct {
	Kind     string    `db:"kind"`
	Subject  string    `db:"subject"`
	Detail   string    `db:"detail"`
	RaisedAt time.Time `db:"raised_at"`
}

// unsureRow is an interchange of which nobody knows whether the bank has it.
type unsureRow struct {
	Bank       string    `db:"bank"`
	ControlRef int64     `db:"control_ref"`
	Payments   int64     `db:"payments"`
	Ore        int64     `db:"ore"`
	PreparedAt time.Time `db:"prepared_at"`
}

// lateRow counts what should have moved on by now.
type lateRow struct {
	What   string    `db:"what"`
	Count  int64     `db:"count"`
	Oldest time.Time `db:"oldest"`
}

// overview is everything on the first page, as of one instant.
type overview struct {
	At          time.Time // business time
	Stale       bool      // newer numbers could not be had
	All         tally
	Authorities []tally
	Banks       []tally
	Doors       []doorRow
	Unread      int64 // deliveries that have arrived and not been read
	Exceptions  []exceptionRow
	Waiting     int // exceptions in all
	Unsure      []unsureRow
	Late        []lateRow
	Deliveries  []deliveryRow
	Picture     *picture
}

// Attention tells whether a person is needed.
func (o *overview) Attention() bool { return o.Waiting > 0 || len(o.Unsure) > 0 || len(o.Late) > 0 }

// doorRow is what came through one door.
type doorRow struct {
	Door       string `db:"door"`
	Deliveries int64  `db:"deliveries"`
	Refused    int64  `db:"refused"`
}

const (
	latest         = 20 // deliveries on the first page
	mostAttention  = 50 // exceptions listed
	lateAfter      = 5 * time.Minute
	lateAtBankGate = 15 * time.Minute
)

func (s *Console) overviewPage(w http.ResponseWriter, r *http.Request) error {
	o, err := s.overviewOf(r)
	if err != nil {
		return err
	}
	refresh := refreshSeconds
	if r.URL.Query().Has("still") {
		refresh = 0 // whoever reads slowly may stop the page
	}
	return s.render(w, r, http.StatusOK, "overview", "overview.title", refresh, o)
}

// refreshSeconds is how often a browser without script loads the page again.
const refreshSeconds = 10

// livePart is what a browser with script puts in place of what it has.
func (s *Console) livePart(w http.ResponseWriter, r *http.Request) error {
	o, err := s.overviewOf(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "live", "overview.title", 0, o)
}

func (s *Console) overviewOf(r *http.Request) (*overview, error) {
	who, _, err := s.viewerOf(r.Context(), r)
	if err != nil {
		return nil, err
	}
	return s.overviews.of(who, func() (*overview, error) {
		// What many wait for must not end with the one who asked first.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), pageTime/2)
		defer cancel()
		return s.readOverview(ctx, who)
	})
}

func (s *Console) readOverview(ctx context.Context, who viewer) (*overview, error) {
	o := &overview{At: s.Now()}
	err := s.look(ctx, who, func(tx *sqlx.Tx) error {
		if err := o.readFlow(ctx, tx); err != nil {
			return err
		}
		if err := o.readAttention(ctx, tx); err != nil {
			return err
		}
		return o.readDeliveries(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("overview: %w", err)
	}
	o.Picture = draw(o)
	return o, nil
}

func (o *overview) readFlow(ctx context.Context, tx *sqlx.Tx) error {
	var rows []struct {
		Authority string         `db:"authority"`
		Name      sql.NullString `db:"name"`
		Bank      string         `db:"bank"`
		State     string         `db:"state"`
		Payments  int64          `db:"payments"`
		Ore       int64          `db:"ore"`
	}
	err := tx.SelectContext(ctx, &rows, `SELECT f.*, a.name FROM page_flow() f LEFT JOIN authority a USING (authority)
		ORDER BY f.authority, f.bank, f.state`)
	if err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	o.All = tally{States: map[string]Sum{}}
	for _, r := range rows {
		sum := Sum{r.Payments, r.Ore}
		o.All.add(r.State, sum)
		addTo(&o.Authorities, r.Authority, r.Name.String, r.State, sum)
		if r.Bank != "" {
			addTo(&o.Banks, r.Bank, r.Bank, r.State, sum)
		}
	}
	err = tx.SelectContext(ctx, &o.Doors, `SELECT door, count(*) AS deliveries, count(*) FILTER (WHERE state = 'refused') AS refused
		FROM delivery GROUP BY door ORDER BY door`)
	if err == nil {
		err = tx.GetContext(ctx, &o.Unread, `SELECT count(*) FROM delivery WHERE state = 'received'`)
	}
	if err != nil {
		return fmt.Errorf("doors: %w", err)
	}
	return nil
}

func (t *tally) add(state string, sum Sum) {
	t.All = t.All.plus(sum)
	t.States[state] = t.States[state].plus(sum)
}

func addTo(list *[]tally, key, name, state string, sum Sum) {
	for i := range *list {
		if (*list)[i].Key == key {
			(*list)[i].add(state, sum)
			return
		}
	}
	*list = append(*list, tally{Key: key, Name: name, States: map[string]Sum{}})
	(*list)[len(*list)-1].add(state, sum)
}

func (o *overview) readAttention(ctx context.Context, tx *sqlx.Tx) error {
	err := tx.SelectContext(ctx, &o.Exceptions, `SELECT kind, subject, detail, raised_at FROM exception WHERE closed_at IS NULL
		ORDER BY raised_at, id LIMIT $1`, mostAttention)
	if err == nil {
		err = tx.GetContext(ctx, &o.Waiting, `SELECT count(*) FROM exception WHERE closed_at IS NULL`)
	}
	if err == nil {
		err = tx.SelectContext(ctx, &o.Unsure, `SELECT bank, control_ref, payments, ore, prepared_at FROM interchange
			WHERE state = 'unknown' ORDER BY prepared_at, id LIMIT $1`, mostAttention)
	}
	if err != nil {
		return fmt.Errorf("exceptions: %w", err)
	}
	err = tx.SelectContext(ctx, &o.Late, `
		SELECT 'late.read' AS what, count(*), min(received_at) AS oldest FROM delivery WHERE state = 'received' AND received_at < $1 HAVING count(*) > 0
		UNION ALL SELECT 'late.check', count(*), min(read_at) FROM delivery WHERE state = 'read' AND read_at < $1 HAVING count(*) > 0
		UNION ALL SELECT 'late.release', count(*), min(release_at) FROM release_group WHERE state = 'waiting' AND release_at < $1 HAVING count(*) > 0
		UNION ALL SELECT 'late.send', count(*), min(prepared_at) FROM interchange
			WHERE state IN ('frozen', 'rendered', 'sending', 'publishing') AND prepared_at < $2 HAVING count(*) > 0`,
		o.At.Add(-lateAfter), o.At.Add(-lateAtBankGate))
	if err != nil {
		return fmt.Errorf("late: %w", err)
	}
	return nil
}

func (o *overview) readDeliveries(ctx context.Context, tx *sqlx.Tx) error {
	err := tx.SelectContext(ctx, &o.Deliveries, `SELECT d.id, d.door, d.supplier, d.authority, a.name AS authority_name, d.state, d.payments, d.ore,
			d.size, d.received_at
		FROM delivery d LEFT JOIN authority a ON a.authority = d.authority ORDER BY d.id DESC LIMIT $1`, latest)
	if err != nil {
		return fmt.Errorf("deliveries: %w", err)
	}
	ids := make([]int64, len(o.Deliveries))
	at := map[int64]int{}
	for i, d := range o.Deliveries {
		ids[i], at[d.ID] = d.ID, i
	}
	var answers []answerRow
	err = tx.SelectContext(ctx, &answers, `SELECT `+answerColumns+` FROM answer WHERE delivery_id = ANY ($1::bigint[]) ORDER BY id LIMIT 1000`, ids)
	if err != nil {
		return fmt.Errorf("answers: %w", err)
	}
	for _, a := range answers {
		d := &o.Deliveries[at[a.Delivery]]
		d.Answers = append(d.Answers, a)
	}
	return nil
}

const answerColumns = `id, delivery_id, kind, number, status, file_name, made_at, collected_at, document_id`

// keepFor is how long an overview serves everybody who asks for it.
const keepFor = time.Second

// overviews keeps the latest overview of each viewer, so that many who look cost no more than one.
type overviews struct {
	mu      sync.Mutex
	list    []viewer
	listed  time.Time
	viewers map[string]*kept
}

type kept struct {
	mu   sync.Mutex
	made time.Time
	last *overview
}

func newOverviews() *overviews { return &overviews{viewers: map[string]*kept{}} }

// authorities are those that may be looked as.
func (c *overviews) authorities(read func() ([]viewer, error)) ([]viewer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.listed) < 5*keepFor && len(c.list) > 0 {
		return c.list, nil
	}
	list, err := read()
	if err != nil {
		return nil, err
	}
	c.list, c.listed = list, time.Now()
	return list, nil
}

// of gives the overview of a viewer: a young one, else one that is read now, else, when that fails, the last that could
// be read, with its time.
func (c *overviews) of(v viewer, read func() (*overview, error)) (*overview, error) {
	c.mu.Lock()
	k := c.viewers[v.Authority]
	if k == nil {
		k = &kept{}
		c.viewers[v.Authority] = k
	}
	c.mu.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last != nil && !k.last.Stale && time.Since(k.made) < keepFor {
		return k.last, nil
	}
	o, err := read()
	if err != nil {
		if k.last == nil {
			return nil, err
		}
		old := *k.last
		old.Stale = true
		k.last = &old
		return k.last, nil
	}
	k.last, k.made = o, time.Now()
	return o, nil
}
