package flowtest_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/intake/intaketest"
	"nks/internal/programtest"
)

// hazard is a gateway to which things happen in an order that nobody has thought of.
type hazard struct {
	*world
	rand  *rand.Rand
	lease gateway.Lease
	box   *mailbox
	n     int // bundles
	heard int // files that were answered
	alive []string
}

// TestVoid_AnyOrder: whatever is received, released, void, sent, refused by the bank or its server, and whoever dies, in whatever
// order: every payment is explained after each step, and in the end each was sent once at most, and told of or sent.
func TestVoid_AnyOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(programtest.Size(1, 8)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			h := &hazard{world: newWorld(t, func(o *options) {
				o.limits.Split = gateway.SplitLimits{InterchangeOrders: 3, InterchangeBytes: 32 << 20, MessageOrders: 2}
			}),
				rand: rand.New(rand.NewPCG(seed, 1)), box: &mailbox{sent: new([]string)}, alive: []string{ann, bob, exile}}
			h.at(receiveBy)
			h.lease = h.held("BEC")
			for range 40 {
				h.step()
				h.holds()
			}
			h.end()
		})
	}
}

// step does something.
func (h *hazard) step() {
	h.t.Helper()
	h.later(time.Minute)
	switch h.rand.IntN(10) {
	case 0, 1:
		h.come()
	case 2, 3:
		h.release()
	case 4, 5:
		h.voidOne()
	case 6:
		h.sendOne()
	case 7:
		h.failToSend()
	case 8:
		h.answerOne()
	case 9:
		if h.rand.IntN(4) == 0 {
			h.die()
		}
	}
}

func (h *hazard) come() {
	h.n++
	var all []intaketest.Payment
	for i := range 1 + h.rand.IntN(4) {
		p := complete(fmt.Sprintf("B%d-%d", h.n, i), int64(100+h.rand.IntN(900)))
		if h.rand.IntN(2) == 0 {
			p = cpr(p.EndToEndID, []string{ann, bob, exile, poor, abroad}[h.rand.IntN(5)], 100)
		}
		all = append(all, p)
	}
	d := bundle(fmt.Sprint("G-", h.n), all...)
	if d.Debits[0].Agreement = "AFT-1"; h.rand.IntN(2) == 0 {
		d.Debits[0].Agreement, d.Debits[0].Account = "AFT-3", debit1
	}
	h.receive(d)
	h.exec(`UPDATE release_group SET release_at = $1 WHERE state = 'waiting'`, h.time())
}

// voidOne voids one of the interchanges that the desk lists.
func (h *hazard) voidOne() {
	list, err := h.Desk.Voidable(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	if len(list) > 0 {
		h.decided(act.KindVoid, list[h.rand.IntN(len(list))].ID)
	}
}

func (h *hazard) sendOne() {
	h.render()
	d := &gateway.Dispatcher{Bank: "BEC", Fence: h.lease.Fence, Link: h.box, Outbox: h.Bank, Now: h.time, Failpoint: func(string) {}}
	if _, err := d.SendNext(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// failToSend has the bank's server refuse what is next, before it gets its final name.
func (h *hazard) failToSend() {
	h.render()
	o, err := h.Bank.NextOutgoing(h.t.Context(), "BEC")
	if err != nil {
		return // there is none
	}
	if o, err = h.Bank.MarkSending(h.t.Context(), o.ID, h.lease.Fence); err == nil {
		err = h.Bank.MarkNotSent(h.t.Context(), o, h.lease.Fence)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// answerOne has the bank accept or reject the next file that it got.
func (h *hazard) answerOne() {
	numbers := h.rows(`SELECT control_ref FROM interchange WHERE kind = 'PAYMUL' AND bank = 'BEC' AND state = 'sent' AND contrl = 'none' ORDER BY sent_at, id LIMIT 1`)
	if len(numbers) == 0 {
		return
	}
	var no int64
	if _, err := fmt.Sscan(numbers[0], &no); err != nil {
		h.t.Fatal(err)
	}
	if h.heard++; h.rand.IntN(2) == 0 {
		h.says("BEC", contrl("BEC", no, "4+29"))
		return
	}
	h.says("BEC", contrl("BEC", no, "7"), bansta(fmt.Sprintf("BEC-%014d-0001", no), line(1, "4", "")))
}

// die ends somebody to whom payments go, too long ago to be paid.
func (h *hazard) die() {
	if len(h.alive) == 0 {
		return
	}
	who := h.alive[0]
	h.alive = h.alive[1:]
	load(h.t, h.db, country{"holders.csv": {"kind,id,parent,status,ended_on,name,street,postcode,town,country", "CPR," + who + ",,dead,2005-01-01,Død,,,,"}}, h.time())
}

// end lets everything go that still can, and looks at what the bank got.
func (h *hazard) end() {
	h.t.Helper()
	h.release()
	h.holds()
	h.render()
	for h.number(`SELECT count(*) FROM interchange WHERE bank = 'BEC' AND state IN ('frozen', 'rendered')`) > 0 {
		h.sendOne()
	}
	got := map[string]int{}
	for _, r := range references(*h.box.sent) {
		got[r[8:]]++
	}
	for e2e, n := range got {
		if n != 1 {
			h.t.Errorf("the bank got %s %d times", e2e, n)
		}
	}
	h.want("sent, or told of", h.row(`SELECT count(*) FROM payment p LEFT JOIN standing s ON s.payment_id = p.id
		WHERE (s.kind IN ('rejected', 'not_payable')) IS NOT TRUE`), fmt.Sprint(len(got)))
	h.want("nothing is left", h.row(`SELECT count(*) FROM obligation WHERE state = 'open'`), "0")
	h.t.Log(h.row(`SELECT count(*), max(attempt) FROM bank_order`), "; ", strings.Join(h.rows(`SELECT state, count(*) FROM interchange GROUP BY 1`), ", "), "; heard", h.heard)
}
