package register

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrSource means that a file or folder given to load cannot be used: the caller named the wrong thing.
var ErrSource = errors.New("not reference data")

// Source is one CSV file. The last part of its name says what it holds (see docs/reference-data.md).
type Source struct {
	Name string // as shown in errors
	Size int64  // bytes, for progress only
	Open func() (io.ReadCloser, error)
}

// Files makes sources of files and of the *.csv in folders. A name that is none of the known ones is an error: a
// misspelt file must not be left out silently.
func Files(paths ...string) ([]Source, error) {
	var all []Source
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSource, err)
		}
		names := []string{p}
		if info.IsDir() {
			if names, err = filepath.Glob(filepath.Join(escapeGlob(p), "*.csv")); err != nil {
				return nil, fmt.Errorf("%w: %s: %w", ErrSource, p, err)
			}
			if len(names) == 0 {
				return nil, fmt.Errorf("%w: %s holds no .csv file", ErrSource, p)
			}
		}
		for _, name := range names {
			s, err := file(name)
			if err != nil {
				return nil, err
			}
			all = append(all, s)
		}
	}
	return all, nil
}

func escapeGlob(p string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(p)
}

func file(name string) (Source, error) {
	if _, err := kindOf(name); err != nil {
		return Source{}, err
	}
	info, err := os.Stat(name)
	if err != nil {
		return Source{}, fmt.Errorf("%w: %w", ErrSource, err)
	}
	if !info.Mode().IsRegular() {
		return Source{}, fmt.Errorf("%w: %s is no regular file", ErrSource, name)
	}
	return Source{Name: name, Size: info.Size(), Open: func() (io.ReadCloser, error) { return os.Open(name) }}, nil
}

// kindOf finds what a file holds; its index in formats is its place in the order of loading.
func kindOf(name string) (int, error) {
	base := filepath.Base(name)
	known := formats()
	i := slices.IndexFunc(known, func(f format) bool { return f.file == base })
	if i < 0 {
		names := make([]string, len(known))
		for i, f := range known {
			names[i] = f.file
		}
		return 0, fmt.Errorf("%w: %s: the name must be one of %s", ErrSource, name, strings.Join(names, ", "))
	}
	return i, nil
}
