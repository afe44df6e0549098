package flowtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/pgtest"
	"nks/gateway/view"
	"nks/internal/app"
	"nks/internal/growth"
)

// TestReceive_SameKeyInAnotherMonth: a name is used for ever, whatever month has begun since.
func TestReceive_SameKeyInAnotherMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, other := bundle("G-1", complete("A-1", 100)).XML(), bundle("G-2", complete("A-2", 100)).XML()
	w.at("2005-08-31 23:59")
	if err := w.put("LEVA", "a.xml", first); err != nil {
		t.Fatal(err)
	}
	w.at("2005-09-01 00:00")
	if err := w.put("LEVA", "a.xml", first); err != nil {
		t.Errorf("the same again after midnight: %v", err)
	}
	if err := w.put("LEVA", "a.xml", other); !errors.Is(err, gateway.ErrConflict) {
		t.Errorf("other bytes under the same name: %v", err)
	}
	w.at("2005-11-01 08:00")
	if err := w.put("LEVA", "a.xml", other); !errors.Is(err, gateway.ErrConflict) {
		t.Errorf("other bytes two months later: %v", err)
	}
	if err := w.put("LEVA", "b.xml", first); err != nil {
		t.Fatal(err)
	}
	w.read()
	w.want("deliveries", w.row(`SELECT transport_key, to_char(month, 'YYYY-MM'), state FROM delivery ORDER BY id`), "a.xml 2005-08 refused; b.xml 2005-11 refused")
	w.want("documents", w.row(`SELECT count(*) FROM document`), "4") // with two receipts
}

// TestCell: what is made in a cell says so, in every number that leaves it; a program of another cell is refused.
func TestCell(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.cell = 99 })
	sent := w.paid(bundle("G-1", complete("A", 100), complete("B", 200)))
	if len(sent) != 1 || !strings.Contains(sent[0], "+99000000000001++++1+") || !strings.Contains(sent[0], "RFF+CR:99000001A'") {
		t.Errorf("sent: %s", sent)
	}
	w.want("delivery", w.row(`SELECT id >> 32, id & 4194303 FROM delivery`), "99 1")
	w.newAnswers()
	w.says("BEC", contrl("BEC", 99000000000001, "7"))
	w.says("BEC", bansta("", `LIN+1'SEQ++1'GIS+2'RFF+CR:99000001B'`))
	w.want("ledger", w.ledger(), "with_bank 2 = 300")
	for cell, want := range map[gateway.Cell]error{99: nil, 0: postgres.ErrOtherCell} {
		if err := postgres.ClaimCell(t.Context(), w.db, cell); !errors.Is(err, want) {
			t.Errorf("cell %d: %v, want %v", cell, err, want)
		}
	}
}

// buffers adds up what statements of one pool touch.
type buffers struct{ growth.Buffers }

// since is what was touched since the last call.
func (b *buffers) since() cost {
	touched, statements := b.Since()
	return cost{touched, strings.Join(statements, "\n")}
}

// counted is a pool of a role whose statements are counted.
func (w *world) counted(role string) (*sqlx.DB, *buffers) {
	w.t.Helper()
	c, err := pgx.ParseConfig(w.database.DSN(pgtest.Superuser))
	if err != nil {
		w.t.Fatal(err)
	}
	b := &buffers{}
	c.OnNotice = b.Note
	b.Settings(c.RuntimeParams)
	for name, value := range map[string]string{"plan_cache_mode": "force_custom_plan", "jit": "off", "enable_memoize": "off", "enable_seqscan": "off"} {
		c.RuntimeParams[name] = value
	}
	db := stdlib.OpenDB(*c, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SET ROLE "+role)
		return err
	}))
	w.t.Cleanup(func() { _ = db.Close() })
	return sqlx.NewDb(db, "pgx"), b
}

// manyMonths makes partitions of five years.
func (w *world) manyMonths() {
	w.exec(`SELECT ensure_month(m::date) FROM generate_series('2001-01-01'::date, '2005-12-01', '1 month') m`)
}

// TestMonths_CostNothing: an answer, a bank's file stored and heard, and a delivery's page touch the same buffers with the
// partitions of one month and of sixty. (W1, W5)
func TestMonths_CostNothing(t *testing.T) {
	// Not beside others: what they change in the catalogue makes the server forget, and looking it up again is no cost of a month.
	one, sixty := costs(t, false), costs(t, true)
	for what, c := range one {
		if many := sixty[what]; c.buffers == 0 || many.buffers > c.buffers+c.buffers/10 {
			t.Errorf("%s: %d buffers with one month, %d with sixty:\n%s\n\n%s", what, c.buffers, many.buffers, c.statements, many.statements)
		}
	}
}

// cost is what a step of the flow touches.
type cost struct {
	buffers    int64
	statements string
}

func (c cost) least(other cost) cost {
	if c.buffers == 0 || other.buffers < c.buffers {
		return other
	}
	return c
}

// costs takes bundles to the bank and back, on some days, and gives the least of each step: what a session looks up in the
// catalogue once, and again when others have changed much, is no cost of a month.
func costs(t *testing.T, many bool) map[string]cost {
	t.Helper()
	w := newWorld(t)
	if many {
		w.manyMonths()
	}
	flow, touched := w.counted("nks_flow")
	page, looked := w.counted("nks_page")
	flow.SetMaxOpenConns(1)
	page.SetMaxOpenConns(1)
	steps := w.steps(func(o *app.StepOptions) { o.DB = flow })
	reader := view.New(page, w.Base.Log)
	all := map[string]cost{}
	worked := func(what string, step func() (bool, error)) {
		t.Helper()
		touched.since()
		if worked, err := step(); !worked || err != nil {
			t.Fatalf("%s: %t, %v", what, worked, err)
		}
		all[what] = all[what].least(touched.since())
	}
	for day, date := range []string{"2005-08-11", "2005-08-12", "2005-08-15", "2005-08-16"} {
		w.at(date + " 04:30")
		w.receive(bundle(fmt.Sprint("G-", day), complete(fmt.Sprint("A", day), 100), complete(fmt.Sprint("B", day), 200)))
		w.at(date + " 06:00")
		w.release()
		w.dispatch()
		says := file("BEC", fmt.Sprint("F", day), contrl("BEC", int64(1+day), "7"))
		worked("a bank's file is stored", func() (bool, error) {
			return true, steps.Bank.StoreBankFile(t.Context(), "BEC", fmt.Sprint(day, ".edi"), func(to io.Writer) error {
				_, err := io.WriteString(to, says)
				return err
			})
		})
		worked("a bank's file is heard", func() (bool, error) { return steps.Bank.NextToHear(t.Context(), "BEC") })
		w.later(quiet)
		worked("an answer is made", func() (bool, error) { return steps.Answer.Next(t.Context()) })
		looked.since()
		if _, err := reader.Delivery(t.Context(), view.Viewer{Authority: "77"}, w.number(`SELECT max(id) FROM delivery`), 0); err != nil {
			t.Fatal(err)
		}
		all["a delivery's page"] = all["a delivery's page"].least(looked.since())
	}
	return all
}

// TestAnswers_ChoosingCostsNothing: choosing the next answer touches the same buffers at few and at many open dues. (W2)
func TestAnswers_ChoosingCostsNothing(t *testing.T) {
	t.Parallel()
	var found [2]cost
	for i, dues := range []int{10, 20_000} {
		w := newWorld(t)
		flow, touched := w.counted("nks_flow")
		steps := w.steps(func(o *app.StepOptions) { o.DB = flow })
		w.receive(bundle("G-1", complete("A", 100)))
		w.exec(`WITH owed AS (INSERT INTO answer_due (kind, delivery_id, month, payment_id, status, caused_at)
				SELECT 9, d.id, d.month, (d.id << 24) + n, 'RJCT', $1 FROM delivery d, generate_series(1, $2::int) n RETURNING *)
			INSERT INTO answer_due_tally SELECT delivery_id, kind, sum(payments), min(caused_at), max(caused_at) FROM owed GROUP BY 1, 2`, w.time(), dues)
		w.exec(`UPDATE answer_due_tally SET payments = 10`) // not full, however many
		if worked, err := steps.Answer.Next(t.Context()); worked || err != nil {
			t.Fatal(worked, err)
		}
		touched.since()
		if worked, err := steps.Answer.Next(t.Context()); worked || err != nil { // too early
			t.Fatal(worked, err)
		}
		if _, err := steps.Answer.NextDue(t.Context(), w.time()); err != nil {
			t.Fatal(err)
		}
		found[i] = touched.since()
		w.exec(`DELETE FROM answer_due`)
		w.exec(`DELETE FROM answer_waiting`)
	}
	if few, many := found[0], found[1]; few.buffers == 0 || many.buffers > few.buffers {
		t.Errorf("%d buffers at few dues, %d at many:\n%s\n\n%s", few.buffers, many.buffers, few.statements, many.statements)
	}
}
