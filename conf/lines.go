package conf

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Lines says for how long lines may be down before a person is told.
type Lines struct {
	Bank  Duration `toml:"bank"`
	Door  Duration `toml:"door"`
	Queue Duration `toml:"queue"`
	// Endpoint is the limit of data suppliers' own endpoints.
	Endpoint Duration `toml:"endpoint"`
	// Limits are others for single ones: kind, name and duration, as in "bank BEC 5m".
	Limits []string `toml:"limits"`
}

// Limit is for how long a line may be down, by its kind (bank, door, queue, endpoint, print) and name.
func (l Lines) Limit(kind, name string) time.Duration {
	for _, text := range l.Limits {
		if k, n, d, err := lineLimit(text); err == nil && k == kind && n == name {
			return d
		}
	}
	switch kind {
	case "bank":
		return l.Bank.Duration
	case "queue":
		return l.Queue.Duration
	case "endpoint":
		return l.Endpoint.Duration
	}
	return l.Door.Duration
}

// lineLimit reads one of Lines.Limits.
func lineLimit(text string) (kind, name string, limit time.Duration, err error) {
	words := strings.Fields(text)
	if len(words) == 3 && slices.Contains([]string{"bank", "door", "queue", "endpoint", "print"}, words[0]) {
		limit, err = time.ParseDuration(words[2])
		if err == nil {
			return words[0], words[1], limit, nil
		}
	}
	return "", "", 0, fmt.Errorf("%q is no limit such as \"bank BEC 5m\": bank, door, queue, endpoint or print, its name, how long", text)
}

func (l Lines) validate(p *problems) {
	const shortest, longest = time.Minute, 24 * time.Hour
	p.lasts("lines.bank", l.Bank, shortest, longest)
	p.lasts("lines.door", l.Door, shortest, longest)
	p.lasts("lines.queue", l.Queue, shortest, longest)
	p.lasts("lines.endpoint", l.Endpoint, shortest, longest)
	for _, text := range l.Limits {
		_, _, limit, err := lineLimit(text)
		if err != nil {
			p.add("lines.limits", "%v", err)
			continue
		}
		p.lasts("lines.limits", Duration{limit}, shortest, longest)
	}
}
