package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"nks/sftp"
	"nks/sim/bank"
	"nks/sim/country"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	all := nks(t, "help")
	all.want(t, 0)
	names := regexp.MustCompile(`(?m)^  ([a-z-]+) `).FindAllStringSubmatch(all.out.String(), -1)
	if len(names) < 8 {
		t.Fatalf("nks help names %d commands:\n%s", len(names), all.out.String())
	}
	for _, n := range names {
		for _, args := range [][]string{{"help", n[1]}, {n[1], "--help"}, {n[1], "-h"}} {
			p := nks(t, args...)
			p.want(t, 0)
			if p.err.String() != "" || !strings.HasPrefix(p.out.String(), "usage: nks "+n[1]) {
				t.Errorf("nks %s printed %q and %q", strings.Join(args, " "), p.out.String(), p.err.String())
			}
		}
	}
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	dir := place(t)
	config := filepath.Join(dir, "nks.toml")
	must(t, os.WriteFile(config, []byte("[flow]\npoll = \"1s\"\npolls = \"1s\"\n"), 0o644))
	absent := filepath.Join(dir, "absent")
	for name, c := range map[string]struct {
		args  []string
		words []string
	}{
		"unknown command":           {[]string{"pay"}, []string{`"pay"`}},
		"help on unknown command":   {[]string{"help", "pay"}, []string{`"pay"`}},
		"unknown flag":              {[]string{"demo", "--forever"}, []string{"-forever"}},
		"flag without its value":    {[]string{"run", "--config"}, []string{"-config"}},
		"value of another kind":     {[]string{"demo", "--payments", "many"}, []string{"-payments", `"many"`}},
		"too few payments":          {[]string{"demo", "--payments", "0", "--data", dir}, []string{"--payments"}},
		"word too many":             {[]string{"run", "now"}, []string{`"now"`}},
		"no configuration there":    {[]string{"run", "--config", absent}, []string{absent}},
		"clock that is none":        {[]string{"run", "--config", repository(t, "conf", "nks.toml"), "--clock", "noon"}, []string{"noon", "RFC 3339"}},
		"no reference data there":   {[]string{"load", "--config", repository(t, "conf", "nks.toml"), absent}, []string{absent}},
		"nothing to load":           {[]string{"load"}, []string{"reference data"}},
		"nobody to send as":         {[]string{"send", config}, []string{"--supplier"}},
		"no bundle there":           {[]string{"send", "--supplier", "A", "--key", config, "--host-key", config, absent}, []string{absent}},
		"another door":              {[]string{"send", "--via", "post", "--supplier", "A", "--key", config, "--host-key", config, config}, []string{"post"}},
		"nothing to check":          {[]string{"check"}, []string{"files"}},
		"no bundle to check":        {[]string{"check", absent}, []string{absent}},
		"a folder to check":         {[]string{"check", dir}, []string{dir, "folder"}},
		"no such language":          {[]string{"check", "--lang", "de", config}, []string{"de", "en"}},
		"no such time":              {[]string{"check", "--at", "noon", config}, []string{"noon", "RFC 3339"}},
		"check without a database":  {[]string{"check", "--config", absent, config}, []string{absent}},
		"unknown party":             {[]string{"sim", "king", "--dir", dir}, []string{`"king"`}},
		"nothing to account for":    {[]string{"demo", "--account", "--data", absent}, []string{absent}},
		"account and start over":    {[]string{"demo", "--account", "--fresh", "--data", dir}, []string{"--account"}},
		"directory of someone else": {[]string{"demo", "--fresh", "--data", dir}, []string{"nks.toml", "--data"}},
		"folder without samples":    {[]string{"demo", "--samples", dir, "--data", dir}, []string{dir}},
	} {
		if name == "directory of someone else" {
			must(t, os.WriteFile(filepath.Join(dir, "thesis.doc"), nil, 0o644))
			c.words[0] = "thesis.doc"
		}
		p := nks(t, c.args...)
		if p.code() != 2 {
			t.Errorf("%s: exit code %d, want 2: %s", name, p.code(), p.err.String())
		}
		p.oneLine(t, c.words...)
	}
	p := nks(t)
	p.want(t, 2)

	p = nks(t, "check-config", config)
	p.want(t, 2)
	for _, word := range []string{config, "line 3", "flow.polls"} {
		if !strings.Contains(p.err.String(), word) {
			t.Errorf("check-config said %q, which does not name %s", p.err.String(), word)
		}
	}
}

func TestVersionAndSampleConfiguration(t *testing.T) {
	t.Parallel()
	p := nks(t, "version")
	p.want(t, 0)
	if !regexp.MustCompile(`^nks \S+ \(go1\.\d+`).MatchString(p.out.String()) {
		t.Errorf("version printed %q", p.out.String())
	}
	p = nks(t, "check-config", repository(t, "conf", "nks.toml"))
	p.want(t, 0)
	if !strings.Contains(p.out.String(), "good") {
		t.Errorf("check-config printed %q", p.out.String())
	}
}

// repository is a path of this repository.
func repository(t *testing.T, parts ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(append([]string{"..", ".."}, parts...)...))
	must(t, err)
	return path
}

// site is a gateway as somebody would set one up: keys, configuration, reference data, and no bank that answers.
type site struct {
	dir, config string
	mailbox     string // address, while it runs
	metrics     string // the same, of metrics and health
}

// newSite prepares a data directory and loads the reference data of a small country into it.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{dir: place(t)}
	s.config = filepath.Join(s.dir, "nks.toml")
	must(t, os.Mkdir(filepath.Join(s.dir, "keys"), 0o755))
	text := `environment = "production"
data = "."
[mailbox]
listen = "127.0.0.1:0"
host_key = "keys/mailbox_host"
[metrics]
listen = "127.0.0.1:0"
difference_every = "1s"
[answers]
quiet = "200ms"
deadline = "5s"
[flow]
poll = "50ms"
`
	names, centres := []string{"mailbox_host", "nks_client"}, []string{"BEC", "SDC", "BANKDATA"}
	for _, c := range centres {
		names = append(names, "bank_"+c+"_host")
		// Nobody listens on port 1.
		text += fmt.Sprintf("[[bank]]\nid = %q\nname = %q\ngln = %q\naddress = \"127.0.0.1:1\"\nkey = \"keys/nks_client\"\nhost_keys = [\"keys/bank_%s_host.pub\"]\ncheque = true\n",
			c, c, bank.DefaultProfiles()[c].GLN, c)
	}
	for _, name := range country.Suppliers() {
		names = append(names, "supplier_"+name)
	}
	for _, n := range names {
		_, err := sftp.EnsureKey(filepath.Join(s.dir, "keys", n))
		must(t, err)
	}
	must(t, os.WriteFile(s.config, []byte(text), 0o644))
	must(t, country.Write(s.dir, country.Options{Holders: 1000, Seed: 7, Centres: centres}))
	start, err := time.Parse(time.RFC3339, siteStart)
	must(t, err)
	must(t, country.Plan(s.dir, country.PlanOptions{Payments: 150, Seed: 7, Start: start}))
	return s
}

// siteStart is the business time at which a site's life begins.
const siteStart = "2005-08-11T04:30:00+02:00"

// run starts the gateway and waits until its mailbox is open.
func (s *site) run(t *testing.T) *process {
	t.Helper()
	p := begin(t, nil, "run", "--config", s.config, "--clock", siteStart)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("nks run said:\n%s", tail(p.err.String()))
		}
	})
	up := eventually(longest, func() bool {
		for line := range strings.Lines(p.err.String()) {
			var e struct{ Message, Mailbox, Metrics string }
			if json.Unmarshal([]byte(line), &e) == nil && e.Message == "nks is up" {
				s.mailbox, s.metrics = e.Mailbox, e.Metrics
				return true
			}
		}
		return ended(p)
	})
	if !up || ended(p) {
		t.Fatalf("nks run does not come up:\n%s", tail(p.err.String()))
	}
	return p
}

// stop asks the gateway to stop, as an init system does.
func (s *site) stop(t *testing.T, p *process) {
	t.Helper()
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	p.finish(t, longest)
	p.want(t, 0)
	nothingRuns(t, s.dir)
}

// sent is what nks send --json prints.
type sent struct {
	Receipt   string   `json:"receipt"`
	Accepted  bool     `json:"accepted"`
	Response2 bool     `json:"response2"`
	Payments  int      `json:"payments"`
	Rejected  int      `json:"rejected"`
	Reasons   []string `json:"reasons"`
}

// send sends a document as its supplier does, and gives what came back.
func (s *site) send(t *testing.T, d country.ExpectedDelivery, code int) sent {
	t.Helper()
	p := nks(t, "send", "--via", "sftp", "--mailbox", s.mailbox, "--supplier", d.Supplier, "--key", filepath.Join(s.dir, "keys", "supplier_"+d.Supplier),
		"--host-key", filepath.Join(s.dir, "keys", "mailbox_host.pub"), "--json", "--wait", "60s", "--as", d.As,
		filepath.Join(s.dir, "sim", "authority", d.Supplier, "send", d.File))
	p.want(t, code)
	var r sent
	must(t, json.Unmarshal([]byte(p.out.String()), &r))
	return r
}

// planned is the first delivery of the plan of which yes says so.
func (s *site) planned(t *testing.T, what string, yes func(country.ExpectedDelivery) bool) country.ExpectedDelivery {
	t.Helper()
	all := expected(t, s.dir).Deliveries
	i := slices.IndexFunc(all, yes)
	if i < 0 {
		t.Fatalf("the plan has no delivery that is %s", what)
	}
	return all[i]
}

func TestRunAndSend(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country"))
	p.want(t, 0)
	if !strings.Contains(p.out.String(), "holders.csv") || !strings.Contains(p.out.String(), "loaded in") {
		t.Errorf("load printed %q", p.out.String())
	}
	nothingRuns(t, s.dir)
	gateway := s.run(t)

	whole := s.planned(t, "accepted as a whole", func(d country.ExpectedDelivery) bool {
		return d.Receipt == "accepted" && d.Rejected == 0 && strings.HasPrefix(d.Kind, "official")
	})
	if r := s.send(t, whole, 0); !r.Accepted || !r.Response2 || r.Rejected != 0 || r.Payments != whole.Payments {
		t.Errorf("%s: %+v", whole.Kind, r)
	}
	part := s.planned(t, "rejected in part", func(d country.ExpectedDelivery) bool { return d.Receipt == "accepted" && d.Rejected > 0 })
	if r := s.send(t, part, 1); !r.Accepted || !r.Response2 || r.Rejected != part.Rejected || len(r.Reasons) == 0 {
		t.Errorf("%s: %+v, want %d rejected", part.Kind, r, part.Rejected)
	}
	refused := s.planned(t, "refused", func(d country.ExpectedDelivery) bool { return d.Receipt == "rejected" })
	if r := s.send(t, refused, 1); r.Accepted || r.Receipt != "1" || len(r.Reasons) == 0 {
		t.Errorf("%s: %+v", refused.Kind, r)
	}
	unreadable := s.planned(t, "unreadable", func(d country.ExpectedDelivery) bool { return d.Receipt == "unreadable" })
	if r := s.send(t, unreadable, 1); r.Accepted || r.Receipt != "0" {
		t.Errorf("%s: %+v", unreadable.Kind, r)
	}
	whole.As = "again.xml"
	if r := s.send(t, whole, 1); r.Accepted || r.Receipt != "1" {
		t.Errorf("the same bundle under another name: %+v", r)
	}
	s.beside(t)
	s.stop(t, gateway)
	s.restart(t)
}

// beside uses the running gateway's database.
func (s *site) beside(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{{"ledger"}, {"migrate"}, {"resolve"}, {"load", filepath.Join(s.dir, "country")}} {
		p := nks(t, append(args, "--config", s.config)...)
		p.want(t, 0)
		if p.out.String() == "" {
			t.Errorf("nks %s printed nothing", args[0])
		}
	}
	p := nks(t, "run", "--config", s.config)
	p.want(t, 1)
	if !strings.Contains(p.err.String(), "in use") {
		t.Errorf("a second nks run said %q", p.err.String())
	}
}

// restart finds what was there, with the clock where it was.
func (s *site) restart(t *testing.T) {
	t.Helper()
	before := nks(t, "ledger", "--config", s.config)
	before.want(t, 0)
	gateway := s.run(t)
	if p := nks(t, "ledger", "--config", s.config); p.out.String() != before.out.String() {
		t.Errorf("the ledger was\n%s and is\n%s", before.out.String(), p.out.String())
	}
	s.stop(t, gateway)
}

func TestLoadNamesTheMistake(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country"))
	p.want(t, 0)
	holders := filepath.Join(s.dir, "holders.csv")
	b, err := os.ReadFile(filepath.Join(s.dir, "country", "holders.csv"))
	must(t, err)
	lines := strings.SplitAfter(string(b), "\n")
	column := slices.Index(strings.Split(strings.TrimSpace(lines[0]), ","), "life")
	if column < 0 {
		t.Fatalf("holders.csv has the columns %s", lines[0])
	}
	fields := strings.Split(lines[5], ",")
	fields[column] = "undead"
	lines[5] = strings.Join(fields, ",")
	must(t, os.WriteFile(holders, []byte(strings.Join(lines, "")), 0o644))
	p = nks(t, "load", "--config", s.config, holders)
	p.want(t, 1)
	for _, word := range []string{"holders.csv", "6", "life", "undead"} {
		if !strings.Contains(p.err.String(), word) {
			t.Errorf("load said %q, which does not name %s", p.err.String(), word)
		}
	}
	nothingRuns(t, s.dir)
}
