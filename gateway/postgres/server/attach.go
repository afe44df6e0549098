package server

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Attach uses the server that another nks runs on cfg.DataDir. Stop then does nothing; Ready never waits.
// ErrStopped when none runs there or it does not answer.
func Attach(ctx context.Context, cfg Config) (*Server, error) {
	s, err := prepare(cfg)
	if err != nil {
		return nil, fmt.Errorf("use private PostgreSQL: %w", err)
	}
	file, err := readPIDFile(s.cfg.DataDir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("use private PostgreSQL in %s: %w", s.cfg.DataDir, err)
	}
	if err != nil || !s.isOurs(file.pid) || !file.ready {
		return nil, fmt.Errorf("use private PostgreSQL in %s: %w", s.cfg.DataDir, ErrStopped)
	}
	if file.socketDir != "" {
		s.cfg.SocketDir = file.socketDir
	}
	if err := s.ping(ctx); err != nil {
		return nil, fmt.Errorf("use private PostgreSQL in %s: %w: %w", s.cfg.DataDir, ErrStopped, err)
	}
	s.setReady(file.pid)
	return s, nil
}

// Open starts the server of cfg.DataDir or, where another nks runs it, attaches: what a command needs that works
// beside a running gateway as well as alone.
func Open(ctx context.Context, cfg Config) (*Server, error) {
	// Beside a gateway that runs nobody waits for its lock.
	if held(lockFile(cfg.DataDir)) {
		if attached, err := Attach(ctx, cfg); err == nil {
			return attached, nil
		}
	}
	s, err := Start(ctx, cfg)
	if !errors.Is(err, ErrBusy) {
		return s, err
	}
	attached, attachErr := Attach(ctx, cfg)
	if attachErr != nil {
		// Both: the holder may be starting or stopping at this moment, which a person can see from its name.
		return nil, errors.Join(err, attachErr)
	}
	return attached, nil
}

// Attached reports whether another process runs the server.
func (s *Server) Attached() bool { return s.lock == nil }
