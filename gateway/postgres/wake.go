package postgres

import (
	"context"
	"fmt"

	"nks/register"
)

// Work is a step of the flow that there is something to do for, as its worker is named.
type Work string

// Work of the whole flow.
const (
	ToRead    Work = "read"
	ToCheck   Work = "check"
	ToRelease Work = "release"
	ToAnswer  Work = "answer"
	// ToSettle is money that has nowhere to go, and a change of the register, by which an account for it may have arrived.
	ToSettle Work = register.Settled
	// ToEffect is a change of the register, or an interchange that was frozen meanwhile: its orders may go to accounts that have changed.
	ToEffect Work = register.Effected
	// ToForget is a notice that closes itself; nobody says so, it waits for time alone.
	ToForget Work = "notices"
	// ToSweep is what uploads have left behind; it waits for time alone.
	ToSweep Work = "uploads"
	// ToInquire is an inquiry that is open for too long; it waits for time alone.
	ToInquire Work = "inquiries"
	// ToReport is a report that is due; it waits for time alone.
	ToReport Work = "reports"
	// ToClose is a month that is due to be closed; it waits for time alone.
	ToClose Work = "months"
	// ToBook is a day that has ended and is to be booked, or one to be certified; it waits for time alone.
	ToBook Work = "books"
	// ToDrop is what has been kept long enough; it waits for time alone.
	ToDrop Work = "retention"
	// ToFollow is a change of the register; who changes it says so.
	ToFollow Work = register.Changed
	// ToServe is a change of booking centres' profiles; who changes them says so.
	ToServe Work = register.Served
	// ToSequence is an entry of the log; the database's function audit_commit says so.
	ToSequence Work = "sequence"
	// ToWrite is an application for an account that waits for its holder's activation, and needs a letter.
	ToWrite Work = "letters"
	// ToEnd is an account to which nothing was paid for years; it waits for time alone.
	ToEnd Work = "dormant"
	// ToPost is a letter for the print provider.
	ToPost Work = "post"
	// ToShorten is what the journal has kept long enough; it waits for time alone.
	ToShorten Work = "journal"
	// ToCompare is to hold the database against the journals anew.
	ToCompare Work = "compare"
)

// ToRender is a frozen interchange of a bank.
func ToRender(bank string) Work { return Work("render " + bank) }

// ToSend is a rendered interchange for the owner of the connection to a bank.
func ToSend(bank string) Work { return Work("send " + bank) }

// ToHear is a stored file of a bank.
func ToHear(bank string) Work { return Work("hear " + bank) }

// ToAcknowledge is a CONTRL that a bank is owed.
func ToAcknowledge(bank string) Work { return Work("acknowledge " + bank) }

// ToRecall is an order that a bank is asked for.
func ToRecall(bank string) Work { return Work("recall " + bank) }

// ToAwait is what a bank's silence will decide, or raise an exception about.
func ToAwait(bank string) Work { return Work("deadlines " + bank) }

// ToQueue is an answer for the queue of a data supplier.
func ToQueue(supplier string) Work { return Work("queue " + supplier) }

// channel is where processes tell each other of work.
const channel = register.Channel

// Wakes says that the transaction makes work. Whoever listens on the database, in this process or another, hears of it once
// it is committed, and never when it is not.
func (x *Session) Wakes(all ...Work) {
	for _, w := range all {
		x.made[w] = true
	}
}

// tellWork sends what Wakes has gathered, as the transaction's last statement.
func (x *Session) tellWork(ctx context.Context) error {
	if len(x.made) == 0 {
		return nil
	}
	all := make([]string, 0, len(x.made))
	for w := range x.made {
		all = append(all, string(w))
	}
	if _, err := x.ExecContext(ctx, `SELECT pg_notify('`+channel+`', w) FROM unnest($1::text[]) w`, all); err != nil {
		return fmt.Errorf("tell of work: %w", err)
	}
	return nil
}
