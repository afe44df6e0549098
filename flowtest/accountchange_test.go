package flowtest_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
	"nks/register/accounts"
)

// applies hands in a caseworker's form.
func (w *world) applies(by, form string) (act.Decided, error) {
	w.t.Helper()
	return w.Desk.Decide(w.t.Context(), act.Intent{Kind: act.KindAccount, By: by, Why: "letter of the holder", Content: map[string]string{"application": form}})
}

// changesAccount has two persons change an account, and tells what became of it.
func (w *world) changesAccount(form string) string {
	w.t.Helper()
	asked, err := w.applies("Ann", form)
	if err != nil {
		w.t.Fatal(err)
	}
	return became(w.approves(asked.ID, "Bob"))
}

func became(d act.Decided) string {
	for _, s := range d.Steps {
		if s.Step == gateway.StepExecuted {
			return s.Outcome[0].What
		}
	}
	return "nothing yet"
}

// TestAccountChange_Specific: a caseworker's specific account counts once another has approved it, and the next payment goes there; the
// decision names neither the holder nor the account. // B26.1c // B27.1 // B32 // B18.2
func TestAccountChange_Specific(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	form := `{"action": "register", "holder": "CPR ` + ann + `", "authority": "77", "benefit_type": "YD1", "account": "70450009999999", "source": "letter 17"}`
	asked, err := w.applies("Ann", form)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Desk.Approve(t.Context(), asked.ID, "Ann", ""); !errors.Is(err, gateway.ErrPersons) {
		t.Errorf("one person alone: %v", err)
	}
	w.paid(bundle("G-1", cpr("before", ann, 100)))
	reported := became(w.approves(asked.ID, "Bob"))
	if !strings.HasPrefix(reported, "counts: 7045000999xxxx is held") {
		t.Errorf("reported %q", reported)
	}
	w.at("2005-08-11 09:00")
	w.receive(bundle("G-2", cpr("after", ann, 100)))
	w.at("2005-08-12 06:00")
	w.release()
	w.want("orders", w.row(`SELECT p.e2e, o.account FROM bank_order o JOIN payment p ON p.id = o.payment_id ORDER BY p.e2e`), "after 70450009999999; before "+annAccount)
	kept := w.row(`SELECT content::text FROM decision`) + w.row(`SELECT state, preview FROM decision_item`) + w.row(`SELECT outcome::text FROM decision_step WHERE outcome IS NOT NULL`)
	if strings.Contains(kept, ann) || strings.Contains(kept, "70450009999999") {
		t.Errorf("the decision names somebody: %s", kept)
	}
	w.want("steps", w.row(`SELECT n, state, person FROM account_application_step ORDER BY n`), "1 waits_approval Ann; 2 in_force Bob")
	w.want("locked", w.changesAccount(`{"action": "lock", "holder": "CPR ` + ann + `", "authority": "77", "benefit_type": "YD1"}`)[:7], "counts:")
	_, err = w.applies("Ann", `{"action": "register", "holder": "CPR `+bob+`", "authority": "78", "benefit_type": "YD77", "account": "70450009999999", "source": "letter 18"}`)
	refusedBy(t, "a benefit of another", err, "B31")
}

func refusedBy(t *testing.T, what string, err error, rule string) {
	t.Helper()
	if !errors.Is(err, gateway.ErrIntent) || !strings.Contains(err.Error(), rule) {
		t.Errorf("%s: %v, want it refused by %s", what, err, rule)
	}
	if err != nil && citizen.MatchString(err.Error()) {
		t.Errorf("%s: the error names a citizen", what)
	}
}

// TestAccountChange_NemKonto: a NemKonto that a caseworker registers waits for its holder, and the old one stays in use; one who is not
// paid must have applied, the dead get none, and what has changed meanwhile is not overwritten. // B13 // B13.2 // B18.3 // B25.3 // B26.1d // B32 // G-ident // B10.2
func TestAccountChange_NemKonto(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	form := func(holder, account, source string) string {
		return fmt.Sprintf(`{"action": "register", "holder": "CPR %s", "authority": "77", "account": %q, "source": %q}`, holder, account, source)
	}
	reported := w.changesAccount(form(ann, "70450009999999", "letter 17"))
	if !strings.HasPrefix(reported, "waits until the holder activates it; until then 7045000100xxxx is held") {
		t.Errorf("reported %q", reported)
	}
	waiting := w.number(`SELECT application FROM account_application_step WHERE state = 'waits_activation'`)
	w.paid(bundle("G-1", cpr("A", ann, 100)))
	w.want("the old one in use", w.orders(), "A 1 2 "+annAccount)

	for _, c := range []struct{ form, rule string }{
		{form(dead, "70450009999999", "letter 17"), "B18.3"},
		{form(ann, "70450009999999", ""), "B26.1d"},
		{form("0101700999", "70450009999999", "letter 17"), "G-ident"},
		{form(ann, "7045000999999", "letter 17"), "B10.2"},
		{`{"action": "register", "holder": "CPR 1", "authority": "77"}`, "digits"},
		{`{"account_no": "1"}`, "account_no"},
	} {
		_, err := w.applies("Ann", c.form)
		refusedBy(t, c.form, err, c.rule)
	}

	first, err := w.applies("Ann", `{"action": "delete", "holder": "CPR `+ann+`", "authority": "77", "source": "letter 18"}`)
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.applies("Cleo", `{"action": "delete", "holder": "CPR `+ann+`", "authority": "77", "source": "letter 19"}`)
	if err != nil {
		t.Fatal(err)
	}
	w.want("deletion needs no activation", became(w.approves(first.ID, "Bob")), "counts: nothing is held")
	reported = became(w.approves(second.ID, "Bob"))
	if !strings.HasPrefix(reported, "is refused by "+accounts.Stale) {
		t.Errorf("a version that is gone: %q", reported)
	}
	list, err := w.Desk.Applications(t.Context(), nil)
	if err != nil || len(list) != 1 || list[0].ID != waiting || list[0].Holder != "010170-xxxx" || list[0].Account != "7045000999xxxx" || len(list[0].Steps) != 2 {
		t.Errorf("what waits: %+v, %v", list, err)
	}
	d := w.decides(act.KindAccountWithdraw, "Ann", waiting)
	w.want("withdrawn by one", became(d), "is taken back")
	w.want("states", w.row(`SELECT state, count(*) FROM (SELECT DISTINCT ON (application) state FROM account_application_step ORDER BY application, n DESC) s GROUP BY 1 ORDER BY 1`),
		"in_force 1; refused 1; withdrawn 1")
}

// TestAccountChange_LockedByAnother: a specific account that its authority has locked no other authority deletes. // B27.2 // B27.1
func TestAccountChange_LockedByAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.changesAccount(`{"action": "lock", "holder": "CPR ` + bob + `", "authority": "77", "benefit_type": "YD1"}`)
	_, err := w.applies("Ann", `{"action": "unlock", "holder": "CPR `+bob+`", "authority": "77", "benefit_type": "YD1", "expects": 1}`)
	refusedBy(t, "a version that was never seen", err, accounts.Stale)
	reported := w.changesAccount(`{"action": "limit", "holder": "CPR ` + bob + `", "authority": "77", "benefit_type": "YD1", "to": "2005-09-01"}`)
	w.want("limited", reported[:7], "counts:")
	w.want("version", w.row(`SELECT locked, valid_to FROM account_version WHERE authority = '77' AND recorded_to IS NULL ORDER BY valid_from DESC LIMIT 1`), "true 2005-09-01T00:00")
	_, err = w.applies("Ann", `{"action": "promote", "holder": "CPR `+bob+`", "authority": "77", "benefit_type": "YD1"}`)
	refusedBy(t, "a locked account", err, "B27.2")
}

// TestAccountChange_Directory: a registration number that the bank directory does not know, or that has been merged, is refused. // B10.2
func TestAccountChange_Directory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) {
		o.country = maps.Clone(o.country)
		o.country["bank_directory.csv"] = []string{"registration_number,bank,joined,bank_centre,merged_into", "7045,Egen Bank,yes,BEC,", "7046,Egen Bank,yes,BEC,7045"}
	})
	for account, rule := range map[string]string{"70470000000001": "B10.2", "70460000000001": "B10.2", "70450000000001": ""} {
		_, err := w.applies("Ann", `{"action": "register", "holder": "CPR `+ann+`", "authority": "77", "account": "`+account+`", "source": "letter 17"}`)
		if rule == "" {
			if err != nil {
				t.Errorf("%s: %v", account[:4], err)
			}
			continue
		}
		refusedBy(t, account[:4], err, rule)
	}
}
