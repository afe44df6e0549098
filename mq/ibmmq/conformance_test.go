package ibmmq_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nks/mq"
	"nks/mq/ibmmq"
	"nks/mq/ibmmq/internal/standin"
	"nks/mq/mqtest"
)

const (
	inQueue     = "NKS.IN.ATP"
	parkedQueue = "NKS.PARKED.ATP"
	smallQueue  = "NKS.SMALL"
)

func TestMain(m *testing.M) {
	// Before the first connection, as a service has it in its environment.
	if err := os.Setenv("MQCCSID", "1208"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// rig is one queue manager and its clients.
type rig struct {
	*standin.Manager
	links sync.Map // mq.Link to its application
}

var rigs atomic.Int64

// newRig starts a queue manager with the queues of a supplier, and more.
func newRig(t *testing.T, more ...standin.Queue) *rig {
	t.Helper()
	queues := append([]standin.Queue{{Name: inQueue, Requeue: parkedQueue, MaxLength: 5 << 20}, {Name: parkedQueue, MaxLength: 100 << 20},
		{Name: smallQueue, MaxDepth: 2}}, more...)
	m, ok := standin.New(fmt.Sprintf("QM%d", rigs.Add(1)), queues...)
	if !ok {
		t.Skip("linked with IBM's own library")
	}
	t.Cleanup(func() {
		for _, what := range m.Careless() {
			t.Error(what)
		}
	})
	return &rig{Manager: m}
}

// config is a login to a queue.
func (r *rig) config(queue string) ibmmq.Config {
	return ibmmq.Config{Manager: r.Name, ConnName: "mq.example(1414)", Channel: "NKS.ATP", Queue: queue, User: r.User, Password: r.Password,
		Application: fmt.Sprintf("nks %d", rigs.Add(1)), TrustContext: true}
}

func (r *rig) dial(ctx context.Context, c ibmmq.Config) (mq.Link, error) {
	l, err := ibmmq.Open(ctx, c)
	if err == nil {
		r.links.Store(l, c.Application)
	}
	return l, err
}

func (r *rig) kill(l mq.Link) {
	if application, ok := r.links.Load(l); ok {
		r.Kill(application.(string))
	}
}

// TestConformance is against the stand-in for a queue manager, and shows what the
// driver makes of its answers; not that IBM's would be these.
func TestConformance(t *testing.T) {
	t.Parallel()
	mqtest.Run(t, func(t *testing.T) *mqtest.Subject {
		r := newRig(t)
		r.User, r.Password = "nks", "the gateway's secret"
		return &mqtest.Subject{
			Queue: mq.Address{Manager: r.Name, Queue: inQueue}, Missing: mq.Address{Queue: "NKS.NOBODY"},
			Open:       func(ctx context.Context) (mq.Link, error) { return r.dial(ctx, r.config(inQueue)) },
			OpenParked: func(ctx context.Context) (mq.Link, error) { return r.dial(ctx, r.config(parkedQueue)) },
			OpenSmall: func(ctx context.Context) (mq.Link, mq.Address, error) {
				l, err := r.dial(ctx, r.config(smallQueue))
				return l, mq.Address{Queue: smallQueue}, err
			},
			OpenWrong: func(ctx context.Context) (mq.Link, error) {
				c := r.config(inQueue)
				c.Password = "guessed"
				return r.dial(ctx, c)
			},
			OpenCut: func(ctx context.Context, reaches bool) (mq.Link, error) {
				c := r.config(inQueue)
				r.Script(standin.Fault{Verb: "MQCMIT", Application: c.Application, Code: connectionBroken, Cut: true, Done: reaches})
				return r.dial(ctx, c)
			},
			Kill: r.kill, Stop: r.Stop, Start: r.Start, Volume: 1000, Soak: time.Second,
		}
	})
}
