package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nks/internal/programtest"
)

// checked is a line that nks check --json prints.
type checked struct {
	File     string `json:"file"`
	Receipt  string `json:"receipt"`
	Accepted int    `json:"accepted"`
	Rejected int    `json:"rejected"`
	Oere     int64  `json:"oere"`
	Errors   []struct {
		Line       int    `json:"line"`
		Path       string `json:"path"`
		EndToEndID string `json:"endToEndId"`
		Code       string `json:"code"`
		Text       string `json:"text"`
	} `json:"errors"`
}

// checkedBy reads the objects on standard output, which holds nothing else.
func checkedBy(t *testing.T, p *programtest.Process) []checked {
	t.Helper()
	var all []checked
	for line := range strings.Lines(p.Out.String()) {
		var c checked
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&c); err != nil || d.More() || c.Errors == nil {
			t.Fatalf("nks %s printed %q: %v", strings.Join(p.Args, " "), line, err)
		}
		all = append(all, c)
	}
	return all
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country"))
	p.Want(t, 0)
	s.checkPlan(t)
	s.checkOne(t)
	s.checkStdin(t)
	s.checkConnected(t)
	programtest.NothingRuns(t, s.dir)
	s.checkBeside(t)
}

// checkPlan checks every document of the plan in one go: each is judged by itself, as if no other had come.
func (s *site) checkPlan(t *testing.T) {
	t.Helper()
	plan := programtest.Expected(t, s.dir).Deliveries
	args := []string{"check", "--config", s.config, "--json", "--at", programtest.CountryStart}
	for _, d := range plan {
		args = append(args, programtest.Document(s.dir, d))
	}
	p := nks(t, args...)
	p.Want(t, 1)
	all := checkedBy(t, p)
	if len(all) != len(plan) {
		t.Fatalf("%d files, %d told", len(plan), len(all))
	}
	receipts := map[string]string{"accepted": "ACPT", "rejected": "RJCT", "unreadable": "Bad XML"}
	for i, d := range plan {
		switch d.Kind { // these need an earlier one
		case "duplicate bundle: another name, same bytes", "same name, same bytes":
			d.Receipt = "accepted"
		case "duplicate payment":
			d.Rejected = 0
		}
		switch d.Receipt {
		case "rejected":
			d.Rejected = d.Payments
		case "unreadable":
			d.Payments = 0
		}
		c := all[i]
		if c.File != programtest.Document(s.dir, d) || c.Receipt != receipts[d.Receipt] || c.Rejected != d.Rejected || c.Accepted+c.Rejected != d.Payments {
			t.Errorf("%s: %+v, want %+v", d.Kind, c, d)
		}
		if (len(c.Errors) == 0) != (d.Receipt == "accepted" && d.Rejected == 0) || (c.Oere > 0) != (c.Accepted > 0) {
			t.Errorf("%s: %d errors and %d øre: %+v", d.Kind, len(c.Errors), c.Oere, c)
		}
	}
}

var personNumber = regexp.MustCompile(`\b(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])\d{6}\b`)

// checkOne reads what is printed for people.
func (s *site) checkOne(t *testing.T) {
	t.Helper()
	whole := programtest.Document(s.dir, s.planned(t, "accepted as a whole", func(d programtest.Delivery) bool {
		return d.Kind == "official: incomplete, CPR, CVR, SE, P"
	}))
	p := nks(t, "check", "--config", s.config, "--at", programtest.CountryStart, whole)
	p.Want(t, 0)
	if text := p.Out.String(); !strings.HasPrefix(text, whole+": receipt 1 ACPT; 5 payments: 5 accepted, ") || !strings.Contains(text, "paid on") {
		t.Errorf("printed %q", text)
	}
	part := programtest.Document(s.dir, s.planned(t, "rejected in part", func(d programtest.Delivery) bool { return d.Kind == "unknown and dead recipients" }))
	p = nks(t, "check", "--config", s.config, "--at", programtest.CountryStart, part)
	p.Want(t, 1)
	line := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(part) + `:(\d+): NKSPayment/PmtInf\[\d+\]/PmtTx\[\d+\]: (0009 MODTAGER|9014 MODTAGER ER DØD).*\(EndToEndId .+\)$`)
	if text := p.Out.String(); len(line.FindAllString(text, -1)) != 2 || personNumber.MatchString(text) {
		t.Errorf("printed %q", text)
	}
	p = nks(t, "check", "--config", s.config, "--at", programtest.CountryStart, "--lang", "en", part, whole)
	p.Want(t, 1)
	if text := p.Out.String(); !strings.Contains(text, "The recipient cannot be identified") || !strings.Contains(text, "\n2 files: 6 payments accepted") {
		t.Errorf("printed %q", text)
	}
	// A file that is not there holds nothing back.
	absent := filepath.Join(s.dir, "absent.xml")
	p = nks(t, "check", "--config", s.config, "--at", programtest.CountryStart, "--json", absent, whole)
	p.Want(t, 2)
	if all := checkedBy(t, p); len(all) != 1 || all[0].Accepted != 5 || !strings.Contains(p.Err.String(), absent) {
		t.Errorf("told %+v and %q", all, p.Err.String())
	}
	p = nks(t, "check", "--config", s.config, "--at", programtest.CountryStart, "--json", "--supplier", "nobody", whole)
	p.Want(t, 1)
	if all := checkedBy(t, p); len(all) != 1 || all[0].Receipt != "RJCT" || all[0].Rejected != 5 || all[0].Errors[0].Code != "907" || all[0].Errors[0].Line < 2 {
		t.Errorf("under another login: %+v", all)
	}
}

// checkConnected has production take bundles of those alone who are live by a payout system.
func (s *site) checkConnected(t *testing.T) {
	t.Helper()
	whole := programtest.Document(s.dir, s.planned(t, "accepted as a whole", func(d programtest.Delivery) bool { return d.Kind == "ISO 8859-1" }))
	text, err := os.ReadFile(s.config)
	must(t, err)
	strict := filepath.Join(s.dir, "strict.toml")
	must(t, os.WriteFile(strict, append([]byte("connections = \"required\"\n"), text...), 0o644))
	p := nks(t, "check", "--config", strict, "--at", programtest.CountryStart, "--json", whole)
	p.Want(t, 1)
	if all := checkedBy(t, p); len(all) != 1 || all[0].Receipt != "RJCT" || all[0].Errors[0].Code != "910" || all[0].Errors[0].Path != "NKSPayment/GrpHdr/InitgPty" {
		t.Errorf("nobody is live: %+v", all)
	}
}

// checkStdin pipes a document in.
func (s *site) checkStdin(t *testing.T) {
	t.Helper()
	whole := s.planned(t, "accepted as a whole", func(d programtest.Delivery) bool { return d.Kind == "ISO 8859-1" })
	f, err := os.Open(programtest.Document(s.dir, whole))
	must(t, err)
	defer func() { must(t, f.Close()) }()
	cmd := exec.CommandContext(t.Context(), program.Path(t), "check", "--config", s.config, "--at", programtest.CountryStart, "--json", "-")
	cmd.Stdin = f
	out, err := cmd.Output()
	if err != nil || !strings.HasPrefix(string(out), `{"file":"-","receipt":"ACPT","accepted":2,"rejected":0,"oere":`) || !strings.HasSuffix(string(out), `,"errors":[]}`+"\n") {
		t.Errorf("%v, printed %q", err, out)
	}
}

// checkBeside works on the database of a running gateway, and sees what has come.
func (s *site) checkBeside(t *testing.T) {
	t.Helper()
	gateway := s.run(t)
	whole := s.planned(t, "accepted as a whole", func(d programtest.Delivery) bool { return d.Kind == "payment id used for the first time" })
	s.send(t, whole, 0)
	before := nks(t, "ledger", "--config", s.config)
	again := s.planned(t, "a duplicate", func(d programtest.Delivery) bool { return d.Kind == "duplicate payment" })
	p := nks(t, "check", "--config", s.config, "--json", programtest.Document(s.dir, whole), programtest.Document(s.dir, again))
	p.Want(t, 1)
	all := checkedBy(t, p)
	if len(all) != 2 || all[0].Receipt != "RJCT" || all[0].Errors[0].Code != "904" || all[1].Rejected != 1 || all[1].Errors[0].Code != "9006" {
		t.Errorf("told %+v", all)
	}
	if after := nks(t, "ledger", "--config", s.config); after.Out.String() != before.Out.String() {
		t.Errorf("the ledger was\n%s and is\n%s", before.Out.String(), after.Out.String())
	}
	s.stop(t, gateway)
}
