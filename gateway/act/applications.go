package act

import (
	"context"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Applied is an application for an account with what became of it; numbers of persons and accounts are masked. // B19.1
type Applied struct {
	ID         int64              `json:"id" db:"id"`
	Channel    string             `json:"channel" db:"channel"`
	Action     string             `json:"action" db:"action"`
	Holder     string             `json:"holder" db:"-"`
	Authority  string             `json:"authority,omitempty" db:"authority"`
	Benefit    string             `json:"benefit_type,omitempty" db:"benefit_type"`
	Account    string             `json:"account,omitempty" db:"-"`
	OnBehalfOf string             `json:"on_behalf_of,omitempty" db:"on_behalf_of"`
	By         string             `json:"by" db:"asked_by"`
	AskedAt    time.Time          `json:"asked_at" db:"asked_at"`
	Steps      []AppliedStep      `json:"steps" db:"-"`
	Kind       gateway.HolderKind `json:"-" db:"holder_kind"`
	Number     int64              `json:"-" db:"holder_id"`
	Full       string             `json:"-" db:"account"`
}

// AppliedStep is a step of one.
type AppliedStep struct {
	Application int64      `json:"-" db:"application"`
	State       string     `json:"state" db:"state"`
	Rule        string     `json:"rule,omitempty" db:"rule"`
	Why         string     `json:"why,omitempty" db:"reason"`
	Person      string     `json:"person,omitempty" db:"person"`
	Version     int64      `json:"version,omitempty" db:"account_version"`
	From        *time.Time `json:"from,omitempty" db:"effective_at"`
	At          time.Time  `json:"at" db:"at"`
}

// mostApplied bounds a list of applications.
const mostApplied = 1000

// Applications are those of the given numbers; without any, the thousand oldest that wait.
func (d *Desk) Applications(ctx context.Context, ids []int64) (all []Applied, err error) {
	err = d.bank.Transact(ctx, "applications", func(x *postgres.Session) error {
		if len(ids) == 0 {
			err := x.SelectContext(ctx, &ids, `SELECT s.application FROM account_application_step s WHERE s.state IN ('waits_approval', 'waits_activation')
				AND NOT EXISTS (SELECT FROM account_application_step l WHERE l.application = s.application AND l.n > s.n) ORDER BY s.application LIMIT $1`, mostApplied)
			if err != nil {
				return err
			}
		}
		err := x.SelectContext(ctx, &all, `SELECT id, channel, action, coalesce(authority, '') AS authority, coalesce(benefit_type, '') AS benefit_type, coalesce(account, '') AS account,
			coalesce(on_behalf_of, '') AS on_behalf_of, asked_by, asked_at, holder_kind, holder_id FROM account_application WHERE id = ANY ($1::bigint[]) ORDER BY id`, append([]int64{}, ids...))
		if err != nil {
			return err
		}
		var steps []AppliedStep
		err = x.SelectContext(ctx, &steps, `SELECT application, state, coalesce(rule, '') AS rule, coalesce(reason, '') AS reason, coalesce(person, '') AS person,
			coalesce(account_version, 0) AS account_version, effective_at, at FROM account_application_step WHERE application = ANY ($1::bigint[]) ORDER BY application, n`, append([]int64{}, ids...))
		if err != nil {
			return err
		}
		for i := range all {
			a := &all[i]
			a.Holder, a.Account = gateway.HolderOf(a.Kind, a.Number).Masked(), gateway.Account{Number: a.Full}.MaskedNumber()
			for _, s := range steps {
				if s.Application == a.ID {
					a.Steps = append(a.Steps, s)
				}
			}
		}
		if len(ids) > 0 && len(all) == 0 {
			return fmt.Errorf("application %d: %w", ids[0], gateway.ErrNotFound)
		}
		return nil
	})
	return all, err
}
