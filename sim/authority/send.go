package authority

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"time"
)

// SendConfig says what to send to which mailbox or queue, and as whom.
type SendConfig struct {
	Mailbox string // host:port
	// Queue is host:port of the message broker: then the document goes there, under As as message id; empty: DeriveID.
	Queue    string
	Password string // file of the password at the broker
	Login    string // the data supplier
	Key      string // file of the private key (OpenSSH)
	HostKey  string // file of the mailbox's public key: the only one accepted
	File     string // document to send
	As       string // name in in/; empty: the file's own; the message id of a queue
	// Wait bounds the waiting for answers, in the machine's time. Zero: do not wait.
	Wait time.Duration
	// Dir is the data directory of a demonstration whose simulated supplier may collect the answers first, or empty.
	// The delivery is then written down there, so that the second computation knows of it.
	Dir string
	// Now is the business time for that record; nil: time.Now.
	Now func() time.Time
}

// Summary is what came back for a sent document.
type Summary struct {
	MessageID string `json:"message_id"` // as far as it could be read
	Receipt   string `json:"receipt"`    // "0", "1" or empty: none came in time
	Accepted  bool   `json:"accepted"`   // receipt 1 ACPT
	Response2 bool   `json:"response2"`  // came; never comes for a document that is not accepted
	Payments  int    `json:"payments"`   // in the document, as far as it could be read
	Rejected  int    `json:"rejected"`   // by response 2
	// Reasons are the codes and texts of receipts and response 2, in order, no more than some.
	Reasons []string `json:"reasons"`
	Answers []string `json:"answers"` // names of the files that tell this
}

// Complete reports whether all that must come by itself at once has come.
func (s Summary) Complete() bool { return s.Receipt != "" && (!s.Accepted || s.Response2) }

// mostReasons bounds what a summary repeats.
const mostReasons = 20

// post is where a document is sent and its answers are looked at.
type post interface {
	upload(ctx context.Context, as string, b []byte) error
	list(ctx context.Context) ([]string, error)
	read(ctx context.Context, name string) ([]byte, error)
	close()
}

// open connects to the mailbox or the queue, and settles the document's name there.
func (c *SendConfig) open(ctx context.Context, document []byte) (post, error) {
	if c.Queue != "" {
		if c.As == "" {
			c.As = DeriveID(document)
		}
		a, err := readQueueAccess(c.Queue, c.Login, c.Password)
		if err != nil {
			return nil, err
		}
		return dialBrowser(ctx, a, c.As)
	}
	if c.As == "" {
		c.As = filepath.Base(c.File)
	}
	if !plainName(c.As) {
		return nil, fmt.Errorf("%q cannot be the name of a file in the mailbox", c.As)
	}
	a, err := readAccess(c.Mailbox, c.Login, c.Key, c.HostKey)
	if err != nil {
		return nil, err
	}
	return dial(ctx, a)
}

// Send sends one document and waits for its receipt and, if it is accepted, for response 2. It leaves all answers where
// they are. That answers are missing after the time is no error: see Summary.Complete.
func Send(ctx context.Context, c SendConfig) (Summary, error) {
	b, err := os.ReadFile(c.File)
	if err != nil {
		return Summary{}, fmt.Errorf("send: %w", err)
	}
	box, err := c.open(ctx, b)
	if err != nil {
		return Summary{}, fmt.Errorf("send: %w", err)
	}
	defer box.close()
	w := &waiter{SendConfig: c, box: box, read: map[string]bool{}, found: map[string]answer{}}
	w.sum.MessageID, w.sum.Payments = glance(b)
	w.before = true
	if err := w.look(ctx); err != nil {
		return w.sum, err
	}
	w.old, w.found, w.before = w.found, map[string]answer{}, false
	if err := box.upload(ctx, c.As, b); err != nil {
		return w.sum, fmt.Errorf("send: %w", err)
	}
	if err := w.record(b); err != nil {
		return w.sum, err
	}
	return w.wait(ctx)
}

// waiter looks for the answers to one document.
type waiter struct {
	SendConfig
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
			return w.sum, fmt.Errorf("send: %w", ctx.Err())
		}
	}
	if len(w.found) == 0 {
		w.summarise(w.old)
	}
	return w.sum, nil
}

// look reads every file it has not seen yet, in the mailbox and where a simulated supplier puts what it takes away.
func (w *waiter) look(ctx context.Context) error {
	names, err := w.box.list(ctx)
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	for _, name := range names {
		if w.read[name] {
			continue
		}
		b, err := w.box.read(ctx, name)
		if errors.Is(err, os.ErrNotExist) {
			continue // taken away meanwhile
		}
		if err != nil {
			return fmt.Errorf("send: %w", err)
		}
		// The queue shows what answers our message, and nothing else.
		w.take(name, b, w.Queue != "")
	}
	if w.Dir == "" {
		return nil
	}
	got := filepath.Join(w.Dir, "sim", "authority", w.Login, "got")
	entries, err := os.ReadDir(got)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("send: %w", err)
	}
	for _, e := range entries {
		if name := e.Name(); !w.read[name] && plainName(name) {
			b, err := os.ReadFile(filepath.Join(got, name))
			if err != nil {
				return fmt.Errorf("send: %w", err)
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
	if err != nil || !strings.HasPrefix(a.root, "NKSReceipt") && a.root != "NKSResponse2" {
		return
	}
	if certain || a.refersTo != "" && a.refersTo == w.sum.MessageID || a.refersTo == "" && a.root == "NKSReceipt0" && !w.before {
		w.found[name] = a
	}
}

func (w *waiter) summarise(found map[string]answer) {
	s := Summary{MessageID: w.sum.MessageID, Payments: w.sum.Payments}
	for name, a := range found {
		s.Answers = append(s.Answers, name)
		switch a.root {
		case "NKSReceipt0":
			s.Receipt = "0"
		case "NKSReceipt1":
			s.Receipt, s.Accepted = "1", s.Accepted || a.action == "ACPT"
		default:
			s.Response2 = true
			if s.Rejected += a.rejected; a.groupStatus == "RJCT" {
				s.Rejected = s.Payments
			}
		}
	}
	sort.Strings(s.Answers)
	for _, name := range s.Answers {
		s.Reasons = append(s.Reasons, found[name].reasons...)
	}
	s.Reasons = s.Reasons[:min(len(s.Reasons), mostReasons)]
	w.sum = s
}

// record writes the delivery down beside the simulated supplier's own, in a journal of its own because that one is the
// running process's.
func (w *waiter) record(b []byte) error {
	if w.Dir == "" {
		return nil
	}
	home := filepath.Join(w.Dir, "sim", "authority", w.Login)
	sum := digest(b)
	file := "sent-" + sum[:16] + ".xml"
	if err := os.MkdirAll(filepath.Join(home, "send"), 0o755); err != nil {
		return fmt.Errorf("%w: %w", errLocal, err)
	}
	if err := os.WriteFile(filepath.Join(home, "send", file), b, 0o644); err != nil {
		return fmt.Errorf("%w: %w", errLocal, err)
	}
	j, err := openJournal(filepath.Join(home, "journal-send.jsonl"))
	if err != nil {
		return err
	}
	defer j.close()
	now := time.Now
	if w.Now != nil {
		now = w.Now
	}
	return j.append(entry{At: now(), File: file, As: w.As, SHA256: sum, Size: int64(len(b)), Result: resultOK})
}

// read fetches an answer into memory.
func (m *mailbox) read(ctx context.Context, name string) ([]byte, error) {
	var b bytes.Buffer
	err := m.within(ctx, talkTime, func() error {
		f, err := m.sftp.Open(outbox + "/" + name)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(&b, struct{ io.Reader }{f})
		return err
	})
	return b.Bytes(), err
}

// answer is what matters here of a receipt or response.
type answer struct {
	root, refersTo, action, groupStatus string
	rejected                            int
	reasons                             []string
}

func readAnswer(b []byte) (answer, error) {
	var a answer
	var code, text string
	dec := xml.NewDecoder(bytes.NewReader(b))
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return a, nil
		}
		if err != nil {
			return a, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if a.root == "" {
				a.root = t.Name.Local
			}
			for _, at := range t.Attr {
				if at.Name.Local == "errorCode" {
					code = at.Value
				}
			}
			text = ""
		case xml.CharData:
			text += string(t)
		case xml.EndElement:
			a.leaf(t.Name.Local, strings.TrimSpace(text), &code)
			text = ""
		}
	}
}

// leaf takes note of an element's text; code carries a reason's number to its words.
func (a *answer) leaf(name, text string, code *string) {
	switch name {
	case "RefToMessageId":
		a.refersTo = text
	case "Action":
		a.action = text
	case "GrpSts":
		a.groupStatus = text
	case "TxSts":
		if text == "RJCT" {
			a.rejected++
		}
	case "StsRsn":
		if *code = text; text != "" && a.rejected == 0 {
			a.reasons = append(a.reasons, text)
		}
	case "Description", "AddtlInf":
		a.reasons = append(a.reasons, strings.TrimSpace(*code+" "+text))
	}
}

var messageIDPattern = regexp.MustCompile(`MessageId\s*>\s*([^<]*?)\s*<`)

// glance reads a payment document's message id and counts its payments, however broken it may be.
func glance(b []byte) (messageID string, payments int) {
	if m := messageIDPattern.FindSubmatch(b); m != nil {
		messageID = string(m[1])
	}
	return messageID, bytes.Count(b, []byte("PmtTx>")) / 2
}
