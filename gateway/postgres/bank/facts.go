package bank

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

// Kinds of what a file lays out, beside statuses.
const (
	kindFile    = "file"
	kindContrl  = "contrl"
	kindOfPart  = "contrl_message"
	kindMessage = "message"
)

// fact is one statement of a bank's file, with what followed from it.
type fact struct {
	N           int                   `json:"n"`
	Kind        string                `json:"kind"`
	Interchange int64                 `json:"interchange"` // anyBank: it names none of ours
	Message     int                   `json:"message"`     // 0: none
	Reference   string                `json:"reference"`
	Meaning     string                `json:"meaning"`
	Code        string                `json:"code"`
	Text        string                `json:"text"`
	Effect      gateway.Effect        `json:"effect"`
	Undecided   gateway.Undecided     `json:"undecided"` // why nobody can decide it; empty: somebody can
	Exception   gateway.ExceptionKind `json:"exception"`
	Certainty   gateway.Certainty     `json:"certainty"`

	subject string // of the exception of what is undecided
	dropped bool   // it is of a month that is dropped, where silence decides nothing
}

// undecidable is a fact that nobody can decide, and what its exception is about.
func (f fact) undecidable(why gateway.Undecided, subject string) fact {
	f.Undecided, f.Exception, f.Effect, f.subject = why, why.Exception(), "", subject
	return f
}

func (f fact) certainty() gateway.Certainty {
	if f.Undecided != "" {
		return gateway.IsUndecided
	}
	return f.Effect.Certainty()
}

// keepFacts keeps statements that are not statuses, and what is doubtful by those that nobody can decide.
func (s *Store) keepFacts(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile, facts ...fact) error {
	if len(facts) == 0 {
		return nil
	}
	var doubts []doubt
	for i, f := range facts {
		facts[i].Certainty = f.certainty()
		if f.Undecided != "" && !f.dropped {
			doubts = append(doubts, doubt{f.Interchange, f.Exception, f.subject})
		}
	}
	rows, err := json.Marshal(facts)
	if err == nil {
		_, err = x.ExecContext(ctx, `INSERT INTO bank_fact (bank_file_id, hearing, n, kind, interchange_id, message_no, reference, meaning, code, text, certainty,
				effect, undecided, exception, at)
			SELECT @file, @hearing, n, kind::bank_fact_kind, nullif(interchange, @none), nullif(message, 0), nullif(reference, ''), meaning, nullif(code, ''), nullif(text, ''),
				certainty::bank_certainty, nullif(effect, ''), nullif(undecided, ''), nullif(exception, ''), @now::timestamptz
			FROM json_to_recordset(@rows) r (n int, kind text, interchange bigint, message int, reference text, meaning text, code text, text text,
				certainty text, effect text, undecided text, exception text)`,
			pgscript.Args{"file": file.ID, "hearing": file.Hearing, "now": s.Now(), "rows": string(rows), "none": anyBank})
	}
	if err != nil {
		return fmt.Errorf("file %d: facts: %w", file.ID, err)
	}
	if len(doubts) == 0 {
		return nil
	}
	return s.keepDoubts(ctx, x, bank, file, doubts...)
}

//go:embed sql/bank_facts.sql
var bankFactsSQL string

// keepStatuses keeps the statuses of a file, after all of them were carried out.
func (s *Store) keepStatuses(ctx context.Context, x *postgres.Session, file bankFile) error {
	_, err := x.ExecContext(ctx, bankFactsSQL, pgscript.Args{"file": file.ID, "hearing": file.Hearing, "now": s.Now(), "unclear": string(gateway.MeansUnclear),
		"order": string(gateway.UndecidedOrder), "status": string(gateway.UndecidedStatus), "undecided": string(gateway.UndecidedOrder.Exception())})
	if err != nil {
		return fmt.Errorf("file %d: facts of statuses: %w", file.ID, err)
	}
	return nil
}
