package xmldsig_test

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"nks/gateway/door/rasp/xmldsig"
)

// largeBody is a body of about that many bytes, as a bundle of payments has it.
func largeBody(size int) string {
	const payment = `<PmtInf><PmtTpInf><SvcLvl><Prtry>NKS</Prtry></SvcLvl></PmtTpInf><ReqdExctnDt>2026-12-01</ReqdExctnDt>` +
		`<CdtTrfTxInf><PmtId><InstrId>I` + "NUMBER" + `</InstrId><EndToEndId>E` + "NUMBER" + `</EndToEndId></PmtId>` +
		`<Amt><InstdAmt Ccy="DKK">1234.56</InstdAmt></Amt><swift:Cdtr><Nm>Jens &amp; S&#248;n</Nm><Id>0101010101</Id></swift:Cdtr>` +
		`<RmtInf><Ustrd>Udbetaling af ydelse, maaned 12</Ustrd></RmtInf></CdtTrfTxInf></PmtInf>` + "\n"
	var b strings.Builder
	b.WriteString(`<NKSPayment xmlns="http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2006/05/01/" xmlns:swift="http://rep.oio.dk/oes.dk/nemkonto.swift/xml/schemas/2006/05/01/">`)
	for i := 0; b.Len() < size; i++ {
		b.WriteString(strings.ReplaceAll(payment, "NUMBER", strconv.Itoa(i)))
	}
	b.WriteString(`</NKSPayment>`)
	return b.String()
}

// BenchmarkVerify verifies a signed body of 16 MB, and lets xmlsec1 verify the same beside it: x-of-xmlsec1 is how many
// times its time is taken.
func BenchmarkVerify(b *testing.B) {
	message := signed(b, country().rsa, request(largeBody(16_000_000)))
	certificate, _ := pems(b, country().rsa)
	file := files(b, []string{string(message)})[0]
	v := requestVerifier()
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	b.ResetTimer()
	var theirs time.Duration
	for range b.N {
		m, err := v.Verify(message, now)
		if err != nil || m.Body.Empty {
			b.Fatal(err)
		}
		b.StopTimer()
		start := time.Now()
		if printed, _ := xmlsec(b, "--verify", "--pubkey-cert-pem", certificate, file); !strings.Contains(printed, "12/12") {
			b.Fatal(printed)
		}
		theirs += time.Since(start)
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed())/float64(theirs), "x-of-xmlsec1")
}

func BenchmarkSign(b *testing.B) {
	m := request(largeBody(16_000_000))
	signer := country().rsa.signer()
	b.SetBytes(int64(len(m.Body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := signer.Sign(m, now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify_Small(b *testing.B) {
	message := signed(b, country().rsa, request(smallBody))
	v := requestVerifier()
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(message, now); err != nil {
			b.Fatal(err)
		}
	}
}

// verifyAlone is set for a process of the test's own that verifies the message of that file, and says what it needed.
const verifyAlone = "NKS_VERIFY_ALONE"

// TestVerify_LargeBodyInLittleMemory verifies 16 MB in a process of its own, and asks the system for its peak.
func TestVerify_LargeBodyInLittleMemory(t *testing.T) {
	if file := os.Getenv(verifyAlone); file != "" {
		message, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		v := requestVerifier()
		certificates, err := os.ReadFile(file + ".roots")
		if err != nil {
			t.Fatal(err)
		}
		v.Trust = trustIn(t, certificates)
		if m, err := v.Verify(message, now); err != nil || m.Body.Empty {
			t.Fatal(err)
		}
		return
	}
	t.Parallel()
	file := files(t, []string{string(signed(t, country().curve, request(largeBody(16_000_000))))})[0]
	if err := os.WriteFile(file+".roots", pemOf(country().root), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run", "LargeBodyInLittleMemory")
	cmd.Env = append(os.Environ(), verifyAlone+"="+file)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	const most = 300_000 // kilobytes
	if peak := peakKilobytes(cmd.ProcessState); peak > most {
		t.Errorf("%d kB, more than %d", peak, most)
	} else {
		t.Logf("%d kB", peak)
	}
}

func trustIn(t *testing.T, roots []byte) *xmldsig.Trust {
	t.Helper()
	certificates, err := xmldsig.ParseCertificates(roots)
	if err != nil {
		t.Fatal(err)
	}
	trust, err := xmldsig.NewTrust(xmldsig.Anchors{Roots: certificates})
	if err != nil {
		t.Fatal(err)
	}
	return trust
}
