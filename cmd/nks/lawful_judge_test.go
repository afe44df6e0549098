package main_test

import (
	"database/sql"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"nks/gateway"
	"nks/internal/programtest"
	"nks/reconciliation"
	"nks/register"
)

// span is when a row of the register counts, and which changes knew of it.
type span struct {
	From    sql.NullTime  `db:"valid_from"`
	To      sql.NullTime  `db:"valid_to"`
	Counter int64         `db:"counter"`
	Closed  sql.NullInt64 `db:"closed"`
}

// holds reports whether the change counter knew of the row, and it counts at an instant.
func (s *span) holds(counter int64, at time.Time) bool {
	return s.Counter <= counter && (!s.Closed.Valid || s.Closed.Int64 > counter) &&
		(!s.From.Valid || !at.Before(s.From.Time)) && (!s.To.Valid || at.Before(s.To.Time))
}

const spanColumns = `, nullif(valid_from, '-infinity') AS valid_from, valid_to, counter, closed `

type holderRow struct {
	Kind   gateway.HolderKind   `db:"kind"`
	ID     int64                `db:"id"`
	Status gateway.HolderStatus `db:"status"`
	Ended  sql.NullTime         `db:"ended_on"`
	Parent int64                `db:"parent"`
	span
}

type accountRow struct {
	ID        int64              `db:"id"`
	Kind      gateway.HolderKind `db:"holder_kind"`
	Holder    int64              `db:"holder_id"`
	Authority string             `db:"authority"`
	Benefit   string             `db:"benefit_type"`
	Locked    bool               `db:"locked"`
	Account   string             `db:"account"`
	span
}

type wordRow struct {
	Authority string `db:"authority"`
	Emigrated bool   `db:"emigrated"`
	PNumbers  bool   `db:"p_numbers"`
	span
}

type fallbackRow struct {
	Benefit   string `db:"benefit_type"`
	Authority string `db:"authority"`
	Fallback  bool   `db:"fallback"`
	span
}

type periodRow struct {
	Kind gateway.HolderKind `db:"kind"`
	Days int                `db:"days"`
	span
}

type whose struct {
	kind gateway.HolderKind
	id   int64
}

// history is all that the register ever knew.
type history struct {
	holders   map[whose][]holderRow
	accounts  map[whose][]accountRow
	versions  map[int64]accountRow
	words     []wordRow
	fallbacks []fallbackRow
	periods   []periodRow
	where     *time.Location
}

func (w *lawful) history() *history {
	w.t.Helper()
	h := &history{holders: map[whose][]holderRow{}, accounts: map[whose][]accountRow{}, versions: map[int64]accountRow{}, where: w.steps.Base.Location}
	var holders []holderRow
	var accounts []accountRow
	w.rows(&holders, `SELECT kind, id, status, ended_on, coalesce(parent, 0) AS parent`+spanColumns+`FROM holder_version`)
	w.rows(&accounts, `SELECT id, holder_kind, holder_id, coalesce(authority, '') AS authority, coalesce(benefit_type, '') AS benefit_type, locked, account`+
		spanColumns+`FROM account_version`)
	w.rows(&h.words, `SELECT authority, emigrated, p_numbers`+spanColumns+`FROM authority_word`)
	w.rows(&h.fallbacks, `SELECT benefit_type, coalesce(authority, '') AS authority, fallback`+spanColumns+`FROM benefit_fallback ORDER BY authority NULLS FIRST`)
	w.rows(&h.periods, `SELECT kind, days`+spanColumns+`FROM account_period`)
	for _, r := range holders {
		of := whose{r.Kind, r.ID}
		h.holders[of] = append(h.holders[of], r)
	}
	for _, r := range accounts {
		of := whose{r.Kind, r.Holder}
		h.accounts[of], h.versions[r.ID] = append(h.accounts[of], r), r
	}
	return h
}

func (w *lawful) rows(into any, query string) {
	w.t.Helper()
	must(w.t, w.db.SelectContext(w.t.Context(), into, query))
}

// facts are what a change knew of a holder at an instant: accounts that are not in force then are not among them, so that
// nothing of the rule decides about that.
func (h *history) facts(of whose, counter int64, at time.Time) (f register.Facts, holders int) {
	for _, r := range h.holders[of] {
		if r.holds(counter, at) {
			f.Status, f.Parent, holders = r.Status, r.Parent, holders+1
			if r.Ended.Valid {
				f.Ended = gateway.DateOf(r.Ended.Time)
			}
		}
	}
	for _, r := range h.accounts[of] {
		if r.holds(counter, at) {
			f.Accounts = append(f.Accounts, register.AccountVersion{ID: r.ID, Authority: r.Authority, BenefitType: r.Benefit, Locked: r.Locked})
		}
	}
	return f, holders
}

// outcome is a payment and what became of it.
type outcome struct {
	ID         int64              `db:"id"`
	Kind       gateway.HolderKind `db:"holder_kind"`
	Holder     int64              `db:"holder"`
	Authority  string             `db:"authority"`
	Benefit    string             `db:"benefit_type"`
	E2E        string             `db:"e2e"`
	At         time.Time          `db:"released_at"`
	Counter    int64              `db:"register_counter"`
	Cheques    bool               `db:"cheques"`
	Event      string             `db:"event"`
	Text       string             `db:"text"`
	Ordered    bool               `db:"ordered"`
	Version    int64              `db:"version"`
	Rule       int16              `db:"rule"`
	Account    string             `db:"account"`
	Duplicates int                `db:"orders"`
}

func (w *lawful) outcomes() (all []outcome) {
	w.t.Helper()
	w.rows(&all, `SELECT p.id, p.holder_kind, p.holder, p.authority, p.benefit_type, p.e2e, g.released_at, g.register_counter, g.no_account = 'cheque' AS cheques,
			coalesce(e.kind::text, '') AS event, coalesce(e.text, '') AS text, o.payment_id IS NOT NULL AS ordered, coalesce(o.account_version, 0) AS version,
			coalesce(o.rule, 0) AS rule, coalesce(o.account, '') AS account,
			(SELECT count(*) FROM bank_order b WHERE b.month = p.month AND b.payment_id = p.id) AS orders
		FROM payment p JOIN release_group g ON g.id = p.group_id
		LEFT JOIN bank_order o ON o.payment_id = p.id AND o.attempt = 1
		LEFT JOIN standing e ON e.month = p.month AND e.payment_id = p.id AND e.attempt = 0
		WHERE g.state = 'released' ORDER BY p.id`)
	return all
}

// choose is what the rule makes of what a change knew; held: it knew the holder, or the one above it, twice.
func (h *history) choose(o *outcome, counter int64) (c register.Choice, held bool) {
	q := register.Question{Kind: o.Kind, Number: o.Holder, Authority: o.Authority, BenefitType: o.Benefit}
	for _, r := range h.words {
		if r.Authority == o.Authority && r.holds(counter, o.At) {
			q.PaysEmigrated, q.UsesPNumbers = r.Emigrated, r.PNumbers
		}
	}
	for _, r := range h.fallbacks { // an authority's own comes last, and counts
		if r.Benefit == o.Benefit && (r.Authority == "" || r.Authority == o.Authority) && r.holds(counter, o.At) {
			q.NoFallback = !r.Fallback
		}
	}
	policy := register.Policy{Location: h.where}
	for _, r := range h.periods {
		if r.holds(counter, o.At) {
			policy.Days[r.Kind] = r.Days
		}
	}
	holder, n := h.facts(whose{o.Kind, o.Holder}, counter, o.At)
	parent, above := h.facts(whose{gateway.CVR, holder.Parent}, counter, o.At)
	return register.Choose(&q, &holder, &parent, &policy, o.At), n > 1 || above > 1
}

// fault is what is wrong with an outcome, empty if nothing is.
func (h *history) fault(o *outcome) (want register.Choice, fault string) {
	want, twice := h.choose(o, o.Counter)
	switch {
	case o.Duplicates > 1:
		return want, "it has several orders"
	case twice || want.Reason == register.Overlap:
		return want, "the register has two things at once"
	case want.Reason != register.Chosen && o.Ordered:
		mayBeCheque := want.Reason == register.NoAccount || want.Reason == register.EmigratedOnly // B35-36
		if gateway.AccountRule(o.Rule) != gateway.ByCheque || !o.Cheques || o.Version != 0 || !mayBeCheque {
			return want, "there was no account, and it was ordered"
		}
		return want, ""
	case want.Reason != register.Chosen && (o.Event != "not_payable" || o.Text != want.Reason.Unpaid().Text()):
		return want, "it was not returned for that"
	case want.Reason != register.Chosen:
		return want, ""
	case !o.Ordered:
		return want, "there was an account, and it was not ordered"
	case o.Version != want.Version || gateway.AccountRule(o.Rule) != want.Rule:
		return want, "it was ordered by another account or rule"
	}
	// Once more without the rule.
	v := h.versions[o.Version]
	if !v.holds(o.Counter, o.At) || v.Account != o.Account || o.Event != "" {
		return want, "its account was not in force"
	}
	return want, ""
}

// judge holds everything that was released against the register's history.
func (w *lawful) judge() {
	w.t.Helper()
	w.judgeAccounts()
	w.judgeCounters()
	w.judgeFiles()
	w.judgeUse()
	findings, err := reconciliation.Check(w.t.Context(), w.db)
	must(w.t, err)
	for _, f := range findings {
		w.t.Errorf("%s: %s: %d, as %s", f.Rule, f.What, f.Count, f.Sample)
	}
	difference, err := reconciliation.Compare(w.t.Context(), w.db)
	must(w.t, err)
	if !difference.Clean() {
		w.t.Errorf("the ledger: %+v", difference)
	}
}

// mostFaults are shown.
const mostFaults = 20

// judgeAccounts judges each payment, and that the run was one in which much could go wrong.
func (w *lawful) judgeAccounts() {
	w.t.Helper()
	h, seen, faults, near := w.history(), map[string]int{}, 0, 0
	all := w.outcomes()
	var explained []string
	for i := range all {
		o := &all[i]
		if o.Event == "rejected" { // by the check, before its release
			seen["rejected"]++
			continue
		}
		want, fault := h.fault(o)
		if fault != "" {
			if faults++; faults <= mostFaults {
				w.t.Errorf("%s as of change %d at %s: want %+v; %+v", fault, o.Counter, o.At.Format(time.RFC3339Nano), want, *o)
			}
			continue
		}
		seen[fmt.Sprintf("%s %d", want.Reason, want.Rule)]++
		if next, _ := h.choose(o, o.Counter+1); next != want {
			near++
			if len(explained) < 3 {
				explained = append(explained, strconv.FormatInt(o.ID, 10))
			}
		}
	}
	w.note("%d payments: %v; %d faults; %d would have gone otherwise one change later", len(all), seen, faults, near)
	demanded := []string{"chosen 1", "chosen 2", "chosen 3", register.NoAccount.String() + " 0"}
	if programtest.Size(0, 1) == 1 { // in a few seconds not everything happens
		demanded = append(demanded, "rejected", register.HolderEnded.String()+" 0", register.EmigratedOnly.String()+" 0", register.NoFallback.String()+" 0")
	}
	for _, wanted := range demanded {
		if seen[wanted] == 0 {
			w.t.Errorf("no payment is %q: %v", wanted, seen)
		}
	}
	if near == 0 {
		w.t.Error("no payment would have gone otherwise one change later: nothing was tried")
	}
	w.explain(explained)
}

// explain asks the program itself about payments that a moment decided.
func (w *lawful) explain(payments []string) {
	w.t.Helper()
	for _, p := range payments {
		run := nks(w.t, "explain", "--config", w.nodes[0].config, p)
		run.Want(w.t, 0)
		if text := run.Out.String(); strings.Contains(text, "does not lead to this") || !strings.Contains(text, ", decided 2005-08-1") {
			w.t.Errorf("nks explain %s: %s", p, text)
		}
	}
}

// judgeCounters: a release knows of every load that was done before it began.
func (w *lawful) judgeCounters() {
	w.t.Helper()
	var groups []struct {
		ID      int64     `db:"id"`
		At      time.Time `db:"released_at"`
		Counter int64     `db:"register_counter"`
	}
	w.rows(&groups, `SELECT id, released_at, register_counter FROM release_group WHERE state = 'released'`)
	known := map[int64]bool{}
	for _, g := range groups {
		known[g.Counter] = true
		for _, l := range w.loads {
			if l.counter > g.Counter && l.done.Before(g.At) {
				w.t.Errorf("group %d, released at %s, knew of change %d, not of change %d, which was there at %s", g.ID, g.At, g.Counter, l.counter, l.done)
			}
		}
	}
	w.note("%d groups by %d changes, of %d loads", len(groups), len(known), len(w.loads))
	if len(known) < len(w.loads)/10 {
		w.t.Errorf("%d groups were released by %d of %d changes: hardly anything changed meanwhile", len(groups), len(known), len(w.loads))
	}
}

// judgeFiles: each order stands in the files for the banks once, and nothing else does.
func (w *lawful) judgeFiles() {
	w.t.Helper()
	var documents []int64
	w.rows(&documents, `SELECT document_id FROM interchange WHERE kind = 'PAYMUL'`)
	times := map[string]int{}
	for _, d := range documents {
		r, err := w.steps.Base.Raw(w.t.Context(), d)
		must(w.t, err)
		content, err := io.ReadAll(r)
		must(w.t, err)
		must(w.t, r.Close())
		for _, e2e := range regexp.MustCompile(`Q\d{5}X\d{5}Q`).FindAllString(string(content), -1) {
			times[e2e]++
		}
	}
	orders := 0
	for _, o := range w.outcomes() {
		want := 0
		if o.Ordered {
			want, orders = 1, orders+1
		}
		if times[o.E2E] != want {
			w.t.Errorf("payment %s stands in the files %d times, want %d", o.E2E, times[o.E2E], want)
		}
	}
	if orders != len(times) {
		w.t.Errorf("%d payments stand in the files, %d were ordered", len(times), orders)
	}
}

// judgeUse: both gateways were killed, released, and had most accounts from the register's image.
func (w *lawful) judgeUse() {
	w.t.Helper()
	byImage, bySQL := 0.0, 0.0
	for i, n := range w.nodes {
		byImage, bySQL = byImage+n.byImage, bySQL+n.bySQL
		w.note("node %d: killed %d times, %.0f releases, %.0f accounts by the image, %.0f by SQL", i+1, n.kills, n.releases, n.byImage, n.bySQL)
		if n.releases == 0 || n.byImage == 0 {
			w.t.Errorf("node %d: %.0f releases, %.0f accounts by the register's image", i+1, n.releases, n.byImage)
		}
	}
	if byImage < 2*bySQL {
		w.t.Errorf("%.0f accounts by the register's image, %.0f by SQL", byImage, bySQL)
	}
	if !slices.ContainsFunc(w.nodes, func(n *node) bool { return n.kills > 0 }) {
		w.t.Error("nobody was killed")
	}
}
