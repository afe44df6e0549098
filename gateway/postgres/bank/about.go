package bank

import (
	"context"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
)

// noteAbout records which interchanges a file of a bank speaks of, and 0 where something in it is about none that we
// know: what a file says of one authority's payments is not shown to another.
func (s *Store) noteAbout(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile, heard *hearing) error {
	refs := make([]int64, 0, len(heard.controls)+1)
	for _, c := range heard.controls {
		number, err := gateway.ParseControlNumber(c.ControlRef)
		if err != nil {
			number = 0 // no interchange has this number
		}
		refs = append(refs, int64(number))
	}
	if len(heard.unknown) > 0 {
		refs = append(refs, 0)
	}
	_, err := x.ExecContext(ctx, `INSERT INTO bank_file_about (bank_file_id, interchange_id)
		SELECT $1::bigint, coalesce(i.id, 0) FROM unnest($3::bigint[]) r (ref) LEFT JOIN interchange i ON i.bank = $2 AND i.control_ref = r.ref AND i.state <> 'void'
		UNION SELECT $1, coalesce(w.interchange_id, 0) FROM bank_status LEFT JOIN matched w USING (n)
		UNION SELECT $1, interchange_id FROM recall_status
		ON CONFLICT DO NOTHING`, file.ID, bank.ID, refs)
	if err != nil {
		return fmt.Errorf("file %d speaks of: %w", file.ID, err)
	}
	return nil
}
