package view

import "time"

// Interchange is one file to a bank. Its times are nil until it has come so far.
type Interchange struct {
	ID         int64      `db:"id"`
	Bank       string     `db:"bank"`
	ControlRef int64      `db:"control_ref"`
	FileName   string     `db:"file_name"`
	State      string     `db:"state"`  // frozen, rendered, sending, publishing, sent, unknown or void
	Contrl     string     `db:"contrl"` // none, received, accepted or rejected
	ContrlAt   *time.Time `db:"contrl_at"`
	SentAt     *time.Time `db:"sent_at"`
	ExecutesOn *time.Time `db:"executes_on"` // a day
	PreparedAt *time.Time `db:"prepared_at"`
	Payments   int64      `db:"payments"`
	Ore        int64      `db:"ore"`
}

const interchangeColumns = `id, bank, control_ref, file_name, state, contrl, contrl_at, sent_at, executes_on, prepared_at, payments, ore`
