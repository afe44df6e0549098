package main_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nks/internal/programtest"
)

// TestSendIntoADemonstration: what nks-demo send brings into a demonstration that stays up is accounted for like everything else,
// though the supplier that is played there takes the answers away.
func TestSendIntoADemonstration(t *testing.T) {
	t.Parallel()
	dir := program.Place(t)
	p := program.Begin(t, nil, "demo", "--payments", "60", "--holders", "1000", "--fresh", "--data", dir)
	if !programtest.Eventually(programtest.Longest, func() bool { return p.Ended() || strings.Contains(p.Out.String(), "stay up") }) || p.Ended() {
		t.Fatalf("the demonstration does not stay up: %s", programtest.Tail(p.Err.String()))
	}
	all := programtest.Expected(t, dir).Deliveries
	i := slices.IndexFunc(all, func(d programtest.Delivery) bool { return d.Receipt == "accepted" && d.Rejected == 0 })
	sent := nksDemo(t, "send", "--data", dir, "--supplier", all[i].Supplier, "--as", "again.xml", "--wait", "60s", "--json", programtest.Document(dir, all[i]))
	sent.Want(t, 1)
	var answer struct {
		Receipt  string
		Accepted bool
		Reasons  []string
		Answers  []string
	}
	must(t, json.Unmarshal([]byte(sent.Out.String()), &answer))
	if answer.Receipt != "1" || answer.Accepted || len(answer.Answers) != 1 || len(answer.Reasons) != 1 || !strings.HasPrefix(answer.Reasons[0], "904 ") {
		t.Fatalf("the same bundle once more: %s", sent.Out.String())
	}
	home := filepath.Join(dir, "sim", "authority", all[i].Supplier)
	if !programtest.Exists(t, filepath.Join(home, "journal-send.jsonl")) {
		t.Error("the delivery is not written down")
	}
	if !programtest.Eventually(programtest.Longest, func() bool { return programtest.Exists(t, filepath.Join(home, "got", answer.Answers[0])) }) {
		t.Errorf("the supplier has not taken %s", answer.Answers[0])
	}
	p.Terminate(t)
	p.Finish(t, programtest.Longest)
	p.Want(t, 0)
	account := nksDemo(t, "demo", "--account", "--json", "--data", dir)
	account.Want(t, 0)
	if r := resultOf(t, account); r.Deliveries != int64(1+deliveries(all)) {
		t.Errorf("%d deliveries, planned %d, and one by nks-demo send", r.Deliveries, deliveries(all))
	}
}

// deliveries counts the files of a plan: one that is sent again is one all the same.
func deliveries(all []programtest.Delivery) int {
	files := map[[2]string]bool{}
	for _, d := range all {
		files[[2]string{d.Supplier, d.As}] = true
	}
	return len(files)
}
