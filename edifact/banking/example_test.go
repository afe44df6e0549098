package banking_test

import (
	"errors"
	"fmt"
	"strings"

	"nks/edifact"
	"nks/edifact/banking"
	"nks/edifact/directory/d96a"
)

// A bank tells what came in on an account: each entry with the card type and the
// payment id of the slip it was paid with.
func Example_readCremul() {
	const file = `UNA:+,? '` +
		`UNB+UNOC:3+5790000000012:14+5798000016446:14+050815:0700+U1'` +
		`UNH+1+CREMUL:D:96A:UN'BGM+X1+2005081514070055687271'DTM+137:20050815:102'` +
		`LIN+1'DTM+209:20050815:102'BUS++DO++IBK'MOA+60:1300,5:DKK'RFF+KRE:81945403'FII+BF+4069208401'` +
		`SEQ++1'FII+BF'RFF+BID:123456789012345'RFF+KAK:71'MOA+98:1234,5:DKK'` +
		`SEQ++2'FII+BF'RFF+BID:000000000045678'RFF+KAK:71'MOA+98:66:DKK'` +
		`UNT+20+1'UNZ+1+U1'`

	// Danish banks use codes beside those of the directory.
	schema := edifact.NewSchema(d96a.Directory()).WithCodes(edifact.Codes{
		"1001": {Add: []string{"X1"}},
		"1153": {Add: []string{"KRE", "BID", "KAK"}},
		"4383": {Add: []string{"IBK"}},
	})
	v := edifact.NewValidator(edifact.NewReader(strings.NewReader(file), edifact.ReaderOptions{}), schema)
	for item, err := range banking.NewReader(v, banking.Options{}).Items() {
		if err != nil {
			fmt.Println(err)
			return
		}
		switch item := item.(type) {
		case *banking.CremulLine:
			fmt.Println("account", item.SG6.FII.Account.Number)
		case *banking.CremulEntry:
			references := map[string]string{}
			for _, group := range item.SG11 {
				references[group.RFF.Qualifier] = group.RFF.Number
			}
			amount, err := edifact.ParseMinor(item.SG13[0].MOA.Amount, 2)
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Printf("card type %s, payment id %s: %d øre\n", references["KAK"], references["BID"], amount)
		}
	}
	// Output:
	// account 4069208401
	// card type 71, payment id 123456789012345: 123450 øre
	// card type 71, payment id 000000000045678: 6600 øre
}

// An order to pay two creditors, in one line, for it is one account, currency
// and date.
func Example_writePaymul() {
	var file strings.Builder
	w := edifact.NewWriter(&file, edifact.WriterOptions{UNA: true, Wrap: edifact.WrapSegments})
	w.Begin(edifact.UNB{
		Sender: edifact.Party{ID: "5798000016446", Qualifier: "14"}, Recipient: edifact.Party{ID: "5790000000012", Qualifier: "14"},
		Date: "050811", Time: "0605", ControlRef: "42", AckRequest: true,
	})
	items := []banking.Item{&banking.PaymulHead{
		UNH: edifact.UNH{Ref: "1"},
		BGM: banking.BGM{Document: banking.Document{Code: "452"}, Number: "42-1", Function: "9"},
		DTM: banking.DTM{Qualifier: "137", Value: "20050811", Format: "102"},
	}, &banking.PaymulLine{
		LIN: banking.LIN{Number: "1"},
		DTM: banking.DTM{Qualifier: "203", Value: "20050812", Format: "102"},
		RFF: []banking.RFF{{Qualifier: "AEK", Number: "G1"}},
		SG5: banking.PaymulSG5{MOA: banking.MOA{Qualifier: "9", Amount: "150.75", Currency: "DKK"}},
		SG6: banking.PaymulSG6{FII: banking.FII{Qualifier: "OR", Account: banking.Account{Number: "1234567890", Currency: "DKK"}}},
	}}
	for i, order := range []struct {
		minor    int64
		ref, acc string
	}{{10050, "BILL 1", "0009876543"}, {5025, "BILL 2", "0001111111"}} {
		items = append(items, &banking.PaymulOrder{
			SEQ: banking.SEQ{Sequence: banking.Sequence{Number: fmt.Sprint(i + 1)}},
			MOA: banking.MOA{Qualifier: "9", Amount: edifact.FormatMinor(order.minor, 2), Currency: "DKK"},
			RFF: []banking.RFF{{Qualifier: "CR", Number: order.ref}},
			SG12: []banking.PaymulSG12{{FII: banking.FII{
				Qualifier: "BF", Account: banking.Account{Number: order.acc},
				Institution: banking.Institution{Branch: "5432", BranchCodeList: "80", BranchAgency: "130"},
			}}},
		})
	}
	message := banking.NewWriter(w)
	for _, item := range items {
		if err := message.Write(item); err != nil {
			fmt.Println(err) // nothing of the item was written
			return
		}
	}
	lines, orders := message.Counts()
	tail := &banking.PaymulTail{CNT: []banking.CNT{
		{Qualifier: "LIN", Value: fmt.Sprint(lines)}, {Qualifier: "SEQ", Value: fmt.Sprint(orders)},
	}}
	if err := errors.Join(message.Write(tail), w.End()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(strings.ReplaceAll(file.String(), "\r\n", "\n"))
	// Output:
	// UNA:+,? '
	// UNB+UNOC:3+5798000016446:14+5790000000012:14+050811:0605+42++++1'
	// UNH+1+PAYMUL:D:96A:UN'
	// BGM+452+42-1+9'
	// DTM+137:20050811:102'
	// LIN+1'
	// DTM+203:20050812:102'
	// RFF+AEK:G1'
	// MOA+9:150,75:DKK'
	// FII+OR+1234567890:::DKK'
	// SEQ++1'
	// MOA+9:100,50:DKK'
	// RFF+CR:BILL 1'
	// FII+BF+0009876543+:::5432:80:130'
	// SEQ++2'
	// MOA+9:50,25:DKK'
	// RFF+CR:BILL 2'
	// FII+BF+0001111111+:::5432:80:130'
	// CNT+LIN:1'
	// CNT+SEQ:2'
	// UNT+19+1'
	// UNZ+1+42'
}

// A bank answers orders with a message that is small enough to be read as a
// whole.
func ExampleReader_ReadMessage() {
	const file = `UNB+UNOC:3+5790000000012:14+5798000016446:14+050811:0630+77'` +
		`UNH+1+BANSTA:D:96A:UN'BGM+XZ8+B77+9'DTM+137:20050811:102'RFF+ACW:42-1'` +
		`LIN+1'RFF+AEK:G1'SEQ++2'GIS+2'FTX+AAO+++K0530:KONTOEN FINDES IKKE'SEQ++3'GIS+1'` +
		`UNT+12+1'UNZ+1+77'`

	schema := edifact.NewSchema(d96a.Directory()).WithCodes(edifact.Codes{"1001": {Add: []string{"XZ8"}}})
	v := edifact.NewValidator(edifact.NewReader(strings.NewReader(file), edifact.ReaderOptions{}), schema)
	message, err := banking.NewReader(v, banking.Options{}).ReadMessage()
	if err != nil {
		fmt.Println(err)
		return
	}
	if m, ok := message.(*banking.Bansta); ok {
		fmt.Println("answer to", m.Head.SG1[0].RFF.Number)
		for _, line := range m.Lines {
			for _, status := range line.Statuses {
				fmt.Println("line", line.LIN.Number, "order", status.SEQ.Sequence.Number, "is", status.GIS.Code, status.FTX.Text[0])
			}
		}
	}
	// Output:
	// answer to 42-1
	// line 1 order 2 is 2 K0530
	// line 1 order 3 is 1
}
