package main_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/intake/intaketest"
	"nks/gateway/postgres"
	"nks/gateway/postgres/pgtest"
	"nks/gateway/postgres/server"
	"nks/internal/app"
	"nks/internal/programtest"
	"nks/register"
	"nks/schema"
	"nks/sftp"
)

// TestLawful: no account that was not in force at that instant is ever used. The register changes all the time, also at a
// midnight that many accounts begin or end with, while two gateways on one database release payments, and one or the other
// is killed and started again at random instants. Afterwards each payment is judged by what the register's history says
// that its release knew. NKS_SEED says which sequence (default 1).
// B5.2 // B9.2 // B14 // B18.3 // B22.3 // B22.4 // B23.2 // B25.4 // G-timed
func TestLawful(t *testing.T) {
	t.Parallel()
	seed := uint64(1)
	if s := os.Getenv("NKS_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 32)
		must(t, err)
		seed = n
	}
	w := newLawful(t, seed)
	w.run()
	w.settle()
	w.shareOut()
	for _, n := range w.nodes {
		n.look(t)
		n.stop(t, n.process)
		n.judge(t)
	}
	w.judge()
	if t.Failed() || testing.Verbose() {
		t.Logf("repeat with NKS_SEED=%d; what was done:\n%s", seed, strings.Join(w.log, "\n"))
	}
}

// lawful is two gateways on one database, and what is done to them.
type lawful struct {
	t      *testing.T
	seed   uint64
	length time.Duration
	db     *sqlx.DB
	now    func() time.Time // business time
	steps  *app.Steps       // takes deliveries, and nothing else
	nodes  []*node

	bundles int // taken in

	mu    sync.Mutex
	loads []loaded
	log   []string
}

// loaded is a change of the register, and the business time at which it was there for certain.
type loaded struct {
	counter int64
	done    time.Time
}

// midnight is when many accounts begin or end; the run is about it.
func midnight() time.Time { return time.Date(2005, 8, 10, 22, 0, 0, 0, time.UTC) }

func newLawful(t *testing.T, seed uint64) *lawful {
	t.Helper()
	w := &lawful{t: t, seed: seed, length: time.Duration(programtest.Size(5, 90)) * time.Second}
	dir := program.Place(t)
	must(t, os.Mkdir(filepath.Join(dir, "keys"), 0o755))
	for _, key := range []string{"mailbox_host", "nks_client"} {
		_, err := sftp.EnsureKey(filepath.Join(dir, "keys", key))
		must(t, err)
	}
	database := pgtest.Create(t)
	w.db = database.Open(t, schema.Flow)
	const starting = time.Second // of both gateways, about
	offset, err := postgres.BeginClock(t.Context(), w.db, time.Now, midnight().Add(-starting-w.length/2))
	must(t, err)
	w.now = gateway.NewClock(time.Now, offset).Now
	w.steps, err = app.NewSteps(app.StepOptions{DB: w.db, Now: w.now, Log: zerolog.Nop(), OwnName: "NKSTEST", Limits: app.Limits{DocumentBytes: 1 << 30, Patience: gateway.Patience{Failures: 5, Interruptions: 10, Interrupted: time.Hour}}})
	must(t, err)
	w.load(newLand(w.rand("land")).all())
	url := fmt.Sprintf("postgres://%s@/%s?host=%s&sslmode=disable", server.Superuser, database.Name, database.Server.SocketDir())
	for n := range 2 {
		own := filepath.Join(dir, fmt.Sprintf("node%d", n+1))
		must(t, os.Mkdir(own, 0o755))
		w.nodes = append(w.nodes, &node{site: site{dir: own, config: writeNode(t, own, url)}})
	}
	return w
}

// writeNode configures a gateway of its own on a database.
func writeNode(t *testing.T, dir, url string) (config string) {
	t.Helper()
	text := fmt.Sprintf(`environment = "test"
data = "."
[database]
url = %q
[identity]
name = "NKSTEST"
[mailbox]
listen = "127.0.0.1:0"
host_key = "../keys/mailbox_host"
[audit]
key = "../keys/audit"
[journal]
node = %q
directory = "../journal"
[console]
listen = ""
[metrics]
listen = "127.0.0.1:0"
difference_every = "0s"
[answers]
quiet = "500ms"
[flow]
poll = "2s"
`, url, filepath.Base(dir))
	for n, bank := range []string{"BEC", "SDC"} {
		// Nobody listens on port 1: files stay where they are rendered.
		text += fmt.Sprintf("[[bank]]\nid = %q\nname = %q\ngln = \"579000000001%d\"\naddress = \"127.0.0.1:1\"\nkey = \"../keys/nks_client\"\nhost_keys = [\"../keys/mailbox_host.pub\"]\npoll = \"1h\"\ncheque = %t\n",
			bank, bank, n, bank == "SDC")
	}
	config = filepath.Join(dir, "nks.toml")
	must(t, os.WriteFile(config, []byte(text), 0o644))
	return config
}

// rand is the chance of one who does something: nobody's depends on how far the others are.
func (w *lawful) rand(who string) *rand.Rand {
	stream := uint64(0)
	for _, b := range []byte(who) {
		stream = stream*31 + uint64(b)
	}
	return rand.New(rand.NewPCG(w.seed, stream))
}

func (w *lawful) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, w.now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// run lets everybody do what they do for as long as the test is given, and until enough was released between changes: on a busy
// machine that takes longer.
func (w *lawful) run() {
	for _, n := range w.nodes {
		n.start(w.t)
	}
	ctx, stop := context.WithCancel(w.t.Context())
	defer stop()
	var others sync.WaitGroup
	defer others.Wait()
	others.Go(func() {
		gateway.Pause(ctx, w.length)
		programtest.Eventually(programtest.Longest, func() bool {
			var changes int
			err := w.db.GetContext(ctx, &changes, `SELECT count(DISTINCT register_counter) FROM release_group WHERE state = 'released'`)
			return err != nil || changes >= releasedBetween
		})
		stop()
	})
	others.Go(func() { w.deliver(ctx) })
	others.Go(func() { w.bringForward(ctx) })
	others.Go(func() {
		rng := w.rand("accounts")
		l := newLand(w.rand("land"))
		w.changeOften(ctx, rng, 40*time.Millisecond, func() sources { return l.someAccounts(rng) })
	})
	others.Go(func() {
		rng := w.rand("holders")
		l := newLand(w.rand("land"))
		w.changeOften(ctx, rng, 60*time.Millisecond, func() sources { return l.someHolders(rng) })
	})
	w.kill(ctx)
}

// releasedBetween is how many changes of the register must have had releases between them.
const releasedBetween = 6

// kill kills one of the gateways at random instants, and starts it again a moment later.
func (w *lawful) kill(ctx context.Context) {
	rng := w.rand("kill")
	for {
		gateway.Pause(ctx, time.Duration(300+rng.IntN(1200))*time.Millisecond)
		if ctx.Err() != nil {
			return
		}
		i := rng.IntN(len(w.nodes))
		n := w.nodes[i]
		n.look(w.t)
		gateway.Pause(ctx, time.Duration(rng.IntN(50))*time.Millisecond) // what is looked at is an instant that is not random
		n.process.Kill()
		w.note("node %d is killed", i+1)
		n.kills++
		n.judge(w.t)
		gateway.Pause(ctx, time.Duration(rng.IntN(400))*time.Millisecond)
		n.start(w.t)
	}
}

// changeOften loads what changes makes, again and again, with pauses of about so long.
func (w *lawful) changeOften(ctx context.Context, rng *rand.Rand, pause time.Duration, changes func() sources) {
	for ctx.Err() == nil {
		w.load(changes())
		gateway.Pause(ctx, time.Duration(rng.ExpFloat64()*float64(pause)))
	}
}

// load brings files into the register, as nks load does.
func (w *lawful) load(files sources) {
	sum, err := register.Load(w.t.Context(), w.db, files.sources(), register.Options{Now: w.now})
	if err != nil {
		w.t.Errorf("load: %v", err)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loads = append(w.loads, loaded{sum.Counter, w.now()})
}

// deliver sends bundles, now and then one that takes long.
func (w *lawful) deliver(ctx context.Context) {
	rng := w.rand("bundles")
	l := newLand(w.rand("land"))
	for ctx.Err() == nil {
		w.bundles++
		payments := 10 + rng.IntN(80)
		if w.bundles%12 == 0 {
			payments = 1500
		}
		w.take(l.bundle(rng, w.bundles, payments))
		gateway.Pause(ctx, time.Duration(rng.ExpFloat64()*float64(60*time.Millisecond)))
	}
}

// take takes a bundle in, as a mailbox does.
func (w *lawful) take(d intaketest.Document) {
	err := w.steps.Receive.Take(w.t.Context(), door.Arrival{Door: door.Mailbox, Party: d.From[0], Key: d.GroupID, Size: door.Unsized, Content: bytes.NewReader(d.XML())})
	if err != nil {
		w.t.Errorf("bundle %s: %v", d.GroupID, err)
	}
}

// bringForward has what waits for its day released now, again and again: a day has one receive-by, and the test no days.
func (w *lawful) bringForward(ctx context.Context) {
	rng := w.rand("releases")
	for ctx.Err() == nil {
		w.makeDue()
		gateway.Pause(ctx, time.Duration(20+rng.IntN(150))*time.Millisecond)
	}
}

func (w *lawful) makeDue() {
	_, err := w.db.ExecContext(w.t.Context(), `WITH due AS (UPDATE release_group SET release_at = $1 WHERE state = 'waiting' AND release_at > $1 RETURNING id)
		SELECT pg_notify($2, $3) FROM due LIMIT 1`, w.now(), register.Channel, string(postgres.ToRelease))
	if err != nil {
		w.t.Errorf("bring forward: %v", err)
	}
}

// shareOut delivers until each of the gateways has released something: on a busy machine one may not have come to it.
func (w *lawful) shareOut() {
	w.t.Helper()
	rng := w.rand("last bundles")
	l := newLand(w.rand("land"))
	if !programtest.Eventually(programtest.Longest, func() bool {
		if !slices.ContainsFunc(w.nodes, func(n *node) bool { return !n.hasReleased(w.t) }) {
			return true
		}
		w.bundles++
		w.take(l.bundle(rng, w.bundles, 100))
		w.settle()
		return false
	}) {
		w.t.Error("one of the gateways releases nothing")
	}
}

// settle waits until all that was delivered has been released and rendered.
func (w *lawful) settle() {
	w.t.Helper()
	var open, held int
	done := programtest.Eventually(programtest.Longest, func() bool {
		w.makeDue()
		must(w.t, w.db.GetContext(w.t.Context(), &held, `SELECT count(*) FROM exception WHERE kind IN ($1, $2, $3)`,
			gateway.RegisterOverlap, gateway.RegisterDiffers, gateway.ReleaseFails))
		must(w.t, w.db.GetContext(w.t.Context(), &open, `SELECT (SELECT count(*) FROM delivery WHERE state IN ('received', 'read'))
			+ (SELECT count(*) FROM release_group WHERE state IN ('unchecked', 'waiting')) + (SELECT count(*) FROM interchange WHERE state = 'frozen')`))
		return open == 0 || held > 0
	})
	if held > 0 {
		w.t.Fatalf("%d payments or releases were held: two things were known at once, or the register's image differed", held)
	}
	if !done {
		w.t.Fatalf("%d deliveries, groups and interchanges are not done", open)
	}
}

// node is one of the gateways, over all its lives.
type node struct {
	site
	process  *programtest.Process
	kills    int
	releases float64
	byImage  float64 // accounts that the register's image has told of
	bySQL    float64
}

// start begins another life. What it writes is not shown when the test fails: there are many of them.
func (n *node) start(t *testing.T) {
	t.Helper()
	n.process = n.begin(t)
	n.awaitUp(t, n.process)
}

// hasReleased reports whether the gateway has released something in this life or, as far as is known, in one before.
func (n *node) hasReleased(t *testing.T) bool {
	t.Helper()
	_, body := n.page(t, "/metrics")
	return n.releases+metric(t, body, releaseTurns) > 0
}

// releaseTurns counts the releases of a life.
const releaseTurns = `nks_step_seconds_count{bank="",step="release"}`

// look takes what the gateway has counted in this life, which is forgotten with it.
func (n *node) look(t *testing.T) {
	t.Helper()
	_, body := n.page(t, "/metrics")
	n.releases += metric(t, body, releaseTurns)
	n.byImage += metric(t, body, `nks_register_accounts_total{by="image"}`)
	n.bySQL += metric(t, body, `nks_register_accounts_total{by="sql"}`)
	if found := metric(t, body, `nks_register_image_discards`); found != 0 {
		t.Errorf("%v images of the register differed from SQL", found)
	}
}

// metric is a number on the page of metrics, 0 where it is not there.
func metric(t *testing.T, page, name string) float64 {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(page)
	if found == nil {
		return 0
	}
	v, err := strconv.ParseFloat(found[1], 64)
	must(t, err)
	return v
}

// judge reads what the gateway has written in a life that is over.
func (n *node) judge(t *testing.T) {
	t.Helper()
	for line := range strings.Lines(n.process.Err.String()) {
		for _, unwanted := range []string{"thrown away", "differ", `"level":"fatal"`, "panic", "DATA RACE"} {
			if strings.Contains(line, unwanted) {
				t.Errorf("%s wrote %s", filepath.Base(n.dir), line)
			}
		}
	}
}
