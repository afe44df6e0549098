package bank

import (
	"context"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
)

// mostFiles is how many exceptions of a kind may be open that are each about one file of a bank; one more counts the others. Nobody looks
// at more one by one, and a bank may lay out files without end.
const mostFiles = 100

// moreFiles is how the exception names itself that counts what is about others.
func moreFiles(bank string) string { return bank + " more files" }

// raiseOfFile raises an exception about a file of a bank where there is room for one more of its kind, and counts it with the others where there is not.
func (s *Store) raiseOfFile(ctx context.Context, x *postgres.Session, bank string, kind gateway.ExceptionKind, subject string, detail gateway.ExceptionDetail,
	raise func(context.Context, *postgres.Session, gateway.ExceptionKind, string, gateway.ExceptionDetail) error) error {
	var room bool
	err := x.GetContext(ctx, &room, `SELECT count(*) < $4 OR bool_or(subject = $3) FROM exception WHERE kind = $1 AND bank = $2 AND closed_at IS NULL AND subject <> $5`,
		kind, bank, subject, mostFiles, moreFiles(bank))
	switch {
	case err != nil:
		return fmt.Errorf("room for %s %s: %w", kind, subject, err)
	case room:
		return raise(ctx, x, kind, subject, detail)
	}
	return s.RaiseAgain(ctx, x, kind, moreFiles(bank), gateway.DetailMoreFiles.With(mostFiles))
}

// endMoreRemote closes what counts others in a bank's mailbox where there is room again: those that are still wrong are told of by themselves.
func (s *Store) endMoreRemote(ctx context.Context, x *postgres.Session, bank string) error {
	var over []gateway.ExceptionKind
	err := x.SelectContext(ctx, &over, `SELECT kind FROM exception more WHERE kind = ANY ($1::text[]) AND subject = $2 AND closed_at IS NULL
		AND (SELECT count(*) FROM exception e WHERE e.kind = more.kind AND e.bank = $3 AND e.closed_at IS NULL AND e.id <> more.id) < $4`,
		gateway.RemoteFileKinds(), moreFiles(bank), bank, mostFiles)
	for i := 0; err == nil && i < len(over); i++ {
		err = s.Close(ctx, x, over[i], moreFiles(bank), postgres.ClosedByFlow)
	}
	return err
}

// endMoreDoubted closes what counts other files of a bank that could not be decided, by the decision that settles the last of them.
func (s *Store) endMoreDoubted(ctx context.Context, x *postgres.Session, bank string, decision int64) error {
	var over []gateway.ExceptionKind
	err := x.SelectContext(ctx, &over, `SELECT kind FROM exception more WHERE kind = ANY ($1::text[]) AND subject = $2 AND closed_at IS NULL
		AND NOT EXISTS (SELECT FROM bank_doubt d WHERE d.bank = $3 AND d.kind = more.kind AND d.settled_at IS NULL)`,
		[]gateway.ExceptionKind{gateway.BankFileUnreadable, gateway.BankFileUnproven, gateway.BankNumberReused}, moreFiles(bank), bank)
	for i := 0; err == nil && i < len(over); i++ {
		err = s.CloseDecidedSubject(ctx, x, decision, over[i], moreFiles(bank))
	}
	return err
}
