// Package driver is how a gateway's configuration becomes links to IBM MQ.
package driver

import (
	"context"

	"nks/internal/app"
	"nks/mq"
	"nks/mq/ibmmq"
)

// New is the driver that a program hands to the gateway.
func New() app.QueueDriver {
	return app.QueueDriver{Dial: dial, Correlation: ibmmq.Correlation}
}

func dial(ctx context.Context, l app.QueueLink) (mq.Link, error) {
	c := l.IBMMQ
	return ibmmq.Open(ctx, ibmmq.Config{Manager: c.Manager, ConnName: c.ConnName, Channel: c.Channel, CCDTURL: c.CCDTURL, Queue: l.Queue, ParkQueue: l.Parked,
		User: l.User, Password: l.Secret, MaxBytes: int64(l.MaxMessageMB) << 20, TrustContext: c.TrustContext,
		TLS: ibmmq.TLS{CipherSpec: c.CipherSpec, PeerName: c.PeerName, KeyRepository: c.KeyRepository, KeyPassword: l.KeyPassword, CertificateTag: c.Certificate}})
}
