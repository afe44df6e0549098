package act

import (
	"context"

	"nks/gateway"
	"nks/gateway/postgres"
)

// nodeOf is the parameter that names a node.
const nodeOf = "node"

// journalNode finds the node whose journal is gone.
func (d *Desk) journalNode(ctx context.Context, x *postgres.Session, asked gateway.Decision) ([]gateway.DecisionItem, error) {
	id, err := d.restore.LockNode(ctx, x, asked.Content[nodeOf])
	if err != nil {
		return nil, err
	}
	return []gateway.DecisionItem{{Thing: gateway.ThingJournal, ID: id, State: "kept"}}, nil
}

func journalLost(d *Desk, ctx context.Context, x *postgres.Session, decision gateway.Decision, i gateway.DecisionItem) (string, error) {
	if err := d.restore.LoseNode(ctx, x, i.ID, decision.ID); err != nil {
		return "", err
	}
	return "is not missed any more: had the database been set back, its payments would be sent again", nil
}
