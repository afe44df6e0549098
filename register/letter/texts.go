package letter

// words are the sentences of a letter of an activation; %s stand for names, accounts and days.
type words struct {
	title, heading                                     string
	ward, registered, nemkonto, specific, until, enter string
	reference, code, expires, notAsked                 string
}

func texts(in Language) words {
	if in == English {
		return words{
			title: "Activation of an account", heading: "Approve your account",
			ward:       "You receive this letter as the guardian of %s, to whom it applies.",
			registered: "%s has registered account %s for you as %s. The last four digits are hidden, so that nobody else learns them from this letter.",
			nemkonto:   "your NemKonto, the account to which public authorities pay",
			specific:   "the account to which %s is paid",
			until:      "The account is used once you have approved it. Until then you are paid as before.",
			enter:      "You approve it with the reference and the code below: at %s, or by telephone %s.",
			reference:  "Reference: ", code: "Code: ",
			expires:  "The code can be used until %s. After %d wrong codes it is locked, and you can ask for another letter. An earlier letter does not count any more.",
			notAsked: "If you do not know of this account, do not enter the code, and call %s."}
	}
	return words{
		title: "Aktivering af en konto", heading: "Godkend din konto",
		ward:       "Du får dette brev som værge for %s, som det handler om.",
		registered: "%s har registreret konto %s for dig som %s. De sidste fire cifre er skjult, så ingen andre kan læse dem i brevet.",
		nemkonto:   "din NemKonto, den konto, som det offentlige udbetaler til",
		specific:   "den konto, som %s udbetales til",
		until:      "Kontoen bliver brugt, når du har godkendt den. Indtil da får du udbetalt som hidtil.",
		enter:      "Du godkender den med referencen og koden herunder: på %s eller på telefon %s.",
		reference:  "Reference: ", code: "Kode: ",
		expires:  "Koden kan bruges til og med den %s. Efter %d forkerte koder bliver den spærret, og du kan bede om et nyt brev. Et tidligere brev gælder ikke mere.",
		notAsked: "Kender du ikke til kontoen, skal du ikke indtaste koden, men ringe på %s."}
}
