package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"nks/gateway/act"
	"nks/sim/bank"
)

// asksAfter is how long the operator waits before asking a bank about an interchange that may or may not have arrived:
// what was on its way when the connection broke has landed by then.
const asksAfter = 2 * time.Second

// operate does what two persons at the exception desk do: they ask the bank about an interchange of which nobody knows
// whether it arrived, and about a file that nobody can decide, and record what the bank says.
func (p *play) operate(ctx context.Context) error {
	if err := p.settleDoubts(ctx); err != nil {
		return err
	}
	unknown, err := p.gateway.Desk().Unresolved(ctx)
	if err != nil {
		return p.stuck("database away")
	}
	for _, u := range unknown {
		first, seen := p.asked[u.ID]
		if !seen {
			p.asked[u.ID] = time.Now()
			continue
		}
		if time.Since(first) < asksAfter {
			continue
		}
		arrived, err := p.askBank(u)
		if err != nil {
			return err
		}
		delete(p.asked, u.ID)
		token := "the bank has it"
		if !arrived {
			token = "the bank has not got it; the same bytes go again"
		}
		_, _ = fmt.Fprintf(p.tell.Err, "\noperator: %s interchange %d: %s\n", u.Bank, u.ControlRef, token)
		if err := p.gateway.Desk().Resolve(ctx, u.Bank, u.ControlRef, arrived, "operator", "second operator"); err != nil {
			return p.stuck("resolve: " + err.Error())
		}
	}
	return nil
}

// settleDoubts asks the bank about each file that nobody can decide: a status about an order that nobody gave is the
// bank's own mistake and concerns none of ours.
func (p *play) settleDoubts(ctx context.Context) error {
	doubts, err := p.gateway.Desk().Doubts(ctx)
	if err != nil {
		return p.stuck("database away")
	}
	settled := map[int64]bool{}
	for _, d := range doubts {
		if settled[d.File] {
			continue
		}
		settled[d.File] = true
		ledger, err := bank.ReadJournal(p.dir, d.Bank)
		if err != nil {
			return fmt.Errorf("ask bank %s: %w", d.Bank, err)
		}
		i := slices.IndexFunc(ledger.Answers, func(a bank.LedgerAnswer) bool { return a.Name == d.Name })
		if i < 0 || ledger.Answers[i].Kind != bank.AnswerStray {
			continue
		}
		_, _ = fmt.Fprintf(p.tell.Err, "\noperator: %s file %d: the bank says that it concerns none of ours\n", d.Bank, d.File)
		if err := p.decide(ctx, act.KindNoneOfOurs, "the bank says that it concerns none of ours", d.File); err != nil {
			return p.stuck("concerns none: " + err.Error())
		}
	}
	return nil
}

// decide is a decision of two persons of the demonstration.
func (p *play) decide(ctx context.Context, kind, why string, ids ...int64) error {
	asked, err := p.gateway.Desk().Decide(ctx, act.Intent{Kind: kind, IDs: ids, By: "operator", Why: why})
	if err == nil {
		_, err = p.gateway.Desk().Approve(ctx, asked.ID, "second operator", "")
	}
	return err
}

// askBank asks outside of every system, as by telephone: has the bank received a file of this name, or does it lie in
// its mailbox? The mailbox is looked at first, for a file leaves it after it was written down.
func (p *play) askBank(u act.Unresolved) (bool, error) {
	_, err := os.Stat(p.path("sim", "bank", u.Bank, "root", "in", u.FileName))
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err == nil, err
	}
	ledger, err := bank.ReadJournal(p.dir, u.Bank)
	if err != nil {
		return false, fmt.Errorf("ask bank %s: %w", u.Bank, err)
	}
	for _, f := range ledger.Files {
		if f.Name == u.FileName {
			return true, nil
		}
	}
	return false, nil
}
