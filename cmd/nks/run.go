package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/crypto/ssh"

	"nks/conf"
)

func hostKeys(k ssh.Signer) []ssh.Signer { return []ssh.Signer{k} }

// defaultConfig is where a configuration is looked for when none is named.
const defaultConfig = "conf/nks.toml"

// loadConfig reads the configuration; a mistake in it, or that it is not there, is the caller's.
func loadConfig(path string) (conf.Config, error) {
	c, err := conf.Load(path)
	if err != nil {
		return c, usageError{err}
	}
	return c, nil
}

// newLog makes the logger: JSON for machines, or readable lines for a terminal.
func newLog(c conf.Log, w io.Writer) (zerolog.Logger, error) {
	level, err := zerolog.ParseLevel(c.Level)
	if err != nil {
		return zerolog.Nop(), usagef("log.level: %w", err)
	}
	if c.Format == "console" {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.TimeOnly}
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger(), nil
}

func runCommand(ctx context.Context, p *program, fs *flag.FlagSet, args []string) error {
	config := fs.String("config", defaultConfig, "configuration file")
	clock := fs.String("clock", "", "business time of the very first start, RFC 3339; later starts go on from there")
	if err := noWords(fs, args); err != nil {
		return err
	}
	c, err := loadConfig(*config)
	if err != nil {
		return err
	}
	if *clock != "" {
		c.Clock.Start = *clock
	}
	start, err := startTime(c.Clock.Start)
	if err != nil {
		return err
	}
	log, err := newLog(c.Log, p.err)
	if err != nil {
		return err
	}
	a, err := startApp(ctx, c, log, start, gapFromEnvironment())
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		log.Info().Msg("stopping")
	case err = <-a.failed:
	}
	return errors.Join(err, a.shutdown())
}

func startTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, usagef("--clock %q: want RFC 3339, as 2005-08-11T04:30:00+02:00", s)
	}
	return t, nil
}

// gapFromEnvironment lets a test kill this process at a named point between two effects: NKS_TEST_GAP names it, and
// the file NKS_TEST_GAP_ONCE, made there, sees to it that it happens once.
func gapFromEnvironment() func(string) {
	gap, once := os.Getenv("NKS_TEST_GAP"), os.Getenv("NKS_TEST_GAP_ONCE")
	if gap == "" || once == "" {
		return func(string) {}
	}
	return func(name string) {
		if name != gap {
			return
		}
		f, err := os.OpenFile(filepath.Clean(once), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return
		}
		_, _ = fmt.Fprintln(f, name)
		_ = f.Close()
		_ = syscall.Kill(-syscall.Getpgrp(), syscall.SIGKILL)
	}
}
