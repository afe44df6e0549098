package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"nks/gateway"
	"nks/gateway/door"
)

// saver is a folder in which answers are kept, each on the disk before it is acknowledged.
type saver string

// Take implements door.Intake.
func (into saver) Take(_ context.Context, a door.Arrival) error {
	if !plainName(a.Name) {
		return fmt.Errorf("%w: an answer without a name", gateway.ErrRefused)
	}
	body, err := io.ReadAll(a.Content)
	if err != nil {
		return err
	}
	path := filepath.Join(string(into), a.Name+".xml")
	if before, err := os.ReadFile(path); err == nil {
		if bytes.Equal(before, body) {
			return nil
		}
		return fmt.Errorf("%s: %w", path, gateway.ErrConflict)
	}
	f, err := os.OpenFile(path+"~", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(path+"~", path)
}

// names are those of the answers that are there, without some.
func (into saver) names(without map[string]bool) ([]string, error) {
	entries, err := os.ReadDir(string(into))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name := e.Name(); filepath.Ext(name) == ".xml" && !without[name] {
			names = append(names, name)
		}
	}
	return names, nil
}

// read gives an answer that is there.
func (into saver) read(name string) ([]byte, error) {
	if !filepath.IsLocal(name) {
		return nil, fs.ErrNotExist
	}
	return os.ReadFile(filepath.Join(string(into), name))
}
