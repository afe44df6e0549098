package main_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/gateway/postgres/server"
	"nks/internal/programtest"
)

// program is nks-demo itself.
var program = programtest.New("nks-demo")

// nksDemo runs a command to its end.
func nksDemo(t *testing.T, args ...string) *programtest.Process {
	t.Helper()
	return program.Run(t, args...)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// result is what nks-demo demo --json prints.
type result struct {
	Deliveries           int64   `json:"deliveries"`
	BundlesRejected      int64   `json:"bundles_rejected"`
	Received             int64   `json:"received"`
	Rejected             int64   `json:"rejected"`
	Executed             int64   `json:"executed"`
	Returned             int64   `json:"returned"`
	Cheque               int64   `json:"cheque"`
	Stopped              int64   `json:"stopped"`
	CameBack             int64   `json:"came_back"`
	Settled              int64   `json:"settled"`
	Waiting              int64   `json:"waiting"`
	Disputed             int64   `json:"disputed"`
	DisputedOere         int64   `json:"disputed_oere"`
	Asked                int64   `json:"asked"`
	Undecided            int64   `json:"undecided"`
	UndecidedOere        int64   `json:"undecided_oere"`
	Unnamed              int64   `json:"unnamed"`
	ReceivedOere         int64   `json:"received_oere"`
	AccountedOere        int64   `json:"accounted_oere"`
	DifferenceOere       int64   `json:"difference_oere"`
	BankLedgerDifference int64   `json:"bank_ledger_difference"`
	Certified            int     `json:"certified"`
	Refused              int     `json:"refused"`
	Unverified           int     `json:"unverified"`
	Unanswered           int     `json:"unanswered"`
	Findings             int     `json:"findings"`
	Seconds              float64 `json:"seconds"`
	File                 string  `json:"file"`
}

// resultOf reads the object on standard output, which holds nothing else.
func resultOf(t *testing.T, p *programtest.Process) result {
	t.Helper()
	var r result
	d := json.NewDecoder(strings.NewReader(p.Out.String()))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || d.More() {
		t.Fatalf("nks-demo %s printed %q: %v, more: %t\n%s", strings.Join(p.Args, " "), p.Out.String(), err, d.More(), programtest.Tail(p.Err.String()))
	}
	return r
}

// clean fails when something is not explained or not answered.
func (r result) clean(t *testing.T) {
	t.Helper()
	if r.DifferenceOere != 0 || r.BankLedgerDifference != 0 || r.Unanswered != 0 || r.Findings != 0 || r.Unverified != 0 || r.Waiting != 0 || r.Stopped != 0 || r.CameBack != 0 || r.Disputed != 0 || r.Undecided != 0 {
		t.Errorf("not everything is explained: %+v", r)
	}
	if r.Received != r.Rejected+r.Executed+r.Returned+r.Cheque+r.Settled || r.ReceivedOere != r.AccountedOere+r.DifferenceOere {
		t.Errorf("the figures do not add up: %+v", r)
	}
	if r.Received == 0 || r.Executed == 0 || r.ReceivedOere == 0 || r.Seconds <= 0 {
		t.Errorf("nothing was done: %+v", r)
	}
}

// database starts the data directory's PostgreSQL and connects as its superuser; both go with the test.
func database(t *testing.T, dir string) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := server.Start(ctx, server.Config{DataDir: filepath.Join(dir, "pg")})
	must(t, err)
	t.Cleanup(func() { must(t, s.Stop(context.Background())) })
	conn, err := pgx.Connect(ctx, s.DSN(server.Database, server.Superuser, "search_path=nks"))
	must(t, err)
	t.Cleanup(func() { must(t, conn.Close(context.Background())) })
	return conn
}
