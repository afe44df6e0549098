// Package client is a data supplier's side of the doors: it sends one document, waits for the receipt and response 2, and takes nothing away
// but what is sent to it.
package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nks/sftp"
)

// Config says what to send to which mailbox or queue, and as whom.
type Config struct {
	Mailbox string // host:port
	// Queue is host:port of the message broker: then the document goes there, under As as message id; empty: DeriveID.
	Queue    string
	Password string // file of the password at the broker
	// Broker is a broker elsewhere: with its URLs the document goes there, under As as message-id; empty: DeriveID.
	Broker Broker
	// Endpoint is the URL of the signed endpoint: then the document goes there, under As as MessageID; empty: made of its bytes.
	Endpoint string
	// CA is the file of the authorities' certificates, Certificate that of the supplier's, CertificateKey that of its key at a broker; all are
	// empty for a broker that speaks in the clear. At the endpoint Key is the certificate's, in PEM.
	CA, Certificate, CertificateKey string
	// ServerCert is the file of the certificate that the endpoint signs with.
	ServerCert string
	// OIORASP is that profile at the endpoint: SHA-1, and encrypted bodies.
	OIORASP bool
	// Listen is the URL at which answers are taken, and kept in the folder Into; empty: they go to another program. At a broker elsewhere Into alone
	// says that they are taken.
	Listen, Into string
	// Receiver is whom messages to the endpoint are meant for; empty: whom the document addresses.
	Receiver string
	Login    string // the data supplier
	Key      string // file of the private key (OpenSSH)
	HostKey  string // file of the mailbox's public key: the only one accepted
	File     string // document to send
	As       string // name in in/; empty: the file's own; the message id of a queue
	// Wait bounds the waiting for answers, in the machine's time. Zero: do not wait.
	Wait time.Duration
	// Collected is a folder in which another process of the supplier keeps the answers that it takes away, or empty.
	Collected string
	// Delivered is called when the document has arrived under the name; nil: nobody is told.
	Delivered func(as string, document []byte) error
}

// Summary is what came back for a sent document.
type Summary struct {
	MessageID string `json:"message_id"` // as far as it could be read
	Receipt   string `json:"receipt"`    // "0", "1" or empty: none came in time
	Accepted  bool   `json:"accepted"`   // receipt 1 ACPT
	Response2 bool   `json:"response2"`  // came; never comes for a document that is not accepted
	Payments  int    `json:"payments"`   // in the document, as far as it could be read
	Rejected  int    `json:"rejected"`   // by response 2, or items that were refused
	// Items are those that were answered of a document about the register, whose receipt is called "register".
	Items int `json:"items,omitempty"`
	// Days are those on which the recipients of what was accepted are planned to have their money: one, or the first and the last.
	Days []string `json:"days"`
	// Rejections are all that receipts and response 2 say against payments, in order; Reasons their codes and texts, no more than some.
	Rejections []Rejection `json:"rejections"`
	Reasons    []string    `json:"reasons"`
	Answers    []string    `json:"answers"` // names of the files that tell this
	// Elsewhere: answers go to another program of the supplier, and none was waited for.
	Elsewhere bool `json:"elsewhere,omitempty"`
}

// Complete reports whether all that must come by itself at once has come.
func (s Summary) Complete() bool { return s.Receipt != "" && (!s.Accepted || s.Response2) }

// pollEvery is the pause between two looks for answers.
const pollEvery = 100 * time.Millisecond

// mostReasons bounds what a summary repeats.
const mostReasons = 20

// post is where a document is sent and its answers are looked at.
type post interface {
	upload(ctx context.Context, as string, b []byte) error
	list(ctx context.Context) ([]string, error)
	read(ctx context.Context, name string) ([]byte, error)
	close()
}

// open connects to the door, and settles the document's name there.
func (c *Config) open(ctx context.Context, document []byte) (post, error) {
	if c.Queue != "" || len(c.Broker.URLs) > 0 {
		c.As = cmp.Or(c.As, DeriveID(document))
	}
	switch {
	case c.Queue != "":
		return dialQueue(ctx, *c)
	case len(c.Broker.URLs) > 0:
		return dialElsewhere(ctx, *c)
	}
	if c.Endpoint != "" {
		if c.As == "" {
			c.As = messageID(c.Login, document)
		}
		return dialRasp(*c)
	}
	if c.As == "" {
		c.As = filepath.Base(c.File)
	}
	if !sftp.FinalName(c.As) {
		return nil, fmt.Errorf("%q cannot be the name of a file in the mailbox: must be 1 to 100 of A-Z a-z 0-9 . _ ~ -, not beginning with a dot, then .xml", c.As)
	}
	return dialMailbox(ctx, *c)
}

// Send sends one document and waits for its receipt and, if it is accepted, for response 2. It leaves all answers where
// they are. That answers are missing after the time is no error: see Summary.Complete.
func Send(ctx context.Context, c Config) (Summary, error) {
	b, err := os.ReadFile(c.File)
	if err != nil {
		return Summary{}, err
	}
	box, err := c.open(ctx, b)
	if err != nil {
		return Summary{}, err
	}
	defer box.close()
	w := &waiter{Config: c, box: box, read: map[string]bool{}, found: map[string]answer{}}
	w.sum.MessageID, w.sum.Payments = glance(b)
	w.before = true
	if err := w.look(ctx); err != nil {
		return w.sum, err
	}
	w.old, w.found, w.before = w.found, map[string]answer{}, false
	if err := box.upload(ctx, c.As, b); err != nil {
		return w.sum, err
	}
	if c.Delivered != nil {
		if err := c.Delivered(c.As, b); err != nil {
			return w.sum, err
		}
	}
	if c.Into == "" && (c.Endpoint != "" || len(c.Broker.URLs) > 0) {
		w.sum.Elsewhere = true
		return w.sum, nil
	}
	return w.wait(ctx)
}

// waiter looks for the answers to one document.
type waiter struct {
	Config
	box   post
	sum   Summary
	read  map[string]bool   // names that were looked at
	old   map[string]answer // ours, but there before the document was sent
	found map[string]answer
	// before: the document has not been sent; a receipt 0 that names no document cannot be about it.
	before bool
}

// wait looks until everything is there. A document that is known already, under the same name, gets no new answers:
// then the old ones count in the end.
func (w *waiter) wait(ctx context.Context) (Summary, error) {
	end := time.Now().Add(w.Wait)
	for time.Now().Before(end) {
		if err := w.look(ctx); err != nil {
			return w.sum, err
		}
		if w.summarise(w.found); w.sum.Complete() {
			return w.sum, nil
		}
		if !pause(ctx, pollEvery) {
			return w.sum, ctx.Err()
		}
	}
	if len(w.found) == 0 {
		w.summarise(w.old)
	}
	return w.sum, nil
}

// look reads every file it has not seen yet, at the gateway and where another process keeps what it takes away.
func (w *waiter) look(ctx context.Context) error {
	names, err := w.box.list(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if w.read[name] {
			continue
		}
		b, err := w.box.read(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // taken away meanwhile
		}
		if err != nil {
			return err
		}
		// The queue shows what answers our message, and nothing else.
		w.take(name, b, w.Queue != "")
	}
	if w.Collected == "" {
		return nil
	}
	entries, err := os.ReadDir(w.Collected)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if name := e.Name(); !w.read[name] && plainName(name) {
			b, err := os.ReadFile(filepath.Join(w.Collected, name))
			if err != nil {
				return err
			}
			w.take(name, b, false)
		}
	}
	return nil
}

// take keeps an answer that is about our document: certainly so, or by what stands in it.
func (w *waiter) take(name string, b []byte, certain bool) {
	w.read[name] = true
	a, err := readAnswer(b)
	if err != nil || !strings.HasPrefix(a.root, "NKSReceipt") && a.root != "NKSResponse2" && a.root != registerAnswer {
		return
	}
	if certain || a.refersTo != "" && a.refersTo == w.sum.MessageID || a.refersTo == "" && a.root == "NKSReceipt0" && !w.before {
		w.found[name] = a
	}
}

func (w *waiter) summarise(found map[string]answer) {
	s := Summary{MessageID: w.sum.MessageID, Payments: w.sum.Payments, Days: []string{}, Rejections: []Rejection{}, Reasons: []string{}}
	for name, a := range found {
		s.Answers = append(s.Answers, name)
		switch a.root {
		case "NKSReceipt0":
			s.Receipt = "0"
		case "NKSReceipt1":
			s.Receipt, s.Accepted = "1", s.Accepted || a.action == "ACPT"
		case registerAnswer:
			s.Receipt, s.Items, s.Accepted, s.Response2, s.Rejected = "register", a.items, a.items > 0, a.items > 0, a.rejected
		default:
			s.Response2 = true
			if s.Rejected += a.rejected; a.groupStatus == "RJCT" {
				s.Rejected = s.Payments
			}
		}
	}
	slices.Sort(s.Answers)
	for _, name := range s.Answers {
		s.Days = append(s.Days, found[name].days...)
		s.Rejections = append(s.Rejections, found[name].rejections...)
	}
	for _, r := range s.Rejections[:min(len(s.Rejections), mostReasons)] {
		s.Reasons = append(s.Reasons, r.reason())
	}
	w.sum = s
}

// plainName keeps a name from meaning another folder, or being taken for a temporary one.
func plainName(name string) bool {
	return name != "" && name[0] != '.' && !strings.ContainsAny(name, "/\\\x00")
}

// pause reports whether the time went by before ctx was done.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
