package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/door/queue"
	"nks/gateway/postgres"
	"nks/mq/jetstream"
	"nks/register"
)

const (
	// clusterWatch is the pause between looks at the cluster.
	clusterWatch = time.Second
	// noteCluster is under what readiness tells of it.
	noteCluster = "message queue cluster"
)

var (
	// errNothingConfirmed is the door while this member sees no majority with a leader.
	errNothingConfirmed = errors.New("nothing is confirmed")
	// errOtherDatabase is the door of a member whose database is not that of another one: the database says who works.
	errOtherDatabase = errors.New("nobody is let in: database.url must lead all members to the same database")
)

// cluster is what this node's broker must know of the others.
func (q *innerQueues) cluster(ctx context.Context) (*jetstream.Cluster, error) {
	c := q.app.config.MQ.Cluster
	secret, err := c.ReadSecret()
	if err != nil {
		return nil, ConfigError{err}
	}
	if err := checkRoute(c); err != nil {
		return nil, ConfigError{err}
	}
	suppliers, err := register.Suppliers(ctx, q.app.db.pool, q.app.clock.Now())
	if err != nil {
		return nil, err
	}
	all := membersOf(c)
	cluster := &jetstream.Cluster{Name: clusterName(q.app.config), Member: c.Member, Listen: c.Listen, Members: all, Secret: secret,
		TLS:     jetstream.RouteTLS(all, q.routeFiles()),
		Common:  postgres.Common{DB: q.app.db.pool},
		Trouble: q.trouble()}
	for _, s := range suppliers {
		if jetstream.Usable(s.Supplier) {
			cluster.Accounts = append(cluster.Accounts, s.Supplier)
		}
	}
	return cluster, nil
}

// clusterName has the environment in it: members of two would not let each other in.
func clusterName(c conf.Config) string { return string(c.Environment) + "." + c.MQ.Cluster.Name }

func membersOf(c conf.MQCluster) (all []jetstream.Member) {
	for _, m := range c.All() {
		all = append(all, jetstream.Member(m))
	}
	return all
}

func routeFiles(c conf.MQCluster) *tlsFiles {
	return &tlsFiles{certificate: c.TLSCertificate, key: c.TLSKey, authorities: c.TLSCA}
}

// routeFiles reads anew what may have changed; files that cannot be used leave things as they were.
func (q *innerQueues) routeFiles() func() (*tls.Certificate, *x509.CertPool, error) {
	files := routeFiles(q.app.config.MQ.Cluster)
	return func() (*tls.Certificate, *x509.CertPool, error) {
		pair, pool, err := files.load()
		if err == nil {
			return pair, pool, nil
		}
		q.app.log.Error().Err(err).Msg("message queue: the certificates of before stay in use among members")
		if pair, pool = files.last(); pair == nil {
			return nil, nil, err
		}
		return pair, pool, nil
	}
}

// checkRoute sees that a member's certificate is one by which the others will know it.
func checkRoute(c conf.MQCluster) error {
	pair, pool, err := routeFiles(c).load()
	if err != nil {
		return fmt.Errorf("mq.cluster: %w", err)
	}
	for _, m := range c.All() {
		if m.Name != c.Member {
			continue
		}
		host, _, err := net.SplitHostPort(m.Address)
		if err != nil {
			return fmt.Errorf("mq.cluster: %w", err)
		}
		for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
			between := x509.NewCertPool()
			for _, der := range pair.Certificate[1:] {
				if issuer, err := x509.ParseCertificate(der); err == nil {
					between.AddCert(issuer)
				}
			}
			if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: pool, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{use}}); err != nil {
				return fmt.Errorf("mq.cluster.tls_certificate: the other members would refuse it: %w", err)
			}
		}
	}
	return nil
}

// trouble logs what the broker says of the others, the same once in a while.
func (q *innerQueues) trouble() func(string) {
	const again, most = 5 * time.Minute, 1000
	var mu sync.Mutex
	reported := map[string]time.Time{}
	return func(text string) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(reported[text]) < again {
			return
		}
		if len(reported) >= most {
			clear(reported)
		}
		reported[text] = time.Now()
		q.app.log.Warn().Str("broker", text).Msg("message queue: cluster")
	}
}

// know has the broker keep copies of a supplier's queues, once there is one.
func (q *innerQueues) know(supplier string) error {
	if q.broker == nil {
		return nil
	}
	return q.broker.Know(supplier)
}

// secretOf is a supplier's password. In a cluster none is made up: each member would make another.
func (q *innerQueues) secretOf(supplier string) (string, error) {
	dir := q.app.config.MQ.Credentials
	if q.clustered() {
		if _, err := os.Stat(filepath.Join(dir, supplier)); err != nil {
			return "", fmt.Errorf("in a cluster no password is made up, put the same file to every member: %w", err)
		}
	}
	return SupplierSecret(dir, supplier)
}

// ownTogether has this process be the owner of the door, or wait to be, while its member of the cluster can confirm: one that is cut off from the
// others would keep them from working.
func (q *innerQueues) ownTogether(ctx context.Context) {
	owned := ownedQueues{app: q.app, owns: q.owner.Store, door: func(supplier string) (*queue.Door, bool) {
		q.mu.Lock()
		_, in := q.secrets[supplier]
		q.mu.Unlock()
		if !in {
			return nil, false
		}
		return q.doorOf(supplier), true
	}}
	for ; ctx.Err() == nil; gateway.Pause(ctx, clusterWatch) {
		if !q.broker.State().Serving {
			continue
		}
		run, stop := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			owned.own(run)
		}()
		for run.Err() == nil && q.broker.State().Serving {
			gateway.Pause(ctx, clusterWatch)
		}
		stop()
		<-ended
	}
}

// followCluster tells how the cluster is.
func (q *innerQueues) followCluster(ctx context.Context) {
	w := q.app.watch
	for ; ctx.Err() == nil; gateway.Pause(ctx, clusterWatch) {
		s := q.broker.State()
		var closed error
		if !s.Serving {
			closed = fmt.Errorf("%w: %v", errNothingConfirmed, s)
		}
		if err := q.broker.Shared(); err != nil && s.Together() {
			closed = fmt.Errorf("%w: %w: %v", errOtherDatabase, err, s)
		}
		w.door(doorQueues, closed)
		w.monitor.Note(noteCluster, s.String())
		w.note(w.numbers.Cluster(len(s.Members), s.Leader == q.app.config.MQ.Cluster.Member, s.Current))
	}
}
