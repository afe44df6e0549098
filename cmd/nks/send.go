package main

import (
	"context"
	"flag"
	"slices"
	"time"

	"nks/internal/client"
	"nks/internal/command"
	"nks/internal/report"
)

// The doors, as they are named on the command line.
const (
	viaSFTP = "sftp"
	viaMQ   = "mq"
)

// sendOptions are the flags of nks send.
type sendOptions struct {
	client.Config
	via    string
	server string
	id     string
	json   bool
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
	fs.StringVar(&o.CA, "ca", "", "mq, with TLS: `file` of the authorities by which the broker is trusted")
	fs.StringVar(&o.Certificate, "certificate", "", "mq, with TLS: `file` of the supplier's certificate")
	fs.StringVar(&o.CertificateKey, "certificate-key", "", "mq, with TLS: `file` of its key")
	fs.StringVar(&o.id, "id", "", "mq: message `id`; default: made of the file's bytes, so that the same file is the same message")
	fs.DurationVar(&o.Wait, "wait", 30*time.Second, "how long to wait for the answers")
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
	return report.Send(ctx, p, o.Config, o.json)
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
	case byQueue && o.Password == "":
		return command.Usagef("--password-file must be given")
	case (o.Certificate == "") != (o.CertificateKey == ""):
		return command.Usagef("--certificate and --certificate-key must be given together")
	case !byQueue && (o.Key == "" || o.HostKey == ""):
		return command.Usagef("--key and --host-key must be given")
	case byQueue && !client.UsableID(o.id):
		return command.Usagef("--id %q: must be at most %d printable ASCII characters, no blank at either end", o.id, client.MaxID)
	}
	needed := []string{o.File, o.Key, o.HostKey}
	if byQueue {
		o.Queue, o.As = o.server, o.id
		needed = slices.DeleteFunc([]string{o.File, o.Password, o.CA, o.Certificate, o.CertificateKey}, func(name string) bool { return name == "" })
	}
	return command.FilesExist(needed...)
}
