package witness

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// bankJournal is what a centre has written down for itself. A centre without one has published its files in the order of
// their names, as far as anybody knows.
type bankJournal struct {
	published map[string]int // names of files, by order
	// repeated is how many files were published when the centre was last asked to say once more what nobody could use.
	repeated int
	truths   []truth
	stopped  []string // orders given back before they were booked
	returns  []trueReturn
}

// trueReturn is money of an order that was really credited.
type trueReturn struct {
	Order string
	Oere  int64
}

// truth is what really became of an order; asked: somebody asked the centre, and it answered.
type truth struct {
	ref   string
	is    ending
	asked bool
}

func readJournal(path string) (bankJournal, error) {
	j := bankJournal{published: map[string]int{}}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return j, nil
	}
	if err != nil {
		return j, fmt.Errorf("witness: %w", err)
	}
	defer f.Close()
	coming := map[string][]trueReturn{} // by the booking that is to credit them
	for r := bufio.NewReaderSize(f, 1<<16); ; {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			// A torn last line has not been acted upon.
			return j, nil
		}
		if err != nil {
			return j, fmt.Errorf("witness: %w", err)
		}
		var e struct {
			K, Name, Ref, Truth, Booking, Answer string
			Parts                                []trueReturn
			Recalls                              []struct{ Ref, Does string }
		}
		if err := json.Unmarshal(line, &e); err != nil {
			return j, fmt.Errorf("witness: %s: %w", path, err)
		}
		switch e.K {
		case "published":
			j.published[e.Name] = len(j.published)
		case "repeats":
			j.repeated = len(j.published)
		case "order", "confirmed":
			j.truths = append(j.truths, truth{e.Ref, ending(e.Truth), e.K == "confirmed"})
		case "posting":
			coming[e.Booking] = append(coming[e.Booking], e.Parts...)
		case "received":
			for _, r := range e.Recalls {
				if r.Does == "stopped" {
					j.stop(r.Ref, coming)
				}
			}
		case "booked":
			j.returns = append(j.returns, coming[e.Answer]...)
		}
	}
}

// stop takes note of an order that is never booked, and so does not come back.
func (j *bankJournal) stop(ref string, coming map[string][]trueReturn) {
	j.stopped = append(j.stopped, ref)
	for booking := range coming {
		coming[booking] = slices.DeleteFunc(coming[booking], func(r trueReturn) bool { return r.Order == ref })
	}
}

// isSaidAgain reports whether all that nobody could use before a file was asked for, and comes again.
func (j bankJournal) isSaidAgain(name string) bool {
	n, ok := j.published[name]
	return ok && n < j.repeated
}

// inOrder puts files into the order in which they were published; what is in no journal comes last, by name.
func (j bankJournal) inOrder(files []string) []string {
	at := func(name string) int {
		if n, ok := j.published[name]; ok {
			return n
		}
		return len(j.published)
	}
	slices.SortStableFunc(files, func(a, b string) int { return at(a) - at(b) })
	return files
}

// learn gives the orders of a bank what its journal has of them.
func (w *witness) learn(bank int16, j bankJournal) {
	for _, t := range j.truths {
		s := statement{w: w, bank: bank, ref: t.ref}
		for _, o := range s.byReference() {
			if t.asked {
				o.settled = t.is
			} else {
				o.truth = t.is
			}
		}
	}
	for _, ref := range j.stopped {
		s := statement{w: w, bank: bank, ref: ref}
		for _, o := range s.byReference() {
			o.truth = endRejected
		}
	}
	for _, r := range j.returns {
		s := statement{w: w, bank: bank, ref: r.Order}
		for _, o := range s.byReference() {
			o.trueBack += r.Oere
		}
	}
}
