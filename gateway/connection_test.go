package gateway_test

import (
	"testing"
	"time"

	"nks/gateway"
)

// TestConnection_At: what nobody tells of is never up, and how long a line is bad counts from when it was good.
func TestConnection_At(t *testing.T) {
	t.Parallel()
	now := time.Date(2005, 8, 11, 8, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, c := range map[string]struct {
		state           gateway.ConnectionState
		since, reported time.Duration
		want            gateway.ConnectionState
		wantSince       time.Duration
		late            bool
	}{
		"up":                             {gateway.ConnectionUp, time.Hour, time.Second, gateway.ConnectionUp, time.Hour, false},
		"up, reported a minute ago":      {gateway.ConnectionUp, time.Hour, time.Minute, gateway.ConnectionUp, time.Hour, false},
		"up, and nobody tells":           {gateway.ConnectionUp, time.Hour, 2 * time.Minute, gateway.ConnectionUnknown, 2 * time.Minute, false},
		"up, by a clock that is behind":  {gateway.ConnectionUp, time.Hour, -2 * time.Minute, gateway.ConnectionUnknown, -2 * time.Minute, false},
		"up, and nobody tells long":      {gateway.ConnectionUp, time.Hour, 11 * time.Minute, gateway.ConnectionUnknown, 11 * time.Minute, true},
		"down":                           {gateway.ConnectionDown, 9 * time.Minute, time.Second, gateway.ConnectionDown, 9 * time.Minute, false},
		"down at its limit":              {gateway.ConnectionDown, 10 * time.Minute, time.Second, gateway.ConnectionDown, 10 * time.Minute, false},
		"down for too long":              {gateway.ConnectionDown, 601 * time.Second, time.Second, gateway.ConnectionDown, 601 * time.Second, true},
		"down, and nobody tells":         {gateway.ConnectionDown, time.Hour, 2 * time.Minute, gateway.ConnectionUnknown, time.Hour, true},
		"closed":                         {gateway.ConnectionClosed, time.Hour, time.Hour, gateway.ConnectionClosed, time.Hour, false},
		"nobody has reported of it":      {gateway.ConnectionUnknown, time.Minute, time.Second, gateway.ConnectionUnknown, time.Minute, false},
		"nobody has reported of it long": {gateway.ConnectionUnknown, time.Hour, time.Second, gateway.ConnectionUnknown, time.Hour, true},
	} {
		l := gateway.Connection{Kind: gateway.ConnectionBank, Name: "BEC", State: c.state, Since: ago(c.since), Told: ago(c.reported), Limit: 600}
		is := l.At(now)
		if is.State != c.want || !is.Since.Equal(ago(c.wantSince)) || is.Late != c.late {
			t.Errorf("%s: %+v, want %s since %s, late %t", name, is, c.want, ago(c.wantSince), c.late)
		}
	}
}

// TestConnection_Severity: a door that nobody can come in by at any node is urgent, a queue whose door is bad is reported of with that.
func TestConnection_Severity(t *testing.T) {
	t.Parallel()
	now := time.Date(2005, 8, 11, 8, 0, 0, 0, time.UTC)
	line := func(kind gateway.ConnectionKind, name, node string, state gateway.ConnectionState) gateway.Connection {
		return gateway.Connection{Kind: kind, Name: name, Node: node, State: state, Since: now, Told: now}
	}
	mailbox := line(gateway.ConnectionDoor, gateway.DoorMailbox, "n1", gateway.ConnectionDown)
	queue := line(gateway.ConnectionQueue, "LEVA", "n1", gateway.ConnectionDown)
	for name, c := range map[string]struct {
		line   gateway.Connection
		others []gateway.Connection
		want   gateway.Severity
	}{
		"the only mailbox":          {mailbox, nil, gateway.Urgent},
		"another mailbox":           {mailbox, []gateway.Connection{line(gateway.ConnectionDoor, gateway.DoorMailbox, "n2", gateway.ConnectionUp)}, gateway.Warning},
		"another that is down, too": {mailbox, []gateway.Connection{line(gateway.ConnectionDoor, gateway.DoorMailbox, "n2", gateway.ConnectionDown)}, gateway.Urgent},
		"another door":              {mailbox, []gateway.Connection{line(gateway.ConnectionDoor, gateway.DoorQueues, "n2", gateway.ConnectionUp)}, gateway.Urgent},
		"a queue":                   {queue, []gateway.Connection{line(gateway.ConnectionDoor, gateway.DoorQueues, "n1", gateway.ConnectionUp)}, gateway.Warning},
		"a queue without its door":  {queue, []gateway.Connection{line(gateway.ConnectionDoor, gateway.DoorQueues, "n1", gateway.ConnectionDown)}, 0},
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
