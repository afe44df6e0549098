package receive

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register"
)

// Payer is who pays: the scope of ids, and the agreements that may be used.
type Payer struct {
	ID         int64              // 0: the pair has not paid yet
	Agreements gateway.Agreements // of the pair
	Others     gateway.Agreements // everybody's, to tell another's number from an unknown one
	Banks      gateway.BankCentres
	Controls   gateway.NightControls
	// Salaries are the benefit types that are salaries or pensions, where those may have cut-offs of their own.
	Salaries map[string]bool
}

// payer finds the pair of supplier and authority and whether the bundle came before. // B33.1
func (s *Store) payer(ctx context.Context, x *postgres.Session, d postgres.Delivery, b gateway.Bundle) (Payer, error) {
	p, err := s.agreements(ctx, x, d, b)
	if err != nil || len(p.Agreements) == 0 {
		return p, err
	}
	if connected, err := s.connected(ctx, x, d, b, s.Now()); err != nil || !connected {
		return p, err
	}
	head := b.Head()
	// Committed by itself, so that two first bundles of a pair do not wait for each other.
	_, err = s.DB.ExecContext(ctx, `INSERT INTO payer (supplier, authority) SELECT $1, $2
		WHERE NOT EXISTS (SELECT 1 FROM payer WHERE supplier = $1 AND authority = $2) ON CONFLICT DO NOTHING`, d.Supplier, head.Authority)
	if err == nil {
		err = x.QueryRowContext(ctx, `SELECT id FROM payer WHERE supplier = $1 AND authority = $2`, d.Supplier, head.Authority).Scan(&p.ID)
	}
	if err != nil {
		return p, fmt.Errorf("payer: %w", err)
	}
	return p, s.receivedBefore(ctx, x, d, b, p)
}

// KnownPayer is the payer of a bundle that leaves nothing behind.
func (s *Store) KnownPayer(ctx context.Context, x *postgres.Session, d postgres.Delivery, b gateway.Bundle) (Payer, error) {
	p, err := s.agreements(ctx, x, d, b)
	if err != nil || len(p.Agreements) == 0 {
		return p, err
	}
	if connected, err := s.connected(ctx, x, d, b, d.ReceivedAt); err != nil || !connected {
		return p, err
	}
	err = x.QueryRowContext(ctx, `SELECT id FROM payer WHERE supplier = $1 AND authority = $2`, d.Supplier, b.Head().Authority).Scan(&p.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("payer: %w", err)
	}
	// The same bytes have the same GrpId: without their sum the answer is the same.
	return p, s.receivedBefore(ctx, x, d, b, p)
}

// agreements finds the agreements of the pair; without any the bundle is refused.
func (s *Store) agreements(ctx context.Context, x *postgres.Session, d postgres.Delivery, b gateway.Bundle) (Payer, error) {
	all, err := register.Agreements(ctx, x)
	if err != nil {
		return Payer{}, err
	}
	banks, err := s.Banks.Known(ctx, x)
	if err != nil {
		return Payer{}, err
	}
	// What is planned by them is there when they are changed, or is planned by the others.
	if err := x.KeepNight(ctx, postgres.NightCutOffs); err != nil {
		return Payer{}, err
	}
	controls, err := postgres.NightControls(ctx, x, s.Now().In(s.Location))
	if err != nil {
		return Payer{}, err
	}
	p := Payer{Others: all, Banks: banks, Controls: controls, Agreements: all.OfPair(d.Supplier, b.Head().Authority)}
	if len(p.Agreements) == 0 {
		b.Refuse(gateway.CodeUnknownParty)
	}
	if banks.SalariesApart(p.Agreements) {
		p.Salaries, err = register.SalaryBenefits(ctx, x, b.Head().Authority, s.Now())
	}
	return p, err
}

// connected reports whether an authority is connected at an instant by a payout system of the supplier as far as it must be; otherwise the
// bundle is refused. // B33.1-6
func (s *Store) connected(ctx context.Context, x *postgres.Session, d postgres.Delivery, b gateway.Bundle, at time.Time) (bool, error) {
	if s.Rules.Connections == gateway.ConnectionsIgnored {
		return true, nil
	}
	systems, err := register.PayoutSystems(ctx, x, d.Supplier, b.Head().Authority, at)
	if err != nil || s.Rules.Connections.Admits(systems) {
		return true, err
	}
	b.Refuse(gateway.CodeNotConnected)
	return false, nil
}

// receivedBefore refuses a bundle of a payer that was accepted under another name.
func (s *Store) receivedBefore(ctx context.Context, x *postgres.Session, d postgres.Delivery, b gateway.Bundle, p Payer) error {
	var before int
	hashed, err := s.hashedName(ctx, x, b.Head().GroupRef)
	if err == nil {
		err = x.QueryRowContext(ctx, `SELECT count(*) FROM bundle_key WHERE payer_id = $1 AND (group_ref IN ($2, $4) OR sha256 = $3)`,
			p.ID, b.Head().GroupRef, d.SHA256, hashed).Scan(&before)
	}
	if err != nil {
		return fmt.Errorf("duplicate bundle: %w", err)
	}
	if before > 0 {
		b.Refuse(gateway.CodeDuplicateBundle)
	}
	return nil
}
