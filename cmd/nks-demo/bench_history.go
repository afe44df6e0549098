package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"nks/internal/app"
)

// fillHistory lets the gateway carry out the bundle of the first day, so that the history has the form that the flow
// gives it, counts it as paid, and makes the bundles of the other days of it.
func (b *bench) fillHistory(ctx context.Context) error {
	g, err := b.startGateway(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(b.firstDay(ctx, g), g.stop()); err != nil {
		return err
	}
	return b.withDatabase(ctx, func(db *app.Database) (err error) {
		c, err := b.superuser(ctx, db)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.Close(ctx)) }()
		return b.repeatDays(ctx, c)
	})
}

func (b *bench) firstDay(ctx context.Context, g *measuredGateway) error {
	if err := b.writeBundle(0); err != nil {
		return err
	}
	round, err := b.carryOut(ctx, g, 0)
	if err != nil {
		return err
	}
	b.say("history 1 of %d: %d payments, %.1f s", b.country.measured(), b.country.size(0), round.Seconds)
	_, err = g.db.Pool().ExecContext(ctx, benchPaid)
	return err
}

// benchPaid makes the last bundle's orders paid, and their authority told of it.
const benchPaid = `
	WITH d AS (SELECT id, month, received_at FROM delivery ORDER BY id DESC LIMIT 1),
	gone AS (UPDATE interchange SET state = 'sent', sent_at = prepared_at, contrl = 'accepted', contrl_at = prepared_at
		WHERE state = 'rendered' RETURNING id),
	collected AS (UPDATE answer SET collected_at = made_at WHERE collected_at IS NULL),
	paid AS (UPDATE order_line SET state = 'executed', changed_at = d.received_at FROM gone, d WHERE interchange_id = gone.id
		RETURNING interchange_id, message_no, lin, payments)
	INSERT INTO answer_due (kind, delivery_id, month, interchange_id, message_no, lin, payments, status, caused_at, answer_id)
	SELECT 8, d.id, d.month, p.interchange_id, p.message_no, p.lin, p.payments, 'ACPT', d.received_at, a.id
	FROM d, paid p, answer a WHERE a.delivery_id = d.id AND a.kind = 2`

// repeated is a table whose rows of the first day come again on each later one: as they are, but for some columns.
type repeated struct {
	table   string
	first   string // condition of the first day's rows
	order   string
	columns map[string]string // expression by column; $k is the day
}

// What a day's rows differ by. The first day's ids are known; raw documents are shared.
const (
	laterPayment = `+ ($k::bigint << 24)`
	laterGroup   = `+ ($k::bigint << 14)`
	laterFile    = `+ $k * (SELECT last FROM first_interchange)`
	laterAnswer  = `+ $k * (SELECT last FROM first_answer)`
)

// laterReference is the EndToEndId of a later day's payment: it looks like nothing before it.
func laterReference(payment string) string {
	return `upper(left(md5(` + payment + ` || '.' || $k), 24))`
}

// laterControl is a control number of a later day; numbers have no holes.
const laterControl = `control_ref + $k * (SELECT last FROM first_counter c WHERE c.bank = i.bank)`

func repeatedTables() []repeated {
	const ofFirst = "delivery_id = (SELECT id FROM first_delivery)"
	ofFile := func(column string) map[string]string { return map[string]string{column: column + laterFile} }
	old, new := `lpad(i.control_ref::text, 14, '0')`, `lpad((i.`+laterControl+`)::text, 14, '0')`
	return []repeated{
		{"delivery", "id = (SELECT id FROM first_delivery)", "", map[string]string{"id": "id + $k", "transport_key": "transport_key || '.' || $k",
			"sha256": "sha256(sha256 || '$k'::bytea)", "group_ref": "group_ref || '.' || $k", "message_id": "message_id || '.' || $k",
			"received_at": "received_at + $k * interval '1 day'", "arrival": "arrival + $k"}},
		{"delivery_key", ofFirst, "", map[string]string{"transport_key": "transport_key || '.' || $k", "delivery_id": "delivery_id + $k",
			"sha256": "sha256(sha256 || '$k'::bytea)"}},
		{"bundle_key", ofFirst, "", map[string]string{"group_ref": "group_ref || '.' || $k", "delivery_id": "delivery_id + $k",
			"sha256": "sha256(sha256 || '$k'::bytea)"}},
		{"release_group", ofFirst, "id", map[string]string{"id": "id " + laterGroup, "delivery_id": "delivery_id + $k"}},
		{"payment", "id >> 24 = (SELECT id FROM first_delivery)", "id", map[string]string{"id": "id " + laterPayment, "group_id": "group_id " + laterGroup,
			"e2e": laterReference("id")}},
		{"payment_key", "payment_id >> 24 = (SELECT id FROM first_delivery)", laterReference("payment_id") + ` COLLATE "C"`,
			map[string]string{"payment_id": "payment_id " + laterPayment, "e2e": laterReference("payment_id")}},
		{"standing", "payment_id >> 24 = (SELECT id FROM first_delivery)", "payment_id", map[string]string{"payment_id": "payment_id " + laterPayment}},
		{"fact", "payment_id >> 24 = (SELECT id FROM first_delivery)", "payment_id", map[string]string{"payment_id": "payment_id " + laterPayment}},
		{"fact_tally", "group_id >> 14 = (SELECT id FROM first_delivery)", "", map[string]string{"group_id": "group_id " + laterGroup}},
		{"bank_reference", ofFirst, "", map[string]string{"head": "'9' || lpad('$k', 7, '0')", "delivery_id": "delivery_id + $k"}},
		{"interchange", "id <= (SELECT last FROM first_interchange)", "id", map[string]string{"id": "id " + laterFile, "control_ref": laterControl,
			"file_name": "replace(file_name, " + old + ", " + new + ")"}},
		{"message", "interchange_id <= (SELECT last FROM first_interchange)", "interchange_id, no", map[string]string{"interchange_id": "interchange_id " + laterFile,
			"ref": "(SELECT replace(ref, " + old + ", " + new + ") FROM interchange i WHERE i.id = interchange_id)"}},
		{"order_line", "interchange_id <= (SELECT last FROM first_interchange)", "interchange_id, message_no, lin", ofFile("interchange_id")},
		{"bank_order", "interchange_id <= (SELECT last FROM first_interchange)", "interchange_id, message_no, lin, seq",
			map[string]string{"interchange_id": "interchange_id " + laterFile, "payment_id": "payment_id " + laterPayment}},
		{"text_change", "interchange_id <= (SELECT last FROM first_interchange)", "", ofFile("interchange_id")},
		{"answer", ofFirst, "id", map[string]string{"id": "id " + laterAnswer, "number": "number + $k * (SELECT last FROM first_answers a WHERE a.kind = i.kind)",
			"delivery_id": "delivery_id + $k", "file_name": "file_name || '.' || $k"}},
		{"answer_key", ofFirst, "", map[string]string{"answer_id": "answer_id " + laterAnswer, "number": "number + $k * (SELECT last FROM first_answers a WHERE a.kind = i.kind)",
			"delivery_id": "delivery_id + $k", "file_name": "file_name || '.' || $k"}},
		{"answer_due", ofFirst, "", map[string]string{"delivery_id": "delivery_id + $k",
			"payment_id": "CASE payment_id WHEN 0 THEN 0 ELSE payment_id " + laterPayment + " END", "answer_id": "answer_id " + laterAnswer,
			"interchange_id": "CASE interchange_id WHEN 0 THEN 0 ELSE interchange_id " + laterFile + " END"}},
	}
}

// repeatDays makes the later days of the first, bundle by bundle, so that the indexes grow as they do in the flow.
func (b *bench) repeatDays(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, `SET search_path = nks; SET work_mem = '256MB'; ANALYZE;
		CREATE TEMP TABLE first_delivery AS SELECT id FROM delivery;
		CREATE TEMP TABLE first_interchange AS SELECT max(id) AS last FROM interchange;
		CREATE TEMP TABLE first_answer AS SELECT max(id) & 1099511627775 AS last FROM answer;
		CREATE TEMP TABLE first_counter AS SELECT bank, last FROM bank_counter;
		CREATE TEMP TABLE first_answers AS SELECT kind, last FROM answer_counter`)
	if err != nil {
		return err
	}
	for day := 1; day < b.country.measured(); day++ {
		for _, t := range repeatedTables() {
			if err := t.repeat(ctx, c, day); err != nil {
				return fmt.Errorf("day %d: %s: %w", day+1, t.table, err)
			}
		}
		b.say("history %d of %d", day+1, b.country.measured())
	}
	_, err = c.Exec(ctx, strings.ReplaceAll(`UPDATE bank_counter SET last = last * $n; UPDATE arrival_counter SET last = last * $n; UPDATE answer_counter SET last = last * $n;
		SELECT setval('delivery_number_`+benchMonth+`', (SELECT max(id) & 4194303 FROM delivery)),
			setval(pg_get_serial_sequence('interchange', 'id'), (SELECT max(id) FROM interchange)),
			setval('answer_number', (SELECT max(id) & 1099511627775 FROM answer))`, "$n", fmt.Sprint(b.country.measured())))
	return err
}

// repeat writes the first day's rows once more for a later day, with whatever columns the table has by now.
func (t repeated) repeat(ctx context.Context, c *pgx.Conn, day int) error {
	rows, err := c.Query(ctx, `SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'nks' AND table_name = $1
		AND is_generated = 'NEVER' ORDER BY ordinal_position`, t.table)
	if err != nil {
		return err
	}
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	values := make([]string, len(columns))
	known := 0
	for i, name := range columns {
		values[i] = "i." + name
		if expression, ok := t.columns[name]; ok {
			values[i] = expression
			known++
		}
	}
	if known != len(t.columns) {
		return fmt.Errorf("has columns %v and not all of %v", columns, slices.Sorted(maps.Keys(t.columns)))
	}
	statement := fmt.Sprintf("INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s i WHERE %s", t.table, strings.Join(columns, ", "),
		strings.Join(values, ", "), t.table, t.first)
	if t.order != "" {
		statement += " ORDER BY " + t.order
	}
	_, err = c.Exec(ctx, strings.ReplaceAll(statement, "$k", fmt.Sprint(day)))
	return err
}
