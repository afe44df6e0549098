package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nks/internal/programtest"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	program.Help(t, "init", "run", "load", "send", "feed", "check", "conformance", "edifact", "ledger", "reconcile", "report", "explain", "register", "connection", "audit", "month", "retention", "night", "lines", "keys", "exceptions", "postings", "queue", "recalls", "letters", "inquiry", "bank-file", "decide", "recover", "resolve", "migrate", "check-config", "version")
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	dir := program.Place(t)
	config := filepath.Join(dir, "nks.toml")
	must(t, os.WriteFile(config, []byte("[flow]\npoll = \"1s\"\npolls = \"1s\"\n"), 0o644))
	absent := filepath.Join(dir, "absent")
	sample := programtest.Repository(t, "conf", "nks.toml")
	keys := []string{"send", "--supplier", "A", "--key", config, "--host-key", config}
	program.Refuses(t, map[string]programtest.Wrong{
		"unknown command":          {{"pay"}, {`"pay"`, "nks help"}},
		"help on unknown command":  {{"help", "pay"}, {`"pay"`}},
		"command nearly":           {{"chekc-config"}, {`did you mean "check-config"?`}},
		"command below nearly":     {{"edifact", "lnt", config}, {"nks edifact: ", `did you mean "lint"?`}},
		"command below":            {{"edifact", "frobnicate"}, {"must be one of lint, show, fmt, contrl"}},
		"no command below":         {{"edifact"}, {"must be one of lint, show, fmt, contrl"}},
		"unknown flag":             {{"run", "--forever"}, {"unknown flag --forever", "nks run --help"}},
		"flag nearly":              {{"run", "--confg", config}, {"did you mean --config?"}},
		"single dash nearly":       {{"run", "-clok", "x"}, {"--clok", "did you mean --clock?"}},
		"flag without its value":   {{"run", "--config"}, {"--config"}},
		"value of another kind":    {{"resolve", "--interchange", "many"}, {"--interchange", `"many"`, "must be a whole number"}},
		"no time":                  {{"send", "--wait", "long"}, {"--wait", `"long"`, "must be"}},
		"switch with a value":      {{"send", "--json=perhaps", config}, {"--json", "must be true or false"}},
		"word too many":            {{"run", "now"}, {`"now"`}},
		"word for version":         {{"version", "now"}, {`"now"`}},
		"word for ledger":          {{"ledger", "now"}, {`"now"`}},
		"no day to reconcile":      {{"reconcile", "--day", "yesterday"}, {"--day", `"yesterday"`}},
		"no event":                 {{"reconcile", "--facts", "gone"}, {"--facts", `"gone"`, "must be one of received ordered"}},
		"word for migrate":         {{"migrate", "now"}, {`"now"`}},
		"two configurations":       {{"check-config", config, config}, {"one file"}},
		"no configuration there":   {{"run", "--config", absent}, {absent}},
		"clock that is none":       {{"run", "--config", sample, "--clock", "noon"}, {"noon", "RFC 3339"}},
		"no reference data there":  {{"load", "--config", sample, absent}, {absent}},
		"nothing to load":          {{"load"}, {"reference data"}},
		"nobody to send as":        {{"send", config}, {"--supplier"}},
		"nothing to send":          {keys, {"FILE"}},
		"no key":                   {{"send", "--supplier", "A", config}, {"--key", "--host-key"}},
		"no password":              {{"send", "--via", "mq", "--supplier", "A", config}, {"--password-file"}},
		"a broker of no scheme":    {{"send", "--via", "amqp", "--supplier", "A", config}, {"--server", "amqps://mq.example:5671"}},
		"a broker in the clear":    {{"send", "--via", "amqp", "--server", "amqp://mq.example", "--supplier", "A", config}, {"mq.example", "must be encrypted"}},
		"a login in a URL":         {{"send", "--via", "amqp", "--server", "amqps://a:secret@mq.example", "--supplier", "A", config}, {"without a login"}},
		"half a certificate":       {{"send", "--via", "amqp", "--server", "amqps://mq.example", "--supplier", "A", "--certificate", config, config}, {"--certificate-key"}},
		"another kind of broker":   {{"send", "--via", "amqp", "--server", "amqps://mq.example", "--peer", "kafka", "--supplier", "A", config}, {"kafka", "must be one of rabbitmq, strict"}},
		"no bundle there":          {append(keys, absent), {absent}},
		"another door":             {append(keys, "--via", "post", config), {"post", "must be one of sftp, mq"}},
		"a demonstration's":        {{"send", "--demo", dir, "--supplier", "A", config}, {"unknown flag --demo"}},
		"nothing to check":         {{"check"}, {"files"}},
		"no bundle to check":       {{"check", absent}, {absent}},
		"a folder to check":        {{"check", dir}, {dir, "folder"}},
		"no such language":         {{"check", "--lang", "de", config}, {"de", "must be one of da, en"}},
		"no such time":             {{"check", "--at", "noon", config}, {"noon", "RFC 3339"}},
		"check without a database": {{"check", "--config", absent, config}, {absent}},
		"no such report":           {{"report", "dya"}, {`did you mean "day"?`}},
		"no report":                {{"report"}, {"must be one of day, returns"}},
		"a report in German":       {{"report", "day", "--language", "de"}, {"de", "must be one of da, en"}},
		"a report on parchment":    {{"report", "day", "--format", "scroll"}, {"scroll", "must be one of csv, xlsx, pdf"}},
		"a report of no day":       {{"report", "day", "--day", "today"}, {"--day", "today", "2005-08-11"}},
		"what is about now":        {{"report", "ageing", "--day", "2005-08-11"}, {"unknown flag --day"}},
		"payments of what?":        {{"report", "payments"}, {"takes one reference"}},
		"no payment named":         {{"explain"}, {"name one payment"}},
		"no holder named":          {{"register", "show"}, {"name one holder"}},
		"no such kind of holder":   {{"register", "show", "EAN", "12345678"}, {"must be one of CPR, CVR, SE, P"}},
		"a holder's short number":  {{"register", "show", "CPR", "010203123"}, {"10 digits"}},
		"a holder's day":           {{"register", "show", "--on", "yesterday", "CVR", "12345678"}, {"--on", "yesterday", "2005-08-11"}},
		"a holder's instant":       {{"register", "show", "--known", "noon", "CVR", "12345678"}, {"--known", "noon", "RFC 3339"}},
		"no authority connected":   {{"connection", "request", "SYS"}, {"payout system", "authorities"}},
		"nobody connects":          {{"connection", "go-live", "SYS", "4101"}, {"--by", "--why"}},
		"no report there":          {{"connection", "report", "SYS", absent}, {absent}},
		"connected how far?":       {{"connection", "finish", "SYS", "4101"}, {"must be one of list, show, request"}},
		"no place for a report":    {{"conformance", "--key", config, "--host-key", config}, {"--out"}},
		"no cast":                  {{"conformance", "--key", config, "--host-key", config, "--out", absent, "--cast", absent}, {absent}},
		"a cast that is none":      {{"conformance", "--key", config, "--host-key", config, "--out", absent, "--cast", config}, {config, "cast is not valid"}},
		"a mass of nothing":        {{"conformance", "--mass", "0"}, {"--mass", "between 1 and 100000"}},
		"no month to drop":         {{"retention", "drop", "--by", "A"}, {"name one month", "2005-08"}},
		"nobody drops":             {{"retention", "drop", "2005-08"}, {"--by"}},
		"a month that is none":     {{"retention", "prove", "August"}, {`"August"`, "2005-08"}},
		"held, and what?":          {{"decide", "legal-hold", "--what", "month", "--by", "A", "--why", "x"}, {"--of"}},
		"no place of the log":      {{"audit", "show"}, {"name one place"}},
		"a place that is none":     {{"audit", "show", "first"}, {`"first"`, "must be a whole number from 0"}},
		"no checkpoint there":      {{"audit", "verify", "--config", sample, "--checkpoint", absent}, {absent}},
		"one person":               {{"resolve", "--bank", "B", "--interchange", "1", "--arrived", "no", "--by", "A", "--approved-by", "A"}, {"--by", "--approved-by"}},
		"perhaps arrived":          {{"resolve", "--bank", "B", "--interchange", "1", "--arrived", "perhaps"}, {"--arrived", "must be one of yes, no"}},
		"a delivery, one person":   {{"resolve", "--delivery", "1", "--read-again", "--by", "A", "--approved-by", "a"}, {"--by", "--approved-by"}},
		"a delivery, and what?":    {{"resolve", "--delivery", "1", "--by", "A", "--approved-by", "B"}, {"--read-again"}},
		"two things to resolve":    {{"resolve", "--delivery", "1", "--read-again", "--bank", "B"}, {"--interchange", "--delivery", "together"}},
		"nobody asked":             {{"resolve", "--bank", "B", "--interchange", "1", "--arrived", "no"}, {"--by"}},
		"nothing decided":          {{"decide", "close", "--by", "A", "--why", "x"}, {"exception"}},
		"decided without reason":   {{"decide", "close", "1", "--by", "A"}, {"--why"}},
		"decided by number only":   {{"decide", "close", "one", "--by", "A", "--why", "x"}, {`"one"`, "must be a whole number"}},
		"no such decision":         {{"decide", "clos"}, {`did you mean "close"?`}},
		"a person without a key":   {{"decide", "add-person", "--name", "N", "--by", "A", "--why", "x"}, {"--key"}},
		"approved by nobody":       {{"decide", "approve", "7"}, {"--by"}},
		"no signature there":       {{"decide", "approve", "7", "--by", "A", "--signature", absent}, {absent}},
		"no bank file named":       {{"bank-file"}, {"takes the number of one"}},
		"bank file is no number":   {{"bank-file", "BEC"}, {"BEC"}},
		"taken by nobody":          {{"exceptions", "take", "7"}, {"--by"}},
		"no such exception kind":   {{"exceptions", "--kind", "trouble"}, {"trouble", "must be one of", "CONTRL missing"}},
		"lines in German":          {{"lines", "--language", "de"}, {"de", "must be one of en, da"}},
		"a line":                   {{"lines", "BEC"}, {"BEC"}},
		"exceptions in German":     {{"exceptions", "--language", "de"}, {"de", "must be one of en, da"}},
		"no EDIFACT":               {{"edifact", "lint"}, {"files"}},
		"no such repertoire":       {{"edifact", "show", "--repertoire", "UTF8", config}, {"UTF8", "must be one of"}},
		"no such leniency":         {{"edifact", "lint", "--lenient", "mild", config}, {"mild", "must be"}},
		"no such wrap":             {{"edifact", "fmt", "--wrap", "72", config}, {"72", "must be one of none, segments, 80"}},
		"no such UNA":              {{"edifact", "fmt", "--una", "yes", config}, {"must be one of keep, always, never"}},
		"no such action":           {{"edifact", "contrl", "--action", "4", config}, {"--action", "must be one of 7, 8"}},
		"two files to answer":      {{"edifact", "contrl", config, config}, {"one file"}},
	})
	nks(t).Want(t, 2)

	p := nks(t, "check-config", config)
	p.Want(t, 2)
	for _, token := range []string{config, "line 3", "flow.polls"} {
		if !strings.Contains(p.Err.String(), token) {
			t.Errorf("check-config said %q, which does not name %s", p.Err.String(), token)
		}
	}
}

func TestVersionAndSampleConfiguration(t *testing.T) {
	t.Parallel()
	p := nks(t, "version")
	p.Want(t, 0)
	if !regexp.MustCompile(`^nks \S+ \(go1\.\d+`).MatchString(p.Out.String()) {
		t.Errorf("version printed %q", p.Out.String())
	}
	p = nks(t, "check-config", programtest.Repository(t, "conf", "nks.toml"))
	p.Want(t, 0)
	if out := p.Out.String(); p.Err.String() != "" || strings.Count(out, "good") != 1 || strings.Contains(out, "not valid") || !strings.Contains(out, "nks run needs: mailbox.host_key: ") {
		t.Errorf("check-config printed %q and %q, want one verdict and what is missing", out, p.Err.String())
	}
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
	s := &site{dir: program.Place(t)}
	s.config = filepath.Join(s.dir, "nks.toml")
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
poll = "1h"
`
	must(t, os.WriteFile(s.config, []byte(text+programtest.Country(t, s.dir)), 0o644))
	return s
}

// run starts the gateway and waits until its mailbox is open.
func (s *site) run(t *testing.T) *programtest.Process {
	t.Helper()
	p := s.begin(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("nks run said:\n%s", programtest.Tail(p.Err.String()))
		}
	})
	s.awaitUp(t, p)
	return p
}

func (s *site) begin(t *testing.T) *programtest.Process {
	t.Helper()
	return program.Begin(t, nil, "run", "--config", s.config, "--clock", programtest.CountryStart)
}

// awaitUp waits until the gateway's mailbox is open.
func (s *site) awaitUp(t *testing.T, p *programtest.Process) {
	t.Helper()
	up := programtest.Eventually(programtest.Longest, func() bool {
		for line := range strings.Lines(p.Err.String()) {
			var e struct{ Message, Mailbox, Metrics string }
			if json.Unmarshal([]byte(line), &e) == nil && e.Message == "nks is up" {
				s.mailbox, s.metrics = e.Mailbox, e.Metrics
				return true
			}
		}
		return p.Ended()
	})
	if !up || p.Ended() {
		t.Fatalf("nks run does not come up:\n%s", programtest.Tail(p.Err.String()))
	}
}

// stop asks the gateway to stop, as an init system does.
func (s *site) stop(t *testing.T, p *programtest.Process) {
	t.Helper()
	p.Terminate(t)
	p.Finish(t, programtest.Longest)
	p.Want(t, 0)
	programtest.NothingRuns(t, s.dir)
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
func (s *site) send(t *testing.T, d programtest.Delivery, code int) sent {
	t.Helper()
	p := nks(t, "send", "--via", "sftp", "--mailbox", s.mailbox, "--supplier", d.Supplier, "--key", filepath.Join(s.dir, "keys", "supplier_"+d.Supplier),
		"--host-key", filepath.Join(s.dir, "keys", "mailbox_host.pub"), "--json", "--wait", "60s", "--as", d.As,
		filepath.Join(s.dir, "sim", "authority", d.Supplier, "send", d.File))
	p.Want(t, code)
	var r sent
	must(t, json.Unmarshal([]byte(p.Out.String()), &r))
	return r
}

// planned is the first delivery of the plan of which yes says so.
func (s *site) planned(t *testing.T, what string, yes func(programtest.Delivery) bool) programtest.Delivery {
	t.Helper()
	all := programtest.Expected(t, s.dir).Deliveries
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
	p.Want(t, 0)
	if !strings.Contains(p.Out.String(), "holders.csv") || !strings.Contains(p.Out.String(), "loaded in") {
		t.Errorf("load printed %q", p.Out.String())
	}
	programtest.NothingRuns(t, s.dir)
	gateway := s.run(t)

	whole := s.planned(t, "accepted as a whole", func(d programtest.Delivery) bool {
		return d.Receipt == "accepted" && d.Rejected == 0 && strings.HasPrefix(d.Kind, "official")
	})
	if r := s.send(t, whole, 0); !r.Accepted || !r.Response2 || r.Rejected != 0 || r.Payments != whole.Payments {
		t.Errorf("%s: %+v", whole.Kind, r)
	}
	part := s.planned(t, "rejected in part", func(d programtest.Delivery) bool { return d.Receipt == "accepted" && d.Rejected > 0 })
	if r := s.send(t, part, 1); !r.Accepted || !r.Response2 || r.Rejected != part.Rejected || len(r.Reasons) == 0 {
		t.Errorf("%s: %+v, want %d rejected", part.Kind, r, part.Rejected)
	}
	refused := s.planned(t, "refused", func(d programtest.Delivery) bool { return d.Receipt == "rejected" })
	if r := s.send(t, refused, 1); r.Accepted || r.Receipt != "1" || len(r.Reasons) == 0 {
		t.Errorf("%s: %+v", refused.Kind, r)
	}
	unreadable := s.planned(t, "unreadable", func(d programtest.Delivery) bool { return d.Receipt == "unreadable" })
	if r := s.send(t, unreadable, 1); r.Accepted || r.Receipt != "0" {
		t.Errorf("%s: %+v", unreadable.Kind, r)
	}
	whole.As = "again.xml"
	if r := s.send(t, whole, 1); r.Accepted || r.Receipt != "1" {
		t.Errorf("the same bundle under another name: %+v", r)
	}
	s.decides(t, whole, unreadable)
	s.beside(t)
	s.stop(t, gateway)
	s.restart(t)
}

// decides sees an exception and closes it: other bytes come under the name of an earlier delivery.
func (s *site) decides(t *testing.T, first, other programtest.Delivery) {
	t.Helper()
	p := nks(t, "send", "--via", "sftp", "--mailbox", s.mailbox, "--supplier", first.Supplier, "--key", filepath.Join(s.dir, "keys", "supplier_"+first.Supplier),
		"--host-key", filepath.Join(s.dir, "keys", "mailbox_host.pub"), "--wait", "60s", "--as", first.As,
		filepath.Join(s.dir, "sim", "authority", other.Supplier, "send", other.File))
	p.Want(t, 1)
	prints := func(words []string, args ...string) {
		t.Helper()
		p := nks(t, append(args, "--config", s.config)...)
		p.Want(t, 0)
		for _, w := range words {
			if !strings.Contains(p.Out.String(), w) {
				t.Errorf("nks %s: %q lacks %q", strings.Join(args, " "), p.Out.String(), w)
			}
		}
	}
	p = nks(t, "exceptions", "take", "1", "--by", "A. Hansen", "--config", s.config)
	p.Want(t, 1)
	p.OneLine(t, "nobody is on record who may decide")
	s.persons(t, "A. Hansen", "B. Jensen")
	prints([]string{"exception 1 is A. Hansen's"}, "exceptions", "take", "1", "--by", "A. Hansen")
	prints([]string{"1  Notice  File name used again", "Delivery ", "closes itself", "owner: A. Hansen", "1 wait for a person"}, "exceptions")
	prints([]string{"Til orientering  Filnavn brugt igen", "sendte andet indhold"}, "exceptions", "--language", "da")
	prints([]string{`"kind": "name used again with other bytes"`, `"detail_code": "other_bytes"`, `"thing": "delivery"`}, "exceptions", "--json")
	prints([]string{"exception 1 (open, nothing waits for it): closed", "1 must stand for it; nothing was recorded"},
		"decide", "close", "1", "--by", "A. Hansen", "--why", "the supplier knows", "--dry-run")
	prints([]string{"decision 1: close, by A. Hansen: the supplier knows", "waits for A. Hansen until"},
		"decide", "close", "1", "--by", "A. Hansen", "--why", "the supplier knows")
	text := nks(t, "decide", "show", "1", "--to-sign", "--config", s.config)
	text.Want(t, 0)
	signature := filepath.Join(s.dir, "1.sig")
	must(t, os.WriteFile(signature, []byte(s.signed(t, "A. Hansen", text.Out.String())), 0o600))
	prints([]string{"exception 1: done: closed", "carried out in transaction "}, "decide", "approve", "1", "--by", "a. hansen", "--signature", signature)
	prints([]string{"0 wait for a person"}, "exceptions")
	prints([]string{"by decision 1"}, "exceptions", "show", "1")
	prints([]string{"1  close exception 1, by A. Hansen", "1 decisions"}, "decide", "list", "--all")
	prints([]string{`"id": 1,`, `"kind": "close"`, `"sha256": "`, `"step": "executed"`}, "decide", "list", "--all", "--json")
	prints([]string{"2 persons, who sign"}, "check-config")
	s.retains(t, prints)
	s.nights(t, prints)
	p = nks(t, "decide", "approve", "1", "--by", "B. Jensen", "--signature", signature, "--config", s.config)
	p.Want(t, 1)
	p.OneLine(t, "nks decide approve: the decision was carried out before")
}

// nights sees what is in force of a night, which the configuration has begun with, and what would become of a hold.
func (s *site) nights(t *testing.T, prints func(words []string, args ...string)) {
	t.Helper()
	prints([]string{"limit of all: at most 900000000000 øre a day", "limit of all: less than 1000 times the highest of its history", "limit of all: no limit of a payment",
		"0 controls, 0 over a limit, 4 limits"}, "night")
	prints([]string{`"controls": []`, `"over_limit": []`, `"what": "all"`, `"limit": "day"`, `"most": 900000000000`}, "night", "--json")
	prints([]string{"night control 0 (not held): all is held: ", "1 must stand for it; nothing was recorded"},
		"decide", "night-hold", "--what", "all", "--by", "A. Hansen", "--why", "a fire", "--dry-run")
	p := nks(t, "decide", "night-hold", "--what", "bank", "--of", "NOWHERE", "--by", "A. Hansen", "--why", "a fire", "--config", s.config)
	p.Want(t, 1)
	p.OneLine(t, `bank "NOWHERE"`)
	p = nks(t, "decide", "move-receive-by", "--what", "all", "--on", "2005-08-11", "--by", "A. Hansen", "--why", "late", "--config", s.config)
	p.Want(t, 2)
	p.OneLine(t, "--at must be given")
}

// retains sees that everything is kept until persons decide otherwise.
func (s *site) retains(t *testing.T, prints func(words []string, args ...string)) {
	t.Helper()
	prints([]string{"payments   for ever", "documents  for ever", "looks      for ever"}, "retention", "list")
	prints([]string{`"kind": "payments"`, `"months": 0`, `"legal_holds": []`}, "retention", "list", "--json")
	prints([]string{"retention rule 0 (kept for ever): payments are kept for 60 months", "2 must stand for it; nothing was recorded"},
		"decide", "retention", "--kind", "payments", "--months", "60", "--by", "A. Hansen", "--why", "the law", "--dry-run")
	prints([]string{"legal hold 0 (may be erased): is kept, with its month and all later ones", "1 must stand for it; nothing was recorded"},
		"decide", "legal-hold", "--what", "month", "--of", "2005-08", "--by", "A. Hansen", "--why", "a case", "--dry-run")
	for _, c := range []struct {
		say  string
		args []string
	}{
		{"is not closed", []string{"retention", "drop", "2005-08", "--by", "A. Hansen"}},
		{"nothing is known of it", []string{"retention", "prove", "2001-01"}},
	} {
		p := nks(t, append(c.args, "--config", s.config)...)
		p.Want(t, 1)
		p.OneLine(t, c.say)
	}
	p := nks(t, "retention", "prove", "2005-08", "--config", s.config)
	p.Want(t, 1)
	if out := p.Out.String(); !strings.Contains(out, "its partition of payment is there") || !strings.Contains(out, "2005-08 is NOT gone") {
		t.Errorf("nks retention prove: %s", out)
	}
}

// persons makes keys, and has the configuration name the persons who have them.
func (s *site) persons(t *testing.T, names ...string) {
	t.Helper()
	lines := ""
	for _, name := range names {
		file := filepath.Join(s.dir, "keys", name)
		must(t, exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file).Run())
		public, err := os.ReadFile(file + ".pub")
		must(t, err)
		lines += string(public)
	}
	must(t, os.WriteFile(filepath.Join(s.dir, "persons"), []byte(lines), 0o644))
	text, err := os.ReadFile(s.config)
	must(t, err)
	must(t, os.WriteFile(s.config, append(text, "\n[decisions]\npersons = \"persons\"\n[release_limits]\nday_ore = 900_000_000_000\nhistory_times = 1000\n"...), 0o644))
}

// signed is a person's signature over a text.
func (s *site) signed(t *testing.T, name, text string) string {
	t.Helper()
	c := exec.Command("ssh-keygen", "-q", "-Y", "sign", "-f", filepath.Join(s.dir, "keys", name), "-n", "nks-decision")
	c.Stdin = strings.NewReader(text)
	out, err := c.Output()
	must(t, err)
	return string(out)
}

// beside uses the running gateway's database.
func (s *site) beside(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{{"ledger"}, {"reconcile", "--verify"}, {"reconcile", "--verify", "--json"}, {"migrate"}, {"resolve"}, {"load", filepath.Join(s.dir, "country")}} {
		p := nks(t, append(args, "--config", s.config)...)
		p.Want(t, 0)
		if p.Out.String() == "" {
			t.Errorf("nks %s printed nothing", args[0])
		}
	}
	if p := nks(t, "reconcile", "--verify", "--config", s.config); !strings.Contains(p.Out.String(), "everything agrees: the difference is 0") {
		t.Errorf("nks reconcile --verify printed %s", p.Out.String())
	}
	p := nks(t, "resolve", "--config", s.config, "--bank", "BEC", "--interchange", "17", "--arrived", "no", "--by", "A", "--approved-by", "B")
	p.Want(t, 1)
	p.OneLine(t, "nks resolve: bank BEC interchange 17")
	p = nks(t, "resolve", "--config", s.config, "--delivery", "17", "--read-again", "--by", "A", "--approved-by", "B")
	p.Want(t, 1)
	p.OneLine(t, `person "A": not found`)
	p = nks(t, "run", "--config", s.config)
	p.Want(t, 1)
	if !strings.Contains(p.Err.String(), "in use") {
		t.Errorf("a second nks run said %q", p.Err.String())
	}
}

// restart finds what was there, with the clock where it was.
func (s *site) restart(t *testing.T) {
	t.Helper()
	before := nks(t, "ledger", "--config", s.config)
	before.Want(t, 0)
	gateway := s.run(t)
	if p := nks(t, "ledger", "--config", s.config); p.Out.String() != before.Out.String() {
		t.Errorf("the ledger was\n%s and is\n%s", before.Out.String(), p.Out.String())
	}
	s.stop(t, gateway)
}

func TestLoadNamesTheMistake(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country"))
	p.Want(t, 0)
	holders := filepath.Join(s.dir, "holders.csv")
	b, err := os.ReadFile(filepath.Join(s.dir, "country", "holders.csv"))
	must(t, err)
	lines := strings.SplitAfter(string(b), "\n")
	column := slices.Index(strings.Split(strings.TrimSpace(lines[0]), ","), "status")
	if column < 0 {
		t.Fatalf("holders.csv has the columns %s", lines[0])
	}
	fields := strings.Split(lines[5], ",")
	fields[column] = "undead"
	lines[5] = strings.Join(fields, ",")
	must(t, os.WriteFile(holders, []byte(strings.Join(lines, "")), 0o644))
	p = nks(t, "load", "--config", s.config, holders)
	p.Want(t, 1)
	for _, token := range []string{"nks load: ", "holders.csv", "6", "status", "undead"} {
		if !strings.Contains(p.Err.String(), token) {
			t.Errorf("load said %q, which does not name %s", p.Err.String(), token)
		}
	}
	programtest.NothingRuns(t, s.dir)
}
