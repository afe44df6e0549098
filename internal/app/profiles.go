package app

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/bankfile"
	"nks/register"
)

// profiles reads the booking centres' profiles from the database. What a version says never changes, and is read once; our key in its
// file may come, go and be put back, and is read again then; which versions count is asked each time. Safe for concurrent use.
type profiles struct {
	config conf.Config

	mu   sync.Mutex
	read map[int64]profile
}

// profile is what a version says.
type profile struct {
	text   []byte
	bank   conf.Bank
	centre gateway.BankCentre
	key    os.FileInfo // of our key's file when it was read; nil: there was none
}

func newProfiles(c conf.Config) *profiles { return &profiles{config: c, read: map[int64]profile{}} }

// Known implements postgres.Centres.
func (p *profiles) Known(ctx context.Context, q register.Queryer) (gateway.BankCentres, error) {
	versions, err := register.Profiles(ctx, q)
	if err != nil {
		return nil, err
	}
	all := make(gateway.BankCentres, len(versions))
	for i, v := range versions {
		says, err := p.version(ctx, q, v.Version)
		if err != nil {
			return nil, fmt.Errorf("bank %s: %w", v.Bank, err)
		}
		all[i] = says.centre
		all[i].Version, all[i].From, all[i].To, all[i].Closed = v.Version, v.From, v.To, v.Closed
	}
	return all, nil
}

func (p *profiles) version(ctx context.Context, q register.Queryer, version int64) (says profile, err error) {
	p.mu.Lock()
	says, known := p.read[version]
	p.mu.Unlock()
	key := keyFile(says.bank)
	if known && sameFile(key, says.key) {
		return says, nil
	}
	if !known {
		if says.text, err = register.ProfileText(ctx, q, version); err != nil {
			return says, err
		}
		if says.bank, err = p.config.ParseProfile(says.text); err != nil {
			return says, err
		}
		key = keyFile(says.bank)
	}
	says.key = key
	if says.centre, err = bankCentre(p.config, says.bank); err != nil {
		return says, err
	}
	p.mu.Lock()
	p.read[version] = says
	p.mu.Unlock()
	return says, nil
}

// keyFile tells of the file of the key that signs what goes to a bank; nil: there is none.
func keyFile(b conf.Bank) os.FileInfo {
	if b.AutackSign == "" {
		return nil
	}
	info, err := os.Stat(b.AutackSign)
	if err != nil {
		return nil
	}
	return info
}

// sameFile reports whether nobody has put another file in a file's place.
func sameFile(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

func bankCentre(c conf.Config, b conf.Bank) (gateway.BankCentre, error) {
	wire, err := BankProfile(c, b)
	if err != nil {
		return gateway.BankCentre{}, err
	}
	codec, err := bankfile.New(wire)
	if err != nil {
		return gateway.BankCentre{}, err
	}
	bank := gateway.BankCentre{ID: b.ID, Codec: codec, Acceptance: gateway.Acceptance(b.Acceptance), ReceiptIsFinal: b.ContrlFinal == 8,
		SendBy: b.SendBy.SinceMidnight(), Files: gateway.FileNames{Final: b.FileName, Temp: b.TempName}, LeadDays: b.LeadDays,
		Cheques: b.Cheque, DebitText: b.DebitText, AcceptanceDeadline: b.AcceptanceDeadline.Duration, ContrlDeadline: b.ContrlDeadline.Duration,
		DebitDeadline: b.DebitDeadline.Duration}
	bank.Salaries = salaries(b)
	switch b.Executed {
	case conf.ExecutedBySilence:
		bank.ExecutedDeadline = b.ExecutedDeadline.Duration
	case conf.ExecutedByBansta:
		bank.StatusDeadline = b.ExecutedDeadline.Duration
	}
	return bank, nil
}

// salaries are the cut-offs that a bank has for salaries and pensions; nil: none of their own.
func salaries(b conf.Bank) *gateway.KindCutOffs {
	if b.SalaryReceiveBy == "" && b.SalarySendBy == "" && b.SalaryLeadDays < 0 {
		return nil
	}
	c := gateway.KindCutOffs{ReceiveBy: b.SalaryReceiveBy.Or(-1), SendBy: b.SalarySendBy.Or(b.SendBy.SinceMidnight()), LeadDays: b.SalaryLeadDays}
	if c.LeadDays < 0 {
		c.LeadDays = b.LeadDays
	}
	return &c
}

// BeginProfiles gives a database without profiles of booking centres those of the configuration.
func BeginProfiles(ctx context.Context, c conf.Config, db *Database, now func() time.Time) error {
	known, err := register.Profiles(ctx, db.pool)
	if err != nil || len(known) > 0 || len(c.Banks) == 0 {
		return err
	}
	change, err := profileChange(c, c.Banks)
	if err != nil {
		return ConfigError{err}
	}
	change.Now = now
	_, err = register.ChangeProfiles(ctx, db.pool, change)
	return err
}

func profileChange(c conf.Config, banks []conf.Bank) (change register.ProfileChange, err error) {
	for _, b := range banks {
		text, err := c.Profile(b)
		if err != nil {
			return change, err
		}
		if _, err := bankCentre(c, b); err != nil {
			return change, fmt.Errorf("bank %s: %w", b.ID, err)
		}
		change.Banks, change.Profiles = append(change.Banks, b.ID), append(change.Profiles, text)
	}
	return change, nil
}

// KnownBanks is the last known profile of every booking centre that has not ended for good.
func KnownBanks(ctx context.Context, c conf.Config, db *Database) ([]conf.Bank, error) {
	p := newProfiles(c)
	versions, err := register.Profiles(ctx, db.pool)
	if err != nil {
		return nil, err
	}
	var banks []conf.Bank
	for _, v := range versions {
		if v.Closed || !v.To.IsZero() {
			continue
		}
		says, err := p.version(ctx, db.pool, v.Version)
		if err != nil {
			return nil, fmt.Errorf("bank %s: %w", v.Bank, err)
		}
		banks = append(banks, says.bank)
	}
	return banks, nil
}

// LoadProfiles changes booking centres' profiles by a file, from a day on, or at once when that is zero. It tells how many it changed.
func LoadProfiles(ctx context.Context, c conf.Config, db *Database, path, name string, from gateway.Date, now func() time.Time) (int64, error) {
	known, err := KnownBanks(ctx, c, db)
	if err != nil {
		return 0, err
	}
	given, err := c.LoadProfiles(path, known)
	if err != nil {
		return 0, ConfigError{err}
	}
	change, err := profileChange(c, given.Banks)
	if err != nil {
		return 0, ConfigError{err}
	}
	change.End, change.File, change.From, change.Now = given.End, name, from, now
	return register.ChangeProfiles(ctx, db.pool, change)
}

// same reports whether two versions say the same.
func (p profile) same(o profile) bool { return bytes.Equal(p.text, o.text) }
