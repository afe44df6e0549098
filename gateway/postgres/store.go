// Package postgres keeps the flow in PostgreSQL: its tables are the state machine, and each step of the flow is one
// method here that does its work and marks it done in one transaction.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"

	"nks/gateway"
)

// Register is what the flow asks of the register: subqueries for its own statements, to be joined LATERAL to a row that
// has the columns holder_kind and holder, and lists.
type Register interface {
	// LifeOf is a row with the holder's life, none for a holder that does not exist.
	LifeOf(row string) string
	// AccountOf is always one row: the holder's life, and the account to pay to for the row's authority and benefit_type
	// as in force at the instant asOf, with rule and version; name and address where no domestic account is found.
	AccountOf(row, asOf string) string
	// Agreements is every agreement there is, with its payout accounts.
	Agreements(ctx context.Context, tx Tx) ([]Agreement, error)
	// BenefitTypes is every benefit type that an authority may use: the general ones and its own. // B31
	BenefitTypes(ctx context.Context, tx Tx, authority string) ([]string, error)
}

// Agreement is a payer's agreement with its bank, as the register has it.
type Agreement struct {
	ID             int64
	Number         string
	Authority      string
	AuthorityName  string
	LOSUnit        string
	Supplier       string
	BankCentre     string
	PayoutAccounts []string
	NoAccount      gateway.Choice
	ReceiveBy      time.Duration
	ValidFrom      gateway.Date
	ValidTo        gateway.Date // zero: open
}

// InForce tells whether the agreement may be used on a day.
func (a Agreement) InForce(on gateway.Date) bool {
	return !on.Before(a.ValidFrom) && (a.ValidTo.IsZero() || !a.ValidTo.Before(on))
}

// Tx is what runs SQL inside a transaction.
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Config is what a Store needs.
type Config struct {
	DB         *sqlx.DB
	Now        func() time.Time // the business clock
	Location   *time.Location   // Europe/Copenhagen
	Calendar   gateway.Calendar
	Register   Register
	OpenBundle gateway.OpenBundle
	Answers    gateway.NewAnswerEncoder
	Banks      []Bank
	Log        zerolog.Logger
	Rules      Rules
	Gap        func(name string) // a named point between two effects; tests stop the process there
}

// Rules are the limits and names of the configuration that the flow's steps follow.
type Rules struct {
	OwnName            string // NKS or NKSTEST, To/PartyId
	OwnGLN             string
	InterchangeOrders  int
	InterchangeBytes   int
	MessageOrders      int
	DaysAhead          int
	BundlePayments     int
	GroupsPerDelivery  int
	AnswerPayments     int
	AnswerQuiet        time.Duration
	AnswerDeadline     time.Duration
	DocumentBytes      int64
	ReadFailuresBefore int // internal failures of one delivery before it is set aside for a person
}

// Store is the flow's PostgreSQL. Safe for concurrent use.
type Store struct {
	Config
	banks map[string]Bank
}

// New makes a Store on an open, migrated database.
func New(c Config) *Store {
	s := &Store{Config: c, banks: map[string]Bank{}}
	for _, b := range c.Banks {
		s.banks[b.ID] = b
	}
	if s.Gap == nil {
		s.Gap = func(string) {}
	}
	return s
}

// session is one connection in one transaction; COPY needs the connection, everything else the transaction.
type session struct {
	*sqlx.Tx
	conn *sqlx.Conn
}

// transact runs f in a transaction. An error from Commit means that the outcome is not known: the caller reads the
// state again by key and never assumes.
func (s *Store) transact(ctx context.Context, op string, f func(*session) error) (err error) {
	conn, err := s.DB.Connx(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", op, temporary(err))
	}
	defer func() { _ = conn.Close() }()
	tx, err := conn.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", op, temporary(err))
	}
	defer func() {
		if p := recover(); p != nil {
			_ = tx.Rollback()
			panic(p)
		}
		if err != nil {
			_ = tx.Rollback()
		}
	}()
	x := &session{tx, conn}
	if err := f(x); err != nil {
		if x.passes(err) {
			err = temporary(err)
		}
		return fmt.Errorf("%s: %w", op, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: commit, outcome unknown: %w", op, temporary(err))
	}
	return nil
}

// temporary marks errors of reaching the database: the same call may succeed later.
func temporary(err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(gateway.ErrTemporary, err)
}

// passes tells whether an error is the database's condition and not the work's: a lost connection, a deadlock, no
// room, a shutdown. Such a failure must not be held against what was in hand. // PostgreSQL, appendix A: classes 08, 40, 53, 57
func (x *session) passes(err error) bool { return passes(x.conn, err) }

func passes(conn *sqlx.Conn, err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && len(pg.Code) == 5 {
		switch pg.Code[:2] {
		case "08", "40", "53", "57":
			return true
		}
	}
	lost := false
	raw := conn.Raw(func(dc any) error {
		lost = dc.(*stdlib.Conn).Conn().IsClosed()
		return nil
	})
	return lost || raw != nil
}

// isUnique tells whether err is a violation of the named unique constraint.
func isUnique(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && pg.ConstraintName == constraint
}

// copyIn streams rows in COPY text format into a table, inside the session's transaction.
func (x *session) copyIn(ctx context.Context, statement string, rows io.Reader) (int64, error) {
	var n int64
	err := x.conn.Raw(func(dc any) error {
		tag, err := dc.(*stdlib.Conn).Conn().PgConn().CopyFrom(ctx, rows, statement)
		n = tag.RowsAffected()
		return err
	})
	return n, err
}

// touch runs a guarded statement and refuses when it did not touch exactly one row.
func (x *session) touch(ctx context.Context, query string, args ...any) error {
	r, err := x.ExecContext(ctx, query, args...)
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("%w: touched %d rows, want 1", gateway.ErrLostOwnership, n)
	}
	return nil
}

// grown gathers statistics after a step has added many rows of a month; the next statements are planned by them.
func (s *Store) grown(ctx context.Context, month time.Time, added int) error {
	if month.IsZero() {
		return nil
	}
	if _, err := s.DB.ExecContext(ctx, `SELECT flow_analyze($1::date, $2)`, month.Format(time.DateOnly), added); err != nil {
		return fmt.Errorf("statistics: %w", err)
	}
	return nil
}

// month is the receipt month that partitions are made by.
func (s *Store) month(t time.Time) string {
	t = t.In(s.Location)
	return fmt.Sprintf("%04d-%02d-01", t.Year(), int(t.Month()))
}
