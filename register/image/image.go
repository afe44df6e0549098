// Package image holds what register.Choose needs of all holders in memory, so that millions of payments are completed
// without asking SQL for each. An image is filled from one snapshot of the database and never changes; holders that change
// later stand beside it with every version since, so that it can be asked as of any change. A Keeper fills it, keeps it
// current from the register's log of changes, and replaces it.
//
// An image knows accounts in force and those to come, of domestic ones the 14 digits. What it cannot tell for sure it says
// so, and SQL is asked (register.Find).
package image

import (
	"context"
	"errors"
	"sync"
	"time"

	"nks/gateway"
	"nks/register"
)

// Image is a register in memory. Safe for concurrent use.
type Image struct {
	*base
	mark
	from int64 // the instant of business time that it was filled at: of before, it knows nothing

	Rows int64         // that it was filled from
	Took time.Duration // to fill it

	advancing sync.Mutex // held while changes are read
	mu        sync.RWMutex
	reached   mark // the last change that it knows
	words     *allWords
	changed   map[holderKey]*record
}

// changedShare is how many of its holders may have changed, one of so many, before an image is better filled anew; and
// changedLeast is how many may always.
const (
	changedShare = 50
	changedLeast = 10_000
)

func (i *Image) mayChange() int { return max(changedLeast, i.holders/changedShare) }

// catchUp reads what has changed until the change that the caller's snapshot stands at. A snapshot that is older than
// what the image knows adds nothing.
func (i *Image) catchUp(ctx context.Context, q register.Asker, to mark) error {
	if known, err := i.knows(to); known || err != nil {
		return err
	}
	i.advancing.Lock()
	defer i.advancing.Unlock()
	if known, err := i.knows(to); known || err != nil {
		return err
	}
	i.mu.RLock()
	after, room := i.reached.counter, i.mayChange()-len(i.changed)
	i.mu.RUnlock()
	changed, err := changes(ctx, q, after, max(room, 0))
	if err != nil {
		return err
	}
	if err := readRecords(ctx, q, changed, i.counter); err != nil {
		return err
	}
	words, err := readWords(ctx, q)
	if err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for key, r := range changed {
		i.changed[key] = r
	}
	i.words, i.reached = words, to
	return nil
}

// errOther means that a change has the number of one that the image knows, and is another: the register was restored.
var errOther = errors.New("the register has other changes than the image")

// knows reports whether the image is that far.
func (i *Image) knows(to mark) (bool, error) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	if i.reached.counter == to.counter && !i.reached.recorded.Equal(to.recorded) {
		return false, errOther
	}
	return i.reached.counter >= to.counter, nil
}

// recordBytes is about what the record of a changed holder takes.
const recordBytes = 400

// Bytes is how much memory the image takes, about.
func (i *Image) Bytes() int64 {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.bytes() + int64(len(i.changed))*recordBytes
}

// Holders is how many holders it was filled with.
func (i *Image) Holders() int { return i.holders }

// Counter is the last change of the register that it knows.
func (i *Image) Counter() int64 {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.reached.counter
}

// Answer is what Choose says, and of a domestic account its number.
type Answer struct {
	register.Choice
	Account gateway.AccountKind
	Digits  uint64 // of a domestic account
	Sure    bool   // false: nothing else counts, and SQL must be asked
}

// Number is the domestic account as it is written: 14 digits.
func (a *Answer) Number() string {
	var b [14]byte
	n := a.Digits
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return string(b[:])
}

// Agrees reports whether SQL has found the same.
func (a *Answer) Agrees(found *register.Found) bool {
	if a.Choice != found.Choice {
		return false
	}
	return a.Reason != register.Chosen || a.Account == found.Account.Kind && (a.Account != gateway.DomesticBBAN || a.Number() == found.Account.Number)
}

// Reader asks an image as of one change of the register and one instant. For one goroutine.
type Reader struct {
	image          *Image
	counter        int64
	at             time.Time
	instant        int64
	spoken         spoken
	holder, parent facts

	keys    []holderKey
	places  []place
	touched uint64
}

func (i *Image) reader(counter int64, at time.Time, where *time.Location) *Reader {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return &Reader{image: i, counter: counter, at: at, instant: instantOf(at), spoken: i.words.at(counter, instantOf(at), where)}
}

// Choose answers questions, each in the place of its own.
func (r *Reader) Choose(questions []register.Asked, answers []Answer) {
	r.image.mu.RLock()
	defer r.image.mu.RUnlock()
	r.findAll(questions)
	for n := range questions {
		answers[n] = r.choose(&questions[n], r.places[n])
	}
}

// findAll finds where the holders of questions stand.
func (r *Reader) findAll(questions []register.Asked) {
	r.keys = r.keys[:0]
	for n := range questions {
		r.keys = append(r.keys, keyOf(questions[n].Kind, questions[n].Number))
	}
	r.places = append(r.places[:0], make([]place, len(questions))...)
	r.touched += r.image.base.findAll(r.keys, r.places)
}

func (r *Reader) choose(q *register.Asked, at place) Answer {
	if q.Kind < gateway.CPR || q.Kind > gateway.PNR {
		return Answer{Choice: register.Choice{Reason: register.UnknownHolder}, Sure: true}
	}
	if !r.read(keyOf(q.Kind, q.Number), at, &r.holder) {
		return Answer{}
	}
	r.parent.reset()
	if r.holder.Parent != 0 && !r.readParent(r.holder.Parent) {
		return Answer{}
	}
	asked := register.Question{Kind: q.Kind, Number: q.Number, Authority: q.Authority, BenefitType: q.BenefitType,
		Words: r.spoken.words(q.Authority, q.BenefitType)}
	a := Answer{Choice: register.Choose(&asked, &r.holder.Facts, &r.parent.Facts, &r.spoken.policy, r.at), Sure: true}
	if a.Reason != register.Chosen {
		return a
	}
	of := &r.holder
	if a.Rule == gateway.ByParentAccount {
		of = &r.parent
	}
	for n := range of.accounts {
		if v := &of.accounts[n]; v.ID == a.Version {
			a.Account, a.Digits, a.Sure = v.kind, v.digits, v.kind != gateway.NoAccount
		}
	}
	return a
}

// Standing is whether a holder exists, and whether its accounts may be used; sure is false when SQL must be asked. // B18.3
type Standing struct{ Known, Usable, Sure bool }

// Standings tells of the holders of questions, each in the place of its own.
func (r *Reader) Standings(questions []register.Asked, standings []Standing) {
	r.image.mu.RLock()
	defer r.image.mu.RUnlock()
	r.findAll(questions)
	for n := range questions {
		q := &questions[n]
		if q.Kind < gateway.CPR || q.Kind > gateway.PNR {
			standings[n] = Standing{Sure: true}
			continue
		}
		sure := r.read(keyOf(q.Kind, q.Number), r.places[n], &r.holder)
		standings[n] = Standing{Known: r.holder.Status != 0, Sure: sure,
			Usable: r.holder.Status != 0 && r.spoken.policy.Usable(q.Kind, &r.holder.Facts, r.at)}
	}
}

// read gathers what is known of a holder, which stands at a place of the base if it is there.
func (r *Reader) read(key holderKey, at place, f *facts) bool {
	if len(r.image.changed) > 0 {
		if changed := r.image.changed[key]; changed != nil {
			return changed.read(r.counter, r.instant, f)
		}
	}
	return r.image.base.read(at, f)
}

func (r *Reader) readParent(number int64) bool {
	key := keyOf(gateway.CVR, number)
	return r.read(key, r.image.find(key), &r.parent)
}
