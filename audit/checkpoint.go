package audit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// ErrCheckpoint: a text that is no checkpoint, or that none of the keys known here has signed.
var ErrCheckpoint = errors.New("no checkpoint of this log")

// Checkpoint is the head of the tree at an instant: how many entries it has, and their hash.
type Checkpoint struct {
	tlog.Tree
	At time.Time // business time of the signature
}

// origin is the first line of every checkpoint. // C2SP tlog-checkpoint
const origin = "nks audit log"

// Text is what is signed: the origin, the number of entries, the hash of the tree, and when.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\n%s\n", origin, c.N, c.Hash, c.At.UTC().Format(time.RFC3339))
}

// Sign makes the note that is stored.
func (c Checkpoint) Sign(by note.Signer) (string, error) {
	text, err := note.Sign(&note.Note{Text: c.Text()}, by)
	if err != nil {
		return "", fmt.Errorf("sign the checkpoint of %d entries: %w", c.N, err)
	}
	return string(text), nil
}

// OpenCheckpoint reads a signed checkpoint. ErrCheckpoint: it is none, or its signature is not of a known key.
func OpenCheckpoint(signed string, known note.Verifiers) (Checkpoint, error) {
	n, err := note.Open([]byte(signed), known)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 5 || lines[0] != origin {
		return Checkpoint{}, fmt.Errorf("%w: its text has %d lines and begins with %q", ErrCheckpoint, len(lines)-1, lines[0])
	}
	var c Checkpoint
	if c.N, err = strconv.ParseInt(lines[1], 10, 64); err == nil {
		c.Hash, err = tlog.ParseHash(lines[2])
	}
	if err == nil {
		c.At, err = time.Parse(time.RFC3339, lines[3])
	}
	if err != nil || c.N < 1 {
		return Checkpoint{}, fmt.Errorf("%w: %d entries: %w", ErrCheckpoint, c.N, err)
	}
	return c, nil
}
