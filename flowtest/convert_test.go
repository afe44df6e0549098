package flowtest_test

import (
	"strings"
	"testing"

	"nks/gateway/act"
)

// TestConvert: after a merger the accounts of a registration number have the other one, by two persons and as one change; what has changed
// since stays when it is undone. // B10.2
func TestConvert(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asks := func(kind string) act.Decided {
		t.Helper()
		d, err := w.Desk.Decide(t.Context(), act.Intent{Kind: kind, By: "Ann", Why: "merger", Content: map[string]string{"from": "7045", "to": "7046"}})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	specific := func() string {
		return w.row(`SELECT account FROM account_version WHERE holder_id = $1::bigint AND authority IS NOT NULL AND recorded_to IS NULL AND (valid_to IS NULL OR valid_to > $2)`, bob, w.time())
	}
	asked := asks(act.KindConvert)
	if preview := asked.Items[0].State; !strings.HasSuffix(preview, " specific accounts") || strings.HasPrefix(preview, "0 ") {
		t.Errorf("preview %q", preview)
	}
	w.want("until another stands for it", w.paysTo(ann), annAccount)
	became(w.approves(asked.ID, "Bob"))
	w.want("converted", w.paysTo(ann)+" "+specific(), "7046"+annAccount[4:]+" 7046"+bobSpecific[4:])
	w.want("changes", w.row(`SELECT count(DISTINCT counter) FROM account_version WHERE account LIKE '7046%'`), "1")
	w.hasAccount(ann, "70460009999999")
	became(w.approves(asks(act.KindUndoConvert).ID, "Bob"))
	w.want("undone", w.paysTo(ann)+" "+w.paysTo(bob)+" "+specific(), "70460009999999 "+bobAccount+" "+bobSpecific)
}
