package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/crypto/ssh"

	"nks/internal/app"
	"nks/reconciliation"
	"nks/sftp"
)

// measuredGateway is the gateway as a process of its own, so that its memory and time are nobody else's.
type measuredGateway struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	log     *os.File
	mailbox string
	db      *app.Database // to look at what it does
}

func (b *bench) startGateway(ctx context.Context) (g *measuredGateway, err error) {
	g = &measuredGateway{cmd: exec.Command(b.self, "bench", benchGatewayMark, b.path("nks.toml"))}
	if g.log, err = os.OpenFile(b.path("gateway.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
		return nil, err
	}
	g.cmd.Stderr = g.log
	out, err := g.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if g.in, err = g.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	// An interrupt of ours ends its standard input; it then stops in order.
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	g.out = bufio.NewReader(out)
	if err := g.answer(&g.mailbox); err != nil {
		return nil, errors.Join(err, g.stop(), fmt.Errorf("see %s", g.log.Name()))
	}
	if g.db, err = app.OpenDatabase(ctx, b.config, zerolog.Nop(), app.Beside); err != nil {
		return nil, errors.Join(err, g.stop())
	}
	return g, nil
}

func (g *measuredGateway) ask(question string, answer any) error {
	if _, err := io.WriteString(g.in, question+"\n"); err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	return g.answer(answer)
}

func (g *measuredGateway) answer(into any) error {
	line, err := g.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	return json.Unmarshal(line, into)
}

func (g *measuredGateway) setClock(to time.Time) error {
	var now time.Time
	return g.ask("clock "+to.Format(time.RFC3339), &now)
}

// stop lets the gateway and its database end in order.
func (g *measuredGateway) stop() error {
	var err error
	if g.db != nil {
		err = g.db.Close()
	}
	return errors.Join(err, g.in.Close(), g.cmd.Wait(), g.log.Close())
}

// flowRound is one bundle from the mailbox to what is stored.
type flowRound struct {
	Payments  int
	Upload    float64 // seconds, before the clock starts
	Seconds   float64
	Steps     stepWork
	Began     time.Time
	GatewayMB float64 // VmHWM
	Usage     usage
	Rejected  int
	Returned  int
	Orders    int
	Files     int
	Image     benchImage

	logFrom, logTo int64 // where the database's log stood
}

func (b *bench) flowRound(ctx context.Context, invariants bool) (flowRound, error) {
	g, err := b.startGateway(ctx)
	if err != nil {
		return flowRound{}, err
	}
	round, err := b.measure(ctx, g, invariants)
	return round, errors.Join(err, g.stop())
}

func (b *bench) measure(ctx context.Context, g *measuredGateway, invariants bool) (flowRound, error) {
	if err := assertDurable(ctx, g.db); err != nil {
		return flowRound{}, err
	}
	from := b.logSize()
	round, err := b.carryOut(ctx, g, b.country.measured())
	if err != nil {
		return round, err
	}
	round.logFrom, round.logTo = from, b.logSize()
	if round.GatewayMB, err = peakMemory(g.cmd.Process.Pid); err != nil {
		return round, err
	}
	if err := assertDurable(ctx, g.db); err != nil {
		return round, err
	}
	return round, b.account(ctx, g.db, &round, invariants)
}

// carryOut brings a day's bundle into the mailbox and waits until all of it is done.
func (b *bench) carryOut(ctx context.Context, g *measuredGateway, day int) (flowRound, error) {
	round := flowRound{Payments: b.country.size(day)}
	if err := g.setClock(b.country.days[day].opens); err != nil {
		return round, err
	}
	if err := b.awaitReady(ctx, g); err != nil {
		return round, err
	}
	var err error
	if round.Image, err = b.imageOf(ctx, g); err != nil {
		return round, err
	}
	var before usage
	arrived := func(ctx context.Context) (err error) {
		var old stepWork
		if err := errors.Join(b.asSuperuser(ctx, g.db, "CHECKPOINT"), g.ask("steps", &old)); err != nil {
			return err
		}
		before, err = b.measureUsage(ctx, g)
		round.Upload = time.Since(round.Began).Seconds()
		round.Began = time.Now()
		return err
	}
	round.Began = time.Now()
	watch := watchMemory(b.path("pg"))
	name, err := b.upload(ctx, g, day, arrived)
	if err != nil {
		return round, errors.Join(err, watch.err())
	}
	if err := g.setClock(b.country.days[day].releases); err != nil {
		return round, errors.Join(err, watch.err())
	}
	if err := b.awaitDone(ctx, g, name); err != nil {
		return round, errors.Join(err, watch.err())
	}
	round.Seconds = time.Since(round.Began).Seconds()
	after, err := b.measureUsage(ctx, g)
	round.Usage = after.since(before)
	err = errors.Join(err, g.ask("steps", &round.Steps))
	round.Usage.PostgresMB, err = watch.peak(err)
	return round, err
}

// awaitReady waits until the gateway says that it is ready: what a start leaves to do in the background is not a
// bundle's. No clock runs yet.
func (b *bench) awaitReady(ctx context.Context, g *measuredGateway) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		var why []string
		if err := g.ask("unready", &why); err != nil || len(why) == 0 {
			return err
		}
		if err := wait(ctx, benchLook); err != nil {
			return fmt.Errorf("the gateway is not ready: %s: %w", strings.Join(why, "; "), err)
		}
	}
}

// readyWithin bounds the wait for a gateway that has begun.
const readyWithin = 5 * time.Minute

// upload puts the bundle as a data supplier does. arrived is called when all its bytes are there, directly before the
// rename that makes them a delivery.
func (b *bench) upload(ctx context.Context, g *measuredGateway, day int, arrived func(context.Context) error) (string, error) {
	key, err := sftp.LoadKey(b.path("keys", "supplier"))
	if err != nil {
		return "", err
	}
	host, err := sftp.LoadKey(b.path("keys", "mailbox_host"))
	if err != nil {
		return "", err
	}
	client, err := sftp.Dial(ctx, sftp.ClientConfig{Addr: g.mailbox, User: benchSupplier, Key: key, HostKeys: []ssh.PublicKey{host.PublicKey()}})
	if err != nil {
		return "", err
	}
	defer func() { _ = client.Close() }() // all is confirmed by then
	f, err := os.Open(b.path("bundle.xml"))
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // read only
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("bundle-%d.xml", day+1)
	_, err = client.Put(ctx, sftp.PutRequest{TempName: "in/" + name + ".tmp", FinalName: "in/" + name, Content: f, Size: info.Size(),
		BeforeRename: arrived})
	return name, err
}

// benchLook is how often the bench looks whether all is done: the longest that it takes for longer than it was.
const benchLook = 20 * time.Millisecond

// awaitDone waits until receipt, response 2, responses 7 and every interchange of the bundle are stored.
func (b *bench) awaitDone(ctx context.Context, g *measuredGateway, name string) error {
	for {
		var state string
		var open int
		err := g.db.Pool().QueryRowContext(ctx, `SELECT d.state,
				(SELECT count(*) FROM release_group WHERE delivery_id = d.id AND state IN ('unchecked', 'waiting'))
				+ (SELECT count(*) FROM interchange WHERE state = 'frozen')
				+ (SELECT count(*) FROM answer_due WHERE delivery_id = d.id AND answer_id IS NULL)
			FROM delivery d WHERE d.door = 'sftp' AND d.supplier = $1 AND d.transport_key = $2`, benchSupplier, name).Scan(&state, &open)
		switch {
		case err != nil:
			return err
		case state == "refused":
			return errors.New("the bundle was refused")
		case state == "checked" && open == 0:
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(benchLook):
		}
	}
}

// account checks, outside of the clock, that every payment is where it belongs; if told so, by every invariant of the
// ledger, too, which takes its time.
func (b *bench) account(ctx context.Context, db *app.Database, round *flowRound, invariants bool) error {
	want := b.country.expected(b.country.measured())
	var foundPayments int
	err := db.Pool().QueryRowContext(ctx, `WITH d AS (SELECT id, month, payments FROM delivery ORDER BY id DESC LIMIT 1)
		SELECT d.payments,
			(SELECT count(*) FROM standing e WHERE e.month = d.month AND e.payment_id >> 24 = d.id AND e.kind = 'rejected'),
			(SELECT count(*) FROM standing e WHERE e.month = d.month AND e.payment_id >> 24 = d.id AND e.kind = 'not_payable'),
			(SELECT count(*) FROM bank_order o WHERE o.month = d.month AND o.payment_id >> 24 = d.id),
			(SELECT count(*) FROM interchange WHERE state = 'rendered') FROM d`).
		Scan(&foundPayments, &round.Rejected, &round.Returned, &round.Orders, &round.Files)
	if err != nil {
		return err
	}
	if foundPayments != round.Payments || round.Rejected != want.rejected || round.Orders+round.Returned != want.accepted {
		return fmt.Errorf("%d payments: %d rejected (want %d), %d returned, %d ordered (want %d together)",
			foundPayments, round.Rejected, want.rejected, round.Returned, round.Orders, want.accepted)
	}
	if !invariants {
		return nil
	}
	findings, err := reconciliation.Check(ctx, db.Pool())
	if err != nil {
		return err
	}
	for _, f := range findings {
		err = errors.Join(err, fmt.Errorf("%s: %s: %d, as %s", f.Rule, f.What, f.Count, f.Sample))
	}
	return err
}

// assertDurable refuses to measure a database that takes a risk for speed.
func assertDurable(ctx context.Context, db *app.Database) error {
	for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		var value string
		if err := db.Pool().QueryRowContext(ctx, "SHOW "+setting).Scan(&value); err != nil {
			return err
		}
		if value != "on" {
			return fmt.Errorf("%s is %s", setting, value)
		}
	}
	var loose int
	err := db.Pool().QueryRowContext(ctx, `SELECT (SELECT count(*) FROM pg_class WHERE relpersistence = 'u')
		+ (SELECT count(*) FROM pg_index WHERE NOT indisvalid OR NOT indisready)`).Scan(&loose)
	if err == nil && loose > 0 {
		err = fmt.Errorf("%d tables without a log or indexes that are not valid", loose)
	}
	return err
}

func (r flowRound) speed() float64 { return float64(r.Payments) / r.Seconds }

func (r flowRound) tell(w io.Writer, n int) {
	_, _ = fmt.Fprintf(w, "\nround %d, flow: %d payments in %.2f s: %.0f/s (uploaded in %.1f s before); nks %.0f MB, PostgreSQL %.0f MB\n",
		n, r.Payments, r.Seconds, r.speed(), r.Upload, r.GatewayMB, r.Usage.PostgresMB)
	_, _ = fmt.Fprintf(w, "  %d rejected, %d returned, %d orders in %d files; CPU: nks %.1f s, PostgreSQL %.1f s; WAL %.0f MB, temporary files %.0f MB, PostgreSQL read %.0f MB, wrote %.0f MB\n",
		r.Rejected, r.Returned, r.Orders, r.Files, r.Usage.GatewayCPU, r.Usage.PostgresCPU, r.Usage.WALMB, r.Usage.TempMB, r.Usage.ReadMB, r.Usage.WrittenMB)
	slices.SortFunc(r.Steps.Times, func(a, b stepTime) int { return a.First.Compare(b.First) })
	r.Image.tell(w)
	for _, s := range r.Steps.Times {
		cpu := r.processor(s.Name)
		_, _ = fmt.Fprintf(w, "  %-9s %7.2f s busy in %d turns, from %.2f s to %.2f s; CPU: nks %.2f s, PostgreSQL %.2f s\n", s.Name, s.Busy.Seconds(), s.Turns,
			s.First.Sub(r.Began).Seconds(), s.Last.Sub(r.Began).Seconds(), cpu.nks, cpu.postgres)
	}
}

// cpu is the processor time in seconds that nks and PostgreSQL together have used for one payment.
func (r flowRound) cpu() float64 {
	return (r.Usage.GatewayCPU + r.Usage.PostgresCPU) / float64(r.Payments)
}

// processor is the processor time that belongs to a step: of PostgreSQL's processes as it was read, of nks the share
// that the profile gives of what was read.
func (r flowRound) processor(step string) processorTimes {
	sampled := 0.0
	for _, seconds := range r.Steps.Profile {
		sampled += seconds
	}
	t := processorTimes{postgres: r.Steps.Postgres[step]}
	if sampled > 0 {
		t.nks = r.Usage.GatewayCPU * r.Steps.Profile[step] / sampled
	}
	return t
}

// usage is what processes have consumed.
type usage struct {
	GatewayCPU, PostgresCPU float64 // seconds
	WALMB, TempMB           float64
	ReadMB, WrittenMB       float64 // by PostgreSQL's processes from and to the disk's cache
	PostgresMB              float64 // largest sum of PSS
}

func (u usage) since(o usage) usage {
	return usage{GatewayCPU: u.GatewayCPU - o.GatewayCPU, PostgresCPU: u.PostgresCPU - o.PostgresCPU, WALMB: u.WALMB - o.WALMB,
		TempMB: u.TempMB - o.TempMB, ReadMB: u.ReadMB - o.ReadMB, WrittenMB: u.WrittenMB - o.WrittenMB}
}

func (b *bench) measureUsage(ctx context.Context, g *measuredGateway) (usage, error) {
	var u usage
	err := g.db.Pool().QueryRowContext(ctx, `SELECT (pg_current_wal_lsn() - '0/0') / 1048576, coalesce(sum(temp_bytes), 0) / 1048576
		FROM pg_stat_database`).Scan(&u.WALMB, &u.TempMB)
	if err != nil {
		return u, err
	}
	u.GatewayCPU, u.PostgresCPU = cpuSeconds(g.cmd.Process.Pid, false), postgresSeconds(b.path("pg"))
	for _, pid := range postgresProcesses(b.path("pg")) {
		read, written := processIO(pid)
		u.ReadMB += read
		u.WrittenMB += written
	}
	return u, nil
}
