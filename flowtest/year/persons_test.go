package year_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/act"
	"nks/register"
	"nks/sim/bank"
)

// The persons who decide.
const (
	asker    = "A. Hansen"
	approver = "B. Jensen"
)

// chance is that of one day, the same whenever the day is lived once more after a kill.
func (r *run) chance(day string) *rand.Rand {
	h := uint64(14695981039346656037)
	for _, b := range []byte(day) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return rand.New(rand.NewPCG(r.Seed, h))
}

// persons do at the exception desk what is to be done at once; what can wait they do in the morning.
func (r *run) persons(ctx context.Context) error {
	if err := r.settleUnknown(ctx); err != nil {
		return err
	}
	if err := r.settleDoubts(ctx); err != nil {
		return err
	}
	local := r.Now.In(r.zone)
	day := local.Format(time.DateOnly)
	if local.Format("15:04") != "05:30" || r.Acted == day {
		return nil
	}
	rng := r.chance(day)
	for _, f := range []func(context.Context, *rand.Rand) error{r.setRetention, r.changeAccounts, r.changeChoice, r.stopSome, r.undoSome, r.holdSome, r.settleDisputes, r.closeOver} {
		if err := f(ctx, rng); err != nil {
			return err
		}
	}
	r.Acted = day
	return r.keepProgress()
}

// decide is a decision of as many persons as it takes.
func (r *run) decide(ctx context.Context, in act.Intent) error {
	in.By = asker
	if in.Why == "" {
		in.Why = "the year"
	}
	asked, err := r.Desk.Decide(ctx, in)
	if err == nil && asked.Executed() == nil {
		asked, err = r.Desk.Approve(ctx, asked.ID, approver, "")
	}
	if err != nil {
		return fmt.Errorf("%s %v: %w", in.Kind, in.IDs, err)
	}
	return nil
}

// settleUnknown asks banks whether they have an interchange of which nobody knows it.
func (r *run) settleUnknown(ctx context.Context) error {
	unknown, err := r.Desk.Unresolved(ctx)
	for _, u := range unknown {
		if err != nil {
			break
		}
		var has bool
		if has, err = r.bankHas(u); err == nil {
			err = r.Desk.Resolve(ctx, u.Bank, u.ControlRef, has, asker, approver)
		}
	}
	return err
}

func (r *run) bankHas(u act.Unresolved) (bool, error) {
	if _, err := os.Stat(folder(bank.FoldersOf(r.Dir, u.Bank).Root).in(u.FileName)); err == nil {
		return true, nil
	}
	ledger, err := bank.ReadJournal(r.Dir, u.Bank)
	return err == nil && slices.ContainsFunc(ledger.Files, func(f bank.LedgerFile) bool { return f.Name == u.FileName }), err
}

// settleDoubts asks a bank about what it has told of orders that nobody gave: it says that it concerns none of ours.
func (r *run) settleDoubts(ctx context.Context) error {
	doubts, err := r.Desk.Doubts(ctx)
	if err != nil {
		return err
	}
	settled := map[int64]bool{}
	for _, d := range doubts {
		if settled[d.File] {
			continue
		}
		settled[d.File] = true
		ledger, err := bank.ReadJournal(r.Dir, d.Bank)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(ledger.Answers, func(a bank.LedgerAnswer) bool { return a.Name == d.Name })
		if i < 0 || ledger.Answers[i].Kind != bank.AnswerStray {
			continue
		}
		if err := r.decide(ctx, act.Intent{Kind: act.KindNoneOfOurs, IDs: []int64{d.File}}); err != nil {
			return err
		}
	}
	return nil
}

// setRetention has months dropped when their time is over, from the second day on.
func (r *run) setRetention(ctx context.Context, _ *rand.Rand) error {
	if r.Keep == 0 || r.Now.Sub(r.start) > 48*time.Hour {
		return nil
	}
	return r.decide(ctx, act.Intent{Kind: act.KindRetention, Content: map[string]string{"kind": "payments", "months": strconv.Itoa(r.Keep)}})
}

// loaded is a load of the register, which a restore takes with it.
type loaded struct {
	At   time.Time
	File string
	Rows []string
}

// changeAccounts gives some holders another account, once a week.
func (r *run) changeAccounts(ctx context.Context, rng *rand.Rand) error {
	if r.Now.In(r.zone).Weekday() != time.Wednesday {
		return nil
	}
	all, err := os.ReadFile(filepath.Join(r.Dir, "country", "accounts.csv"))
	if err != nil {
		return err
	}
	rows := strings.Split(strings.TrimSpace(string(all)), "\n")
	l := loaded{At: r.Now, File: "accounts.csv", Rows: []string{rows[0]}}
	seen := map[string]bool{}
	for range 20 {
		f := strings.Split(rows[1+rng.IntN(len(rows)-1)], ",")
		if f[2] == "" || seen[f[0]+f[1]] {
			continue
		}
		seen[f[0]+f[1]] = true
		f[2] = fmt.Sprintf("7045%010d", rng.IntN(1_000_000_000))
		f[13], f[14] = "", ""
		l.Rows = append(l.Rows, strings.Join(f, ","))
	}
	r.Loads = append(r.Loads, l)
	return r.load(ctx, l)
}

func (r *run) load(ctx context.Context, l loaded) error {
	_, err := register.Load(ctx, r.db, []register.Source{textSource(l.File, strings.Join(l.Rows, "\n")+"\n")}, register.Options{Now: r.now})
	return err
}

// loadAgain loads once more what a database that was set back does not know.
func (r *run) loadAgain(ctx context.Context) error {
	for _, l := range r.Loads {
		var known bool
		if err := r.db.GetContext(ctx, &known, `SELECT EXISTS (SELECT FROM account_version WHERE account = $1)`, strings.Split(l.Rows[1], ",")[2]); err != nil {
			return err
		}
		if !known {
			if err := r.load(ctx, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// changeChoice has an authority choose anew what becomes of money that came back, once a month.
func (r *run) changeChoice(ctx context.Context, rng *rand.Rand) error {
	if r.Now.In(r.zone).Day() != 10 {
		return nil
	}
	authority := []string{"4101", "4102", "6300", "8101"}[rng.IntN(4)]
	choice := []string{"return", "cheque else return", "hold 2 else return", "hold 3 else cheque"}[rng.IntN(4)]
	return r.decide(ctx, act.Intent{Kind: act.KindStandingChoice, Content: map[string]string{"authority": authority, "benefit": "all", "cause": "came_back", "choice": choice}})
}

// stopSome stops payments that wait, on some days.
func (r *run) stopSome(ctx context.Context, rng *rand.Rand) error {
	if rng.IntN(1000) >= r.perMille(60) {
		return nil
	}
	var ids []int64
	if err := r.db.SelectContext(ctx, &ids, `SELECT p.id FROM payment p JOIN release_group g ON g.id = p.group_id LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
		WHERE g.state = 'waiting' AND s.payment_id IS NULL ORDER BY p.id`); err != nil || len(ids) == 0 {
		return err
	}
	which := []int64{ids[rng.IntN(len(ids))]}
	if rng.IntN(3) == 0 {
		return r.decide(ctx, act.Intent{Kind: act.KindHold, IDs: which})
	}
	return r.decide(ctx, act.Intent{Kind: act.KindStop, IDs: which})
}

// undoSome lets go of what was stopped or held, of half of it sooner or later.
func (r *run) undoSome(ctx context.Context, rng *rand.Rand) error {
	for kind, of := range map[string]string{act.KindUndoStop: "stopped", act.KindFree: "held"} {
		var ids []int64
		if err := r.db.SelectContext(ctx, &ids, `SELECT payment_id FROM standing WHERE kind = $1::fact_kind AND month >= first_kept() ORDER BY payment_id`, of); err != nil {
			return err
		}
		for _, id := range ids {
			if of == "stopped" && (id%2 == 0 || rng.IntN(3) > 0) {
				continue
			}
			if err := r.letGo(ctx, kind, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// letGo has a payment go, for its authority has written that it shall.
func (r *run) letGo(ctx context.Context, kind string, id int64) error {
	var l struct {
		Supplier string `db:"supplier" json:"-"`
		E2E      string `db:"e2e" json:"e2e"`
	}
	if err := r.db.GetContext(ctx, &l, `SELECT d.supplier, p.e2e FROM payment p JOIN delivery d ON d.id = delivery_of(p.id) WHERE p.id = $1`, id); err != nil {
		return err
	}
	if err := appendLine(filepath.Join(home(r.Dir, l.Supplier), "letters.jsonl"), l); err != nil {
		return err
	}
	return r.decide(ctx, act.Intent{Kind: kind, IDs: []int64{id}})
}

// holdSome holds a bank over an hour or two of the night, now and then.
func (r *run) holdSome(ctx context.Context, rng *rand.Rand) error {
	if rng.IntN(1000) >= r.perMille(15) {
		return nil
	}
	day := r.Now.In(r.zone).Format(time.DateOnly)
	return r.decide(ctx, act.Intent{Kind: act.KindNightHold, Content: map[string]string{"what": "bank", "of": centres()[rng.IntN(3)], "from": day + " 05:45", "until": day + " " + []string{"06:10", "07:00", "09:00"}[rng.IntN(3)]}})
}

// settleDisputes asks banks what truly became of what they contradict themselves about, each case sooner or later.
func (r *run) settleDisputes(ctx context.Context, rng *rand.Rand) error {
	disputes, err := r.Desk.Disputes(ctx)
	if err != nil {
		return err
	}
	for _, d := range disputes {
		if rng.IntN(2) == 0 {
			continue
		}
		var orders []struct {
			Payment   int64  `db:"payment_id"`
			Reference string `db:"reference"`
		}
		if err := r.db.SelectContext(ctx, &orders, `SELECT o.payment_id, b.head || p.e2e AS reference FROM bank_order o JOIN payment p ON p.id = o.payment_id
			JOIN bank_reference b ON b.delivery_id = delivery_of(p.id) AND b.attempt = o.attempt
			LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
			WHERE o.interchange_id = $1 AND o.message_no = $2 AND o.lin = $3 AND CASE WHEN $4::bigint > 0 THEN o.payment_id = $4::bigint ELSE s.kind IS NULL OR s.attempt <> o.attempt END ORDER BY 1`,
			d.Interchange, d.Message, d.Line, d.Payment); err != nil {
			return err
		}
		for _, o := range orders {
			truth, err := r.desks[d.Bank].Confirm(o.Reference)
			if err != nil {
				return err
			}
			kind := act.KindPaymentExecuted
			if truth == bank.Rejected {
				kind = act.KindPaymentRejected
			}
			if err := r.decide(ctx, act.Intent{Kind: kind, IDs: []int64{o.Payment}}); err != nil && !errors.Is(err, gateway.ErrIntent) {
				return err
			}
		}
	}
	return nil
}

// closeOver closes exceptions whose cause is over and that nobody else can close.
func (r *run) closeOver(ctx context.Context, _ *rand.Rand) error {
	all, _, err := r.Desk.Exceptions(ctx, act.Filter{Most: 1000})
	if err != nil {
		return err
	}
	persons := []gateway.ExceptionKind{gateway.RejectAfterExecution, gateway.ExecutedAfterReject, gateway.AmountDiffers, gateway.CameBackUnpaid, gateway.SettlementFailed,
		gateway.RefusedAsDuplicate, gateway.NameReused, gateway.DatabaseSetBack}
	for _, e := range all {
		if !e.Stands && slices.Contains(persons, e.Kind) {
			if err := r.decide(ctx, act.Intent{Kind: act.KindClose, IDs: []int64{e.ID}}); err != nil {
				return err
			}
		}
	}
	return nil
}
