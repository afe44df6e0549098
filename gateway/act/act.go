// Package act is what a person may do on a gateway, while it runs or not: judge a bundle without sending it, and record what a
// bank has said about an interchange. Commands and pages change payments through nothing else.
package act

import (
	"context"

	"nks/gateway"
	"nks/gateway/postgres/bank"
	"nks/gateway/postgres/dryrun"
)

// Unresolved is an interchange of which nobody knows whether the bank has it.
type Unresolved = bank.Unresolved

// Doubt is something in a bank's file that nobody could decide.
type Doubt = bank.Doubt

// Desk is where people act. Safe for concurrent use.
type Desk struct {
	dry  *dryrun.Store
	bank *bank.Store
}

// NewDesk makes a desk upon the stages.
func NewDesk(dry *dryrun.Store, bank *bank.Store) *Desk { return &Desk{dry, bank} }

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

// Doubts lists what banks have laid out and nobody could decide: silence counts for nothing of what it may concern.
func (d *Desk) Doubts(ctx context.Context) ([]Doubt, error) { return d.bank.Doubts(ctx) }

// HearAgain has a bank's file heard once more of which something is open.
func (d *Desk) HearAgain(ctx context.Context, file int64) error { return d.bank.HearAgain(ctx, file) }

// ConcernsNone records that what is open in a bank's file concerns none of our payments, as the bank has told a person and
// a second one approves.
func (d *Desk) ConcernsNone(ctx context.Context, file int64, by, approvedBy string) error {
	return d.bank.ConcernsNone(ctx, file, by, approvedBy)
}
