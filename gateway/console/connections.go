package console

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"nks/gateway"
	"nks/gateway/view"
)

// connectionsView is the page of connections: who may pay by which payout system, and who not yet.
type connectionsView struct {
	At      time.Time // business time
	Allowed bool
	List    []view.Connection
	Unready int // take no bundles
}

func (s *Console) connectionsPage(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	who, _, err := s.viewerOf(ctx, r)
	if err != nil {
		return err
	}
	v := &connectionsView{At: s.Now(), Allowed: who.Operations()}
	if v.List, err = s.View.Connections(ctx, who, v.At); err != nil {
		return err
	}
	for _, c := range v.List {
		if len(c.Lacks) > 0 {
			v.Unready++
		}
	}
	return s.render(w, r, http.StatusOK, "connections", "connections.title", 0, v)
}

func (s *Console) connectionPage(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	who, _, err := s.viewerOf(ctx, r)
	if err != nil {
		return err
	}
	c, err := s.View.Connection(ctx, who, r.PathValue("system"), r.PathValue("authority"), s.Now())
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "connection", "connection.title", 0, &c)
}

// reportFile hands out the report of a connection test as it was kept.
func (s *Console) reportFile(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	who, _, err := s.viewerOf(ctx, r)
	if err != nil {
		return err
	}
	text, err := s.View.ConnectionReport(ctx, who, id)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="connection-test-%d.json"`, id))
	_, err = io.WriteString(w, text)
	return err
}

// connectionAddress is that of a connection's own page.
func connectionAddress(system, authority string) string {
	return "/connection/" + url.PathEscape(system) + "/" + url.PathEscape(authority)
}

// connectionClass is how a state looks.
func connectionClass(s gateway.ConnectionState) string {
	switch {
	case s.Pays():
		return "l-up"
	case s == gateway.ConnectionDispensed || s == gateway.ConnectionEnded:
		return "l-closed"
	}
	return "l-unknown"
}

// ConnectionStateText is a state for people; one of a later day alone has none yet.
func ConnectionStateText(l Language, s gateway.ConnectionState) string {
	if s == "" {
		return say(l, "connection.none")
	}
	return say(l, "connection.state."+string(s))
}

// VerdictText is what a case of a connection test has come to.
func VerdictText(l Language, v gateway.Verdict) string {
	switch v {
	case gateway.VerdictPassed:
		return say(l, "connection.verdict.passed")
	case gateway.VerdictFailed:
		return say(l, "connection.verdict.failed")
	case gateway.VerdictUnanswered:
		return say(l, "connection.verdict.unanswered")
	}
	return say(l, "connection.verdict.notpossible")
}

// reportText is a report in one sentence.
func reportText(l Language, r gateway.ConformanceReport) string {
	key := "connection.report.incomplete"
	switch {
	case r.Passed():
		key = "connection.report.passed"
	case r.Faulty():
		key = "connection.report.failed"
	}
	return fmt.Sprintf(say(l, key), r.Count(gateway.VerdictPassed), len(r.Cases))
}

// decisionText is what a decision about a connection asks for.
func decisionText(l Language, d view.ConnectionDecision) string {
	switch d.Kind {
	case gateway.DecisionConformance:
		return say(l, "connection.decision.report")
	case gateway.DecisionWaiveTest:
		return say(l, "connection.decision.waive")
	}
	text := ConnectionStateText(l, gateway.ConnectionState(d.State))
	if d.Effective != "" {
		text = fmt.Sprintf(say(l, "connection.decision.from"), text, d.Effective)
	}
	return text
}
