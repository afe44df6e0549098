package flowtest_test

import (
	"net/http"
	"testing"
)

// TestPages_OurOwnNumbersAreNoCitizens: answers whose numbers look like CPR numbers keep their names beside
// citizens who are masked, and so does a place of work.
func TestPages_OurOwnNumbersAreNoCitizens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`UPDATE answer_counter SET last = CASE kind WHEN 1 THEN 1102031233 ELSE 102031233 END`)
	w.paid(bundle("G-1", complete("A-1", 100_00), incomplete("A-3", "CPR", ann, 70_00), incomplete("A-5", "CPR", nobody, 9_00),
		incomplete("A-6", "PNR", plant, 8_00)))
	w.says("BEC", contrl("BEC", 1, "7"))
	w.at("2005-08-11 06:10")
	w.all("answer", w.Answer.Next)
	p := w.pages()

	delivery := p.get(firstDelivery, "77", http.StatusOK)
	p.says("the delivery", delivery, "KVITTERING1-1102031234.xml", "NKS KVITTERING1 1102031234", "RETURSVAR2-0102031234.xml", "NKS2C RETURSVAR2 0102031234",
		"RETURSVAR8-0102031234.xml", "NKS2C RETURSVAR8 0102031234", "010170-xxxx")
	p.hides("the delivery", delivery, ann, "010203-xxxx&", "110203-xxxx")

	payment := p.get("/payment/"+w.payment("A-3"), "77", http.StatusOK)
	p.says("the payment", payment, "KVITTERING1-1102031234.xml", "NKS KVITTERING1 1102031234", "RETURSVAR2-0102031234.xml", "RETURSVAR8-0102031234.xml",
		"CPR 010170-xxxx", ";010170-xxxx&")
	p.hides("the payment", payment, ann, "110203-xxxx")

	work := p.get("/payment/"+w.payment("A-6"), "77", http.StatusOK)
	p.says("a payment to a place of work", work, "P "+plant, "Id&gt;"+plant+"&lt;")

	w.exec(`UPDATE answer SET number = number - CASE kind WHEN 1 THEN 1102031233 ELSE 102031233 END`)
	w.tamper(`UPDATE nks.answer_key SET number = number - CASE kind WHEN 1 THEN 1102031233 ELSE 102031233 END`)
	w.exec(`UPDATE answer_counter SET last = last - CASE kind WHEN 1 THEN 1102031233 ELSE 102031233 END`)
}
