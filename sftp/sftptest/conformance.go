package sftptest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"nks/sftp"
)

// Subject is a mailbox under test and what the suite needs besides its methods.
type Subject struct {
	Mailbox sftp.Mailbox
	// Party and Other are two different parties, known and empty.
	Party, Other string
	// Offer puts a document into a party's out/.
	Offer func(t *testing.T, party, name string, data []byte)
	// Deliveries tells what was accepted from a party, in order.
	Deliveries func(t *testing.T, party string) []Delivery
}

// TestMailbox checks an implementation of [sftp.Mailbox]; fresh gives an empty one
// for each test.
func TestMailbox(t *testing.T, fresh func(t *testing.T) Subject) {
	for _, c := range []struct {
		name string
		test func(*testing.T, probe)
	}{
		{"an upload under a final name is a delivery", finalUpload},
		{"an upload is invisible until commit", invisible},
		{"an aborted upload leaves nothing", aborted},
		{"the same bytes again are one delivery", sameAgain},
		{"other bytes under a delivered name conflict", otherBytes},
		{"a staged upload is no delivery until renamed", stagedThenRenamed},
		{"a repeated rename succeeds", repeatedRename},
		{"a second staging of the same bytes succeeds", stagedAgain},
		{"a rename onto other bytes conflicts and keeps the upload", renameConflict},
		{"a rename of nothing is not found", renameNothing},
		{"a staged upload is replaced by the next", restaged},
		{"a staged upload can be removed", removeStaged},
		{"empty and large files", sizes},
		{"documents are listed, read and removed", documents},
		{"parties see only their own", isolation},
		{"concurrent uploads of one name: one delivery", concurrentSame},
		{"concurrent conflicting uploads: one wins", concurrentOther},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fresh(t)
			c.test(t, probe{T: t, Subject: s, ctx: t.Context()})
		})
	}
}

// probe has short words for the suite's steps.
type probe struct {
	*testing.T
	Subject
	ctx context.Context
}

// upload writes data in uneven pieces and commits.
func (p probe) upload(party, name string, data []byte) error {
	p.Helper()
	u := p.begin(party, name, data)
	return u.Commit(p.ctx)
}

func (p probe) begin(party, name string, data []byte) sftp.Upload {
	p.Helper()
	u, err := p.Mailbox.Create(p.ctx, party, name)
	if err != nil {
		p.Fatalf("create %s: %v", name, err)
	}
	buf := make([]byte, 32<<10)
	for size := 1; len(data) > 0; size = min(2*size+1, len(buf)) {
		n := copy(buf[:size], data)
		if m, err := u.Write(buf[:n]); err != nil || m != n {
			p.Fatalf("write %s: %d, %v", name, m, err)
		}
		clear(buf) // a mailbox must not keep what it was lent
		data = data[n:]
	}
	return u
}

func (p probe) want(what string, got, want error) {
	p.Helper()
	if !errors.Is(got, want) || want == nil && got != nil {
		p.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func (p probe) wantDeliveries(party string, want ...Delivery) {
	p.Helper()
	got := p.Deliveries(p.T, party)
	if len(got) != len(want) {
		p.Fatalf("%d deliveries, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Name != want[i].Name || !bytes.Equal(got[i].Data, want[i].Data) {
			p.Fatalf("delivery %d: %s with %d bytes, want %s with %d",
				i, got[i].Name, len(got[i].Data), want[i].Name, len(want[i].Data))
		}
	}
}

func (p probe) wantSize(party, dir, name string, want int64) {
	p.Helper()
	f, err := p.Mailbox.Stat(p.ctx, party, dir, name)
	p.want("stat "+name, err, nil)
	if f.Size != want || f.Name != name {
		p.Fatalf("stat %s: %+v, want size %d", name, f, want)
	}
}

func (p probe) wantAbsent(party, dir, name string) {
	p.Helper()
	_, err := p.Mailbox.Stat(p.ctx, party, dir, name)
	p.want("stat "+name, err, sftp.ErrNotFound)
}

func (p probe) names(party, dir string) []string {
	p.Helper()
	files, err := p.Mailbox.List(p.ctx, party, dir)
	p.want("list "+dir, err, nil)
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
	}
	return names
}

var (
	one = []byte("<one/>")
	two = []byte("<two/>")
)

func finalUpload(_ *testing.T, p probe) {
	p.want("commit", p.upload(p.Party, "A.xml", one), nil)
	p.want("commit", p.upload(p.Party, "a.xml", two), nil) // case counts
	p.wantDeliveries(p.Party, Delivery{"A.xml", one}, Delivery{"a.xml", two})
	p.wantSize(p.Party, sftp.DirIn, "A.xml", int64(len(one)))
}

func invisible(_ *testing.T, p probe) {
	for _, name := range []string{"a.xml", "a.xml.tmp"} {
		u := p.begin(p.Party, name, one)
		p.wantAbsent(p.Party, sftp.DirIn, name)
		p.wantDeliveries(p.Party)
		p.want("abort", u.Abort(p.ctx), nil)
	}
}

func aborted(_ *testing.T, p probe) {
	for _, name := range []string{"a.xml", ".a.xml"} {
		p.want("abort", p.begin(p.Party, name, one).Abort(p.ctx), nil)
		p.wantAbsent(p.Party, sftp.DirIn, name)
	}
	p.wantDeliveries(p.Party)
	p.want("commit after an abort", p.upload(p.Party, "a.xml", two), nil)
	p.wantDeliveries(p.Party, Delivery{"a.xml", two})
}

func sameAgain(_ *testing.T, p probe) {
	p.want("first", p.upload(p.Party, "a.xml", one), nil)
	p.want("again", p.upload(p.Party, "a.xml", one), nil)
	p.wantDeliveries(p.Party, Delivery{"a.xml", one})
	// The same bytes under another name are the flow's business, not the mailbox's.
	p.want("other name", p.upload(p.Party, "b.xml", one), nil)
	p.wantDeliveries(p.Party, Delivery{"a.xml", one}, Delivery{"b.xml", one})
}

func otherBytes(_ *testing.T, p probe) {
	p.want("first", p.upload(p.Party, "a.xml", one), nil)
	p.want("other", p.upload(p.Party, "a.xml", two), sftp.ErrConflict)
	p.want("prefix", p.upload(p.Party, "a.xml", one[:3]), sftp.ErrConflict)
	p.want("empty", p.upload(p.Party, "a.xml", nil), sftp.ErrConflict)
	p.wantDeliveries(p.Party, Delivery{"a.xml", one})
	p.wantSize(p.Party, sftp.DirIn, "a.xml", int64(len(one)))
}

func stagedThenRenamed(_ *testing.T, p probe) {
	p.want("stage", p.upload(p.Party, ".a.tmp", one), nil)
	p.wantDeliveries(p.Party)
	p.wantSize(p.Party, sftp.DirIn, ".a.tmp", int64(len(one)))
	if names := p.names(p.Party, sftp.DirIn); len(names) != 1 || names[0] != ".a.tmp" {
		p.Fatalf("staged: %q", names)
	}
	p.want("rename", p.Mailbox.Rename(p.ctx, p.Party, ".a.tmp", "a.xml"), nil)
	p.wantDeliveries(p.Party, Delivery{"a.xml", one})
	p.wantAbsent(p.Party, sftp.DirIn, ".a.tmp")
	p.wantSize(p.Party, sftp.DirIn, "a.xml", int64(len(one)))
}

func repeatedRename(_ *testing.T, p probe) {
	p.want("stage", p.upload(p.Party, "a.xml.part", one), nil)
	for range 3 {
		p.want("rename", p.Mailbox.Rename(p.ctx, p.Party, "a.xml.part", "a.xml"), nil)
	}
	p.wantDeliveries(p.Party, Delivery{"a.xml", one})
	p.want("to another name", p.Mailbox.Rename(p.ctx, p.Party, "a.xml.part", "b.xml"), sftp.ErrNotFound)
	p.want("from another name", p.Mailbox.Rename(p.ctx, p.Party, "b.xml.part", "a.xml"), sftp.ErrNotFound)
}

func stagedAgain(_ *testing.T, p probe) {
	for _, temp := range []string{"a.xml.part", "a.xml.part", ".other.tmp"} {
		p.want("stage", p.upload(p.Party, temp, one), nil)
		p.want("rename", p.Mailbox.Rename(p.ctx, p.Party, temp, "a.xml"), nil)
		p.wantAbsent(p.Party, sftp.DirIn, temp)
	}
	p.want("direct", p.upload(p.Party, "a.xml", one), nil)
	p.wantDeliveries(p.Party, Delivery{"a.xml", one})
}

func renameConflict(_ *testing.T, p probe) {
	p.want("first", p.upload(p.Party, "a.xml", one), nil)
	p.want("stage", p.upload(p.Party, "a.xml.tmp", two), nil)
	p.want("rename", p.Mailbox.Rename(p.ctx, p.Party, "a.xml.tmp", "a.xml"), sftp.ErrConflict)
	p.wantSize(p.Party, sftp.DirIn, "a.xml.tmp", int64(len(two)))
	p.want("rename aside", p.Mailbox.Rename(p.ctx, p.Party, "a.xml.tmp", "b.xml"), nil)
	p.wantDeliveries(p.Party, Delivery{"a.xml", one}, Delivery{"b.xml", two})
}

func renameNothing(_ *testing.T, p probe) {
	p.want("rename", p.Mailbox.Rename(p.ctx, p.Party, ".a.tmp", "a.xml"), sftp.ErrNotFound)
	p.want("first", p.upload(p.Party, "a.xml", one), nil)
	p.want("rename onto a delivery", p.Mailbox.Rename(p.ctx, p.Party, ".a.tmp", "a.xml"), sftp.ErrNotFound)
	p.wantDeliveries(p.Party, Delivery{"a.xml", one})
}

func restaged(_ *testing.T, p probe) {
	p.want("stage", p.upload(p.Party, ".a.tmp", one), nil)
	p.want("stage again", p.upload(p.Party, ".a.tmp", two), nil)
	p.want("rename", p.Mailbox.Rename(p.ctx, p.Party, ".a.tmp", "a.xml"), nil)
	p.wantDeliveries(p.Party, Delivery{"a.xml", two})
}

func removeStaged(_ *testing.T, p probe) {
	p.want("stage", p.upload(p.Party, ".a.tmp", one), nil)
	p.want("remove", p.Mailbox.Remove(p.ctx, p.Party, sftp.DirIn, ".a.tmp"), nil)
	p.wantAbsent(p.Party, sftp.DirIn, ".a.tmp")
	p.want("again", p.Mailbox.Remove(p.ctx, p.Party, sftp.DirIn, ".a.tmp"), sftp.ErrNotFound)
	p.want("rename", p.Mailbox.Rename(p.ctx, p.Party, ".a.tmp", "a.xml"), sftp.ErrNotFound)
}

func sizes(_ *testing.T, p probe) {
	big := make([]byte, 5<<20+1) // more than any piece in which it may be stored
	for i := range big {
		big[i] = byte(i>>12 ^ i*7)
	}
	p.want("empty", p.upload(p.Party, "empty.xml", nil), nil)
	p.wantSize(p.Party, sftp.DirIn, "empty.xml", 0)
	p.want("big", p.upload(p.Party, ".big.tmp", big), nil)
	p.wantSize(p.Party, sftp.DirIn, ".big.tmp", int64(len(big)))
	p.want("rename", p.Mailbox.Rename(p.ctx, p.Party, ".big.tmp", "big.xml"), nil)
	p.wantDeliveries(p.Party, Delivery{"empty.xml", nil}, Delivery{"big.xml", big})
}

func documents(_ *testing.T, p probe) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<17+1)
	p.Offer(p.T, p.Party, "b-1.xml", big)
	p.Offer(p.T, p.Party, "a-2.xml", one)
	if names := p.names(p.Party, sftp.DirOut); fmt.Sprint(names) != "[b-1.xml a-2.xml]" {
		p.Fatalf("out: %q, want the order of offering", names)
	}
	p.wantSize(p.Party, sftp.DirOut, "b-1.xml", int64(len(big)))
	doc, err := p.Mailbox.Open(p.ctx, p.Party, "b-1.xml")
	p.want("open", err, nil)
	readAtAll(p, doc, big)
	p.want("close", doc.Close(), nil)

	_, err = p.Mailbox.Open(p.ctx, p.Party, "c.xml")
	p.want("open what is not there", err, sftp.ErrNotFound)
	p.want("remove", p.Mailbox.Remove(p.ctx, p.Party, sftp.DirOut, "b-1.xml"), nil)
	p.want("remove again", p.Mailbox.Remove(p.ctx, p.Party, sftp.DirOut, "b-1.xml"), sftp.ErrNotFound)
	p.wantAbsent(p.Party, sftp.DirOut, "b-1.xml")
	_, err = p.Mailbox.Open(p.ctx, p.Party, "b-1.xml")
	p.want("open what was collected", err, sftp.ErrNotFound)
	if names := p.names(p.Party, sftp.DirOut); fmt.Sprint(names) != "[a-2.xml]" {
		p.Fatalf("out: %q", names)
	}
}

// readAtAll reads a document in packets, concurrently and out of order, as the
// protocol server does.
func readAtAll(p probe, doc sftp.Document, want []byte) {
	p.Helper()
	if doc.Size() != int64(len(want)) {
		p.Fatalf("size %d, want %d", doc.Size(), len(want))
	}
	const packet = 32 << 10
	got := make([]byte, len(want))
	var all sync.WaitGroup
	for off := len(want) / packet * packet; off >= 0; off -= packet {
		all.Go(func() {
			part := got[off:min(off+packet, len(got))]
			if n, err := doc.ReadAt(part, int64(off)); n != len(part) || err != nil && err != io.EOF {
				p.Errorf("read at %d: %d, %v", off, n, err)
			}
		})
	}
	all.Wait()
	if !bytes.Equal(got, want) {
		p.Fatal("the document came out different")
	}
	if n, err := doc.ReadAt(make([]byte, 10), int64(len(want))); n != 0 || err != io.EOF {
		p.Fatalf("read at the end: %d, %v", n, err)
	}
	if n, err := doc.ReadAt(make([]byte, 10), int64(len(want)-4)); n != 4 || err != io.EOF {
		p.Fatalf("read over the end: %d, %v", n, err)
	}
}

func isolation(_ *testing.T, p probe) {
	p.want("deliver", p.upload(p.Party, "a.xml", one), nil)
	p.want("stage", p.upload(p.Party, ".s.tmp", one), nil)
	p.Offer(p.T, p.Party, "d.xml", one)

	p.wantAbsent(p.Other, sftp.DirIn, "a.xml")
	p.wantAbsent(p.Other, sftp.DirIn, ".s.tmp")
	p.wantAbsent(p.Other, sftp.DirOut, "d.xml")
	if n := append(p.names(p.Other, sftp.DirIn), p.names(p.Other, sftp.DirOut)...); len(n) != 0 {
		p.Fatalf("the other party sees %q", n)
	}
	_, err := p.Mailbox.Open(p.ctx, p.Other, "d.xml")
	p.want("open", err, sftp.ErrNotFound)
	p.want("rename", p.Mailbox.Rename(p.ctx, p.Other, ".s.tmp", "s.xml"), sftp.ErrNotFound)
	p.want("remove staged", p.Mailbox.Remove(p.ctx, p.Other, sftp.DirIn, ".s.tmp"), sftp.ErrNotFound)
	p.want("remove document", p.Mailbox.Remove(p.ctx, p.Other, sftp.DirOut, "d.xml"), sftp.ErrNotFound)

	p.want("same name, other bytes, other party", p.upload(p.Other, "a.xml", two), nil)
	p.wantDeliveries(p.Party, Delivery{"a.xml", one})
	p.wantDeliveries(p.Other, Delivery{"a.xml", two})
	p.wantSize(p.Party, sftp.DirIn, ".s.tmp", int64(len(one)))
	p.wantSize(p.Party, sftp.DirOut, "d.xml", int64(len(one)))
}

func concurrentSame(_ *testing.T, p probe) {
	errs := p.together(8, func(int) []byte { return one })
	for _, err := range errs {
		p.want("commit", err, nil)
	}
	p.wantDeliveries(p.Party, Delivery{"a.xml", one})
}

func concurrentOther(_ *testing.T, p probe) {
	errs := p.together(8, func(i int) []byte { return fmt.Appendf(nil, "<n>%d</n>", i) })
	won := -1
	for i, err := range errs {
		switch {
		case err == nil && won >= 0:
			p.Fatalf("uploads %d and %d were both accepted", won, i)
		case err == nil:
			won = i
		default:
			p.want("commit", err, sftp.ErrConflict)
		}
	}
	if won < 0 {
		p.Fatal("none was accepted")
	}
	p.wantDeliveries(p.Party, Delivery{"a.xml", fmt.Appendf(nil, "<n>%d</n>", won)})
}

// together uploads a.xml n times at once.
func (p probe) together(n int, data func(int) []byte) []error {
	uploads := make([]sftp.Upload, n)
	for i := range uploads {
		uploads[i] = p.begin(p.Party, "a.xml", data(i))
	}
	errs := make([]error, n)
	var all sync.WaitGroup
	for i, u := range uploads {
		all.Go(func() { errs[i] = u.Commit(p.ctx) })
	}
	all.Wait()
	return errs
}
