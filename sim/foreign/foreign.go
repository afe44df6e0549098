// Package foreign reads PAYMUL files with a parser that nobody here wrote: the npm package "edifact". What our writer
// writes and our reader reads could be wrong in the same way; this is the second opinion. It needs node and npm.
package foreign

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

var (
	// ErrNoNode is returned where node or npm is not installed.
	ErrNoNode = errors.New("node and npm are needed")
	// ErrInstall is returned when npm could not install the parser.
	ErrInstall = errors.New("npm ci failed")
	// ErrRead is returned when the parser does not understand a file.
	ErrRead = errors.New("the foreign parser refuses a file")
)

//go:embed package.json package-lock.json sum.mjs .npmrc
var program embed.FS

// batch is how many files one process reads; a command line has room for them.
const batch = 200

// Totals is what the foreign parser finds in one file.
type Totals struct {
	File       string `json:"file"`
	Messages   int    `json:"messages"`   // PAYMUL
	Others     int    `json:"others"`     // messages of other types, such as the gateway's CONTRL; nothing of them counts
	Lines      int    `json:"lines"`      // LIN
	Orders     int    `json:"orders"`     // SEQ
	Oere       int64  `json:"oere"`       // sum of MOA+9 in SEQ groups
	References int    `json:"references"` // different RFF+CR in SEQ groups
}

// Sum reads files that the gateway sent to banks, one Totals for each in the order given. The parser is installed on first use, into the
// user's cache folder.
func Sum(ctx context.Context, files []string) ([]Totals, error) {
	home, err := install(ctx)
	if err != nil {
		return nil, fmt.Errorf("foreign sum: %w", err)
	}
	var all []Totals
	for len(files) > 0 {
		n := min(batch, len(files))
		some, err := sum(ctx, home, files[:n])
		if err != nil {
			return nil, fmt.Errorf("foreign sum: %w", err)
		}
		all, files = append(all, some...), files[n:]
	}
	return all, nil
}

func sum(ctx context.Context, home string, files []string) ([]Totals, error) {
	cmd := exec.CommandContext(ctx, "node", append([]string{filepath.Join(home, "sum.mjs")}, files...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: %w: %s", ErrRead, err, strings.TrimSpace(errs.String()))
	}
	var all []Totals
	for d := json.NewDecoder(&out); ; {
		var t Totals
		err := d.Decode(&t)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRead, err)
		}
		all = append(all, t)
	}
	if len(all) != len(files) {
		return nil, fmt.Errorf("%w: %d answers about %d files", ErrRead, len(all), len(files))
	}
	return all, nil
}

// install puts program and parser into a folder of the cache that bears their hash. It is made aside and renamed, so
// that tests which run at the same time find all of it or nothing.
func install(ctx context.Context) (string, error) {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", fmt.Errorf("%w: %w", ErrNoNode, err)
		}
	}
	home, err := cacheFolder()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(home); err == nil {
		return home, nil
	}
	if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
		return "", err
	}
	aside, err := os.MkdirTemp(filepath.Dir(home), "install-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(aside) }()
	if err := os.CopyFS(aside, program); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
	cmd.Dir = aside
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %w: %s", ErrInstall, err, bytes.TrimSpace(out))
	}
	err = os.Rename(aside, home)
	if _, there := os.Stat(home); err != nil && there != nil {
		return "", err
	}
	return home, nil
}

func cacheFolder() (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(program, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := program.ReadFile(path)
		fmt.Fprintf(hash, "%s %d ", path, len(text))
		hash.Write(text)
		return err
	})
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "nks-foreign", hex.EncodeToString(hash.Sum(nil))[:16]), nil
}
