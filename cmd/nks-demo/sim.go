package main

import (
	"context"
	"flag"

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
			Examples: []string{"sim bank --dir DIR --centre BEC --listen 127.0.0.1:2022"}},
		{Name: "authority", Summary: "play a data supplier of a demonstration", Run: simAuthorityCommand,
			Examples: []string{"sim authority --dir DIR --supplier KOMDATA --mailbox 127.0.0.1:2222",
				"sim authority --dir DIR --supplier KOMDATA --mailbox 127.0.0.1:2222 --mq 127.0.0.1:4222 --via mq"}},
	}
}

func simBankCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	dir := fs.String("dir", "", "data `directory` of the demonstration")
	centre := fs.String("centre", "", "which `centre` to play")
	listen := fs.String("listen", "127.0.0.1:0", "`host:port` of its SFTP server")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	if *dir == "" || *centre == "" {
		return command.Usagef("--dir and --centre must be given")
	}
	return bank.Run(ctx, bank.Config{Dir: *dir, Centre: *centre, Listen: *listen, Out: p.Out})
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
