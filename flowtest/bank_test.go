package flowtest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/bankfile"
	"nks/reconciliation"
)

const (
	bkdGLN = "5790000000036"
	nemGLN = "5790000000043"
)

// bkd speaks of single orders, and each time for their whole message; what it does not refuse is executed by silence.
func bkd(t *testing.T) gateway.BankCentre {
	b := bank(t, "BKD", bkdGLN, gateway.AcceptedByMessage)
	b.ExecutedDeadline = 24 * 3600e9
	return b
}

// nem sends a receipt and nothing else.
func nem(t *testing.T) gateway.BankCentre {
	b := bank(t, "NEM", nemGLN, gateway.AcceptedBySilence)
	b.ReceiptIsFinal = true
	return b
}

func gln(bank string) string {
	return map[string]string{"BEC": becGLN, "SDC": sdcGLN, "BKD": bkdGLN, "NEM": nemGLN}[bank]
}

// latin writes a text as banks do, in ISO 8859-1.
func latin(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteByte(byte(r))
	}
	return b.String()
}

// file is an interchange of a bank: each message as its type and its segments.
func file(bank, ref string, messages ...string) string {
	return prepared("050811:0700", bank, ref, messages...)
}

// prepared is a file of a bank that was prepared at a time, yymmdd:hhmm.
func prepared(at, bank, ref string, messages ...string) string {
	b := fmt.Sprintf("UNA:+,? '\r\nUNB+UNOC:3+%s:14+%s:14+%s+%s++++1++1'", gln(bank), ownGLN, at, ref)
	for i, m := range messages {
		b += fmt.Sprintf("UNH+%d+%sUNT+%d+%d'", i+1, m, strings.Count(strings.ReplaceAll(m, "?'", ""), "'")+1, i+1)
	}
	return latin(b + fmt.Sprintf("UNZ+%d+%s'", len(messages), ref))
}

// contrl speaks of an interchange: 7, 8, 4 or 4+29, and of messages as UCM segments.
func contrl(bank string, ref int64, action string, more ...string) string {
	return fmt.Sprintf("CONTRL:D:3:UN'UCI+%014d+%s:14+%s:14+%s'", ref, ownGLN, gln(bank), action) + strings.Join(more, "")
}

func ucm(message, action string) string {
	return fmt.Sprintf("UCM+%s+PAYMUL:D:96A:UN+%s'", message, action)
}

// bansta speaks of orders in one of our messages, "" for none.
func bansta(message string, statuses ...string) string {
	s := "BANSTA:D:96A:UN'BGM+XZ8+B1+9'DTM+137:20050811:102'"
	if message != "" {
		s += "RFF+ACW:" + message + "'"
	}
	return s + strings.Join(statuses, "")
}

// word speaks of one order by its place, line of a whole LIN, named of an order by its reference.
func status(lin, seq int, gis, text string) string {
	return fmt.Sprintf("LIN+%d'SEQ++%d'GIS+%s'%s", lin, seq, gis, reason(text))
}

func line(lin int, gis, text string) string {
	return fmt.Sprintf("LIN+%d'SEQ'GIS+%s'%s", lin, gis, reason(text))
}

func named(lin int, reference, gis, text string) string {
	return fmt.Sprintf("LIN+%d'RFF+CR:%s'SEQ++1'GIS+%s'%s", lin, reference, gis, reason(text))
}

func reason(text string) string {
	if text == "" {
		return ""
	}
	return "FTX+AAO+++K0530:" + text + "'"
}

// lay stores a file of the bank as the fetch does.
func (w *world) lay(bank, name, content string) {
	w.t.Helper()
	err := w.Bank.StoreBankFile(w.t.Context(), bank, name, func(to io.Writer) error {
		_, err := io.Copy(to, bytes.NewReader([]byte(content)))
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// says lays messages in one file with a number and a name of its own, and lets the flow hear it.
func (w *world) says(bank string, messages ...string) {
	w.t.Helper()
	w.files++
	w.lay(bank, fmt.Sprintf("%d.edi", w.files), file(bank, fmt.Sprintf("F%d", w.files), messages...))
	w.hear(bank)
}

func (w *world) hear(bank string) {
	w.t.Helper()
	for {
		worked, err := w.Bank.NextToHear(w.t.Context(), bank)
		if err != nil {
			w.t.Fatalf("hear %s: %v", bank, err)
		}
		if !worked {
			break
		}
	}
	w.all("acknowledge "+bank, func(ctx context.Context) (bool, error) { return w.Bank.NextToAcknowledge(ctx, bank) })
}

// book is where every payment is, to see what changes.
type book map[gateway.PaymentState][2]int64

func (w *world) book() book {
	w.t.Helper()
	entries, err := reconciliation.Ledger(w.t.Context(), w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	b := book{}
	for _, e := range entries {
		b[e.State] = [2]int64{b[e.State][0] + e.Payments, b[e.State][1] + e.Ore}
	}
	return b
}

// since is what was added to an earlier book.
func (b book) since(before book) string {
	var parts []string
	for _, s := range gateway.PaymentStates() {
		if n, ore := b[s][0]-before[s][0], b[s][1]-before[s][1]; n != 0 || ore != 0 {
			parts = append(parts, fmt.Sprintf("%s %d = %d", s, n, ore))
		}
	}
	return strings.Join(parts, ", ")
}

// held is the lease on a bank's connection, until the test ends.
func (w *world) held(bank string) gateway.Lease {
	w.t.Helper()
	l, err := w.Bank.Lease(w.t.Context(), bank)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(l.Release)
	return l
}

// publishing brings the bank's next interchange to the moment before its rename.
func (w *world) publishing(bank string, fence int64) gateway.Outgoing {
	w.t.Helper()
	w.render()
	o, err := w.Bank.NextOutgoing(w.t.Context(), bank)
	if err == nil {
		o, err = w.Bank.MarkSending(w.t.Context(), o.ID, fence)
	}
	if err == nil {
		err = w.Bank.MarkPublishing(w.t.Context(), o, fence)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

var _ gateway.BankCodec = (*bankfile.Codec)(nil)
