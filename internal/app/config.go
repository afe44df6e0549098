package app

import (
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway"
)

// ConfigError is a mistake in the configuration, or in a file that it names: nothing helps but to mend that.
type ConfigError struct{ error }

// WrongUse marks the error as a mistake of whoever runs the program.
func (ConfigError) WrongUse() {}

// Unwrap returns what is wrong.
func (e ConfigError) Unwrap() error { return e.error }

// LoadConfig reads a configuration file. That it is not there or not valid is a ConfigError.
func LoadConfig(path string) (conf.Config, error) {
	c, err := conf.Load(path)
	if err != nil {
		return c, ConfigError{err}
	}
	return c, nil
}

// NewLog makes the logger that a configuration asks for: JSON for machines, or readable lines for a terminal.
func NewLog(c conf.Log, w io.Writer) (zerolog.Logger, error) {
	level, err := zerolog.ParseLevel(c.Level)
	if err != nil {
		return zerolog.Nop(), ConfigError{fmt.Errorf("log.level: %w", err)}
	}
	if c.Format == "console" {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.TimeOnly}
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger(), nil
}

// connectionRule is that of the configuration in production; in test all may try.
func connectionRule(c conf.Config) gateway.ConnectionRule {
	if c.Environment != conf.Production {
		return gateway.ConnectionsIgnored
	}
	return gateway.ConnectionRule(c.Connections)
}

// clockStart is the business time of the very first start, zero for the machine's.
func clockStart(c conf.Config) (time.Time, error) {
	if c.Clock.Start == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, c.Clock.Start)
	if err != nil {
		return t, ConfigError{fmt.Errorf("clock.start %q: must be RFC 3339, as 2005-08-11T04:30:00+02:00", c.Clock.Start)}
	}
	return t, nil
}
