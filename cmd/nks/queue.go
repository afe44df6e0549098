package main

import (
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"io"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/view"
	"nks/internal/command"
)

func queueCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config, asJSON := configFlag(fs), fs.Bool("json", false, "print JSON")
	all := fs.Bool("all", false, "also those about which persons have decided")
	ids, err := idArguments(fs, args)
	if err != nil {
		return err
	}
	if len(ids) > 1 {
		return command.Usagef("takes the number of one parked message, or none")
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		if len(ids) == 1 {
			one, err := desk.ParkedMessage(ctx, ids[0])
			if err != nil {
				return err
			}
			return printParked(p.Out, []gateway.ParkedMessage{one}, *asJSON)
		}
		list, err := desk.Parked(ctx, *all)
		if err != nil {
			return err
		}
		return printParked(p.Out, list, *asJSON)
	})
}

// parkedDocument is a parked message as JSON.
type parkedDocument struct {
	gateway.ParkedMessage
	SHA256 string `json:"sha256"`
}

// printParked prints messages without what they say; persons' numbers in what their senders call them are masked.
func printParked(w io.Writer, list []gateway.ParkedMessage, asJSON bool) error {
	documents := make([]parkedDocument, 0, len(list))
	for _, m := range list {
		m.Key, m.Reason, m.Evidence = view.Mask(m.Key), view.Mask(m.Reason), view.Mask(m.Evidence)
		documents = append(documents, parkedDocument{m, hex.EncodeToString(m.SHA256)})
	}
	if asJSON {
		return printJSON(w, documents)
	}
	waiting := 0
	for _, m := range documents {
		standing := fmt.Sprintf("%s by decision %d", m.State, m.Decision)
		if m.State == "parked" {
			waiting++
			standing = fmt.Sprintf("waits for two persons: nks decide put-back %d, or drop-message %d", m.ID, m.ID)
		}
		_, _ = fmt.Fprintf(w, "parked message %d of %s, since %s: %d bytes, %s; %s\n    %s\n    sha256 %s\n", m.ID, m.Supplier, minute(m.ParkedAt), m.Size, m.Key, standing, m.Reason, m.SHA256)
	}
	_, err := fmt.Fprintf(w, "%d parked messages wait\n", waiting)
	return err
}
