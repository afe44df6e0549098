package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nks/gateway"
	"nks/pgscript"
)

// Connection is how far an authority is connected by a payout system, since when, and who has said so. // B33.1-6
type Connection struct {
	System      string                  `json:"payout_system"`
	SystemName  string                  `json:"payout_system_name"`
	Supplier    string                  `json:"supplier"` // runs the system
	Authority   string                  `json:"authority"`
	State       gateway.ConnectionState `json:"state"`
	Rights      []string                `json:"rights"`
	Responsible string                  `json:"responsible"`
	Since       time.Time               `json:"since"`           // it counts
	Later       bool                    `json:"later,omitempty"` // Since is still to come
	Next        *Connection             `json:"next,omitempty"`  // what is on record for a later day
	Recorded    time.Time               `json:"recorded"`        // business time
	Decision    int64                   `json:"decision"`        // 0: it was loaded
}

// connections reads versions; $1 is the instant at which it is asked. The first of a connection counts since it was recorded.
const connections = `SELECT c.payout_system, coalesce(s.name, ''), coalesce(s.supplier, ''), c.authority, c.state, array_to_string(c.rights, ' '), c.responsible,
		greatest(c.valid_from, (SELECT min(f.recorded_from) FROM nks.payout_connection_version f WHERE f.payout_system = c.payout_system AND f.authority = c.authority)),
		c.valid_from > $1, c.recorded_from, coalesce(o.decision, 0)
	FROM nks.payout_connection_version c LEFT JOIN nks.payout_system_version s ON s.payout_system = c.payout_system AND s.recorded_to IS NULL AND s.valid_to IS NULL
	LEFT JOIN nks.register_change_origin o ON o.counter = c.counter `

// Connections reads what is in force at an instant, and what will be, as known now. One that is of a later day alone has no state, and a Next.
func Connections(ctx context.Context, q Queryer, at time.Time) (all []Connection, err error) {
	versions, err := readConnections(ctx, q, connections+`WHERE c.recorded_to IS NULL AND (c.valid_to > $1 OR c.valid_to IS NULL)
		ORDER BY c.payout_system, c.authority, c.valid_from`, at)
	for _, v := range versions {
		n := len(all) - 1
		if n < 0 || all[n].System != v.System || all[n].Authority != v.Authority {
			all = append(all, v)
			n++
			if !v.Later {
				continue
			}
			all[n].State = ""
		}
		if all[n].Next == nil {
			all[n].Next = &v
		}
	}
	return all, err
}

// PayoutSystems reads by what systems of a data supplier an authority is, or will be, connected, as known now.
func PayoutSystems(ctx context.Context, q Queryer, supplier, authority string, at time.Time) (all []gateway.PayoutSystem, err error) {
	err = each(ctx, q, `SELECT DISTINCT ON (c.payout_system) CASE WHEN c.valid_from <= $3 AND s.valid_from <= $3 THEN c.state ELSE '' END, array_to_string(c.rights, ' ')
		FROM nks.payout_connection_version c JOIN nks.payout_system_version s USING (payout_system)
		WHERE s.supplier = $1 AND c.authority = $2 AND c.recorded_to IS NULL AND s.recorded_to IS NULL
			AND (c.valid_to > $3 OR c.valid_to IS NULL) AND (s.valid_to > $3 OR s.valid_to IS NULL)
		ORDER BY c.payout_system, c.valid_from, s.valid_from`, func(r *sql.Rows) error {
		var s gateway.PayoutSystem
		var rights string
		err := r.Scan(&s.State, &rights)
		s.Rights = strings.Fields(rights)
		all = append(all, s)
		return err
	}, supplier, authority, at)
	if err != nil {
		return nil, fmt.Errorf("payout systems of %s for %s: %w", supplier, authority, err)
	}
	return all, nil
}

// ConnectionHistory reads all that was ever so of one connection, in the order in which it became known.
func ConnectionHistory(ctx context.Context, q Queryer, system, authority string, at time.Time) ([]Connection, error) {
	all, err := readConnections(ctx, q, connections+`WHERE c.payout_system = $2 AND c.authority = $3 ORDER BY c.counter, c.valid_from`, at, system, authority)
	// A version that is followed by another is kept a second time, with its end: the same word once more.
	return slices.CompactFunc(all, func(a, b Connection) bool {
		return a.State == b.State && a.Responsible == b.Responsible && slices.Equal(a.Rights, b.Rights)
	}), err
}

func readConnections(ctx context.Context, q Queryer, query string, args ...any) (all []Connection, err error) {
	err = each(ctx, q, query, func(r *sql.Rows) error {
		var c Connection
		var rights string
		err := r.Scan(&c.System, &c.SystemName, &c.Supplier, &c.Authority, &c.State, &rights, &c.Responsible, &c.Since, &c.Later, &c.Recorded, &c.Decision)
		c.Rights = strings.Fields(rights)
		all = append(all, c)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("payout connections: %w", err)
	}
	return all, nil
}

// SupplierOfSystem is the data supplier that runs a payout system, or gateway.ErrNotFound.
func SupplierOfSystem(ctx context.Context, q Queryer, system string, at time.Time) (supplier string, err error) {
	err = each(ctx, q, `SELECT supplier FROM nks.payout_system_as_of($2, 'infinity') WHERE payout_system = $1`, func(r *sql.Rows) error { return r.Scan(&supplier) }, system, at)
	if err == nil && supplier == "" {
		err = fmt.Errorf("not in payout_systems.csv: %w", gateway.ErrNotFound)
	}
	if err != nil {
		return "", fmt.Errorf("payout system %s: %w", system, err)
	}
	return supplier, nil
}

// ConnectionChange is how far an authority is connected by a decision.
type ConnectionChange struct {
	System, Authority string
	State             gateway.ConnectionState
	Rights            []string
	Responsible       string
	From              gateway.Date     // the day from whose beginning it counts; zero, or over: at once
	Decision          int64            // 0: a rehearsal, of which nothing stays
	Now               func() time.Time // business time
	Location          *time.Location
}

// ErrRights: a right that there is not.
var ErrRights = errors.New("rights must be of payments, accounts and lookups")

// ChangeConnection records a connection in the caller's transaction, as a change of the register by a decision.
func ChangeConnection(ctx context.Context, tx Tx, c ConnectionChange) error {
	for _, r := range c.Rights {
		if !slices.Contains([]string{"payments", "accounts", "lookups"}, r) {
			return fmt.Errorf("%w: %q", ErrRights, r)
		}
	}
	const staged = "connected"
	what := pgscript.Step{Name: "what is connected", Statement: `CREATE TEMP TABLE ` + staged + ` ON COMMIT DROP AS
		SELECT @system::text AS payout_system, @authority::text AS authority, @state::text AS state, string_to_array(@rights::text, ' ') AS rights, @responsible::text AS responsible`}
	err := changeByDecision(ctx, tx, decided{c.Decision, c.Now, c.Location, c.From}, map[string]any{"system": c.System, "authority": c.Authority, "state": string(c.State),
		"rights": strings.Join(slices.Compact(slices.Sorted(slices.Values(c.Rights))), " "), "responsible": c.Responsible},
		slices.Concat([]pgscript.Step{what}, connectionSteps(staged), []pgscript.Step{{Name: "nothing more is", Statement: `DROP TABLE ` + staged}}))
	if err != nil {
		return fmt.Errorf("connection of %s by %s: %w", c.Authority, c.System, err)
	}
	return nil
}

// connectionSteps make versions of staged connections.
func connectionSteps(staged string) []pgscript.Step {
	return versioned(staged, "nks.payout_connection_version", "payout_system, authority", "state, rights, responsible", adding+"payout_connection_version")
}
