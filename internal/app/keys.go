package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/audit"
	"nks/conf"
	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/keys"
	"nks/health"
	"nks/register"
	"nks/sftp"
)

// Inventory is what keys and certificates a gateway uses: what its configuration and the reference data name, by what uses them. Each source
// tells of its own.
type Inventory struct {
	config  conf.Config
	db      *Database
	now     func() time.Time
	hash    *postgres.HashKey
	store   *keys.Store
	sources []keySource
}

// keySource tells of keys of one kind. What cannot be read is a key with what is wrong; an error is that nobody knows which keys there are.
type keySource func(context.Context) ([]gateway.Key, error)

// NewInventory makes the inventory of a configuration and its database, for business times.
func NewInventory(c conf.Config, db *Database, store *keys.Store, now func() time.Time) *Inventory {
	i := &Inventory{config: c, db: db, now: now, hash: &postgres.HashKey{Path: c.Retention.Key}, store: store}
	i.sources = []keySource{i.mailbox, i.doors, i.banks, i.suppliers, i.persons, i.signing}
	return i
}

// Keys lists all, with the days that are stated of those that do not expire by themselves.
func (i *Inventory) Keys(ctx context.Context) (all []gateway.Key, err error) {
	stated, err := statedExpiries(i.config.Keys.Expires)
	if err != nil {
		return nil, err
	}
	for _, source := range i.sources {
		list, err := source(ctx)
		if err != nil {
			return nil, fmt.Errorf("keys: %w", err)
		}
		all = append(all, list...)
	}
	for n := range all {
		k := &all[n]
		k.Environment = string(i.config.Environment)
		if day, is := stated[k.Fingerprint]; is && k.NotAfter.IsZero() {
			k.NotAfter = day
		}
	}
	return all, nil
}

// file is a key in a file of this node.
func (i *Inventory) file(kind gateway.KeyKind, name, usedBy, fingerprint string, err error) gateway.Key {
	k := gateway.Key{Kind: kind, Name: name, UsedBy: usedBy, Fingerprint: fingerprint, Node: i.config.Journal.Node}
	if err != nil {
		k.Wrong = short(err)
	}
	return k
}

func sshFile(path string) (string, error) {
	key, err := sftp.LoadKey(path)
	if err != nil {
		return "", err
	}
	return ssh.FingerprintSHA256(key.PublicKey()), nil
}

// public are public keys, each in a line.
func public(kind gateway.KeyKind, name, usedBy string, lines []string) (all []gateway.Key) {
	for _, line := range lines {
		parsed, err := sftp.ParsePublicKeys(line)
		if err != nil {
			all = append(all, gateway.Key{Kind: kind, Name: name, UsedBy: usedBy, Wrong: short(err)})
		}
		for _, k := range parsed {
			all = append(all, gateway.Key{Kind: kind, Name: name, UsedBy: usedBy, Fingerprint: ssh.FingerprintSHA256(k)})
		}
	}
	return all
}

func (i *Inventory) mailbox(context.Context) ([]gateway.Key, error) {
	var all []gateway.Key
	for _, path := range hostKeyFiles(i.config.Mailbox) {
		fingerprint, err := sshFile(path)
		all = append(all, i.file(gateway.KeyMailboxHost, filepath.Base(path), "the mailbox", fingerprint, err))
	}
	return all, nil
}

func (i *Inventory) banks(ctx context.Context) (all []gateway.Key, err error) {
	banks, err := KnownBanks(ctx, i.config, i.db)
	for _, b := range banks {
		usedBy := "the line to bank " + b.ID
		fingerprint, wrong := sshFile(b.Key)
		all = append(all, i.file(gateway.KeyOfOurs, b.ID, usedBy, fingerprint, wrong))
		lines, wrong := b.HostKeyLines()
		if wrong != nil {
			all = append(all, gateway.Key{Kind: gateway.KeyBankHost, Name: b.ID, UsedBy: usedBy, Wrong: short(wrong)})
		}
		all = append(all, public(gateway.KeyBankHost, b.ID, usedBy, lines)...)
		all = append(all, i.autack(b)...)
	}
	return all, err
}

// autack is the keys that sign files to and from a bank.
func (i *Inventory) autack(b conf.Bank) (all []gateway.Key) {
	if b.AutackSign != "" {
		fingerprint, err := signingPrint(b)
		all = append(all, i.file(gateway.KeySigning, b.ID, "the files to bank "+b.ID, fingerprint, err))
	}
	usedBy := "the files of bank " + b.ID
	verify, err := verifyPrints(b)
	if err != nil {
		all = append(all, gateway.Key{Kind: gateway.KeyBankSigning, Name: b.ID, UsedBy: usedBy, Wrong: short(err)})
	}
	for _, k := range verify {
		all = append(all, gateway.Key{Kind: gateway.KeyBankSigning, Name: b.ID + " " + k.name, UsedBy: usedBy, Fingerprint: k.print, NotAfter: k.notAfter})
	}
	issuers, err := autackIssuers(b)
	if err != nil {
		all = append(all, gateway.Key{Kind: gateway.KeyBankSigning, Name: b.ID + " issuers", UsedBy: usedBy, Wrong: short(err)})
	}
	for _, c := range issuers {
		sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
		all = append(all, gateway.Key{Kind: gateway.KeyBankSigning, Name: b.ID + " issuer " + c.Subject.CommonName, UsedBy: usedBy, Fingerprint: hex.EncodeToString(sum[:]), NotAfter: c.NotAfter})
	}
	lists, err := autackLists(b)
	if err != nil {
		all = append(all, gateway.Key{Kind: gateway.KeyRevocations, Name: b.ID, UsedBy: usedBy, Wrong: short(err)})
	}
	last := map[string]time.Time{} // of several lists of an authority one that is current is enough
	for _, l := range lists {
		if l.NextUpdate.After(last[listPrint(l)]) {
			last[listPrint(l)] = l.NextUpdate
		}
	}
	for _, of := range slices.Sorted(maps.Keys(last)) {
		all = append(all, gateway.Key{Kind: gateway.KeyRevocations, Name: b.ID, UsedBy: usedBy, Fingerprint: of, NotAfter: last[of]})
	}
	return all
}

func (i *Inventory) suppliers(ctx context.Context) (all []gateway.Key, err error) {
	suppliers, err := register.Suppliers(ctx, i.db.pool, i.now())
	for _, s := range suppliers {
		lines, err := register.SupplierKeys(ctx, i.db.pool, s.Supplier, i.now())
		if err != nil {
			return nil, err
		}
		all = append(all, public(gateway.KeySupplier, s.Supplier, "the login of data supplier "+s.Supplier, lines)...)
	}
	return all, err
}

func (i *Inventory) persons(ctx context.Context) (all []gateway.Key, err error) {
	persons, err := i.store.Persons(ctx)
	for _, p := range persons {
		all = append(all, public(gateway.KeyPerson, p.Name, "decisions", []string{p.Key})...)
	}
	return all, err
}

// signing is the keys of the log and of keyed hashes.
func (i *Inventory) signing(context.Context) ([]gateway.Key, error) {
	signer, err := audit.LoadKey(i.config.Audit.Key)
	fingerprint := ""
	if err == nil {
		fingerprint = fmt.Sprintf("%s+%08x", signer.Name(), signer.KeyHash())
	}
	hash, wrong := i.hash.Fingerprint()
	return []gateway.Key{i.file(gateway.KeyAudit, filepath.Base(i.config.Audit.Key), "the log that cannot be forged", fingerprint, err),
		i.file(gateway.KeyRetention, filepath.Base(i.config.Retention.Key), "the hashes of erased months", hash, wrong)}, nil
}

// mostExpiries bounds the file of stated days.
const mostExpiries = 1 << 20

// statedExpiries reads the file of when keys expire: a fingerprint and a day in each line. They expire at the end of that day, by UTC.
func statedExpiries(path string) (map[string]time.Time, error) {
	stated := map[string]time.Time{}
	if path == "" {
		return stated, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("keys.expires: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, mostExpiries))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("keys.expires: %w", err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		var day time.Time
		if len(words) > 1 {
			day, err = time.Parse(time.DateOnly, words[1])
		}
		if len(words) < 2 || err != nil {
			return nil, fmt.Errorf("keys.expires: %s line %d must be a fingerprint and a day, as in \"SHA256:… 2027-01-31\"", path, n)
		}
		stated[words[0]] = day.AddDate(0, 0, 1)
	}
	return stated, nil
}

// CheckExpiries refuses a file of stated days that cannot be read.
func CheckExpiries(c conf.Config) error {
	_, err := statedExpiries(c.Keys.Expires)
	if err != nil {
		return ConfigError{err}
	}
	return nil
}

const (
	// renewEvery is the pause between two looks whether the files of the doors' keys are others, expiryEvery that between two at all keys.
	renewEvery, expiryEvery = 10 * time.Second, 5 * time.Minute
)

// followKeys has persons told of keys that expire, and takes over those of the doors that were changed, until ctx ends.
func (a *App) followKeys(ctx context.Context) {
	inventory := NewInventory(a.config, a.db, a.steps.Keys, a.clock.Now)
	inventory.hash = a.steps.Base.HashKey
	var looked time.Time
	failed := ""
	complain := func(err error) {
		if err == nil || ctx.Err() != nil {
			failed = ""
		} else if failed != err.Error() {
			failed = err.Error()
			a.log.Error().Err(err).Msg("keys")
		}
	}
	look := func(ctx context.Context) {
		err := errors.Join(a.renewHostKeys(), a.signed.renew())
		if time.Since(looked) >= expiryEvery && a.watch.node.clock.Apart() == "" {
			var all []gateway.Key
			var wrong error
			if all, wrong = inventory.Keys(ctx); wrong == nil {
				wrong = a.steps.Keys.Judge(ctx, a.config.Journal.Node, all)
			}
			if wrong == nil {
				looked = time.Now()
			}
			err = errors.Join(err, wrong)
		}
		complain(err)
	}
	look(ctx)
	health.Repeat(ctx, a.renewEvery, 50, look)
}

// renewHostKeys has the mailbox show other host keys where their files have others: from the next connection on.
func (a *App) renewHostKeys() error {
	paths, keys, err := loadHostKeys(a.config.Mailbox)
	if err != nil {
		return fmt.Errorf("mailbox: the host keys stay as they were: %w", err)
	}
	shown := fingerprints(keys)
	if slices.Equal(a.hostKeys, shown) {
		return nil
	}
	for i, path := range paths {
		if err := a.apart.key(path, keys[i].PublicKey()); err != nil {
			return fmt.Errorf("mailbox: the host keys stay as they were: %w", err)
		}
	}
	if err := a.mailbox.SetHostKeys(keys...); err != nil {
		return err
	}
	a.hostKeys = shown
	a.log.Info().Strs("fingerprints", shown).Msg("mailbox: other host keys")
	return nil
}

func fingerprints(keys []ssh.Signer) (all []string) {
	for _, k := range keys {
		all = append(all, ssh.FingerprintSHA256(k.PublicKey()))
	}
	return all
}

// OpenInventory makes the inventory for a command, at the present business time of the database's instance.
func OpenInventory(ctx context.Context, c conf.Config, db *Database) (*Inventory, error) {
	clock, err := PresentClock(ctx, c, db)
	if err != nil {
		return nil, err
	}
	if err := BeginProfiles(ctx, c, db, clock.Now); err != nil {
		return nil, err
	}
	return NewInventory(c, db, &keys.Store{Base: postgres.NewBase(postgres.Base{DB: db.pool, Now: clock.Now})}, clock.Now), nil
}

// Now is business time.
func (i *Inventory) Now() time.Time { return i.now() }
