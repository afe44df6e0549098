package restore

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/journal"
	"nks/pgscript"
)

// frozen is the record of what was frozen in an interchange.
type frozen struct {
	journal.Record
	at    int // its place among all records
	facts struct {
		Interchange struct {
			ID          int64     `json:"id"`
			Kind        string    `json:"kind"`
			Bank        string    `json:"bank"`
			ControlRef  int64     `json:"control_ref"`
			Version     int       `json:"version"`
			AgreementID int64     `json:"agreement_id"`
			ExecutesOn  string    `json:"executes_on"`
			PreparedAt  time.Time `json:"prepared_at"`
		} `json:"interchange"`
		Groups  []json.RawMessage `json:"groups"`
		SetOffs []json.RawMessage `json:"set_offs"`
		Dues    []json.RawMessage `json:"dues"`
	}
}

// unit names those that were frozen by one release; a CONTRL and a FINCAN are one by themselves.
func (f frozen) unit() string {
	i := f.facts.Interchange
	if i.Kind != "PAYMUL" {
		return fmt.Sprint(i.Kind, " ", i.ID)
	}
	return fmt.Sprint(i.Bank, " ", i.AgreementID, " ", i.ExecutesOn, " ", i.PreparedAt.UTC())
}

// place is an interchange as the records of its attempts name it.
type place struct {
	Bank       string `json:"bank"`
	ControlRef int64  `json:"control_ref"`
	Version    int    `json:"version"`
}

// takeSending takes in an attempt to send an interchange, with all of its release where that is not here. Whether the bank has it,
// its owner looks once everything is taken in.
func (t *taking) takeSending(ctx context.Context, r journal.Record) error {
	var facts struct {
		place
		Attempt       int       `json:"attempt"`
		SHA256        string    `json:"sha256"` // as bytea is written
		Fence         int64     `json:"fence"`
		MayBeOutSince time.Time `json:"may_be_out_since"`
	}
	if err := json.Unmarshal(r.Facts, &facts); err != nil {
		return err
	}
	there, err := t.there(ctx, t.DB, facts.place)
	if err == nil && there == 0 {
		err = t.takeUnitOf(ctx, facts.place, t.places[r.Name()])
	}
	if err == nil {
		err = repeat(ctx, func(ctx context.Context) (bool, error) { return t.Flow.Render(ctx, facts.Bank) })
	}
	if err != nil {
		return err
	}
	return t.alone(ctx, r, func(ctx context.Context, x *postgres.Session, _ journal.Record) error {
		id, err := t.there(ctx, x, facts.place)
		if err != nil {
			return err
		}
		err = x.UpdateOne(ctx, `UPDATE interchange i SET attempt = greatest(i.attempt, $2), fence = greatest(i.fence, $3), may_be_out_since = coalesce(i.may_be_out_since, $4),
				state = CASE WHEN i.state = 'sent' THEN i.state ELSE $6::interchange_state END
			FROM document c WHERE i.id = $1 AND c.id = i.document_id AND i.state <> 'void' AND c.sha256 = $5::bytea`, id, facts.Attempt, facts.Fence, facts.MayBeOutSince, facts.SHA256, "unknown")
		if err != nil {
			return fmt.Errorf("%w: other bytes were sent: %w", errNotTaken, err)
		}
		_, err = x.ExecContext(ctx, `INSERT INTO bank_lease AS l (bank, fence) VALUES ($1, $2) ON CONFLICT (bank) DO UPDATE SET fence = greatest(l.fence, excluded.fence)`,
			facts.Bank, facts.Fence)
		return err
	})
}

// there is the id of an interchange; 0 when it is not here.
func (t *taking) there(ctx context.Context, db postgres.Queryer, p place) (id int64, err error) {
	err = db.QueryRowContext(ctx, `SELECT id FROM interchange WHERE bank = $1 AND control_ref = $2 AND version = $3`, p.Bank, p.ControlRef, p.Version).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return id, err
}

func (t *taking) takeSent(ctx context.Context, x *postgres.Session, r journal.Record) error {
	var p place
	if err := json.Unmarshal(r.Facts, &p); err != nil {
		return err
	}
	id, err := t.there(ctx, x, p)
	if err == nil && id == 0 {
		err = fmt.Errorf("%w: the interchange is not here", errNotTaken)
	}
	if err != nil {
		return err
	}
	return t.Flow.Arrived(ctx, x, id)
}

// takeUnitOf takes in the release of an interchange, all of it or nothing: what was recorded before a place among all records. What
// was released later in the same minute looks the same, and is another.
func (t *taking) takeUnitOf(ctx context.Context, p place, before int) error {
	unit := ""
	for _, f := range t.frozen {
		if i := f.facts.Interchange; (place{i.Bank, i.ControlRef, i.Version}) == p {
			unit = f.unit()
		}
	}
	if unit == "" {
		return fmt.Errorf("%w: no record of what was frozen in it", errNotTaken)
	}
	// What is ordered anew is owed by what was heard and decided before.
	if err := repeat(ctx, t.Flow.Settle); err != nil {
		return err
	}
	return t.Transact(ctx, "take in a release", func(x *postgres.Session) error {
		var groups, dues []json.RawMessage
		if err := t.takeSetOffs(ctx, x, unit, before); err != nil {
			return err
		}
		for _, f := range t.frozen {
			i := f.facts.Interchange
			if f.unit() != unit || f.at > before {
				continue
			}
			if id, err := t.there(ctx, x, place{i.Bank, i.ControlRef, i.Version}); err != nil || id != 0 {
				if err != nil {
					return err
				}
				continue
			}
			if err := t.takeFrozen(ctx, x, f); err != nil {
				return fmt.Errorf("interchange %d of %s: %w", i.ControlRef, i.Bank, err)
			}
			groups, dues = append(groups, f.facts.Groups...), append(dues, f.facts.Dues...)
		}
		return t.takeGroups(ctx, x, groups, dues)
	})
}

// takeSetOffs parts the payments of a release as it did, before its orders are taken in.
func (t *taking) takeSetOffs(ctx context.Context, x *postgres.Session, unit string, before int) error {
	var all []json.RawMessage
	for _, f := range t.frozen {
		if f.unit() == unit && f.at <= before {
			all = append(all, f.facts.SetOffs...)
		}
	}
	if len(all) == 0 {
		return nil
	}
	rows, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return x.TakeSetOffs(ctx, string(rows))
}

//go:embed sql/interchange.sql
var interchangeScript string

//go:embed sql/orders.sql
var ordersSQL string

// takeFrozen takes in one interchange with its orders.
func (t *taking) takeFrozen(ctx context.Context, x *postgres.Session, f frozen) error {
	i := f.facts.Interchange
	if _, err := t.EnsureMonth(ctx, x, i.PreparedAt); err != nil {
		return err
	}
	var document sql.NullInt64
	state := "frozen"
	if f.SHA256 != "" {
		id, err := t.store(ctx, x, f.Record)
		if err != nil {
			return err
		}
		document, state = sql.NullInt64{Int64: id, Valid: true}, "rendered"
	}
	x.Wakes(postgres.ToRender(i.Bank), postgres.ToSend(i.Bank), postgres.ToAwait(i.Bank))
	err := pgscript.Run(ctx, x, interchangeScript, pgscript.Args{"frozen": string(f.Facts), "document": document, "state": state, "first": int64(gateway.FirstControlNumber(t.Cell))})
	if err != nil {
		return err
	}
	switch i.Kind {
	case "CONTRL":
		return answered(ctx, x, i.Bank, f.Record)
	case "FINCAN":
		return nil
	}
	for _, r := range t.orders[f.Key] {
		if err := takeOrders(ctx, x, r); err != nil {
			return err
		}
	}
	if err := t.takeLater(ctx, x, i.ID); err != nil {
		return err
	}
	return addReleased(ctx, x, place{i.Bank, i.ControlRef, i.Version})
}

//go:embed sql/later.sql
var laterScript string

// takeLater takes in what payments stand by that were ordered anew in an interchange which was taken in.
func (t *taking) takeLater(ctx context.Context, x *postgres.Session, interchange int64) error {
	if err := x.NewAttempts(ctx); err != nil {
		return err
	}
	var owed []int64
	if err := x.SelectContext(ctx, &owed, `SELECT w.payment_id FROM interchange i JOIN bank_order b ON b.month = i.month AND b.interchange_id = i.id
		JOIN obligation w ON w.payment_id = b.payment_id AND w.attempt = b.attempt AND w.state = 'open' WHERE i.id = $1`, interchange); err != nil || len(owed) == 0 {
		return err
	}
	if err := x.CarryOwed(ctx, owed); err != nil {
		return err
	}
	if err := pgscript.Run(ctx, x, laterScript, pgscript.Args{"interchange": interchange}); err != nil {
		return err
	}
	return t.RecordAttempts(ctx, x)
}

// addReleased adds an interchange that was taken in to what its agreement has released for the day.
func addReleased(ctx context.Context, x *postgres.Session, p place) error {
	var left struct {
		gateway.DaySums
		Agreement  int64     `db:"agreement_id"`
		ExecutesOn time.Time `db:"executes_on"`
	}
	err := x.GetContext(ctx, &left, `SELECT i.agreement_id, i.executes_on, i.payments, i.ore, coalesce((SELECT max(o.ore) FROM bank_order o
			WHERE o.month = i.month AND o.interchange_id = i.id), 0) AS largest
		FROM interchange i WHERE i.bank = $1 AND i.control_ref = $2 AND i.version = $3`, p.Bank, p.ControlRef, p.Version)
	if err != nil {
		return err
	}
	return postgres.AddReleased(ctx, x, left.Agreement, gateway.DateOf(left.ExecutesOn), left.DaySums)
}

// mostOwed bounds the files of a bank that are looked through for the one that a CONTRL answers.
const mostOwed = 10000

// answered notes that a CONTRL was written for a bank's file: the one that it names; else the first that could not be read, whose name is not on
// record. They are mostly written in the order of the files, but for those that were proven late.
func answered(ctx context.Context, x *postgres.Session, bank string, r journal.Record) error {
	body, err := postgres.Kept(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil {
		return fmt.Errorf("bytes of %s: %w", r.Name(), err)
	}
	var owed []struct {
		ID  int64          `db:"id"`
		Ref sql.NullString `db:"control_ref"`
	}
	if err := x.SelectContext(ctx, &owed, `SELECT id, control_ref FROM bank_file WHERE bank = $1 AND contrl_owed ORDER BY control_ref IS NULL, id LIMIT $2`, bank, mostOwed); err != nil {
		return err
	}
	flat, escape := strings.NewReplacer("\r", "", "\n", "").Replace(string(text)), strings.NewReplacer("?", "??", "+", "?+", ":", "?:", "'", "?'")
	for _, f := range owed {
		if !f.Ref.Valid || strings.Contains(flat, "'UCI+"+escape.Replace(f.Ref.String)+"+") {
			_, err := x.ExecContext(ctx, `UPDATE bank_file SET contrl_owed = false WHERE id = $1`, f.ID)
			return err
		}
	}
	return nil
}

func takeOrders(ctx context.Context, x *postgres.Session, r journal.Record) error {
	body, err := postgres.Kept(r)
	if err != nil {
		return err
	}
	rows, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil {
		return fmt.Errorf("%s: %w", r.Name(), err)
	}
	var recorded, taken int
	if err := x.QueryRowContext(ctx, ordersSQL, string(rows)).Scan(&recorded, &taken); err != nil {
		return err
	}
	if taken != recorded {
		return fmt.Errorf("%w: of %d orders %d are of payments that wait here", errNotTaken, recorded, taken)
	}
	return nil
}

//go:embed sql/unit.sql
var unitScript string

// takeGroups takes in that the groups of a release were released; those of their payments that waited then wait on.
func (t *taking) takeGroups(ctx context.Context, x *postgres.Session, groups, dues []json.RawMessage) error {
	if len(groups) == 0 {
		return nil
	}
	args := pgscript.Args{}
	for name, rows := range map[string][]json.RawMessage{"groups": groups, "dues": dues} {
		if rows == nil {
			rows = []json.RawMessage{}
		}
		all, err := json.Marshal(rows)
		if err != nil {
			return err
		}
		args[name] = string(all)
	}
	if err := x.NewFacts(ctx); err != nil {
		return err
	}
	if err := pgscript.Run(ctx, x, unitScript, args); err != nil {
		return err
	}
	if err := t.RecordFacts(ctx, x); err != nil {
		return err
	}
	if err := waitOn(ctx, x); err != nil {
		return err
	}
	x.Wakes(postgres.ToAnswer)
	var own []int64
	if err := x.SelectContext(ctx, &own, `SELECT own FROM taken_group`); err != nil {
		return err
	}
	if err := t.EndOverLimit(ctx, x, own); err != nil {
		return err
	}
	return x.UpdateAll(ctx, len(own), `UPDATE release_group g SET state = 'released', released_at = r.released_at, register_counter = r.register_counter, executes_on = r.executes_on,
			order_month = r.order_month, bank_centre = r.bank_centre
		FROM taken_group r WHERE g.id = r.own AND g.state = 'waiting'`)
}

// waitOn gives groups of their own to the payments of taken groups of which the release made nothing: their account was in doubt.
func waitOn(ctx context.Context, x *postgres.Session) error {
	var waited []struct {
		Month time.Time `db:"month"`
		ID    int64     `db:"id"`
	}
	err := x.SelectContext(ctx, &waited, `SELECT p.month, p.id FROM taken_group r JOIN payment p ON p.month = r.month AND p.group_id = r.own
		LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
		WHERE s.kind IS NULL AND NOT EXISTS (SELECT FROM bank_order o WHERE o.month = r.order_month AND o.payment_id = p.id) ORDER BY p.id`)
	if err != nil {
		return err
	}
	for _, p := range waited {
		if _, err := x.MoveAside(ctx, p.Month, p.ID); err != nil {
			return err
		}
	}
	return nil
}
