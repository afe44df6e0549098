package register_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
	"pgregory.net/rapid"

	"nks/gateway"
	"nks/gateway/postgres/pgtest"
	"nks/register"
	"nks/register/image"
	"nks/schema"
)

// keeper is one with room for a small register, filled at an instant.
func keeper(t tester, db *sqlx.DB, at time.Time) *image.Keeper {
	t.Helper()
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	k := image.NewKeeper(db, func() time.Time { return at }, copenhagen, image.Options{MaxBytes: 64 << 20})
	follow(t, k)
	return k
}

func follow(t tester, k *image.Keeper) {
	t.Helper()
	if _, err := k.Follow(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// snapshot is a transaction whose view of the register stays the same; end closes it.
func snapshot(t tester, db *sqlx.DB) (tx pgx.Tx, end func()) {
	t.Helper()
	ctx := context.Background()
	conn, err := db.Connx(ctx)
	if err != nil {
		t.Fatal(err)
	}
	err = conn.Raw(func(dc any) (err error) {
		tx, err = dc.(*stdlib.Conn).Conn().BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err == nil {
			_, err = tx.Exec(ctx, `SELECT FROM nks.register_counter`)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tx, func() {
		if err := errors.Join(tx.Rollback(ctx), conn.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// reader is the image as of a snapshot; nil where there is none that can be asked.
func reader(t tester, k *image.Keeper, tx pgx.Tx, at time.Time) *image.Reader {
	t.Helper()
	r, err := k.AsOf(context.Background(), tx, at)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// record is the two changes that recorded all of a made-up register and closed some of it.
func (r registers) record() {
	for _, change := range []int64{r.change, r.change + 1} {
		for n := range holdersMade {
			r.exec(`INSERT INTO nks.register_change (counter, holder_id, holder_kind) SELECT $1, id, kind FROM nks.holder_version WHERE id = $2 ON CONFLICT DO NOTHING`, change, r.id(n))
		}
	}
	r.exec(`UPDATE nks.register_counter SET counter = $1`, r.change+1)
}

// byRule is the rule's answers, and the holders that they are about.
func (r registers) byRule(all []question, policy *register.Policy, at time.Time) (choices []register.Choice, holders []register.Holder) {
	for _, q := range all {
		c, h := r.inGo(q, policy, at)
		choices, holders = append(choices, c), append(holders, h)
	}
	return choices, holders
}

// inImage holds an image's answers against the rule's, and reports how many it was sure of.
func (r registers) inImage(name string, of *image.Reader, all []question, choices []register.Choice, holders []register.Holder, policy *register.Policy, at time.Time) (sure int) {
	asked, answers := make([]register.Asked, len(all)), make([]image.Answer, len(all))
	for i, q := range all {
		asked[i] = register.Asked{Kind: q.kind, Number: q.id, Authority: q.authority, BenefitType: q.benefit}
	}
	of.Choose(asked, answers)
	standings := make([]image.Standing, len(all))
	of.Standings(asked, standings)
	for i, q := range all {
		if !answers[i].Sure {
			continue
		}
		sure++
		want, holder := choices[i], holders[i]
		if answers[i].Choice != want {
			r.Fatalf("%s, %+v at %s: by the image %+v, by the rule %+v; %+v", name, q, at, answers[i], want, holder)
		}
		if want.Reason == register.Chosen && answers[i].Number() != "30010000000001" {
			r.Fatalf("%s, %+v: account %s", name, q, answers[i].Number())
		}
		if s := standings[i]; s.Known != (holder.Status != 0) || s.Usable != (holder.Status != 0 && policy.Usable(q.kind, &holder.Facts, at)) {
			r.Fatalf("%s, %+v at %s: %+v of %+v", name, q, at, s, holder)
		}
	}
	return sure
}

// TestImageIsTheRule holds images against Choose, over registers as TestChooseIsTheSQL has them: one that is filled with
// everything, and one that has followed every change since there was nothing.
// B5.2 // B9.2 // B14 // B18.3 // B22.3 // B23.1 // B23.2 // B25.4 // G-timed
func TestImageIsTheRule(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	followed := keeper(t, db, august(1))
	var rounds atomic.Int64
	sure, asked := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		const enough = 8
		r := registers{T: t, db: db, round: rounds.Add(1)}
		if r.round > enough {
			return
		}
		r.change = 10 * r.round
		before, end := snapshot(t, db)
		defer end()
		r.fill()
		r.record()
		now, endNow := snapshot(t, db)
		defer endNow()
		filled := keeper(t, db, august(1))
		midnight := time.Date(2005, 8, 9, 22, 0, 0, 0, time.UTC) // in Copenhagen
		for _, at := range []time.Time{august(10), august(20), midnight, midnight.Add(-time.Microsecond)} {
			policy, err := register.PolicyAs(context.Background(), db, at, august(31))
			if err != nil {
				t.Fatal(err)
			}
			all := r.questions()
			choices, holders := r.byRule(all, &policy, at)
			for name, k := range map[string]*image.Keeper{"filled": filled, "filled at that instant": keeper(t, db, at), "followed": followed} {
				sure += r.inImage(name, reader(t, k, now, at), all, choices, holders, &policy, at)
			}
			asked += 3 * len(all)
			r.knewNothing(reader(t, followed, before, at), all)
			if reader(t, filled, before, at) != nil {
				t.Fatal("an image tells of a change before it was filled")
			}
		}
	})
	if sure < asked/2 || sure == asked {
		t.Errorf("sure of %d of %d: who is twice on record is not, and nearly everybody else is", sure, asked)
	}
}

// knewNothing: as of the change before, none of the holders is known.
func (r registers) knewNothing(before *image.Reader, all []question) {
	asked, answers := make([]register.Asked, len(all)), make([]image.Answer, len(all))
	for i, q := range all {
		asked[i] = register.Asked{Kind: q.kind, Number: q.id, Authority: q.authority, BenefitType: q.benefit}
	}
	before.Choose(asked, answers)
	if i := slices.IndexFunc(answers, func(a image.Answer) bool { return !a.Sure || a.Reason != register.UnknownHolder }); i >= 0 {
		r.Fatalf("as of the change before, %+v: %+v", all[i], answers[i])
	}
}

// TestImageFollowsLoads: an image of another epoch tells nothing, changes are followed one by one, and many at once have
// it filled anew.
func TestImageFollowsLoads(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	k := keeper(t, db, morning())
	asks := func(at time.Time, who ...string) (accounts []string) {
		t.Helper()
		tx, end := snapshot(t, db)
		defer end()
		r := reader(t, k, tx, at)
		if r == nil {
			return nil
		}
		answers := make([]image.Answer, 1)
		for _, id := range who {
			n, err := gateway.Holder{Kind: gateway.CPR, ID: id}.Number()
			if err != nil {
				t.Fatal(err)
			}
			r.Choose([]register.Asked{{Kind: gateway.CPR, Number: n, Authority: "4101", BenefitType: "KBOLIG"}}, answers)
			accounts = append(accounts, answers[0].Number())
		}
		return accounts
	}
	load := func(at time.Time, sources ...register.Source) {
		t.Helper()
		if _, err := register.Load(context.Background(), db, sources, register.Options{Now: func() time.Time { return at }}); err != nil {
			t.Fatal(err)
		}
	}
	const some = 300
	load(morning(), generated(some)...)
	if got := asks(morning(), citizen(7)); got != nil {
		t.Errorf("an image of an empty register tells of %v", got)
	}
	follow(t, k)
	if got := asks(morning(), citizen(7)); !slices.Equal(got, []string{"30010000000007"}) {
		t.Errorf("filled anew: %v", got)
	}
	if i := k.State().Image; i.Holders() != some || i.Bytes() > 40*some {
		t.Errorf("%d holders in %d bytes", i.Holders(), i.Bytes())
	}
	later := morning().Add(time.Hour)
	load(later, country{"accounts.csv": accountHeader + "\nCPR," + citizen(7) + ",30010000009999,,,,,,,,DKK,,,,\n"}.sources()...)
	if got := asks(later, citizen(7), citizen(8)); !slices.Equal(got, []string{"30010000009999", "30010000000008"}) {
		t.Errorf("after a change: %v", got)
	}
	if got := asks(later.Add(-time.Second), citizen(7)); !slices.Equal(got, []string{"30010000000007"}) {
		t.Errorf("before it counts: %v", got)
	}
}

// TestImageHasLimits: what has no room is not filled, and says so; an image that was wrong is gone, and another does not
// come at once; where most holders have changed it is filled anew.
func TestImageHasLimits(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	ctx := context.Background()
	load := func(at time.Time, sources ...register.Source) {
		t.Helper()
		if _, err := register.Load(ctx, db, sources, register.Options{Now: func() time.Time { return at }}); err != nil {
			t.Fatal(err)
		}
	}
	const many = 12_000
	load(morning(), generated(many)...)
	small := image.NewKeeper(db, morning, time.UTC, image.Options{MaxBytes: 100_000})
	follow(t, small)
	if s := small.State(); s.Image != nil || s.TooBig < 32*many {
		t.Errorf("in 100 kB: %+v", s)
	}
	none := image.NewKeeper(db, morning, time.UTC, image.Options{})
	follow(t, none)
	if s := none.State(); s.Wanted || s.Image != nil {
		t.Errorf("not wanted: %+v", s)
	}
	k := keeper(t, db, morning())
	first := k.State().Image
	later := morning().Add(time.Hour)
	load(later, changedAccounts(many))
	tx, end := snapshot(t, db)
	defer end()
	if reader(t, k, tx, later) != nil {
		t.Error("an image of which everybody has changed tells of them")
	}
	follow(t, k)
	second := k.State().Image
	r := reader(t, k, tx, later)
	if second == first || r == nil || k.State().Discards != 0 {
		t.Errorf("not filled anew: %+v", k.State())
	}
	k.Discard(r, "as a test says")
	follow(t, k)
	if s := k.State(); s.Image != nil || s.Discards != 1 || !strings.Contains(s.Why, "as a test says") || reader(t, k, tx, later) != nil {
		t.Errorf("after it was wrong: %+v", s)
	}
}

// changedAccounts is another account for each of some citizens.
func changedAccounts(n int) register.Source {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf("CPR,%s,3002%010d,,,,,,,,DKK,,,,", citizen(i), i)
	}
	return country{"accounts.csv": accountHeader + "\n" + strings.Join(rows, "\n") + "\n"}.sources()[0]
}

// BenchmarkImage asks an image for every sixth holder's account.
func BenchmarkImage(b *testing.B) {
	db := filled(b)
	k := image.NewKeeper(db, morning, time.UTC, image.Options{MaxBytes: 1 << 30})
	follow(b, k)
	var asked []register.Asked
	if err := db.Select(&asked, `SELECT id AS number, kind, '4101' AS authority, 'KBOLIG' AS benefittype FROM nks.holder WHERE hashint8(id) % 6 = 0 ORDER BY hashint8(id)`); err != nil {
		b.Fatal(err)
	}
	tx, end := snapshot(b, db)
	defer end()
	r := reader(b, k, tx, morning())
	const page = 1024
	answers := make([]image.Answer, page)
	b.ReportAllocs()
	b.ResetTimer()
	n := 0
	for b.Loop() {
		from := n * page % max(1, len(asked)-page)
		r.Choose(asked[from:from+page], answers)
		n++
	}
	b.ReportMetric(float64(n*page)/b.Elapsed().Seconds(), "choices/s")
	b.ReportMetric(float64(k.State().Image.Bytes())/float64(k.State().Image.Holders()), "bytes/holder")
	b.ReportMetric(k.State().Image.Took.Seconds()*1e6/float64(k.State().Image.Rows), "µs/row")
}

// TestImageOfARestoredRegister: a register that has gone back gives numbers again; an image that knows other changes under
// them is not asked, and filled anew.
func TestImageOfARestoredRegister(t *testing.T) {
	t.Parallel()
	database := pgtest.Create(t)
	db := database.Open(t, schema.Flow)
	load := func(at time.Time, account string) {
		t.Helper()
		changed := country{"accounts.csv": accountHeader + "\nCPR," + citizen(7) + "," + account + ",,,,,,,,DKK,,,,\n"}
		if _, err := register.Load(context.Background(), db, changed.sources(), register.Options{Now: func() time.Time { return at }}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := register.Load(context.Background(), db, generated(10), register.Options{Now: morning}); err != nil {
		t.Fatal(err)
	}
	k := keeper(t, db, morning())
	load(morning().Add(time.Hour), "30010000001111")
	follow(t, k)
	first := k.State().Image
	owner := database.Open(t, pgtest.Superuser)
	for _, q := range []string{
		`DELETE FROM nks.account_version WHERE counter = (SELECT counter FROM nks.register_counter)`,
		`UPDATE nks.account_version SET recorded_to = NULL, closed = NULL WHERE closed = (SELECT counter FROM nks.register_counter)`,
		`DELETE FROM nks.register_change WHERE counter = (SELECT counter FROM nks.register_counter)`,
		`DELETE FROM nks.register_change_origin WHERE counter = (SELECT counter FROM nks.register_counter)`,
		`UPDATE nks.register_counter SET counter = counter - 1, recorded_at = '2005-08-11 02:30:00+00'`,
	} {
		registers{T: nil, db: owner}.restore(t, q)
	}
	later := morning().Add(2 * time.Hour)
	load(later, "30010000002222")
	tx, end := snapshot(t, db)
	defer end()
	if reader(t, k, tx, later) != nil {
		t.Error("an image tells of changes that were lost")
	}
	follow(t, k)
	if s := k.State(); s.Image == first || reader(t, k, tx, later) == nil {
		t.Errorf("not filled anew: %+v", s)
	}
}

// restore changes the register as a restore does: nothing in it tells of that.
func (r registers) restore(t *testing.T, query string) {
	t.Helper()
	tx := r.db.MustBegin()
	defer func() { _ = tx.Rollback() }()
	tx.MustExec(`SET LOCAL nks.register_change = 'logged'`)
	tx.MustExec(query)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}
