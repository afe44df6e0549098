package register_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/gateway/postgres/pgtest"
	"nks/register"
)

// At noon of a day of August 2005.
func august(day int) time.Time { return time.Date(2005, 8, day, 12, 0, 0, 0, time.UTC) }

// as is what As tells of Karl Uden: name, status, and the account in force.
func as(t *testing.T, db *sqlx.DB, on, known time.Time) string {
	t.Helper()
	h, found, err := register.As(t.Context(), db, gateway.CPR, 3112611117, on, known)
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		return "unknown"
	}
	shown := []string{h.Name, fmt.Sprint(int(h.Status))}
	if !h.Ended.IsZero() {
		shown = append(shown, h.Ended.String())
	}
	for _, v := range h.Accounts {
		if v.InForce(on) && v.Authority == "" {
			shown = append(shown, fmt.Sprintf("account since %s", v.From.Format(time.DateOnly)))
		}
	}
	return strings.Join(shown, ", ")
}

// TestAs: what was known is never lost, whatever is learned later. // B22.4
func TestAs(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	load(t, db, august(1), smallCountry(t))
	account := func(rest string) country {
		return country{"accounts.csv": accountHeader + "\nCPR,3112611117," + rest + "\n"}
	}
	load(t, db, august(10), account("30010001111112,,,,,,,,,,,2005-08-20,"))
	load(t, db, august(15), smallCountry(t).with(t, "holders.csv", "alive,,Karl Uden", "dead,2005-08-12,Karl Ude").only("holders.csv"))
	load(t, db, august(18), account("30010001111113,,,,,,,,,,,2005-08-25,"))
	for _, tc := range []struct {
		on, known int
		want      string
	}{
		{31, 9, "Karl Uden, 1"}, // nothing was known of an account
		{19, 10, "Karl Uden, 1"},
		{20, 10, "Karl Uden, 1, account since 2005-08-19"}, // by the zone of the test: it begins at midnight in Copenhagen
		{20, 14, "Karl Uden, 1, account since 2005-08-19"},
		{14, 15, "Karl Uden, 1"}, // as it was before it was learned of
		{20, 15, "Karl Ude, 2, 2005-08-12, account since 2005-08-19"},
		{26, 17, "Karl Ude, 2, 2005-08-12, account since 2005-08-19"},
		{26, 18, "Karl Ude, 2, 2005-08-12, account since 2005-08-24"},
		{24, 18, "Karl Ude, 2, 2005-08-12, account since 2005-08-19"},
	} {
		if got := as(t, db, august(tc.on), august(tc.known)); got != tc.want {
			t.Errorf("on day %d, as known on day %d: %s, want %s", tc.on, tc.known, got, tc.want)
		}
	}
	if got := as(t, db, august(20), august(1).Add(-time.Hour)); got != "unknown" {
		t.Errorf("before the first load: %s", got)
	}
}

// TestWordsAs: what an authority has said, what a benefit may, and how long accounts stay usable, in two times. // B18.3 // B22.3 // B23.2 // B25.4
func TestWordsAs(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	load(t, db, august(1), smallCountry(t).with(t, "benefit_types.csv", "NKSLEV,,Leverandørbetaling,yes", "NKSLEV,,Leverandørbetaling,no"))
	load(t, db, august(10), country{
		"authorities.csv":   "authority,name,cvr,emigrated,p_numbers\n4101,Nordvig Kommune,12423446,yes,no\n",
		"benefit_types.csv": "benefit_type,authority,name,fallback,salary\nNKSLEV,4101,Leverandør,yes,no\n",
		"periods.csv":       "kind,days\nSE,30\n",
	})
	for _, tc := range []struct {
		authority, benefit string
		on, known          int
		want               register.Words
	}{
		{"4101", "NKSLEV", 12, 9, register.Words{UsesPNumbers: true, NoFallback: true}},
		{"4101", "NKSLEV", 12, 12, register.Words{PaysEmigrated: true}}, // its own benefit counts before the general one
		{"4101", "NKSLEV", 9, 12, register.Words{UsesPNumbers: true}},
		{"5200", "NKSLEV", 12, 12, register.Words{PaysEmigrated: true, NoFallback: true}},
		{"5200", "KAPPEN", 12, 12, register.Words{PaysEmigrated: true, NoFallback: true}},
		{"9999", "KAPPEN", 12, 12, register.Words{}},
	} {
		got, err := register.WordsAs(t.Context(), db, tc.authority, tc.benefit, august(tc.on), august(tc.known))
		if err != nil || got != tc.want {
			t.Errorf("%+v: %+v, %v", tc, got, err)
		}
	}
	for known, want := range map[int][5]int{9: {0, 180, 90, 180, 180}, 10: {0, 180, 90, 30, 180}} {
		if got, err := register.PolicyAs(t.Context(), db, august(11), august(known)); err != nil || got.Days != want {
			t.Errorf("known on day %d: %v, %v, want %v", known, got.Days, err, want)
		}
	}
}

// TestChangeLog: each load that changes something has the next number, stands on every version that it recorded or
// closed, and names the holders whose versions these are.
func TestChangeLog(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	load(t, db, august(12), smallCountry(t).with(t, "holders.csv", "Nygade 1", "Nygade 2")) // counter 2
	load(t, db, august(13), smallCountry(t).with(t, "holders.csv", "Nygade 1", "Nygade 2")) // nothing
	load(t, db, august(14), smallCountry(t).with(t, "accounts.csv", "30010001111111", "30010001111118").only("accounts.csv"))
	load(t, db, august(15), smallCountry(t).with(t, "suppliers.csv", "Kommunernes Datahus", "Datahuset").only("suppliers.csv")) // counter 4
	if got := position(t, db); got != "epoch 2 counter 4" {
		t.Errorf("position %s", got)
	}
	rows := func(query string) (all []string) {
		if err := db.Select(&all, query); err != nil {
			t.Fatal(err)
		}
		return all
	}
	if got := rows(`SELECT concat_ws(' ', counter, holder_kind, holder_id) FROM nks.register_change ORDER BY 1`); !slices.Equal(got, []string{"2 1 3112611117", "3 1 101701111"}) {
		t.Errorf("changes %v", got)
	}
	got := rows(`SELECT concat_ws(' ', counter, coalesce(closed, 0), recorded_to IS NULL, valid_to IS NULL) FROM nks.holder_version WHERE id = 3112611117 ORDER BY 1`)
	if !slices.Equal(got, []string{"1 2 f t", "2 0 t f", "2 0 t t"}) {
		t.Errorf("holder's versions %v", got)
	}
	got = rows(`SELECT concat_ws(' ', counter, coalesce(closed, 0), right(account, 1)) FROM nks.account_version WHERE holder_id = 101701111 AND authority IS NULL ORDER BY 1`)
	if !slices.Equal(got, []string{"1 3 1", "3 0 1", "3 0 8"}) {
		t.Errorf("account's versions %v", got)
	}
}

// TestLoadsAtOnce: loads that come together are changes one after the other, each with a number of its own.
func TestLoadsAtOnce(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	const loads = 4
	failed := make(chan error, loads)
	for n := range loads {
		c := country{"accounts.csv": fmt.Sprintf("%s\nCPR,0101701111,3001000555000%d,,,,,,,,,,,,\n", accountHeader, n)}
		go func() {
			_, err := register.Load(t.Context(), db, c.sources(), register.Options{Now: morning})
			failed <- err
		}()
	}
	for range loads {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if got := position(t, db); got != "epoch 2 counter 5" {
		t.Errorf("position %s", got)
	}
	var counters []int
	if err := db.Select(&counters, `SELECT counter FROM nks.register_change ORDER BY 1`); err != nil || !slices.Equal(counters, []int{2, 3, 4, 5}) {
		t.Errorf("changes %v, %v", counters, err)
	}
	if got := ask(t, db, morning(), question{gateway.CPR, 101701111, "", ""}); len(got) != 1 {
		t.Errorf("accounts in force: %v", got)
	}
}
