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
		{Name: "bank", Summary: "play a bank centre of a demonstration", Run: simBankCommand,
			Examples: []string{"sim bank --dir DIR --centre BEC --listen 127.0.0.1:2022",
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
	dir := fs.String("dir", "", "data `directory` of the demonstration")
	centre := fs.String("centre", "", "which `centre` to play")
	listen := fs.String("listen", "127.0.0.1:0", "`host:port` of its SFTP server")
	names := fs.String("faults", "", "what it does wrong, as `NAMES` with commas between them, instead of what its profile says: "+strings.Join(bank.FaultNames(), ", "))
	seed := fs.Uint64("seed", 1, "of --faults: decides which interchanges and orders they fall on")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	if *dir == "" || *centre == "" {
		return command.Usagef("--dir and --centre must be given")
	}
	faults, err := bank.FaultsOf(*names, *seed)
	if err != nil {
		return command.Usagef("--faults: %w", err)
	}
	return bank.Run(ctx, bank.Config{Dir: *dir, Centre: *centre, Listen: *listen, Faults: faults, Out: p.Out})
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
