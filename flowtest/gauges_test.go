package flowtest_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/postgres/watch"
)

// sample reads what is in hand: every gauge that is not 0, as "name{label}=value".
func (w *world) sample() string {
	w.t.Helper()
	readings, err := w.Watch.Sample(w.t.Context(), w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	return shown(readings)
}

func shown(readings []gateway.Reading) string {
	var all []string
	for _, r := range readings {
		if r.Value == 0 && r.Took == 0 {
			continue
		}
		value := fmt.Sprint(r.Value)
		if r.Took != 0 {
			value = r.Took.String()
		}
		all = append(all, fmt.Sprintf("%s{%s}=%s", strings.TrimPrefix(r.Name, "nks_"), strings.ReplaceAll(strings.Join(r.Labels, ","), " ", "_"), value))
	}
	return strings.Join(all, " ")
}

// TestSample follows two bundles from the mailbox to the bank's word, and looks at what is in hand on the way.
func TestSample(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const clock = "send_by_seconds{BEC}=%[1]d send_by_seconds{SDC}=%[1]d"
	look := func(where string, toSendBy time.Duration, want ...string) {
		t.Helper()
		sendBy := fmt.Sprintf(clock, int64(toSendBy.Seconds()))
		w.sequenced()
		if n := w.number(`SELECT count(*) FROM audit_entry`); n > 0 {
			want = append(want, fmt.Sprintf("audit_entries{}=%d", n))
		}
		got := w.sample()
		for _, part := range append(want, strings.Fields(sendBy)...) {
			if !strings.Contains(" "+got+" ", " "+part+" ") {
				t.Errorf("%s: %s is not in\n%s", where, part, got)
			}
		}
		if n := len(strings.Fields(got)); n != len(want)+2 {
			t.Errorf("%s: %d values, want %d:\n%s", where, n, len(want)+2, got)
		}
	}
	look("nothing", 4*time.Hour)
	err := w.Receive.Stage(t.Context(), door.Arrival{Door: door.Mailbox, Party: "LEVA", Key: "half.xml.tmp", Size: door.Unsized,
		Content: strings.NewReader("<")})
	if err != nil {
		t.Fatal(err)
	}
	w.park("id:a", []byte("x"), "refused")
	w.send(bundle("G-1", complete("A", 100), complete("B", 250)))
	w.later(time.Minute)
	look("sent to us", 4*time.Hour-time.Minute, "deliveries_waiting{received}=1", "deliveries_oldest_seconds{received}=60",
		"uploads_staged{}=1", "uploads_staged_oldest_seconds{}=60", "uploads_staged_bytes{}=1", "uploads_staged_most{}=1", "uploads_staged_most_bytes{}=1",
		"messages_parked{}=1", "messages_parked_oldest_seconds{}=60")
	w.exec(`DELETE FROM mailbox_upload`)
	w.exec(`DELETE FROM parked_message`)
	w.read()
	look("read", 4*time.Hour-time.Minute, "deliveries_waiting{read}=1", "deliveries_oldest_seconds{read}=60", "answers_uncollected{sftp}=1")
	w.check()
	w.exec(`UPDATE answer SET collected_at = made_at`)
	waiting := func(due string) []string {
		return []string{"groups_waiting{BEC," + due + "}=1", "payments_waiting{BEC," + due + "}=2", "payments_waiting_ore{BEC," + due + "}=350",
			"send_by_payments{BEC}=2", "send_by_ore{BEC}=350"}
	}
	look("checked", 4*time.Hour-time.Minute, waiting("false")...)
	w.at("2005-08-11 06:10")
	look("due", 140*time.Minute, append(waiting("true"), "release_overdue_seconds{BEC,true}=600")...)
	w.release()
	w.unrender()
	w.later(5 * time.Second)
	inHand := func(state string, age int) []string {
		return []string{"interchanges{BEC," + state + "}=1", "interchange_payments{BEC," + state + "}=2", "interchange_ore{BEC," + state + "}=350",
			fmt.Sprintf("interchange_oldest_seconds{BEC,%s}=%d", state, age)}
	}
	sendBy := []string{"send_by_payments{BEC}=2", "send_by_ore{BEC}=350"}
	look("frozen", 140*time.Minute-5*time.Second, append(inHand("frozen", 5), sendBy...)...)
	w.render()
	look("rendered", 140*time.Minute-5*time.Second, append(inHand("rendered", 5), sendBy...)...)
	lease := w.held("BEC")
	o := w.publishing("BEC", lease.Fence)
	fence := "bank_lease_fence{BEC}=1"
	look("publishing", 140*time.Minute-5*time.Second, append(inHand("publishing", 5), append(sendBy, fence)...)...)
	if err := w.Bank.MarkUnknown(t.Context(), o, lease.Fence); err != nil {
		t.Fatal(err)
	}
	w.at("2005-08-11 08:31")
	look("unknown, after the send-by", 24*time.Hour-time.Minute,
		append(inHand("unknown", 8460), fence, "exceptions_open{interchange_unknown}=1", "exceptions_oldest_seconds{interchange_unknown}=8455")...)
	if err := w.Desk.Resolve(t.Context(), "BEC", 1, true, "ole", "ida"); err != nil {
		t.Fatal(err)
	}
	w.later(time.Second)
	look("sent", 24*time.Hour-time.Minute-time.Second, append(inHand("awaiting_contrl", 1), fence)...)
	w.lay("BEC", "1.edi", file("BEC", "F1", contrl("BEC", 1, "7")))
	look("answered", 24*time.Hour-time.Minute-time.Second, append(inHand("awaiting_contrl", 1), fence, "bank_files_waiting{BEC}=1")...)
	w.hear("BEC")
	w.later(time.Second)
	w.exec(`UPDATE interchange SET state = 'sent', sent_at = prepared_at WHERE kind = 'CONTRL'`)
	look("accepted", 24*time.Hour-time.Minute-2*time.Second, fence, "answers_due{8}=2", "answers_due_oldest_seconds{8}=1")
}

// TestFollower counts what is committed after its first look, each thing once.
func TestFollower(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-0", complete("Z", 100)))
	f := watch.NewFollower()
	look := func(where, want string) {
		t.Helper()
		readings, err := f.Look(t.Context(), w.db)
		if err != nil {
			t.Fatal(err)
		}
		w.want(where, shown(readings), want)
	}
	look("first", "")
	w.at("2005-08-12 04:30")
	w.send(bundle("G-1", complete("A", 100), complete("B", 250), cpr("C", nobody, 10)))
	w.send(bundle("G-1", complete("D", 100)))
	size := w.row(`SELECT size FROM delivery ORDER BY id DESC LIMIT 2`)
	look("received", fmt.Sprintf("deliveries_total{sftp,received}=1 delivery_bytes_total{sftp}=%[2]s deliveries_total{sftp,received}=1 delivery_bytes_total{sftp}=%[1]s",
		strings.Split(size, "; ")[0], strings.Split(size, "; ")[1]))
	w.later(3 * time.Second)
	w.read()
	look("read", "deliveries_total{sftp,accepted}=1 payments_received_total{sftp}=3 payments_received_ore_total{sftp}=360 delivery_receipt_seconds{sftp}=3s "+
		"deliveries_total{sftp,refused}=1 delivery_receipt_seconds{sftp}=3s")
	w.check()
	look("checked", "deliveries_total{sftp,checked}=1 delivery_response_seconds{sftp}=3s payments_rejected_total{sftp}=1")
	w.at("2005-08-12 06:00")
	w.release()
	look("frozen", "")
	w.later(7 * time.Second)
	w.dispatch()
	bytes := w.row(`SELECT d.size FROM interchange i JOIN document d ON d.id = i.document_id WHERE control_ref = 2`)
	look("sent", "interchanges_total{BEC,PAYMUL}=1 payments_sent_total{BEC}=2 payments_sent_ore_total{BEC}=350 bank_bytes_total{BEC,out}="+bytes+
		" bank_hand_over_seconds{BEC}=7s")
	w.later(time.Minute)
	sent := file("BEC", "F1", contrl("BEC", 2, "7"))
	w.lay("BEC", "1.edi", sent)
	w.hear("BEC")
	look("answered", fmt.Sprintf("bank_contrl_seconds{BEC}=1m0s bank_files_total{BEC}=1 bank_bytes_total{BEC,in}=%d", len(sent)))
	look("nothing new", "")
}

// TestExceptionKinds: every kind that there is stands in the list that is watched and documented, and has a severity.
func TestExceptionKinds(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../gateway/exception.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`ExceptionKind += "([^"]+)"`).FindAllStringSubmatch(string(text), -1)
	for _, m := range declared {
		if !slices.Contains(gateway.ExceptionKinds(), gateway.ExceptionKind(m[1])) {
			t.Errorf("ExceptionKinds lacks %q", m[1])
		}
	}
	if len(declared) != len(gateway.ExceptionKinds()) {
		t.Errorf("%d kinds are declared, %d are in the list", len(declared), len(gateway.ExceptionKinds()))
	}
	for _, k := range gateway.ExceptionKinds() {
		if s := k.Severity().String(); s == "unknown" {
			t.Errorf("%q has no severity", k)
		}
	}
}

// TestExceptionKinds_AreDocumented: docs/operations.md says what to do about each.
func TestExceptionKinds_AreDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range gateway.ExceptionKinds() {
		if !strings.Contains(string(doc), "\n| `"+string(kind)+"` | ") {
			t.Errorf("docs/operations.md has no row for %q", kind)
		}
	}
}
