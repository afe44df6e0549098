package register

import (
	"bytes"
	"slices"
)

func isRegistrationNumber(b []byte) bool { return len(b) == 4 && isDigits(b) }

// parseBankDirectory reads which bank a registration number is. // B39.1
func parseBankDirectory(r *row) {
	const number, bank, joined, centre, merged = 0, 1, 2, 3, 4
	const rule = "must be 4 digits"
	r.start()
	r.coded(number, isRegistrationNumber, rule)
	r.required(bank, 200)
	r.yesOrNo(joined)
	r.optional(centre, 35)
	if len(r.fields[merged]) > 0 && bytes.Equal(r.fields[merged], r.fields[number]) {
		r.fail(merged, "must not be the number itself")
	}
	r.optionalCoded(merged, isRegistrationNumber, rule)
}

// parsePayoutSystem reads which supplier runs a payout system. // B33.1
func parsePayoutSystem(r *row) {
	r.start()
	r.required(0, 35)
	r.required(1, 35)
	r.required(2, 200)
}

// parsePayoutConnection reads how far an authority is connected by a payout system, and what that may do. // B33.1-6
func parsePayoutConnection(r *row) {
	const system, authority, state, rights, responsible = 0, 1, 2, 3, 4
	states := []string{"requested", "agreed", "testing", "live", "connected", "dispensed", "ended"}
	r.start()
	r.required(system, 35)
	r.required(authority, 35)
	r.coded(state, func(b []byte) bool { return slices.Contains(states, string(b)) },
		"must be requested, agreed, testing, live, connected, dispensed or ended")
	parts := bytes.Fields(r.fields[rights])
	for _, p := range parts {
		if !slices.Contains([]string{"payments", "accounts", "lookups"}, string(p)) {
			r.fail(rights, "must be payments, accounts or lookups, separated by one blank")
			break
		}
	}
	r.Bytes("rights", sorted(parts, ' '))
	r.required(responsible, 200)
}
