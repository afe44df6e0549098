package witness

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// got is what one supplier fetched from its mailbox.
type got struct {
	receipts   []*receipt
	responses2 []string
	later      []later
}

// later is a response 5, 7, 8 or 9, to be read when the banks' files are known.
type later struct{ supplier, root, path string }

// answers reads the receipts of a supplier and sorts the responses by kind.
func (w *witness) answers(supplier, dir string) (got, error) {
	var g got
	files, err := names(dir, false)
	if err != nil {
		return g, err
	}
	for _, name := range files {
		path := filepath.Join(dir, name)
		switch root := rootOf(path); root {
		case "NKSReceipt0", "NKSReceipt1":
			r := &receipt{file: supplier + " " + name, kind: root[len(root)-1]}
			if w.readAnswer(path, r.visit) {
				w.number(root, r.number, path)
				g.receipts = append(g.receipts, r)
			}
		case "NKSResponse2":
			g.responses2 = append(g.responses2, path)
		case "NKSResponse5", "NKSResponse7", "NKSResponse8", "NKSResponse9":
			g.later = append(g.later, later{supplier, root, path})
		default:
			w.find(Unreadable, "answer %s %s: root %q", supplier, name, root)
		}
		if w.ctx.Err() != nil {
			return g, fmt.Errorf("witness: %w", w.ctx.Err())
		}
	}
	sort.SliceStable(g.receipts, func(i, k int) bool { return g.receipts[i].before(g.receipts[k]) })
	return g, nil
}

func rootOf(path string) (root string) {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	// The first element that ends tells the root by its path.
	_ = walk(bufio.NewReader(f), func(e *element) error {
		root = e.path[0]
		return errEnough
	})
	return root
}

// readAnswer walks through an answer and reports whether it could be read.
func (w *witness) readAnswer(path string, visit func(*element)) bool {
	f, err := os.Open(path)
	if err == nil {
		defer f.Close()
		err = walk(bufio.NewReaderSize(f, 1<<16), func(e *element) error {
			visit(e)
			return w.ctx.Err()
		})
	}
	if err != nil {
		w.find(Unreadable, "answer %s: %v", filepath.Base(path), err)
	}
	return err == nil
}

// number watches that a document's number is used once.
func (w *witness) number(root, number, path string) {
	key := root + " " + number
	if other, ok := w.numbers[key]; ok {
		w.find(DoubleAnswer, "%s %s stands in %s and in %s", root, number, filepath.Base(other), filepath.Base(path))
	}
	w.numbers[key] = path
}

func (r *receipt) visit(e *element) {
	switch e.name() {
	case "MessageId":
		r.number = e.text
	case "RefToMessageId":
		r.refersTo = e.text
	case "Timestamp":
		r.stamp = e.text
	case "Action":
		r.accepts = r.kind == '1' && e.text == "ACPT"
	}
}

// before orders receipts by time; within a second by number, which may be written without leading zeros.
func (r *receipt) before(o *receipt) bool {
	if r.stamp != o.stamp {
		return r.stamp < o.stamp
	}
	if len(r.number) != len(o.number) {
		return len(r.number) < len(o.number)
	}
	return r.number < o.number
}

// response is what all responses have in common.
type response struct {
	number, authority, group string
	groupStatus, groupReason string

	// Of the payment whose end is visited.
	e2e, status, account, more string
}

// visit takes note of an element and reports whether it ended a payment.
func (r *response) visit(e *element) (payment bool) {
	switch e.name() {
	case "PmtInitnStsId":
		r.number = e.text
	case "GrpId":
		r.group = e.text
	case "GrpSts":
		r.groupStatus = e.text
	case "StsRsn":
		if e.under("OrgnlGrpRefInfAndSts") {
			r.groupReason = e.text
		}
	case "Id":
		if e.under("InitgPty", "OrgId", "PrtryId") {
			r.authority = e.text
		} else if e.under("CdtrAcct", "Id", "Prtry") {
			r.account = e.text
		}
	case "BBAN", "IBAN":
		if e.under("CdtrAcct", "Id") {
			r.account = e.text
		}
	case "EndToEndId":
		r.e2e = e.text
	case "TxSts":
		r.status = e.text
	case "AddtlInf":
		r.more = e.text
	case "OrgnlTxRefInfAndSts":
		return true
	}
	return false
}

func (r *response) next() { r.e2e, r.status, r.account, r.more = "", "", "", "" }

// bundle finds the accepted delivery that a response is about.
func (w *witness) bundle(supplier string, r *response) (int32, bool) {
	n, ok := w.bundles[bundleKey{supplier, r.authority, r.group}]
	return n, ok
}

// choose finds the payment of a bundle that suits best. Of two with one id, the later one is the one refused.
func (w *witness) choose(bundle int32, e2e string, suits func(*payment) bool) *payment {
	var best *payment
	w.each(e2e, func(_ int32, p *payment) bool {
		if p.delivery == bundle && (best == nil || !suits(best)) {
			best = p
		}
		return true
	})
	return best
}

// response2 reads which payments of a bundle were rejected.
func (w *witness) response2(supplier, path string) error {
	var r response
	var listed []string
	if !w.readAnswer(path, func(e *element) {
		if r.visit(e) {
			if r.status == "RJCT" {
				listed = append(listed, r.e2e)
			}
			r.next()
		}
	}) {
		return w.ctx.Err()
	}
	w.number("NKSResponse2", r.number, path)
	n, ok := w.bundle(supplier, &r)
	if !ok {
		w.find(StrayAnswer, "%s response 2 %s: no accepted bundle %q of %s", supplier, r.number, r.group, r.authority)
		return nil
	}
	d := &w.deliveries[n]
	if d.response2 != "" {
		w.find(DoubleAnswer, "%v: response 2 %s and %s", d, d.response2, r.number)
		return nil
	}
	d.response2 = r.number
	if r.groupStatus == "RJCT" && len(listed) == 0 {
		for i := range d.count {
			w.payments[d.first+i].answered.rejected = true
		}
		return nil
	}
	for _, e2e := range listed {
		p := w.choose(n, e2e, func(p *payment) bool { return !p.answered.rejected })
		if p == nil || p.answered.rejected {
			w.find(StrayAnswer, "%v: response 2 %s rejects %q, which is not there", d, r.number, e2e)
			continue
		}
		p.answered.rejected = true
	}
	if status := groupStatus(len(listed), int(d.count)); status != r.groupStatus {
		w.find(Contradiction, "%v: response 2 %s says %s, but rejects %d of %d", d, r.number, r.groupStatus, len(listed), d.count)
	}
	return nil
}

func groupStatus(rejected, all int) string {
	switch rejected {
	case 0:
		return "ACPT"
	case all:
		return "RJCT"
	default:
		return "PART"
	}
}

// laterAnswer reads a response 5, 7, 8 or 9.
func (w *witness) laterAnswer(l later) {
	var r response
	about := int32(-1)
	w.readAnswer(l.path, func(e *element) {
		if !r.visit(e) {
			return
		}
		if n, ok := w.bundle(l.supplier, &r); ok {
			about = n
			w.tell(l, n, &r)
		} else {
			w.find(StrayAnswer, "%s %s: no accepted bundle %q of %s", l.supplier, r.number, r.group, r.authority)
		}
		r.next()
	})
	if r.number != "" {
		w.number(l.root, r.number, l.path)
	}
	if about < 0 && l.root == "NKSResponse5" && r.groupStatus == "RJCT" {
		w.stopAll(l, &r)
	}
}

// stopAll takes note of a response 5 that stops a whole bundle without a list.
func (w *witness) stopAll(l later, r *response) {
	n, ok := w.bundle(l.supplier, r)
	if !ok {
		w.find(StrayAnswer, "%s %s: no accepted bundle %q of %s", l.supplier, r.number, r.group, r.authority)
		return
	}
	d := &w.deliveries[n]
	for i := range d.count {
		if p := &w.payments[d.first+i]; !p.answered.rejected {
			p.answered.stopped = true
		}
	}
}

// tell takes note of what an answer says about one payment.
func (w *witness) tell(l later, bundle int32, r *response) {
	p := w.choose(bundle, r.e2e, func(p *payment) bool { return !p.answered.rejected })
	if p == nil || p.answered.rejected {
		w.find(StrayAnswer, "%s %s: %q of %q", l.supplier, r.number, r.e2e, r.group)
		return
	}
	once := func(field *string) {
		if *field != "" && *field != r.number {
			w.find(DoubleAnswer, "%s: %s and %s", w.name(p), *field, r.number)
		}
		*field = r.number
	}
	switch {
	case l.root == "NKSResponse5":
		p.answered.stopped = true
	case l.root == "NKSResponse7" && r.status == "ACPT" && strings.Contains(r.more, saysWaits): // what becomes of it then is told, too
	case l.root == "NKSResponse7" && r.status == "ACPT" && strings.Contains(r.more, saysSetOff): // setOffs has read it
	case l.root == "NKSResponse7" && r.status == "ACPT":
		once(&p.answered.cheque)
	case l.root == "NKSResponse7":
		once(&p.answered.returned)
	case l.root == "NKSResponse8":
		if p.answered.response8 != r.number {
			p.answered.times8++
		}
		p.answered.response8 = r.number
		w.compareAccount(p, r)
	default:
		p.answered.rejects(r)
	}
}

// What a response 9 says of what came back and what is kept.
const (
	saysBack  = "kommet retur: "
	saysWaits = "Afventer konto"
)

// rejects takes note of a response 9.
func (a *answered) rejects(r *response) {
	a.response9 = r.number
	a.times9++
	if strings.Contains(r.more, saysWaits) {
		a.waits++
	}
	if _, amount, says := strings.Cut(r.more, saysBack); says {
		end := strings.IndexFunc(amount, func(c rune) bool { return c != ',' && (c < '0' || c > '9') })
		if end >= 0 {
			amount = amount[:end]
		}
		if oere, ok := oereOf(amount); ok {
			a.toldBack += oere
		}
	}
}

// compareAccount compares the account that response 8 names with the one in the order.
func (w *witness) compareAccount(p *payment, r *response) {
	if r.account == "" || p.order < 0 {
		return
	}
	for at := p.order; at >= 0; at = w.orders[at].next {
		if o := &w.orders[at]; o.account == "" || sameAccount(o.account, r.account) {
			return
		}
	}
	w.find(WrongAccount, "%s: response 8 %s names another account than the order", w.name(p), r.number)
}
