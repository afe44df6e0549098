package image

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"

	"nks/register"
)

// Keeper has the image of a register, once it is filled, and keeps it current. Safe for concurrent use.
type Keeper struct {
	db      *sqlx.DB
	now     func() time.Time // the business clock
	where   *time.Location   // Europe/Copenhagen
	options Options

	mu       sync.Mutex
	current  *Image
	renew    bool // the current one is to be replaced
	tooBig   int64
	discards int
	why      string
	since    time.Time // machine time of the last discard
	onChange func()
	onAsked  func(byImage, bySQL int)
}

// Options of an image.
type Options struct {
	// MaxBytes is what one image may take, where two are there while one is replaced; 0: none is wanted, and SQL is asked
	// for everything.
	MaxBytes int64
	// SampleEvery is of how many payments one is asked from SQL, too; 1: of each, 0: of none.
	SampleEvery int
}

// NewKeeper makes a Keeper without an image; Follow fills it.
func NewKeeper(db *sqlx.DB, now func() time.Time, where *time.Location, o Options) *Keeper {
	return &Keeper{db: db, now: now, where: where, options: o, onChange: func() {}, onAsked: func(int, int) {}}
}

// IsSample reports whether SQL is asked for a payment, too: the same ones however often they are asked for.
func (k *Keeper) IsSample(payment int64) bool {
	const spread = 0x9e3779b97f4a7c15
	return k.options.SampleEvery > 0 && (uint64(payment)*spread>>32)%uint64(k.options.SampleEvery) == 0
}

// OnChange has do called whenever an image comes, follows a change of the register, or goes. To be called before Follow.
func (k *Keeper) OnChange(do func()) { k.onChange = do }

// OnAsked has do called with how many accounts an image has told of, and SQL for want of one that could. To be called
// before the first is asked for.
func (k *Keeper) OnAsked(do func(byImage, bySQL int)) { k.onAsked = do }

// Asked takes note of who has told of accounts.
func (k *Keeper) Asked(byImage, bySQL int) { k.onAsked(byImage, bySQL) }

// State is how the image is.
type State struct {
	Wanted   bool
	Image    *Image // nil: there is none
	TooBig   int64  // bytes that one would take, if that is more than it may; 0: it may
	Discards int    // images that were thrown away because SQL said otherwise
	Why      string // the last one was; it names a payment and account versions, no person and no account
}

// State is how the image is now.
func (k *Keeper) State() State {
	k.mu.Lock()
	defer k.mu.Unlock()
	return State{Wanted: k.options.MaxBytes > 0, Image: k.current, TooBig: k.tooBig, Discards: k.discards, Why: k.why}
}

// AsOf is a reader as of the change that the caller's snapshot stands at, and an instant of business time; nil where
// there is no image that can be asked: then SQL is. The snapshot must stay the same while the image is brought up to it.
func (k *Keeper) AsOf(ctx context.Context, q register.Asker, at time.Time) (*Reader, error) {
	k.mu.Lock()
	i, renew := k.current, k.renew
	k.mu.Unlock()
	if i == nil || renew {
		return nil, nil
	}
	m, err := readMark(ctx, q)
	switch {
	case err != nil:
		return nil, err
	case m.epoch != i.epoch || m.counter < i.counter || instantOf(at) < i.from:
		return nil, nil
	}
	if err := i.catchUp(ctx, q, m); errors.Is(err, errTooMany) || errors.Is(err, errOther) {
		k.outgrown(i)
		return nil, nil
	} else if err != nil {
		k.failed(ctx, i) // whoever tries again asks SQL
		return nil, fmt.Errorf("register image: %w", err)
	}
	return i.reader(m.counter, at, k.where), nil
}

// Discard throws the image of a reader away: SQL said otherwise, and why says about what. The next one is filled after a
// while, longer each time.
func (k *Keeper) Discard(r *Reader, why string) {
	k.mu.Lock()
	if k.current == r.image {
		k.current, k.since = nil, time.Now()
		k.discards++
		k.why = fmt.Sprintf("%s; image filled at change %d, asked at change %d", why, r.image.counter, r.counter)
	}
	k.mu.Unlock()
	k.onChange()
}

// outgrown has the image replaced at the next turn of Follow.
func (k *Keeper) outgrown(i *Image) {
	k.mu.Lock()
	k.renew = k.renew || k.current == i
	k.mu.Unlock()
}

// discardPause is how long no image is filled after the first that was thrown away; twice as long after the second.
const (
	discardPause     = time.Minute
	discardPauseMost = time.Hour
)

// Follow brings the image up to the register, or fills one where there is none that could be. It reports false: there is
// nothing more to do until the register changes.
func (k *Keeper) Follow(ctx context.Context) (bool, error) {
	if k.options.MaxBytes <= 0 {
		return false, nil
	}
	return false, k.lend(ctx, func(conn *pgx.Conn) error {
		i := k.asIs()
		if i != nil {
			behind, err := k.follow(ctx, conn, i)
			if err != nil {
				return err
			}
			if !behind {
				k.onChange()
				return nil
			}
		}
		if k.pauses() {
			return nil
		}
		return k.replace(ctx, conn)
	})
}

func (k *Keeper) asIs() *Image {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.renew {
		return nil
	}
	return k.current
}

// pauses reports whether no image is filled yet since the last was thrown away.
func (k *Keeper) pauses() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.discards > 0 && time.Since(k.since) < min(discardPause<<min(k.discards-1, 10), discardPauseMost)
}

// follow brings an image up to the register; it reports whether that cannot be done.
func (k *Keeper) follow(ctx context.Context, conn *pgx.Conn, i *Image) (behind bool, err error) {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	before := i.Counter()
	m, err := readMark(ctx, tx)
	// A register that has gone back, as after a restore, will use numbers again that the image knows as other changes.
	if err != nil || m.epoch != i.epoch || m.counter < before {
		return err == nil, err
	}
	err = i.catchUp(ctx, tx, m)
	if errors.Is(err, errTooMany) || errors.Is(err, errOther) {
		return true, nil
	}
	if err != nil {
		k.failed(ctx, i)
	}
	return false, err
}

// failed has an image replaced whose changes could not be read, unless that was only broken off.
func (k *Keeper) failed(ctx context.Context, i *Image) {
	if ctx.Err() == nil {
		k.outgrown(i)
	}
}

// replace fills an image and puts it in the place of the one that is there.
func (k *Keeper) replace(ctx context.Context, conn *pgx.Conn) error {
	reckoned, err := Reckon(ctx, conn)
	if err != nil {
		return err
	}
	if reckoned.Bytes > k.options.MaxBytes {
		k.set(nil, reckoned.Bytes)
		return nil
	}
	made, err := fill(ctx, conn, k.now(), k.options.MaxBytes)
	if errors.Is(err, errTooBig) {
		k.set(nil, k.options.MaxBytes+1)
		return nil
	}
	if err != nil {
		return err
	}
	k.set(made, 0)
	return nil
}

// set puts an image in the place of the one that is there, or none for want of room.
func (k *Keeper) set(i *Image, tooBig int64) {
	k.mu.Lock()
	k.current, k.renew, k.tooBig = i, false, tooBig
	k.mu.Unlock()
	k.onChange()
}

// lend runs do with a connection of the pool.
func (k *Keeper) lend(ctx context.Context, do func(*pgx.Conn) error) error {
	conn, err := k.db.Connx(ctx)
	if err != nil {
		return fmt.Errorf("register image: %w", err)
	}
	defer func() { _ = conn.Close() }() // only gives it back
	err = conn.Raw(func(dc any) error { return do(dc.(*stdlib.Conn).Conn()) })
	if err != nil {
		return fmt.Errorf("register image: %w", err)
	}
	return nil
}

// Size is what an image would take.
type Size struct {
	Holders, Accounts int64 // versions that are known now, about
	Bytes             int64
}

// Of a holder, and of each version that has no room beside it.
const (
	holderBytes  = 33
	furtherBytes = 32
)

// SizeOf reckons an image of so many holders and account versions.
func SizeOf(holders, accounts int64) Size {
	return Size{holders, accounts, holders*holderBytes + max(0, accounts-holders)*furtherBytes}
}

// Reckon is what an image of the register would take, by the statistics that every load gathers.
func Reckon(ctx context.Context, q register.Asker) (Size, error) {
	rows, err := q.Query(ctx, `SELECT coalesce(sum(greatest(reltuples, 0)) FILTER (WHERE relname = 'holder_version'), 0)::bigint,
		coalesce(sum(greatest(reltuples, 0)) FILTER (WHERE relname = 'account_version'), 0)::bigint
		FROM pg_class WHERE relnamespace = 'nks'::regnamespace AND relname IN ('holder_version', 'account_version')`)
	if err != nil {
		return Size{}, fmt.Errorf("reckon: %w", err)
	}
	var holders, accounts int64
	_, err = pgx.CollectExactlyOneRow(rows, func(r pgx.CollectableRow) (struct{}, error) {
		return struct{}{}, r.Scan(&holders, &accounts)
	})
	if err != nil {
		return Size{}, fmt.Errorf("reckon: %w", err)
	}
	return SizeOf(holders, accounts), nil
}
