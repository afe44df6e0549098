package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"nks/gateway"
)

// ErrTaken: the directory of the report holds something; a report is never written over.
var ErrTaken = errors.New("is not empty; a report needs a directory of its own")

// keeper writes a report: each case with every byte sent and received, and the sum of them. It has citizens' numbers in it, and is
// for its owner alone.
type keeper struct{ dir string }

func newKeeper(dir string) (*keeper, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%s %w", dir, ErrTaken)
	}
	return &keeper{dir}, err
}

func (k *keeper) folder(c *played) string { return filepath.Join(k.dir, "case-"+c.ID) }

func (k *keeper) sent(c *played, document []byte) error {
	if err := os.Mkdir(k.folder(c), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return write(filepath.Join(k.folder(c), "sent-"+c.as), document)
}

// received keeps answers in the order in which they came.
func (k *keeper) received(c *played, name string, b []byte) error {
	c.kept++
	return write(filepath.Join(k.folder(c), fmt.Sprintf("received-%03d-%s", c.kept, name)), b)
}

func write(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// finish writes the sum for programs and for people.
func (k *keeper) finish(r gateway.ConformanceReport, cases []*played) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := write(filepath.Join(k.dir, "summary.json"), append(text, '\n')); err != nil {
		return err
	}
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "Connection test of data supplier %s at %s, %s to %s UTC\n%s\n", r.Supplier, r.Gateway, r.Begun.Format("2006-01-02 15:04:05"), r.Ended.Format("15:04:05"), r)
	for _, c := range cases {
		whose := "ours"
		if c.Official {
			whose = "official"
		}
		_, _ = fmt.Fprintf(&b, "\ncase %s (%s): %s\n  rule:     %s\n  sent:     %s\n  must be:  %s\n  verdict:  %s\n", c.ID, whose, c.Title, c.Rule, c.Sends, c.Expects, c.verdict)
		if c.why != "" {
			_, _ = fmt.Fprintf(&b, "  why:      %s\n", c.why)
		}
		if c.kept > 0 || c.as != "" {
			_, _ = fmt.Fprintf(&b, "  bytes:    case-%s/, %d documents received\n", c.ID, c.kept)
		}
	}
	return write(filepath.Join(k.dir, "summary.txt"), []byte(b.String()))
}
