package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"nks/gateway/act"
	"nks/sim/bank"
)

// personsAfter is how long, in business time, banks have said nothing more before persons ask them about what is open.
const personsAfter = 3 * 24 * time.Hour

// bankAnswers is how long a bank may take to answer a question.
const bankAnswers = time.Minute

// callPersons does what persons at the exception desk do when banks have nothing left to say: they have each bank say once more what
// nobody could use, settle the files in which it stood, and ask it about every order of which it has contradicted itself. It reports
// whether there was anything to do.
func (p *play) callPersons(ctx context.Context) (bool, error) {
	if err := p.showOpen(ctx); err != nil {
		return false, err
	}
	doubts, err := p.gateway.Desk().Doubts(ctx)
	if err != nil {
		return false, err
	}
	if acted, err := p.haveSaidAgain(ctx, doubts); acted || err != nil {
		return acted, err
	}
	return p.settleDisputes(ctx)
}

// showOpen tells once which exceptions wait for persons.
func (p *play) showOpen(ctx context.Context) error {
	if p.shown {
		return nil
	}
	var kinds []string
	err := p.gateway.Database().Pool().SelectContext(ctx, &kinds, `SELECT count(*) || ' ' || kind FROM exception WHERE closed_at IS NULL GROUP BY kind ORDER BY kind`)
	if err != nil {
		return fmt.Errorf("open exceptions: %w", err)
	}
	p.shown = true
	if len(kinds) > 0 {
		_, _ = fmt.Fprintf(p.tell.Err, "\nthe banks have nothing left to say, and persons must act: %s\n", strings.Join(kinds, ", "))
	}
	return nil
}

// haveSaidAgain asks the banks of the files in doubt to say it once more; the files are settled when that has been heard.
func (p *play) haveSaidAgain(ctx context.Context, doubts []act.Doubt) (bool, error) {
	ask, settle := map[string][]int64{}, map[string][]int64{}
	for _, d := range doubts {
		to := ask
		if p.repeated[d.File] {
			to = settle
		}
		if !slices.Contains(to[d.Bank], d.File) {
			to[d.Bank] = append(to[d.Bank], d.File)
		}
	}
	for _, centre := range slices.Sorted(maps.Keys(ask)) {
		within, cancel := context.WithTimeout(ctx, bankAnswers)
		err := bank.AskAgain(within, p.dir, centre)
		cancel()
		if err != nil {
			return false, err
		}
		_, _ = fmt.Fprintf(p.tell.Err, "\noperator: %s is asked to say again what nobody could use in %d files\n", centre, len(ask[centre]))
		for _, f := range ask[centre] {
			p.repeated[f] = true
		}
	}
	if len(ask) > 0 {
		return true, nil
	}
	for _, centre := range slices.Sorted(maps.Keys(settle)) {
		_, _ = fmt.Fprintf(p.tell.Err, "\noperator: %s: %d files say nothing that was not said again\n", centre, len(settle[centre]))
		if err := p.decide(ctx, act.KindNoneOfOurs, "the bank has said again what it had to say", settle[centre]...); err != nil {
			return false, err
		}
	}
	return len(settle) > 0, nil
}

// disputedOrder is an order about which its bank contradicts itself.
type disputedOrder struct {
	Payment   int64  `db:"payment_id"`
	Bank      string `db:"bank"`
	Reference string `db:"reference"` // RFF+CR
}

// settleDisputes asks the banks what has truly become of disputed orders, and records it.
func (p *play) settleDisputes(ctx context.Context) (bool, error) {
	var orders []disputedOrder
	err := p.gateway.Database().Pool().SelectContext(ctx, &orders, `SELECT o.payment_id, i.bank, r.head || p.e2e AS reference
		FROM payment p JOIN release_group g ON g.id = p.group_id LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
		JOIN bank_order o ON o.month = coalesce(s.order_month, g.order_month) AND o.payment_id = p.id AND o.attempt = greatest(coalesce(s.attempt, 1), 1)
		JOIN order_line l USING (interchange_id, message_no, lin) JOIN interchange i ON i.id = o.interchange_id
		JOIN bank_reference r ON r.delivery_id = delivery_of(p.id) AND r.attempt = o.attempt
		WHERE position_of(s.kind, g.state, o.type, l.state, i.state) = 'disputed' ORDER BY p.id LIMIT 500`)
	if err != nil {
		return false, fmt.Errorf("disputes: %w", err)
	}
	became := map[bank.Outcome][]int64{}
	for _, o := range orders {
		within, cancel := context.WithTimeout(ctx, bankAnswers)
		truth, err := bank.Ask(within, p.dir, o.Bank, o.Reference)
		cancel()
		if err != nil {
			return false, err
		}
		became[truth] = append(became[truth], o.Payment)
	}
	for truth, kind := range map[bank.Outcome]string{bank.Executed: act.KindPaymentExecuted, bank.Rejected: act.KindPaymentRejected} {
		if len(became[truth]) == 0 {
			continue
		}
		_, _ = fmt.Fprintf(p.tell.Err, "\noperator: the banks say of %d disputed orders: %s\n", len(became[truth]), truth)
		if err := p.decide(ctx, kind, "the bank says so to who asked", became[truth]...); err != nil {
			return false, err
		}
	}
	p.marker.Asked += int64(len(orders))
	return len(orders) > 0, p.save()
}
