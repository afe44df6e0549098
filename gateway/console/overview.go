package console

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"nks/gateway"
	"nks/gateway/view"
)

// flowStates is every state in the order of the flow that a column is kept for.
func flowStates() []view.State {
	return []view.State{view.Unread, view.Waiting, view.Frozen, view.Unknown, view.WithBank, view.Executed, view.Cheque, view.Returned, view.Rejected}
}

// aside are the states that only what has gone wrong, or was acted upon, is in: no column is kept for them.
func aside() []view.State {
	return []view.State{view.Held, view.Stopped, view.Void, view.Disputed, view.CameBack, view.Settled, gateway.PaymentMissing}
}

// tileStates are the states that have a tile.
func tileStates() []view.State { return append(flowStates(), aside()...) }

// keepsTile reports whether a state has its tile also when no payment is in it.
func keepsTile(s view.State) bool {
	return !slices.Contains(append(aside(), view.Unread, view.Frozen, view.Unknown), s)
}

// overview is the first page.
type overview struct {
	*view.Overview
	Stale   bool // newer numbers could not be had
	Picture *picture
}

func (s *Console) overviewPage(w http.ResponseWriter, r *http.Request) error {
	o, err := s.overviewOf(r)
	if err != nil {
		return err
	}
	refresh := refreshSeconds
	if r.URL.Query().Has("still") {
		refresh = 0 // whoever reads slowly may stop the page
	}
	return s.render(w, r, http.StatusOK, "overview", "overview.title", refresh, o)
}

// refreshSeconds is how often a browser without script loads the page again.
const refreshSeconds = 10

// livePart is what a browser with script puts in place of what it has.
func (s *Console) livePart(w http.ResponseWriter, r *http.Request) error {
	o, err := s.overviewOf(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "live", "overview.title", 0, o)
}

func (s *Console) overviewOf(r *http.Request) (*overview, error) {
	who, _, err := s.viewerOf(r.Context(), r)
	if err != nil {
		return nil, err
	}
	return s.overviews.of(who, func() (*overview, error) {
		// What many wait for must not end with the one who asked first.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), pageTime/2)
		defer cancel()
		o, err := s.View.Overview(ctx, who, s.Now())
		if err != nil {
			return nil, err
		}
		return &overview{Overview: o, Picture: draw(o)}, nil
	})
}

// keepFor is how long an overview serves everybody who asks for it.
const keepFor = time.Second

// overviews keeps the latest overview of each viewer, so that many who look cost no more than one.
type overviews struct {
	mu      sync.Mutex
	list    []view.Viewer
	listed  time.Time
	viewers map[string]*kept
}

type kept struct {
	mu   sync.Mutex
	made time.Time
	last *overview
}

func newOverviews() *overviews { return &overviews{viewers: map[string]*kept{}} }

// authorities are those that may be looked as.
func (c *overviews) authorities(read func() ([]view.Viewer, error)) ([]view.Viewer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.listed) < 5*keepFor && len(c.list) > 0 {
		return c.list, nil
	}
	list, err := read()
	if err != nil {
		return nil, err
	}
	c.list, c.listed = list, time.Now()
	return list, nil
}

// of gives the overview of a viewer: a young one, else one that is read now, else, when that fails, the last that could
// be read, with its time.
func (c *overviews) of(v view.Viewer, read func() (*overview, error)) (*overview, error) {
	c.mu.Lock()
	k := c.viewers[v.Authority]
	if k == nil {
		k = &kept{}
		c.viewers[v.Authority] = k
	}
	c.mu.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last != nil && !k.last.Stale && time.Since(k.made) < keepFor {
		return k.last, nil
	}
	o, err := read()
	if err != nil {
		if k.last == nil {
			return nil, err
		}
		old := *k.last
		old.Stale = true
		k.last = &old
		return k.last, nil
	}
	k.last, k.made = o, time.Now()
	return o, nil
}
