package gateway_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"nks/gateway"
)

// TestFollow_EveryCell: each news has one cell for each position, no cell is left out, and what moves on is answered, what
// contradicts is raised.
func TestFollow_EveryCell(t *testing.T) {
	t.Parallel()
	type column struct {
		news  gateway.News
		scope gateway.Scope
	}
	seen := map[column][]gateway.Position{}
	for _, c := range gateway.FollowTable() {
		k := column{c.News, c.Scope}
		seen[k] = append(seen[k], c.Position)
		if (c.Effect == gateway.Disputes) != (c.Exception != "" && c.Exception != gateway.RefusedAsDuplicate) {
			t.Errorf("%v: only what is disputed is raised as a contradiction", c)
		}
		if c.Answer != 0 && c.Effect != gateway.Takes {
			t.Errorf("%v: what moves nothing on is answered", c)
		}
		if c.Position == gateway.AtMissing && c.Effect != gateway.Refuses {
			t.Errorf("%v: nothing may follow on what nothing explains", c)
		}
		if c.Exception != "" && !slices.Contains(gateway.ExceptionKinds(), c.Exception) {
			t.Errorf("%v: exception without severity", c)
		}
	}
	for k, positions := range seen {
		if !slices.Equal(positions, gateway.Positions()) {
			t.Errorf("%v has %d cells, must have %d", k, len(positions), len(gateway.Positions()))
		}
	}
}

// TestFollow holds the cells that findings are about.
func TestFollow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		news   gateway.News
		scope  gateway.Scope
		at     gateway.Position
		effect gateway.Effect
		answer gateway.AnswerKind
		raises gateway.ExceptionKind
	}{
		"a reject is normal before any execution":  {gateway.NewsBankRejected, gateway.ScopeOrder, gateway.AtBank, gateway.Takes, gateway.Response9, ""},
		"a reject after acceptance, 9 after 8":     {gateway.NewsBankRejected, gateway.ScopeBulk, gateway.AtAccepted, gateway.Takes, gateway.Response9, ""},
		"a reject after what silence counted":      {gateway.NewsBankRejected, gateway.ScopeBulk, gateway.AtAssumed, gateway.Takes, gateway.Response9, ""},
		"a reject after the bank's own executed":   {gateway.NewsBankRejected, gateway.ScopeOrder, gateway.AtExecuted, gateway.Disputes, 0, gateway.RejectAfterExecution},
		"CONTRL 4 after 7":                         {gateway.NewsBankRejectedAfter, gateway.ScopeBulk, gateway.AtAccepted, gateway.Disputes, 0, gateway.ContrlRejectsAccepted},
		"CONTRL 4 after 7, executed by silence":    {gateway.NewsBankRejectedAfter, gateway.ScopeBulk, gateway.AtAssumed, gateway.Disputes, 0, gateway.ContrlRejectsAccepted},
		"CONTRL 7 after 4":                         {gateway.NewsAcceptedAfter, gateway.ScopeBulk, gateway.AtBankRejected, gateway.Disputes, 0, gateway.ContrlAfterReject},
		"executed after a reject":                  {gateway.NewsExecuted, gateway.ScopeOrder, gateway.AtBankRejected, gateway.Disputes, 0, gateway.ExecutedAfterReject},
		"a line executed but for what it rejected": {gateway.NewsExecuted, gateway.ScopePart, gateway.AtBankRejected, gateway.Keeps, 0, ""},
		"a line executed after its reject":         {gateway.NewsExecuted, gateway.ScopeBulk, gateway.AtBankRejected, gateway.Disputes, 0, gateway.ExecutedAfterReject},
		"money back before any word of its order":  {gateway.NewsCameBack, gateway.ScopeOrder, gateway.AtBank, gateway.Takes, gateway.Response8, ""},
		"money back of what was told":              {gateway.NewsCameBack, gateway.ScopeOrder, gateway.AtAccepted, gateway.Takes, 0, ""},
		"a duplicate refusal proves no refusal":    {gateway.NewsRefusedAsDuplicate, gateway.ScopeBulk, gateway.AtAccepted, gateway.Keeps, 0, gateway.RefusedAsDuplicate},
		"nothing of the bank ends a dispute":       {gateway.NewsExecuted, gateway.ScopeOrder, gateway.AtDisputed, gateway.Keeps, 0, ""},
		"what is void was never sent":              {gateway.NewsExecuted, gateway.ScopeBulk, gateway.AtVoid, gateway.Refuses, 0, ""},
		"news of which the table knows nothing":    {"new", gateway.ScopeBulk, gateway.AtBank, gateway.Refuses, 0, ""},
	} {
		if got := gateway.Follow(c.news, c.scope, c.at); got != (gateway.Following{Effect: c.effect, Answer: c.answer, Exception: c.raises}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestFollow_IsWritten: the last migration that changes the table that SQL reads, and the table in the documentation, are made from Cells.
func TestFollow_IsWritten(t *testing.T) {
	t.Parallel()
	generated(t, "../schema/migrations/0041_back_first.sql", "-- what may follow: made by go test ./gateway -run Follow -update\n", "-- end of what may follow\n", followSQL())
	generated(t, "../docs/bank-interface.md", "<!-- what may follow: made by go test ./gateway -run Follow -update -->\n", "<!-- end of what may follow -->", followTable())
	generated(t, "../docs/bank-interface.md", "<!-- how sure: made by go test ./gateway -run Follow -update -->\n", "<!-- end of how sure -->", certaintyTable())
}

// generated compares a file, or what stands in it between two marks, with what it is made of.
func generated(t *testing.T, path, from, to, want string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(b), from)
	if !found {
		t.Fatalf("%s has no mark %q", path, from)
	}
	got, after, found := strings.Cut(rest, to)
	if !found {
		t.Fatalf("%s has no mark %q", path, to)
	}
	if got == want {
		return
	}
	if !*update {
		t.Errorf("%s is not what gateway.FollowTable makes; -update writes it", path)
		return
	}
	if err := os.WriteFile(path, []byte(before+from+want+to+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func followSQL() string {
	var s strings.Builder
	s.WriteString("DELETE FROM may_follow;\nINSERT INTO may_follow (news, scope, position, effect, certainty, answer, exception) VALUES\n")
	cells := gateway.FollowTable()
	for i, c := range cells {
		end := ","
		if i == len(cells)-1 {
			end = ";"
		}
		fmt.Fprintf(&s, "    ('%s', '%s', '%s', '%s', '%s', %d, '%s')%s\n", c.News, c.Scope, c.Position, c.Effect, c.Certainty(), c.Answer, c.Exception, end)
	}
	return s.String()
}

// followTable is the table of what may follow: a row for each news and scope, a column for each position that any of them finds.
func followTable() string {
	var s strings.Builder
	s.WriteString("| news | of |")
	for _, at := range gateway.Positions() {
		fmt.Fprintf(&s, " %s |", strings.ReplaceAll(string(at), "_", " "))
	}
	s.WriteString("\n| --- | --- |" + strings.Repeat(" --- |", len(gateway.Positions())) + "\n")
	for i, c := range gateway.FollowTable() {
		if c.Position == gateway.Positions()[0] {
			if i > 0 {
				s.WriteString("\n")
			}
			fmt.Fprintf(&s, "| %s | %s |", c.News, c.Scope)
		}
		fmt.Fprintf(&s, " %s |", cellText(c))
	}
	s.WriteString("\n")
	return s.String()
}

// certaintyTable is what follows from each word of a bank, a row for all positions in which the same does, and then why nobody can
// decide something.
func certaintyTable() string {
	var s strings.Builder
	s.WriteString("| word | of | where it stands | certainty | fact | answer | exception |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	type outcome struct {
		news  gateway.News
		scope gateway.Scope
		gateway.Following
	}
	var order []outcome
	where := map[outcome][]string{}
	for _, c := range gateway.FollowTable() {
		if !slices.Contains(gateway.BankNews(), c.News) || c.Effect == gateway.Refuses {
			continue
		}
		o := outcome{c.News, c.Scope, c.Following}
		if where[o] == nil {
			order = append(order, o)
		}
		where[o] = append(where[o], strings.ReplaceAll(string(c.Position), "_", " "))
	}
	for _, o := range order {
		fmt.Fprintf(&s, "| %s | %s | %s | %s | %s | %s | %s |\n", o.news, o.scope, strings.Join(where[o], ", "), o.Certainty(), factOf(o.news, o.Effect), answerText(o.Answer), orNone(string(o.Exception)))
	}
	for _, u := range gateway.Undecideds() {
		fmt.Fprintf(&s, "| %s | – | anywhere | %s | – | – | %s |\n", u, gateway.IsUndecided, u.Exception())
	}
	return s.String()
}

// factOf is the fact that news of a bank becomes; acceptance is a line's state alone.
func factOf(news gateway.News, effect gateway.Effect) string {
	switch {
	case effect == gateway.Disputes:
		return string(gateway.FactDisputed)
	case effect != gateway.Takes:
		return "–"
	case news == gateway.NewsAccepted:
		return "– (the line is accepted)"
	}
	kind, _ := news.Carries()
	return strings.ReplaceAll(string(kind), "_", " ")
}

func answerText(kind gateway.AnswerKind) string {
	if kind == 0 {
		return "–"
	}
	return fmt.Sprintf("response %d", kind)
}

func orNone(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func cellText(c gateway.FollowCell) string {
	switch c.Effect {
	case gateway.Refuses:
		return "–"
	case gateway.Takes:
		if c.Answer != 0 {
			return fmt.Sprintf("**takes, %d**", c.Answer)
		}
		return "**takes**"
	case gateway.Disputes:
		return "**disputes**: " + string(c.Exception)
	}
	if c.Exception != "" {
		return string(c.Effect) + "; " + string(c.Exception)
	}
	return string(c.Effect)
}
