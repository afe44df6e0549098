package witness_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nks/sim/witness"
)

// files is a whole data directory: path below sim/ to content. Journals of deliveries are made from the send folder.
type files map[string]string

const (
	home   = "authority/LEV/"
	sent   = home + "send/"
	got    = home + "got/"
	centre = "bank/BC/"
	paymul = centre + "done/000001-NKS1.edi"
	contrl = centre + "sent/A1.edi" // first, as banks go by name where they have no journal
	banned = centre + "sent/B1.edi"
	booked = centre + "sent/B2.edi"
)

// tiny is a directory in which everything is as it must be: a bundle with a payment of every fate, and a file that is
// no XML.
func tiny() files {
	f := files{
		sent + "a.xml": payments("M1", "G1", "10",
			pay("A 1", 100000, ""),
			pay("B+'?:2", 200010, "<s:CdtrAcct><s:Id><s:BBAN>52210000999892</s:BBAN></s:Id></s:CdtrAcct>"),
			pay("C", 300000, ""), // rejected
			pay("D", 400000, ""), // no account: return
			pay("E", 500000, ""), // rejected by the bank
			pay("Æ", 600000, ""), // cheque
			pay("G", 700000, "<s:CdtrAcct><s:Id><s:Prtry><s:Id>4684044</s:Id></s:Prtry></s:Id></s:CdtrAcct>"+
				"<s:RmtInf><s:Strd><s:CdtrRef>04+8714375749799926</s:CdtrRef></s:Strd></s:RmtInf>"),
		),
		sent + "b.xml": "no XML at all",

		got + "r1.xml": receiptXML(1, "1", "M1", "ACPT"),
		got + "r0.xml": receiptXML(0, "2", "", "Bad XML"),
		got + "s2.xml": response(2, "1", "<s:GrpSts>PART</s:GrpSts><s:StsRsn/>", answered("C", "RJCT", "")),
		got + "s7.xml": response(7, "1", "", answered("D", "RJCT", "")+answered("Æ", "ACPT", "")),
		got + "s8.xml": response(8, "1", "", answered("A 1", "ACPT", "<s:BBAN>30010000012345</s:BBAN>")+
			answered("B+'?:2", "ACPT", "<s:BBAN>52210000999892</s:BBAN>")+answered("Æ", "ACPT", "")+answered("G", "ACPT", "<s:Prtry><s:Id>4684044</s:Id></s:Prtry>")),
		got + "s9.xml": response(9, "1", "", answered("E", "RJCT", "")),

		centre + "profile.json": `{"executed":"line","contrl":"7","codes":{"rejected":"2","accepted":"3","executed":"4"}}`,
		paymul: interchange("1", "AG1",
			line(1, seq(1, "00000001A 1", "100,", "", transfer("0000012345", "3001")),
				seq(2, "00000001B?+?'???:2", "200,01", "", transfer("0000999892", "5221")),
				seq(3, "00000001E", "500", "", transfer("0000012345", "3001"))),
			line(2, seq(1, "00000001\xc6", "600,00", "", "PAI+::20'")),
			line(3, seq(1, "00000001G", "700,00", "RFF+BID:8714375749799926'RFF+KRE:4684044'", "PAI+::IBK:::A04'"))),
		contrl: statement("C1", "UNH+1+CONTRL:D:3:UN'UCI+1+5798000016446:14+5790001000013:14+7'UNT+3+1'"),
		banned: statement("B1", "UNH+1+BANSTA:D:96A:UN'BGM+XZ8+B1-1+9'DTM+137:20050811:102'RFF+ACW:MSG1'"+
			"LIN+1'RFF+CR:00000001E'SEQ++3'GIS+2'FTX+AAO+++K0530:Konto findes ikke'UNT+9+1'"),
		booked: statement("B2", "UNH+1+BANSTA:D:96A:UN'BGM+XZ8+B2-1+9'DTM+137:20050812:102'RFF+ACW:MSG1'"+
			"LIN+1'SEQ'GIS+4'LIN+2'SEQ'GIS+4'LIN+3'SEQ++1'GIS+4'UNT+9+1'"),
	}
	return f
}

func payments(message, group, authority string, txs ...string) string {
	return `<?xml version="1.0"?><NKSPayment xmlns="urn:x" xmlns:e="urn:e" xmlns:s="urn:s"><e:MessageHeader><e:MessageData><e:MessageId>` + message +
		`</e:MessageId></e:MessageData></e:MessageHeader><s:GrpHdr><s:GrpId>` + group +
		`</s:GrpId><s:InitgPty><s:OrgId><s:PrtryId><s:Id>` + authority + `</s:Id><s:Issr>ADMID</s:Issr></s:PrtryId></s:OrgId></s:InitgPty></s:GrpHdr>` +
		`<s:PmtInf><s:Dbtr><s:OrgId><s:BkPtyId>AG1</s:BkPtyId></s:OrgId></s:Dbtr><s:DbtrAcct><s:Id><s:BBAN>30010000000001</s:BBAN></s:Id></s:DbtrAcct>` +
		strings.Join(txs, "") + `</s:PmtInf></NKSPayment>`
}

func pay(e2e string, mills int, account string) string {
	return fmt.Sprintf(`<s:PmtTx><s:PmtId><s:EndToEndId>%s</s:EndToEndId></s:PmtId><s:Amt><s:InstdAmt Ccy="DKK">%d</s:InstdAmt></s:Amt>%s</s:PmtTx>`, e2e, mills, account)
}

func receiptXML(kind int, number, refersTo, action string) string {
	if refersTo != "" {
		refersTo = "<e:RefToMessageId>" + refersTo + "</e:RefToMessageId>"
	}
	return fmt.Sprintf(`<n:NKSReceipt%d xmlns:n="urn:n" xmlns:e="urn:e"><n:MessageHeader><e:Action>%s</e:Action><e:MessageData>`+
		`<e:MessageId>NKS KVITTERING%d %s</e:MessageId><e:Timestamp>2005-08-11T04:3%s:00</e:Timestamp>%s</e:MessageData></n:MessageHeader></n:NKSReceipt%d>`,
		kind, action, kind, number, number, refersTo, kind)
}

func response(kind int, number, status, list string) string {
	return fmt.Sprintf(`<n:NKSResponse%d xmlns:n="urn:n" xmlns:s="urn:s"><n:GnlInf><s:PmtInitnStsId>%d-%s</s:PmtInitnStsId>`+
		`<s:InitgPty><s:OrgId><s:PrtryId><s:Id>10</s:Id></s:PrtryId></s:OrgId></s:InitgPty></n:GnlInf>`+
		`<n:OrgnlGrpRefInfAndSts><s:GrpId>G1</s:GrpId>%s</n:OrgnlGrpRefInfAndSts>%s</n:NKSResponse%d>`, kind, kind, number, status, list, kind)
}

func answered(e2e, status, account string) string {
	if account != "" {
		account = "<s:OrgnlTxInf><s:CdtrAcct><s:Id>" + account + "</s:Id></s:CdtrAcct></s:OrgnlTxInf>"
	}
	return `<n:OrgnlPmtInf><s:OrgnlTxRefInfAndSts><s:PmtId><s:EndToEndId>` + e2e + `</s:EndToEndId></s:PmtId><s:TxSts>` + status + `</s:TxSts>` +
		account + `</s:OrgnlTxRefInfAndSts></n:OrgnlPmtInf>`
}

func interchange(control, agreement string, lines ...string) string {
	return "UNA:+,? '\r\nUNB+UNOC:3+5798000016446:14+5790001000013:14+050811:0600+" + control + "++++1+" + agreement +
		"'UNH+1+PAYMUL:D:96A:UN'BGM+452+MSG" + control + "+9'DTM+137:20050811:102'" + strings.Join(lines, "") + "CNT+LIN:3'UNT+9+1'UNZ+1+" + control + "'"
}

func line(n int, seqs ...string) string {
	return fmt.Sprintf("LIN+%d'DTM+203:20050812:102'RFF+AEK:X'BUS++DO++IBB'MOA+9:1:DKK'FII+OR+0000000001:::DKK+:::3001:80:130'NAD+OY+++Myndighed'", n) +
		strings.Join(seqs, "")
}

func seq(n int, ref, amount, refs, rest string) string {
	return fmt.Sprintf("SEQ++%d'MOA+9:%s:DKK'RFF+CR:%s'%s%s", n, amount, ref, refs, rest)
}

func transfer(account, registration string) string {
	return "PAI+::IBB:::UKA'FII+BF+" + account + "+:::" + registration + ":80:130'"
}

func statement(control, messages string) string {
	return recounted("UNB+UNOC:3+5790001000013:14+5798000016446:14+050811:0601+" + control + "'" + messages + "UNZ+1+" + control + "'")
}

// recounted puts the right number of segments into every UNT.
func recounted(text string) string {
	segments := strings.SplitAfter(text, "'")
	first := 0
	for i, s := range segments {
		switch {
		case strings.HasPrefix(s, "UNH+"):
			first = i
		case strings.HasPrefix(s, "UNT+"):
			segments[i] = fmt.Sprintf("UNT+%d%s", i-first+1, s[strings.LastIndex(s, "+"):])
		}
	}
	return strings.Join(segments, "")
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// edit replaces a text that must be there.
func (f files) edit(t *testing.T, path, old, with string) {
	t.Helper()
	if !strings.Contains(f[path], old) {
		t.Fatalf("%s does not contain %q", path, old)
	}
	f[path] = strings.ReplaceAll(f[path], old, with)
	if strings.HasPrefix(path, centre+"sent/") {
		f[path] = recounted(f[path])
	}
}

// compute writes the directory and computes its report.
func (f files) compute(t *testing.T) witness.Report {
	t.Helper()
	dir := t.TempDir()
	journal := f[home+"journal.jsonl"]
	for _, name := range []string{"a", "b", "c", "d"} {
		content, ok := f[sent+name+".xml"]
		if !ok {
			continue
		}
		journal += fmt.Sprintf(`{"at":"2005-08-11T04:30:00+02:00","file":"%s.xml","as":"%s.xml","sha256":"%s","size":%d,"result":"ok"}`+"\n",
			name, name, digest(content), len(content))
	}
	f[home+"journal.jsonl"] = journal + `{"at":"2005-08-11T04:3`
	for path, content := range f {
		path = filepath.Join(dir, "sim", path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r, err := witness.Compute(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
