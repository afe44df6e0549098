// Package sftptest has what tests of mailboxes share: a mailbox in memory, the
// conformance suite that every implementation passes, and a running server.
package sftptest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"nks/sftp"
)

// Delivery is an upload that a mailbox accepted.
type Delivery struct {
	Name string
	Data []byte
}

// Memory is a mailbox in memory. It is the model of the conformance suite.
type Memory struct {
	mu      sync.Mutex
	parties map[string]*box
	ticks   int64

	// Hook, if set before use, is called before each operation ("create", "write",
	// "commit", "abort", "rename"); its error is the operation's.
	Hook func(op, party, name string) error
}

type box struct {
	staged     map[string][]byte
	taken      map[string][]byte
	came       map[string]string // final name -> the temporary one it was renamed from
	out        map[string]document
	deliveries []Delivery
	aborted    int
}

type document struct {
	data  []byte
	since int64
}

// NewMemory returns an empty mailbox.
func NewMemory() *Memory { return &Memory{parties: map[string]*box{}} }

func (m *Memory) box(party string) *box {
	b := m.parties[party]
	if b == nil {
		b = &box{
			staged: map[string][]byte{}, taken: map[string][]byte{},
			came: map[string]string{}, out: map[string]document{},
		}
		m.parties[party] = b
	}
	return b
}

func (m *Memory) hook(op, party, name string) error {
	if m.Hook == nil {
		return nil
	}
	return m.Hook(op, party, name)
}

// Offer puts a document into a party's out/.
func (m *Memory) Offer(party, name string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ticks++
	m.box(party).out[name] = document{data: bytes.Clone(data), since: m.ticks}
}

// Deliveries tells what was accepted from a party, in order.
func (m *Memory) Deliveries(party string) []Delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.box(party).deliveries)
}

// Aborted tells how many uploads of a party ended in Abort.
func (m *Memory) Aborted(party string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.box(party).aborted
}

// Create implements [sftp.Mailbox].
func (m *Memory) Create(_ context.Context, party, name string) (sftp.Upload, error) {
	if err := m.hook("create", party, name); err != nil {
		return nil, err
	}
	return &upload{mailbox: m, party: party, name: name}, nil
}

type upload struct {
	mailbox     *Memory
	party, name string
	data        []byte
}

func (u *upload) Write(p []byte) (int, error) {
	if err := u.mailbox.hook("write", u.party, u.name); err != nil {
		return 0, err
	}
	u.data = append(u.data, p...)
	return len(p), nil
}

func (u *upload) Commit(context.Context) error {
	m := u.mailbox
	if err := m.hook("commit", u.party, u.name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.box(u.party)
	if sftp.FinalName(u.name) {
		return b.deliver(u.name, u.data)
	}
	b.staged[u.name] = u.data
	return nil
}

func (u *upload) Abort(context.Context) error {
	err := u.mailbox.hook("abort", u.party, u.name)
	u.mailbox.mu.Lock()
	defer u.mailbox.mu.Unlock()
	u.mailbox.box(u.party).aborted++
	return err
}

func (b *box) deliver(name string, data []byte) error {
	if old, ok := b.taken[name]; ok {
		if !bytes.Equal(old, data) {
			return fmt.Errorf("%s: %w", name, sftp.ErrConflict)
		}
		return nil
	}
	b.taken[name] = data
	b.deliveries = append(b.deliveries, Delivery{name, data})
	return nil
}

// Rename implements [sftp.Mailbox].
func (m *Memory) Rename(_ context.Context, party, from, to string) error {
	if err := m.hook("rename", party, to); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.box(party)
	data, ok := b.staged[from]
	if !ok {
		if b.came[to] == from {
			return nil
		}
		return sftp.ErrNotFound
	}
	if err := b.deliver(to, data); err != nil {
		return err
	}
	delete(b.staged, from)
	b.came[to] = from
	return nil
}

// Stat implements [sftp.Mailbox].
func (m *Memory) Stat(_ context.Context, party, dir, name string) (sftp.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.box(party)
	if dir == sftp.DirOut {
		d, ok := b.out[name]
		if !ok {
			return sftp.File{}, sftp.ErrNotFound
		}
		return d.file(name), nil
	}
	for _, files := range []map[string][]byte{b.taken, b.staged} {
		if data, ok := files[name]; ok {
			return sftp.File{Name: name, Size: int64(len(data)), Modified: epoch}, nil
		}
	}
	return sftp.File{}, sftp.ErrNotFound
}

var epoch = time.Date(2005, 8, 11, 4, 30, 0, 0, time.UTC)

func (d document) file(name string) sftp.File {
	return sftp.File{
		Name: name, Size: int64(len(d.data)),
		Modified: epoch.Add(time.Duration(d.since) * time.Second),
	}
}

// List implements [sftp.Mailbox].
func (m *Memory) List(_ context.Context, party, dir string) ([]sftp.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.box(party)
	var files []sftp.File
	if dir == sftp.DirIn {
		for _, name := range slices.Sorted(maps.Keys(b.staged)) {
			files = append(files, sftp.File{Name: name, Size: int64(len(b.staged[name])), Modified: epoch})
		}
		return files, nil
	}
	for name, d := range b.out {
		files = append(files, d.file(name))
	}
	slices.SortFunc(files, func(a, c sftp.File) int {
		return cmp.Or(a.Modified.Compare(c.Modified), cmp.Compare(a.Name, c.Name))
	})
	return files, nil
}

// Open implements [sftp.Mailbox].
func (m *Memory) Open(_ context.Context, party, name string) (sftp.Document, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.box(party).out[name]
	if !ok {
		return nil, sftp.ErrNotFound
	}
	return opened{bytes.NewReader(d.data)}, nil
}

type opened struct{ *bytes.Reader }

func (opened) Close() error { return nil }

var _ io.ReaderAt = opened{}

// Remove implements [sftp.Mailbox].
func (m *Memory) Remove(_ context.Context, party, dir, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.box(party)
	if dir == sftp.DirOut {
		if _, ok := b.out[name]; !ok {
			return sftp.ErrNotFound
		}
		delete(b.out, name)
		return nil
	}
	if _, ok := b.staged[name]; !ok {
		return sftp.ErrNotFound
	}
	delete(b.staged, name)
	return nil
}
