package flowtest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"nks/gateway"
)

// outside is what banks and suppliers have seen: no restore sets it back.
type outside struct {
	w     *world
	has   map[string]string            // what banks have got, by bank and name
	lies  map[string]bool              // of it what they have not collected
	ready map[string]map[string]string // by bank: what it has laid out
	read  map[string]string            // what suppliers have read, by name
	faces []string                     // of an outside that was dealt with twice
}

func newOutside(w *world) *outside {
	return &outside{w: w, has: map[string]string{}, lies: map[string]bool{}, ready: map[string]map[string]string{}, read: map[string]string{}}
}

// link is one bank's mailbox.
type link struct {
	*outside
	bank string
}

func (l link) List(context.Context) ([]gateway.RemoteFile, error) {
	var files []gateway.RemoteFile
	for _, name := range slices.Sorted(maps.Keys(l.ready[l.bank])) {
		files = append(files, gateway.RemoteFile{Name: name, Size: int64(len(l.ready[l.bank][name]))})
	}
	return files, nil
}

func (l link) Fetch(_ context.Context, f gateway.RemoteFile, to io.Writer) error {
	_, err := io.WriteString(to, l.ready[l.bank][f.Name])
	return err
}

func (l link) Remove(_ context.Context, name string) error {
	delete(l.ready[l.bank], name)
	return nil
}

func (l link) Look(_ context.Context, f gateway.Outgoing) (gateway.Sighting, error) {
	if l.lies[l.bank+" "+f.FinalName] {
		return gateway.Present, nil
	}
	return gateway.Absent, nil
}

func (l link) Put(ctx context.Context, f gateway.Outgoing, content io.Reader, beforeRename func(context.Context) error) error {
	all, err := io.ReadAll(content)
	if err == nil {
		err = beforeRename(ctx)
	}
	if err != nil {
		return err
	}
	place := l.bank + " " + f.FinalName
	if _, twice := l.has[place]; twice {
		l.faces = append(l.faces, place+" was put twice")
	}
	l.has[place], l.lies[place] = string(all), true
	return nil
}

// exchange has a bank's owner send and fetch all that there is, and the flow hear and answer it.
func (o *outside) exchange() {
	o.w.t.Helper()
	o.w.render()
	for _, b := range o.w.banks {
		lease, err := o.w.Bank.Lease(o.w.t.Context(), b.ID)
		if err != nil {
			o.w.t.Fatal(err)
		}
		d := &gateway.Dispatcher{Bank: b.ID, Fence: lease.Fence, Link: link{o, b.ID}, Outbox: o.w.Bank, Now: o.w.time, Failpoint: func(string) {}}
		o.w.all("send", d.SendNext)
		o.w.all("fetch", d.FetchNew)
		lease.Release()
		o.w.hear(b.ID)
	}
}

// lay has a bank lay out a file.
func (o *outside) lay(bank, name, content string) {
	if o.ready[bank] == nil {
		o.ready[bank] = map[string]string{}
	}
	o.ready[bank][name] = content
}

// collects has banks take away what they were put.
func (o *outside) collects() { clear(o.lies) }

// reads has suppliers read the answers that lie ready, and take them away.
func (o *outside) reads() {
	o.w.t.Helper()
	o.w.later(quiet)
	o.w.all("answer", o.w.Answer.Next)
	for _, supplier := range []string{"LEVA", "LEVB"} {
		files, err := o.w.Answer.Ready(o.w.t.Context(), supplier)
		if err != nil {
			o.w.t.Fatal(err)
		}
		for _, f := range files {
			opened, err := o.w.Answer.OpenReady(o.w.t.Context(), supplier, f.Name)
			if err != nil {
				o.w.t.Fatal(err)
			}
			text, err := io.ReadAll(io.NewSectionReader(opened, 0, opened.Size()))
			if err != nil {
				o.w.t.Fatal(err)
			}
			if before, known := o.read[f.Name]; known && before != string(text) {
				o.faces = append(o.faces, f.Name+" has two texts")
			}
			o.read[f.Name] = string(text)
			if err := o.w.Answer.Collect(o.w.t.Context(), supplier, f.Name); err != nil {
				o.w.t.Fatal(err)
			}
		}
	}
}

var orderReference = regexp.MustCompile(`RFF\+CR:[0-9A-Z]{8}([^']+)'`)

// orders are the EndToEndIds of all orders that banks have got, each as often as it went.
func (o *outside) orders() string {
	var all []string
	for _, text := range o.has {
		for _, m := range orderReference.FindAllStringSubmatch(strings.ReplaceAll(text, "\r\n", ""), -1) {
			all = append(all, m[1])
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// answers is what suppliers have read, each answer by what it says.
func (o *outside) answers() string {
	var all []string
	for name, text := range o.read {
		all = append(all, describe(readAnswer(o.w.t, name, bytes.NewReader([]byte(text)))))
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// messageOf is the reference of the first message of an interchange.
func messageOf(bank string, number int) string { return fmt.Sprintf("%s-%014d-0001", bank, number) }
