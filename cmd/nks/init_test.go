package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nks/internal/programtest"
)

// demo plays the bank of what nks init writes.
var demo = programtest.New("nks-demo")

// tryout is a gateway to try: what nks init wrote, and the commands that it tells, each by its first words.
type tryout struct {
	dir      string
	commands map[string][]string
	lines    []string // the same, as they are told
}

func newTryout(t *testing.T, flags ...string) tryout {
	t.Helper()
	o := tryout{dir: filepath.Join(program.Place(t), "try"), commands: map[string][]string{}}
	p := nks(t, append([]string{"init", o.dir}, flags...)...)
	p.Want(t, 0)
	kept, err := os.ReadFile(filepath.Join(o.dir, "NEXT.txt"))
	must(t, err)
	if string(kept) != p.Out.String() {
		t.Errorf("init told %q and kept %q", p.Out.String(), kept)
	}
	folder := filepath.Dir(program.Path(t)) + "/"
	for line := range strings.Lines(p.Out.String()) {
		called, ok := strings.CutPrefix(strings.TrimSpace(line), folder)
		if !ok {
			continue
		}
		words := shellWords(called)
		name := words[0] + " " + words[1]
		switch words[1] {
		case "send":
			name += " " + filepath.Base(words[len(words)-1])
		case "decide":
			name += " " + words[2]
		}
		o.commands[name], o.lines = words[1:], append(o.lines, called)
	}
	return o
}

// does runs a command that was told, to its end.
func (o tryout) does(t *testing.T, name string, code int, says ...string) {
	t.Helper()
	args := o.commands[name]
	if args == nil {
		t.Fatalf("init told no %s", name)
	}
	p := nks(t, args...)
	p.Want(t, code)
	for _, w := range says {
		if !regexp.MustCompile(w).MatchString(p.Out.String()) {
			t.Errorf("%s printed %q, which has no %q", name, p.Out.String(), w)
		}
	}
}

// earlier begins business time at 04:30, so that 06:00 does not come before everything is done on a machine that is busy.
func (o tryout) earlier(t *testing.T) {
	t.Helper()
	path := filepath.Join(o.dir, "nks.toml")
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, []byte(strings.Replace(string(text), "T05:58:00", "T04:30:00", 1)), 0o644))
}

// TestInit runs what init tells, as it is told: the bundle is paid by the bank that is played, and every øre is accounted for.
func TestInit(t *testing.T) {
	t.Parallel()
	o := newTryout(t)
	gateway, bank := o.runs(t)
	o.does(t, "nks send bundle.xml", 0, "accepted, 0 of 4 payments rejected", "4 planned to be with their recipients on 2005-08-1[12]")
	o.does(t, "nks send rejects.xml", 1, "accepted, 3 of 5 payments rejected", "TRY-2-2: 0009 MODTAGER KAN IKKE IDENTIFICERES", "TRY-2-3: 9014 ", "TRY-2-4: 9015 ")
	o.does(t, "nks decide release-now", 0, "are released now")
	tested := o.conformance(t)
	o.does(t, "nks decide approve", 0)
	tested()
	ledger := ""
	paid := func() bool {
		ledger = nks(t, o.commands["nks ledger"]...).Out.String()
		return regexp.MustCompile(`executed +[0-9]+ `).MatchString(ledger) && !strings.Contains(ledger, "waiting") && !strings.Contains(ledger, "with the bank")
	}
	if !programtest.Eventually(time.Minute, paid) {
		t.Errorf("nothing was paid:\n%s\n%s", ledger, bank.Out.String())
	}
	o.does(t, "nks ledger", 0, "every invariant holds")
	o.does(t, "nks explain", 0, "state: executed", "the recipient's own NemKonto")
	o.does(t, "nks exceptions", 0, "^0 ")
	o.readme(t)
	end(t, gateway, bank)
}

// runs loads the register, and begins the gateway and its bank, as it is told.
func (o tryout) runs(t *testing.T) (gateway, bank *programtest.Process) {
	t.Helper()
	o.earlier(t)
	o.does(t, "nks load", 0, "holders.csv +[0-9]+ rows", "loaded in")
	gateway = program.Begin(t, nil, o.commands["nks run"]...)
	bank = demo.Begin(t, nil, o.commands["nks-demo sim"]...)
	up := func() bool { return strings.Contains(gateway.Err.String(), `"message":"nks is up"`) || gateway.Ended() }
	if !programtest.Eventually(programtest.Longest, up) || gateway.Ended() {
		t.Fatalf("nks run does not come up:\n%s", programtest.Tail(gateway.Err.String()))
	}
	return gateway, bank
}

func end(t *testing.T, running ...*programtest.Process) {
	t.Helper()
	for _, p := range running {
		p.Terminate(t)
		p.Finish(t, programtest.Longest)
		p.Want(t, 0)
	}
}

// TestInit_EveryDoor runs what init tells of the signed endpoint, cases of the connection test by it, and what docs/connecting.md shows.
func TestInit_EveryDoor(t *testing.T) {
	t.Parallel()
	o := newTryout(t, "--mq", "--rasp")
	gateway, bank := o.runs(t)
	o.does(t, "nks send signed.xml", 1, "accepted, 1 of 2 payments rejected", "1 planned to be with their recipients on 2005-08-1[12]", "TRY-3-2: 0009 MODTAGER KAN IKKE IDENTIFICERES")
	if taken, err := os.ReadDir(filepath.Join(o.dir, "taken")); err != nil || len(taken) != 2 {
		t.Errorf("taken: %v, %v", taken, err)
	}
	o.connecting(t)
	door := o.commands["nks send signed.xml"]
	report := filepath.Join(o.dir, "report")
	args := []string{"conformance", "--cast", filepath.Join(o.dir, "conformance.toml"), "--out", report, "--only", "02,03,52,53,60"}
	for _, flag := range []string{"--via", "--endpoint", "--key", "--certificate", "--server-cert", "--ca", "--listen"} {
		args = append(args, flag, door[slices.Index(door, flag)+1])
	}
	p := nks(t, args...)
	p.Want(t, 0)
	if !strings.Contains(p.Out.String(), "6 of 6 cases passed") {
		t.Errorf("nks conformance: %s", p.Out.String())
	}
	o.byQueue(t)
	end(t, gateway, bank)
}

// byQueue plays the connection test by the queue, in the farm the whole of it: a person stops what case 13 has sent, and two let everything go at once.
func (o tryout) byQueue(t *testing.T) {
	t.Helper()
	at := func(parts ...string) string { return filepath.Join(append([]string{o.dir}, parts...)...) }
	config, err := os.ReadFile(at("nks.toml"))
	must(t, err)
	broker := regexp.MustCompile(`(?s)\[mq\].*?(127\.0\.0\.1:[0-9]+)`).FindSubmatch(config)
	if broker == nil {
		t.Fatal("nks.toml has no broker")
	}
	door := []string{"conformance", "--cast", at("conformance.toml"), "--out", at("by-queue"), "--via", "mq", "--server", string(broker[1]), "--password-file", at("keys", "mq", "TRYLEV")}
	if programtest.Size(0, 1) == 0 {
		prints(t, nks(t, append(door, "--only", "02,03,52,53,60")...), "6 of 6 cases passed")
		return
	}
	played := program.Begin(t, nil, append(door, "--bank", "2m", "--mass", "20")...)
	if !programtest.Eventually(programtest.Longest, func() bool { return strings.Contains(played.Out.String(), "\n60 ") || played.Ended() }) || played.Ended() {
		t.Fatalf("nks conformance ended early:\n%s%s", played.Out.String(), played.Err.String())
	}
	does := func(says string, args ...string) string {
		t.Helper()
		p := nks(t, append(args, "--config", at("nks.toml"))...)
		p.Want(t, 0)
		found := regexp.MustCompile(says).FindStringSubmatch(p.Out.String())
		if found == nil {
			t.Fatalf("nks %s said %s, which has no %s", strings.Join(args, " "), p.Out.String(), says)
		}
		return found[len(found)-1]
	}
	number := does(`payment ([0-9]+)`, "explain", regexp.MustCompile(`CT[a-z0-9]+-13-1`).FindString(played.Out.String()))
	does(`done: is stopped`, "decide", "stop", number, "--by", "A. Hansen", "--why", "case 13")
	decision := does(`decision ([0-9]+)`, "decide", "release-now", "--what", "all", "--by", "A. Hansen", "--why", "a trial")
	does(`are released now`, "decide", "approve", decision, "--by", "B. Jensen")
	played.Finish(t, programtest.Longest)
	played.Want(t, 0)
	if !strings.Contains(played.Out.String(), "passed: 25 of 25 cases passed") {
		t.Errorf("nks conformance: %s", played.Out.String())
	}
}

// connecting runs the boxes of docs/connecting.md that are marked as commands, each by a shell that stops at the first that fails.
func (o tryout) connecting(t *testing.T) {
	t.Helper()
	page, err := os.ReadFile(programtest.Repository(t, "docs", "connecting.md"))
	must(t, err)
	config, err := os.ReadFile(filepath.Join(o.dir, "nks.toml"))
	must(t, err)
	port := func(key string) string {
		found := regexp.MustCompile(`(?s)` + key + `.*?127\.0\.0\.1:([0-9]+)`).FindSubmatch(config)
		if found == nil {
			t.Fatalf("nks.toml has no %s", key)
		}
		return string(found[1])
	}
	here := strings.NewReplacer("bin/nks ", program.Path(t)+" ", "try/", o.dir+"/", "20001", port(`\[\[bank`), "20002", port(`\[mailbox`), "20003", port(`\[mq`),
		"20004", port(`\[rasp\]`), "20005", port(`\nendpoint`))
	boxes := regexp.MustCompile("(?s)\n```sh\n(.*?)\n```").FindAllSubmatch(page, -1)
	if len(boxes) < 5 {
		t.Errorf("docs/connecting.md has %d boxes with commands", len(boxes))
	}
	for _, box := range boxes {
		if out, err := exec.Command("sh", "-e", "-c", here.Replace(string(box[1]))).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", box[1], err, out)
		}
	}
}

// conformance plays the connection test, stops what is to be stopped, and returns what waits for the report, which lets the authority go live.
func (o tryout) conformance(t *testing.T) (finish func()) {
	t.Helper()
	at := func(parts ...string) string { return filepath.Join(append([]string{o.dir}, parts...)...) }
	report := at("report")
	door := o.commands["nks send bundle.xml"]
	played := program.Begin(t, nil, append([]string{"conformance", "--cast", at("conformance.toml"), "--out", report, "--bank", "5m", "--mass", "20", "--mailbox"},
		door[slices.Index(door, "--mailbox")+1], "--key", at("keys", "supplier_TRYLEV"), "--host-key", at("keys", "mailbox_host.pub"))...)
	if !programtest.Eventually(programtest.Longest, func() bool { return strings.Contains(played.Out.String(), "\n60 ") || played.Ended() }) || played.Ended() {
		t.Fatalf("nks conformance ended early:\n%s%s", played.Out.String(), played.Err.String())
	}
	config := []string{"--config", at("nks.toml")}
	does := func(code int, says string, args ...string) {
		t.Helper()
		p := nks(t, append(args, config...)...)
		p.Want(t, code)
		if !strings.Contains(p.Out.String()+p.Err.String(), says) {
			t.Errorf("nks %s said %s%s, which has no %q", strings.Join(args, " "), p.Out.String(), p.Err.String(), says)
		}
	}
	id := regexp.MustCompile(`CT[a-z0-9]+-13-1`).FindString(played.Out.String())
	explained := nks(t, append([]string{"explain", id}, config...)...).Out.String()
	number := regexp.MustCompile(`payment ([0-9]+)`).FindStringSubmatch(explained)
	if number == nil {
		t.Fatalf("explain %s: %s", id, explained)
	}
	for _, state := range [][]string{{"request", "--responsible", "P. Rosen", "--rights", "payments"}, {"agree"}, {"test"}} {
		does(0, "decision", append([]string{"connection", state[0], "TRY-SYSTEM", "9901", "--by", "A. Hansen", "--why", "a trial"}, state[1:]...)...)
	}
	does(1, "no report of a connection test is on record", "connection", "go-live", "TRY-SYSTEM", "9901", "--by", "A. Hansen", "--why", "a trial")
	does(0, "stop", "decide", "stop", number[1], "--by", "A. Hansen", "--why", "case 13")
	return func() {
		played.Finish(t, programtest.Longest)
		played.Want(t, 0)
		summary, err := os.ReadFile(filepath.Join(report, "summary.txt"))
		must(t, err)
		if !strings.Contains(string(summary), "passed: 25 of 25 cases passed") {
			t.Errorf("the report says\n%s", summary)
		}
		does(0, "passed: 25 of 25", "connection", "report", "TRY-SYSTEM", filepath.Join(report, "summary.json"), "--by", "A. Hansen", "--why", "a trial")
		does(0, "is live, by the report of decision", "connection", "go-live", "TRY-SYSTEM", "9901", "--by", "A. Hansen", "--why", "a trial")
		does(0, "testing", "connection", "list")
		does(0, "P. Rosen", "connection", "show", "TRY-SYSTEM", "9901")
		again := nks(t, "conformance", "--cast", at("conformance.toml"), "--out", report, "--key", at("keys", "supplier_TRYLEV"), "--host-key", at("keys", "mailbox_host.pub"))
		again.Want(t, 2)
		again.OneLine(t, report, "is not empty")
	}
}

// TestREADME_ShowsWhatInitTells: the commands that are run above are those of the README, but for ports.
func TestREADME_ShowsWhatInitTells(t *testing.T) {
	t.Parallel()
	o := newTryout(t)
	shown := readmeCommands(t)
	port := regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)
	for _, line := range o.lines {
		line = port.ReplaceAllString("bin/"+strings.ReplaceAll(strings.TrimSpace(line), o.dir, "try"), "PORT")
		if !slices.ContainsFunc(shown, func(s string) bool { return port.ReplaceAllString(s, "PORT") == line }) {
			t.Errorf("README.md has no %q", line)
		}
	}
}

// readmeCommands are the command lines of ours in the README's chapter, without what is said behind them.
func readmeCommands(t *testing.T) (all []string) {
	t.Helper()
	text, err := os.ReadFile(programtest.Repository(t, "README.md"))
	must(t, err)
	_, chapter, found := strings.Cut(string(text), "\n## Running it for real\n")
	chapter, _, ends := strings.Cut(chapter, "\n## ")
	if !found || !ends {
		t.Fatal("README.md has no such chapter")
	}
	for line := range strings.Lines(chapter) {
		if line, _, _ = strings.Cut(line, "#"); strings.HasPrefix(line, "bin/nks") {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}

// readme runs what the README shows of a gateway that runs: nothing of it is wrong use.
func (o tryout) readme(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(o.dir, "sim", "bank", "TRYBANK", "sent", "BANSTA*"))
	must(t, err)
	if len(files) == 0 {
		t.Fatal("the bank has no file")
	}
	failing := []string{"16777217", "CVR 12345674", "--bank BEC", "bin/nks check ", "edifact lint", "edifact contrl"} // unknown here, a bundle that was sent, and codes of Danish banks
	inHere := strings.NewReplacer("/srv/nks", o.dir, " bundle.xml", " "+filepath.Join(o.dir, "bundle.xml"), "bank.edi", files[0])
	type shown struct {
		line string
		args []string
		code int
	}
	var commands []shown
	for _, line := range readmeCommands(t) {
		here := inHere.Replace(line)
		words := shellWords(here)
		if words[0] != "bin/nks" || slices.Contains([]string{"init", "run", "send"}, words[1]) || strings.Contains(line, " try/") {
			continue // run as init tells them
		}
		code := 0
		if slices.ContainsFunc(failing, func(part string) bool { return strings.Contains(line, part) }) {
			code = 1
		}
		commands = append(commands, shown{line, words[1:], code})
	}
	t.Run("README", func(t *testing.T) {
		for _, c := range commands {
			t.Run(c.line, func(t *testing.T) {
				t.Parallel()
				nks(t, c.args...).Want(t, c.code)
			})
		}
	})
}

// shellWords takes a line apart as a shell does that knows double quotes and nothing else.
func shellWords(line string) (words []string) {
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	return words
}

// TestInit_WritesOverNothing: what is there stays, secrets are secret, and the configuration is good.
func TestInit_WritesOverNothing(t *testing.T) {
	t.Parallel()
	o := newTryout(t, "--mq", "--rasp")
	if p := nks(t, "check-config", filepath.Join(o.dir, "nks.toml")); p.Code() != 0 || !strings.HasSuffix(p.Out.String(), "\ngood: nks run can start with it\n") {
		t.Errorf("check-config: %d, %s%s", p.Code(), p.Out.String(), p.Err.String())
	}
	before := tree(t, o.dir)
	again := nks(t, "init", o.dir)
	again.Want(t, 2)
	again.OneLine(t, o.dir, "is not empty")
	if after := tree(t, o.dir); !slices.Equal(before, after) {
		t.Errorf("was %q, is %q", before, after)
	}
	for _, secret := range []string{"mailbox_host", "nks_client", "supplier_TRYLEV", "bank_TRYBANK_host", "rasp.key", "rasp_ca.key", "rasp_TRYLEV.key"} {
		info, err := os.Stat(filepath.Join(o.dir, "keys", secret))
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", secret, info.Mode().Perm())
		}
	}
	text, err := os.ReadFile(filepath.Join(o.dir, "nks.toml"))
	must(t, err)
	ports := regexp.MustCompile(`127\.0\.0\.1:[0-9]+`).FindAllString(string(text), -1)
	slices.Sort(ports)
	if len(slices.Compact(ports)) != 7 {
		t.Errorf("the addresses are %q", ports)
	}
}

// tree is every file below a directory with its content.
func tree(t *testing.T, dir string) (all []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all = append(all, path+": "+string(b))
		return err
	}))
	return all
}

// TestSimBank_SaysWhatItNeeds: each file that is missing is named with what it is, and nothing is made in a wrong directory.
func TestSimBank_SaysWhatItNeeds(t *testing.T) {
	t.Parallel()
	o := newTryout(t)
	sim := o.commands["nks-demo sim"]
	for name, what := range map[string]string{
		"sim/bank/TRYBANK/profile.json": "how the centre answers",
		"keys/bank_TRYBANK_host":        "the private key of its server (--host-key)",
		"keys/nks_client.pub":           "the public key of the gateway (--client-key)",
	} {
		path := filepath.Join(o.dir, name)
		must(t, os.Rename(path, path+".away"))
		p := demo.Run(t, sim...)
		p.Want(t, 2)
		p.OneLine(t, path, what, "nks init")
		must(t, os.Rename(path+".away", path))
	}
	p := demo.Run(t, "sim", "bank", "--dir", filepath.Join(o.dir, "elsewhere"), "--centre", "TRYBANK")
	p.Want(t, 2)
	if programtest.Exists(t, filepath.Join(o.dir, "elsewhere")) {
		t.Error("a wrong directory was made")
	}
}
