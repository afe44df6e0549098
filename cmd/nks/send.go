package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"nks/internal/client"
	"nks/internal/command"
)

// The doors, as they are named on the command line.
const (
	viaSFTP = "sftp"
	viaMQ   = "mq"
)

// sendOptions are the flags of nks send.
type sendOptions struct {
	client.Config
	via, demo string
	server    string
	id        string
	json      bool
}

func sendCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	var o sendOptions
	fs.StringVar(&o.via, "via", viaSFTP, "`door`: sftp or mq")
	fs.StringVar(&o.Login, "supplier", "", "`login`: the data supplier")
	fs.StringVar(&o.Mailbox, "mailbox", "127.0.0.1:2222", "sftp: `host:port` of the mailbox")
	fs.StringVar(&o.Key, "key", "", "sftp: `file` of the supplier's private key")
	fs.StringVar(&o.HostKey, "host-key", "", "sftp: `file` of the mailbox's public key")
	fs.StringVar(&o.As, "as", "", "sftp: `name` in in/; default: the file's own")
	fs.StringVar(&o.server, "server", "127.0.0.1:4222", "mq: `host:port` of the message broker")
	fs.StringVar(&o.Password, "password-file", "", "mq: `file` of the supplier's password")
	fs.StringVar(&o.id, "id", "", "mq: message `id`; default: made of the file's bytes, so that the same file is the same message")
	fs.DurationVar(&o.Wait, "wait", 30*time.Second, "how long to wait for the answers")
	fs.StringVar(&o.demo, "demo", "", "data `directory` of a demonstration that stays up: its parties are told of the delivery")
	fs.BoolVar(&o.json, "json", false, "print the outcome as one JSON object")
	tokens, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(tokens) != 1 {
		return command.Usagef("one FILE must be named, and --supplier")
	}
	o.File = tokens[0]
	if err := o.settle(); err != nil {
		return err
	}
	sum, err := client.Send(ctx, o.Config)
	if err != nil {
		return err
	}
	return tellSent(p, o.File, sum, o.json)
}

// settle checks the flags and fills in what follows from them.
func (o *sendOptions) settle() error {
	if err := command.OneOf("via", o.via, viaSFTP, viaMQ); err != nil {
		return err
	}
	byQueue := o.via == viaMQ
	switch {
	case o.Login == "":
		return command.Usagef("one FILE must be named, and --supplier")
	case o.demo == "" && byQueue && o.Password == "":
		return command.Usagef("--password-file or --demo must be given")
	case o.demo == "" && !byQueue && (o.Key == "" || o.HostKey == ""):
		return command.Usagef("--key and --host-key, or --demo, must be given")
	case byQueue && !usableID(o.id):
		return command.Usagef("--id %q: must be at most %d printable ASCII characters, no blank at either end", o.id, maxID)
	}
	if o.demo != "" {
		if err := o.toDemo(); err != nil {
			return err
		}
	}
	needed := []string{o.File, o.Key, o.HostKey}
	if byQueue {
		o.Queue, o.As = o.server, o.id
		needed = []string{o.File, o.Password}
	}
	for _, file := range needed {
		if _, err := os.Stat(file); err != nil {
			return command.Usage(err)
		}
	}
	return nil
}

// maxID is the longest message id that comes back in answers as it is.
const maxID = 200

func usableID(id string) bool {
	odd := func(r rune) bool { return r < ' ' || r > '~' }
	return len(id) <= maxID && !strings.ContainsFunc(id, odd) && strings.TrimSpace(id) == id
}

func tellSent(p *command.Program, file string, sum client.Summary, asJSON bool) error {
	if asJSON {
		if err := json.NewEncoder(p.Out).Encode(sum); err != nil {
			return err
		}
	} else {
		token := "no receipt in time"
		switch {
		case sum.Receipt != "" && !sum.Accepted:
			token = "refused, receipt " + sum.Receipt
		case sum.Accepted && !sum.Response2:
			token = "accepted, no response 2 in time"
		case sum.Accepted:
			token = fmt.Sprintf("accepted, %d of %d payments rejected", sum.Rejected, sum.Payments)
		}
		_, _ = fmt.Fprintf(p.Out, "%s: delivered; %s\n", file, token)
		for _, r := range sum.Reasons {
			_, _ = fmt.Fprintf(p.Out, "  %s\n", r)
		}
	}
	if !sum.Complete() || !sum.Accepted || sum.Rejected > 0 {
		return command.ErrRejected
	}
	return nil
}
