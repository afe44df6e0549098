package register

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"nks/gateway"
)

// PrivateAgreement is by what a private payer may ask for accounts. // B42
type PrivateAgreement struct {
	Agreement, Supplier, System, Name string
	Requesters                        []string // CVR and SE numbers
}

// Covers reports whether a requester may ask by it.
func (a PrivateAgreement) Covers(h gateway.Holder) bool {
	return (h.Kind == gateway.CVR || h.Kind == gateway.SE) && slices.Contains(a.Requesters, h.ID)
}

// FindPrivateAgreement reads an agreement as it counts at an instant; gateway.ErrNotFound: none does.
func FindPrivateAgreement(ctx context.Context, q Queryer, agreement string, at time.Time) (a PrivateAgreement, err error) {
	found := false
	err = each(ctx, q, `SELECT agreement, supplier, system, name, array_to_string(requesters, ' ') FROM nks.private_agreement_version
		WHERE agreement = $1 AND recorded_to IS NULL AND valid_from <= $2 AND (valid_to > $2 OR valid_to IS NULL)`, func(r *sql.Rows) error {
		found = true
		var requesters string
		err := r.Scan(&a.Agreement, &a.Supplier, &a.System, &a.Name, &requesters)
		a.Requesters = strings.Fields(requesters)
		return err
	}, agreement, at)
	if err == nil && !found {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return a, fmt.Errorf("private agreement: %w", err)
	}
	return a, nil
}

// parsePrivateAgreement reads by what a private payer asks. One that has ended names no requesters.
func parsePrivateAgreement(r *row) {
	const agreement, supplier, system, name, requesters = 0, 1, 2, 3, 4
	r.start()
	r.coded(agreement, func(b []byte) bool { return len(b) == 7 && isDigits(b) }, "must be 7 digits")
	r.required(supplier, 35)
	r.required(system, 50)
	r.required(name, 200)
	parts := bytes.Fields(r.fields[requesters])
	for _, p := range parts {
		if n, ok := number(p, gateway.CVR.Digits()); !ok || !gateway.ValidNumber(gateway.CVR, n) {
			r.fail(requesters, "must be CVR or SE numbers (8 digits, modulus 11), separated by one blank")
			break
		}
	}
	if len(parts) > 1000 {
		r.fail(requesters, "holds more than 1000 numbers")
	}
	r.Bytes(r.columns[requesters], sorted(parts, ' '))
}
