package act

import (
	"context"
	"errors"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/activate"
)

// KindResendLetter is another letter for the activation of an account. // B13
const KindResendLetter = "resend-letter"

func letterKinds() []Kind {
	return []Kind{{Name: KindResendLetter, Summary: "the holder of an application gets another letter with another code; the code before does not count any more", Thing: gateway.ThingApplication, ByID: true,
		Example: `decide resend-letter 101 --by "A. Hansen" --why "the letter came back; the register has the address now"`,
		persons: one, find: (*Desk).letterItems, do: resendLetter}}
}

// Letters is the newest letters in a state, or in all where it is empty.
func (d *Desk) Letters(ctx context.Context, state string, most int) ([]activate.Letter, error) {
	return d.letters.List(ctx, state, most)
}

func (d *Desk) letterItems(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	return items(ctx, x, `SELECT a.id, a.on_behalf_of AS authority, NULL AS bank, 'its activation is ' || v.state AS state
		FROM account_application a JOIN activation v ON v.application = a.id AND v.state <> 'replaced' WHERE a.id = ANY ($1::bigint[]) ORDER BY a.id FOR UPDATE OF v`, of, gateway.ThingApplication)
}

func resendLetter(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	unsent, err := d.letters.Resend(ctx, x, i.ID, fmt.Sprintf("decision %d", by.ID))
	switch {
	case errors.Is(err, gateway.ErrLostOwnership):
		return "", fmt.Errorf("%w: %w", gateway.ErrIntent, err)
	case err != nil:
		return "", err
	case unsent != "":
		return "again no letter can be sent: " + unsent, nil
	}
	return "another letter goes, with another code", nil
}
