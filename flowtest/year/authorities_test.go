package year_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/sim/country"
)

// senders are the data suppliers, with what each has still to send.
type senders struct {
	left []toSend
}

type toSend struct {
	country.Delivery
	supplier string
}

// sentLine is a line of a supplier's journal, as the second computation reads it.
type sentLine struct {
	At     time.Time `json:"at"`
	File   string    `json:"file"`
	As     string    `json:"as"`
	SHA256 string    `json:"sha256"`
	Size   int64     `json:"size"`
	Result string    `json:"result"`
	Nth    int       `json:"nth"` // of the plan
}

func home(dir, supplier string) string { return filepath.Join(dir, "sim", "authority", supplier) }

// readPlans reads what is planned and not sent.
func readPlans(dir string) (s senders, err error) {
	for _, supplier := range country.Suppliers() {
		var plan []country.Delivery
		if err := lines(filepath.Join(home(dir, supplier), "plan.jsonl"), func(d country.Delivery) { plan = append(plan, d) }); err != nil {
			return s, err
		}
		done := 0
		if err := lines(filepath.Join(home(dir, supplier), "journal.jsonl"), func(l sentLine) { done = max(done, l.Nth) }); err != nil {
			return s, err
		}
		for _, d := range plan[done:] {
			s.left = append(s.left, toSend{d, supplier})
		}
		if err := os.MkdirAll(filepath.Join(home(dir, supplier), "got"), 0o755); err != nil {
			return s, err
		}
	}
	slices.SortStableFunc(s.left, func(a, b toSend) int { return a.At.Compare(b.At) })
	return s, nil
}

// lines reads a file of JSON lines; one that is not there has none, and a last line that was cut short is none.
func lines[T any](path string, each func(T)) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	for in := bufio.NewReader(f); ; {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		var v T
		if err == nil {
			err = json.Unmarshal(line, &v)
		}
		if err != nil {
			return err
		}
		each(v)
	}
}

func (s *senders) nextDelivery() time.Time {
	if len(s.left) == 0 {
		return time.Time{}
	}
	return s.left[0].At
}

// deliver sends the next document whose time has come.
func (r *run) deliver(ctx context.Context) (bool, error) {
	if len(r.left) == 0 || r.left[0].At.After(r.Now) {
		return false, nil
	}
	d := r.left[0]
	content, err := os.ReadFile(filepath.Join(home(r.Dir, d.supplier), "send", d.File))
	if err != nil {
		return false, err
	}
	sum := sha256.Sum256(content)
	line := sentLine{At: r.Now, File: d.File, As: d.As, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content)), Result: "ok"}
	taken := r.Receive.Take(ctx, door.Arrival{Door: door.Mailbox, Party: d.supplier, Key: d.As, Size: door.Unsized, Content: bytes.NewReader(content)})
	switch {
	case errors.Is(taken, gateway.ErrTransient):
		return false, taken
	case taken != nil:
		line.Result = taken.Error()
	}
	path := filepath.Join(home(r.Dir, d.supplier), "journal.jsonl")
	if err := lines(path, func(l sentLine) { line.Nth = l.Nth }); err != nil {
		return false, err
	}
	line.Nth++
	r.left = r.left[1:]
	return true, appendLine(path, line)
}

// appendLine adds a line to a journal, after what a kill has cut short.
func appendLine(path string, line any) error {
	b, err := json.Marshal(line)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	whole := bytes.LastIndexByte(old, '\n') + 1
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(append(b, '\n'), int64(whole))
	return errors.Join(err, f.Close())
}

// collect has every supplier fetch what lies ready for it, and take it away.
func (r *run) collect(ctx context.Context) (worked bool, err error) {
	for _, supplier := range country.Suppliers() {
		files, err := r.Answer.Ready(ctx, supplier)
		if err != nil {
			return worked, err
		}
		for _, f := range files {
			worked = true
			if err := r.fetch(ctx, supplier, f.Name); err != nil {
				return worked, fmt.Errorf("%s: %w", f.Name, err)
			}
		}
	}
	return worked, nil
}

func (r *run) fetch(ctx context.Context, supplier, name string) error {
	opened, err := r.Answer.OpenReady(ctx, supplier, name)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.NewSectionReader(opened, 0, opened.Size()))
	if err != nil {
		return err
	}
	path := filepath.Join(home(r.Dir, supplier), "got", name)
	before, err := os.ReadFile(path)
	switch {
	case err == nil && !bytes.Equal(before, text):
		return errors.New("there are two answers of this name")
	case errors.Is(err, os.ErrNotExist):
		if err := os.WriteFile(path+".new", text, 0o644); err != nil {
			return err
		}
		if err := os.Rename(path+".new", path); err != nil {
			return err
		}
	case err != nil:
		return err
	}
	return r.Answer.Collect(ctx, supplier, name)
}
