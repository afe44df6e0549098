package act

import (
	"context"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Kinds of decisions about messages of a queue that were not taken.
const (
	KindPutBack     = "put-back"
	KindDropMessage = "drop-message"
)

func parkedKinds() []Kind {
	return []Kind{
		{Name: KindPutBack, Summary: "a parked message of a queue is taken after all, as a message of its own", Thing: gateway.ThingParked, ByID: true,
			Example: `decide put-back 3 --by "A. Hansen" --why "4101 has used the id twice, and means both"`,
			persons: two, find: (*Desk).parkedMessages, do: putBack, again: true},
		{Name: KindDropMessage, Summary: "a parked message of a queue is not taken, ever: its bytes go", Thing: gateway.ThingParked, ByID: true,
			Example: `decide drop-message 3 --by "A. Hansen" --why "4101 has sent it again, corrected"`,
			persons: two, find: (*Desk).parkedMessages, do: dropMessage, again: true},
	}
}

func (d *Desk) parkedMessages(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	return items(ctx, x, `SELECT id, NULL AS authority, NULL AS bank, state FROM parked_message WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE`, of, gateway.ThingParked)
}

func putBack(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	delivery, err := d.receive.PutBack(ctx, x, i.ID, by.ID)
	return fmt.Sprintf("is taken, as delivery %d", delivery), err
}

func dropMessage(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	return "is dropped", d.receive.Drop(ctx, x, i.ID, by.ID)
}

// Parked lists the messages that wait for persons, or with all also those about which persons have decided.
func (d *Desk) Parked(ctx context.Context, all bool) ([]gateway.ParkedMessage, error) {
	return d.receive.Parked(ctx, all)
}

// ParkedMessage is one of them.
func (d *Desk) ParkedMessage(ctx context.Context, id int64) (gateway.ParkedMessage, error) {
	return d.receive.ParkedMessage(ctx, id)
}
