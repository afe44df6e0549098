package accounts

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"nks/gateway"
	"nks/register"
	"nks/register/law"
)

// Limits of what is kept, in characters.
const (
	mostText    = 2000
	mostName    = 200
	mostAccount = 400
)

// limits says why no table could keep an application; "" where it can be kept.
func limits(a Application) string {
	n := a.Account
	if _, err := a.Holder.Number(); err != nil {
		return "the holder has not all its digits"
	}
	if _, err := a.Actor.Number(); err != nil && a.Actor != (gateway.Holder{}) {
		return "who is logged in has not all digits"
	}
	if !a.Channel.Known() || !a.Action.Known() {
		return "there is no such channel or action"
	}
	if a.Expects < law.Unsaid {
		return "the version that was seen is none"
	}
	for _, t := range []struct {
		name, text string
		most       int
	}{
		{"why", a.Why, mostText}, {"source", a.Source, mostText}, {"by", a.By, mostName}, {"approved", a.Approved, mostName}, {"bank", a.Bank, mostName},
		{"authority", a.Authority, mostName}, {"benefit type", a.BenefitType, mostName}, {"on behalf of", a.OnBehalfOf, mostName},
		{"account", n.Number, mostAccount}, {"BIC", n.BIC, mostAccount}, {"bank code", n.BankCode, mostAccount}, {"currency", n.Currency, mostAccount},
		{"bank name", n.BankName, mostAccount}, {"bank address", n.BankAddress, mostAccount}, {"bank country", n.BankCountry, mostAccount},
		{"holder name", n.HolderName, mostAccount}, {"holder address", n.HolderAddress, mostAccount},
	} {
		if !utf8.ValidString(t.text) || utf8.RuneCountInString(t.text) > t.most {
			return fmt.Sprintf("%s must be a text of at most %d characters", t.name, t.most)
		}
		if strings.ContainsRune(t.text, 0) {
			return t.name + " has a character that cannot be kept"
		}
	}
	return ""
}

// applicationRow is a row of account_application.
type applicationRow struct {
	ID         int64              `json:"id"`
	Channel    Channel            `json:"channel"`
	Action     Action             `json:"action"`
	HolderID   int64              `json:"holder_id"`
	HolderKind gateway.HolderKind `json:"holder_kind"`
	Authority  *string            `json:"authority"`
	Benefit    *string            `json:"benefit_type"`
	accountRow
	From       *string            `json:"valid_from"`
	To         *string            `json:"valid_to"`
	Locked     bool               `json:"locked"`
	Expects    *int64             `json:"expects"`
	By         string             `json:"asked_by"`
	OnBehalfOf *string            `json:"on_behalf_of"`
	ActorID    *int64             `json:"actor_id"`
	ActorKind  gateway.HolderKind `json:"actor_kind"`
	Bank       *string            `json:"bank"`
	Why        *string            `json:"why"`
	Source     *string            `json:"source"`
	Delivery   *int64             `json:"delivery_id"`
	Item       *int               `json:"item"`
}

func (i *item) row() (applicationRow, error) {
	r := applicationRow{ID: i.id, Channel: i.Channel, Action: i.Action, HolderID: i.number, HolderKind: i.Holder.Kind, Authority: null(i.Authority),
		Benefit: null(i.BenefitType), accountRow: rowOf(i.Account), From: dayOf(i.From), To: dayOf(i.To), Locked: i.Locked, By: i.By, OnBehalfOf: null(i.OnBehalfOf),
		ActorKind: i.Actor.Kind, Bank: null(i.Bank), Why: null(i.Why), Source: null(i.Source), Delivery: null(i.Delivery), Item: null(i.Item)}
	if i.Expects != law.Unsaid {
		r.Expects = &i.Expects
	}
	if i.Actor != (gateway.Holder{}) {
		actor, err := i.Actor.Number()
		if err != nil {
			return r, fmt.Errorf("who is logged in: %w", err)
		}
		r.ActorID = &actor
	}
	return r, nil
}

func dayOf(d gateway.Date) *string {
	if d.IsZero() {
		return nil
	}
	text := d.String()
	return &text
}

// keep numbers the new applications and writes down what was asked.
func keep(ctx context.Context, x register.Tx, now time.Time, items []*item) error {
	var fresh []*item
	for _, i := range items {
		if i.id == 0 {
			fresh = append(fresh, i)
		}
	}
	ids, err := draw(ctx, x, "nks.account_application_id_seq", len(fresh))
	if err != nil {
		return err
	}
	rows := make([]applicationRow, len(fresh))
	for n, i := range fresh {
		i.id = ids[n]
		if rows[n], err = i.row(); err != nil {
			return err
		}
	}
	const columns = `id, channel, action, holder_id, holder_kind, authority, benefit_type, valid_from, valid_to, locked, expects, asked_by, on_behalf_of, actor_id, bank, why, source, delivery_id, item`
	err = insert(ctx, x, rows, `INSERT INTO nks.account_application (`+columns+`, `+accountColumns+`, actor_kind, asked_at)
		SELECT `+columns+`, nullif(account_kind, 0), nullif(account, ''), bic, bank_code, currency, bank_name, bank_address, bank_country, holder_name, holder_address,
			nullif(actor_kind, 0), $2::timestamptz
		FROM jsonb_to_recordset($1::jsonb) AS r (id bigint, channel text, action text, holder_id bigint, holder_kind smallint, authority text, benefit_type text, `+accountTypes+`,
			valid_from date, valid_to date, locked boolean, expects bigint, asked_by text, on_behalf_of text, actor_id bigint, actor_kind smallint, bank text, why text,
			source text, delivery_id bigint, item int)`, now)
	if err != nil {
		return fmt.Errorf("keep applications: %w", err)
	}
	return nil
}

// stepRow is a row of account_application_step.
type stepRow struct {
	Application int64      `json:"application"`
	N           int        `json:"n"`
	State       State      `json:"state"`
	Rule        *string    `json:"rule"`
	Reason      *string    `json:"reason"`
	Person      *string    `json:"person"`
	Version     *int64     `json:"account_version"`
	Counter     *int64     `json:"counter"`
	Effective   *time.Time `json:"effective_at"`
}

// note writes down what has become of applications.
func note(ctx context.Context, x register.Tx, now time.Time, items []*item, counter int64) error {
	rows := make([]stepRow, 0, len(items))
	for _, i := range items {
		if i.steps == 0 && i.Approved != "" && i.outcome.State != law.Refused { // a second person stood for it from the beginning // B32
			i.steps++
			rows = append(rows, stepRow{Application: i.id, N: i.steps, State: law.WaitsApproval, Person: null(i.By)})
			i.by = i.Approved
		}
		i.steps++
		o := &i.outcome
		o.Application = i.id
		step := stepRow{Application: i.id, N: i.steps, State: o.State, Rule: null(o.Rule), Reason: null(o.Why), Person: null(i.by), Version: null(o.Version), Effective: null(o.From)}
		if o.State == law.InForce || o.State == law.Scheduled || i.withdraws {
			step.Counter = null(counter)
		}
		rows = append(rows, step)
	}
	err := insert(ctx, x, rows, `INSERT INTO nks.account_application_step (application, n, state, rule, reason, person, account_version, counter, effective_at, at)
		SELECT application, n, state, rule, reason, person, account_version, counter, effective_at, $2::timestamptz FROM jsonb_to_recordset($1::jsonb)
			AS r (application bigint, n smallint, state text, rule text, reason text, person text, account_version bigint, counter bigint, effective_at timestamptz)`, now)
	if err != nil {
		return fmt.Errorf("note steps: %w", err)
	}
	return nil
}
