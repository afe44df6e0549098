package app

import (
	"context"
	"io"

	"nks/gateway/act"
	"nks/gateway/console"
	"nks/gateway/postgres/dryrun"
)

// pageChecker judges what is uploaded to the pages, one bundle at a time: the payments of the day go first.
type pageChecker struct {
	desk *act.Desk
	turn chan struct{}
}

func newPageChecker(d *act.Desk) *pageChecker {
	return &pageChecker{desk: d, turn: make(chan struct{}, 1)}
}

// Check implements console.Checker.
func (c *pageChecker) Check(ctx context.Context, supplier string, document io.Reader) (console.CheckReport, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return console.CheckReport{}, ctx.Err()
	}
	r := &pageReport{}
	in := dryrun.Request{Document: document, Supplier: supplier, Errors: console.MostCheckErrors}
	err := c.desk.DryRun(ctx, in, r)
	return r.CheckReport, err
}

// pageReport keeps the errors that a page has room for.
type pageReport struct{ console.CheckReport }

// Judged implements dryrun.Report.
func (p *pageReport) Judged(r dryrun.Result) error {
	p.CheckReport = console.CheckReport{Receipt: r.Receipt, Accepted: r.Accepted, Rejected: r.Rejected, Ore: r.Ore, All: int(r.Errors)}
	if r.Receipt == dryrun.Unreadable {
		p.Receipt = "0"
	}
	return nil
}

// Error implements dryrun.Report.
func (p *pageReport) Error(e dryrun.Error) error {
	p.Errors = append(p.Errors, console.CheckError{Line: e.Line, Path: e.Path, EndToEndID: e.EndToEndID, Code: string(e.Code), Text: e.Text})
	return nil
}
