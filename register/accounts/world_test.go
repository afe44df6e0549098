package accounts_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/gateway/postgres/pgtest"
	"nks/register"
	"nks/register/accounts"
	"nks/register/law"
)

// desk is a register with who takes applications for it, at a time that stands still.
type desk struct {
	*accounts.Store
	t   testing.TB
	db  *sqlx.DB
	now time.Time
}

// holders of the tests: Ann has a NemKonto, Bo none, Dora is dead.
var (
	ann  = gateway.Holder{Kind: gateway.CPR, ID: "0101701234"}
	bo   = gateway.Holder{Kind: gateway.CPR, ID: "0202705678"}
	dora = gateway.Holder{Kind: gateway.CPR, ID: "0303701111"}
)

func newDesk(t testing.TB, more ...string) *desk {
	t.Helper()
	d := &desk{t: t, db: pgtest.New(t), now: time.Date(2005, 8, 11, 7, 0, 0, 0, time.UTC)}
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	d.Store = &accounts.Store{Now: func() time.Time { return d.now }, Location: copenhagen}
	d.load(map[string]string{
		"authorities.csv":    "authority,name,cvr,emigrated,p_numbers\n4101,Kommunen,,no,no\n5200,Staten,,no,no\n",
		"benefit_types.csv":  "benefit_type,authority,name,fallback,salary\nSU,,Stipendium,yes,no\n",
		"bank_directory.csv": "registration_number,bank,joined,bank_centre,merged_into\n1234,Egen Bank,yes,BEC,\n5678,Anden Bank,no,BEC,\n1111,Egen Bank,yes,BEC,1234\n",
		"holders.csv": "kind,id,parent,status,ended_on,name,street,postcode,town,country\nCPR,0101701234,,alive,,Ann,,,,\nCPR,0202705678,,alive,,Bo,,,,\n" +
			"CPR,0303701111,,dead,2005-08-01,Dora,,,,\nCVR,10000009,,alive,,Firma,,,,\n" + strings.Join(more, ""),
		"accounts.csv": "kind,id,account,iban,foreign_account,bank_code,bic,bank_name,bank_address,bank_country,currency,holder_name,holder_address,valid_from,valid_to\n" +
			"CPR,0101701234,12340000000001,,,,,,,,,,,,\n",
	})
	return d
}

func (d *desk) load(files map[string]string) {
	d.t.Helper()
	var sources []register.Source
	for name, text := range files {
		sources = append(sources, register.Source{Name: name, Size: int64(len(text)), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(text)), nil
		}})
	}
	if _, err := register.Load(d.t.Context(), d.db, sources, register.Options{Now: func() time.Time { return d.now.Add(-time.Hour) }}); err != nil {
		d.t.Fatal(err)
	}
}

// loads changes holders by a load.
func (d *desk) loads(holders string) error {
	source := register.Source{Name: "holders.csv", Size: int64(len(holders)), Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(holders)), nil }}
	_, err := register.Load(d.t.Context(), d.db, []register.Source{source}, register.Options{Now: d.Now})
	return err
}

// inTransaction commits what do has done unless it fails.
func (d *desk) inTransaction(ctx context.Context, do func(register.Tx) error) error {
	tx, err := d.db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// apply takes applications, a second after what came before.
func (d *desk) apply(asked ...accounts.Application) []accounts.Outcome {
	d.t.Helper()
	d.now = d.now.Add(time.Second)
	var outcomes []accounts.Outcome
	err := d.inTransaction(d.t.Context(), func(x register.Tx) (err error) {
		outcomes, err = d.Apply(d.t.Context(), x, asked)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return outcomes
}

// holds is what a purpose holds: its account, and the ends where it has some.
func (d *desk) holds(h gateway.Holder, authority, benefit string) string {
	d.t.Helper()
	held, err := d.Held(d.t.Context(), d.db, h, authority, benefit)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.tells(held)
}

func (d *desk) tells(held *accounts.Held) string {
	if held == nil {
		return "nothing"
	}
	text := held.Account.Number
	if held.Locked {
		text += " locked"
	}
	if held.Later {
		text += " from " + held.From.In(d.Location).Format(time.DateTime)
	}
	if !held.To.IsZero() {
		text += " until " + held.To.In(d.Location).Format(time.DateTime)
	}
	return text
}

func (d *desk) want(what, got, want string) {
	d.t.Helper()
	if got != want {
		d.t.Errorf("%s: %s, want %s", what, got, want)
	}
}

// domestic is an account in the bank that has joined, unless another registration number is given.
func domestic(n int) accounts.Account {
	return accounts.Account{Account: gateway.Account{Kind: gateway.DomesticBBAN, Number: fmt.Sprintf("1234%010d", n)}}
}

// byCitizen is an application of the holder, who does not say what was seen.
func byCitizen(h gateway.Holder, action accounts.Action, a accounts.Account) accounts.Application {
	return accounts.Application{Channel: law.Citizen, Action: action, Holder: h, Actor: h, Account: a, By: "the holder", Expects: law.Unsaid}
}

// byAuthority is one of an authority to which the holder has applied.
func byAuthority(channel accounts.Channel, h gateway.Holder, action accounts.Action, a accounts.Account) accounts.Application {
	return accounts.Application{Channel: channel, Action: action, Holder: h, Account: a, By: "A. Hansen", OnBehalfOf: "4101", Why: "moved bank", Source: "letter 17", Expects: law.Unsaid}
}
