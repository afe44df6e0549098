// Command nks is the payment gateway between public authorities and their banks.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // business times are Copenhagen's, also on a machine without a time zone database

	"nks/internal/command"
	"nks/internal/serving"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "development"

func commands() []command.Command {
	return []command.Command{
		{Name: "init", Args: "DIR", Summary: "write a gateway to try: configuration, keys, an example register, a simulated bank and bundles; for a test environment only", Run: initCommand,
			Examples: []string{"init try", "init --mq /srv/nks-try"}},
		{Name: "run", Summary: "run the gateway until it is told to stop (SIGTERM, Ctrl-C)", Run: serving.Run(version, nil),
			Examples: []string{"run --config /srv/nks/nks.toml", "run --config trial.toml --clock 2005-08-11T04:30:00+02:00"}},
		{Name: "load", Args: "DIR|FILE...", Summary: "load reference data from CSV files, or banks' profiles from a TOML file (docs/reference-data.md)", Run: loadCommand,
			Examples: []string{"load --config /srv/nks/nks.toml /srv/nks/reference", "load --effective 2005-09-01 /srv/nks/september/agreements.csv",
				"load --effective 2005-09-01 /srv/nks/september/banks.toml"}},
		{Name: "send", Args: "FILE", Summary: "send a bundle as a data supplier and wait for its answer", Run: sendCommand,
			Examples: []string{"send --mailbox gateway:2222 --supplier LEVA --key supplier_LEVA --host-key mailbox_host.pub bundle.xml",
				"send --via mq --server gateway:4222 --supplier LEVA --password-file password bundle.xml",
				"send --via amqp --server amqps://mq.example:5671 --supplier LEVA --password-file password --into answers bundle.xml"}},
		{Name: "feed", Args: "FILE...", Summary: "apply files of changes that the registers of persons and companies tell (docs/feed.md)", Run: feedCommand,
			Examples: []string{"feed --config /srv/nks/nks.toml cpr-000017.xml"}},
		{Name: "check", Args: "FILE...", Summary: "tell what would become of bundles, without sending them; - is standard input", Run: checkCommand,
			Examples: []string{"check --config /srv/nks/nks.toml bundle.xml", "check --json --at 2005-08-11T04:30:00+02:00 - < bundle.xml"}},
		{Name: "conformance", Summary: "play the connection test against a running gateway, as a data supplier, and keep a report (docs/connecting.md)", Run: conformanceCommand,
			Examples: []string{"conformance --list", "conformance --cast conformance.toml --mailbox gateway:2222 --key supplier_LEVA --host-key mailbox_host.pub --bank 10m --out report"}},
		{Name: "edifact", Args: "COMMAND FILE...", Summary: "judge, show, rewrite and answer EDIFACT files (docs/edifact.md)", Commands: edifactCommands(),
			Examples: []string{"edifact lint bank.edi", "edifact show --mask bank.edi"}},
		{Name: "ledger", Summary: "show where every øre is, and what does not add up", Run: ledgerCommand,
			Examples: []string{"ledger --config /srv/nks/nks.toml"}},
		{Name: "reconcile", Summary: "show the book of a day, verify it, and show what is certified of it (docs/ledger.md)", Run: reconcileCommand,
			Examples: []string{"reconcile --day 2005-08-11 --config /srv/nks/nks.toml", "reconcile --verify", "reconcile --certificates --day 2005-08-11",
				"reconcile --facts came_back --agreement AFT-1"}},
		{Name: "report", Args: "COMMAND", Summary: "make a report of what came in, where it is and what became of it, as CSV, workbook or PDF (docs/operations.md)", Commands: reportCommands(),
			Examples: []string{"report day --day 2005-08-11 --config /srv/nks/nks.toml", "report settlement --format pdf --out settlement.pdf"}},
		{Name: "explain", Args: "PAYMENT", Summary: "tell to which account a payment went, or would go now, and why; PAYMENT is our number or the EndToEndId",
			Run: explainCommand, Examples: []string{"explain --config /srv/nks/nks.toml 16777217"}},
		{Name: "register", Args: "COMMAND HOLDER", Summary: "show what the register has on a holder, and had", Commands: registerCommands(),
			Examples: []string{"register show CVR 12345674", "register show --on 2005-06-30 P 1000000001"}},
		{Name: "connection", Args: "COMMAND", Summary: "keep how far authorities are connected by payout systems: request, agreement, test, going live, fully connected (docs/connecting.md)",
			Commands: connectionCommands(), Examples: []string{"connection list --config /srv/nks/nks.toml", `connection request KOM-LON 4101 --responsible "P. Rosen" --rights payments --by "A. Hansen" --why "letter of 4101"`}},
		{Name: "audit", Args: "COMMAND", Summary: "prove that the log of what was done and looked at is what was signed", Commands: auditCommands(),
			Examples: []string{"audit verify --config /srv/nks/nks.toml", "audit checkpoint --config /srv/nks/nks.toml > kept.txt"}},
		{Name: "month", Args: "COMMAND", Summary: "list, close, show and verify months (docs/operations.md)", Commands: monthCommands(),
			Examples: []string{"month list --config /srv/nks/nks.toml", `month close 2005-08 --by "A. Hansen"`}},
		{Name: "retention", Args: "COMMAND", Summary: "show what is kept and for how long, drop months whose time is over, and prove that they are gone (docs/operations.md)",
			Commands: retentionCommands(), Examples: []string{"retention list --config /srv/nks/nks.toml", `retention drop 2005-08 --by "A. Hansen"`, "retention prove 2005-08"}},
		{Name: "night", Summary: "show what is held, which cut-offs are moved, which limits there are, and what is over one (docs/operations.md)", Run: nightCommand,
			Examples: []string{"night --config /srv/nks/nks.toml", "night --json"}},
		{Name: "lines", Summary: "show the lines to banks, the doors and the queues: who is connected, since when, and why not", Run: linesCommand,
			Examples: []string{"lines --config /srv/nks/nks.toml", "lines --language da", "lines --json"}},
		{Name: "keys", Summary: "list the keys and certificates that are used, with fingerprints and when they expire", Run: keysCommand,
			Examples: []string{"keys --config /srv/nks/nks.toml", "keys --json"}},
		{Name: "exceptions", Summary: "list what waits for a person, the most severe first", Run: exceptionsCommand, Commands: exceptionCommands(),
			Examples: []string{"exceptions --config /srv/nks/nks.toml", `exceptions --kind "CONTRL missing" --all --json`,
				"exceptions show 12", `exceptions take 12 --by "A. Hansen"`}},
		{Name: "postings", Args: "[ID]", Summary: "list what banks have booked that is about no payment that is known, or show one posting with what it is about",
			Run: postingsCommand, Examples: []string{"postings --config /srv/nks/nks.toml", "postings --json 73667279060994"}},
		{Name: "queue", Args: "[ID]", Summary: "list the messages of queues that could not be taken, or show one; nks decide puts them back or drops them",
			Run: queueCommand, Examples: []string{"queue --config /srv/nks/nks.toml", "queue --all --json", "queue 3"}},
		{Name: "recalls", Summary: "list what banks were asked to give back and have not answered about", Run: recallsCommand,
			Examples: []string{"recalls --config /srv/nks/nks.toml", "recalls --all --json"}},
		{Name: "letters", Summary: "list the letters by which holders approve accounts, newest first (docs/activation.md); nks decide resend-letter sends another",
			Run: lettersCommand, Examples: []string{"letters --config /srv/nks/nks.toml", "letters --state failed --json"}},
		{Name: "inquiry", Args: "COMMAND", Summary: "list and show the cases of citizens who miss a payment (docs/operations.md); nks decide opens and closes them",
			Commands: inquiryCommands(), Examples: []string{"inquiry list --config /srv/nks/nks.toml", `inquiry show 3 --by "A. Hansen"`}},
		{Name: "bank-file", Args: "ID", Summary: "show what a bank has laid out in a file: about what, how sure that is, and what followed", Run: bankFileCommand,
			Examples: []string{"bank-file --config /srv/nks/nks.toml 327696145907713", "bank-file --json 327696145907713"}},
		{Name: "decide", Args: "KIND|COMMAND", Summary: "decide what waits for a person; what lets something go takes two (docs/operations.md)", Commands: decideCommands(),
			Examples: []string{`decide close 12 13 --by "A. Hansen" --why "the supplier knows"`, `decide approve 7 --by "B. Jensen" --signature 7.sig`,
				"decide list"}},
		{Name: "recover", Summary: "a database that was set back: show what the journals have and it does not know, take that in, or go on without (docs/operations.md)",
			Run:      recoverCommand,
			Examples: []string{"recover --config /srv/nks/nks.toml", `recover --take --by "A. Hansen" --config /srv/nks/nks.toml`}},
		{Name: "resolve", Summary: "decide about an interchange in state unknown, or a delivery that was set aside; without flags: list them", Run: resolveCommand,
			Examples: []string{"resolve --config /srv/nks/nks.toml",
				`resolve --config /srv/nks/nks.toml --bank BEC --interchange 17 --arrived no --by "A. Hansen" --approved-by "B. Jensen"`}},
		{Name: "migrate", Summary: "bring the database to this program's version", Run: migrateCommand,
			Examples: []string{"migrate --config /srv/nks/nks.toml"}},
		{Name: "check-config", Args: "[FILE]", Summary: "check a configuration file and say what is wrong", Run: serving.CheckConfig(nil),
			Examples: []string{"check-config /srv/nks/nks.toml"}},
		command.Version(version),
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	p := &command.Program{Name: "nks", About: "the gateway between public authorities and their banks", Commands: commands(), Out: os.Stdout, Err: os.Stderr}
	os.Exit(p.Execute(ctx, os.Args[1:]))
}
