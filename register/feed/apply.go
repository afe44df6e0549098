package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"nks/gateway"
	"nks/register"
)

// Tx is the caller's transaction.
type Tx interface {
	register.Tx
	GetContext(ctx context.Context, dest any, query string, args ...any) error
	SelectContext(ctx context.Context, dest any, query string, args ...any) error
}

// Taken is a file that was applied.
type Taken struct {
	Head
	Changes int   `db:"changes"`
	Done    int   `db:"done"`
	Counter int64 `db:"counter"` // of the change of the register that it became; 0: it changed nothing
	Left    []Rejected
	Again   bool // it was applied before: this tells what it did then
}

// By is by what a file is applied.
type By struct {
	Now      func() time.Time // business time
	Location *time.Location   // Copenhagen
	SHA256   []byte           // of the file
	Delivery int64            // that brought it; 0: a command
}

// Apply applies a file in the caller's transaction. ErrOrder: another is the next of its source; the same again is told once more. A
// *FormError: nothing of it counts, and the transaction must be rolled back.
func Apply(ctx context.Context, tx Tx, r Reader, by By) (Taken, error) {
	t := Taken{Head: r.Head()}
	if err := register.LockForChange(ctx, tx); err != nil {
		return t, err
	}
	again, err := t.before(ctx, tx, by.SHA256)
	if err != nil || again {
		return t, err
	}
	changes, err := all(r)
	if err != nil {
		return t, err
	}
	known, err := know(ctx, tx, changes)
	if err != nil {
		return t, err
	}
	today := gateway.DateOf(by.Now().In(by.Location))
	changed := make(map[register.HolderKey]bool, len(changes))
	for _, c := range changes {
		s, rule := known.follow(c, today)
		if rule != "" {
			t.Left = append(t.Left, Rejected{c.Number, rule})
			continue
		}
		known[s.HolderKey], changed[s.HolderKey] = s, true
	}
	states := make([]register.HolderState, 0, len(changed))
	for key := range changed {
		states = append(states, known[key])
	}
	t.Changes, t.Done = len(changes), len(changes)-len(t.Left)
	if t.Counter, err = register.RecordHolders(ctx, tx, states, by.Now, by.Location); err != nil {
		return t, err
	}
	return t, t.keep(ctx, tx, by)
}

// all reads the changes of a file.
func all(r Reader) (changes []*Change, err error) {
	for {
		c, err := r.Next()
		if errors.Is(err, io.EOF) {
			return changes, nil
		}
		if err != nil {
			return nil, err
		}
		changes = append(changes, c)
	}
}

// know reads what is known of all that changes name.
func know(ctx context.Context, tx Tx, changes []*Change) (known, error) {
	keys, seen := []register.HolderKey{}, map[register.HolderKey]bool{}
	add := func(kind gateway.HolderKind, id int64) {
		if k := (register.HolderKey{Kind: kind, ID: id}); id != 0 && !seen[k] {
			keys, seen[k] = append(keys, k), true
		}
	}
	for _, c := range changes {
		add(c.Kind, c.ID)
		add(gateway.CVR, c.Parent)
		add(c.Kind, c.Successor)
		add(gateway.CPR, c.Guardian)
	}
	return register.HolderStates(ctx, tx, keys)
}

// before finds a file that was applied before; the error is ErrOrder where it is not the next of its source.
func (t *Taken) before(ctx context.Context, tx Tx, sum []byte) (bool, error) {
	var last int64
	if err := tx.GetContext(ctx, &last, `SELECT coalesce(max(number), 0) FROM register_feed WHERE source = $1`, t.Source); err != nil {
		return false, fmt.Errorf("feed of %s: %w", t.Source, err)
	}
	if t.Number > last {
		if t.Number == last+1 {
			return false, nil
		}
		return false, fmt.Errorf("%s %d %w: %d is", t.Source, t.Number, ErrOrder, last+1)
	}
	var had struct {
		SHA256 []byte `db:"sha256"`
		Taken
	}
	err := tx.GetContext(ctx, &had, `SELECT sha256, changes, done, counter FROM register_feed WHERE source = $1 AND number = $2`, t.Source, t.Number)
	if err != nil {
		return false, fmt.Errorf("feed %s %d: %w", t.Source, t.Number, err)
	}
	t.Changes, t.Done, t.Counter = had.Changes, had.Done, had.Counter
	if !bytes.Equal(had.SHA256, sum) {
		return false, fmt.Errorf("%s %d %w: another file of that number was applied, and %d is", t.Source, t.Number, ErrOrder, last+1)
	}
	t.Again = true
	err = tx.SelectContext(ctx, &t.Left, `SELECT n, rule FROM register_feed_rejected WHERE source = $1 AND number = $2 ORDER BY n`, t.Source, t.Number)
	if err != nil {
		return false, fmt.Errorf("feed %s %d: %w", t.Source, t.Number, err)
	}
	return true, nil
}

// keep records that the file was applied.
func (t *Taken) keep(ctx context.Context, tx Tx, by By) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO register_feed (source, number, sha256, changes, done, counter, delivery_id, taken_at)
		VALUES ($1, $2, $3, $4, $5, $6, nullif($7::bigint, 0), $8)`, t.Source, t.Number, by.SHA256, t.Changes, t.Done, t.Counter, by.Delivery, by.Now())
	if err == nil && len(t.Left) > 0 {
		numbers, rules := make([]int32, len(t.Left)), make([]string, len(t.Left))
		for i, r := range t.Left {
			numbers[i], rules[i] = int32(r.Number), r.Rule
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO register_feed_rejected (source, number, n, rule) SELECT $1, $2, n, rule FROM unnest($3::int[], $4::text[]) AS r (n, rule)`,
			t.Source, t.Number, numbers, rules)
	}
	if err != nil {
		return fmt.Errorf("feed %s %d: %w", t.Source, t.Number, err)
	}
	return nil
}
