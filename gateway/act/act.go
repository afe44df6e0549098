// Package act is what a person may do on a gateway, while it runs or not: judge a bundle without sending it, record what a
// bank has said about an interchange, and have a delivery that was set aside tried again. Commands and pages change payments through nothing else.
package act

import (
	"context"

	"nks/gateway"
	"nks/gateway/postgres/bank"
	"nks/gateway/postgres/dryrun"
	"nks/gateway/postgres/receive"
)

// Unresolved is an interchange of which nobody knows whether the bank has it.
type Unresolved = bank.Unresolved

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

// SetAside lists the deliveries that failed too often and wait for two persons.
func (d *Desk) SetAside(ctx context.Context) ([]SetAside, error) { return d.receive.SetAside(ctx) }

// ReadAgain has one of them tried again, as one person wants and a second approved.
func (d *Desk) ReadAgain(ctx context.Context, delivery int64, by, approvedBy string) error {
	return d.receive.ReadAgain(ctx, delivery, by, approvedBy)
}
