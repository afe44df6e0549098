package reconciliation

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Finding is something that must never be so.
type Finding struct {
	Rule   string // id in reliability §5.1
	What   string
	Count  int64
	Sample string // one subject, no personal data
}

// invariant is one statement that counts violations and names one.
type invariant struct{ rule, what, query string }

// looksUp reports whether an invariant is of the register alone, in which a few rows are looked for.
func (v invariant) looksUp() bool { return strings.HasSuffix(v.what, "in force at once") }

// invariants hold at every instant. Each query gives a count and the smallest subject. Where one asks for a state, OFFSET 0
// keeps that until the joins are done: the planner cannot know how many payments are in a state, and would expect few.
func invariants() []invariant {
	return []invariant{
		{"I1", "bundle whose payments are not all there",
			`SELECT d.id FROM only_delivery d LEFT JOIN LATERAL (SELECT count(*) - (SELECT count(*) FROM set_off s WHERE s.payment_id BETWEEN d.id << 24 AND (d.id << 24) + 16777215
				AND s.part_id <> s.payment_id) AS n, coalesce(sum(ore), 0) AS ore FROM payment p WHERE p.month = d.month AND p.id BETWEEN d.id << 24 AND (d.id << 24) + 16777215) p ON true
			 WHERE d.state IN ('read', 'checked') AND (p.n <> d.payments OR p.ore <> d.ore) AND ` + kept("d.month")},
		{"I1", "payment without a bundle that was accepted",
			`SELECT p.id FROM only_payment p LEFT JOIN only_delivery d ON d.id = delivery_of(p.id) AND d.state IN ('read', 'checked') WHERE d.id IS NULL AND ` + kept("p.month")},
		{"I1", "group whose payments are not all there",
			`SELECT g.id FROM only_release_group g LEFT JOIN LATERAL (SELECT count(*) AS n, coalesce(sum(ore), 0) AS ore FROM payment p
				WHERE p.month = g.month AND p.id BETWEEN g.delivery_id << 24 AND (g.delivery_id << 24) + 16777215 AND p.group_id = g.id) p ON true
			 WHERE (p.n <> g.payments OR p.ore <> g.ore) AND ` + kept("g.month")},
		{"I2", "payment with two orders alive",
			`SELECT o.payment_id FROM own_bank_order o JOIN only_order_line l USING (interchange_id, message_no, lin) LEFT JOIN own_fact f ON f.payment_id = o.payment_id
				AND f.scope = 'payment' AND f.attempt = o.attempt AND f.kind IN ('bank_rejected', 'came_back')
			 WHERE f.payment_id IS NULL AND l.state NOT IN ('rejected', 'void') AND NOT EXISTS (SELECT FROM own_fact e WHERE e.scope = 'line' AND e.kind = 'bank_rejected'
				AND e.interchange_id = l.interchange_id AND e.message_no = l.message_no AND e.lin = l.lin) GROUP BY 1 HAVING count(*) > 1`},
		{"I2", "order that is not where its payment is looked for",
			`SELECT o.payment_id FROM own_bank_order o JOIN only_delivery d ON d.id = delivery_of(o.payment_id) JOIN only_payment p ON p.month = d.month AND p.id = o.payment_id
			 JOIN only_release_group g ON g.id = p.group_id LEFT JOIN only_standing s ON s.month = p.month AND s.payment_id = p.id
			 WHERE o.month IS DISTINCT FROM CASE o.attempt WHEN 1 THEN g.order_month WHEN s.attempt THEN s.order_month ELSE o.month END
				OR o.payer_id IS DISTINCT FROM d.payer_id OR o.authority <> p.authority`},
		{"I2", "order without a payment, or of another amount",
			`SELECT o.payment_id FROM own_bank_order o LEFT JOIN only_payment p ON p.id = o.payment_id
			 LEFT JOIN obligation w ON w.payment_id = o.payment_id AND w.attempt = o.attempt
			 WHERE (p.id IS NULL OR o.ore <> coalesce(w.ore, p.ore) OR o.ore > p.ore AND o.ore > p.ore + ` + rateGave("o.payment_id") + `) AND ` + keptPayment("o.payment_id")},
		{"I2", "order of a payment that was rejected, stopped, held or returned before any order",
			`SELECT o.payment_id FROM own_bank_order o JOIN only_standing e ON e.payment_id = o.payment_id
			 WHERE e.kind IN ('rejected', 'stopped', 'held', 'not_payable') AND o.attempt >= e.attempt`},
		{"I2", "stopped payment with an order alive",
			`SELECT o.payment_id FROM own_bank_order o JOIN only_standing e ON e.payment_id = o.payment_id AND e.kind = 'stopped' JOIN only_order_line l USING (interchange_id, message_no, lin)
			 WHERE l.state NOT IN ('rejected', 'void') AND NOT EXISTS (SELECT FROM own_fact f WHERE f.payment_id = o.payment_id AND f.scope = 'payment' AND f.attempt = o.attempt
				AND f.kind = 'bank_rejected')`},
		{"I2", "void order that is not void as a whole",
			`SELECT i.id FROM only_interchange i JOIN only_message m ON m.interchange_id = i.id JOIN only_order_line l ON l.interchange_id = m.interchange_id AND l.message_no = m.no
			 WHERE (i.state = 'void') <> m.void OR m.void <> (l.state = 'void')`},
		{"I2", "line whose orders are not all of its attempt, or not counted where they are",
			`SELECT l.interchange_id FROM only_order_line l LEFT JOIN (SELECT o.interchange_id, o.message_no, o.lin, count(*) FILTER (WHERE s.attempt > o.attempt OR s.attempt BETWEEN 1 AND o.attempt - 1) AS n,
				coalesce(sum(CASE o.attempt WHEN 1 THEN o.ore ELSE (SELECT p.ore FROM payment p WHERE p.month = month_of(delivery_of(o.payment_id)) AND p.id = o.payment_id) END)
					FILTER (WHERE s.attempt > o.attempt OR s.attempt BETWEEN 1 AND o.attempt - 1), 0) AS ore, min(o.attempt) AS first, max(o.attempt) AS last
				FROM only_bank_order o LEFT JOIN open_standing s ON s.payment_id = o.payment_id GROUP BY 1, 2, 3) c USING (interchange_id, message_no, lin)
			 LEFT JOIN interchange i ON i.id = l.interchange_id
			 WHERE (l.later_payments <> coalesce(c.n, 0) OR l.later_ore <> coalesce(c.ore, 0) OR l.attempt <> c.first OR l.attempt <> c.last) AND ` + kept("i.since")},
		{"I2", "obligation that is not what became of it",
			`SELECT w.payment_id FROM only_obligation w LEFT JOIN only_standing s ON s.month = w.payment_month AND s.payment_id = w.payment_id
			 LEFT JOIN own_bank_order o ON o.payment_id = w.payment_id AND o.attempt = w.attempt
			 LEFT JOIN own_bank_order b ON b.payment_id = w.payment_id AND b.attempt = w.attempt - 1
			 WHERE ` + kept("w.payment_month") + ` AND (b.payment_id IS NULL AND w.cause IS DISTINCT FROM 'no_account' OR w.ore > b.ore AND w.ore > b.ore + ` + rateGave("b.payment_id") + ` OR (w.state = 'ordered') <> (o.payment_id IS NOT NULL)
				OR w.state = 'open' AND s.attempt >= w.attempt
				OR w.state = 'ordered' AND (s.attempt >= w.attempt) IS NOT TRUE AND NOT EXISTS (SELECT FROM order_line l WHERE l.interchange_id = o.interchange_id
					AND l.message_no = o.message_no AND l.lin = o.lin AND l.state = 'void')
				OR w.state = 'given_up' AND w.cause IS NULL AND NOT coalesce(s.attempt = w.attempt AND s.kind IN ('not_payable', 'stopped'), false))`},
		{"I3", "payment that waits for an account, and nobody waits for",
			`SELECT s.payment_id FROM only_standing s WHERE s.kind = 'awaits_account' AND ` + kept("s.month") + `
			 AND NOT EXISTS (SELECT FROM obligation w WHERE w.payment_id = s.payment_id AND w.state = 'open' AND w.due_on <= w.hold_until + 1)`},
		{"I3", "payment that came back, and nobody settles",
			`SELECT s.payment_id FROM only_standing s WHERE s.kind = 'came_back' AND ` + kept("s.month") + `
			 AND NOT EXISTS (SELECT FROM obligation w WHERE w.payment_id = s.payment_id AND w.state = 'open')
			 AND NOT EXISTS (SELECT FROM settle_due w WHERE w.payment_id = s.payment_id)`},
		{"I2", "payment of which more is settled or ordered than came back",
			`SELECT q.payment_id FROM (SELECT f.payment_id, sum(f.ore) FILTER (WHERE f.kind = 'came_back') AS came,
					coalesce(sum(f.ore) FILTER (WHERE f.kind IN ('settled_to_sender', 'settled_by_cheque', 'settled_to_error_account')), 0) AS went
				FROM own_fact f WHERE f.scope = 'payment' AND f.kind IN ('came_back', 'settled_to_sender', 'settled_by_cheque', 'settled_to_error_account') GROUP BY 1) q
			 LEFT JOIN LATERAL (SELECT sum(w.ore) AS ore FROM obligation w LEFT JOIN own_bank_order o ON o.payment_id = w.payment_id AND o.attempt = w.attempt
				LEFT JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
				WHERE w.payment_id = q.payment_id AND w.cause = 'came_back' AND w.state <> 'given_up' AND l.state IS DISTINCT FROM 'void') w ON true
			 WHERE q.came IS NULL OR q.went + coalesce(w.ore, 0) > q.came`},
		{"I2", "payment that was paid by hand and is ordered",
			`SELECT h.payment_id FROM paid_by_hand h JOIN obligation w ON w.payment_id = h.payment_id WHERE w.state = 'open' OR w.state = 'ordered' AND w.ended_at > h.at`},
		{"I3", "payment of a void order that nobody orders anew",
			`SELECT payment_id FROM (SELECT o.payment_id, o.type, o.attempt, s.kind, l.state AS line, i.state AS interchange
				FROM only_order_line l JOIN only_interchange i ON i.id = l.interchange_id JOIN own_bank_order o USING (interchange_id, message_no, lin)
				LEFT JOIN only_standing s ON s.payment_id = o.payment_id
				WHERE l.state = 'void' AND (s.attempt > o.attempt OR s.attempt BETWEEN 1 AND o.attempt - 1) IS NOT TRUE AND ` + kept("i.since") + `
				AND NOT EXISTS (SELECT FROM obligation w WHERE w.payment_id = o.payment_id AND w.attempt = o.attempt + 1 AND w.state = 'open') OFFSET 0) o
			 WHERE state_of(kind, 'released', type, line, interchange) = 'void'`},
		{"I2", "payment that does not stand where its last fact says",
			`SELECT s.payment_id FROM only_standing s LEFT JOIN (SELECT payment_id, count(*) AS facts, max(n) AS n FROM own_fact k WHERE scope = 'payment' GROUP BY 1) c
				USING (payment_id)
			 LEFT JOIN own_fact f ON f.payment_id = s.payment_id AND f.n = s.n AND f.scope = 'payment'
			 WHERE (s.kind IS NOT NULL AND (f.kind, f.attempt) IS DISTINCT FROM (s.kind, s.attempt) OR s.kind IS NULL AND f.attempt >= s.attempt
				OR coalesce(c.facts, 0) <> s.n OR coalesce(c.n, 0) <> s.n) AND ` + kept("s.month")},
		{"I2", "fact of a payment that stands nowhere",
			`SELECT f.payment_id FROM own_fact f LEFT JOIN only_standing s ON s.payment_id = f.payment_id WHERE f.scope = 'payment' AND s.payment_id IS NULL AND ` + keptPayment("f.payment_id")},
		{"I2", "tally that is not what its facts add up to",
			`SELECT coalesce(t.group_id, t.interchange_id, s.group_id, s.interchange_id) FROM (SELECT group_id, interchange_id, message_no, lin, kind, sum(payments) AS n, sum(ore) AS ore
				FROM only_fact_tally y WHERE ` + keptPayment("group_id << 10") + ` AND ` + keptPlace("interchange_id") + `
				GROUP BY 1, 2, 3, 4, 5 HAVING sum(payments) <> 0 OR sum(ore) <> 0) t
			 FULL JOIN (SELECT CASE WHEN o.interchange_id IS NULL THEN p.group_id END AS group_id, o.interchange_id, o.message_no, o.lin, s.kind, count(*) AS n, sum(p.ore) AS ore
				FROM open_standing s JOIN open_payment p ON p.month = s.month AND p.id = s.payment_id JOIN release_group g ON g.id = p.group_id
				LEFT JOIN only_bank_order o ON s.attempt > 0 AND o.month = coalesce(s.order_month, g.order_month) AND o.payment_id = s.payment_id AND o.attempt = s.attempt
				WHERE s.kind IS NOT NULL AND (o.interchange_id IS NOT NULL OR p.group_id >= own_groups) AND ` + kept("s.month") + ` AND ` + keptPlace("o.interchange_id") + ` GROUP BY 1, 2, 3, 4, 5) s
				ON coalesce(s.group_id, 0) = coalesce(t.group_id, 0) AND coalesce(s.interchange_id, 0) = coalesce(t.interchange_id, 0)
				AND coalesce(s.message_no, 0) = coalesce(t.message_no, 0) AND coalesce(s.lin, 0) = coalesce(t.lin, 0) AND s.kind = t.kind
			 WHERE (t.n, t.ore) IS DISTINCT FROM (s.n, s.ore)`},
		{"I2", "released payment with neither order nor event",
			`SELECT id FROM (SELECT p.id, g.state, s.kind FROM only_payment p JOIN only_release_group g ON g.id = p.group_id
				LEFT JOIN only_standing s ON s.month = p.month AND s.payment_id = p.id
				WHERE NOT EXISTS (SELECT 1 FROM own_bank_order o WHERE o.month = coalesce(s.order_month, g.order_month) AND o.payment_id = p.id)
				AND ` + kept("p.month") + ` OFFSET 0) p
			 WHERE state_of(kind, state, NULL, NULL, NULL) = 'missing'`},
		{"I13", "order to an account that was not in force, or that its release did not know",
			`SELECT o.payment_id FROM own_bank_order o JOIN only_payment p ON p.id = o.payment_id
			 JOIN only_release_group g ON g.id = p.group_id LEFT JOIN account_version v ON v.id = o.account_version
			 LEFT JOIN obligation w ON w.payment_id = o.payment_id AND w.attempt = o.attempt
			 CROSS JOIN LATERAL (SELECT coalesce(w.register_counter, g.register_counter) AS known, coalesce(w.ended_at, g.released_at) AS at) q
			 WHERE o.account_version IS NOT NULL AND (v.id IS NULL OR v.account <> o.account OR v.account_kind <> o.account_kind
				OR v.counter > q.known OR v.closed <= q.known OR v.valid_from > q.at OR v.valid_to <= q.at)`},
		{"I3", "delivery that is set aside and waits for nobody",
			`SELECT d.id FROM only_delivery d WHERE d.state IN ('received', 'read') AND d.set_aside_at IS NOT NULL
			 AND NOT EXISTS (SELECT 1 FROM exception e WHERE e.kind = 'delivery cannot be read' AND e.subject = d.id::text AND e.closed_at IS NULL)`},
		{"I5", "bank whose control numbers have a hole",
			`SELECT c.last FROM bank_counter c LEFT JOIN (SELECT bank, count(DISTINCT control_ref) AS n, max(control_ref) AS top
				FROM (SELECT bank, control_ref FROM interchange UNION ALL SELECT substr(series, 6), number FROM unused_number WHERE series LIKE 'bank %') used GROUP BY 1) i USING (bank)
			 WHERE coalesce(i.n, 0) <> c.last % 1000000000000 OR coalesce(i.top, 0) <> c.last`},
		{"I6", "row that names what is not there",
			`SELECT r.id FROM (SELECT id, document_id FROM only_delivery d UNION ALL SELECT id, document_id FROM only_answer a
				UNION ALL SELECT id, document_id FROM only_bank_file f UNION ALL SELECT id, document_id FROM only_interchange i
				UNION ALL SELECT document_id, document_id FROM only_document_piece p UNION ALL SELECT document_id, document_id FROM mailbox_upload) r
			 WHERE r.document_id IS NOT NULL AND (SELECT d.id FROM document d WHERE d.id = r.document_id LIMIT 1) IS NULL AND ` + keptID("r.document_id") + `
			 UNION ALL SELECT r.id FROM (SELECT id, delivery_id FROM only_release_group g UNION ALL SELECT id, delivery_id FROM only_answer a
				UNION ALL SELECT id, delivery_id FROM only_document d UNION ALL SELECT answer_id, delivery_id FROM only_answer_due a
				UNION ALL SELECT delivery_id, delivery_id FROM only_bank_reference b) r
			 WHERE r.delivery_id IS NOT NULL AND (SELECT d.id FROM delivery d WHERE d.id = r.delivery_id LIMIT 1) IS NULL AND ` + keptPayment("r.delivery_id << 24") + `
			 UNION ALL SELECT r.id FROM (SELECT delivery_id AS id, answer_id FROM only_answer_due d UNION ALL SELECT answer_id, answer_id FROM only_answer_key k) r
			 LEFT JOIN only_answer a ON a.id = r.answer_id WHERE r.answer_id IS NOT NULL AND a.id IS NULL AND ` + keptID("r.answer_id") + `
			 UNION ALL SELECT r.id FROM (SELECT id, bank_file_id FROM only_document d UNION ALL SELECT bank_file_id, bank_file_id FROM only_bank_file_about a
				UNION ALL SELECT bank_file_id, bank_file_id FROM bank_file_unheard) r
			 WHERE r.bank_file_id IS NOT NULL AND (SELECT f.id FROM bank_file f WHERE f.id = r.bank_file_id LIMIT 1) IS NULL AND ` + keptID("r.bank_file_id")},
		{"I6", "bank's file whose statements have a hole",
			`SELECT f.id FROM only_bank_file f LEFT JOIN (SELECT bank_file_id, hearing, count(*) AS n, max(n) AS top FROM only_bank_fact b GROUP BY 1, 2) k
				ON k.bank_file_id = f.id AND k.hearing = f.hearing
			 WHERE f.state IN ('done', 'parked') AND (k.n IS NULL OR k.n <> k.top) AND ` + keptID("f.id")},
		{"I6", "fact by a bank's file in which nothing says so",
			`SELECT coalesce(t.payment_id, t.interchange_id) FROM only_fact t JOIN only_bank_file f ON f.document_id = t.document_id
			 WHERE NOT EXISTS (SELECT 1 FROM bank_fact k WHERE k.bank_file_id = f.id AND (k.interchange_id = t.interchange_id OR k.posting_id = t.posting_id)
				AND k.effect IN ('takes', 'disputes')) AND ` + keptID("f.id")},
		{"I7", "accepted payment without its key",
			`SELECT p.id FROM only_payment p JOIN only_delivery d ON d.id = delivery_of(p.id) AND d.state = 'checked'
			 LEFT JOIN only_payment_key k ON k.payer_id = d.payer_id AND k.e2e = p.e2e AND k.payment_id = p.id
			 LEFT JOIN only_standing e ON e.month = p.month AND e.payment_id = p.id AND e.kind = 'rejected'
			 WHERE (k.payment_id IS NULL) <> (e.payment_id IS NOT NULL) AND ` + kept("p.month")},
		{"I7", "what came, or was made, without what makes it unique for ever",
			`SELECT d.id FROM only_delivery d LEFT JOIN delivery_key k ON k.door = d.door AND k.supplier = d.supplier AND k.transport_key = d.transport_key
				AND k.delivery_id = d.id AND k.sha256 = d.sha256 WHERE k.delivery_id IS NULL AND ` + kept("d.month") + `
			 UNION ALL SELECT d.id FROM only_delivery d LEFT JOIN bundle_key k ON k.payer_id = d.payer_id AND k.group_ref = d.group_ref AND k.delivery_id = d.id
				AND k.sha256 = d.sha256 WHERE d.state IN ('read', 'checked') AND k.delivery_id IS NULL AND ` + kept("d.month") + `
			 UNION ALL SELECT a.id FROM only_answer a LEFT JOIN answer_key k ON k.supplier = a.supplier AND k.file_name = a.file_name
				AND k.answer_id = a.id AND k.delivery_id = a.delivery_id
				AND k.kind = a.kind AND k.number = a.number WHERE k.answer_id IS NULL
			 UNION ALL SELECT f.id FROM only_bank_file f LEFT JOIN bank_file_key k ON k.bank = f.bank AND k.name = f.name AND k.sha256 = f.sha256
				AND k.bank_file_id = f.id WHERE k.bank_file_id IS NULL`},
		{"I7", "answer that does not lie ready as its own row says",
			`SELECT coalesce(a.id, u.answer_id) AS id FROM (SELECT id, supplier, door FROM only_answer r WHERE collected_at IS NULL) a
			 FULL JOIN only_answer_uncollected u ON u.answer_id = a.id AND u.supplier = a.supplier AND u.door = a.door WHERE a.id IS NULL OR u.answer_id IS NULL`},
		{"I8", "line whose orders do not add up",
			`SELECT l.interchange_id FROM only_order_line l LEFT JOIN (
				SELECT interchange_id, message_no, lin, count(*) AS n, sum(ore) AS ore FROM only_bank_order b GROUP BY 1, 2, 3) o
				USING (interchange_id, message_no, lin) LEFT JOIN interchange i ON i.id = l.interchange_id
			 WHERE (o.n IS DISTINCT FROM l.payments OR o.ore IS DISTINCT FROM l.ore) AND ` + kept("i.month")},
		{"I8", "order without a line",
			`SELECT o.payment_id FROM only_bank_order o LEFT JOIN only_order_line l USING (interchange_id, message_no, lin) WHERE l.lin IS NULL AND ` + kept("o.month")},
		{"I8", "message whose lines do not add up",
			`SELECT m.interchange_id FROM only_message m LEFT JOIN (SELECT interchange_id, message_no, sum(payments) AS n, sum(ore) AS ore
				FROM only_order_line o GROUP BY 1, 2) l ON l.interchange_id = m.interchange_id AND l.message_no = m.no LEFT JOIN interchange i ON i.id = m.interchange_id
			 WHERE i.kind = 'PAYMUL' AND (l.n IS DISTINCT FROM m.payments OR l.ore IS DISTINCT FROM m.ore) AND ` + kept("i.month")},
		{"I8", "interchange whose messages do not add up",
			`SELECT i.id FROM only_interchange i LEFT JOIN (SELECT interchange_id, count(*) AS c, sum(payments) AS n, sum(ore) AS ore
				FROM only_message o GROUP BY 1) m ON m.interchange_id = i.id
			 WHERE i.kind = 'PAYMUL' AND (m.c IS DISTINCT FROM i.messages OR m.n IS DISTINCT FROM i.payments OR m.ore IS DISTINCT FROM i.ore)`},
		{"I8", "fact that does not tell what it moved",
			`SELECT coalesce(f.payment_id, f.interchange_id) FROM only_fact f WHERE f.was IS NULL OR f.stood_payments IS NULL OR f.stood_ore IS NULL`},
		{"I8", "book whose accounts do not add up to 0, or that does not open with what was left",
			`SELECT extract(epoch FROM day)::bigint FROM (SELECT day, opening_ore, lag(opening_ore + in_ore - out_ore) OVER (PARTITION BY authority, agreement, currency, account ORDER BY day) AS left_ore
				FROM only_book_balance b) o WHERE opening_ore <> left_ore
			 UNION ALL SELECT extract(epoch FROM day)::bigint FROM only_book_balance s GROUP BY day, authority, agreement, currency HAVING sum(in_ore) <> sum(out_ore)`},
		{"I8", "certificate of accounts that do not add up to 0",
			`SELECT c.audit_entry FROM only_certificate c CROSS JOIN LATERAL (SELECT sum((s ->> 'opening_ore')::bigint + (s ->> 'in_ore')::bigint - (s ->> 'out_ore')::bigint) AS ore
				FROM jsonb_array_elements(c.sums) s) a WHERE c.issued AND a.ore <> 0`},
		{"I9", "entry of the log that has waited too long for its place",
			`SELECT id FROM audit_entry WHERE place IS NULL AND recorded_at < clock_timestamp() - interval '10 min'`},
		{"I9", "log whose places have a hole, or are not all signed",
			`SELECT coalesce(c.size, 0) FROM (SELECT count(place) AS n, max(place) + 1 AS top FROM audit_entry) e
			 CROSS JOIN (SELECT max(size) AS size FROM audit_checkpoint) c
			 WHERE coalesce(e.top, 0) <> e.n OR coalesce(c.size, 0) <> e.n`},
		{"I12", "answer numbers with a hole",
			`SELECT c.kind FROM answer_counter c LEFT JOIN (SELECT kind, count(*) AS n, max(number) AS top
				FROM (SELECT kind, number FROM answer_key UNION ALL SELECT substr(series, 8)::smallint, number FROM unused_number WHERE series LIKE 'answer %') used GROUP BY 1) a USING (kind)
			 WHERE coalesce(a.n, 0) <> c.last OR coalesce(a.top, 0) <> c.last`},
		{"I12", "bundle without its receipt, or checked without response 2",
			`SELECT d.id FROM only_delivery d WHERE d.state <> 'received' AND d.request IS NULL AND ` + kept("d.month") + `
			 AND ((SELECT count(*) FROM answer_key a WHERE a.delivery_id = d.id AND a.kind IN (0, 1)) <> 1
			   OR (SELECT count(*) FROM answer_key a WHERE a.delivery_id = d.id AND a.kind = 2) <> (d.state = 'checked')::int)`},
		{"I12", "request without its one answer",
			`SELECT d.id FROM only_delivery d WHERE d.request IS NOT NULL AND ` + kept("d.month") + `
			 AND (SELECT count(*) FROM answer_key a WHERE a.delivery_id = d.id AND a.kind IN (20, 30)) <> 1`},
		{"I12", "response that nobody would ever close",
			`SELECT d.delivery_id FROM (SELECT delivery_id, kind, sum(payments) AS n FROM only_answer_due o WHERE answer_id IS NULL GROUP BY 1, 2) d
			 LEFT JOIN (SELECT delivery_id, kind, sum(payments) AS n FROM (SELECT delivery_id, kind, payments FROM answer_waiting
				UNION ALL SELECT delivery_id, kind, payments FROM answer_due_tally) c GROUP BY 1, 2) w USING (delivery_id, kind)
			 WHERE d.n > coalesce(w.n, 0)`},
		{"I12", "stopped payment whose authority was not told",
			`SELECT e.payment_id FROM only_standing e WHERE e.kind = 'stopped' AND ` + kept("e.month") + `
			 AND NOT EXISTS (SELECT 1 FROM only_answer_due a WHERE a.payment_id = e.payment_id AND a.attempt = e.attempt AND a.kind = 5)`},
		{"I12", "returned payment whose authority was not told",
			`SELECT e.payment_id FROM only_standing e WHERE e.kind IN ('not_payable', 'bank_rejected') AND ` + kept("e.month") + `
			 AND NOT EXISTS (SELECT 1 FROM only_answer_due a WHERE a.payment_id = e.payment_id AND a.attempt = e.attempt
				AND a.kind = CASE e.kind WHEN 'not_payable' THEN 7 ELSE 9 END)`},
		{"I12", "order of a rejected line whose authority was not told",
			`SELECT payment_id FROM (SELECT o.payment_id, o.type, e.kind, l.state AS line, i.state AS interchange
				FROM only_order_line l JOIN own_bank_order o USING (interchange_id, message_no, lin) JOIN only_interchange i ON i.id = l.interchange_id
				LEFT JOIN only_standing e ON e.payment_id = o.payment_id AND e.attempt = o.attempt
				WHERE l.state = 'rejected' AND ` + kept("i.since") + `
				AND NOT EXISTS (SELECT 1 FROM only_answer_due a WHERE a.payment_id = o.payment_id AND a.attempt = o.attempt AND a.kind = 9) OFFSET 0) o
			 WHERE state_of(kind, 'released', type, line, interchange) = 'returned'`},
		{"I12", "order that the bank has taken over, whose authority was not told",
			`SELECT payment_id FROM (SELECT o.payment_id, o.type, e.kind, l.state AS line, i.state AS interchange
				FROM only_order_line l JOIN own_bank_order o USING (interchange_id, message_no, lin) JOIN only_interchange i ON i.id = l.interchange_id
				LEFT JOIN only_standing e ON e.payment_id = o.payment_id AND e.attempt = o.attempt
				WHERE l.state IN ('accepted', 'assumed', 'executed') AND ` + kept("i.since") + `
				AND NOT EXISTS (SELECT 1 FROM only_answer_due a WHERE a.kind = 8 AND a.delivery_id = delivery_of(o.payment_id) AND a.payment_id = 0 AND a.attempt = 0
					AND a.interchange_id = l.interchange_id AND a.message_no = l.message_no AND a.lin = l.lin)
				AND NOT EXISTS (SELECT 1 FROM only_answer_due a WHERE a.kind = 8 AND a.delivery_id = delivery_of(o.payment_id) AND a.payment_id = o.payment_id
					AND a.attempt = o.attempt)
				AND NOT EXISTS (SELECT FROM only_standing t WHERE t.payment_id = o.payment_id AND t.attempt > o.attempt) OFFSET 0) o
			 WHERE position_of(kind, 'released', type, line, interchange) IN ('with_bank', 'accepted', 'assumed', 'executed')`},
		{"I12", "order whose authority was last told the opposite",
			`SELECT payment_id FROM (SELECT o.payment_id, o.type, e.kind, l.state AS line, i.state AS interchange,
				coalesce((SELECT a.kind FROM only_answer_due a WHERE a.delivery_id = delivery_of(o.payment_id) AND a.kind IN (8, 9) AND a.payment_id = o.payment_id
					AND a.attempt = o.attempt ORDER BY a.turn DESC LIMIT 1), 8) AS last
				FROM only_order_line l JOIN own_bank_order o USING (interchange_id, message_no, lin) JOIN only_interchange i ON i.id = l.interchange_id
				LEFT JOIN only_standing e ON e.payment_id = o.payment_id AND e.attempt = o.attempt
				LEFT JOIN only_standing n ON n.payment_id = o.payment_id AND n.attempt > o.attempt
				WHERE n.payment_id IS NULL AND (l.facts > 0 OR e.kind IS NOT NULL) AND ` + kept("i.since") + ` OFFSET 0) o
			 WHERE last <> CASE position_of(kind, 'released', type, line, interchange) WHEN 'bank_rejected' THEN 9 WHEN 'executed' THEN 8 WHEN 'assumed' THEN 8 ELSE last END`},
		{"I12", "group that waits for another day than was foretold",
			`SELECT g.id FROM only_release_group g WHERE g.state IN ('unchecked', 'waiting') AND g.executes_on <> g.foretold_on AND g.replanned_at IS NULL`},
		{"I13", "account versions of one purpose in force at once",
			`SELECT v.id FROM account_version v JOIN account_version o ON o.holder_id = v.holder_id AND o.holder_kind = v.holder_kind AND o.id <> v.id
				AND (o.authority, o.benefit_type) IS NOT DISTINCT FROM (v.authority, v.benefit_type) AND o.recorded_to IS NULL
				AND o.valid_from < v.valid_to AND v.valid_from < coalesce(o.valid_to, 'infinity')
			 WHERE v.recorded_to IS NULL AND v.valid_to IS NOT NULL`},
		{"I13", "versions of one agreement, or of one bank's profile, in force at once",
			`SELECT v.id FROM agreement_version v JOIN agreement_version o USING (agreement, authority, supplier)
			 WHERE v.id < o.id AND v.recorded_to IS NULL AND o.recorded_to IS NULL
				AND v.valid_from < coalesce(o.valid_to, 'infinity') AND o.valid_from < coalesce(v.valid_to, 'infinity')
			 UNION ALL SELECT v.id FROM bank_profile_version v JOIN bank_profile_version o USING (bank)
			 WHERE v.id < o.id AND v.recorded_to IS NULL AND o.recorded_to IS NULL
				AND v.valid_from < coalesce(o.valid_to, 'infinity') AND o.valid_from < coalesce(v.valid_to, 'infinity')`},
		{"I13", "interchange that an agreement's version does not carry to its bank",
			`SELECT i.id FROM only_interchange i JOIN agreement_version v ON v.id = i.agreement_version WHERE v.bank_centre <> i.bank`},
		// Five banking days are never more than sixteen days, so no calendar is needed to be sure.
		{"I13", "order to an account that had changed with effect, and nobody found",
			`SELECT o.payment_id FROM only_interchange i JOIN own_bank_order o ON o.interchange_id = i.id
			 JOIN only_order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
			 JOIN account_version a ON a.id = o.account_version
			 CROSS JOIN LATERAL (SELECT v.valid_to, v.recorded_from FROM account_version v WHERE v.holder_id = a.holder_id AND v.holder_kind = a.holder_kind
				AND (v.authority, v.benefit_type) IS NOT DISTINCT FROM (a.authority, a.benefit_type) AND v.account_kind = a.account_kind AND v.account = a.account
				AND v.recorded_to IS NULL ORDER BY v.valid_to DESC NULLS FIRST LIMIT 1) e
			 WHERE i.kind = 'PAYMUL' AND i.state = 'sent' AND i.executes_on > i.prepared_at::date + 16 AND l.state NOT IN ('void', 'rejected', 'executed') AND o.rule BETWEEN 1 AND 3
				AND greatest(e.valid_to, e.recorded_from) <= i.executes_on - 16
				AND NOT EXISTS (SELECT FROM own_fact f WHERE f.payment_id = o.payment_id AND f.scope = 'payment' AND f.attempt = o.attempt)
				AND NOT EXISTS (SELECT FROM account_version v WHERE v.account_kind = o.account_kind AND v.account = o.account AND v.holder_id = a.holder_id AND v.valid_to IS NULL AND v.recorded_to IS NULL)
				AND NOT EXISTS (SELECT FROM effect_finding f WHERE f.payment_id = o.payment_id)
				AND NOT EXISTS (SELECT FROM effect_watch w WHERE w.payment_id = o.payment_id)
				AND NOT EXISTS (SELECT FROM effect_unlooked u WHERE u.interchange_id = i.id)
				AND EXISTS (SELECT FROM effect_followed f JOIN register_counter c ON c.epoch = f.epoch
					AND NOT EXISTS (SELECT FROM register_change g WHERE (g.counter, g.holder_id, g.holder_kind) > (f.counter, f.holder_id, f.holder_kind)))`},
		{"I13", "finding of a changed account that is not what was done",
			`SELECT f.payment_id FROM effect_finding f JOIN only_delivery d ON d.id = delivery_of(f.payment_id) LEFT JOIN recall r ON r.finding_id = f.id
			 LEFT JOIN own_bank_order o ON o.payment_id = f.payment_id AND o.attempt = f.attempt
			 LEFT JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
			 WHERE ` + keptPayment("f.payment_id") + ` AND ((f.done = 'recalled') <> (r.id IS NOT NULL)
				OR f.done = 'anew' AND l.state IS DISTINCT FROM 'void' OR r.attempt <> f.attempt)`},
		{"I13", "recall of what was not found",
			`SELECT r.payment_id FROM recall r LEFT JOIN effect_finding f ON f.id = r.finding_id AND f.payment_id = r.payment_id
			 WHERE r.finding_id IS NOT NULL AND f.id IS NULL AND ` + keptPayment("r.payment_id")},
		{"I13", "versions of one holder in force at once",
			`SELECT v.counter FROM holder_version v JOIN holder_version o ON o.id = v.id AND o.kind = v.kind AND o.ctid <> v.ctid AND o.recorded_to IS NULL
				AND o.valid_from < v.valid_to AND v.valid_from < coalesce(o.valid_to, 'infinity')
			 WHERE v.recorded_to IS NULL AND v.valid_to IS NOT NULL`},
	}
}

// Check looks for violations of the invariants in all months; none is what must come back.
func Check(ctx context.Context, db Queryer) ([]Finding, error) { return check(ctx, db, everything) }

// CheckOpen looks for them in the months that are not closed: its cost does not grow with the others.
func CheckOpen(ctx context.Context, db Queryer) ([]Finding, error) {
	s, err := openMonths(ctx, db)
	if err != nil {
		return nil, err
	}
	return check(ctx, db, s)
}

func check(ctx context.Context, db Queryer, s scope) ([]Finding, error) {
	// A load that fills the register locks holders first, and accounts then: who has read them the other way round in one
	// transaction would wait for it while it waits.
	first, err := db.QueryContext(ctx, `SELECT FROM nks.holder_version LIMIT 0`)
	if err == nil {
		err = first.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	var found []Finding
	for _, v := range slices.Concat(invariants(), setOffInvariants(), postingInvariants(), decisionInvariants()) {
		if err := hashing(ctx, db, !v.looksUp()); err != nil {
			return nil, fmt.Errorf("check %s %s: %w", v.rule, v.what, err)
		}
		rows, err := db.QueryContext(ctx, `SELECT count(*), coalesce(min(v.s)::text, '') FROM (`+s.of(v.query)+`) v (s)`)
		if err != nil {
			return nil, fmt.Errorf("check %s %s: %w", v.rule, v.what, err)
		}
		f := Finding{Rule: v.rule, What: v.what}
		for rows.Next() {
			err = rows.Scan(&f.Count, &f.Sample)
		}
		if cerr := rows.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return nil, fmt.Errorf("check %s %s: %w", v.rule, v.what, err)
		}
		if f.Count > 0 {
			found = append(found, f)
		}
	}
	return found, nil
}
