package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"

	"github.com/rs/zerolog"
	"golang.org/x/crypto/ssh"

	"nks/conf"
	"nks/gateway/door/mailbox"
	"nks/metrics"
	"nks/sftp"
)

func (a *App) openMailbox(ctx context.Context) error {
	m := a.config.Mailbox
	paths, hostKeys, err := loadHostKeys(m)
	if err != nil {
		return ConfigError{fmt.Errorf("mailbox: %w", err)}
	}
	if len(paths) < len(hostKeyFiles(m)) {
		a.log.Warn().Str("next_host_key", m.NextHostKey).Msg("mailbox: there is no next host key")
	}
	a.hostKeys = fingerprints(hostKeys)
	a.mailbox, err = sftp.NewServer(sftp.ServerConfig{Addr: m.Listen, HostKeys: hostKeys, Keys: doorKeys{a.db.pool, a.clock.Now},
		Mailbox: mailbox.New(a.steps.Receive, a.steps.Answer),
		Limits:  sftp.Limits{Connections: m.MaxConnections, Idle: m.IdleTimeout.Duration, FileSize: int64(m.MaxFileMB) << 20},
		Log:     a.mailboxEvent})
	if err != nil {
		return fmt.Errorf("mailbox: %w", err)
	}
	if err := a.mailbox.Listen(); err != nil {
		return fmt.Errorf("mailbox: %w", err)
	}
	a.watch.door(doorMailbox, nil)
	a.wait.Go(func() {
		err := a.mailbox.Serve()
		a.watch.door(doorMailbox, errDoorClosed)
		if err != nil && ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
			a.failed <- err
		}
	})
	return nil
}

// loadHostKeys are the server's keys and their files: the one by which it is known, and the next where there is one. The next is gone when it
// has been moved to the first's place.
func loadHostKeys(m conf.Mailbox) (paths []string, keys []ssh.Signer, err error) {
	for _, path := range hostKeyFiles(m) {
		key, err := sftp.LoadKey(path)
		if path != m.HostKey && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		paths, keys = append(paths, path), append(keys, key)
	}
	return paths, keys, nil
}

// mailboxEvent logs what happens at the mailbox, and counts logins.
func (a *App) mailboxEvent(e sftp.Event) {
	level := zerolog.DebugLevel
	switch e.What {
	case sftp.EventRefused, sftp.EventAborted, sftp.EventBanned:
		level = zerolog.WarnLevel
	case sftp.EventDelivered, sftp.EventFailed:
		level = zerolog.InfoLevel
	}
	line := a.log.WithLevel(level).Err(e.Err).Str("supplier", e.Party)
	if e.Claims != "" {
		line = line.Str("claims", e.Claims)
	}
	line.Str("remote", e.Remote).Str("file", e.Name).Int64("bytes", e.Bytes).Msg("mailbox: " + e.What)
	switch e.What {
	case sftp.EventLogin:
		a.watch.note(a.watch.numbers.Logins(metrics.LoginAccepted, 1))
	case sftp.EventRefused:
		a.watch.note(a.watch.numbers.Logins(metrics.LoginRefused, 1))
	case sftp.EventTurned:
		a.watch.note(a.watch.numbers.Logins(metrics.LoginTurnedAway, 1))
	case sftp.EventBanned:
		a.watch.note(a.watch.numbers.LoginPaused())
	}
}

// hostKeyFiles are the files of the keys by which the mailbox is known, and of the one by which it will be.
func hostKeyFiles(m conf.Mailbox) []string {
	return slices.DeleteFunc([]string{m.HostKey, m.NextHostKey}, func(path string) bool { return path == "" })
}
