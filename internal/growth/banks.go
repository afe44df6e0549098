package growth

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/bankfile"
	"nks/register"
)

const (
	ownName = "NKSTEST"
	ownGLN  = "5798000016446"
)

// known are booking centres whose profiles never change.
type known gateway.BankCentres

// Known implements postgres.Centres.
func (k known) Known(context.Context, register.Queryer) (gateway.BankCentres, error) {
	return gateway.BankCentres(k), nil
}

// centreGLNs are the booking centres, each with its number.
func centreGLNs() map[string]string {
	return map[string]string{"BEC": "5790000000012", "SDC": "5790000000029"}
}

// centres take orders over by CONTRL, and by BANSTA for each line.
func centres() (known, error) {
	var list known
	for _, c := range []struct {
		id     string
		accept gateway.Acceptance
	}{{"BEC", gateway.AcceptedByContrl}, {"SDC", gateway.AcceptedByLine}} {
		codec, err := bankfile.New(bankfile.Profile{OwnGLN: ownGLN, BankGLN: centreGLNs()[c.id], Charset: "UNOC", Wrap: "crlf", UNA: true, Test: true,
			Rejected: []string{"2"}, Information: []string{"3"}, Accepted: []string{"1"}, Executed: []string{"4"}})
		if err != nil {
			return nil, err
		}
		list = append(list, gateway.BankCentre{ID: c.id, Codec: codec, Acceptance: c.accept, SendBy: 8*time.Hour + 30*time.Minute, LeadDays: 1,
			Files:              gateway.FileNames{Final: "NKS{ref}.edi", Temp: ".NKS{ref}.edi.{attempt}.tmp"},
			AcceptanceDeadline: 48 * time.Hour, ContrlDeadline: time.Hour})
	}
	return list, nil
}

// mailbox is a bank's that takes everything and forgets it.
type mailbox struct{ gateway.BankLink }

func (mailbox) List(context.Context) ([]gateway.RemoteFile, error) { return nil, nil }

func (mailbox) Put(ctx context.Context, f gateway.Outgoing, content io.Reader, beforeRename func(context.Context) error) error {
	n, err := io.Copy(io.Discard, content)
	if err == nil && n != f.Size {
		err = fmt.Errorf("%s has %d bytes, not %d", f.FinalName, n, f.Size)
	}
	if err == nil {
		err = beforeRename(ctx)
	}
	return err
}

// sentLine is a line that a bank has got.
type sentLine struct {
	Bank       string `db:"bank"`
	ControlRef int64  `db:"control_ref"`
	Agreement  string `db:"agreement"`
	Message    string `db:"ref"`
	Lin        int    `db:"lin"`
	Payments   int    `db:"payments"`
}

// refusedEvery is how few of the orders a bank rejects: one of so many in each line.
const refusedEvery = 90

// answer is a bank's file about the lines of one interchange: it has come and, but for those that stay open, all is
// executed, and some orders are rejected.
func answer(at time.Time, lines []sentLine) string {
	first := lines[0]
	messages := []string{fmt.Sprintf("CONTRL:D:3:UN'UCI+%014d+%s:14+%s:14+7'", first.ControlRef, ownGLN, centreGLNs()[first.Bank])}
	if first.Agreement != openAgreement {
		for _, l := range lines {
			var b strings.Builder
			_, _ = fmt.Fprintf(&b, "BANSTA:D:96A:UN'BGM+XZ8+%s+9'DTM+137:%s:102'RFF+ACW:%s'", l.Message, at.Format("20060102"), l.Message)
			for seq := refusedEvery; seq <= l.Payments; seq += refusedEvery {
				_, _ = fmt.Fprintf(&b, "LIN+%d'SEQ++%d'GIS+2'FTX+AAO+++K0530:Konto lukket'", l.Lin, seq)
			}
			_, _ = fmt.Fprintf(&b, "LIN+%d'SEQ'GIS+4'", l.Lin)
			messages = append(messages, b.String())
		}
	}
	ref := fmt.Sprint("F", first.ControlRef)
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "UNA:+,? '\r\nUNB+UNOC:3+%s:14+%s:14+%s+%s++++1++1'", centreGLNs()[first.Bank], ownGLN, at.Format("060102:1504"), ref)
	for i, m := range messages {
		_, _ = fmt.Fprintf(&b, "UNH+%d+%sUNT+%d+%d'", i+1, m, strings.Count(m, "'")+1, i+1)
	}
	_, _ = fmt.Fprintf(&b, "UNZ+%d+%s'", len(messages), ref)
	return b.String()
}
