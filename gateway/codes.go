package gateway

// Level says in which document a code stands and what it stops.
type Level string

// Levels, from the outermost in.
const (
	LevelDocument Level = "receipt 0" // the whole document cannot be read
	LevelBundle   Level = "receipt 1" // the whole bundle is refused
	LevelDebit    Level = "debit"     // response 2: every payment of a debit block
	LevelPayment  Level = "payment"   // response 2: one payment
	LevelBank     Level = "bank"      // responses 7 and 9
)

// Code is the reason of a rejection as the authority reads it in StsRsn or errorCode.
type Code string

// Codes of the official documents, used for exactly their meaning, and our own from 901 and 9001.
const (
	CodeBadXML            Code = "5199"
	CodeTooOld            Code = "1"
	CodeControlSum        Code = "901"
	CodeCount             Code = "902"
	CodeGrouping          Code = "903"
	CodeDuplicateBundle   Code = "904"
	CodeUnknownParty      Code = "905"
	CodeInstruction       Code = "906"
	CodeWrongSender       Code = "907"
	CodeWrongEnvironment  Code = "908"
	CodeBundleLimit       Code = "909"
	CodeNotConnected      Code = "910"
	CodeExecutionDate     Code = "0002"
	CodeUnknownAgreement  Code = "9001"
	CodeAgreementExpired  Code = "9002"
	CodeForeignAgreement  Code = "9003"
	CodeDebitAccount      Code = "9004"
	CodePaymentMethod     Code = "9005"
	CodeDuplicatePayment  Code = "9006"
	CodeEndToEndID        Code = "9007"
	CodeCharacters        Code = "9008"
	CodeAmountZero        Code = "9009"
	CodeAmountFraction    Code = "9010"
	CodeAmountTooLarge    Code = "9011"
	CodeCurrency          Code = "9012"
	CodeUnknownRecipient  Code = "0009"
	CodeRecipientFormat   Code = "9013"
	CodeRecipientCeased   Code = "9014"
	CodeBenefitType       Code = "9015"
	CodeAccount           Code = "0025"
	CodeSlip              Code = "9016"
	CodeForeignBank       Code = "9017"
	CodeAccountUnexpected Code = "9018"
	CodeChargeBearer      Code = "9019"
	CodeNoAccount         Code = "RJCT"
	CodeBankReject        Code = "0001"
)

// CodeText is one line of docs/codes.md.
type CodeText struct {
	Code     Code
	Level    Level
	Official bool // the code and its text stand in the official documents
	Danish   string
	English  string
	Rule     string
}

// Codes is every code in the order in which errors are told: of several in one payment, the first here counts.
func Codes() []CodeText {
	return []CodeText{
		{CodeBadXML, LevelDocument, true, "(stedet, værdien og reglen)", "(the place, the value and the rule)", "Not well-formed XML, or not the schema."},
		{CodeWrongSender, LevelBundle, false, "Afsender svarer ikke til den tilsluttede dataleverandør", "The sender is not the data supplier that is logged in", "First From/PartyId = the login of the door."},
		{CodeWrongEnvironment, LevelBundle, false, "Modtager er et andet miljø", "Addressed to another environment", "First To/PartyId is a name of this gateway (identity.name, or identity.addressed_as): NKS, or as a rule NKSTEST in test."},
		{CodeUnknownParty, LevelBundle, false, "Ukendt dataleverandør eller myndighed", "Unknown data supplier and authority pair", "An agreement names the pair. // B33.1"},
		{CodeNotConnected, LevelBundle, false, "Myndigheden er ikke i drift med et udbetalingssystem hos dataleverandøren", "No payout system of the data supplier is live for the authority", "In production a payout system of the data supplier is live or connected for the authority, with the right to payments. // B33.1-6"},
		{CodeDuplicateBundle, LevelBundle, false, "Bundtet er modtaget tidligere", "The bundle was received before", "GrpId is unique per authority and data supplier; the same bytes are the same bundle."},
		{CodeInstruction, LevelBundle, false, "Ukendt instruktion til NKS", "Unknown instruction to NKS", "InstrNks is NOCDTRACCT with RETUR, or absent."},
		{CodeControlSum, LevelBundle, false, "Kontrolsum stemmer ikke", "The control sum differs", "CtrlSum = the sum of all amounts, in the same scale."},
		{CodeCount, LevelBundle, false, "Antal betalinger stemmer ikke", "The number of payments differs", "NbOfTxs = the number of PmtTx."},
		{CodeGrouping, LevelBundle, false, "Gruppering stemmer ikke med antal debiteringer", "The grouping flag and the debit blocks disagree", "Grpg true: one PmtInf. false: one PmtTx in each PmtInf."},
		{CodeTooOld, LevelBundle, true, "Udbetalingsdato er ældre end 5 dage", "The execution date is more than 5 days old", "ReqdExctnDt at most 5 calendar days before the day of receipt."},
		{CodeBundleLimit, LevelBundle, false, "Bundtet er for stort", "The bundle is too large", "Limits of the configuration: payments per bundle, debit groups per bundle."},

		{CodeExecutionDate, LevelDebit, true, "INVALID BETALINGSDATO", "Invalid payment date", "ReqdExctnDt at most 365 days ahead."},
		{CodePaymentMethod, LevelDebit, false, "UKENDT BETALINGSMETODE", "Unknown payment method", "PmtMtdByFrstAgt is TRF; LclInstrm is IBK, UBB or absent."},
		{CodeUnknownAgreement, LevelDebit, false, "UKENDT PENGEINSTITUTAFTALENUMMER", "Unknown bank agreement number", "// G-agreement"},
		{CodeForeignAgreement, LevelDebit, false, "PENGEINSTITUTAFTALENUMMER TILHØRER EN ANDEN MYNDIGHED", "Another authority's bank agreement number", "// G-agreement"},
		{CodeAgreementExpired, LevelDebit, false, "PENGEINSTITUTAFTALE ER IKKE I KRAFT", "The bank agreement is not in force", "// G-agreement"},
		{CodeDebitAccount, LevelDebit, false, "UDBETALINGSKONTO HØRER IKKE TIL AFTALEN", "The debit account is not one of the agreement", "DbtrAcct is a payout account of the agreement."},

		{CodeEndToEndID, LevelPayment, false, "INVALID ENDTOENDID", "Invalid EndToEndId", "1-27 printable ISO 8859-1 characters, no blank at either end."},
		{CodeDuplicatePayment, LevelPayment, false, "ENDTOENDID ER BRUGT TIDLIGERE", "The EndToEndId was used before", "Unique for ever per authority and data supplier."},
		{CodeCurrency, LevelPayment, false, "INVALID VALUTA", "Invalid currency", "The amount to debit is DKK; the currency of transfer is three letters."},
		{CodeAmountZero, LevelPayment, false, "BELØB SKAL VÆRE STØRRE END NUL", "The amount must be greater than zero", "Amount > 0."},
		{CodeAmountFraction, LevelPayment, false, "BELØB HAR BRØKDELE AF ØRE", "The amount has fractions of an øre", "Three implied decimals: divisible by 10."},
		{CodeAmountTooLarge, LevelPayment, false, "BELØB ER FOR STORT", "The amount is too large", "At most 10^12 in the document's scale."},
		{CodeCharacters, LevelPayment, false, "INVALIDE TEGN", "Characters that cannot be sent to a bank", "No control characters in names and texts."},
		{CodeRecipientFormat, LevelPayment, false, "INVALIDT MODTAGERNUMMER", "Invalid recipient number", "CPR 10 digits, CVR and SE 8, P 10."},
		{CodeUnknownRecipient, LevelPayment, true, "MODTAGER KAN IKKE IDENTIFICERES", "The recipient cannot be identified", "An incomplete payment's recipient exists in the register. // G-ident"},
		{CodeRecipientCeased, LevelPayment, false, "MODTAGER ER DØD ELLER OPHØRT", "The recipient is dead or has ceased", "The time is over for which the accounts of the dead and ceased stay usable. // B18.3"},
		{CodeBenefitType, LevelPayment, false, "UKENDT YDELSESART", "Unknown benefit type", "A general benefit type or one of the authority's own. // B31"},
		{CodeAccountUnexpected, LevelPayment, false, "UKOMPLET BETALING MED KONTO", "An incomplete payment names an account", "IncompletePaymentIndicator true: no CdtrAcct."},
		{CodeAccount, LevelPayment, true, "INVALID MODTAGER KONTO", "Invalid recipient account", "Registration number 4 + account at most 10 digits; IBAN check digits."},
		{CodeSlip, LevelPayment, false, "INVALIDT INDBETALINGSKORT", "Invalid payment slip", "Card type 04, 15 or 75 with an id of 16 digits, 71 with one of 15, the last a check digit by modulus 10; 01 or 73 without. A giro number of 7 or 8 digits; for 71, 73 and 75 an FI creditor number of 8."},
		{CodeForeignBank, LevelPayment, false, "UDENLANDSK BANK MANGLER", "The foreign bank is missing", "An account abroad without IBAN needs a BIC or a bank code; a bank code has at most 17 characters."},
		{CodeChargeBearer, LevelPayment, false, "UKENDT OMKOSTNINGSBÆRER", "Unknown bearer of the charges", "ChrgBr is BEN, SHA, OUR or absent."},

		{CodeNoAccount, LevelBank, true, TextNoAccountReturned, "No account; the authority has chosen return", "Response 7. // B35-36"},
		{CodeBankReject, LevelBank, true, "(bankens tekst)", "(the bank's text)", "Response 9."},
	}
}

// Texts of response 7.
const (
	TextNoAccountReturned  = "Ingen nemkonto/specifik konto. Myndigheden har valgt betalingen retur"
	TextNoAddressReturned  = "Ingen nemkonto/specifik konto, og adressen til en bankcheck kendes ikke"
	TextNoChequesReturned  = "Ingen nemkonto/specifik konto, og banken sender ikke bankchecks"
	TextEmigratedReturned  = "Modtager er udrejst, og myndigheden har ikke aftalt at bruge udrejstes nemkonti"
	TextNoFallbackReturned = "Ingen låst specifik konto. Ydelsesarten udbetales ikke til nemkonto"
	TextChequeUsed         = "Bankcheck anvendes"
	TextErrorAccountUsed   = "Overføres til myndighedens fejlkonto"
	TextAwaitsAccount      = "Afventer konto til og med " // and the day
	TextAuthorityReturned  = "Ingen nemkonto. Modtager er en myndighed, som ikke får bankcheck"
	TextSetOff             = "Modregnet i krav " // its number, and the amount
	TextSetOffOf           = " af betaling "     // its EndToEndId, and the amount
	TextSetOffEnded        = "Kravet er dækket eller trukket tilbage. Beløbet modregnes ikke"
	TextFailedAgain        = "Heller ikke det, som myndigheden har valgt, kunne gennemføres"
)

// Texts of response 9 about money that came back, and of what was done about what failed.
const (
	TextCameBack  = "Beløb kommet retur: " // and the amount
	TextAtSender  = "Pengene er hos myndigheden"
	TextNoAddress = "Adressen til en bankcheck kendes ikke"
	TextNoCheques = "Banken sender ikke bankchecks"
	TextToAccount = "Overføres til modtagers konto"
	// TextNoChequeToAuthority: the choice is a cheque, and the recipient is an authority. // B28
	TextNoChequeToAuthority = "Modtager er en myndighed, som ikke får bankcheck"
	// TextPartBefore: what came back of the same order before was ordered by the authority's choice, and this is not.
	TextPartBefore = "En tidligere del af samme betaling er behandlet, som myndigheden har valgt"
)

// TextCorrected is what response 8 says of a payment that response 9 may have spoken of before.
const TextCorrected = "Rettelse af tidligere svar: banken har betalingen"

// Texts of response 9, where the bank refuses more than single orders and gives a code alone.
const (
	TextInterchangeRejected = "Interchange afvist af banken, fejlkode "
	TextMessageRejected     = "Meddelelse afvist af banken, fejlkode "
)

// Danish is the text that goes with a code, empty when the text is made at the place (5199, 0001).
func (c Code) Danish() string {
	if c == CodeBadXML || c == CodeBankReject {
		return ""
	}
	for _, t := range Codes() {
		if t.Code == c {
			return t.Danish
		}
	}
	return ""
}

// Rank orders codes as Codes does; a lower rank is told first.
func (c Code) Rank() int {
	for i, t := range Codes() {
		if t.Code == c {
			return i
		}
	}
	return len(Codes())
}
