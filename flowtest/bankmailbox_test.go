package flowtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
)

// illServed is a bank's mailbox in which one of the files gives trouble.
type illServed struct {
	mailbox
	files   map[string]string
	bad     string
	fetch   error                    // of the bad file; nil: it comes
	remove  error                    // of the bad file; nil: it goes
	keeps   bool                     // it says that it has removed the bad file, and has not
	serving func(to io.Writer) error // serves the bad file in another way; nil: whole
}

func (l *illServed) List(context.Context) (files []gateway.RemoteFile, _ error) {
	for name, content := range l.files {
		files = append(files, gateway.RemoteFile{Name: name, Size: int64(len(content))})
	}
	slices.SortFunc(files, func(a, b gateway.RemoteFile) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return files, nil
}

func (l *illServed) Fetch(_ context.Context, f gateway.RemoteFile, to io.Writer) error {
	if f.Name == l.bad && l.fetch != nil {
		return l.fetch
	}
	if f.Name == l.bad && l.serving != nil {
		return l.serving(to)
	}
	_, err := io.WriteString(to, l.files[f.Name])
	return err
}

func (l *illServed) Remove(_ context.Context, name string) error {
	if name == l.bad && l.remove != nil {
		return l.remove
	}
	if name != l.bad || !l.keeps {
		delete(l.files, name)
	}
	return nil
}

// TestBankMailbox_Trouble: a file that a bank's server does not give, or not let go of, is one exception of its own kind, that counts and
// is gone when its cause is; the file behind it is heard, and the connection is not made anew. // S1 S2
func TestBankMailbox_Trouble(t *testing.T) {
	t.Parallel()
	refused := errors.New("permission denied")
	for name, c := range map[string]struct {
		trouble func(w *world, l *illServed)
		kind    gateway.ExceptionKind
		silent  bool // the first time may be nobody's fault
		down    bool // the connection is lost each time
		gone    bool // the bank takes it away in the end; else it comes, or goes
	}{
		"refused":            {func(_ *world, l *illServed) { l.fetch = refused }, gateway.FetchFails, false, false, false},
		"the line goes down": {func(_ *world, l *illServed) { l.fetch = gateway.ErrLinkDown }, gateway.FetchFails, true, true, true},
		"never served":       {func(_ *world, l *illServed) { l.fetch = gateway.ErrStalls }, gateway.BankFileStalls, false, false, true},
		"served drop by drop": {func(w *world, l *illServed) {
			l.serving = func(to io.Writer) (err error) {
				for n := 0; n < 1000 && err == nil; n++ {
					w.later(time.Second)
					_, err = to.Write([]byte("x"))
				}
				return err
			}
		}, gateway.BankFileStalls, false, false, false},
		"grows":             {func(_ *world, l *illServed) { l.fetch = gateway.ErrStillChanging }, gateway.BankFileChanges, true, false, false},
		"too large":         {func(_ *world, l *illServed) { l.fetch = gateway.ErrRefused }, gateway.BankFileTooLarge, false, false, true},
		"cannot be removed": {func(_ *world, l *illServed) { l.remove = refused }, gateway.RemoveFails, false, false, false},
		"stays":             {func(_ *world, l *illServed) { l.keeps = true }, gateway.RemoveFails, true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.paid(bundle("G-1", complete("A", 100)))
			w.newAnswers()
			l := &illServed{bad: "a.edi", files: map[string]string{"a.edi": file("BEC", "F1", contrl("BEC", 1, "7")), "b.edi": file("BEC", "F2", contrl("BEC", 1, "7"))}}
			c.trouble(w, l)
			lease := w.held("BEC")
			d := &gateway.Dispatcher{Bank: "BEC", Fence: lease.Fence, Link: l, Outbox: w.Bank, Now: w.time, Retry: time.Second, Failpoint: func(string) {}}
			look := func() {
				t.Helper()
				if _, err := d.FetchNew(t.Context()); errors.Is(err, gateway.ErrLinkDown) != (c.down && err != nil) {
					t.Error(err)
				}
			}
			look()
			if first := w.exceptions(); (first == "") != c.silent {
				t.Errorf("at first: %q", first)
			}
			look() // what failed is left alone, and the file behind it is fetched
			w.hear("BEC")
			w.wantAnswers("8 A")
			for range 3 {
				w.later(time.Hour)
				look()
			}
			times := 4
			if c.silent && c.kind != gateway.RemoveFails { // what was removed is not left alone
				times = 3
			}
			w.want("again and again", w.row(`SELECT kind, bank, times, last_at > raised_at FROM exception WHERE closed_at IS NULL`), fmt.Sprintf("%s BEC %d true", c.kind, times))
			if c.gone {
				delete(l.files, l.bad)
			}
			l.fetch, l.serving, l.remove, l.keeps = nil, nil, nil, false
			w.later(time.Hour)
			look()
			look()
			w.want("mended", w.exceptions(), "")
			w.want("one", w.row(`SELECT count(*) FROM exception`), "1")
		})
	}
}

// TestBankMailbox_OtherTrouble: a file has one exception at a time, that of what is wrong with it now.
func TestBankMailbox_OtherTrouble(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := gateway.RemoteFile{Name: "a.edi", Size: 10}
	for _, c := range []struct {
		cause  error
		stored bool
		want   string
	}{{gateway.ErrStalls, false, "bank file not served"}, {gateway.ErrStillChanging, false, "bank file keeps changing"}, {gateway.ErrRefused, false, "bank file too large"},
		{io.ErrUnexpectedEOF, false, "bank file cannot be fetched"}, {io.ErrUnexpectedEOF, true, "bank file cannot be removed"}, {gateway.ErrStalls, false, "bank file not served"}} {
		if err := w.Bank.FetchFails(t.Context(), "BEC", f, c.stored, c.cause); err != nil {
			t.Fatal(err)
		}
		w.want("exceptions", w.exceptions(), c.want)
	}
	if err := w.Bank.FetchMended(t.Context(), "SDC", nil); err != nil {
		t.Fatal(err)
	}
	w.want("another bank's is mended", w.exceptions(), "bank file not served")
	p := w.pages()
	p.hides("once", p.get("/", "", http.StatusOK), "gange, senest")
	for range 2 {
		w.later(time.Minute)
		if err := w.Bank.FetchFails(t.Context(), "BEC", f, false, gateway.ErrStalls); err != nil {
			t.Fatal(err)
		}
	}
	p = w.pages()
	p.says("three times", p.get("/", "", http.StatusOK), "server udleverer ikke en fil", "3 gange, senest")
}

// TestBankMailbox_AnotherOwner: what one owner has told of a file is over when the file goes under another, for whatever kind.
func TestBankMailbox_AnotherOwner(t *testing.T) {
	t.Parallel()
	refused := errors.New("permission denied")
	for name, trouble := range map[string]func(l *illServed){
		"cannot be removed": func(l *illServed) { l.remove = refused },
		"stays":             func(l *illServed) { l.keeps = true },
		"refused":           func(l *illServed) { l.fetch = refused },
		"never served":      func(l *illServed) { l.fetch = gateway.ErrStalls },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.paid(bundle("G-1", complete("A", 100)))
			w.newAnswers()
			l := &illServed{bad: "a.edi", files: map[string]string{"a.edi": file("BEC", "F1", contrl("BEC", 1, "7"))}}
			trouble(l)
			fence := w.held("BEC").Fence
			owner := func() *gateway.Dispatcher {
				return &gateway.Dispatcher{Bank: "BEC", Fence: fence, Link: l, Outbox: w.Bank, Now: w.time, Retry: time.Second, Failpoint: func(string) {}}
			}
			d := owner()
			for range 3 {
				_, _ = d.FetchNew(t.Context()) // it fails, and that is told
				w.later(time.Hour)
			}
			w.want("told", w.row(`SELECT count(*) FROM exception WHERE closed_at IS NULL`), "1")
			l.fetch, l.remove, l.keeps = nil, nil, false
			d = owner()
			for range 2 {
				if _, err := d.FetchNew(t.Context()); err != nil {
					t.Error(err)
				}
			}
			w.want("over", w.exceptions(), "")
		})
	}
}

// TestBankFiles_WithoutEnd: a bank that lays out files without end that cannot be heard, or not be fetched, has so many exceptions of a
// kind and one that counts the others; another bank has its own.
func TestBankFiles_WithoutEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const most, all = 100, 103
	kinds := func() string {
		return w.row(`SELECT kind, bank, subject LIKE '% more files', count(*), max(times) FROM exception WHERE closed_at IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`)
	}
	for i := range all {
		w.lay("BEC", fmt.Sprintf("%d.edi", i), "garbage")
	}
	w.lay("SDC", "1.edi", "garbage")
	w.hear("BEC")
	w.hear("SDC")
	w.want("unreadable", kinds(), fmt.Sprintf("bank file unreadable BEC false %d 1; bank file unreadable BEC true 1 %d; bank file unreadable SDC false 1 1", most, all-most))
	w.want("doubts", w.row(`SELECT count(*) FROM bank_doubt WHERE settled_at IS NULL`), fmt.Sprint(all+1))
	settle := func(of string) {
		t.Helper()
		var files []int64
		if err := w.db.Select(&files, `SELECT bank_file_id FROM bank_doubt WHERE settled_at IS NULL AND bank = 'BEC' ORDER BY id `+of); err != nil {
			t.Fatal(err)
		}
		w.approves(w.decides(act.KindNoneOfOurs, "A. Hansen", files...).ID, "B. Jensen")
	}
	settle("LIMIT 102")
	w.want("one is left", kinds(), fmt.Sprintf("bank file unreadable BEC true 1 %d; bank file unreadable SDC false 1 1", all-most))
	p := w.pages()
	p.says("the page", p.get("/", "", http.StatusOK), "flere af pengeinstituttets filer end de 100", "3 gange, senest")
	settle("")
	w.want("settled", kinds(), "bank file unreadable SDC false 1 1")

	var lie []gateway.RemoteFile
	for i := range all {
		lie = append(lie, gateway.RemoteFile{Name: fmt.Sprintf("stalls-%d.edi", i), Size: 10})
	}
	look := func() {
		t.Helper()
		for _, f := range lie {
			if err := w.Bank.FetchFails(t.Context(), "BEC", f, false, gateway.ErrStalls); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Bank.FetchMended(t.Context(), "BEC", lie); err != nil {
			t.Fatal(err)
		}
	}
	look()
	look()
	w.want("not served", kinds(), fmt.Sprintf("bank file not served BEC false %d 2; bank file not served BEC true 1 %d; bank file unreadable SDC false 1 1", most, 2*(all-most)))
	lie = lie[all-most-1:]
	look()
	w.want("two are gone", kinds(), fmt.Sprintf("bank file not served BEC false %d 3; bank file unreadable SDC false 1 1", most-2))
	look()
	w.want("each of the others has one", kinds(), fmt.Sprintf("bank file not served BEC false %d 4; bank file not served BEC true 1 1; bank file unreadable SDC false 1 1", most))
}
