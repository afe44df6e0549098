package report

// Language is that of headings, words and numbers.
type Language string

// The languages.
const (
	Danish  Language = "da"
	English Language = "en"
)

// danish are our own words in Danish.
var danish = map[string]string{
	"received": "modtaget", "settled": "afregnet", "ordered": "bestilt",
	"unread": "ikke kontrolleret", "waiting": "afventer", "held": "tilbageholdt", "stopped": "standset", "rejected": "afvist", "returned": "returneret", "frozen": "klar til afsendelse",
	"void": "annulleret", "unknown": "usikker", "with_bank": "hos banken", "executed": "udført", "cheque": "bankcheck", "came_back": "kommet retur", "disputed": "omtvistet",
	"missing": "MANGLER", "not_payable": "kan ikke udbetales", "bank_rejected": "afvist af banken", "owed": "skyldes", "not fetched": "ikke hentet",
	"rendered": "klar", "sending": "sendes", "publishing": "sendes", "sent": "sendt", "none": "ingen", "accepted": "modtaget",
	"delivery set aside": "levering sat til side", "not checked": "ikke kontrolleret", "account in doubt": "tvivl om konto", "waits": "afventer", "released late": "frigivet for sent",
	"other terms": "andre vilkår", "ordered anew": "bestilt igen",
	"claims": "krav", "in_transit": "undervejs", "recipients": "modtagere", "cheques": "bankchecks", "sender": "afsender", "return": "returneret til konto", "rest": "rest hos modtagere",
	"fees": "gebyrer", "exchange": "kursforskel", "back": "tilbage hos afsender", "reissued": "sendt igen som bankcheck", "error": "fejlkonto", "by_hand": "manuelt",
	"told": "meddelt", "anew": "bestilt igen", "asked back": "tilbagekaldt",
	"noted": "under behandling", "recalled": "imødekommet", "failed": "filen er afvist",
	"certified": "attesteret", "refused": "nægtet", "not certified": "ikke attesteret endnu", "not booked": "ikke bogført endnu",
}

// Word is a word of ours in a language.
func (l Language) Word(word string) string {
	if translated, ok := danish[word]; ok && l == Danish {
		return translated
	}
	return word
}

// Heading is a column's.
func (l Language) Heading(c Column) string {
	if l == Danish {
		return c.Danish
	}
	return c.English
}

// Title is a report's.
func (l Language) Title(r Report) string {
	if l == Danish {
		return r.Danish
	}
	return r.English
}
