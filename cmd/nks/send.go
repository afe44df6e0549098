package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nks/sim/authority"
)

// The doors, as they are named on the command line.
const (
	viaSFTP = "sftp"
	viaMQ   = "mq"
)

// sendOptions are the flags of nks send.
type sendOptions struct {
	authority.SendConfig
	via, demo string
	server    string
	id        string
	json      bool
}

func sendCommand(ctx context.Context, p *program, fs *flag.FlagSet, args []string) error {
	var o sendOptions
	fs.StringVar(&o.via, "via", viaSFTP, "door: sftp or mq")
	fs.StringVar(&o.Login, "supplier", "", "login: the data supplier")
	fs.StringVar(&o.Mailbox, "mailbox", "127.0.0.1:2222", "sftp: host:port of the mailbox")
	fs.StringVar(&o.Key, "key", "", "sftp: file of the supplier's private key")
	fs.StringVar(&o.HostKey, "host-key", "", "sftp: file of the mailbox's public key")
	fs.StringVar(&o.As, "as", "", "sftp: name in in/; default: the file's own")
	fs.StringVar(&o.server, "server", "127.0.0.1:4222", "mq: host:port of the message broker")
	fs.StringVar(&o.Password, "password-file", "", "mq: file of the supplier's password")
	fs.StringVar(&o.id, "id", "", "mq: message id; default: made of the file's bytes, so that the same file is the same message")
	fs.DurationVar(&o.Wait, "wait", 30*time.Second, "how long to wait for the answers")
	fs.StringVar(&o.demo, "demo", "", "data directory of a demonstration that stays up: its parties are told of the delivery")
	fs.BoolVar(&o.json, "json", false, "print the outcome as one JSON object")
	words, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 1 {
		return usagef("wants one FILE and --supplier")
	}
	o.File = words[0]
	if err := o.settle(); err != nil {
		return err
	}
	sum, err := authority.Send(ctx, o.SendConfig)
	if err != nil {
		return err
	}
	return p.tellSent(o.File, sum, o.json)
}

// settle checks the flags and fills in what follows from them.
func (o *sendOptions) settle() error {
	byQueue := o.via == viaMQ
	switch {
	case o.via != viaSFTP && !byQueue:
		return usagef("--via %q: sftp or mq", o.via)
	case o.Login == "":
		return usagef("wants one FILE and --supplier")
	case o.demo == "" && byQueue && o.Password == "":
		return usagef("wants one FILE, --supplier, and --password-file or --demo")
	case o.demo == "" && !byQueue && (o.Key == "" || o.HostKey == ""):
		return usagef("wants one FILE, --supplier, and --key and --host-key, or --demo")
	case byQueue && !usableID(o.id):
		return usagef("--id %q: want at most %d printable ASCII characters, no blank at either end", o.id, maxID)
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
			return usageError{err}
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

// toDemo takes addresses and secrets from a demonstration's data directory.
func (o *sendOptions) toDemo() error {
	var m marker
	var clock struct {
		Offset int64 `json:"offset_ns"`
	}
	err := errors.Join(readJSON(filepath.Join(o.demo, "demo.json"), &m), readJSON(filepath.Join(o.demo, "sim", "clock.json"), &clock))
	if err != nil {
		return usageError{err}
	}
	w := &world{dir: o.demo, marker: m}
	o.Dir, o.Mailbox, o.server = o.demo, w.address("mailbox"), w.address("mq")
	o.Key, o.HostKey = w.path("keys", "supplier_"+o.Login), w.path("keys", "mailbox_host.pub")
	o.Password = w.path("keys", "mq", o.Login)
	o.Now = func() time.Time { return time.Now().Add(time.Duration(clock.Offset)) }
	return nil
}

func (p *program) tellSent(file string, sum authority.Summary, asJSON bool) error {
	if asJSON {
		if err := json.NewEncoder(p.out).Encode(sum); err != nil {
			return err
		}
	} else {
		word := "no receipt in time"
		switch {
		case sum.Receipt != "" && !sum.Accepted:
			word = "refused, receipt " + sum.Receipt
		case sum.Accepted && !sum.Response2:
			word = "accepted, no response 2 in time"
		case sum.Accepted:
			word = fmt.Sprintf("accepted, %d of %d payments rejected", sum.Rejected, sum.Payments)
		}
		_, _ = fmt.Fprintf(p.out, "%s: delivered; %s\n", file, word)
		for _, r := range sum.Reasons {
			_, _ = fmt.Fprintf(p.out, "  %s\n", r)
		}
	}
	if !sum.Complete() || !sum.Accepted || sum.Rejected > 0 {
		return errRejected
	}
	return nil
}
