package register

import (
	"context"
	"time"

	"nks/gateway"
	"nks/pgscript"
)

// decided is a decision that changes the register; its number is 0 in a rehearsal, of which nothing stays.
type decided struct {
	decision int64
	now      func() time.Time // business time
	location *time.Location
	from     gateway.Date // the day on which it begins to count; zero, or over: at once
}

// changeByDecision takes the steps of a change in the caller's transaction; what is so already makes nothing.
func changeByDecision(ctx context.Context, tx Tx, by decided, values map[string]any, steps []pgscript.Step) error {
	if err := lock(ctx, tx); err != nil {
		return err
	}
	if by.from.Before(gateway.DateOf(by.now().In(by.location))) {
		by.from = gateway.Date{}
	}
	of, err := beginChange(ctx, tx, by.now, by.from, by.location)
	if err != nil {
		return err
	}
	args := of.args()
	for name, value := range values {
		args[name] = value
	}
	var changed int64
	err = pgscript.RunSteps(ctx, tx, steps, args, func(name string, rows int64) {
		if name == changedRows {
			changed += rows
		}
	})
	if err != nil || changed == 0 || by.decision == 0 {
		return err
	}
	if _, err = of.end(ctx, tx, origin{what: "decision", decision: by.decision}, false); err != nil {
		return err
	}
	return tell(ctx, tx, Changed, Released)
}
