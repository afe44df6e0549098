// Package act is what a person may do on a gateway, while it runs or not: judge a bundle without sending it, look at what waits
// for a person, and decide. Commands and pages change payments through nothing else.
package act

import (
	"context"
	"time"

	"nks/gateway"
	"nks/gateway/postgres/activate"
	"nks/gateway/postgres/bank"
	"nks/gateway/postgres/decide"
	"nks/gateway/postgres/dryrun"
	"nks/gateway/postgres/inquiry"
	"nks/gateway/postgres/night"
	"nks/gateway/postgres/receive"
	"nks/gateway/postgres/restore"
	"nks/gateway/postgres/retention"
	"nks/gateway/postgres/settle"
	"nks/register/accounts"
)

// Unresolved is an interchange of which nobody knows whether the bank has it.
type Unresolved = bank.Unresolved

// Voidable is an interchange of orders of which no attempt can have reached the bank.
type Voidable = bank.Voidable

// Dispute is a line, or one order, about which the bank has contradicted itself.
type Dispute = bank.Dispute

// SetAside is a delivery that failed too often.
type SetAside = receive.SetAside

// HeardFile is a file of a bank with what was understood of it.
type HeardFile = bank.HeardFile

// Doubt is something in a bank's file that nobody could decide.
type Doubt = bank.Doubt

// Desk is where people act. Safe for concurrent use.
type Desk struct {
	dry       *dryrun.Store
	bank      *bank.Store
	receive   *receive.Store
	retention *retention.Store
	night     *night.Store
	inquiries *inquiry.Store
	settle    *settle.Store
	accounts  *accounts.Store
	letters   *activate.Store
	decisions *decide.Store
	restore   *restore.Store
	rules     Rules
}

// Rules are how a gateway lets people decide.
type Rules struct {
	// Environment stands in what is signed: a signature for a test decides nothing in production.
	Environment string
	// NamesAlone believes names without signatures while nobody is on record who may decide. Never in production.
	NamesAlone bool
}

// NewDesk makes a desk upon the stages.
func NewDesk(dry *dryrun.Store, bank *bank.Store, receive *receive.Store, retention *retention.Store, night *night.Store, inquiries *inquiry.Store, settle *settle.Store, accounts *accounts.Store,
	letters *activate.Store, rules Rules) *Desk {
	return &Desk{dry, bank, receive, retention, night, inquiries, settle, accounts, letters, &decide.Store{Base: bank.Base}, &restore.Store{Base: bank.Base}, rules}
}

// DryRun tells report what would become of a bundle. Nothing of it is kept.
func (d *Desk) DryRun(ctx context.Context, in dryrun.Request, report dryrun.Report) error {
	return d.dry.Run(ctx, in, report)
}

// Unresolved lists the interchanges of which nobody knows whether the bank has them.
func (d *Desk) Unresolved(ctx context.Context) ([]Unresolved, error) {
	return d.bank.Unresolved(ctx)
}

// Now is the business time at the desk.
func (d *Desk) Now() time.Time { return d.bank.Now() }

// BeginPersons takes persons from the configuration where nobody ever was on record who may decide.
func (d *Desk) BeginPersons(ctx context.Context, persons []gateway.Person) error {
	return d.decisions.BeginPersons(ctx, persons)
}

// Resolved is the decision that a bank has, or has not, an interchange of which nobody knew it.
func (d *Desk) Resolved(ctx context.Context, bank string, number gateway.ControlNumber, bankHasIt bool) (Intent, error) {
	id, err := d.bank.UnresolvedID(ctx, bank, number)
	if err != nil {
		return Intent{}, err
	}
	kind, answer := KindArrived, "has"
	if !bankHasIt {
		kind, answer = KindNotArrived, "has not"
	}
	return Intent{Kind: kind, IDs: []int64{id}, Why: "bank " + bank + " says that it " + answer + " interchange " + number.String()}, nil
}

// Resolve records what a person learned from the bank about an interchange, and a second person approved, where names are
// believed: the bank has it, or it has not and the same bytes go again under the same name and number.
func (d *Desk) Resolve(ctx context.Context, bank string, number gateway.ControlNumber, bankHasIt bool, by, approvedBy string) error {
	if err := gateway.TwoPersons(by, approvedBy); err != nil {
		return err
	}
	in, err := d.Resolved(ctx, bank, number, bankHasIt)
	if err != nil {
		return err
	}
	in.By = by
	asked, err := d.Decide(ctx, in)
	if err != nil {
		return err
	}
	_, err = d.Approve(ctx, asked.ID, approvedBy, "")
	return err
}

// Disputes lists what the bank has contradicted itself about.
func (d *Desk) Disputes(ctx context.Context) ([]Dispute, error) { return d.bank.Disputes(ctx) }

// Voidable lists the interchanges of orders of which no attempt can have reached the bank.
func (d *Desk) Voidable(ctx context.Context) ([]Voidable, error) { return d.bank.Voidable(ctx) }

// Void ends an interchange of orders that is not sent, as one person wants and a second approved, where names are believed: it
// never will be sent, and its payments are ordered anew under the same control number, as they may be paid by then.
func (d *Desk) Void(ctx context.Context, bank string, number gateway.ControlNumber, by, approvedBy, why string) error {
	if err := gateway.TwoPersons(by, approvedBy); err != nil {
		return err
	}
	id, err := d.bank.InterchangeID(ctx, bank, number)
	if err != nil {
		return err
	}
	asked, err := d.Decide(ctx, Intent{Kind: KindVoid, IDs: []int64{id}, By: by, Why: why})
	if err != nil {
		return err
	}
	_, err = d.Approve(ctx, asked.ID, approvedBy, "")
	return err
}

// SetAside lists the deliveries that failed too often and wait for two persons.
func (d *Desk) SetAside(ctx context.Context) ([]SetAside, error) { return d.receive.SetAside(ctx) }

// BankFile is a file of a bank with what the last hearing understood of it; gateway.ErrNotFound: there is none.
func (d *Desk) BankFile(ctx context.Context, id int64) (HeardFile, error) {
	return d.bank.File(ctx, id)
}

// Doubts lists what banks have laid out and nobody could decide: silence counts for nothing of what it may concern.
func (d *Desk) Doubts(ctx context.Context) ([]Doubt, error) { return d.bank.Doubts(ctx) }
