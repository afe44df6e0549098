package witness

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// delivery is one file that the mailbox has acknowledged.
type delivery struct {
	supplier, as, path string
	messageID, groupID string
	authority          string
	receipt            *receipt
	accepted           bool
	response2          string // number of the document
	first, count       int32  // its payments
}

func (d *delivery) String() string { return d.supplier + " " + d.as }

// bundleKey is what answers name a bundle by.
type bundleKey struct{ supplier, authority, group string }

// supplier reads what one data supplier sent and got back. Everything about receipts and response 2 is settled here;
// the later answers are put aside until the banks' files are known.
func (w *witness) supplier(name string) error {
	home := filepath.Join(w.dir, "authority", name)
	first := len(w.deliveries)
	for _, journal := range []string{"journal.jsonl", "journal-send.jsonl"} {
		if err := w.sent(name, home, journal, first); err != nil {
			return err
		}
	}
	mine := w.deliveries[first:]
	w.report.Deliveries += len(mine)
	answers, err := w.answers(name, filepath.Join(home, "got"))
	if err != nil {
		return err
	}
	w.matchReceipts(mine, answers.receipts)
	for i := range mine {
		if mine[i].accepted {
			if err := w.readPayments(int32(first + i)); err != nil {
				return err
			}
		}
	}
	for _, path := range answers.responses2 {
		if err := w.response2(name, path); err != nil {
			return err
		}
	}
	for i := range mine {
		if d := &mine[i]; d.accepted && d.response2 == "" {
			w.missing("%v: response 2", d)
		}
	}
	w.setOffs(name, answers.later)
	w.later = append(w.later, answers.later...)
	return w.letters(first, filepath.Join(home, "letters.jsonl"))
}

// letters reads which stopped payments a supplier has written about, that they shall go all the same.
func (w *witness) letters(first int, path string) error {
	all, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	for line := range bytes.Lines(all) {
		var l struct{ E2E string }
		if json.Unmarshal(line, &l) != nil {
			continue
		}
		w.each(l.E2E, func(_ int32, p *payment) bool {
			p.letGo = p.letGo || int(p.delivery) >= first
			return true
		})
	}
	return nil
}

// sent reads a journal of deliveries. A name stands for one delivery however often it was sent: the mailbox
// acknowledges the same bytes again and refuses others.
func (w *witness) sent(supplier, home, journal string, first int) error {
	all, err := os.ReadFile(filepath.Join(home, journal))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	seen := map[string]bool{}
	for i := range w.deliveries[first:] {
		seen[w.deliveries[first+i].as] = true
	}
	for line := range bytes.Lines(all) {
		var e struct{ File, As, SHA256, Result string }
		// The last line may be torn: what it would say has then not been acted upon.
		if json.Unmarshal(line, &e) != nil || e.As == "" || e.Result != "ok" || seen[e.As] {
			continue
		}
		seen[e.As] = true
		d := delivery{supplier: supplier, as: e.As, path: filepath.Join(home, "send", e.File)}
		if err := w.head(&d, e.SHA256); err != nil {
			return err
		}
		w.deliveries = append(w.deliveries, d)
	}
	return nil
}

// head reads the names of a bundle, as far as they can be read.
func (w *witness) head(d *delivery, sum string) error {
	b, err := os.ReadFile(d.path)
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	if digest := sha256.Sum256(b); hex.EncodeToString(digest[:]) != sum {
		return fmt.Errorf("witness: %v: the file is not the one that was sent", d)
	}
	// What is wrong with the XML is not asked here.
	_ = walk(bytes.NewReader(b), func(e *element) error {
		switch {
		case e.under("MessageData") && e.name() == "MessageId":
			d.messageID = e.text
		case e.under("GrpHdr") && e.name() == "GrpId":
			d.groupID = e.text
		case e.under("InitgPty", "OrgId", "PrtryId") && e.name() == "Id":
			d.authority = e.text
		case e.name() == "GrpHdr" || e.name() == "PmtTx":
			return errEnough
		}
		return nil
	})
	return w.ctx.Err()
}

// isXML reports whether a delivery is XML from beginning to end.
func (d *delivery) isXML() bool {
	f, err := os.Open(d.path)
	if err != nil {
		return false
	}
	defer f.Close()
	return walk(bufio.NewReaderSize(f, 1<<16), func(*element) error { return nil }) == nil
}

// receipt is a receipt 0 or 1.
type receipt struct {
	file, number string
	kind         byte // '0' or '1'
	refersTo     string
	accepts      bool
	stamp        string
	used         bool
}

// matchReceipts gives every delivery its receipt: by message id where one delivery has it; else in the order in which
// they came, and a receipt 0 to a file that is no XML. A receipt 0 without a message id belongs to a file whose message
// id cannot be read.
func (w *witness) matchReceipts(mine []delivery, receipts []*receipt) {
	same := map[string]int{}
	for i := range mine {
		same[mine[i].messageID]++
	}
	take := func(d *delivery, suits func(*receipt) bool) {
		for _, r := range receipts {
			if d.receipt == nil && !r.used && suits(r) {
				d.receipt, r.used = r, true
			}
		}
	}
	each := func(f func(*delivery)) {
		for i := range mine {
			if mine[i].receipt == nil {
				f(&mine[i])
			}
		}
	}
	each(func(d *delivery) {
		if same[d.messageID] == 1 && d.messageID != "" {
			take(d, func(r *receipt) bool { return r.refersTo == d.messageID })
		}
	})
	each(func(d *delivery) {
		if !d.isXML() {
			take(d, func(r *receipt) bool { return r.kind == '0' && r.refersTo == d.messageID })
		}
	})
	each(func(d *delivery) {
		take(d, func(r *receipt) bool { return d.messageID != "" && r.refersTo == d.messageID })
	})
	each(func(d *delivery) {
		take(d, func(r *receipt) bool { return r.kind == '0' && r.refersTo == "" })
	})
	for i := range mine {
		w.settle(&mine[i])
	}
	for _, r := range receipts {
		if !r.used {
			w.find(StrayAnswer, "receipt %c %s in %s refers to no delivery that lacks one", r.kind, r.number, r.file)
		}
	}
}

// settle says what the receipt means for the delivery.
func (w *witness) settle(d *delivery) {
	switch {
	case d.receipt == nil:
		w.missing("%v: receipt", d)
	case !d.receipt.accepts:
		w.report.BundlesRejected++
	default:
		w.report.BundlesAccepted++
		d.accepted = true
	}
}

// profile is what a bank centre says of its own ways, as far as its answers cannot be understood without.
type profile struct {
	Executed string `json:"executed"`
	Contrl   string `json:"contrl"`
	Codes    struct {
		Rejected string `json:"rejected"`
		Accepted string `json:"accepted"`
		Executed string `json:"executed"`
	} `json:"codes"`
	Reports struct {
		ReturnAccounts map[string]string `json:"return_accounts"`
	} `json:"reports"`
}

func readProfile(path string) (profile, error) {
	var p profile
	f, err := os.Open(path)
	if err != nil {
		return p, fmt.Errorf("witness: %w", err)
	}
	defer f.Close()
	if err := json.NewDecoder(bufio.NewReader(f)).Decode(&p); err != nil {
		return p, fmt.Errorf("witness: %s: %w", path, err)
	}
	return p, nil
}
