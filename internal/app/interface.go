package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/api"
)

// doorInterface names the HTTP interface among the doors.
const doorInterface = gateway.DoorInterface

// programs is the HTTP interface for other programs; nil: it is closed.
type programs struct {
	server   *http.Server
	listener net.Listener
}

const (
	// headTime is how long the head of a request may take to come, mostHead its bytes; idleTime how long a connection may say nothing.
	headTime, mostHead = 5 * time.Second, 8 << 10
	idleTime           = time.Minute
)

// openPrograms opens the interface; nil when it is closed.
func (a *App) openPrograms() (*programs, error) {
	c := a.config.API
	if c.Listen == "" {
		return nil, nil
	}
	files := &tlsFiles{certificate: c.Certificate, key: c.Key, authorities: c.ClientsCA}
	shown, err := files.server(func(err error) { a.log.Error().Err(err).Msg("interface: the files stay as they were") })
	if err != nil {
		return nil, ConfigError{fmt.Errorf("api: %w", err)}
	}
	handler := api.NewHandler(api.Config{Activations: a.steps.Activate, Clients: apiClients(c), Log: a.log, Now: time.Now,
		Limits: api.Limits{OfClient: c.ClientRequests, OfReference: c.ReferenceRequests, Wrong: c.WrongAfter.Duration, Request: c.RequestTimeout.Duration}})
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	s := &http.Server{Handler: handler, TLSConfig: shown, ReadHeaderTimeout: headTime, ReadTimeout: c.RequestTimeout.Duration, WriteTimeout: c.RequestTimeout.Duration + headTime,
		IdleTimeout: idleTime, MaxHeaderBytes: mostHead, ErrorLog: nil}
	a.watch.lines.up(gateway.LinkDoor, doorInterface)
	a.wait.Go(func() {
		if err := s.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			a.watch.lines.down(gateway.LinkDoor, doorInterface, err)
			a.log.Error().Err(err).Msg("interface: it serves no more")
		}
	})
	return &programs{s, listener}, nil
}

// apiClients are who may call, by their certificates.
func apiClients(c conf.API) map[[32]byte]string {
	all := map[[32]byte]string{}
	for _, client := range c.Clients {
		for _, f := range client.Fingerprints {
			if sum, ok := conf.Fingerprint(f); ok {
				all[sum] = client.Name
			}
		}
	}
	return all
}

// addr is where it listens; empty: it is closed.
func (p *programs) addr() string {
	if p == nil {
		return ""
	}
	return p.listener.Addr().String()
}

// shutdown lets what is in hand end.
func (p *programs) shutdown(ctx context.Context) error {
	if p == nil {
		return nil
	}
	return p.server.Shutdown(ctx)
}
