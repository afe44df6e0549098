package accounts_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"nks/gateway"
	"nks/register"
	"nks/register/accounts"
	"nks/register/image"
	"nks/register/law"
)

// edit is one application of a session as a history has it: what was asked, and what was read back.
type edit struct {
	holder  int
	delete  bool
	account int   // 0 with delete
	expects int64 // law.Unsaid: it does not say
}

type read struct {
	state   accounts.State
	rule    string
	version int64 // what the purpose holds after it; 0: nothing
	account string
}

// nemKonto is the NemKonto of one holder as a serial register has it.
type nemKonto struct {
	version int64
	account string
}

// model is that register: an edit of something else than what is there is refused, and one that is carried out is what is read back.
func model() porcupine.Model {
	return porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			by := map[int][]porcupine.Operation{}
			for _, o := range history {
				h := o.Input.(edit).holder
				by[h] = append(by[h], o)
			}
			var all [][]porcupine.Operation
			for _, part := range by {
				all = append(all, part)
			}
			return all
		},
		Init: func() any { return nemKonto{} },
		Step: func(state, input, output any) (bool, any) {
			s, in, out := state.(nemKonto), input.(edit), output.(read)
			now := nemKonto{out.version, out.account}
			wants := ""
			if !in.delete {
				wants = domestic(in.account).Number
			}
			switch {
			case in.expects != law.Unsaid && in.expects != s.version:
				return out.state == law.Refused && out.rule == accounts.Stale && now == s, s
			case in.delete && s == nemKonto{}:
				return out.state == law.Refused && out.rule == law.Missing && now == s, s
			case wants == s.account:
				return out.state == law.Unchanged && now == s, s
			}
			return out.state == law.InForce && now.account == wants && (now.version != s.version) && (now.version == 0) == in.delete, now
		},
		Equal: func(a, b any) bool { return a == b },
	}
}

// TestSessionsAreSerial: many sessions edit the NemKonti of a few holders at once, by what each has seen. Every history of a holder is
// one that a serial register has (porcupine), what each reads back is what it made, and the register holds what the last one left; the
// image of it has followed. NKS_SESSIONS and NKS_EDITS make it longer.
func TestSessionsAreSerial(t *testing.T) {
	t.Parallel()
	sessions, edits := size(t, "NKS_SESSIONS", 20), size(t, "NKS_EDITS", 1000)
	const holders = 40
	var rows strings.Builder
	people := make([]gateway.Holder, holders)
	for n := range people {
		people[n] = gateway.Holder{Kind: gateway.CPR, ID: fmt.Sprintf("0404704%03d", n)}
		fmt.Fprintf(&rows, "CPR,%s,,alive,,P,,,,\n", people[n].ID)
	}
	d := newDesk(t, rows.String())
	d.db.SetMaxOpenConns(sessions)
	keeper := image.NewKeeper(d.db, d.Now, d.Location, image.Options{MaxBytes: 64 << 20})
	if _, err := keeper.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	histories := make([][]porcupine.Operation, sessions)
	var all sync.WaitGroup
	for s := range sessions {
		all.Go(func() {
			random := rand.New(rand.NewPCG(14, uint64(s)))
			seen := map[int]int64{}
			for n := range edits / sessions {
				e := edit{holder: random.IntN(holders), delete: random.IntN(5) == 0, expects: law.Unsaid}
				if !e.delete {
					e.account = s*edits + n + 1
				}
				if random.IntN(2) == 0 {
					e.expects = seen[e.holder]
				}
				o := porcupine.Operation{ClientId: s, Input: e, Call: int64(time.Since(begun))}
				out, err := d.edit(t.Context(), people[e.holder], e)
				if err != nil {
					t.Errorf("session %d: %v", s, err)
					return
				}
				o.Return, o.Output = int64(time.Since(begun)), out
				seen[e.holder] = out.version
				histories[s] = append(histories[s], o)
			}
		})
	}
	all.Wait()
	took := time.Since(begun)
	var history []porcupine.Operation
	for _, h := range histories {
		history = append(history, h...)
	}
	t.Logf("%d edits by %d sessions in %s: %.0f/s", len(history), sessions, took.Round(time.Millisecond), float64(len(history))/took.Seconds())
	// What the register holds at the end is one more thing that somebody reads.
	for n, h := range people {
		look := edit{holder: n, account: 1, expects: 1}
		out, err := d.edit(t.Context(), h, look)
		if err != nil {
			t.Fatal(err)
		}
		history = append(history, porcupine.Operation{ClientId: sessions, Input: look, Output: out, Call: int64(time.Since(begun)), Return: int64(time.Since(begun)) + 1})
	}
	if verdict := porcupine.CheckOperationsTimeout(model(), history, time.Minute); verdict != porcupine.Ok {
		t.Errorf("no serial register has such a history: %s", verdict)
	}
	d.sound(keeper)
}

// edit is an application in a transaction of its own.
func (d *desk) edit(ctx context.Context, h gateway.Holder, e edit) (r read, err error) {
	a := byCitizen(h, law.Register, domestic(e.account))
	if e.delete {
		a.Action, a.Account = law.Delete, accounts.Account{}
	}
	a.Expects = e.expects
	err = d.inTransaction(ctx, func(x register.Tx) error {
		outcomes, err := d.Apply(ctx, x, []accounts.Application{a})
		if err != nil {
			return err
		}
		r = read{state: outcomes[0].State, rule: outcomes[0].Rule}
		if now := outcomes[0].Now; now != nil {
			r.version, r.account = now.Version, now.Account.Number
		}
		return nil
	})
	return r, err
}

// sound: no purpose has two accounts at once, every version that is known was made by the change that it names, counters have no gaps,
// and the image, where there is one, has followed all of it.
func (d *desk) sound(keeper *image.Keeper) {
	d.t.Helper()
	for what, query := range map[string]string{
		"overlapping versions": `SELECT count(*) FROM nks.account_version a JOIN nks.account_version b ON a.holder_id = b.holder_id AND a.holder_kind = b.holder_kind
			AND a.authority IS NOT DISTINCT FROM b.authority AND a.benefit_type IS NOT DISTINCT FROM b.benefit_type AND a.id < b.id
			WHERE a.recorded_to IS NULL AND b.recorded_to IS NULL AND a.valid_from < coalesce(b.valid_to, 'infinity') AND b.valid_from < coalesce(a.valid_to, 'infinity')`,
		"changes without origin": `SELECT count(*) FROM nks.register_counter c WHERE c.counter <> (SELECT count(*) FROM nks.register_change_origin)`,
		"versions of no change": `SELECT count(*) FROM nks.account_version v WHERE v.application IS NOT NULL AND NOT EXISTS (SELECT FROM nks.register_change c
			WHERE c.counter = v.counter AND c.holder_id = v.holder_id AND c.holder_kind = v.holder_kind)`,
		"accounts of another application": `SELECT count(*) FROM nks.account_application_step s JOIN nks.account_application a ON a.id = s.application
			JOIN nks.account_version v ON v.id = s.account_version WHERE v.account <> a.account OR v.holder_id <> a.holder_id OR v.holder_kind <> a.holder_kind`,
	} {
		var n int
		if err := d.db.GetContext(d.t.Context(), &n, query); err != nil || n != 0 {
			d.t.Errorf("%d %s: %v", n, what, err)
		}
	}
	if keeper == nil {
		return
	}
	if _, err := keeper.Follow(d.t.Context()); err != nil {
		d.t.Error(err)
	}
}

// size is a number of the environment, or the usual one.
func size(t *testing.T, name string, usual int) int {
	t.Helper()
	n := usual
	if _, err := fmt.Sscan(cmp.Or(os.Getenv(name), fmt.Sprint(usual)), &n); err != nil {
		t.Fatal(err)
	}
	return n
}
