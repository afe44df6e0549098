package watch

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Names of what a Follower reads.
const (
	deliveriesTotal   = "nks_deliveries_total"
	deliveryBytes     = "nks_delivery_bytes_total"
	paymentsReceived  = "nks_payments_received_total"
	oreReceived       = "nks_payments_received_ore_total"
	paymentsRejected  = "nks_payments_rejected_total"
	receiptSeconds    = "nks_delivery_receipt_seconds"
	responseSeconds   = "nks_delivery_response_seconds"
	interchangesTotal = "nks_interchanges_total"
	paymentsSent      = "nks_payments_sent_total"
	oreSent           = "nks_payments_sent_ore_total"
	bankFilesTotal    = "nks_bank_files_total"
	bankBytes         = "nks_bank_bytes_total"
	handOverSeconds   = "nks_bank_hand_over_seconds"
	contrlSeconds     = "nks_bank_contrl_seconds"
	validationSeconds = "nks_bank_validation_seconds"
)

func followed() []gateway.Instrument {
	bank, door := []string{"bank"}, []string{"door"}
	return []gateway.Instrument{
		{Kind: gateway.Counter, Name: deliveriesTotal, Labels: []string{"door", "outcome"},
			Help: "Deliveries that were received, accepted (receipt 1), refused (receipt 0 or 1), checked (response 2)."},
		{Kind: gateway.Counter, Name: deliveryBytes, Help: "Bytes of received deliveries.", Labels: door},
		{Kind: gateway.Counter, Name: paymentsReceived, Help: "Payments in accepted deliveries.", Labels: door},
		{Kind: gateway.Counter, Name: oreReceived, Help: "Amount of them, in øre.", Labels: door},
		{Kind: gateway.Counter, Name: paymentsRejected, Help: "Payments of accepted deliveries that response 2 rejects.", Labels: door},
		{Kind: gateway.Duration, Name: receiptSeconds, Help: "From a delivery to its receipt, in business time.", Labels: door},
		{Kind: gateway.Duration, Name: responseSeconds, Help: "From a delivery to its response 2, in business time.", Labels: door},
		{Kind: gateway.Counter, Name: interchangesTotal, Help: "Interchanges handed over to the bank.", Labels: []string{"bank", "kind"}},
		{Kind: gateway.Counter, Name: paymentsSent, Help: "Payments in them.", Labels: bank},
		{Kind: gateway.Counter, Name: oreSent, Help: "Amount of them, in øre.", Labels: bank},
		{Kind: gateway.Counter, Name: bankFilesTotal, Help: "Files fetched from the bank.", Labels: bank},
		{Kind: gateway.Counter, Name: bankBytes, Help: "Bytes of files from the bank (in) and to it (out).", Labels: []string{"bank", "direction"}},
		{Kind: gateway.Duration, Name: handOverSeconds, Help: "From the freezing of an interchange to its hand-over, in business time.", Labels: bank},
		{Kind: gateway.Duration, Name: contrlSeconds, Help: "From hand-over to the bank's CONTRL that accepts or rejects, in business time.", Labels: bank},
		{Kind: gateway.Duration, Name: validationSeconds, Help: "From that CONTRL until the bank has validated every line, in business time.", Labels: bank},
	}
}

// stage is a step in the life of a delivery, an interchange or a bank file that has been counted.
type stage uint

const (
	came stage = 1 << iota
	wasRead
	wasChecked
	wasSent
	wasAnswered
	wasValidated
)

// newest is how many of the newest rows of a table are looked at again, for the stages that come later.
const newest = 2000

// window remembers which stages of the newest rows have been counted.
type window struct {
	table  string
	begun  bool
	before int64 // the newest row that is not looked at any more
	seen   map[int64]stage
}

// begin finds where to start; what is there before the first look is not counted.
func (w *window) begin(ctx context.Context, db Reader) error {
	if w.begun {
		return nil
	}
	rows, err := db.QueryContext(ctx, `SELECT coalesce(min(id), 1) - 1 FROM (SELECT id FROM `+w.table+` ORDER BY id DESC LIMIT $1) newest`, newest)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	w.seen = map[int64]stage{}
	for rows.Next() {
		if err := rows.Scan(&w.before); err != nil {
			return err
		}
	}
	return rows.Err()
}

// look reads the rows to look at; scan gives one row's id, the stages that it has reached, and what is to be told of
// those that are new.
func (w *window) look(ctx context.Context, db Reader, query string, scan func(*sql.Rows) (id int64, reached stage, err error), tell func(id int64, fresh stage)) error {
	if err := w.begin(ctx, db); err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, query, w.before)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var ids []int64
	for rows.Next() {
		id, reached, err := scan(rows)
		if err != nil {
			return err
		}
		ids = append(ids, id)
		fresh := reached &^ w.seen[id]
		w.seen[id] |= reached
		if w.begun && fresh != 0 {
			tell(id, fresh)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	w.begun = true
	for ; len(ids) > newest; ids = ids[1:] {
		w.before = ids[0]
		delete(w.seen, w.before)
	}
	return nil
}

// Follower counts what is committed from its first look on, whichever process commits it. What happens to a delivery
// or an interchange after newest others have come is not counted any more.
type Follower struct {
	deliveries, interchanges, files window
}

// NewFollower makes a Follower that has not looked.
func NewFollower() *Follower {
	return &Follower{deliveries: window{table: "delivery"}, interchanges: window{table: "interchange"}, files: window{table: "bank_file"}}
}

// Look tells what has happened since the last look; with an error, too, what was read until then.
func (f *Follower) Look(ctx context.Context, db Reader) ([]gateway.Reading, error) {
	t := &tally{}
	err := errors.Join(f.lookAtDeliveries(ctx, db, t), f.lookAtInterchanges(ctx, db, t), f.lookAtFiles(ctx, db, t))
	if err != nil {
		err = fmt.Errorf("follow: %w", postgres.Transient(err))
	}
	return t.readings, err
}

// tally collects readings.
type tally struct{ readings []gateway.Reading }

func (t *tally) add(name string, n int64, labels ...string) {
	t.readings = append(t.readings, gateway.Reading{Name: name, Labels: labels, Value: n})
}

func (t *tally) took(name string, from, to sql.NullTime, labels ...string) {
	if from.Valid && to.Valid {
		t.readings = append(t.readings, gateway.Reading{Name: name, Labels: labels, Took: max(to.Time.Sub(from.Time), 0)})
	}
}

func (f *Follower) lookAtDeliveries(ctx context.Context, db Reader, t *tally) error {
	var d struct {
		id, size, payments, ore   int64
		door, state               string
		received, readAt, checked sql.NullTime
	}
	type checkedDelivery struct {
		id   int64
		door string
	}
	var checked []checkedDelivery
	err := f.deliveries.look(ctx, db, `SELECT id, door, state, size, payments, ore, received_at, read_at, checked_at
		FROM delivery WHERE id > $1 ORDER BY id`,
		func(rows *sql.Rows) (int64, stage, error) {
			err := rows.Scan(&d.id, &d.door, &d.state, &d.size, &d.payments, &d.ore, &d.received, &d.readAt, &d.checked)
			return d.id, came | reached(wasRead, d.readAt.Valid) | reached(wasChecked, d.checked.Valid), err
		},
		func(id int64, fresh stage) {
			if fresh&came != 0 {
				t.add(deliveriesTotal, 1, d.door, "received")
				t.add(deliveryBytes, d.size, d.door)
			}
			if fresh&wasRead != 0 && d.state == "refused" {
				t.add(deliveriesTotal, 1, d.door, "refused")
			} else if fresh&wasRead != 0 {
				t.add(deliveriesTotal, 1, d.door, "accepted")
				t.add(paymentsReceived, d.payments, d.door)
				t.add(oreReceived, d.ore, d.door)
			}
			if fresh&wasRead != 0 {
				t.took(receiptSeconds, d.received, d.readAt, d.door)
			}
			if fresh&wasChecked != 0 {
				t.add(deliveriesTotal, 1, d.door, "checked")
				t.took(responseSeconds, d.received, d.checked, d.door)
				checked = append(checked, checkedDelivery{id, d.door})
			}
		})
	for _, c := range checked {
		n, cerr := countRejected(ctx, db, c.id)
		if err = errors.Join(err, cerr); cerr == nil {
			t.add(paymentsRejected, n, c.door)
		}
	}
	return err
}

func reached(s stage, is bool) stage {
	if is {
		return s
	}
	return 0
}

// countRejected reads the rejects of one delivery, once.
func countRejected(ctx context.Context, db Reader, delivery int64) (n int64, err error) {
	rows, err := db.QueryContext(ctx, `SELECT count(*) FROM delivery d JOIN standing e ON e.month = d.month
			AND e.payment_id BETWEEN $2 AND $3 AND e.kind = 'rejected'
		WHERE d.id = $1`, delivery, gateway.PaymentID(delivery, 0), gateway.PaymentID(delivery, gateway.MaxBundlePayments))
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, err
		}
	}
	return n, rows.Err()
}

//go:embed sql/newest_interchanges.sql
var newestInterchangesQuery string

func (f *Follower) lookAtInterchanges(ctx context.Context, db Reader, t *tally) error {
	var i struct {
		id, payments, ore, size             int64
		bank, kind, contrl                  string
		prepared, sent, answered, validated sql.NullTime
	}
	return f.interchanges.look(ctx, db, newestInterchangesQuery,
		func(rows *sql.Rows) (int64, stage, error) {
			err := rows.Scan(&i.id, &i.bank, &i.kind, &i.payments, &i.ore, &i.size, &i.contrl, &i.prepared, &i.sent, &i.answered, &i.validated)
			final := i.contrl == "accepted" || i.contrl == "rejected"
			return i.id, reached(wasSent, i.sent.Valid) | reached(wasAnswered, i.sent.Valid && final) | reached(wasValidated, i.validated.Valid), err
		},
		func(_ int64, fresh stage) {
			if fresh&wasSent != 0 {
				t.add(interchangesTotal, 1, i.bank, i.kind)
				t.add(paymentsSent, i.payments, i.bank)
				t.add(oreSent, i.ore, i.bank)
				t.add(bankBytes, i.size, i.bank, "out")
				t.took(handOverSeconds, i.prepared, i.sent, i.bank)
			}
			if fresh&wasAnswered != 0 {
				t.took(contrlSeconds, i.sent, i.answered, i.bank)
			}
			if fresh&wasValidated != 0 {
				t.took(validationSeconds, i.answered, i.validated, i.bank)
			}
		})
}

func (f *Follower) lookAtFiles(ctx context.Context, db Reader, t *tally) error {
	var id, size int64
	var bank string
	return f.files.look(ctx, db, `SELECT id, bank, size FROM bank_file WHERE id > $1 ORDER BY id`,
		func(rows *sql.Rows) (int64, stage, error) {
			err := rows.Scan(&id, &bank, &size)
			return id, came, err
		},
		func(int64, stage) {
			t.add(bankFilesTotal, 1, bank)
			t.add(bankBytes, size, bank, "in")
		})
}
