package year_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/jmoiron/sqlx"

	"nks/gateway/postgres/pgtest"
	"nks/internal/programtest"
	"nks/schema"
)

// lifeOf has the settings of a life that another process is to live, and databaseOf its database.
const (
	lifeOf     = "NKS_YEAR_LIFE"
	databaseOf = "NKS_YEAR_DATABASE"
)

// TestMain lives one life of a year where it is told to, for a test in another process to kill.
func TestMain(m *testing.M) {
	text := os.Getenv(lifeOf)
	if text == "" {
		os.Exit(m.Run())
	}
	if err := oneLife(context.Background(), text, os.Getenv(databaseOf)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func oneLife(ctx context.Context, text, database string) error {
	var s settings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	db, err := sqlx.Connect("pgx", database)
	if err != nil {
		return err
	}
	r, err := open(ctx, s, db)
	if err != nil {
		return err
	}
	return r.live(ctx)
}

// TestYear_Killed lives some weeks in which the gateway, and with it the banks and authorities, are killed at random instants and the database is set back
// to a copy of some kills before; the journals are taken in, and everything is judged in the end as of a year in which nothing of that happened.
func TestYear_Killed(t *testing.T) {
	t.Parallel()
	s := settingsOf(t, 60, 600)
	k := &killer{t: t, settings: s, kills: number(t, "NKS_KILLS", programtest.Size(4, 30)), restores: number(t, "NKS_RESTORES", 1), rng: rand.New(rand.NewPCG(s.Seed, 9)), database: pgtest.Create(t)}
	db := k.database.Open(t, schema.Flow)
	if err := begin(t.Context(), s, db); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	k.kill()
	r, err := open(t.Context(), s, k.database.Open(t, schema.Flow))
	if err != nil {
		t.Fatal(err)
	}
	r.ends(t)
	t.Logf("seed %d, %d kills, %d restores:\n%s", s.Seed, k.killed, k.restored, strings.Join(k.log, "\n"))
}

// killer has a year lived in lives.
type killer struct {
	t *testing.T
	settings
	kills, restores  int
	killed, restored int
	rng              *rand.Rand
	database, backup *pgtest.Database
	log              []string
}

// mostLives bounds a year.
const mostLives = 200

// kill has lives begin and end until the year is over. Midway between kills a copy of the database is kept, and another kill later gone back to.
func (k *killer) kill() {
	k.t.Helper()
	text, err := json.Marshal(k.settings)
	if err != nil {
		k.t.Fatal(err)
	}
	for range mostLives {
		var wrote strings.Builder
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), lifeOf+"="+string(text), databaseOf+"="+k.database.DSN(schema.Flow))
		cmd.Stdout, cmd.Stderr = &wrote, &wrote
		if err := cmd.Start(); err != nil {
			k.t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		after := time.Duration(0)
		var timer <-chan time.Time
		if k.killed < k.kills {
			after = 2*time.Second + time.Duration(k.rng.ExpFloat64()*float64(6*time.Second))
			timer = time.After(after)
		}
		select {
		case err := <-ended:
			if err != nil {
				k.t.Fatalf("%v: %s\n%s", err, wrote.String(), strings.Join(k.log, "\n"))
			}
			return
		case <-timer:
		}
		if err := cmd.Process.Kill(); err != nil {
			k.t.Fatal(err)
		}
		<-ended
		k.killed++
		var p progress
		if b, err := os.ReadFile((&run{settings: k.settings}).progressFile()); err == nil {
			_ = json.Unmarshal(b, &p)
		}
		k.log = append(k.log, fmt.Sprintf("killed after %v, at %s", after.Round(time.Millisecond), p.Now.Format(minute)))
		k.awaitNobody()
		switch {
		case k.backup == nil && k.restored < k.restores && k.killed >= k.kills/3:
			k.backup = k.database.Copy(k.t)
			k.log = append(k.log, "copied")
		case k.backup != nil && k.killed >= 2*k.kills/3:
			k.database, k.backup = k.backup, nil
			k.restored++
			// As persons do after a restore that was meant: what of the log is lost is known by the file that is kept.
			kept := filepath.Join(k.Dir, "checkpoints")
			if err := os.Rename(kept, fmt.Sprintf("%s-%d", kept, k.restored)); err != nil && !errors.Is(err, os.ErrNotExist) {
				k.t.Fatal(err)
			}
			k.log = append(k.log, "set back to the copy")
		}
	}
	k.t.Fatal("the year never ends")
}

// awaitNobody waits until nobody is connected to the database any more: what a killed process has begun ends by itself.
func (k *killer) awaitNobody() {
	k.t.Helper()
	admin, err := sqlx.Connect("pgx", k.database.Server.DSN("postgres", pgtest.Superuser))
	if err != nil {
		k.t.Fatal(err)
	}
	defer func() { _ = admin.Close() }()
	if !programtest.Eventually(programtest.Longest, func() bool {
		var n int
		err := admin.Get(&n, `SELECT count(*) FROM pg_stat_activity WHERE datname = $1`, k.database.Name)
		return err == nil && n == 0
	}) {
		k.t.Fatal("somebody stays connected")
	}
}
