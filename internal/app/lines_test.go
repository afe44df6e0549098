package app_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nks/gateway/postgres/pgtest"
	"nks/internal/app"
	"nks/schema"
)

// TestLines_StoppedInOrder: the doors of a node that is stopped are closed, and no line of it is up; another node's are as they were.
func TestLines_StoppedInOrder(t *testing.T) {
	t.Parallel()
	database := pgtest.Create(t)
	url := database.Server.DSN(database.Name, pgtest.Superuser)
	first := folder(t, url)
	first.Journal.Node = "first"
	second := folder(t, url)
	second.Journal.Node, second.Journal.Directory = "second", first.Journal.Directory
	db := database.Open(t, schema.Flow)
	becomes := func(want string) {
		t.Helper()
		var got []string
		for end := time.Now().Add(patience); time.Now().Before(end); {
			if err := db.SelectContext(context.Background(), &got, `SELECT concat_ws(' ', kind, name, node, state, trouble) FROM line ORDER BY 1`); err != nil {
				t.Fatal(err)
			}
			if strings.Join(got, "; ") == want {
				return
			}
			<-time.After(20 * time.Millisecond)
		}
		t.Fatalf("lines are %q, want %q", strings.Join(got, "; "), want)
	}
	a, err := app.Start(t.Context(), app.Options{Config: first, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	startNode(t, second)
	becomes("bank OLD  down refused; door mailbox first up ; door mailbox second up ; door mq first closed configuration; door mq second closed configuration; door rasp first closed configuration; door rasp second closed configuration")
	if err := a.Shutdown(); err != nil {
		t.Fatal(err)
	}
	becomes("bank OLD  down refused; door mailbox first closed stopped; door mailbox second up ; door mq first closed configuration; door mq second closed configuration; door rasp first closed configuration; door rasp second closed configuration")
}

// TestLines_ClockMovesOn: when business time is moved on by days, no line of the node is taken for one of a node that nobody hears of.
func TestLines_ClockMovesOn(t *testing.T) {
	t.Parallel()
	database := pgtest.Create(t)
	c := folder(t, database.Server.DSN(database.Name, pgtest.Superuser))
	n := startNode(t, c)
	db := database.Open(t, schema.Flow)
	moved := time.Now().Add(24 * time.Hour) // further on than any line was told of before
	known := func() (lines, anew int) {
		t.Helper()
		if err := db.QueryRowContext(t.Context(), `SELECT count(*), count(*) FILTER (WHERE told_at > $1) FROM line
			WHERE kind = 'door' OR state = 'down'`, moved).Scan(&lines, &anew); err != nil {
			t.Fatal(err)
		}
		return lines, anew
	}
	const every = 4 // a bank and three doors
	end := time.Now().Add(patience)
	for lines := 0; lines < every; <-time.After(20 * time.Millisecond) {
		if lines, _ = known(); time.Now().After(end) {
			t.Fatal("the lines are never told of")
		}
	}
	if err := n.SetClock(t.Context(), 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	for {
		lines, anew := known()
		if lines != every || time.Now().After(end) {
			t.Fatalf("%d lines are known, %d told of anew", lines, anew)
		}
		if anew == every {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
}
