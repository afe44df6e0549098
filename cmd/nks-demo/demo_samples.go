package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"nks/bankday"
	"nks/internal/command"
	"nks/sim/sample"
)

// samplesResult is what nks-demo demo --samples --json prints: the sums, and each file by itself.
type samplesResult struct {
	demoResult
	Files []*demoResult `json:"files"`
}

// samples runs each document of a folder by itself, on an empty payment database, at 05:00 on the last banking day
// before its execution date.
func (d *demo) samples(ctx context.Context, p *command.Program) error {
	files, err := filepath.Glob(filepath.Join(d.options.samples, "*.xml"))
	if err != nil || len(files) == 0 {
		return command.Usagef("%s holds no *.xml", d.options.samples)
	}
	sort.Strings(files)
	days, err := bankday.New()
	if err != nil {
		return err
	}
	isBankingDay := func(y int, m time.Month, day int) bool {
		return days.IsBankingDay(bankday.Date{Year: y, Month: m, Day: day})
	}
	all := &samplesResult{}
	good := true
	for i, file := range files {
		_, _ = fmt.Fprintf(d.tell.Out, "\n━━ %s (%d of %d)\n", filepath.Base(file), i+1, len(files))
		r, err := d.sample(ctx, i+1, file, isBankingDay)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		r.File = filepath.Base(file)
		good = good && r.Good()
		all.add(r)
	}
	if d.options.json {
		if err := json.NewEncoder(p.Out).Encode(all); err != nil {
			return err
		}
	}
	if !good {
		return errors.Join(command.ErrRejected, fmt.Errorf("the two computations do not agree, or something is unanswered"))
	}
	return nil
}

func (d *demo) sample(ctx context.Context, no int, file string, isBankingDay func(int, time.Month, int) bool) (*demoResult, error) {
	suppliers, err := sample.Suppliers(file, d.options.reference)
	if err != nil {
		return nil, command.Usage(err)
	}
	w := &world{dir: filepath.Join(d.options.data, "samples", folderName(no, file)), tell: d.tell, suppliers: suppliers, centres: demoCentres(),
		harmless: true, want: marker{Sample: filepath.Base(file)}}
	w.fill = func() error {
		s, err := sample.Prepare(w.dir, file, d.options.reference, w.centres, isBankingDay)
		w.start = s.Start
		return err
	}
	if err := w.prepare(ctx, true); err != nil {
		return nil, err
	}
	return w.run(ctx, false, func(*demoResult) error { return nil })
}

// folderName is a document's number and name, as far as a folder's may be made of it.
func folderName(no int, file string) string {
	return fmt.Sprintf("%02d-", no) + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
}

func (s *samplesResult) add(r *demoResult) {
	s.Files = append(s.Files, r)
	s.Deliveries += r.Deliveries
	s.BundlesRejected += r.BundlesRejected
	s.Received += r.Received
	s.Rejected += r.Rejected
	s.Executed += r.Executed
	s.Returned += r.Returned
	s.Cheque += r.Cheque
	s.Waiting += r.Waiting
	s.ReceivedOere += r.ReceivedOere
	s.AccountedOere += r.AccountedOere
	s.DifferenceOere += r.DifferenceOere
	s.BankLedgerDifference += r.BankLedgerDifference
	s.Unanswered += r.Unanswered
	s.Findings += r.Findings
	s.Seconds += r.Seconds
}
