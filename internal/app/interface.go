package app

import (
	"fmt"
	"time"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/api"
	"nks/gateway/door/rasp"
)

// doorInterface names the HTTP interface among the doors.
const doorInterface = gateway.DoorInterface

// interfaceConnections and interfaceOfAddress are how many connections the interface has at a time, and how many of them from one address.
const interfaceConnections, interfaceOfAddress = 200, 100

// openPrograms opens the HTTP interface for other programs; nil when it is closed.
func (a *App) openPrograms() (*rasp.Endpoint, error) {
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
	e, err := rasp.Listen(rasp.Listening{Addr: c.Listen, TLS: shown, Connections: interfaceConnections, OfAddress: interfaceOfAddress, Read: c.RequestTimeout.Duration,
		Failed: func(text string) { a.log.Debug().Str("connection", text).Msg("interface") }}, handler)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	a.watch.lines.up(gateway.LinkDoor, doorInterface)
	a.wait.Go(func() {
		if err := e.Serve(); err != nil {
			a.watch.lines.down(gateway.LinkDoor, doorInterface, err)
			a.log.Error().Err(err).Msg("interface: it serves no more")
		}
	})
	return e, nil
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
