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

// folder makes the folder, unless it is there, so that it outlasts a power cut as what is kept in it does.
func (into saver) folder() error {
	if _, err := os.Stat(string(into)); err == nil {
		return nil
	}
	if err := os.MkdirAll(string(into), 0o700); err != nil {
		return err
	}
	return syncDir(filepath.Dir(filepath.Clean(string(into))))
}

// Take implements door.Intake. What is there already under the name stays.
func (into saver) Take(_ context.Context, a door.Arrival) error {
	if !plainName(a.Name) || !UsableID(a.Name) {
		return fmt.Errorf("%w: an answer's name must be 1 to %d printable ASCII characters, without a slash and not beginning with a dot", gateway.ErrRefused, MaxID)
	}
	body, err := io.ReadAll(a.Content)
	if err != nil {
		return err
	}
	path := filepath.Join(string(into), a.Name+".xml")
	before, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(before, body):
		return syncDir(string(into)) // it may be of a moment ago, and its place not on the disk
	case err == nil:
		return fmt.Errorf("%s: %w", path, gateway.ErrConflict)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return into.write(path, body)
}

// write puts bytes on the disk, whole or not at all.
func (into saver) write(path string, body []byte) error {
	f, err := os.CreateTemp(string(into), ".*~") // what is there may be somebody else's
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(string(into))
}

// syncDir puts on the disk what was made or renamed in a folder.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
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
