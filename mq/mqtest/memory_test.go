package mqtest_test

import (
	"context"
	"testing"
	"time"

	"nks/mq"
	"nks/mq/mqtest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	mqtest.Run(t, func(*testing.T) *mqtest.Subject {
		m := mqtest.NewMemory("q")
		small := mqtest.NewMemory("small")
		small.MaxMessages = 2
		return &mqtest.Subject{
			Queue: mq.Address{Queue: "q"}, Missing: mq.Address{Queue: "missing"},
			Open:       func(ctx context.Context) (mq.Link, error) { return m.Open(ctx, "q") },
			OpenParked: func(ctx context.Context) (mq.Link, error) { return m.Open(ctx, "q.parked") },
			OpenSmall: func(ctx context.Context) (mq.Link, mq.Address, error) {
				l, err := small.Open(ctx, "small")
				return l, mq.Address{Queue: "small"}, err
			},
			Kill: m.Kill, Stop: m.Stop, Start: m.Start,
			Volume: 2000, Soak: time.Second,
		}
	})
}
