package register_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"pgregory.net/rapid"

	"nks/gateway"
	"nks/register"
)

const accountHeader = "kind,id,account,iban,foreign_account,bank_code,bic,bank_name,bank_address,bank_country,currency,holder_name,holder_address,valid_from,valid_to"

// A changed account: what is paid from which instant on. The register knows 30010001111111 since always; the second
// load happens on 2005-08-11 at 04:30. // B22.4
func TestChangedAccount(t *testing.T) {
	t.Parallel()
	const old, next = "30010001111111", "30010007777777"
	type at struct{ when, account string }
	for name, tc := range map[string]struct {
		rows  string // account, valid_from, valid_to
		want  []at
		opens int64
		ends  int64
	}{
		"replaced now":             {next + ",,", []at{{"2005-08-11 04:29", old}, {"2005-08-11 04:30", next}, {"2015-01-01 00:00", next}}, 1, 1},
		"replaced on a coming day": {next + ",2005-08-15,", []at{{"2005-08-14 23:59", old}, {"2005-08-15 00:00", next}}, 1, 1},
		"replaced on a day that is past, which was paid otherwise": {next + ",2005-08-01,",
			[]at{{"2005-08-10 00:00", old}, {"2005-08-11 04:29", old}, {"2005-08-11 04:30", next}}, 1, 1},
		"replaced for some days": {next + ",2005-08-15,2005-08-19",
			[]at{{"2005-08-14 23:59", old}, {"2005-08-15 00:00", next}, {"2005-08-19 23:59", next}, {"2005-08-20 00:00", ""}}, 1, 1},
		"ends on a coming day":        {old + ",,2005-08-19", []at{{"2005-08-19 23:59", old}, {"2005-08-20 00:00", ""}}, 1, 1}, // G-timed
		"ended on a day that is past": {old + ",,2005-08-01", []at{{"2005-08-11 04:29", old}, {"2005-08-11 04:30", ""}}, 0, 1},
		"handed over": {old + ",,2005-08-19\n" + next + ",2005-08-20,",
			[]at{{"2005-08-11 05:00", old}, {"2005-08-19 23:59", old}, {"2005-08-20 00:00", next}}, 2, 1},
		"ended long ago, and another since":              {next + ",,2004-12-31\n" + old + ",2005-01-01,", []at{{"2004-01-01 00:00", old}, {"2005-08-12 00:00", old}}, 0, 0},
		"the same account, known to begin later already": {old + ",2005-09-01,", []at{{"2005-08-11 04:30", old}, {"2005-09-01 00:00", old}}, 0, 0},
		"unchanged": {old + ",,", []at{{"2005-08-11 04:30", old}}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := loaded(t)
			var b strings.Builder
			b.WriteString(accountHeader + "\n")
			for _, r := range strings.Split(tc.rows, "\n") {
				f := strings.Split(r, ",")
				fmt.Fprintf(&b, "CPR,0101701111,%s,,,,,,,,,,,%s,%s\n", f[0], f[1], f[2])
			}
			c := country{"accounts.csv": b.String()}
			sum := load(t, db, morning(), c)
			if sum.Files[0].Added != tc.opens || sum.Files[0].Changed != tc.ends {
				t.Errorf("opened %d versions and closed %d, want %d and %d", sum.Files[0].Added, sum.Files[0].Changed, tc.opens, tc.ends)
			}
			copenhagen, err := time.LoadLocation("Europe/Copenhagen")
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range tc.want {
				when, err := time.ParseInLocation("2006-01-02 15:04", w.when, copenhagen)
				if err != nil {
					t.Fatal(err)
				}
				got := ask(t, db, when, question{gateway.CPR, 101701111, "5200", "NKSLEV"})
				if got[0].Account.String != w.account {
					t.Errorf("at %s %q is paid to, want %q", w.when, got[0].Account.String, w.account)
				}
			}
			if added, changed := changes(load(t, db, morning(), c)); added != 0 || changed != 0 {
				t.Errorf("the same rows again opened %d versions and closed %d", added, changed)
			}
		})
	}
}

// An account that was to come into force and is replaced before: it stays on record and never counts.
func TestFutureAccountReplaced(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	row := func(account, from string) country {
		return country{"accounts.csv": accountHeader + "\nCPR,0101701111," + account + ",,,,,,,,,,," + from + ",\n"}
	}
	load(t, db, morning(), row("30010005555555", "2005-09-01"))
	load(t, db, morning().AddDate(0, 0, 1), row("30010006666666", "2005-08-20"))
	for day, want := range map[int]string{19: "30010001111111", 20: "30010006666666", 60: "30010006666666"} {
		got := ask(t, db, time.Date(2005, 8, day, 12, 0, 0, 0, time.UTC), question{gateway.CPR, 101701111, "", ""})
		if got[0].Account.String != want {
			t.Errorf("on day %d %s is paid to, want %s", day, got[0].Account.String, want)
		}
	}
	var n int
	// The first, and what was left of it twice; the one that never counted; the last.
	if err := db.Get(&n, `SELECT count(*) FROM nks.account_version WHERE holder_id = 101701111 AND authority IS NULL`); err != nil || n != 5 {
		t.Errorf("%d versions on record, %v; want 5", n, err)
	}
}

func TestLockChangedIsAVersion(t *testing.T) { // B27.2
	t.Parallel()
	db := loaded(t)
	load(t, db, morning(), smallCountry(t).with(t, "specific_accounts.csv", "yes,KBOLIG", "no,KBOLIG").only("specific_accounts.csv"))
	var locks []bool
	err := db.Select(&locks, `SELECT locked FROM nks.account_version WHERE authority = '4101' AND recorded_to IS NULL ORDER BY id`)
	if err != nil || !slices.Equal(locks, []bool{true, false}) {
		t.Errorf("locks %v, %v", locks, err)
	}
}

// Days count from 2005-01-01; always and never lie beyond all of them.
const (
	always = -1 << 20
	never  = 1 << 20
)

// span is a version of the model, in hours; row one of a file, in days, end exclusive.
type (
	span struct {
		from, to int
		account  string
	}
	purpose struct {
		holder   int // index
		specific bool
	}
	model map[purpose][]span
)

func (s span) covers(h int) bool { return s.from <= h && h < s.to }
func (s span) meets(o span) bool {
	return s.from < s.to && o.from < o.to && s.from < o.to && o.from < s.to
}
func (m model) at(p purpose, h int) string {
	for _, s := range m[p] {
		if s.covers(h) {
			return s.account
		}
	}
	return ""
}

// load is what a load does to one purpose, written down from the documentation.
func (m model) load(p purpose, now int, rows []span) {
	if len(m[p]) == 0 {
		m[p] = append(m[p], rows...)
		return
	}
	known := m[p]
	says := func(v, r span) bool {
		return v.account == r.account && v.to == r.to && v.from < v.to && v.from <= max(r.from, now)
	}
	var changed, unchanged []span
	for _, r := range rows {
		if slices.ContainsFunc(known, func(v span) bool { return says(v, r) }) {
			unchanged = append(unchanged, r)
		} else {
			changed = append(changed, span{max(r.from, now), r.to, r.account})
		}
	}
	inTheWay := func(v span) bool { return slices.ContainsFunc(changed, v.meets) }
	var also []span
	for _, r := range unchanged {
		if slices.ContainsFunc(known, func(v span) bool { return says(v, r) && inTheWay(v) }) {
			also = append(also, span{max(r.from, now), r.to, r.account})
		}
	}
	changed = append(changed, also...)
	allPast := !slices.ContainsFunc(rows, func(r span) bool { return r.to > now })
	for i, v := range known {
		first := never
		for _, c := range changed {
			if v.meets(c) {
				first = min(first, c.from)
			}
			if allPast && c.account == v.account && v.covers(now) {
				first = min(first, now)
			}
		}
		if first < never {
			known[i].to = max(v.from, first)
		}
	}
	for _, c := range changed {
		if c.from < c.to {
			known = append(known, c)
		}
	}
	m[p] = known
}

// drawRows makes rows of one purpose that do not overlap.
func drawRows(t *rapid.T) []span {
	var rows []span
	day := rapid.IntRange(-5, 30).Draw(t, "from")
	for n := rapid.IntRange(1, 3).Draw(t, "rows"); n > 0; n-- {
		r := span{day, day + rapid.IntRange(1, 15).Draw(t, "days"), fmt.Sprintf("3001%010d", rapid.IntRange(1, 3).Draw(t, "account"))}
		day = r.to + rapid.SampledFrom([]int{0, 0, 3}).Draw(t, "gap")
		rows = append(rows, r)
	}
	if rapid.Bool().Draw(t, "since always") {
		rows[0].from = always
	}
	if rapid.Bool().Draw(t, "for ever") {
		rows[len(rows)-1].to = never
	}
	return rows
}

// Loads in any order of changes, against a model that knows nothing of SQL; and what must hold whatever the model
// says: the past does not change, and from the load on each row is in force on its days.
func TestVersionsAgainstModel(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	// A round costs some loads: few rounds with many holders say as much as many with few.
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("20"); err != nil {
			t.Fatal(err)
		}
	}
	var serial atomic.Int64
	rapid.Check(t, func(t *rapid.T) {
		base := serial.Add(1) * 100
		id := func(holder int) int64 { return 4_000_000_000 + base + int64(holder) }
		const holders = 12
		newHolders := "kind,id,parent,status,ended_on,name,street,postcode,town,country\n"
		for h := range holders {
			newHolders += fmt.Sprintf("P,%d,12345674,alive,,,,,,\n", id(h))
		}
		instant := func(h int) time.Time { return time.Date(2005, 1, 1, h, 0, 0, 0, copenhagen) }
		date := func(day int) string {
			if day <= always {
				return ""
			}
			return time.Date(2005, 1, 1+day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		}
		lastDay := func(to int) string {
			if to >= never {
				return ""
			}
			return date(to - 1)
		}
		// Each round is in the same January, whatever was recorded in rounds before it.
		if _, err := db.Exec(`UPDATE nks.register_counter SET recorded_at = '-infinity'`); err != nil {
			t.Fatal(err)
		}
		m := model{}
		now := 12
		for n := rapid.IntRange(1, 4).Draw(t, "loads"); n > 0; n-- {
			now += 24 * rapid.IntRange(0, 12).Draw(t, "days later")
			before := model{}
			for p, spans := range m {
				before[p] = slices.Clone(spans)
			}
			nemkonto, specific := accountHeader+"\n", accountHeader+",authority,benefit_type,locked\n"
			rows := map[purpose][]span{}
			for h := range holders {
				for _, s := range []bool{false, true} {
					if !rapid.Bool().Draw(t, "named") {
						continue
					}
					p := purpose{h, s}
					for _, r := range drawRows(t) {
						line := fmt.Sprintf("P,%d,%s,,,,,,,,,,,%s,%s", id(h), r.account, date(r.from), lastDay(r.to))
						if s {
							specific += line + ",4101,KBOLIG,no\n"
						} else {
							nemkonto += line + "\n"
						}
						rows[p] = append(rows[p], span{hours(r.from), hours(r.to), r.account})
					}
					m.load(p, now, rows[p])
				}
			}
			files := country{"holders.csv": newHolders, "accounts.csv": nemkonto, "specific_accounts.csv": specific}
			for again := range 2 {
				sum, err := register.Load(context.Background(), db, files.sources(), register.Options{Now: func() time.Time { return instant(now) }})
				if err != nil {
					t.Fatal(err)
				}
				if added, changed := changes(sum); again == 1 && added+changed > 0 {
					t.Fatalf("the same files again opened %d versions and closed %d", added, changed)
				}
				if n > 1 {
					break
				}
			}
			var hoursAsked []int
			for h := -5 * 24; h < 100*24; h += 12 + 24*3 {
				hoursAsked = append(hoursAsked, h)
			}
			checkAnswers(t, db, m, hoursAsked, instant, holders, id)
			checkPromises(t, before, m, rows, hoursAsked, now)
		}
	})
}

// checkAnswers compares what AccountOf tells with the model.
func checkAnswers(t *rapid.T, db *sqlx.DB, m model, hoursAsked []int, instant func(int) time.Time, holders int, id func(int) int64) {
	var questions []question
	for holder := range holders {
		questions = append(questions, question{gateway.PNR, id(holder), "4101", "KBOLIG"},
			question{gateway.PNR, id(holder), "4101", ""})
	}
	for _, h := range hoursAsked {
		answers := ask(t, db, instant(h), questions...)
		if len(answers) != len(questions) {
			t.Fatalf("hour %d: %d answers to %d questions", h, len(answers), len(questions))
		}
		for i, a := range answers {
			specific, own := m.at(purpose{i / 2, true}, h), m.at(purpose{i / 2, false}, h)
			account, rule := companyAccount(instant(h)), gateway.ByParentAccount
			switch {
			case i%2 == 0 && specific != "":
				account, rule = specific, gateway.BySpecific
			case own != "":
				account, rule = own, gateway.ByNemKonto
			}
			if a.Account.String != account || a.Rule.Int16 != int16(rule) {
				t.Fatalf("hour %d, question %d: %v, want %s by rule %d", h, i, a, account, rule)
			}
		}
	}
}

// checkPromises checks of the model what must hold of it whatever it says.
func checkPromises(t *rapid.T, before, m model, rows map[purpose][]span, hoursAsked []int, now int) {
	for _, h := range hoursAsked {
		for p, spans := range rows {
			i := slices.IndexFunc(spans, func(s span) bool { return s.covers(h) })
			switch {
			case h < now && len(before[p]) > 0 && m.at(p, h) != before.at(p, h):
				t.Fatalf("hour %d is past and changed from %q to %q", h, before.at(p, h), m.at(p, h))
			case h >= now && i >= 0 && m.at(p, h) != spans[i].account:
				t.Fatalf("hour %d: a row says %s, the register %q", h, spans[i].account, m.at(p, h))
			}
		}
	}
}

func hours(day int) int {
	if day <= always || day >= never {
		return day
	}
	return day * 24
}

// companyAccount is the account of the company that all those P numbers stand under.
func companyAccount(at time.Time) string {
	if at.Before(time.Date(2005, 8, 14, 22, 0, 0, 0, time.UTC)) {
		return "51220003333333"
	}
	return "51220004444444"
}
