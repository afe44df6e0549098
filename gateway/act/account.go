package act

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register/accounts"
	"nks/register/law"
)

// Kinds of decisions about accounts of the register. // B26.1c // B32
const (
	KindAccount         = "account-change"
	KindAccountWithdraw = "account-withdraw"
)

// applicationOf is the parameter that holds an application: a form while it is asked, and its number from then on, so that no number of
// a person or an account stands in a decision.
const applicationOf = "application"

// mostForm bounds the characters of a form.
const mostForm = 20_000

func accountKinds() []Kind {
	return []Kind{
		{Name: KindAccount, Summary: "an authority's caseworker registers, changes, locks, limits, promotes or deletes an account for a holder", Thing: gateway.ThingApplication,
			Takes:   []Parameter{{Name: applicationOf, Help: "`file` with the form, as docs/register.md has it; it is kept apart from the decision", File: true, Most: mostForm}},
			Example: `decide account-change --application form.json --by "A. Hansen" --why "letter of the holder, case 17"`,
			persons: two, find: (*Desk).application, do: approveApplication},
		{Name: KindAccountWithdraw, Summary: "an application for an account that waits, or does not count yet, is taken back", Thing: gateway.ThingApplication, ByID: true,
			Example: `decide account-withdraw 101 --by "A. Hansen" --why "the holder has thought better of it"`,
			persons: personsToWithdraw, find: (*Desk).applications, do: withdrawApplication},
	}
}

// personsToWithdraw: who takes back what waits holds something back; who takes back what is scheduled lets the old account stay.
func personsToWithdraw(i gateway.DecisionItem) int {
	if i.State == string(law.Scheduled) {
		return 2
	}
	return 1
}

// form is an application as a caseworker hands it in.
type form struct {
	Action      string `json:"action"`
	Holder      string `json:"holder"`       // such as "CPR 0101701234"
	Authority   string `json:"authority"`    // that acts
	Benefit     string `json:"benefit_type"` // of the authority, for a specific account
	Domestic    string `json:"account"`      // 14 digits
	IBAN        string `json:"iban"`
	Foreign     string `json:"foreign_account"`
	BIC         string `json:"bic"`
	BankCode    string `json:"bank_code"`
	BankName    string `json:"bank_name"`
	BankAddress string `json:"bank_address"`
	BankCountry string `json:"bank_country"`
	Currency    string `json:"currency"`
	From        string `json:"from"` // the first day
	To          string `json:"to"`   // the first day without it
	Locked      bool   `json:"locked"`
	Expects     *int64 `json:"expects"` // the version that was seen; otherwise what is held now
	Source      string `json:"source"`  // what shows that the holder has applied
}

// readForm reads one; an error is gateway.ErrIntent and repeats nothing of it but names.
func readForm(text string) (f form, a accounts.Application, err error) {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s: %w", applicationOf, fmt.Sprintf(format, args...), gateway.ErrIntent)
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		var wrong *json.UnmarshalTypeError
		switch {
		case errors.As(err, &wrong):
			return f, a, bad("%s must be a %s", wrong.Field, wrong.Type)
		case strings.HasPrefix(err.Error(), "json: unknown field"):
			return f, a, bad("%s", strings.TrimPrefix(err.Error(), "json: "))
		}
		return f, a, bad("is no JSON")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return f, a, bad("is more than one form")
	}
	holder, err := holderOf(f.Holder)
	if err != nil {
		return f, a, bad("holder must be such as \"CPR\" or \"CVR\" and its digits")
	}
	a = accounts.Application{Channel: law.Caseworker, Action: accounts.Action(f.Action), Holder: holder, OnBehalfOf: f.Authority, Locked: f.Locked, Source: f.Source, Expects: law.Unsaid}
	if f.Benefit != "" {
		a.Authority, a.BenefitType = f.Authority, f.Benefit
	}
	a.Account = accounts.Account{Account: gateway.Account{BIC: f.BIC, BankCode: f.BankCode}, Currency: f.Currency, BankName: f.BankName, BankAddress: f.BankAddress, BankCountry: f.BankCountry}
	given := 0
	for kind, number := range map[gateway.AccountKind]string{gateway.DomesticBBAN: f.Domestic, gateway.IBANAccount: f.IBAN, gateway.ForeignAccount: f.Foreign} {
		if number != "" {
			a.Account.Kind, a.Account.Number = kind, number
			given++
		}
	}
	if given > 1 {
		return f, a, bad("names more than one of account, iban and foreign_account")
	}
	for _, day := range []struct {
		name, text string
		to         *gateway.Date
	}{{"from", f.From, &a.From}, {"to", f.To, &a.To}} {
		if day.text == "" {
			continue
		}
		if *day.to, err = gateway.ParseDate(day.text); err != nil {
			return f, a, bad("%s must be a day such as 2005-09-01", day.name)
		}
	}
	return f, a, nil
}

// holderOf reads such as "CPR 0101701234".
func holderOf(text string) (h gateway.Holder, err error) {
	kind, id, _ := strings.Cut(text, " ")
	h.ID = id
	for _, k := range []gateway.HolderKind{gateway.CPR, gateway.CVR, gateway.SE, gateway.PNR} {
		if k.String() == kind {
			h.Kind = k
		}
	}
	_, err = h.Number()
	return h, err
}

// application takes the application of a form, which waits for the second person then, or finds the one that was taken.
func (d *Desk) application(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	given := of.Content[applicationOf]
	id, err := strconv.ParseInt(given, 10, 64)
	if err != nil {
		if id, err = d.apply(ctx, x, of, given); err != nil {
			return nil, err
		}
		of.Content[applicationOf] = strconv.FormatInt(id, 10)
	}
	found, err := d.applicationItems(ctx, x, []int64{id})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("application %d: %w", id, gateway.ErrNotFound)
	}
	return found, err
}

// apply hands in a form. What the law refuses is refused here, and nothing of it is kept.
func (d *Desk) apply(ctx context.Context, x *postgres.Session, of gateway.Decision, text string) (int64, error) {
	f, a, err := readForm(text)
	if err != nil {
		return 0, err
	}
	a.By, a.Why = of.By, of.Why
	if f.Expects != nil {
		a.Expects = *f.Expects
	} else {
		held, err := d.accounts.Held(ctx, x, a.Holder, a.Authority, a.BenefitType)
		if err != nil {
			return 0, err
		}
		if a.Expects = 0; held != nil {
			a.Expects = held.Version
		}
	}
	outcomes, err := d.accounts.Apply(ctx, x, []accounts.Application{a})
	switch {
	case err != nil:
		return 0, err
	case outcomes[0].State == law.Unchanged:
		return 0, fmt.Errorf("the register says so already: %w", gateway.ErrIntent)
	case outcomes[0].State != law.WaitsApproval:
		return 0, fmt.Errorf("refused by %s: %s: %w", outcomes[0].Rule, outcomes[0].Why, gateway.ErrIntent)
	}
	return outcomes[0].Application, nil
}

func (d *Desk) applications(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	return d.applicationItems(ctx, x, idsOf(of))
}

// applicationItems are applications as they stand.
func (d *Desk) applicationItems(ctx context.Context, x *postgres.Session, ids []int64) ([]gateway.DecisionItem, error) {
	var found []gateway.DecisionItem
	err := x.SelectContext(ctx, &found, `SELECT $2 AS thing, a.id, coalesce(a.on_behalf_of, '') AS authority, '' AS bank, '' AS preview, s.state
		FROM account_application a CROSS JOIN LATERAL (SELECT state FROM account_application_step s WHERE s.application = a.id ORDER BY n DESC LIMIT 1) s
		WHERE a.id = ANY ($1::bigint[]) ORDER BY a.id`, ids, gateway.ThingApplication)
	if err != nil {
		return nil, fmt.Errorf("applications: %w", err)
	}
	return found, nil
}

// rehearsing stands for the second person, who is not known while a decision is rehearsed.
const rehearsing = "the second person"

// approveApplication is the second person's word. What has changed since is judged as it stands: a refusal is what becomes of it then.
func approveApplication(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	second := rehearsing
	if by.ID != 0 {
		on, err := d.decided(ctx, x, by.ID)
		if err != nil {
			return "", err
		}
		for _, s := range on.Steps {
			if s.Step == gateway.StepApproved {
				second = s.Person
			}
		}
	}
	o, err := d.accounts.Approve(ctx, x, i.ID, second)
	switch {
	case errors.Is(err, accounts.ErrMoved):
		return "", notDone("is " + i.State + ", and waits for nobody's approval")
	case err != nil:
		return "", err
	}
	return d.tell(o), nil
}

// tell says what has become of an application, with no number of an account in full. // B19.1
func (d *Desk) tell(o accounts.Outcome) string {
	held := "nothing is held"
	if o.Now != nil {
		held = fmt.Sprintf("%s is held, version %d", o.Now.Account.MaskedNumber(), o.Now.Version)
	}
	switch o.State {
	case law.Refused:
		return fmt.Sprintf("is refused by %s: %s; %s", o.Rule, o.Why, held)
	case law.WaitsActivation:
		return "waits until the holder activates it; until then " + held
	case law.Scheduled:
		return fmt.Sprintf("counts from %s; until then %s", o.From.In(d.bank.Location).Format("2006-01-02 15:04"), held)
	case law.Unchanged:
		return "changes nothing: " + held
	}
	return "counts: " + held
}

func withdrawApplication(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	_, err := d.accounts.Withdraw(ctx, x, i.ID, by.By, by.Why)
	if errors.Is(err, accounts.ErrMoved) {
		return "", notDone("is " + i.State + ", and cannot be taken back")
	}
	return "is taken back", err
}
