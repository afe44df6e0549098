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
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
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
