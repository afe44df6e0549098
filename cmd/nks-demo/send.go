package main

import (
	"context"
	"flag"
	"path/filepath"
	"time"

	"nks/internal/client"
	"nks/internal/command"
	"nks/internal/report"
	"nks/sim/authority"
)

// sendOptions are the flags of nks-demo send.
type sendOptions struct {
	client.Config
	data, via string
	json      bool
}

func sendCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	var o sendOptions
	fs.StringVar(&o.data, "data", defaultDemoData(), "data `directory` of the demonstration")
	fs.StringVar(&o.Login, "supplier", "", "as which data `supplier`")
	fs.StringVar(&o.via, "via", viaSFTP, "`door`: sftp or mq")
	fs.StringVar(&o.As, "as", "", "`name` in in/, default: the file's own; or message id, default: made of the file's bytes")
	fs.DurationVar(&o.Wait, "wait", 30*time.Second, "how long to wait for the answers")
	fs.BoolVar(&o.json, "json", false, "print the outcome as one JSON object")
	tokens, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(tokens) != 1 || o.Login == "" {
		return command.Usagef("one FILE must be named, and --supplier")
	}
	o.File = tokens[0]
	if err := o.settle(); err != nil {
		return err
	}
	return report.Send(ctx, p, o.Config, o.json)
}

// settle takes addresses and secrets from the demonstration's data directory, and lets its parties know of the delivery:
// the supplier that is played there may take the answers first.
func (o *sendOptions) settle() error {
	if err := command.OneOf("via", o.via, viaSFTP, viaMQ); err != nil {
		return err
	}
	if o.via == viaMQ && !client.UsableID(o.As) {
		return command.Usagef("--as %q: must be at most %d printable ASCII characters, no blank at either end", o.As, client.MaxID)
	}
	w := &world{dir: o.data}
	if err := readJSON(w.path("demo.json"), &w.marker); err != nil {
		return command.Usage(err)
	}
	var clock struct {
		Offset time.Duration `json:"offset_ns"`
	}
	if err := readJSON(w.path("sim", "clock.json"), &clock); err != nil {
		return command.Usage(err)
	}
	needed := []string{o.File}
	if o.via == viaMQ {
		if w.queueAddress() == "" {
			return command.Usagef("--via mq: %s has no message queue", o.data)
		}
		o.Queue, o.Password = w.queueAddress(), w.path("keys", "mq", o.Login)
		needed = append(needed, o.Password)
	} else {
		o.Mailbox, o.Key, o.HostKey = w.address("mailbox"), w.path("keys", "supplier_"+o.Login), w.path("keys", "mailbox_host.pub")
		needed = append(needed, o.Key, o.HostKey)
	}
	if err := command.FilesExist(needed...); err != nil {
		return err
	}
	o.Collected = filepath.Join(w.path("sim", "authority"), o.Login, "got")
	o.Delivered = func(as string, document []byte) error {
		return authority.RecordVisitor(o.data, o.Login, as, document, time.Now().Add(clock.Offset))
	}
	return nil
}
