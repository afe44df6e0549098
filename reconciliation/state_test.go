package reconciliation_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/jmoiron/sqlx"
	"pgregory.net/rapid"

	"nks/gateway"
	"nks/gateway/postgres/pgtest"
	"nks/reconciliation"
)

// TestStateOfIsTheSQL asks both for every combination of facts that tables can hold, of types that the schema knows.
func TestStateOfIsTheSQL(t *testing.T) {
	t.Parallel()
	rows, err := pgtest.New(t).QueryContext(t.Context(), `
		SELECT coalesce(last::text, ''), coalesce(g::text, ''), coalesce(o, 0), coalesce(line::text, ''), coalesce(i::text, ''),
			position_of(last, g, o, line, i), state_of(last, g, o, line, i)
		FROM unnest(enum_range(NULL::fact_kind) || NULL::fact_kind) last, unnest(enum_range(NULL::group_state) || NULL::group_state) g,
			unnest('{NULL, 1, 2, 3, 4, 5, 6}'::smallint[]) o,
			unnest(enum_range(NULL::order_state) || NULL::order_state) line, unnest(enum_range(NULL::interchange_state) || NULL::interchange_state) i`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	met := map[gateway.PaymentState]bool{}
	for rows.Next() {
		var f gateway.PaymentFacts
		var bySQL gateway.PaymentState
		var at gateway.Position
		if err := rows.Scan(&f.Last, &f.Group, &f.Order, &f.Line, &f.Interchange, &at, &bySQL); err != nil {
			t.Fatal(err)
		}
		if got := gateway.PositionOf(f); got != at {
			t.Errorf("%+v: %s by Go, %s by SQL", f, got, at)
		}
		if got := gateway.StateOf(f); got != bySQL {
			t.Errorf("%+v: %s by Go, %s by SQL", f, got, bySQL)
		}
		met[bySQL] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, s := range gateway.PaymentStates() {
		if !met[s] {
			t.Errorf("no facts give %q", s)
		}
	}
}

// history is one of an authority of its own: what could have happened to a few payments, and, unless it is sound, what could not.
type history struct {
	*rapid.T
	db       *sqlx.DB
	round    int64
	sound    bool
	groups   []gateway.GroupState
	files    []gateway.InterchangeState
	lines    []drawnLine
	payments []drawnPayment
}

type drawnLine struct {
	file  int
	state gateway.LineState
	kind  gateway.PaymentType
}

type drawnPayment struct {
	group int
	ore   int64
	last  gateway.FactKind // about it by itself, or about its order
	order *drawnOrder
}

// drawnOrder stands in a line; -1: in one that is not there, -2: nor is its interchange.
type drawnOrder struct {
	line int
	kind gateway.PaymentType
}

// drawn makes one of some values, by name.
func drawn[T any](t *rapid.T, name string, values ...T) T {
	return rapid.SampledFrom(values).Draw(t, name)
}

func (h *history) draw() {
	h.sound = rapid.Bool().Draw(h.T, "sound")
	for range 5 {
		h.groups = append(h.groups, drawn(h.T, "group", gateway.GroupReleased, gateway.GroupUnchecked, gateway.GroupRejected, gateway.GroupWaiting, gateway.GroupReleased,
			gateway.GroupReleased))
	}
	for range 3 {
		h.files = append(h.files, drawn(h.T, "interchange", gateway.InterchangeSent, gateway.InterchangeIsUnknown, gateway.InterchangeRendered, gateway.InterchangeSent,
			gateway.InterchangeIsUnknown, gateway.InterchangeFrozen, gateway.InterchangeSending, gateway.InterchangePublishing, gateway.InterchangeVoid))
	}
	for n := range 6 {
		file := n % len(h.files)
		usual := gateway.LineFrozen
		if h.files[file] == gateway.InterchangeSent {
			usual = gateway.LineWithBank
		}
		h.lines = append(h.lines, drawnLine{file,
			drawn(h.T, "line", usual, usual, gateway.LineFrozen, gateway.LineWithBank, gateway.LineAccepted, gateway.LineAssumed, gateway.LineExecuted, gateway.LineRejected,
				gateway.LineDisputed, gateway.LineVoid),
			drawn(h.T, "type", gateway.Transfer, gateway.PaymentSlip, gateway.ForeignOrder, gateway.Cheque, gateway.Salary)})
	}
	for range rapid.IntRange(1, 25).Draw(h.T, "payments") * 2 {
		h.payments = append(h.payments, h.payment())
	}
}

func (h *history) payment() drawnPayment {
	p := drawnPayment{group: rapid.IntRange(0, len(h.groups)-1).Draw(h.T, "in group"), ore: rapid.Int64Range(1, 1000).Draw(h.T, "ore"),
		last: drawn(h.T, "before", "", "", "", gateway.FactRejected, gateway.FactNotPayable, gateway.FactStopped, gateway.FactHeld, gateway.FactFreed)}
	least := -2
	if h.sound {
		least = 0
		if h.groups[p.group] != gateway.GroupReleased || p.last != "" && p.last != gateway.FactFreed {
			return p
		}
	}
	if drawn(h.T, "ordered", true, true, false) {
		p.order = &drawnOrder{line: rapid.IntRange(least, len(h.lines)-1).Draw(h.T, "in line"), kind: drawn(h.T, "order", gateway.Transfer, gateway.Cheque, gateway.Salary)}
		if h.sound {
			p.order.kind = h.lines[p.order.line].kind
		}
		if drawn(h.T, "by itself", false, false, true) {
			p.last = drawn(h.T, "after", gateway.FactBankRejected, gateway.FactExecuted, gateway.FactCameBack, gateway.FactToSender, gateway.FactDisputed,
				gateway.FactDisputeSettled)
		}
	}
	return p
}

// late reports whether a fact is about an order.
func late(kind gateway.FactKind) bool {
	return kind != "" && !slices.Contains([]gateway.FactKind{gateway.FactRejected, gateway.FactNotPayable, gateway.FactStopped, gateway.FactHeld, gateway.FactFreed}, kind)
}

// facts of a payment, of its order.
func (h *history) facts(p drawnPayment) gateway.PaymentFacts {
	f := gateway.PaymentFacts{Last: p.last, Group: h.groups[p.group]}
	// An order is found by its group's release.
	if p.order == nil || f.Group != gateway.GroupReleased {
		return f
	}
	f.Order = p.order.kind
	switch p.order.line {
	case -2:
	case -1:
		f.Interchange = h.files[0]
	default:
		l := h.lines[p.order.line]
		f.Line, f.Interchange = l.state, h.files[l.file]
	}
	return f
}

type sum struct{ payments, ore int64 }

func (s sum) plus(ore int64) sum { return sum{s.payments + 1, s.ore + ore} }

// byStateOf sums payment by payment.
func (h *history) byStateOf() map[gateway.PaymentState]sum {
	sums := map[gateway.PaymentState]sum{}
	for _, p := range h.payments {
		state := gateway.StateOf(h.facts(p))
		sums[state] = sums[state].plus(p.ore)
	}
	return sums
}

func (h *history) byLedger() map[gateway.PaymentState]sum {
	ledger, err := reconciliation.Ledger(context.Background(), h.db)
	if err != nil {
		h.Fatal(err)
	}
	sums := map[gateway.PaymentState]sum{}
	for _, e := range ledger {
		if e.Authority == h.authority() {
			sums[e.State] = sum{e.Payments, e.Ore}
		}
	}
	return sums
}

func (h *history) byPage() map[gateway.PaymentState]sum {
	tx, err := h.db.Beginx()
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.Exec(`SELECT set_config('nks.viewer', 'authority', true), set_config('nks.viewer_authority', $1, true)`, h.authority()); err != nil {
		h.Fatal(err)
	}
	var rows []struct {
		State    gateway.PaymentState
		Payments int64
		Ore      int64
	}
	if err := tx.Select(&rows, `SELECT state, payments, ore FROM page_flow()`); err != nil {
		h.Fatal(err)
	}
	sums := map[gateway.PaymentState]sum{}
	for _, r := range rows {
		sums[r.State] = sum{r.Payments, r.Ore}
	}
	return sums
}

func (h *history) authority() string { return fmt.Sprintf("A%d", h.round) }

func (h *history) exec(query string, args ...any) {
	h.Helper()
	if _, err := h.db.Exec(query, args...); err != nil {
		h.Fatalf("%s: %v", query, err)
	}
}

// august is the month of all histories.
const august gateway.Month = 5*12 + 7

// Numbers of this history's rows.
func (h *history) delivery() int64       { return gateway.DeliveryID(0, august, h.round) }
func (h *history) groupID(n int) int64   { return gateway.GroupID(h.delivery(), n+1) }
func (h *history) paymentID(n int) int64 { return gateway.PaymentID(h.delivery(), n+1) }
func (h *history) fileID(n int) int64    { return h.round*10 + int64(n) }

// store writes the history into the tables, as the flow has them.
func (h *history) store() {
	h.exec(`INSERT INTO authority (authority, name) VALUES ($1, 'x')`, h.authority())
	h.exec(`INSERT INTO payer (supplier, authority) VALUES ('S', $1)`, h.authority())
	h.exec(`INSERT INTO agreement (id, agreement, authority, supplier) OVERRIDING SYSTEM VALUE VALUES ($1, 'x', $2, 'S')`, h.round, h.authority())
	h.exec(`INSERT INTO delivery (id, door, supplier, arrival, transport_key, document_id, sha256, size, received_at, counts_at, month, state, payer_id, authority, read_at)
		SELECT $1, 'sftp', 'S', $1, $2, 1, ''::bytea, 1, '2005-08-11', '2005-08-11', '2005-08-01', 'checked', p.id, p.authority, '2005-08-11'
		FROM payer p WHERE p.authority = $2`, h.delivery(), h.authority())
	for n, state := range h.groups {
		var all sum
		for _, p := range h.payments {
			if p.group == n {
				all = all.plus(p.ore)
			}
		}
		h.exec(`INSERT INTO release_group (id, delivery_id, month, agreement, debit_account, requested_on, agreement_id, bank_centre, executes_on, release_at, state,
				released_at, register_counter, order_month, payments, ore)
			VALUES ($1, $2, '2005-08-01', 'x', $3, '2005-08-11', $7, 'BEC', '2005-08-11', '2005-08-11', $4::group_state,
				CASE $4::group_state WHEN 'released' THEN '2005-08-11'::timestamptz END, CASE $4::group_state WHEN 'released' THEN 1 END,
				CASE $4::group_state WHEN 'released' THEN '2005-09-01'::date END, $5, $6)`,
			h.groupID(n), h.delivery(), fmt.Sprint(n), string(state), all.payments, all.ore, h.round)
	}
	h.storeFiles()
	for n, p := range h.payments {
		h.storePayment(n, p)
	}
}

func (h *history) storeFiles() {
	for n, state := range h.files {
		h.exec(`INSERT INTO interchange (id, kind, bank, control_ref, agreement_id, prepared_at, month, file_name, document_id, state, sent_at)
			OVERRIDING SYSTEM VALUE VALUES ($1, 'PAYMUL', 'BEC', $1, $2, '2005-08-11', '2005-09-01', 'x', 1, $3::interchange_state,
				CASE $3::interchange_state WHEN 'sent' THEN '2005-08-11'::timestamptz END)`, h.fileID(n), h.round, string(state))
		h.exec(`INSERT INTO message (interchange_id, no, ref, payments, ore) VALUES ($1, 1, $2, 0, 0)`, h.fileID(n), fmt.Sprint(h.fileID(n)))
	}
	for n, l := range h.lines {
		var all sum
		for _, p := range h.payments {
			if p.order != nil && p.order.line == n {
				all = all.plus(p.ore)
			}
		}
		h.exec(`INSERT INTO order_line (interchange_id, message_no, lin, debit_account, type, payments, ore, state, attempt) VALUES ($1, 1, $2, 'x', $3, $4, $5, $6, 1)`,
			h.fileID(l.file), n, l.kind, all.payments, all.ore, string(l.state))
	}
}

func (h *history) storePayment(n int, p drawnPayment) {
	id := h.paymentID(n)
	h.exec(`INSERT INTO payment (month, id, group_id, ore, type, complete, e2e, benefit_type, authority) VALUES ('2005-08-01', $1, $2, $3, 1, true, 'x', 'x', $4)`,
		id, h.groupID(p.group), p.ore, h.authority())
	file, line := h.fileID(0), sql.NullInt64{}
	if p.order != nil {
		line = sql.NullInt64{Int64: int64(p.order.line), Valid: true}
		switch p.order.line {
		case -2:
			file = -1
		case -1:
		default:
			file = h.fileID(h.lines[p.order.line].file)
		}
		h.exec(`INSERT INTO bank_order (month, payment_id, payer_id, authority, attempt, ore, interchange_id, message_no, lin, seq, type, account_kind, rule, account)
			SELECT '2005-09-01', $1, p.id, p.authority, 1, $2, $3, 1, $4, $5, $6, 1, 0, 'x' FROM payer p WHERE p.authority = $7`,
			id, p.ore, file, line, h.round*1000+int64(n), p.order.kind, h.authority())
	}
	if p.last == "" {
		return
	}
	attempt := 0
	if late(p.last) {
		attempt = 1
	}
	h.exec(`INSERT INTO standing (month, payment_id, n, attempt, kind, at) VALUES ('2005-08-01', $1, 1, $2, $3, '2005-08-11')`, id, attempt, string(p.last))
	h.exec(`INSERT INTO fact_tally (group_id, interchange_id, message_no, lin, kind, payments, ore) SELECT CASE $1::int WHEN 0 THEN $2::bigint END,
		CASE $1::int WHEN 1 THEN $3::bigint END, CASE $1::int WHEN 1 THEN 1 END, CASE $1::int WHEN 1 THEN $4::int END, $5::fact_kind, 1, $6::bigint`,
		attempt, h.groupID(p.group), file, line, string(p.last), p.ore)
}

// TestLedgerIsStateOf: what the ledger counts by SQL is what StateOf gives payment by payment, over histories of all kinds; and
// the sums of the page, which counts no payments, are the same over those that are sound but for what is missing.
func TestLedgerIsStateOf(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for _, query := range []string{`SELECT ensure_month('2005-08-01')`, `INSERT INTO supplier (supplier) VALUES ('S')`,
		`INSERT INTO document (id, made_at) VALUES (month_ids('2005-08-01') + 1, '2005-08-11')`} {
		if _, err := db.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	var rounds atomic.Int64
	met := map[gateway.PaymentState]int64{}
	rapid.Check(t, func(t *rapid.T) {
		h := history{T: t, db: db, round: rounds.Add(1)}
		h.draw()
		h.store()
		want := h.byStateOf()
		if got := h.byLedger(); !maps.Equal(got, want) {
			t.Fatalf("the ledger has %v, StateOf gives %v: %+v", got, want, h)
		}
		if !h.sound {
			return
		}
		if got := h.byPage(); !maps.Equal(got, want) {
			t.Fatalf("the page has %v, StateOf gives %v: %+v", got, want, h)
		}
		for s, all := range want {
			met[s] += all.payments
		}
	})
	for _, s := range gateway.PaymentStates() {
		if met[s] == 0 {
			t.Errorf("no sound history had a payment that is %q", s)
		}
	}
}
