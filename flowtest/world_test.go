// Package flowtest_test drives the whole flow on PostgreSQL, step by step, with a clock that stands still: documents in,
// interchanges out, the banks' files in, answers out. Nothing of it runs by itself.
package flowtest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/bankfile"
	"nks/gateway/door"
	"nks/gateway/intake/intaketest"
	"nks/gateway/postgres"
	"nks/gateway/postgres/pgtest"
	"nks/internal/app"
	"nks/reconciliation"
	"nks/register"
	"nks/register/image"
	"nks/schema"
)

// world is a gateway with its database, one step of the flow at a time.
type world struct {
	*app.Steps
	t        testing.TB
	database *pgtest.Database
	db       *sqlx.DB
	viewers  *sqlx.DB // of nks_page; nil until one looks
	log      *lines

	mu  sync.Mutex
	now time.Time

	options  app.StepOptions
	banks    fixed
	answered int64 // the last answer that told has shown
	// behindItsBack: the register is changed by no load, which its image cannot know.
	behindItsBack bool
	ended         bool
	files         int // names of bank files
}

// options are what a test may have otherwise.
type options struct {
	country country
	limits  app.Limits
	banks   gateway.BankCentres
	cell    gateway.Cell
	journal bool // one is kept
	// database is the test's own; nil: one is made.
	database *pgtest.Database
}

// fixed are booking centres whose profiles never change.
type fixed gateway.BankCentres

// Known implements postgres.Centres.
func (f fixed) Known(context.Context, register.Queryer) (gateway.BankCentres, error) {
	return gateway.BankCentres(f), nil
}

// firstDelivery is the page of the first delivery of August 2005.
const firstDelivery = "/delivery/281018369"

const (
	ownGLN    = "5798000016446"
	becGLN    = "5790000000012"
	sdcGLN    = "5790000000029"
	quiet     = 2 * time.Second
	silence   = 2 * time.Hour
	receiveBy = "2005-08-11 06:00"
)

// lines is a log that can be searched.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newWorld is a gateway on Thursday 2005-08-11 at 04:30, with two banks: BEC accepts by CONTRL alone, SDC by BANSTA for
// each line, and sends cheques. At its end every invariant must hold and no log line may name a citizen.
func newWorld(t testing.TB, change ...func(*options)) *world {
	t.Helper()
	o := options{country: denmark(), limits: limits(), banks: gateway.BankCentres{bec(t), sdc(t)}}
	for _, c := range change {
		c(&o)
	}
	database := o.database
	switch {
	case database != nil:
	case o.cell != 0: // partitions are of a cell's ids
		database = pgtest.Create(t)
	default:
		database = pgtest.CreateIn(t, "2005-08-01")
	}
	w := &world{t: t, banks: fixed(o.banks), database: database, db: database.Open(t, schema.Flow), log: &lines{}}
	w.at("2005-08-11 04:30")
	if err := postgres.ClaimCell(t.Context(), w.db, o.cell); err != nil {
		t.Fatal(err)
	}
	load(t, w.db, o.country, w.now)
	w.options = app.StepOptions{DB: w.db, Now: w.time, Log: zerolog.New(w.log), OwnName: "NKSTEST", OwnGLN: ownGLN, Foretells: true, Banks: fixed(o.banks), Limits: o.limits,
		Cell: o.cell, Keeping: keeping(t), HashKey: filepath.Join(t.TempDir(), "hash-key"), Decisions: act.Rules{Environment: "test", NamesAlone: true}}
	if o.journal {
		w.options.Journal, w.options.Journals = keptJournal(t)
	}
	w.Steps = w.steps()
	w.fillImage()
	if err := w.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.viewersLeave)
	t.Cleanup(w.end)
	return w
}

// end looks, once, whether everything holds.
func (w *world) end() {
	w.t.Helper()
	if w.ended {
		return
	}
	w.ended = true
	w.holds()
	w.logIsSigned()
	if found := w.Image.State().Discards; found > 0 != w.behindItsBack {
		w.t.Errorf("%d images of the register differed from SQL", found)
	}
	w.namesNobody()
}

// fillImage has the register's image filled, or brought up to what the register knows.
func (w *world) fillImage() {
	w.t.Helper()
	if _, err := w.Image.Follow(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// steps are stages on the world's database, as its own unless something is changed.
func (w *world) steps(change ...func(*app.StepOptions)) *app.Steps {
	w.t.Helper()
	o := w.options
	for _, c := range change {
		c(&o)
	}
	steps, err := app.NewSteps(o)
	if err != nil {
		w.t.Fatal(err)
	}
	return steps
}

func limits() app.Limits {
	return app.Limits{Split: gateway.SplitLimits{InterchangeOrders: 1000, InterchangeBytes: 32 << 20, MessageOrders: 500}, ExecutionDays: 365, BundlePayments: 10_000,
		DeliveryGroups: 50, AnswerPayments: 1000, AnswerQuiet: quiet, AnswerDeadline: time.Minute, DocumentBytes: 8 << 20, Patience: gateway.Patience{Failures: 3, Interruptions: 4, Interrupted: 10 * time.Minute},
		QueueTime: time.Hour,
		Image:     image.Options{MaxBytes: 64 << 20, SampleEvery: 1}}
}

func bec(t testing.TB) gateway.BankCentre { return bank(t, "BEC", becGLN, gateway.AcceptedByContrl) }

func sdc(t testing.TB) gateway.BankCentre {
	b := bank(t, "SDC", sdcGLN, gateway.AcceptedByLine)
	b.Cheques = true
	return b
}

func bank(t testing.TB, id, gln string, acceptance gateway.Acceptance) gateway.BankCentre {
	t.Helper()
	codec, err := bankfile.New(bankfile.Profile{OwnGLN: ownGLN, BankGLN: gln, Charset: "UNOC", Wrap: "crlf", UNA: true, Test: true, Cheques: true,
		Rejected: []string{"2"}, Information: []string{"3"}, Accepted: []string{"1"}, Executed: []string{"4"}})
	if err != nil {
		t.Fatal(err)
	}
	return gateway.BankCentre{ID: id, Codec: codec, Acceptance: acceptance, SendBy: 8*time.Hour + 30*time.Minute, LeadDays: 1,
		Files: gateway.FileNames{Final: "NKS{ref}.edi", Temp: ".NKS{ref}.edi.{attempt}.tmp"}, AcceptanceDeadline: silence, ContrlDeadline: 30 * time.Minute}
}

// at sets the clock, in Copenhagen.
func (w *world) at(clock string) {
	w.t.Helper()
	loc, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		w.t.Fatal(err)
	}
	now, err := time.ParseInLocation("2006-01-02 15:04", clock, loc)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = now
}

func (w *world) time() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// holds demands that every invariant holds and that the ledger has lost nothing.
func (w *world) holds() {
	w.t.Helper()
	ctx := context.Background() // also while the test ends
	findings, err := reconciliation.Check(ctx, w.db)
	var closed bool
	if err == nil && len(findings) == 0 {
		err = w.db.GetContext(ctx, &closed, `SELECT EXISTS (SELECT FROM month WHERE state = 'closed')`)
	}
	if closed {
		findings, err = reconciliation.CheckOpen(ctx, w.db)
	}
	if err != nil {
		w.t.Error(err)
	}
	open, err := reconciliation.CheckOpen(ctx, w.db)
	if err != nil {
		w.t.Error(err)
	}
	for _, f := range slices.Concat(findings, open) {
		w.t.Errorf("%s: %s: %d, as %s", f.Rule, f.What, f.Count, f.Sample)
	}
	var received, ore int64
	if err := w.db.QueryRowContext(ctx, `SELECT sum(payments), sum(ore) FROM (
		SELECT count(*) AS payments, coalesce(sum(ore), 0) AS ore FROM payment WHERE month >= first_kept()
		UNION ALL SELECT payments, ore FROM month WHERE dropping_at IS NOT NULL) p`).Scan(&received, &ore); err != nil {
		w.t.Error(err)
	}
	ledger, err := reconciliation.Ledger(ctx, w.db)
	if err != nil {
		w.t.Error(err)
	}
	for _, e := range ledger {
		received, ore = received-e.Payments, ore-e.Ore
		if e.State == gateway.PaymentMissing || e.Ore != e.OrderOre {
			w.t.Errorf("ledger: %+v", e)
		}
	}
	if received != 0 || ore != 0 {
		w.t.Errorf("the ledger misses %d payments, %d øre", received, ore)
	}
	w.pageAgrees(ledger)
	w.booksHold()
}

var citizen = regexp.MustCompile(`0[1-8]01700\d{3}`)

// namesNobody: no CPR number in a log line or an exception.
func (w *world) namesNobody() {
	w.t.Helper()
	newAnswers := w.log.String()
	var exceptions string
	err := w.db.QueryRowContext(context.Background(), `SELECT coalesce(string_agg(concat_ws(' ', kind, subject, detail), e'\n'), '') FROM exception`).Scan(&exceptions)
	if err != nil {
		w.t.Error(err)
	}
	var untold string
	err = w.db.QueryRowContext(context.Background(), `SELECT coalesce(string_agg(kind || ': ' || detail, e'\n'), '') FROM exception
		WHERE detail_code = $1 AND detail <> 'another'`, gateway.DetailTechnical).Scan(&untold)
	if err != nil || untold != "" {
		w.t.Errorf("exceptions whose detail is no gateway.DetailText, and so without Danish: %v\n%s", err, untold)
	}
	if n := citizen.FindString(newAnswers + exceptions); n != "" {
		w.t.Errorf("a citizen is named in\n%s\n%s", newAnswers, exceptions)
	}
}

// all repeats a step until there is nothing left to do, and tells how often it worked.
func (w *world) all(name string, step func(context.Context) (bool, error)) int {
	w.t.Helper()
	for n := 0; ; n++ {
		worked, err := step(w.t.Context())
		if err != nil {
			w.t.Fatalf("%s: %v", name, err)
		}
		if !worked {
			return n
		}
		if n > 1000 {
			w.t.Fatalf("%s never ends", name)
		}
	}
}

// eachBank repeats a step of one bank, for all.
func (w *world) eachBank(name string, step func(context.Context, string) (bool, error)) (n int) {
	w.t.Helper()
	for _, b := range w.banks {
		n += w.all(name+" "+b.ID, func(ctx context.Context) (bool, error) { return step(ctx, b.ID) })
	}
	return n
}

// put uploads a document under a name; the error is the acknowledgement.
func (w *world) put(supplier, name string, doc []byte) error {
	w.t.Helper()
	return w.Receive.Take(w.t.Context(), door.Arrival{Door: door.Mailbox, Party: supplier, Key: name, Size: door.Unsized, Content: bytes.NewReader(doc)})
}

// send uploads a bundle under its own name.
func (w *world) send(d intaketest.Document) {
	w.t.Helper()
	w.files++
	if err := w.put(d.From[0], fmt.Sprintf("%s-%d.xml", d.GroupID, w.files), d.XML()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read()    { w.t.Helper(); w.all("read", w.Receive.NextToRead) }
func (w *world) check()   { w.t.Helper(); w.all("check", w.Check.Next) }
func (w *world) release() { w.t.Helper(); w.all("release", w.Release.Next) }

// unrender takes what the release has rendered away, as if it had not come to it.
func (w *world) unrender() {
	w.t.Helper()
	w.exec(`UPDATE interchange SET state = 'frozen', document_id = NULL WHERE state = 'rendered'`)
}

func (w *world) render() { w.t.Helper(); w.eachBank("render", w.Release.NextToRender) }

// receive takes bundles in, up to response 2.
func (w *world) receive(bundles ...intaketest.Document) {
	w.t.Helper()
	for _, b := range bundles {
		w.send(b)
	}
	w.read()
	w.check()
}

// dispatch renders what is frozen and lays it in the banks' mailboxes. It gives the files by the order of sending.
func (w *world) dispatch() []string {
	w.t.Helper()
	w.render()
	var sent []string
	for _, b := range w.banks {
		lease, err := w.Bank.Lease(w.t.Context(), b.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		d := &gateway.Dispatcher{Bank: b.ID, Fence: lease.Fence, Link: &mailbox{sent: &sent}, Outbox: w.Bank, Now: w.time, Failpoint: func(string) {}}
		w.all("send", d.SendNext)
		lease.Release()
	}
	return sent
}

// mailbox is a bank's mailbox that takes everything.
type mailbox struct {
	gateway.BankLink
	sent *[]string
}

func (m *mailbox) List(context.Context) ([]gateway.RemoteFile, error) { return nil, nil }

func (m *mailbox) Put(ctx context.Context, f gateway.Outgoing, content io.Reader, beforeRename func(context.Context) error) error {
	all, err := io.ReadAll(content)
	if err == nil && int64(len(all)) != f.Size {
		err = fmt.Errorf("%s has %d bytes, not %d", f.FinalName, len(all), f.Size)
	}
	if err == nil {
		err = beforeRename(ctx)
	}
	if err == nil {
		*m.sent = append(*m.sent, strings.ReplaceAll(string(all), "\r\n", ""))
	}
	return err
}

// listens has the owner of the connection to a bank look whether anything lies ready: nothing does.
func (w *world) listens(bank string) {
	w.t.Helper()
	lease, err := w.Bank.Lease(w.t.Context(), bank)
	if err != nil {
		w.t.Fatal(err)
	}
	defer lease.Release()
	d := &gateway.Dispatcher{Bank: bank, Fence: lease.Fence, Link: &mailbox{}, Outbox: w.Bank, Now: w.time, Failpoint: func(string) {}}
	if _, err := d.FetchNew(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// deadlines looks at every bank's mailbox, and has done what silence decides.
func (w *world) deadlines() {
	w.t.Helper()
	for _, b := range w.banks {
		w.listens(b.ID)
	}
	w.eachBank("deadlines", w.Bank.DecideSilence)
}

// paid takes bundles all the way to the banks at their release, and gives what was sent.
func (w *world) paid(bundles ...intaketest.Document) []string {
	w.t.Helper()
	w.receive(bundles...)
	w.at(receiveBy)
	w.release()
	return w.dispatch()
}
