package gateway_test

import (
	"testing"
	"time"

	"nks/gateway"
)

// TestLink_At: what nobody tells of is never up, and how long a line is bad counts from when it was good.
func TestLink_At(t *testing.T) {
	t.Parallel()
	now := time.Date(2005, 8, 11, 8, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, c := range map[string]struct {
		state           gateway.LinkState
		since, reported time.Duration
		want            gateway.LinkState
		wantSince       time.Duration
		late            bool
	}{
		"up":                             {gateway.LinkUp, time.Hour, time.Second, gateway.LinkUp, time.Hour, false},
		"up, reported a minute ago":      {gateway.LinkUp, time.Hour, time.Minute, gateway.LinkUp, time.Hour, false},
		"up, and nobody tells":           {gateway.LinkUp, time.Hour, 2 * time.Minute, gateway.LinkUnknown, 2 * time.Minute, false},
		"up, by a clock that is behind":  {gateway.LinkUp, time.Hour, -2 * time.Minute, gateway.LinkUnknown, -2 * time.Minute, false},
		"up, and nobody tells long":      {gateway.LinkUp, time.Hour, 11 * time.Minute, gateway.LinkUnknown, 11 * time.Minute, true},
		"down":                           {gateway.LinkDown, 9 * time.Minute, time.Second, gateway.LinkDown, 9 * time.Minute, false},
		"down at its limit":              {gateway.LinkDown, 10 * time.Minute, time.Second, gateway.LinkDown, 10 * time.Minute, false},
		"down for too long":              {gateway.LinkDown, 601 * time.Second, time.Second, gateway.LinkDown, 601 * time.Second, true},
		"down, and nobody tells":         {gateway.LinkDown, time.Hour, 2 * time.Minute, gateway.LinkUnknown, time.Hour, true},
		"closed":                         {gateway.LinkClosed, time.Hour, time.Hour, gateway.LinkClosed, time.Hour, false},
		"nobody has reported of it":      {gateway.LinkUnknown, time.Minute, time.Second, gateway.LinkUnknown, time.Minute, false},
		"nobody has reported of it long": {gateway.LinkUnknown, time.Hour, time.Second, gateway.LinkUnknown, time.Hour, true},
	} {
		l := gateway.Link{Kind: gateway.LinkBank, Name: "BEC", State: c.state, Since: ago(c.since), Told: ago(c.reported), Limit: 600}
		is := l.At(now)
		if is.State != c.want || !is.Since.Equal(ago(c.wantSince)) || is.Late != c.late {
			t.Errorf("%s: %+v, want %s since %s, late %t", name, is, c.want, ago(c.wantSince), c.late)
		}
	}
}

// TestLink_Severity: a door that nobody can come in by at any node is urgent, a queue whose door is bad is reported of with that.
func TestLink_Severity(t *testing.T) {
	t.Parallel()
	now := time.Date(2005, 8, 11, 8, 0, 0, 0, time.UTC)
	line := func(kind gateway.LinkKind, name, node string, state gateway.LinkState) gateway.Link {
		return gateway.Link{Kind: kind, Name: name, Node: node, State: state, Since: now, Told: now}
	}
	mailbox := line(gateway.LinkDoor, gateway.DoorMailbox, "n1", gateway.LinkDown)
	queue := line(gateway.LinkQueue, "LEVA", "n1", gateway.LinkDown)
	for name, c := range map[string]struct {
		line   gateway.Link
		others []gateway.Link
		want   gateway.Severity
	}{
		"the only mailbox":          {mailbox, nil, gateway.Urgent},
		"another mailbox":           {mailbox, []gateway.Link{line(gateway.LinkDoor, gateway.DoorMailbox, "n2", gateway.LinkUp)}, gateway.Warning},
		"another that is down, too": {mailbox, []gateway.Link{line(gateway.LinkDoor, gateway.DoorMailbox, "n2", gateway.LinkDown)}, gateway.Urgent},
		"another door":              {mailbox, []gateway.Link{line(gateway.LinkDoor, gateway.DoorQueues, "n2", gateway.LinkUp)}, gateway.Urgent},
		"a queue":                   {queue, []gateway.Link{line(gateway.LinkDoor, gateway.DoorQueues, "n1", gateway.LinkUp)}, gateway.Warning},
		"a queue without its door":  {queue, []gateway.Link{line(gateway.LinkDoor, gateway.DoorQueues, "n1", gateway.LinkDown)}, 0},
	} {
		if got := c.line.Severity(append(c.others, c.line), now); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	for until, want := range map[time.Duration]gateway.Severity{time.Hour: gateway.Urgent, 12 * time.Hour: gateway.Urgent, 13 * time.Hour: gateway.Warning} {
		if got := gateway.BankLineSeverity(now, now.Add(until), false); got != want {
			t.Errorf("%s before the send-by: %s, want %s", until, got, want)
		}
	}
	if got := gateway.BankLineSeverity(now, now.Add(24*time.Hour), true); got != gateway.Urgent {
		t.Errorf("with files that wait: %s", got)
	}
}
