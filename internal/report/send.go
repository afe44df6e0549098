package report

import (
	"context"

	"nks/internal/client"
	"nks/internal/command"
)

// Send sends a document as c says and prints what came back, in lines or as one JSON object. The error is
// command.ErrRejected when the bundle was not accepted with every payment, or an answer is missing.
func Send(ctx context.Context, p *command.Program, c client.Config, asJSON bool) error {
	sum, err := client.Send(ctx, c)
	if err != nil {
		return err
	}
	if err := sum.Tell(p.Out, c.File, asJSON); err != nil {
		return err
	}
	if !sum.Good() {
		return command.ErrRejected
	}
	return nil
}
