package bank

import (
	"sync"

	"nks/edifact"
	"nks/edifact/directory/d96a"
)

// schema is D.96A with the codes that Danish banks use beside it (bank-edifact): payment types in BUS and PAI, the
// references of payment slips, what FINCAN is, parties of an instruction, and what CNT counts.
var schema = sync.OnceValue(func() *edifact.Schema {
	return edifact.NewSchema(d96a.Directory()).WithCodes(edifact.Codes{
		"1001": {Add: []string{"453"}},
		"1153": {Add: []string{"BID", "KRE"}},
		"3285": {Add: []string{"BE"}},
		"3301": {Add: []string{"BF", "OR"}},
		"4383": {Add: []string{"IBB", "IBK", "IBL", "UBB"}},
		"4435": {Add: []string{"UKA", "UUA", "ALO", "A01", "A04", "A15", "A71", "A73", "A75"}},
		"4461": {Add: []string{"IBB", "IBK", "IBL", "UBB"}},
		"6069": {Add: []string{"LIN", "SEQ"}},
	})
})
