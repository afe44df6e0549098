// Package keys has persons told of keys and certificates before they expire.
package keys

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Store tells persons. Safe for concurrent use.
type Store struct{ *postgres.Base }

// Person is somebody who may decide, with a public key.
type Person struct {
	Name string `db:"name"`
	Key  string `db:"public_key"`
}

// Persons are those who may decide now.
func (s *Store) Persons(ctx context.Context) (all []Person, err error) {
	err = s.DB.SelectContext(ctx, &all, `SELECT name, public_key FROM person WHERE until IS NULL ORDER BY name, id`)
	if err != nil {
		return nil, fmt.Errorf("keys of persons: %w", postgres.Transient(err))
	}
	return all, nil
}

// reported is what persons were last told of a key.
type reported struct {
	Subject  string           `db:"subject"`
	Severity gateway.Severity `db:"severity"`
	Open     bool             `db:"open"`
	Replaced bool             `db:"replaced"` // it was good again
}

// Judge tells persons of the keys of a node, and of those of all, that expire soon: once for each severity. Of one that is used no more,
// or is good for longer, they are told no more.
func (s *Store) Judge(ctx context.Context, node string, all []gateway.Key) error {
	now := s.Now()
	soon := slices.DeleteFunc(slices.Clone(all), func(k gateway.Key) bool { return k.Expires(now) == 0 })
	subjects := []string{}
	for _, k := range soon {
		subjects = append(subjects, k.Subject())
	}
	var list []reported
	err := s.DB.SelectContext(ctx, &list, `SELECT DISTINCT ON (subject) subject, severity, closed_at IS NULL AS open,
		coalesce(closed_by, '') = $3 AS replaced FROM exception
		WHERE kind = $1 AND (closed_at IS NULL OR subject = ANY ($2)) ORDER BY subject, id DESC`, gateway.KeyExpires, subjects, postgres.ClosedByFlow)
	if err != nil {
		return fmt.Errorf("keys of which persons know: %w", postgres.Transient(err))
	}
	last := map[string]gateway.Severity{}
	for _, r := range list {
		if !r.Replaced {
			last[r.Subject] = r.Severity
		}
		if r.Open && !slices.Contains(subjects, r.Subject) && mine(node, r.Subject) {
			err := s.Transact(ctx, "key replaced", func(x *postgres.Session) error {
				return s.Close(ctx, x, gateway.KeyExpires, r.Subject, postgres.ClosedByFlow)
			})
			if err != nil {
				return err
			}
		}
	}
	for _, k := range soon {
		severity := k.Expires(now)
		if last[k.Subject()] >= severity {
			continue
		}
		err := s.Transact(ctx, "key expires", func(x *postgres.Session) error {
			return s.RaiseAs(ctx, x, gateway.KeyExpires, severity, k.Subject(), s.detail(k, now))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mine reports whether a node knows of all keys that a subject may name: those of its files, and those that are of no node.
func mine(node, subject string) bool {
	return (gateway.Key{Node: node}).Owns(subject) || !gateway.NamesNode(subject)
}

func (s *Store) detail(k gateway.Key, now time.Time) gateway.ExceptionDetail {
	on := k.NotAfter.In(s.Location).Format("2006-01-02 15:04")
	if days := k.Days(now); days >= 0 {
		return gateway.DetailKeyExpires.With(k.Kind, k.Name, on, days, k.UsedBy)
	}
	return gateway.DetailKeyExpired.With(k.Kind, k.Name, on, k.UsedBy)
}
