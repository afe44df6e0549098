package report

import _ "embed"

//go:embed sql/day.sql
var daySQL string

//go:embed sql/returns.sql
var returnsSQL string

//go:embed sql/cheques.sql
var chequesSQL string

//go:embed sql/waiting.sql
var waitingSQL string

//go:embed sql/late.sql
var lateSQL string

//go:embed sql/settlement.sql
var settlementSQL string

//go:embed sql/ageing.sql
var ageingSQL string

//go:embed sql/foretold.sql
var foretoldSQL string

//go:embed sql/control.sql
var controlSQL string

//go:embed sql/effect.sql
var effectSQL string

//go:embed sql/recalls.sql
var recallsSQL string

//go:embed sql/setoffs.sql
var setOffsSQL string

//go:embed sql/accounts.sql
var accountsSQL string

// Columns that several reports have.
func authority() Column { return Column{"Myndighed", "Authority", Text} }
func agreement() Column { return Column{"Aftale", "Agreement", Text} }
func bank() Column      { return Column{"Bankcentral", "Bank centre", Text} }
func state() Column     { return Column{"Tilstand", "State", Word} }
func payments() Column  { return Column{"Betalinger", "Payments", Count} }
func amount() Column    { return Column{"Beløb DKK", "Amount DKK", Money} }
func ref() Column       { return Column{"Reference", "Reference", Reference} }

// Reports is every report that there is.
func Reports() []Report {
	return []Report{
		{Name: "day", Danish: "Daglig afstemning", English: "Daily reconciliation", Summary: "what came in and what became of it, and what is settled, by authority, agreement and bank centre",
			ByDay: "on which it came, or on which the recipients have it", query: daySQL,
			Columns: []Column{{"Side", "Side", Word}, authority(), agreement(), bank(), state(), payments(), amount(), ref()}},
		{Name: "returns", Danish: "Returneringer efter årsag", English: "Returns by reason", Summary: "what will not reach its recipient, by reason",
			ByDay: "on which it became known", query: returnsSQL,
			Columns: []Column{authority(), bank(), {"Art", "Kind", Word}, {"Kode", "Code", Text}, {"Tekst", "Text", Text}, payments(), amount(), ref()}},
		{Name: "cheques", Danish: "Bankchecks", English: "Cheques", Summary: "what was ordered as a cheque, and where it stands", ByDay: "on which they execute", query: chequesSQL,
			Columns: []Column{authority(), agreement(), bank(), {"Udføres", "Executes on", Day}, state(), payments(), amount(), ref()}},
		{Name: "waiting", Danish: "Afventende betalinger", English: "Waiting payments", Summary: "what waits for its release or is held", ByDay: "for which they are planned", query: waitingSQL,
			Columns: []Column{authority(), agreement(), bank(), {"Planlagt", "Planned for", Day}, state(), payments(), amount(), ref()}},
		{Name: "late", Danish: "Forsinkede svar", English: "Late answers", Summary: "answers that are owed for too long, and those that nobody has fetched", query: lateSQL,
			Columns: []Column{{"Hvad", "What", Word}, {"Dataleverandør", "Data supplier", Text}, authority(), {"Svar", "Answer", Text}, {"Siden", "Since", Minute},
				{"Antal", "Number", Count}, ref()}},
		{Name: "settlement", Danish: "Afregningsliste", English: "Settlement list", Summary: "what went to which bank for which day by which agreement, with control numbers",
			ByDay: "on which the recipients have it", query: settlementSQL,
			Columns: []Column{bank(), {"Udføres", "Executes on", Day}, authority(), agreement(), {"Kontrolnummer", "Control number", Text}, {"Fil", "File", Word}, {"CONTRL", "CONTRL", Word},
				payments(), amount(), ref()}},
		{Name: "ageing", Danish: "Aldersfordeling", English: "Ageing", Summary: "how many days what is not at its end has been there", query: ageingSQL,
			Columns: []Column{authority(), state(), {"Dage", "Days", Text}, payments(), amount(), ref()}},
		{Name: "foretold", Danish: "Varslet og ikke holdt", English: "Foretold and not kept", Summary: "whose money is there on another day than receipt 1 foretold, and why",
			ByDay: "that was foretold", query: foretoldSQL,
			Columns: []Column{authority(), agreement(), bank(), {"Varslet", "Foretold", Day}, {"På konto", "On account", Day}, {"Årsag", "Reason", Word}, payments(), amount(), ref()}},
		{Name: "control", Danish: "Kontrolliste", English: "Control list", Summary: "of each bundle what was received, refused, released and returned", ByDay: "on which it came, or something of it happened",
			query: controlSQL, Columns: []Column{{"Dataleverandør", "Data supplier", Text}, authority(), {"Bundt", "Bundle", Text}, {"Modtaget", "Received at", Minute},
				{"Modtaget antal", "Received", Count}, {"Modtaget DKK", "Received DKK", Money}, {"Afvist antal", "Refused", Count}, {"Afvist DKK", "Refused DKK", Money},
				{"Frigivet antal", "Released", Count}, {"Frigivet DKK", "Released DKK", Money}, {"Returneret antal", "Returned", Count}, {"Returneret DKK", "Returned DKK", Money}, ref()}},
		{Name: "effect", Danish: "Ændrede konti", English: "Changed accounts", Summary: "orders to accounts that have changed by the day on which they execute, and what was done", ByDay: "on which they were found",
			query: effectSQL, Columns: []Column{{"Fundet", "Found at", Minute}, authority(), agreement(), bank(), {"Betaling", "Payment", Count}, {"Gammel konto", "Old account", Text},
				{"Virkning fra", "In effect from", Day}, {"Udføres", "Executes on", Day}, {"Gjort", "Done", Word}, amount(), ref()}},
		{Name: "recalls", Danish: "Tilbagekaldelser", English: "Recalls", Summary: "the payments that banks were asked to give back, what they answered, and what came back", ByDay: "on which it was asked or answered",
			query: recallsSQL, Columns: []Column{authority(), {"Betaling", "Payment", Text}, {"EndToEndId", "EndToEndId", Text}, bank(), {"Spurgt", "Asked at", Minute}, amount(),
				{"Svar", "Answer", Word}, {"Bankens tekst", "The bank's text", Text}, {"Besvaret", "Answered on", Day}, {"Kommet retur DKK", "Came back DKK", Money}, ref()}},
		{Name: "setoffs", Danish: "Modregninger", English: "Set-offs", Summary: "what was taken of payments for creditors' claims, where it stands, and what remains of the claims", ByDay: "on which it was taken",
			query: setOffsSQL, Columns: []Column{{"Kreditor", "Creditor", Text}, {"Krav", "Claim", Text}, authority(), {"Bundt", "Bundle", Text}, {"Modregnet", "Set off on", Day},
				{"EndToEndId", "EndToEndId", Text}, state(), payments(), amount(), {"Heraf hos kreditor DKK", "Of it the creditor's DKK", Money}, {"Rest af krav DKK", "Left of the claim DKK", Money}, ref()}},
		{Name: "accounts", Danish: "Konti", English: "Accounts", Summary: "what each account of the ledger stood at before a day, what came in and went out, and what is certified of it",
			ByDay: "that is booked", query: accountsSQL, Columns: []Column{{"Dag", "Day", Day}, authority(), agreement(), bank(), {"Konto", "Account", Word}, {"Primo DKK", "Opening DKK", Money},
				{"Til DKK", "In DKK", Money}, {"Fra DKK", "Out DKK", Money}, {"Ultimo DKK", "Closing DKK", Money}, {"Attest", "Certificate", Word}, {"Årsager", "Reasons", Text},
				{"Fakta", "Facts", Facts}}},
	}
}
