package release

import (
	"context"
	"database/sql"
	"sync"

	"nks/gateway/postgres"
)

// pipeline runs the statements of one transaction, one after the other, while who makes them goes on. The first error
// ends it: nothing that was made later is run.
type pipeline struct {
	jobs chan job
	done chan struct{}

	mu  sync.Mutex
	err error
}

type job struct {
	run func() error
	ran chan struct{} // closed when it has run, or will not; nil: nobody waits
}

// pipelineJobs is how many statements may wait.
const pipelineJobs = 4

func newPipeline() *pipeline {
	p := &pipeline{jobs: make(chan job, pipelineJobs), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		for j := range p.jobs {
			if p.failed() == nil {
				p.keep(j.run())
			}
			if j.ran != nil {
				close(j.ran)
			}
		}
	}()
	return p
}

func (p *pipeline) failed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *pipeline) keep(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

// do runs a job later; the error is that of an earlier one.
func (p *pipeline) do(run func() error) error {
	p.jobs <- job{run: run}
	return p.failed()
}

// wait runs a job, and everything before it.
func (p *pipeline) wait(run func() error) error {
	ran := make(chan struct{})
	p.jobs <- job{run, ran}
	<-ran
	return p.failed()
}

// end waits for everything and ends the pipeline.
func (p *pipeline) end() error {
	close(p.jobs)
	<-p.done
	return p.failed()
}

// later is a transaction whose statements go through a pipeline.
type later struct {
	*pipeline
	x *postgres.Session
}

// ExecContext runs the statement later; its result is not known.
func (l later) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return nil, l.do(func() error {
		_, err := l.x.ExecContext(ctx, query, args...)
		return err
	})
}
