package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/pgcopy"
	"nks/pgscript"
)

// Changed is what is said on Channel when a change of the register is committed.
const (
	Channel = "nks_work"
	Changed = "register"
	// Released is work for the release: what waits for an agreement may go by now.
	Released = "release"
	// Settled is work for who settles money that has nowhere to go: an account may have arrived by now.
	Settled = "settle"
	// Effected is work for who looks which orders go to accounts that have changed.
	Effected = "effect"
)

// Options of a load.
type Options struct {
	Now      func() time.Time // business time, asked once nobody else can change the register
	From     gateway.Date     // since which day what is loaded counts; zero: since the load
	Progress func(Progress)   // called now and then, from one goroutine at a time; may be nil
}

// Progress tells how far a load is.
type Progress struct {
	Phase string // "read", "check", "merge", "index"
	File  string // while reading
	Done  int64  // bytes read of all files
	Total int64  // bytes of all files
	Rows  int64  // read so far
}

// Summary is what a load did.
type Summary struct {
	Files   []FileSummary // by kind, in the order of loading
	Epoch   int64         // of the register afterwards; raised when an empty one was filled
	Counter int64         // of the change that the load was, or of the last one when nothing changed
}

// FileSummary is what the files of one kind did.
type FileSummary struct {
	File    string
	Rows    int64
	Added   int64 // new rows; for accounts, versions opened
	Changed int64 // rows changed; for what is kept in versions, those closed
}

// Load brings files into the register, all of them or none, as one change with a counter of its own. Rows that are
// already there make nothing; nothing is overwritten: what is changed closes what was recorded and opens another version,
// never earlier than the instant of the load. That instant is Options.Now, but never before that of an earlier change. What
// the files do not name stays. // B22.4
//
// Broken rules give a *LoadError (an ErrData), file names and folders that are no reference data an ErrSource. An
// error of the final commit leaves open whether the load happened: load again, which is harmless.
//
// An empty register is filled without its indexes, which are built afterwards: nobody can read it meanwhile.
func Load(ctx context.Context, db *sqlx.DB, sources []Source, o Options) (Summary, error) {
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return Summary{}, fmt.Errorf("load: %w", err)
	}
	inputs := make([]input, len(sources))
	total := int64(0)
	for i, s := range sources {
		kind, err := kindOf(s.Name)
		if err != nil {
			return Summary{}, err
		}
		if o.From != (gateway.Date{}) && formats()[kind].saysWhen() {
			return Summary{}, fmt.Errorf("%w: %s: holders count since they are loaded, and accounts since their valid_from; load them without a day", ErrSource, s.Name)
		}
		inputs[i] = input{Source: s, kind: kind}
		total += s.Size
	}
	slices.SortStableFunc(inputs, func(a, b input) int { return a.kind - b.kind })
	for i := range inputs {
		inputs[i].number = int16(i)
	}
	// The quick way cannot tell which line broke a rule that only the whole shows: then all is read again, staged.
	for _, direct := range []bool{true, false} {
		l := &loader{inputs: inputs, formats: formats(), options: o, copenhagen: copenhagen, direct: direct,
			progress: Progress{Total: total}}
		sum, err := l.runOutOfTheWay(ctx, db)
		if !direct || !errors.Is(err, errUnclean) {
			return sum, err
		}
	}
	return Summary{}, nil
}

// errUnclean means that rows copied straight into the register break a rule.
var errUnclean = errors.New("rows break a rule")

type input struct {
	Source
	kind   int
	number int16
}

// loader is one attempt, one transaction.
type loader struct {
	inputs     []input
	formats    []format
	options    Options
	copenhagen *time.Location
	direct     bool // holders and accounts go straight into the empty register
	change          // known once nobody else can change the register
	conn       *sqlx.Conn
	tx         *sqlx.Tx
	faults     LoadError
	progress   Progress
	sums       []FileSummary
}

// deadlocks is how often a load gives way to somebody who reads the register and has what it needs.
const deadlocks = 5

// runOutOfTheWay is run, again where the database has ended it because it and another waited for each other: nothing of
// it was done.
func (l *loader) runOutOfTheWay(ctx context.Context, db *sqlx.DB) (Summary, error) {
	for n := 1; ; n++ {
		again := *l
		sum, err := again.run(ctx, db)
		if n == deadlocks || ctx.Err() != nil || !isCode(err, deadlockDetected) {
			return sum, err
		}
	}
}

func (l *loader) run(ctx context.Context, db *sqlx.DB) (Summary, error) {
	conn, err := db.Connx(ctx)
	if err != nil {
		return Summary{}, fmt.Errorf("load: %w", err)
	}
	defer func() { _ = conn.Close() }() // only gives it back
	l.conn = conn
	if l.tx, err = conn.BeginTxx(ctx, nil); err != nil {
		return Summary{}, fmt.Errorf("load: %w", err)
	}
	defer func() { _ = l.tx.Rollback() }() // after a commit it does nothing
	l.sums = make([]FileSummary, len(l.formats))
	for i, f := range l.formats {
		l.sums[i].File = f.file
	}
	sum, err := l.work(ctx)
	if err != nil {
		return Summary{}, fmt.Errorf("load: %w", err)
	}
	if err := l.tx.Commit(); err != nil {
		return Summary{}, fmt.Errorf("load: commit: %w", err)
	}
	return sum, nil
}

func (l *loader) work(ctx context.Context) (Summary, error) {
	if err := l.prepare(ctx); err != nil {
		return Summary{}, err
	}
	for _, in := range l.inputs {
		if err := l.copy(ctx, in); err != nil {
			return Summary{}, err
		}
	}
	if len(l.faults.Faults) > 0 {
		return Summary{}, &l.faults
	}
	if err := l.merge(ctx); err != nil {
		return Summary{}, err
	}
	return l.finish(ctx)
}

// prepare makes the staging tables, and empties the register's own where the quick way is open.
func (l *loader) prepare(ctx context.Context) error {
	// For this transaction alone: hash tables over millions of rows that would else go to disk.
	if _, err := l.tx.ExecContext(ctx, `SET LOCAL work_mem = '256MB'; SET LOCAL nks.register_change = 'logged'`); err != nil {
		return err
	}
	l.direct = l.direct && slices.ContainsFunc(l.inputs, func(in input) bool { return l.formats[in.kind].direct().Name != "" })
	if l.direct {
		if err := l.clear(ctx); err != nil {
			return err
		}
	}
	for i, f := range l.formats {
		if !l.has(i) || l.isDirect(f) {
			continue
		}
		ddl := `CREATE TEMP TABLE ` + f.staged + ` (source smallint, line int, ` + f.table + `) ON COMMIT DROP`
		if _, err := l.tx.ExecContext(ctx, ddl); err != nil {
			return fmt.Errorf("stage %s: %w", f.file, err)
		}
	}
	return nil
}

func (l *loader) has(kind int) bool {
	return slices.ContainsFunc(l.inputs, func(in input) bool { return in.kind == kind })
}

func (l *loader) isDirect(f format) bool { return l.direct && f.direct().Name != "" }

// direct is the table that the quick way copies to; without a name for what is always staged.
func (f format) direct() pgcopy.Table {
	switch f.staged {
	case "load_holder":
		return pgcopy.Table{Name: "nks.holder_version", Columns: append([]string{"recorded_from", "counter", "valid_from"}, names(f.table)...)}
	case "load_account", "load_specific_account":
		return pgcopy.Table{Name: "nks.account_version", Columns: append([]string{"recorded_from", "counter"}, names(f.table)...)}
	}
	return pgcopy.Table{}
}

// stage is the table that rows wait in, with the line that each comes from.
func (f format) stage() pgcopy.Table {
	return pgcopy.Table{Name: f.staged, Columns: append([]string{"source", "line"}, names(f.table)...)}
}

// names is the columns of a definition "name type, name type".
func names(definition string) []string {
	var all []string
	for column := range strings.SplitSeq(definition, ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(column), " ")
		all = append(all, name)
	}
	return all
}

// merge checks what was copied, kind after kind, and brings what was staged into the register.
func (l *loader) merge(ctx context.Context) error {
	if !l.direct {
		if err := lock(ctx, l.tx); err != nil {
			return err
		}
		if err := l.beginChange(ctx); err != nil {
			return err
		}
	}
	for i, f := range l.formats {
		if !l.has(i) {
			continue
		}
		if l.isDirect(f) {
			l.sums[i].Added = l.sums[i].Rows
			continue
		}
		if _, err := l.tx.ExecContext(ctx, `ANALYZE `+f.staged); err != nil {
			return fmt.Errorf("%s: %w", f.file, err)
		}
		l.phase("check")
		if err := l.check(ctx, f); err != nil {
			return fmt.Errorf("%s: %w", f.file, err)
		}
		if len(l.faults.Faults) > 0 {
			return &l.faults
		}
		l.phase("merge")
		if err := l.bring(ctx, f, &l.sums[i]); err != nil {
			return fmt.Errorf("%s: %w", f.file, err)
		}
	}
	if l.direct {
		return l.build(ctx)
	}
	return nil
}

// lock makes changes wait for each other, as if each locked all holders in the order of their numbers; readers go on.
// Holders come first, as in register_clear: who waits for one that fills them has nothing that it needs.
func lock(ctx context.Context, tx Tx) error {
	_, err := tx.ExecContext(ctx, `LOCK TABLE nks.holder_version, nks.account_version, nks.agreement IN SHARE ROW EXCLUSIVE MODE`)
	return err
}

// clocksDiffer is by how much two clocks may differ before somebody must look.
const clocksDiffer = 10 * time.Minute

// beginChange finds the number and the instant of this change. The tables are locked: nobody draws another meanwhile. The
// clock is asked only now, since an instant from before the wait would lie before that of a load that went first; and
// where clocks differ, what is on record goes before, so that instants grow with the numbers.
func (l *loader) beginChange(ctx context.Context) (err error) {
	l.change, err = beginChange(ctx, l.tx, l.options.Now, l.options.From, l.copenhagen)
	return err
}

// change is one change of the register or of reference data.
type change struct {
	counter   int64         // its number
	now       time.Time     // its instant
	effective time.Time     // since when what it says counts, never before now
	ahead     time.Duration // by how much now is later than the clock
}

func beginChange(ctx context.Context, tx Tx, clock func() time.Time, from gateway.Date, loc *time.Location) (c change, err error) {
	now := clock().Round(time.Microsecond) // PostgreSQL keeps no more
	err = each(ctx, tx, `SELECT counter + 1, greatest(recorded_at, $1) FROM nks.register_counter`, func(r *sql.Rows) error { return r.Scan(&c.counter, &c.now) }, now)
	if err != nil {
		return c, fmt.Errorf("counter: %w", err)
	}
	c.ahead, c.effective = c.now.Sub(now), c.now
	if from.IsZero() {
		return c, nil
	}
	if from.Before(gateway.DateOf(c.now.In(loc))) {
		return c, fmt.Errorf("%w: %s lies in the past, and nothing counts before it is recorded", ErrSource, from)
	}
	if begins := from.At(0, loc); begins.After(c.now) {
		c.effective = begins
	}
	return c, nil
}

// args are how the statements of a change name it.
func (c change) args() pgscript.Args {
	return pgscript.Args{"now": c.now, "effective": c.effective, "counter": c.counter}
}

// origin is what made a change: a load of files, the configuration, or a decision.
type origin struct {
	what     string
	files    []string
	decision int64
}

// end records what made the change, and takes the counter's row, the last lock of the transaction.
func (c change) end(ctx context.Context, tx Tx, by origin, newEpoch bool) (epoch int64, err error) {
	_, err = tx.ExecContext(ctx, `INSERT INTO nks.register_change_origin (counter, origin, recorded_at, valid_from, files, decision)
		VALUES ($1, $2, $3, $4, $5, nullif($6::bigint, 0))`, c.counter, by.what, c.now, c.effective, append([]string{}, by.files...), by.decision)
	if err != nil {
		return 0, fmt.Errorf("origin of the change: %w", err)
	}
	// Who finds another number there changed the register without its locks.
	found := false
	err = each(ctx, tx, `UPDATE nks.register_counter SET counter = $1, recorded_at = $3, epoch = epoch + $2::boolean::int
		WHERE counter = $1 - 1 RETURNING epoch`, func(r *sql.Rows) error {
		found = true
		return r.Scan(&epoch)
	}, c.counter, newEpoch, c.now)
	if err == nil && !found {
		err = sql.ErrNoRows
	}
	if err != nil {
		return 0, fmt.Errorf("counter %d: %w", c.counter, err)
	}
	return epoch, nil
}

// tell wakes, once this is committed, those who do such work.
func tell(ctx context.Context, tx Tx, work ...string) error {
	if _, err := tx.ExecContext(ctx, `SELECT pg_notify($1, w) FROM unnest($2::text[]) AS w`, Channel, work); err != nil {
		return fmt.Errorf("tell of the change: %w", err)
	}
	return nil
}

// saysWhen reports whether the rows of a kind say by themselves since when they count, or count since they are loaded.
func (f format) saysWhen() bool {
	return slices.Contains([]string{"load_holder", "load_account", "load_specific_account"}, f.staged)
}

// build makes the indexes and checks, of rows copied straight into the register, what the staged way checks before.
func (l *loader) build(ctx context.Context) error {
	l.phase("index")
	if _, err := l.tx.ExecContext(ctx, `SELECT nks.register_build()`); err != nil {
		var pg *pgconn.PgError
		const class23 = "23" // integrity constraint violation
		if errors.As(err, &pg) && len(pg.Code) == 5 && pg.Code[:2] == class23 {
			return errUnclean
		}
		return fmt.Errorf("indexes: %w", err)
	}
	l.phase("check")
	for _, query := range wholeChecks() {
		var broken bool
		if err := l.tx.QueryRowContext(ctx, query).Scan(&broken); err != nil {
			return fmt.Errorf("check: %w", err)
		}
		if broken {
			return errUnclean
		}
	}
	return nil
}

// countsInTime refuses what would count later than whoever loads it expects: since an earlier change bears an instant that
// this clock reaches much later.
func (l *loader) countsInTime() error {
	for i, f := range l.formats {
		late := l.sums[i].Changed
		switch f.staged {
		case "load_supplier", "load_los_unit", "load_agreement", "load_choice": // what is new of these counts since always
		default:
			late += l.sums[i].Added
		}
		if l.ahead > clocksDiffer && late > 0 {
			return fmt.Errorf("%s: the last change of the register bears %s, which is %s ahead of this clock, and what comes after it would not count before; "+
				"set the clock right", f.file, l.now.Format(time.RFC3339), l.ahead.Round(time.Second))
		}
	}
	return nil
}

// finish takes the counter's row, the last lock of the transaction.
func (l *loader) finish(ctx context.Context) (Summary, error) {
	sum := Summary{}
	changed := int64(0)
	for i := range l.formats {
		if l.has(i) {
			sum.Files = append(sum.Files, l.sums[i])
			changed += l.sums[i].Added + l.sums[i].Changed
		}
	}
	if changed == 0 {
		if err := l.tx.QueryRowContext(ctx, `SELECT epoch, counter FROM nks.register_counter`).Scan(&sum.Epoch, &sum.Counter); err != nil {
			return Summary{}, fmt.Errorf("counter: %w", err)
		}
		return sum, nil
	}
	if err := l.countsInTime(); err != nil {
		return Summary{}, err
	}
	if _, err := l.tx.ExecContext(ctx, `SELECT nks.register_analyze()`); err != nil {
		return Summary{}, fmt.Errorf("statistics: %w", err)
	}
	files := make([]string, len(l.inputs))
	for i, in := range l.inputs {
		files[i] = filepath.Base(in.Name)
	}
	var err error
	if sum.Epoch, err = l.end(ctx, l.tx, origin{what: "load", files: files}, l.direct); err != nil {
		return Summary{}, err
	}
	sum.Counter = l.counter
	return sum, tell(ctx, l.tx, Changed, Released, Settled, Effected)
}

func (l *loader) phase(name string) {
	l.progress.Phase, l.progress.File = name, ""
	l.tell()
}

func (l *loader) tell() {
	if l.options.Progress != nil {
		l.options.Progress(l.progress)
	}
}
