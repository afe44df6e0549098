package gateway_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"nks/gateway"
)

var update = flag.Bool("update", false, "write the goldens anew")

const codesPage = "../docs/codes.md"

const codesHead = `# Codes

What an authority reads in an answer when something is refused: ` + "`errorCode`" + ` of a receipt, ` + "`StsRsn`" + ` of a response. Of several
errors in one payment the first in this table is told. Official codes are used for exactly their meaning; ours begin at
901 (receipts) and 9001 (response 2), so that none can be taken for an official one. This page is written from the
table that the program uses (` + "`gateway/codes.go`" + `; ` + "`go test ./gateway -update`" + `).

* **receipt 0**: the document cannot be read. **receipt 1**: the whole bundle is refused; no response 2 follows, and the
  bundle's ids stay free.
* **debit**: every payment of a debit block is refused, in response 2. In a grouped bundle the code stands on the group, without a list.
* **payment**: one payment is refused, in response 2; the others go on.
* **bank**: response 7 (no account) and response 9 (the bank has refused, or what was paid came back).

By its authority's standing choice a payment may go otherwise. Response 7 with ACPT then says how: ` + "`Bankcheck anvendes`" + `, ` + "`Overføres til myndighedens fejlkonto`" + `,
` + "`Afventer konto til og med 2005-08-16`" + `; response 8 follows when the bank has the order, and response 7 again where it was kept in vain. Response 9 says after the
bank's text what is done, and of money that came back how much it is, also after response 8:
` + "`Kontoen er opgjort. Beløb kommet retur: 1,00. Pengene er hos myndigheden`" + `. What comes back in parts is told by the part, each in a document of its own.

A payment that somebody has stopped stands in response 5 as RJCT, without a code. Where it is let go afterwards, and response 5 was given already, nothing
takes that back but what becomes of it: response 8 when the bank has it, or 7 or 9. Where it was not given yet, it is not.

A payment whose amount cannot be paid (9009 to 9012) counts 0 øre in every sum: it is no amount of money.

| code | level | origin | Danish | English | rule |
| --- | --- | --- | --- | --- | --- |
`

// TestCodes_Page holds docs/codes.md against the table that the program uses.
func TestCodes_Page(t *testing.T) {
	t.Parallel()
	var page strings.Builder
	page.WriteString(codesHead)
	for _, c := range gateway.Codes() {
		origin := "ours"
		if c.Official {
			origin = "official"
		}
		fmt.Fprintf(&page, "| %s | %s | %s | %s | %s | %s |\n", c.Code, c.Level, origin, c.Danish, c.English, strings.ReplaceAll(c.Rule, "// ", "Rule "))
	}
	if *update {
		if err := os.WriteFile(codesPage, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(codesPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != page.String() {
		t.Errorf("docs/codes.md is not the program's table; go test ./gateway -update writes it")
	}
}

// TestCodes_Unique holds every code to one meaning and our own to their ranges.
func TestCodes_Unique(t *testing.T) {
	t.Parallel()
	seen := map[gateway.Code]bool{}
	for i, c := range gateway.Codes() {
		if seen[c.Code] {
			t.Errorf("code %s stands twice", c.Code)
		}
		seen[c.Code] = true
		if c.Code.Rank() != i {
			t.Errorf("code %s has rank %d, stands at %d", c.Code, c.Code.Rank(), i)
		}
		ours := strings.HasPrefix(string(c.Code), "9")
		if ours == c.Official {
			t.Errorf("code %s: official %t does not fit its range", c.Code, c.Official)
		}
	}
}
