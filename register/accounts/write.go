package accounts

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"nks/gateway"
	"nks/register"
	"nks/register/law"
)

// versionRow is a row of account_version as it is written.
type versionRow struct {
	ID          int64              `json:"id"`
	HolderID    int64              `json:"holder_id"`
	HolderKind  gateway.HolderKind `json:"holder_kind"`
	Authority   *string            `json:"authority"`
	BenefitType *string            `json:"benefit_type"`
	accountRow
	Locked      bool       `json:"locked"`
	From        *time.Time `json:"valid_from"` // null: always
	To          *time.Time `json:"valid_to"`
	Closed      bool       `json:"closed"`
	Application *int64     `json:"application"`
}

// accountRow is the columns of an account.
type accountRow struct {
	Kind          gateway.AccountKind `json:"account_kind"`
	Number        string              `json:"account"`
	BIC           *string             `json:"bic"`
	BankCode      *string             `json:"bank_code"`
	Currency      *string             `json:"currency"`
	BankName      *string             `json:"bank_name"`
	BankAddress   *string             `json:"bank_address"`
	BankCountry   *string             `json:"bank_country"`
	HolderName    *string             `json:"holder_name"`
	HolderAddress *string             `json:"holder_address"`
}

// accountColumns are their names and types, in one order for both tables.
const (
	accountColumns = `account_kind, account, bic, bank_code, currency, bank_name, bank_address, bank_country, holder_name, holder_address`
	accountTypes   = `account_kind smallint, account text, bic text, bank_code text, currency text, bank_name text, bank_address text, bank_country text, holder_name text, holder_address text`
)

func rowOf(a Account) accountRow {
	return accountRow{a.Kind, a.Number, null(a.BIC), null(a.BankCode), null(a.Currency), null(a.BankName), null(a.BankAddress), null(a.BankCountry),
		null(a.HolderName), null(a.HolderAddress)}
}

// null is nil for the zero value.
func null[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// write keeps the applications and their steps, and changes the register.
func (s *Store) write(ctx context.Context, x register.Tx, r *run, items []*item, counter int64) error {
	if err := keep(ctx, x, r.now, items); err != nil {
		return err
	}
	ids, err := draw(ctx, x, "nks.account_version_id_seq", len(r.added))
	if err != nil {
		return err
	}
	for n := range r.added {
		r.added[n].ID = ids[n]
		r.added[n].Counter = counter
	}
	for _, i := range items {
		if i.made >= 0 {
			i.outcome.Version = ids[i.made]
			r.added[i.made].Application = i.id
		}
	}
	if counter > 0 {
		if err := r.change(ctx, x, counter); err != nil {
			return err
		}
	}
	return note(ctx, x, r.now, items, counter)
}

// draw takes numbers from a sequence.
func draw(ctx context.Context, x register.Tx, sequence string, n int) (ids []int64, err error) {
	if n == 0 {
		return nil, nil
	}
	err = each(ctx, x, `SELECT nextval($1::regclass) FROM generate_series(1, $2)`, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, sequence, n)
	if err != nil {
		return nil, fmt.Errorf("numbers of %s: %w", sequence, err)
	}
	return ids, nil
}

// change closes and adds versions, as one change of the register. Holders that it touches stand in the log of changes, by which those
// follow who have the register in memory.
func (r *run) change(ctx context.Context, x register.Tx, counter int64) error {
	if _, err := x.ExecContext(ctx, `SET LOCAL nks.register_change = 'logged'`); err != nil {
		return err
	}
	closed, err := x.ExecContext(ctx, `UPDATE nks.account_version SET recorded_to = greatest($2::timestamptz, recorded_from), closed = $3
		WHERE id = ANY ($1::bigint[]) AND recorded_to IS NULL`, append([]int64{}, r.closed...), r.now, counter)
	if err != nil {
		return fmt.Errorf("close versions: %w", err)
	}
	if n, err := closed.RowsAffected(); err != nil || n != int64(len(r.closed)) {
		return fmt.Errorf("close versions: %d of %d were there: %w, %w", n, len(r.closed), gateway.ErrCountMismatch, err)
	}
	rows := make([]versionRow, 0, len(r.added))
	for _, v := range r.added {
		number, err := v.holder.Number()
		if err != nil {
			return err
		}
		rows = append(rows, versionRow{ID: v.ID, HolderID: number, HolderKind: v.holder.Kind, Authority: null(v.authority), BenefitType: null(v.benefitType),
			accountRow: rowOf(v.Account), Locked: v.Locked, From: null(v.From), To: null(v.To), Closed: v.closed, Application: null(v.Application)})
	}
	if err := insert(ctx, x, rows, `INSERT INTO nks.account_version (id, counter, recorded_from, recorded_to, closed, holder_id, holder_kind, authority, benefit_type,
			`+accountColumns+`, locked, valid_from, valid_to, application)
		SELECT id, $2::bigint, $3::timestamptz, CASE WHEN closed THEN $3::timestamptz END, CASE WHEN closed THEN $2::bigint END, holder_id, holder_kind, authority, benefit_type,
			`+accountColumns+`, locked, coalesce(valid_from, '-infinity'), valid_to, application
		FROM jsonb_to_recordset($1::jsonb) AS r (id bigint, holder_id bigint, holder_kind smallint, authority text, benefit_type text, `+accountTypes+`,
			locked boolean, valid_from timestamptz, valid_to timestamptz, closed boolean, application bigint)`, counter, r.now); err != nil {
		return fmt.Errorf("add versions: %w", err)
	}
	return r.log(ctx, x, counter)
}

// log tells whom the change touches and what it was, and wakes those who follow.
func (r *run) log(ctx context.Context, x register.Tx, counter int64) error {
	var kinds []int16
	var numbers []int64
	for h := range r.changed {
		n, err := h.Number()
		if err != nil {
			return err
		}
		kinds, numbers = append(kinds, int16(h.Kind)), append(numbers, n)
	}
	_, err := x.ExecContext(ctx, `INSERT INTO nks.register_change (counter, holder_id, holder_kind) SELECT $1, h.id, h.kind FROM unnest($2::bigint[], $3::smallint[]) AS h (id, kind)`,
		counter, numbers, kinds)
	if err == nil {
		_, err = x.ExecContext(ctx, `INSERT INTO nks.register_change_origin (counter, origin, recorded_at, valid_from, files) VALUES ($1, 'application', $2, $2, '{}')`, counter, r.now)
	}
	if err == nil {
		_, err = x.ExecContext(ctx, `SELECT pg_notify($1, w) FROM unnest($2::text[]) AS w`, register.Channel,
			[]string{register.Changed, register.Released, register.Settled, register.Effected})
	}
	if err != nil {
		return fmt.Errorf("log of changes: %w", err)
	}
	return nil
}

// insert runs a statement whose first argument is rows.
func insert[T any](ctx context.Context, x register.Tx, rows []T, statement string, args ...any) error {
	if len(rows) == 0 {
		return nil
	}
	text, err := json.Marshal(rows)
	if err == nil {
		_, err = x.ExecContext(ctx, statement, append([]any{string(text)}, args...)...)
	}
	return err
}

// readBack reads from the database what the purposes hold after the run, and refuses the whole where that is not what the run has made
// of them: no outcome tells what only memory knows.
func (s *Store) readBack(ctx context.Context, x register.Tx, k *known, r *run, items []*item) error {
	kinds, numbers := make([]int16, 0, len(items)), make([]int64, 0, len(items))
	seen := map[gateway.Holder]bool{}
	for _, i := range items {
		if !seen[i.Holder] {
			seen[i.Holder] = true
			kinds, numbers = append(kinds, int16(i.Holder.Kind)), append(numbers, i.number)
		}
	}
	again := &known{versions: map[purpose][]law.Version{}, pays: map[payer]bool{}}
	if err := again.readVersions(ctx, x, r.now, kinds, numbers); err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	for _, i := range items {
		i.outcome.Now = held(again.versions[i.changes()], r.now)
		if !r.agrees(i.changes(), again.versions[i.changes()]) {
			return fmt.Errorf("read back: what %s holds is not what application %d made of it: %w", i.Holder.Masked(), i.id, gateway.ErrCountMismatch)
		}
	}
	return nil
}

// agrees reports whether a purpose holds what the run has made of it.
func (r *run) agrees(p purpose, got []law.Version) bool {
	want := after(r.versions[p], r.now)
	if len(want) != len(got) {
		return false
	}
	for n, w := range want {
		if w.ID < 0 {
			w.ID = r.added[-w.ID-1].ID
		}
		g := got[n]
		if w.ID != g.ID || w.Account != g.Account || w.Locked != g.Locked || !w.From.Equal(g.From) || !w.To.Equal(g.To) {
			return false
		}
	}
	return true
}

// held is what is shown of the versions of a purpose.
func held(all []law.Version, now time.Time) *Held {
	v := law.Seen(after(all, now), now)
	if v == nil {
		return nil
	}
	return &Held{Version: v.ID, Account: v.Account, Locked: v.Locked, From: v.From, To: v.To, Later: !v.InForce(now)}
}
