package flowtest_test

import (
	"strings"
	"testing"

	"nks/gateway/bankfile"
)

// TestDebitText: the payer's text on its own statement stands in each LIN where the bank takes it, a LIN for each text; where
// it does not, it is recorded that it was dropped. Whoever renders it, the bytes are the same. M12
func TestDebitText(t *testing.T) {
	t.Parallel()
	const long = "En tekst, der er længere end der er plads til på en linje i PAYMUL, og som vi derfor deler over flere linjer, indtil der ikke er mere plads, " +
		"hvorefter resten må blive tilbage her"
	for name, c := range map[string]struct {
		takes          bool
		texts, changes string
	}{
		"taken": {true, "LIN+1' PRC+11' FTX+AAI+++Udbetaling august' LIN+2' LIN+3' PRC+11' FTX+AAI+++En tekst, der er længere end der er: plads til på en linje i PAYMUL, og: " +
			"som vi derfor deler over flere lin:jer, indtil der ikke er mere plads,: hvorefter resten må blive tilbage'", "1 3 0 debit text shortened"},
		"not taken": {false, "LIN+1'", "1 1 0 debit text dropped"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *options) {
				codec, err := bankfile.New(bankfile.Profile{OwnGLN: ownGLN, BankGLN: becGLN, Charset: "UNOC", Wrap: "none", UNA: true, Test: true,
					Rejected: []string{"2"}, DebitText: c.takes})
				if err != nil {
					t.Fatal(err)
				}
				o.banks[0].Codec, o.banks[0].DebitText = codec, c.takes
			})
			short, silent, longer := bundle("G-1", complete("A", 100), complete("B", 200)), bundle("G-2", complete("C", 300)), bundle("G-3", complete("D", 400))
			short.Debits[0].Text, silent.Debits[0].Text, longer.Debits[0].Text = "Udbetaling august", "", long
			w.receive(short, silent, longer)
			w.at(receiveBy)
			w.release()
			first := w.dispatch()
			if len(first) != 1 {
				t.Fatalf("%d interchanges", len(first))
			}
			changes := func() string { return w.row(`SELECT message_no, lin, seq, field, what FROM text_change`) }
			w.want("texts", debitTexts(first[0]), latin(c.texts))
			w.want("changes", changes(), c.changes)
			w.exec(`DELETE FROM text_change`)
			w.exec(`UPDATE order_line SET state = 'frozen'`)
			w.exec(`UPDATE interchange SET state = 'frozen', sent_at = NULL, document_id = NULL, attempt = 0`)
			again := w.dispatch()
			if len(again) != 1 || again[0] != first[0] {
				t.Errorf("rendered again it is\n%s\nnot\n%s", again, first)
			}
			w.want("changes again", changes(), c.changes)
			w.newAnswers()
		})
	}
}

// debitTexts is the LINs of an interchange with what stands in them before the first SEQ.
func debitTexts(interchange string) string {
	var found []string
	inLine := false
	for segment := range strings.SplitSeq(interchange, "'") {
		tag, _, _ := strings.Cut(segment, "+")
		switch tag {
		case "LIN":
			inLine = true
		case "SEQ":
			inLine = false
		}
		if inLine && (tag == "LIN" || tag == "PRC" || tag == "FTX") {
			found = append(found, segment+"'")
		}
	}
	return strings.Join(found, " ")
}
