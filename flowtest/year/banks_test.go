package year_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/bankfile"
	"nks/register"
	"nks/sim/bank"
	"nks/sim/country"
)

const ownGLN = "5798000016446"

func centres() []string { return []string{"BEC", "SDC", "BANKDATA"} }

// fixed are booking centres whose profiles never change.
type fixed gateway.BankCentres

// Known implements postgres.Centres.
func (f fixed) Known(context.Context, register.Queryer) (gateway.BankCentres, error) {
	return gateway.BankCentres(f), nil
}

// bankCentres is the gateway's view of the three banks, as the demonstration's configuration has it.
func bankCentres() (fixed, error) {
	wire := bankfile.Profile{OwnGLN: ownGLN, Charset: "UNOC", Wrap: "none", UNA: true, Test: true, Cheques: true, Rejected: []string{"2"}, Executed: []string{"4"}}
	centre := gateway.BankCentre{SendBy: 8*time.Hour + 30*time.Minute, LeadDays: 1, Cheques: true, ContrlDeadline: 30 * time.Minute, StatusDeadline: 24 * time.Hour,
		Files: gateway.FileNames{Final: "NKS{ref}.edi", Temp: ".NKS{ref}.edi.{attempt}.tmp"}}
	views := map[string]func(*bankfile.Profile, *gateway.BankCentre){
		"BEC": func(p *bankfile.Profile, c *gateway.BankCentre) {
			p.Information, c.Acceptance, c.AcceptanceDeadline = []string{"3"}, gateway.AcceptedBySilence, 10*time.Minute
		},
		"SDC": func(p *bankfile.Profile, c *gateway.BankCentre) {
			p.Wrap, p.UNA, p.Accepted, c.Acceptance, c.AcceptanceDeadline = "crlf", false, []string{"3"}, gateway.AcceptedByLine, 2*time.Hour
		},
		"BANKDATA": func(p *bankfile.Profile, c *gateway.BankCentre) {
			p.Accepted, p.Executed, c.Acceptance, c.AcceptanceDeadline = []string{"1"}, []string{"53"}, gateway.AcceptedByLine, 4*time.Hour
			c.ReceiptIsFinal = true
		},
	}
	var all fixed
	for _, id := range centres() {
		p, c := wire, centre
		views[id](&p, &c)
		p.BankGLN, c.ID = bank.DefaultProfiles()[id].GLN, id
		codec, err := bankfile.New(p)
		if err != nil {
			return nil, err
		}
		c.Codec = codec
		all = append(all, c)
	}
	return all, nil
}

// perMille is how often things go wrong in a year that is as years are; a run may have them happen more often.
func (s settings) perMille(rate int) int { return min(1000, rate*max(1, s.Often)) }

// writeBanks writes the banks' own profiles.
func (s settings) writeBanks() error {
	for i, id := range centres() {
		p := bank.WithReports(bank.DefaultProfiles()[id])
		p.Test, p.Seed = true, s.Seed*10+uint64(i)
		p.RejectPerMille, p.LateRejectPerMille = s.perMille(8), s.perMille(2)
		p.Misbehaves = bank.Misbehaviour{Slow: s.perMille(20), SlowBy: "10m", Late: s.perMille(20), LateBy: "2h", Twice: s.perMille(20), OutOfOrder: s.perMille(20)}
		p.Reports.ReturnAccounts = returnAccounts()
		p.Reports.Returns = bank.Returns{PerMille: s.perMille(8), Within: 5, Part: 100, Fee: 150, Merged: 500}
		p.Reports.Misbehaves = bank.ReportFaults{Twice: s.perMille(10), Reordered: s.perMille(10), Late: s.perMille(10), Early: s.perMille(5)}
		p.Faults = bank.Faults{Seed: s.Seed, Interchanges: s.perMille(6), Orders: 250, Corrects: 500, CorrectsAfter: 2,
			Kinds: []bank.Fault{bank.FaultLate, bank.FaultTwice, bank.FaultReversed, bank.FaultRejectAfterExecuted, bank.FaultExecutedAfterReject, bank.FaultOtherAmount}}
		if err := bank.WriteProfile(s.Dir, id, p); err != nil {
			return err
		}
	}
	return nil
}

// returnAccounts is where money comes back to, as banks write accounts.
func returnAccounts() map[string]string {
	written := func(account string) string { return account[:4] + "/" + account[4:] }
	to := map[string]string{}
	for from, account := range country.ReturnAccounts() {
		to[written(from)] = written(account)
	}
	return to
}

// exchange sends to a bank and fetches from it all that there is, and gives the bank its turn.
func (r *run) exchange(ctx context.Context, centre string) (worked bool, err error) {
	d := &gateway.Dispatcher{Bank: centre, Fence: r.leases[centre].Fence, Link: folder(bank.FoldersOf(r.Dir, centre).Root), Outbox: r.Bank, Now: r.now, Failpoint: func(string) {}}
	for _, f := range []func(context.Context) (bool, error){d.SendNext, d.FetchNew} {
		did, err := f(ctx)
		if err != nil {
			return false, err
		}
		worked = worked || did
	}
	return worked, r.desks[centre].Turn()
}

// folder is a bank's mailbox, by its folder.
type folder string

func (f folder) in(name string) string  { return filepath.Join(string(f), "in", name) }
func (f folder) out(name string) string { return filepath.Join(string(f), "out", name) }

// Put implements gateway.BankLink.
func (f folder) Put(ctx context.Context, o gateway.Outgoing, content io.Reader, beforeRename func(context.Context) error) error {
	if _, err := os.Stat(f.in(o.FinalName)); err == nil {
		return gateway.ErrConflict
	}
	temp, err := os.Create(f.in(o.TempName))
	if err != nil {
		return errors.Join(gateway.ErrNotSent, err)
	}
	_, err = io.Copy(temp, content)
	if err = errors.Join(err, temp.Close()); err == nil {
		err = beforeRename(ctx)
	}
	if err != nil {
		return errors.Join(gateway.ErrNotSent, err)
	}
	return os.Rename(temp.Name(), f.in(o.FinalName))
}

// Look implements gateway.BankLink.
func (f folder) Look(_ context.Context, o gateway.Outgoing) (gateway.Sighting, error) {
	if info, err := os.Stat(f.in(o.FinalName)); err == nil && info.Size() == o.Size {
		return gateway.Present, nil
	}
	return gateway.Absent, nil
}

// List implements gateway.BankLink.
func (f folder) List(context.Context) ([]gateway.RemoteFile, error) {
	entries, err := os.ReadDir(f.out(""))
	if err != nil {
		return nil, err
	}
	var all []gateway.RemoteFile
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(e.Name(), ".") {
			all = append(all, gateway.RemoteFile{Name: e.Name(), Size: info.Size(), Modified: info.ModTime()})
		}
	}
	return all, nil
}

// Fetch implements gateway.BankLink.
func (f folder) Fetch(_ context.Context, file gateway.RemoteFile, to io.Writer) error {
	all, err := os.ReadFile(f.out(file.Name))
	if err == nil {
		_, err = to.Write(all)
	}
	return err
}

// Remove implements gateway.BankLink.
func (f folder) Remove(_ context.Context, name string) error { return os.Remove(f.out(name)) }
