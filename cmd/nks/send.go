package main

import (
	"context"
	"flag"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"nks/conf"
	"nks/internal/client"
	"nks/internal/command"
	"nks/internal/report"
)

// The doors, as they are named on the command line.
const (
	viaSFTP = "sftp"
	viaMQ   = "mq"
	viaRASP = "rasp"
	viaAMQP = "amqp"
)

// sendOptions are the flags of nks send.
type sendOptions struct {
	client.Config
	via     string
	profile string
	server  string
	id      string
	json    bool
}

// doorFlags are the flags of whoever goes through a door as a data supplier.
func doorFlags(fs *flag.FlagSet, o *sendOptions) {
	fs.StringVar(&o.via, "via", viaSFTP, "`door`: sftp, mq, amqp or rasp")
	fs.StringVar(&o.Mailbox, "mailbox", "127.0.0.1:2222", "sftp: `host:port` of the mailbox")
	fs.StringVar(&o.Key, "key", "", "sftp, rasp: `file` of the supplier's private key")
	fs.StringVar(&o.HostKey, "host-key", "", "sftp: `file` of the mailbox's public key")
	fs.StringVar(&o.server, "server", "127.0.0.1:4222", "mq: `address` of the message broker, host:port; amqp: its URL, as amqps://mq.example:5671, or several with commas between them")
	fs.StringVar(&o.Password, "password-file", "", "mq, amqp: `file` of the supplier's password; amqp without it: the certificate is the login, and without that there is none")
	fs.StringVar(&o.CA, "ca", "", "mq and amqp with TLS, rasp: `file` of the certificates of the authorities by which the gateway or the broker is trusted")
	fs.StringVar(&o.Certificate, "certificate", "", "mq and amqp with TLS, rasp: `file` of the supplier's certificate")
	fs.StringVar(&o.CertificateKey, "certificate-key", "", "mq and amqp with TLS: `file` of its key")
	fs.StringVar(&o.Broker.Peer, "peer", string(conf.PeerRabbitMQ), "amqp: `kind` of the broker: rabbitmq or strict")
	fs.StringVar(&o.Broker.User, "user", "", "amqp: `login` at the broker; default: the supplier's name")
	fs.StringVar(&o.Broker.In, "in-queue", "", "amqp: `queue` that bundles are put into; default: nks.in. and the supplier's name")
	fs.StringVar(&o.Broker.Out, "out-queue", "", "amqp: `queue` that answers are taken from; default: nks.out. and the supplier's name")
	fs.StringVar(&o.Endpoint, "endpoint", "", "rasp: `URL` of the signed endpoint")
	fs.StringVar(&o.ServerCert, "server-cert", "", "rasp: `file` of the certificate that the gateway signs with")
	fs.StringVar(&o.profile, "profile", conf.ProfileSHA256, "rasp: `profile` that the gateway has for the supplier: sha256, or oiorasp (SHA-1, encrypted bodies)")
	fs.StringVar(&o.Listen, "listen", "", "rasp: `URL` at which the supplier's answers are taken meanwhile; default: another program takes them, or the mailbox")
}

func sendCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	var o sendOptions
	doorFlags(fs, &o)
	fs.StringVar(&o.Login, "supplier", "", "`login`: the data supplier")
	fs.StringVar(&o.As, "as", "", "sftp: `name` in in/; default: the file's own")
	fs.StringVar(&o.Into, "into", "", "rasp, amqp: `folder` in which answers are kept that are taken; amqp without it: they stay in the out queue")
	fs.StringVar(&o.id, "id", "", "mq, amqp, rasp: message `id`; default: made of the file's bytes, so that the same file is the same message")
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
	if o.Login == "" {
		return command.Usagef("one FILE must be named, and --supplier")
	}
	if (o.via == viaMQ || o.via == viaAMQP) && !client.UsableID(o.id) {
		return command.Usagef("--id %q: must be at most %d printable ASCII characters, no blank at either end", o.id, client.MaxID)
	}
	if o.via == viaRASP && (!client.UsableID(o.id) || strings.Contains(o.id, " ")) {
		return command.Usagef("--id %q: must be at most %d printable ASCII characters without a blank", o.id, client.MaxID)
	}
	if err := o.settleDoor(); err != nil {
		return err
	}
	if o.via != viaSFTP {
		o.As = o.id
	}
	if o.via == viaRASP && (o.Listen == "") != (o.Into == "") {
		return command.Usagef("--listen and --into go together")
	}
	return command.FilesExist(o.File)
}

// settleDoor checks the flags of the door, and forgets those of the others.
func (o *sendOptions) settleDoor() error {
	if err := command.OneOf("via", o.via, viaSFTP, viaMQ, viaAMQP, viaRASP); err != nil {
		return err
	}
	if o.via == viaRASP {
		return o.settleSigned()
	}
	o.Endpoint, o.Listen = "", ""
	if o.via == viaAMQP {
		return o.settleElsewhere()
	}
	o.Into = ""
	switch {
	case o.via == viaMQ && o.Password == "":
		return command.Usagef("--password-file must be given")
	case o.via == viaMQ && (o.Certificate == "") != (o.CertificateKey == ""):
		return command.Usagef("--certificate and --certificate-key must be given together")
	case o.via == viaMQ:
		o.Queue = o.server
		return o.brokerFilesExist()
	case o.Key == "" || o.HostKey == "":
		return command.Usagef("--key and --host-key must be given")
	}
	return command.FilesExist(o.Key, o.HostKey)
}

func (o *sendOptions) brokerFilesExist() error {
	return command.FilesExist(slices.DeleteFunc([]string{o.Password, o.CA, o.Certificate, o.CertificateKey}, func(name string) bool { return name == "" })...)
}

// settleElsewhere is settleDoor for a broker elsewhere.
func (o *sendOptions) settleElsewhere() error {
	if err := command.OneOf("peer", o.Broker.Peer, string(conf.PeerRabbitMQ), string(conf.PeerStrict)); err != nil {
		return err
	}
	for address := range strings.SplitSeq(o.server, ",") {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil || u.Scheme != "amqps" && u.Scheme != "amqp" || u.Hostname() == "" || u.User != nil {
			return command.Usagef("--server: must be URLs such as amqps://mq.example:5671, without a login")
		}
		if u.Scheme == "amqp" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback() {
			return command.Usagef("--server %s: is on another machine: what goes there must be encrypted, as amqps://", u)
		}
		o.Broker.URLs = append(o.Broker.URLs, u.String())
	}
	if (o.Certificate == "") != (o.CertificateKey == "") {
		return command.Usagef("--certificate and --certificate-key must be given together")
	}
	return o.brokerFilesExist()
}

// settleSigned is settleDoor for the signed endpoint.
func (o *sendOptions) settleSigned() error {
	if o.Endpoint == "" || o.Key == "" || o.Certificate == "" || o.ServerCert == "" || o.CA == "" {
		return command.Usagef("--endpoint, --key, --certificate, --server-cert and --ca must be given")
	}
	if err := command.OneOf("profile", o.profile, conf.ProfileSHA256, conf.ProfileOIORASP); err != nil {
		return err
	}
	o.OIORASP = o.profile == conf.ProfileOIORASP
	for flag, address := range map[string]string{"endpoint": o.Endpoint, "listen": o.Listen} {
		if u, err := url.Parse(address); address != "" && (err != nil || u.Scheme != "https" && !o.plain(flag, u) || u.Host == "" || u.Path == "") {
			return command.Usagef("--%s %q: must be a URL such as https://gateway.example:8443/rasp", flag, address)
		}
	}
	return command.FilesExist(o.Key, o.Certificate, o.ServerCert, o.CA)
}

// plain reports whether a URL may be without TLS: the gateway's, in the profile that encrypts.
func (o *sendOptions) plain(flag string, u *url.URL) bool {
	return o.OIORASP && flag == "endpoint" && u.Scheme == "http"
}
