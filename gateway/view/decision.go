package view

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/register"
)

// Decision is to which account a payment that does not name one went, or would go now, and why. It is worked out from
// what the release knew of the register, not stored: Differs tells where that does not lead to what was done.
type Decision struct {
	AsOf        time.Time // of the release; of the question while the payment waits
	Decided     bool      // the payment has been released
	KnownHolder bool      // the register has the recipient on record as of then
	Twice       bool      // it has the recipient, or the CVR number that was asked for, twice, which must not be
	register.Choice
	Candidates []Candidate // the recipient's accounts, then those of the CVR number above
	// Ordered is the version that the order was made by; 0: no order, or one without an account of the register.
	Ordered int64
	Differs bool
}

// Found reports whether the register has an account for the payment.
func (d *Decision) Found() bool { return d.Reason == register.Chosen && !d.Twice }

// Doubled reports whether the register tells two things at once, so that the payment is held.
func (d *Decision) Doubled() bool { return d.Reason == register.Overlap || d.Twice }

// Candidate is an account that was thought of. Specific accounts of other authorities are none.
type Candidate struct {
	register.Step
	register.AccountVersion
	register.Record
}

// knownThen is what page_decision gives.
type knownThen struct {
	AsOf     time.Time          `json:"as_of"`
	Kind     gateway.HolderKind `json:"kind"`
	Number   int64              `json:"number"`
	Holder   *holderThen        `json:"holder"`
	Company  *holderThen        `json:"company"`
	Words    *wordsThen         `json:"words"`
	Fallback *bool              `json:"fallback"`
	Days     map[int]int        `json:"days"`
}

type holderThen struct {
	Times    int                  `json:"times"`
	Status   gateway.HolderStatus `json:"status"`
	EndedOn  *string              `json:"ended_on"`
	Parent   int64                `json:"parent"`
	Accounts []accountThen        `json:"accounts"`
}

type accountThen struct {
	ID          int64     `json:"id"`
	Authority   string    `json:"authority"`
	BenefitType string    `json:"benefit_type"`
	Locked      bool      `json:"locked"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	Recorded    time.Time `json:"recorded"`
	Account     string    `json:"account"` // hidden by the database already
}

type wordsThen struct {
	Emigrated bool `json:"emigrated"`
	PNumbers  bool `json:"p_numbers"`
}

// decide works out the decision of a payment; it stays nil for one that names its account, or was not accepted.
func (p *paymentRow) decide(ctx context.Context, tx *sqlx.Tx, now time.Time) error {
	var raw []byte
	if err := tx.GetContext(ctx, &raw, `SELECT (SELECT page_decision($1, $2))`, p.ID, now); err != nil {
		return fmt.Errorf("decision: %w", err)
	}
	if raw == nil {
		return nil
	}
	var then knownThen
	if err := json.Unmarshal(raw, &then); err != nil {
		return fmt.Errorf("decision: %w", err)
	}
	why, err := then.explain(p)
	if err != nil {
		return fmt.Errorf("decision: %w", err)
	}
	d := &Decision{AsOf: then.AsOf, Decided: p.ReleasedAt != nil, KnownHolder: then.Holder != nil, Choice: why.Choice, Ordered: p.Order.Version}
	d.Twice = then.Holder.twice() || d.Rule == gateway.ByParentAccount && then.Company.twice()
	// The steps come in the order of the accounts.
	accounts := slices.Concat(then.Holder.accounts(), then.Company.accounts())
	for i, s := range why.Steps {
		a := &accounts[i]
		d.Candidates = append(d.Candidates, Candidate{Step: s, AccountVersion: a.version(), Record: register.Record{Account: a.Account, Recorded: a.Recorded}})
	}
	d.Differs = p.differs(d)
	p.Decision = d
	return nil
}

// explain asks the register's rule.
func (k *knownThen) explain(p *paymentRow) (register.Explanation, error) {
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return register.Explanation{}, err
	}
	q := register.Question{Kind: k.Kind, Number: k.Number, Authority: p.Authority, BenefitType: p.BenefitType}
	if k.Words != nil {
		q.PaysEmigrated, q.UsesPNumbers = k.Words.Emigrated, k.Words.PNumbers
	}
	q.NoFallback = k.Fallback != nil && !*k.Fallback
	policy := register.Policy{Location: copenhagen}
	for kind, days := range k.Days {
		policy.Days[kind] = days
	}
	holder, err := k.Holder.facts()
	if err != nil {
		return register.Explanation{}, err
	}
	company, err := k.Company.facts()
	if err != nil {
		return register.Explanation{}, err
	}
	return register.Explain(&q, &holder, &company, &policy, k.AsOf), nil
}

func (h *holderThen) accounts() []accountThen {
	if h == nil {
		return nil
	}
	return h.Accounts
}

func (h *holderThen) twice() bool { return h != nil && h.Times > 1 }

func (h *holderThen) facts() (register.Facts, error) {
	if h == nil {
		return register.Facts{}, nil
	}
	f := register.Facts{Status: h.Status, Parent: h.Parent}
	if h.EndedOn != nil {
		var err error
		if f.Ended, err = gateway.ParseDate(*h.EndedOn); err != nil {
			return f, err
		}
	}
	for i := range h.Accounts {
		f.Accounts = append(f.Accounts, h.Accounts[i].version())
	}
	return f, nil
}

func (a *accountThen) version() register.AccountVersion {
	return register.AccountVersion{ID: a.ID, Authority: a.Authority, BenefitType: a.BenefitType, Locked: a.Locked, From: a.From, To: a.To}
}

// differs reports whether what was done is not what the register as known then leads to: it was not all recorded
// then. What was returned for its agreement is decided without the register. // B22.4
func (p *paymentRow) differs(d *Decision) bool {
	switch {
	case !d.Decided:
		return false
	case p.OrderAccount == nil:
		return d.Found() && p.Early.Kind == "not_payable" && !p.ForAgreement()
	case gateway.AccountRule(p.Order.Rule) == gateway.BySetOff: // whatever the register says
		return false
	case gateway.AccountRule(p.Order.Rule) == gateway.ByCheque || gateway.AccountRule(p.Order.Rule) == gateway.ByErrorAccount:
		return d.Found()
	}
	return d.Version != p.Order.Version || d.Rule != gateway.AccountRule(p.Order.Rule)
}

// ForAgreement reports whether the payment was returned for its debit account, whatever the register says.
func (p *Payment) ForAgreement() bool {
	return p.Early.Kind == "not_payable" && p.Early.Text == gateway.UnpaidDebit.Text()
}
