// Package act is what a person may do on a gateway, while it runs or not: judge a bundle without sending it, record what a
// bank has said about an interchange, and have a delivery that was set aside tried again. Commands and pages change payments through nothing else.
package act

import (
	"context"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/bank"
	"nks/gateway/postgres/dryrun"
	"nks/gateway/postgres/receive"
)

// Unresolved is an interchange of which nobody knows whether the bank has it.
type Unresolved = bank.Unresolved

// Voidable is an interchange of orders of which no attempt can have reached the bank.
type Voidable = bank.Voidable

// Dispute is a line, or one order, about which the bank has contradicted itself.
type Dispute = bank.Dispute

// Outcome is what persons have found out about what was disputed.
type Outcome = bank.Outcome

// The outcomes.
const (
	SettledExecuted = bank.SettledExecuted
	SettledRejected = bank.SettledRejected
	SettledWithBank = bank.SettledWithBank
)

// SetAside is a delivery that failed too often.
type SetAside = receive.SetAside

// Desk is where people act. Safe for concurrent use.
type Desk struct {
	dry     *dryrun.Store
	bank    *bank.Store
	receive *receive.Store
}

// NewDesk makes a desk upon the stages.
func NewDesk(dry *dryrun.Store, bank *bank.Store, receive *receive.Store) *Desk {
	return &Desk{dry, bank, receive}
}

// DryRun tells report what would become of a bundle. Nothing of it is kept.
func (d *Desk) DryRun(ctx context.Context, in dryrun.Request, report dryrun.Report) error {
	return d.dry.Run(ctx, in, report)
}

// Unresolved lists the interchanges of which nobody knows whether the bank has them.
func (d *Desk) Unresolved(ctx context.Context) ([]Unresolved, error) {
	return d.bank.Unresolved(ctx)
}

// Resolve records what a person learned from the bank about one of them, and a second person approved: the bank has it,
// or it has not and the same bytes go again under the same name and number.
func (d *Desk) Resolve(ctx context.Context, bank string, number gateway.ControlNumber, bankHasIt bool, by, approvedBy string) error {
	return d.bank.Resolve(ctx, bank, number, bankHasIt, by, approvedBy)
}

// Disputes lists what the bank has contradicted itself about.
func (d *Desk) Disputes(ctx context.Context) ([]Dispute, error) { return d.bank.Disputes(ctx) }

// SettleDispute records what two persons have found out about what is disputed at a place, and tells how many lines and orders
// it moved.
func (d *Desk) SettleDispute(ctx context.Context, at Dispute, outcome Outcome, by, approvedBy, why string) (moved int, err error) {
	if err := gateway.TwoPersons(by, approvedBy); err != nil {
		return 0, fmt.Errorf("settle dispute: %w", err)
	}
	err = d.bank.Transact(ctx, "settle dispute", func(x *postgres.Session) error {
		moved, err = d.bank.SettleDispute(ctx, x, at, outcome, 0, why)
		return err
	})
	return moved, err
}

// Hold holds a waiting payment back at once.
func (d *Desk) Hold(ctx context.Context, payment int64, why string) error {
	return d.bank.Transact(ctx, "hold", func(x *postgres.Session) error { return d.bank.HoldPayment(ctx, x, payment, 0, why) })
}

// Free lets a held payment go, as two persons have decided.
func (d *Desk) Free(ctx context.Context, payment int64, by, approvedBy, why string) error {
	if err := gateway.TwoPersons(by, approvedBy); err != nil {
		return fmt.Errorf("free: %w", err)
	}
	return d.bank.Transact(ctx, "free", func(x *postgres.Session) error { return d.bank.FreePayment(ctx, x, payment, 0, why) })
}

// Voidable lists the interchanges of orders of which no attempt can have reached the bank.
func (d *Desk) Voidable(ctx context.Context) ([]Voidable, error) { return d.bank.Voidable(ctx) }

// Void ends one of them, as two persons have decided: it is never sent, and its payments are ordered anew under the same control
// number, as they may be paid by then. It tells how many they are.
func (d *Desk) Void(ctx context.Context, bank string, number gateway.ControlNumber, by, approvedBy, why string) (payments int, err error) {
	if err := gateway.TwoPersons(by, approvedBy); err != nil {
		return 0, fmt.Errorf("void: %w", err)
	}
	err = d.bank.Transact(ctx, "void", func(x *postgres.Session) error {
		payments, err = d.bank.Void(ctx, x, bank, number, 0, why)
		return err
	})
	return payments, err
}

// SetAside lists the deliveries that failed too often and wait for two persons.
func (d *Desk) SetAside(ctx context.Context) ([]SetAside, error) { return d.receive.SetAside(ctx) }

// ReadAgain has one of them tried again, as one person wants and a second approved.
func (d *Desk) ReadAgain(ctx context.Context, delivery int64, by, approvedBy string) error {
	return d.receive.ReadAgain(ctx, delivery, by, approvedBy)
}
