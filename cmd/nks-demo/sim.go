package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"nks/internal/command"
	"nks/sim/authority"
	"nks/sim/bank"
)

// The doors, as they are named on the command line.
const (
	viaSFTP = "sftp"
	viaMQ   = "mq"
)

// simCommands are the parties that can be played.
func simCommands() []command.Command {
	return []command.Command{
		{Name: "bank", Summary: "play a bank centre, of a demonstration or of nks init (docs/connecting.md)", Run: simBankCommand,
			Examples: []string{"sim bank --dir DIR --centre BEC --listen 127.0.0.1:2022",
				"sim bank --dir DIR --centre TRYBANK --listen 127.0.0.1:2022 --clock 2005-08-11T05:58:00+02:00",
				"sim bank --dir DIR --centre BEC --faults reject-after-executed,unknown-code --seed 7"}},
		{Name: "ask", Summary: "ask a bank centre that is played what it really did with an order", Run: simAskCommand,
			Examples: []string{"sim ask --dir DIR --centre BEC --reference 00000001LEVA-1"}},
		{Name: "ledger", Summary: "print what a bank centre that is played has booked, day by day, or of one order", Run: simLedgerCommand,
			Examples: []string{"sim ledger --dir DIR --centre BEC", "sim ledger --dir DIR --centre BEC --reference 00000001LEVA-1"}},
		{Name: "authority", Summary: "play a data supplier of a demonstration", Run: simAuthorityCommand,
			Examples: []string{"sim authority --dir DIR --supplier KOMDATA --mailbox 127.0.0.1:2222",
				"sim authority --dir DIR --supplier KOMDATA --mailbox 127.0.0.1:2222 --mq 127.0.0.1:4222 --via mq"}},
	}
}

func simBankCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	c := bank.Config{Out: p.Out}
	fs.StringVar(&c.Dir, "dir", "", "`directory` of a demonstration or of nks init; the centre reads sim/bank/CENTRE/profile.json in it, how it answers, and keeps everything beside that")
	fs.StringVar(&c.Centre, "centre", "", "which `centre` to play: the id of its [[bank]] in nks.toml")
	fs.StringVar(&c.Listen, "listen", "127.0.0.1:0", "`host:port` of its SFTP server: the address of its [[bank]]; port 0: any, which is printed")
	fs.StringVar(&c.HostKey, "host-key", "", "`file` of its server's private key, whose public half host_keys of its [[bank]] names; default: keys/bank_CENTRE_host in --dir")
	fs.StringVar(&c.ClientKey, "client-key", "", "`file` of the gateway's public key, which alone may log in; default: keys/nks_client.pub in --dir")
	clock := fs.String("clock", "", "business `time` of the very first start, RFC 3339; later starts go on from there. Default: sim/clock.json in --dir, else the machine's")
	names := fs.String("faults", "", "what it does wrong, as `NAMES` with commas between them, instead of what its profile says: "+strings.Join(bank.FaultNames(), ", "))
	seed := fs.Uint64("seed", 1, "of --faults: decides which interchanges and orders they fall on")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	if c.Dir == "" || c.Centre == "" {
		return command.Usagef("--dir and --centre must be given")
	}
	var err error
	if *clock != "" {
		if c.Clock, err = time.Parse(time.RFC3339, *clock); err != nil {
			return command.Usagef("--clock %q: must be a time as RFC 3339 has it, such as 2005-08-11T04:30:00+02:00", *clock)
		}
	}
	if c.Faults, err = bank.FaultsOf(*names, *seed); err != nil {
		return command.Usagef("--faults: %w", err)
	}
	if err := bankFilesExist(c); err != nil {
		return err
	}
	return bank.Run(ctx, c)
}

// bankFilesExist says what a centre that is played lacks, before anything is made in a directory that may be a wrong one.
func bankFilesExist(c bank.Config) error {
	for _, f := range []struct{ path, what string }{
		{bank.FoldersOf(c.Dir, c.Centre).Profile(), "how the centre answers"},
		{c.HostKeyFile(), "the private key of its server (--host-key)"},
		{c.ClientKeyFile(), "the public key of the gateway (--client-key)"},
	} {
		if err := command.FilesExist(f.path); err != nil {
			return command.Usagef("%s: %w; nks init makes a directory with all that is needed (docs/connecting.md)", f.what, err)
		}
	}
	return nil
}

// simAskCommand prints "executed" or "rejected".
func simAskCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	dir := fs.String("dir", "", "data `directory` of the demonstration")
	centre := fs.String("centre", "", "which `centre` to ask; it must be running")
	reference := fs.String("reference", "", "the `order`, as it is named in RFF+CR of PAYMUL")
	wait := fs.Duration("wait", 10*time.Second, "how long to wait for its answer")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	if *dir == "" || *centre == "" || *reference == "" {
		return command.Usagef("--dir, --centre and --reference must be given")
	}
	ctx, cancel := context.WithTimeout(ctx, *wait)
	defer cancel()
	answer, err := bank.Ask(ctx, *dir, *centre, *reference)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the centre has not answered within %s, as if it did not run: %w", *wait, err)
	}
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(p.Out, answer)
	return nil
}

func simAuthorityCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	dir := fs.String("dir", "", "data `directory` of the demonstration")
	supplier := fs.String("supplier", "", "which data `supplier` to play")
	mailbox := fs.String("mailbox", "", "`host:port` of the gateway's mailbox")
	queue := fs.String("mq", "", "`host:port` of the gateway's message broker")
	via := fs.String("via", viaSFTP, "`door` for its bundles, sftp or mq; answers are taken from both")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	if *dir == "" || *supplier == "" || *mailbox == "" {
		return command.Usagef("--dir, --supplier and --mailbox must be given")
	}
	if err := command.OneOf("via", *via, viaSFTP, viaMQ); err != nil {
		return err
	}
	if *via == viaMQ && *queue == "" {
		return command.Usagef("--via mq: --mq must be given, too")
	}
	return authority.Run(ctx, authority.Config{Dir: *dir, Supplier: *supplier, Mailbox: *mailbox, Queue: *queue, ByQueue: *via == viaMQ, Out: p.Out})
}
