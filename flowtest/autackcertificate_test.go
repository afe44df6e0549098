package flowtest_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"nks/gateway/act"
	"nks/gateway/bankfile"
)

// TestAutack_Certificate: a file counts when its bank's certificate was good as the file came, also where it is heard later; what comes
// after that proves nothing, and takes nothing. // B16.4
func TestAutack_Certificate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BKD")
	signer := autackSigner(t, secondKey).Key
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: w.time().AddDate(-1, 0, 0), NotAfter: w.time().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, signer.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	knows := func(name string) {
		w.Steps = w.understands("BKD", func(p *bankfile.Profile) {
			p.Verify = map[string]*rsa.PublicKey{name: autackPublic(t, secondKey)}
			p.Trust.Certificates = map[string]*x509.Certificate{name: certificate}
		})
	}
	knows("B2")
	w.lay("BKD", "a.edi", autackSigned(t, secondKey, "B1", file("BKD", "F1", contrl("BKD", s.no, "7"))))
	w.hear("BKD")
	w.want("its name is not known", w.exceptions(), "bank file not proven")
	w.at("2005-08-15 12:00")
	knows("B1")
	w.lay("BKD", "b.edi", autackSigned(t, secondKey, "B1", file("BKD", "F2", bansta(s.message(1), status(1, 1, "2", "Nej")))))
	w.hear("BKD")
	w.want("what came too late", w.row(`SELECT state, note FROM bank_file WHERE name = 'b.edi'`),
		"parked nothing proves who wrote it: key \"B1\", certificate of , valid from "+certificate.NotBefore.Format(time.DateTime)+" to "+certificate.NotAfter.Format(time.DateTime)+": its certificate has expired")
	w.want("rejects nothing", w.row(`SELECT DISTINCT state FROM order_line`), "with_bank")
	w.decided(act.KindHearAgain, w.bankFile(1))
	w.hear("BKD")
	w.want("what came in time is heard", w.row(`SELECT state FROM bank_file WHERE name = 'a.edi'`)+" "+w.row(`SELECT contrl FROM interchange WHERE id = `+w.row(`SELECT min(id) FROM interchange`)), "done accepted")
}
