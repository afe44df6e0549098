package gateway

import "time"

// InstrumentKind tells how readings of an instrument are to be taken.
type InstrumentKind int

// The kinds of instruments.
const (
	Gauge    InstrumentKind = iota // Value is what is so now
	Counter                        // Value is what has come to it since the last reading
	Duration                       // Took is how long one thing has taken
)

// Instrument is a number about the flow that operations watch. Its name ends in its unit. Labels are few and bounded,
// and never personal.
type Instrument struct {
	Kind   InstrumentKind
	Name   string
	Help   string
	Labels []string
}

// Reading is one reading of an instrument: a value for each of its labels, in their order; a time of less than seconds is Took.
type Reading struct {
	Name   string
	Labels []string
	Value  int64
	Took   time.Duration
}
