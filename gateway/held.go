package gateway

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// QueuePlace is where messages of a data supplier wait.
type QueuePlace string

// The places of a supplier's messages.
const (
	PlaceIn     QueuePlace = "in"     // put by the supplier, and not taken yet
	PlaceToPut  QueuePlace = "to_put" // answers that are in no queue yet
	PlaceOut    QueuePlace = "out"    // answers that the supplier has not collected yet
	PlaceParked QueuePlace = "parked" // not taken, and not decided about
)

// QueuePlaces is every place, in the order in which they are told.
func QueuePlaces() []QueuePlace { return []QueuePlace{PlaceIn, PlaceToPut, PlaceOut, PlaceParked} }

// Waiting is what waits in one place.
type Waiting struct {
	Messages int64      `json:"messages"`
	Oldest   *time.Time `json:"oldest,omitempty"` // since when the first of them waits, in business time; nil: none does, or nobody knows
}

// Held is what waits in a supplier's places. Of one that it does not have nobody knows.
type Held map[QueuePlace]Waiting

// Scan reads what a database gives.
func (h *Held) Scan(src any) error {
	switch text := src.(type) {
	case nil:
		*h = nil
		return nil
	case string:
		return json.Unmarshal([]byte(text), h)
	case []byte:
		return json.Unmarshal(text, h)
	}
	return fmt.Errorf("what waits in queues comes as %T", src)
}

// With is h and o together: what waits in a place of both is the sum, and the oldest is known where it is of both.
func (h Held) With(o Held) Held {
	all := maps.Clone(h)
	if all == nil {
		all = Held{}
	}
	for place, w := range o {
		all[place] = all[place].with(w)
	}
	return all
}

func (w Waiting) with(o Waiting) Waiting {
	sum := Waiting{Messages: w.Messages + o.Messages, Oldest: w.Oldest}
	switch {
	case w.Messages == 0:
		sum.Oldest = o.Oldest
	case o.Messages > 0 && w.Oldest != nil && (o.Oldest == nil || o.Oldest.Before(*w.Oldest)):
		sum.Oldest = o.Oldest
	}
	return sum
}

// HeldAt is what waits in the places of a supplier's queues at an instant, and whether there are any: not where another node has them. What
// nobody tells of any more is not known.
func (l Link) HeldAt(now time.Time) (Held, bool) {
	is := l.At(now)
	switch {
	case l.Kind != LinkQueue || is.State == LinkClosed:
		return nil, false
	case is.Why == TroubleSilent:
		return nil, true
	}
	return l.Held, true
}
