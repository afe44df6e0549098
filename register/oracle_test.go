package register_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"pgregory.net/rapid"

	"nks/gateway"
	"nks/gateway/postgres/pgtest"
	"nks/register"
)

// registers makes up parts of a register, straight into its tables: also what no load could bring there.
type registers struct {
	*rapid.T
	db     *sqlx.DB
	round  int64
	change int64 // that records all of it; the one after it closes some
}

func (r registers) exec(query string, args ...any) {
	r.Helper()
	tx := r.db.MustBegin()
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.Exec(`SET LOCAL nks.register_change = 'logged'`); err != nil {
		r.Fatal(err)
	}
	if _, err := tx.Exec(query, args...); err != nil {
		r.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		r.Fatal(err)
	}
}

// instant is one that questions are asked for, one beside it, or none.
func (r registers) instant(name string) any {
	at := rapid.SampledFrom([]time.Time{{}, {}, august(10), august(10).Add(-time.Microsecond), august(20), august(1), august(30)}).Draw(r.T, name)
	if at.IsZero() {
		return nil
	}
	return at
}

// span is a validity, for ever as often as not.
func (r registers) span() (from, to any) {
	if from = r.instant("from"); from == nil {
		from = "-infinity"
	}
	to = r.instant("to")
	if f, ok := from.(time.Time); ok && to != nil && !to.(time.Time).After(f) {
		to = nil
	}
	return from, to
}

const companies, holdersMade = 3, 9

func (r registers) id(n int) int64         { return 5_000_000_000 + r.round*100 + int64(n) }
func (r registers) authority(n int) string { return fmt.Sprintf("%d-%d", r.round, n) }
func (r registers) benefit(n int) string   { return fmt.Sprintf("B%d-%d", r.round, n) }

func (r registers) kind(n int) gateway.HolderKind {
	if n < companies {
		return gateway.CVR
	}
	return gateway.HolderKind(n%3*(n%3+1)/2 + 1) // CPR, CVR, P
}

// fill makes holders, accounts, payers and benefits.
func (r registers) fill() {
	for n := range 2 {
		r.exec(`INSERT INTO nks.authority (authority, name) VALUES ($1, 'x')`, r.authority(n))
		r.exec(`INSERT INTO nks.authority_word (authority, emigrated, p_numbers, valid_from, valid_to, recorded_from, counter) VALUES
			($1, $2, $3, '-infinity', $4, '2005-01-01', $5), ($1, NOT $2, $3, $4, NULL, '2005-01-01', $5)`, r.authority(n),
			rapid.Bool().Draw(r.T, "emigrated"), rapid.Bool().Draw(r.T, "p numbers"), august(15), r.change)
		r.exec(`INSERT INTO nks.benefit_fallback (benefit_type, authority, fallback, valid_from, recorded_from, counter) VALUES ($1, NULL, $2, '-infinity', '2005-01-01', $3)`,
			r.benefit(n), rapid.Bool().Draw(r.T, "fallback"), r.change)
	}
	r.exec(`INSERT INTO nks.benefit_fallback (benefit_type, authority, fallback, valid_from, recorded_from, counter) VALUES ($1, $2, $3, $4, '2005-01-01', $5)`,
		r.benefit(0), r.authority(0), rapid.Bool().Draw(r.T, "own fallback"), august(15), r.change)
	for n := range holdersMade {
		r.holder(n)
		for range rapid.IntRange(0, 4).Draw(r.T, "accounts") {
			r.account(n)
		}
	}
}

func (r registers) holder(n int) {
	kind, parent := r.kind(n), any(nil)
	if n >= companies && n%2 == 0 && kind != gateway.CPR {
		kind = gateway.SE
	}
	if kind == gateway.PNR || kind == gateway.SE && rapid.Bool().Draw(r.T, "has parent") {
		parent = r.id(rapid.IntRange(0, companies).Draw(r.T, "parent")) // the last is no company
	}
	insert := func(status gateway.HolderStatus, from, to any) {
		var ended any
		if status != gateway.Alive {
			ended = august(rapid.SampledFrom([]int{10, 11}).Draw(r.T, "ended")).AddDate(0, 0, -rapid.SampledFrom([]int{0, 90, 179, 180, 181, 400}).Draw(r.T, "days ago"))
		}
		r.exec(`INSERT INTO nks.holder_version (id, kind, parent, status, ended_on, valid_from, valid_to, recorded_from, counter, name)
			VALUES ($1, $2, $3, $4, $5, $6, $7, '2005-01-01', $8, 'x')`, r.id(n), int16(kind), parent, int16(status), ended, from, to, r.change)
	}
	status := rapid.SampledFrom([]gateway.HolderStatus{gateway.Alive, gateway.Alive, gateway.Dead, gateway.Ceased, gateway.Emigrated})
	if rapid.IntRange(0, 5).Draw(r.T, "changes") == 0 {
		insert(gateway.Alive, "-infinity", august(10))
		insert(status.Draw(r.T, "later"), august(10), nil)
		return
	}
	insert(status.Draw(r.T, "status"), "-infinity", nil)
}

func (r registers) account(n int) {
	var authority, benefit any
	if rapid.Bool().Draw(r.T, "specific") {
		authority, benefit = r.authority(rapid.IntRange(0, 1).Draw(r.T, "of")), r.benefit(rapid.IntRange(0, 1).Draw(r.T, "for"))
	}
	from, to := r.span()
	var recordedTo, closed any
	if rapid.IntRange(0, 4).Draw(r.T, "closed") == 0 {
		recordedTo, closed = august(5), r.change+1
	}
	r.exec(`INSERT INTO nks.account_version (holder_id, holder_kind, account_kind, account, authority, benefit_type, locked, valid_from, valid_to, recorded_from, recorded_to, counter, closed)
		SELECT id, kind, 1, '30010000000001', $2, $3, $4, $5, $6, '2005-01-01', $7, $9, $8 FROM nks.holder WHERE id = $1 ON CONFLICT DO NOTHING`,
		r.id(n), authority, benefit, rapid.Bool().Draw(r.T, "locked"), from, to, recordedTo, closed, r.change)
}

// questions are all that can be asked about them.
func (r registers) questions() (all []question) {
	for n := range holdersMade + 1 { // the last is nobody
		for kind := gateway.CPR; kind <= gateway.PNR; kind++ {
			for a := range 3 { // the last is no authority of the register
				for b := range 3 {
					all = append(all, question{kind, r.id(n), r.authority(a), r.benefit(b)})
				}
			}
			all = append(all, question{kind, r.id(n), "", ""})
		}
	}
	return all
}

// inGo answers a question by Choose, from what the register has on record.
func (r registers) inGo(q question, policy *register.Policy, at time.Time) (register.Choice, register.Holder) {
	ctx := context.Background()
	known := august(31)
	words, err := register.WordsAs(ctx, r.db, q.authority, q.benefit, at, known)
	if err != nil {
		r.Fatal(err)
	}
	holder, _, err := register.As(ctx, r.db, q.kind, q.id, at, known)
	if err != nil {
		r.Fatal(err)
	}
	parent, _, err := register.As(ctx, r.db, gateway.CVR, holder.Parent, at, known)
	if err != nil {
		r.Fatal(err)
	}
	asked := register.Question{Kind: q.kind, Number: q.id, Authority: q.authority, BenefitType: q.benefit, Words: words}
	return register.Choose(&asked, &holder.Facts, &parent.Facts, policy, at), holder
}

// TestChooseIsTheSQL holds Choose against AccountOf and StatusOf over registers with holders of every kind and state, payers
// of every word, and versions about the instants that are asked for, which here and there overlap.
// B5.2 // B9.2 // B14 // B18.3 // B22.3 // B23.1 // B23.2 // B25.4 // G-timed
func TestChooseIsTheSQL(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	var rounds atomic.Int64
	var answered [7]int // by reason
	rapid.Check(t, func(t *rapid.T) {
		const enough = 12 // a round is hundreds of questions
		r := registers{T: t, db: db, round: rounds.Add(1), change: 1}
		if r.round > enough {
			return
		}
		r.fill()
		midnight := time.Date(2005, 8, 9, 22, 0, 0, 0, time.UTC) // in Copenhagen
		for _, at := range []time.Time{august(10), august(20), midnight, midnight.Add(-time.Microsecond)} {
			policy, err := register.PolicyAs(context.Background(), db, at, august(31))
			if err != nil {
				t.Fatal(err)
			}
			bySQL := map[int64][]answer{}
			all := r.questions()
			for _, a := range ask(t, db, at, all...) {
				bySQL[a.Payment] = append(bySQL[a.Payment], a)
			}
			for i, q := range all {
				want, holder := r.inGo(q, &policy, at)
				answered[want.Reason]++
				got := bySQL[int64(i+1)]
				if len(got) > 1 != (want.Reason == register.Overlap) {
					t.Fatalf("%+v at %s: %d answers by SQL, and by Go %+v", q, at, len(got), want)
				}
				if want.Reason == register.Overlap {
					continue
				}
				shown := register.Choice{Version: got[0].Version.Int64, Rule: gateway.AccountRule(got[0].Rule.Int16), Reason: register.Reason(got[0].Reason)}
				if shown != want || got[0].Status.Int16 != int16(holder.Status) {
					t.Fatalf("%+v at %s: by SQL %+v, by Go %+v; %+v", q, at, shown, want, holder)
				}
			}
			r.checkStatus(all, at, bySQL)
		}
	})
	for reason, n := range answered {
		if n == 0 {
			t.Errorf("no question was answered %q", register.Reason(reason))
		}
	}
}

// checkStatus: StatusOf tells of every holder what AccountOf does.
func (r registers) checkStatus(all []question, at time.Time, bySQL map[int64][]answer) {
	var found []struct {
		Payment int64 `db:"payment_id"`
		standing
	}
	err := r.db.Select(&found, `SELECT q.payment_id, l.* FROM `+asked+` JOIN LATERAL `+register.StatusOf("q", "$5::timestamptz")+` l ON true`, append(asking(all), at)...)
	if err != nil {
		r.Fatal(err)
	}
	known := 0
	for i := range all {
		if bySQL[int64(i+1)][0].Status.Valid {
			known++
		}
	}
	if len(found) != known {
		r.Fatalf("StatusOf knows %d, AccountOf %d", len(found), known)
	}
	for _, f := range found {
		a := bySQL[f.Payment][0]
		if f.Status != a.Status.Int16 || f.Usable != (a.Reason != int16(register.HolderEnded)) {
			r.Fatalf("StatusOf tells %+v, AccountOf %v", f, a)
		}
	}
}
