package growth

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"nks/bankday"
	"nks/gateway"
	"nks/gateway/door"
	"nks/internal/app"
)

// bankingDays are those of a month, each at its beginning, from its second on.
func (w *World) bankingDays(cal bankday.Calendar, m gateway.Month) []time.Time {
	begins := m.Begins(w.Base.Location)
	day := cal.Next(bankday.Date{Year: begins.Year(), Month: begins.Month(), Day: 1})
	var days []time.Time
	for {
		at := cal.At(day, 0, 0)
		if gateway.MonthOf(at.In(w.Base.Location)) != m {
			return days
		}
		days = append(days, at)
		day = cal.Next(day)
	}
}

// Prepare makes what a history begins with: the register, and a first month that the flow itself carries out.
func (w *World) Prepare(ctx context.Context) error {
	if err := w.size.Validate(); err != nil {
		return err
	}
	if err := w.fillRegister(ctx); err != nil {
		return fmt.Errorf("register: %w", err)
	}
	if err := w.Steps.Prepare(ctx); err != nil {
		return err
	}
	if _, err := w.Image.Follow(ctx); err != nil {
		return err
	}
	cal, err := bankday.New()
	if err != nil {
		return err
	}
	days := w.bankingDays(cal, month(0))[:historyDays]
	for i, day := range days {
		var list []bundle
		for n := i; n < w.size.Bundles; n += len(days) {
			list = append(list, w.bundle(payers()[n%len(payers())], fmt.Sprint("B", n+1), w.size.bundle(), cal, day))
		}
		if i == 0 {
			list = append(list, w.bundle(openPayer(), "OPEN", w.size.open(), cal, day))
		}
		if err := w.carryOut(ctx, day, list); err != nil {
			return fmt.Errorf("day %d: %w", i+1, err)
		}
		if i == 0 {
			// What follows is planned for tables that are not empty.
			if err := w.analyze(ctx); err != nil {
				return err
			}
		}
	}
	return all(ctx, "sign the log", w.Sequence.Next)
}

// historyDays are the banking days of a month that have bundles; later ones are for measuring.
const historyDays = 10

func (w *World) bundle(p payer, id string, payments int, cal bankday.Calendar, day time.Time) bundle {
	today := day.In(w.Base.Location)
	executes := cal.Next(bankday.Date{Year: today.Year(), Month: today.Month(), Day: today.Day()})
	return bundle{payer: p, id: id, payments: payments, holders: w.size.holders(), made: day.Add(4 * time.Hour), executes: executes.String()}
}

// carryOut takes bundles to the banks and back, until their suppliers have fetched the answers.
func (w *World) carryOut(ctx context.Context, day time.Time, list []bundle) error {
	w.at(day.Add(4*time.Hour + 30*time.Minute))
	for _, b := range list {
		if err := take(ctx, w.Steps, b); err != nil {
			return err
		}
	}
	if err := all(ctx, "read", w.Receive.NextToRead); err != nil {
		return err
	}
	if err := all(ctx, "check", w.Check.Next); err != nil {
		return err
	}
	w.at(day.Add(6 * time.Hour))
	if err := all(ctx, "release", w.Release.Next); err != nil {
		return err
	}
	if err := w.send(ctx, w.Steps); err != nil {
		return err
	}
	w.at(day.Add(7 * time.Hour))
	files, err := w.answers(ctx)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := f.store(ctx, w.Steps); err != nil {
			return err
		}
	}
	for bank := range centreGLNs() {
		if err := all(ctx, "hear "+bank, func(ctx context.Context) (bool, error) { return w.Bank.NextToHear(ctx, bank) }); err != nil {
			return err
		}
	}
	w.at(day.Add(8 * time.Hour))
	if err := all(ctx, "settle", w.Settle.Next); err != nil {
		return err
	}
	if err := all(ctx, "answer", w.Answer.Next); err != nil {
		return err
	}
	return w.collect(ctx, w.Steps)
}

func take(ctx context.Context, steps *app.Steps, b bundle) error {
	err := steps.Receive.Take(ctx, door.Arrival{Door: door.Mailbox, Party: b.payer.supplier, Key: b.key(), Size: door.Unsized,
		Content: strings.NewReader(b.xml())})
	if err != nil {
		return fmt.Errorf("take %s: %w", b.id, err)
	}
	return nil
}

// send renders what is frozen and puts it into the banks' mailboxes.
func (w *World) send(ctx context.Context, steps *app.Steps) error {
	for bank := range centreGLNs() {
		if err := all(ctx, "render "+bank, func(ctx context.Context) (bool, error) { return steps.Release.NextToRender(ctx, bank) }); err != nil {
			return err
		}
		lease, err := steps.Bank.Lease(ctx, bank)
		if err != nil {
			return err
		}
		d := &gateway.Dispatcher{Bank: bank, Fence: lease.Fence, Link: mailbox{}, Outbox: steps.Bank, Now: w.time, Failpoint: func(string) {}}
		err = all(ctx, "send to "+bank, d.SendNext)
		lease.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// laid is a file of a bank.
type laid struct{ bank, name, content string }

func (f laid) store(ctx context.Context, steps *app.Steps) error {
	return steps.Bank.StoreBankFile(ctx, f.bank, f.name, func(to io.Writer) error {
		_, err := io.WriteString(to, f.content)
		return err
	})
}

// answers are the banks' files about what was sent and not answered yet.
func (w *World) answers(ctx context.Context) ([]laid, error) {
	var lines []sentLine
	err := w.flow.SelectContext(ctx, &lines, `SELECT i.bank, i.control_ref, i.agreement, m.ref, l.lin, l.payments FROM interchange i
		JOIN message m ON m.interchange_id = i.id JOIN order_line l ON l.interchange_id = m.interchange_id AND l.message_no = m.no
		WHERE i.state = 'sent' AND i.contrl = 'none' AND i.kind = 'PAYMUL' ORDER BY i.bank, i.control_ref, m.no, l.lin`)
	if err != nil {
		return nil, err
	}
	var files []laid
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && lines[n].Bank == lines[0].Bank && lines[n].ControlRef == lines[0].ControlRef {
			n++
		}
		files = append(files, laid{lines[0].Bank, fmt.Sprint(lines[0].ControlRef, ".edi"), answer(w.time().In(w.Base.Location), lines[:n])})
		lines = lines[n:]
	}
	return files, nil
}

// collect has the suppliers take what lies ready for them.
func (w *World) collect(ctx context.Context, steps *app.Steps) error {
	for _, p := range payers() {
		ready, err := steps.Answer.Ready(ctx, p.supplier)
		if err != nil {
			return err
		}
		for _, f := range ready {
			if err := steps.Answer.Collect(ctx, p.supplier, f.Name); err != nil {
				return err
			}
		}
	}
	return nil
}
