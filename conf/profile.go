package conf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Profile is a bank as the database keeps it, the same for all nodes: JSON, with the keys of the bank's server themselves
// in the place of their files, and so with those that sign its files. Our own keys stay files of each node, by their paths from the configuration's folder.
func (c Config) Profile(b Bank) ([]byte, error) {
	keys, err := b.HostKeyLines()
	if err != nil {
		return nil, err
	}
	b.HostKeys = keys
	if path, err := filepath.Rel(c.Folder, b.Key); err == nil && filepath.IsLocal(path) {
		b.Key = path
	}
	if b, err = b.keepAutack(c.Folder); err != nil {
		return nil, err
	}
	profile, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("bank %s: profile: %w", b.ID, err)
	}
	return profile, nil
}

// ParseProfile reads a bank's profile for this node. What a profile does not say has the default; what it says more is an error.
func (c Config) ParseProfile(profile []byte) (Bank, error) {
	b := DefaultBank(c.Environment)
	d := json.NewDecoder(bytes.NewReader(profile))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return Bank{}, fmt.Errorf("%w: profile of a bank: %w", ErrInvalid, err)
	}
	b.Key, b.AutackSign = from(c.Folder, b.Key), from(c.Folder, b.AutackSign)
	return b, nil
}

// Profiles is what a file of banks' profiles says: the profiles that change, as [[bank]] of the configuration, and the banks
// that are no longer served.
type Profiles struct {
	Banks []Bank   `toml:"bank"`
	End   []string `toml:"end"`
}

// LoadProfiles reads a file of banks' profiles, whose relative paths are meant from its own folder. The profiles must go
// together with those that are known.
func (c Config) LoadProfiles(path string, known []Bank) (Profiles, error) {
	fail := func(err error) (Profiles, error) { return Profiles{}, fmt.Errorf("%s: %w", path, err) }
	f, err := os.Open(path)
	if err != nil {
		return Profiles{}, fmt.Errorf("profiles: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return Profiles{}, fmt.Errorf("profiles: %w", err)
	}
	if len(text) > maxFile {
		return fail(fmt.Errorf("%w: it is larger than 4 MiB", ErrInvalid))
	}
	var given Profiles
	if err := decode(string(text), &given, true); err != nil {
		return fail(err)
	}
	whole := Config{Environment: c.Environment, Identity: c.Identity, Banks: given.Banks}
	if err := fillBanks(string(text), &whole); err != nil {
		return fail(err)
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return fail(err)
	}
	whole.Resolve(dir)
	given.Banks = whole.Banks
	whole.Banks = append([]Bank{}, given.Banks...)
	for _, b := range given.Banks {
		if slices.Contains(given.End, b.ID) {
			return fail(fmt.Errorf("%w: bank %s: stands in end, too", ErrInvalid, b.ID))
		}
	}
	for _, b := range known {
		if !given.names(b.ID) {
			whole.Banks = append(whole.Banks, b)
		}
	}
	var p problems
	whole.validateBanks(&p)
	if err := p.all(); err != nil {
		return fail(err)
	}
	return given, nil
}

func (p Profiles) names(id string) bool {
	return slices.Contains(p.End, id) || slices.ContainsFunc(p.Banks, func(b Bank) bool { return b.ID == id })
}
