package decide

import (
	"context"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Persons are those who may decide now.
func (s *Store) Persons(ctx context.Context, x *postgres.Session) ([]gateway.Person, error) {
	var all []gateway.Person
	err := x.SelectContext(ctx, &all, `SELECT id, name, public_key, since FROM person WHERE until IS NULL ORDER BY name_key`)
	if err != nil {
		return nil, fmt.Errorf("persons: %w", err)
	}
	return all, nil
}

// BeginPersons takes persons from the configuration where nobody ever was on record; afterwards only a decision changes them.
func (s *Store) BeginPersons(ctx context.Context, persons []gateway.Person) error {
	if len(persons) == 0 {
		return nil
	}
	return s.Transact(ctx, "persons of the configuration", func(x *postgres.Session) error {
		if err := s.LockPersons(ctx, x); err != nil {
			return err
		}
		var any bool
		if err := x.GetContext(ctx, &any, `SELECT EXISTS (SELECT FROM person)`); err != nil || any {
			return err
		}
		for _, p := range persons {
			if err := s.insertPerson(ctx, x, p, 0); err != nil {
				return err
			}
		}
		return nil
	})
}

// LockPersons lets one transaction at a time change who may decide.
func (s *Store) LockPersons(ctx context.Context, x *postgres.Session) error {
	if _, err := x.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('nks.persons', 0))`); err != nil {
		return fmt.Errorf("lock persons: %w", err)
	}
	return nil
}

// AddPerson lets somebody decide from now on, by a decision.
func (s *Store) AddPerson(ctx context.Context, x *postgres.Session, p gateway.Person, decision int64) error {
	return s.insertPerson(ctx, x, p, decision)
}

func (s *Store) insertPerson(ctx context.Context, x *postgres.Session, p gateway.Person, decision int64) error {
	_, err := x.ExecContext(ctx, `INSERT INTO person (name, name_key, public_key, since, added_by) VALUES ($1, $2, $3, $4, nullif($5::bigint, 0))`,
		p.Name, gateway.PersonKey(p.Name), p.PublicKey, s.Now(), decision)
	if err != nil {
		return fmt.Errorf("person %q: %w", p.Name, err)
	}
	return nil
}

// RemovePerson lets somebody decide no longer, by a decision; gateway.ErrLostOwnership when that is so already.
func (s *Store) RemovePerson(ctx context.Context, x *postgres.Session, id, decision int64) error {
	return x.UpdateOne(ctx, `UPDATE person SET until = $2, removed_by = $3 WHERE id = $1 AND until IS NULL`, id, s.Now(), decision)
}
