package authority_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"nks/sim/authority"
)

const document = `<NKSPayment xmlns:e="urn:e"><e:MessageId>B-17</e:MessageId><s:PmtTx></s:PmtTx><s:PmtTx></s:PmtTx></NKSPayment>`

func receipt(kind int, refersTo, rest string) []byte {
	if refersTo != "" {
		refersTo = "<e:RefToMessageId>" + refersTo + "</e:RefToMessageId>"
	}
	return fmt.Appendf(nil, `<n:NKSReceipt%d xmlns:n="urn:n" xmlns:e="urn:e"><e:MessageId>1</e:MessageId>%s%s</n:NKSReceipt%d>`, kind, refersTo, rest, kind)
}

func response2(refersTo, rest string) []byte {
	return fmt.Appendf(nil, `<n:NKSResponse2 xmlns:n="urn:n" xmlns:e="urn:e" xmlns:s="urn:s"><e:RefToMessageId>%s</e:RefToMessageId>%s</n:NKSResponse2>`, refersTo, rest)
}

func TestSend(t *testing.T) {
	t.Parallel()
	const refusal = `<e:Action>RJCT</e:Action><e:ErrorList><e:Error e:errorCode="901"><e:Description>Kontrolsum</e:Description></e:Error></e:ErrorList>`
	const accepted = `<e:Action>ACPT</e:Action>`
	for name, c := range map[string]struct {
		answers map[string][]byte
		want    authority.Summary
		reasons []string
	}{
		"accepted": {
			map[string][]byte{"r1": receipt(1, "B-17", accepted), "s2": response2("B-17", "<s:GrpSts>ACPT</s:GrpSts><s:StsRsn/>"), "other": receipt(1, "B-16", refusal)},
			authority.Summary{Receipt: "1", Accepted: true, Response2: true}, nil,
		},
		"partly rejected": {
			map[string][]byte{"r1": receipt(1, "B-17", accepted), "s2": response2("B-17", "<s:GrpSts>PART</s:GrpSts><s:StsRsn/><s:TxSts>RJCT</s:TxSts><s:StsRsn>0009</s:StsRsn><s:AddtlInf>UKENDT</s:AddtlInf>")},
			authority.Summary{Receipt: "1", Accepted: true, Response2: true, Rejected: 1}, []string{"0009 UKENDT"},
		},
		"all rejected by a group reason": {
			map[string][]byte{"r1": receipt(1, "B-17", accepted), "s2": response2("B-17", "<s:GrpSts>RJCT</s:GrpSts><s:StsRsn>0002</s:StsRsn>")},
			authority.Summary{Receipt: "1", Accepted: true, Response2: true, Rejected: 2}, []string{"0002"},
		},
		"refused": {
			map[string][]byte{"r1": receipt(1, "B-17", refusal)},
			authority.Summary{Receipt: "1"}, []string{"901 Kontrolsum"},
		},
		"unreadable": {
			map[string][]byte{"r0": receipt(0, "", `<e:Action>Bad XML</e:Action>`)},
			authority.Summary{Receipt: "0"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			m := newFakeMailbox(t, dir)
			m.onDelivered = func(files map[string][]byte, _ string) {
				for file, b := range c.answers {
					files["/out/"+file] = b
				}
			}
			got, err := authority.Send(context.Background(), sendConfig(t, dir, m, patience))
			if err != nil {
				t.Fatal(err)
			}
			if got.Receipt != c.want.Receipt || got.Accepted != c.want.Accepted || got.Response2 != c.want.Response2 || got.Rejected != c.want.Rejected ||
				got.MessageID != "B-17" || got.Payments != 2 || !got.Complete() || fmt.Sprint(got.Reasons) != fmt.Sprint(c.reasons) {
				t.Errorf("summary %+v", got)
			}
			if m.left() != len(c.answers) {
				t.Errorf("%d answers left of %d", m.left(), len(c.answers))
			}
		})
	}
}

func sendConfig(t *testing.T, dir string, m *fakeMailbox, wait time.Duration) authority.SendConfig {
	t.Helper()
	file := filepath.Join(dir, "bundle.xml")
	write(t, file, []byte(document))
	keys := filepath.Join(dir, "keys")
	return authority.SendConfig{
		Mailbox: m.address(), Login: "LEV", Key: filepath.Join(keys, "supplier_LEV"), HostKey: filepath.Join(keys, "mailbox_host.pub"),
		File: file, Wait: wait,
	}
}

func TestSendWithoutAnswer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := newFakeMailbox(t, dir)
	got, err := authority.Send(context.Background(), sendConfig(t, dir, m, 150*time.Millisecond))
	if err != nil || got.Complete() || got.Receipt != "" {
		t.Errorf("%+v, %v", got, err)
	}
	// A document that is known already gets no new answers: the old ones count.
	m.put("/out/r1", string(receipt(1, "B-17", "<e:Action>RJCT</e:Action>")))
	got, err = authority.Send(context.Background(), sendConfig(t, dir, m, 150*time.Millisecond))
	if err != nil || got.Receipt != "1" || got.Accepted {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestSendBesideARunningSupplier finds the answers that another process has taken away, and writes the delivery down.
func TestSendBesideARunningSupplier(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := newFakeMailbox(t, dir)
	m.onDelivered = func(files map[string][]byte, _ string) {
		files["/out/r1.xml"] = receipt(1, "B-17", `<e:Action>ACPT</e:Action>`)
		files["/out/s2.xml"] = response2("B-17", "<s:GrpSts>ACPT</s:GrpSts>")
	}
	writePlan(t, dir)
	setClock(t, dir, 0)
	run(t, dir, m.address())
	c := sendConfig(t, dir, m, patience)
	c.Dir, c.As = dir, "mine.xml"
	got, err := authority.Send(context.Background(), c)
	if err != nil || !got.Complete() || !got.Accepted {
		t.Errorf("%+v, %v", got, err)
	}
	j := readJournal(t, dir, "journal-send.jsonl")
	if len(j) != 1 || j[0].As != "mine.xml" || j[0].SHA256 != digest(document) || j[0].Result != "ok" {
		t.Errorf("journal %+v", j)
	}
}
