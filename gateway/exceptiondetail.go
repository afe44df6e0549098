package gateway

import (
	"encoding/json"
	"fmt"
	"slices"
)

// DetailCode names what an exception says beyond its kind.
type DetailCode string

// Details of exceptions.
const (
	DetailTechnical            DetailCode = "technical" // a program's own words, in English
	DetailFailed               DetailCode = "failed"
	DetailUnreadable           DetailCode = "unreadable"
	DetailUnproven             DetailCode = "unproven"
	DetailHeldOverlap          DetailCode = "held_overlap"
	DetailHeldDiffers          DetailCode = "held_differs"
	DetailWaitAnew             DetailCode = "wait_anew"
	DetailNotInForce           DetailCode = "not_in_force"
	DetailOtherBytes           DetailCode = "other_bytes"
	DetailTooBig               DetailCode = "too_big"
	DetailAnswerInMailbox      DetailCode = "answer_in_mailbox"
	DetailFileUnknown          DetailCode = "file_unknown"
	DetailNoContrl             DetailCode = "no_contrl"
	DetailContrlAction         DetailCode = "contrl_action"
	DetailContrlReject         DetailCode = "contrl_reject"
	DetailAcceptedAfter        DetailCode = "accepted_after_reject"
	DetailNameCameBefore       DetailCode = "name_came_before"
	DetailNumberCameBefore     DetailCode = "number_came_before"
	DetailMessageType          DetailCode = "message_type"
	DetailMoreStatuses         DetailCode = "more_statuses"
	DetailNothingOfOurs        DetailCode = "nothing_of_ours"
	DetailDropped              DetailCode = "dropped"
	DetailDroppedPayment       DetailCode = "dropped_payment"
	DetailPlaceNotOurs         DetailCode = "place_not_ours"
	DetailReferenceNotOurs     DetailCode = "reference_not_ours"
	DetailDifferentLines       DetailCode = "different_lines"
	DetailDifferentOrders      DetailCode = "different_orders"
	DetailExecutedBefore       DetailCode = "executed_before"
	DetailRejectedBefore       DetailCode = "rejected_before"
	DetailRejectsAccepted      DetailCode = "rejects_accepted"
	DetailDuplicate            DetailCode = "duplicate"
	DetailOtherAmount          DetailCode = "other_amount"
	DetailPaysAgain            DetailCode = "pays_again"
	DetailMorePayAgain         DetailCode = "more_pay_again"
	DetailFileTooLarge         DetailCode = "file_too_large"
	DetailMoreFiles            DetailCode = "more_files"
	DetailSetAside             DetailCode = "set_aside"
	DetailUnclear              DetailCode = "unclear"
	DetailMoreUnclear          DetailCode = "more_unclear"
	DetailMoreMessages         DetailCode = "more_messages"
	DetailUnsent               DetailCode = "unsent"
	DetailDoubted              DetailCode = "doubted"
	DetailNoStatus             DetailCode = "no_status"
	DetailNoDebit              DetailCode = "no_debit"
	DetailNothingSent          DetailCode = "nothing_sent"
	DetailSilentBank           DetailCode = "silent_bank"
	DetailUnheard              DetailCode = "unheard"
	DetailNeverListed          DetailCode = "never_listed"
	DetailLastListed           DetailCode = "last_listed"
	DetailDoubtedBank          DetailCode = "doubted_bank"
	DetailLogLags              DetailCode = "log_lags"
	DetailLogContradicts       DetailCode = "log_contradicts"
	DetailSetBack              DetailCode = "set_back"
	DetailNotTaken             DetailCode = "not_taken"
	DetailSentNotKnown         DetailCode = "sent_not_known"
	DetailReceivedNotKnown     DetailCode = "received_not_known"
	DetailClockApart           DetailCode = "clock_apart"
	DetailTookNothing          DetailCode = "took_nothing"
	DetailCameBackUnpaid       DetailCode = "came_back_unpaid"
	DetailUnmatched            DetailCode = "unmatched"
	DetailMorePostings         DetailCode = "more_postings"
	DetailDebitDiffers         DetailCode = "debit_differs"
	DetailNotInStatement       DetailCode = "not_in_statement"
	DetailStatementEntries     DetailCode = "statement_entries"
	DetailStatementOpening     DetailCode = "statement_opening"
	DetailStatementHole        DetailCode = "statement_hole"
	DetailPostingContradicts   DetailCode = "posting_contradicts"
	DetailStatementContradicts DetailCode = "statement_contradicts"
	DetailFailedAgain          DetailCode = "failed_again"
	DetailAccountChanged       DetailCode = "account_changed"
	DetailNightHold            DetailCode = "night_hold"
	DetailOverPayment          DetailCode = "over_payment"
	DetailOverBundle           DetailCode = "over_bundle"
	DetailOverDay              DetailCode = "over_day"
	DetailOverHistorySum       DetailCode = "over_history_sum"
	DetailOverHistoryMean      DetailCode = "over_history_mean"
	DetailOverHistoryMost      DetailCode = "over_history_most"
	DetailNoRecall             DetailCode = "no_recall"
	DetailRecallRefused        DetailCode = "recall_refused"
	DetailRecallFailed         DetailCode = "recall_failed"
	DetailRecallContradicts    DetailCode = "recall_contradicts"
	DetailInquiryLate          DetailCode = "inquiry_late"
	DetailLineDown             DetailCode = "line_down"
	DetailLineNeverGood        DetailCode = "line_never_good"
	DetailKeyExpires           DetailCode = "key_expires"
	DetailKeyExpired           DetailCode = "key_expired"
	DetailLetterUnsent         DetailCode = "letter_unsent"
)

// DetailText is a detail in both languages; a %[n]s stands for its nth argument.
type DetailText struct {
	Code            DetailCode
	Danish, English string
}

// DetailTexts is every detail that the flow gives.
func DetailTexts() []DetailText {
	return []DetailText{
		{DetailTechnical, "Programmets egne ord: %[1]s", "%[1]s"},
		{DetailFailed, "Det mislykkes, og prøves igen: %[1]s", "it fails, and is tried again: %[1]s"},
		{DetailUnreadable, "Filen er lagt til side: %[1]s", "it was parked: %[1]s"},
		{DetailUnproven, "Filen er lagt til side og ikke besvaret: %[1]s", "it was parked, and not answered: %[1]s"},
		{DetailHeldOverlap, "Betaling %[1]s: registret har to konti i kraft til samme formål, eller modtageren to gange; den venter i gruppe %[2]s",
			"payment %[1]s: the register has two accounts in force for one purpose, or its holder twice; it waits in group %[2]s"},
		{DetailHeldDiffers, "Betaling %[1]s: reglen og dens kontrolberegning vælger forskellige konti ud fra de samme oplysninger; den venter i gruppe %[2]s",
			"payment %[1]s: the rule and its second computation choose different accounts from the same facts; it waits in group %[2]s"},
		{DetailWaitAnew, "%[1]s betalinger fra filen, som er annulleret, venter: registret har to konti i kraft til samme formål, eller modtageren to gange",
			"%[1]s payments of the interchange, which is void, wait: the register has two accounts in force for one purpose, or their holder twice"},
		{DetailFailedAgain, "Det, som myndigheden har valgt, er bestilt og heller ikke gennemført; pengene er hos myndigheden",
			"what the authority has chosen was ordered, and has failed as well; the money is with the authority"},
		{DetailAccountChanged, "%[4]s udfører betalingen den %[2]s til konto %[1]s, som fra den %[3]s ikke er modtagerens mere",
			"%[4]s executes the payment on %[2]s to account %[1]s, which from %[3]s on is not its recipient's any more"},
		{DetailNotInForce, "Aftale %[1]s er ikke i kraft den %[2]s, hvor betalingerne skulle udføres; %[3]s betalinger, %[4]s øre, venter",
			"agreement %[1]s is not in force on %[2]s, when the payments would be executed; %[3]s payments, %[4]s øre, wait"},
		{DetailNightHold, "Natkontrol %[1]s holder %[2]s tilbage: %[3]s betalinger, %[4]s øre, venter", "night control %[1]s holds %[2]s: %[3]s payments, %[4]s øre, wait"},
		{DetailOverPayment, "Sag %[1]s: den største betaling er %[5]s øre, og grænsen er %[6]s øre; %[2]s, i alt %[3]s betalinger, %[4]s øre, venter på to personer",
			"case %[1]s: the largest payment is %[5]s øre, and the limit is %[6]s øre; %[2]s, %[3]s payments, %[4]s øre in all, wait for two persons"},
		{DetailOverBundle, "Sag %[1]s: et bundt er på %[5]s øre, og grænsen er %[6]s øre; %[2]s, i alt %[3]s betalinger, %[4]s øre, venter på to personer",
			"case %[1]s: a bundle has %[5]s øre, and the limit is %[6]s øre; %[2]s, %[3]s payments, %[4]s øre in all, wait for two persons"},
		{DetailOverDay, "Sag %[1]s: dagens sum bliver %[5]s øre, og grænsen er %[6]s øre; %[2]s, i alt %[3]s betalinger, %[4]s øre, venter på to personer",
			"case %[1]s: the day's sum would be %[5]s øre, and the limit is %[6]s øre; %[2]s, %[3]s payments, %[4]s øre in all, wait for two persons"},
		{DetailOverHistorySum, "Sag %[1]s: dagens sum bliver %[5]s øre, og aftalens seneste dage giver under %[6]s øre; %[2]s, i alt %[3]s betalinger, %[4]s øre, venter på to personer",
			"case %[1]s: the day's sum would be %[5]s øre, and by the agreement's last days less than %[6]s øre; %[2]s, %[3]s payments, %[4]s øre in all, wait for two persons"},
		{DetailOverHistoryMean, "Sag %[1]s: en betaling er i gennemsnit på %[5]s øre, og aftalens seneste dage giver under %[6]s øre; %[2]s, i alt %[3]s betalinger, %[4]s øre, venter på to personer",
			"case %[1]s: the mean payment is %[5]s øre, and by the agreement's last days less than %[6]s øre; %[2]s, %[3]s payments, %[4]s øre in all, wait for two persons"},
		{DetailOverHistoryMost, "Sag %[1]s: den største betaling er %[5]s øre, og aftalens seneste dage giver under %[6]s øre; %[2]s, i alt %[3]s betalinger, %[4]s øre, venter på to personer",
			"case %[1]s: the largest payment is %[5]s øre, and by the agreement's last days less than %[6]s øre; %[2]s, %[3]s payments, %[4]s øre in all, wait for two persons"},
		{DetailLineDown, "Der er ikke forbindelse siden %[1]s; grænsen er %[2]s. Sidst i orden: %[3]s. Programmets egne ord: %[4]s",
			"no connection since %[1]s; the limit is %[2]s. Last good: %[3]s. In the program's words: %[4]s"},
		{DetailLineNeverGood, "Der er ikke forbindelse siden %[1]s, og har ikke været det før; grænsen er %[2]s. Programmets egne ord: %[3]s",
			"no connection since %[1]s, and none before; the limit is %[2]s. In the program's words: %[3]s"},
		{DetailKeyExpires, "Nøglen eller certifikatet (%[1]s %[2]s) udløber %[3]s, om %[4]s dage; det bruges af %[5]s",
			"the key or certificate (%[1]s %[2]s) expires %[3]s, in %[4]s days; it is used by %[5]s"},
		{DetailKeyExpired, "Nøglen eller certifikatet (%[1]s %[2]s) udløb %[3]s; det bruges af %[4]s",
			"the key or certificate (%[1]s %[2]s) expired %[3]s; it is used by %[4]s"},
		{DetailLetterUnsent, "Der er ikke sendt noget brev om aktivering: %[1]s. Den hidtidige konto bruges fortsat", "no letter of an activation is sent: %[1]s. The account before stays in use"},
		{DetailOtherBytes, "Dataleverandør %[1]s sendte andet indhold under denne leverances navn; det blev afvist",
			"supplier %[1]s sent other bytes under this delivery's name; they were refused"},
		{DetailTooBig, "Dataleverandør %[1]s sendte en meddelelse på %[2]s bytes; den er lagt til side", "supplier %[1]s sent a message of %[2]s bytes; it was parked"},
		{DetailAnswerInMailbox, "%[1]s bytes; svaret ligger i stedet i leverandørens postkasse (out/)", "%[1]s bytes; it lies in the supplier's out/ of the mailbox instead"},
		{DetailFileUnknown, "Fil %[1]s: ingen ved, om pengeinstituttet har den; spørg det, og registrér svaret med nks resolve",
			"file %[1]s: nobody knows whether the bank has it; ask the bank, then nks resolve"},
		{DetailContrlAction, "Svaret lyder: %[1]s", "action %[1]s"},
		{DetailContrlReject, "Den afviser en meddelelse, som vi ikke har sendt", "it rejects a message that we have not sent"},
		{DetailAcceptedAfter, "Pengeinstituttet har tidligere afvist filen og godkender den nu", "the bank has rejected the interchange before, and now accepts it"},
		{DetailNameCameBefore, "Navnet er brugt før med andet indhold; begge filer er gemt", "its name came before with other bytes; both are kept"},
		{DetailNumberCameBefore, "Nummer %[1]s er kommet før med andet indhold, i fil %[2]s", "interchange %[1]s came before with other bytes, in file %[2]s"},
		{DetailMessageType, "Meddelelsestype %[1]s", "message type %[1]s"},
		{DetailMoreStatuses, "Yderligere %[1]s statusser", "%[1]s more statuses"},
		{DetailNothingOfOurs, "Den handler ikke om noget af vores", "nothing of ours"},
		{DetailDropped, "Den handler om noget fra en måned, som er slettet", "it is of a month that is dropped"},
		{DetailDroppedPayment, "Den handler om betaling %[1]s fra en måned, som er slettet", "payment %[1]s is of a month that is dropped"},
		{DetailPlaceNotOurs, "Referencen er vores, stedet er ikke", "the reference is ours, the place is not"},
		{DetailReferenceNotOurs, "Stedet er vores, referencen er ikke", "the place is ours, the reference is not"},
		{DetailDifferentLines, "Sted og reference er forskellige linjer", "place and reference name different lines"},
		{DetailDifferentOrders, "Sted og reference er forskellige betalinger", "place and reference name different payments"},
		{DetailExecutedBefore, "Pengeinstituttet har tidligere meldt den udført", "the bank has called it executed before, and now rejects it"},
		{DetailRejectedBefore, "Pengeinstituttet har tidligere afvist den", "the bank has rejected it before, and now calls it executed"},
		{DetailRejectsAccepted, "Pengeinstituttet har tidligere godkendt den og afviser den nu", "the bank has accepted it before, and now rejects it"},
		{DetailDuplicate, "Pengeinstituttet afviser den, fordi det har en fil med det nummer; hvad der blev af den første, vides ikke deraf",
			"the bank refuses it because it has a file of that number: what became of the first is not known by that"},
		{DetailOtherAmount, "Pengeinstituttet nævner et andet beløb end det afsendte", "the bank names another amount than it was sent"},
		{DetailCameBackUnpaid, "Pengeinstituttet har tidligere afvist den, og nu kommer der penge tilbage", "the bank has rejected it before, and now money of it comes back"},
		{DetailUnmatched, "Postering den %[1]s på konto %[2]s: %[3]s øre, heraf %[4]s uden forbindelse til en betaling (%[5]s). Se nks postings; to personer afgør den",
			"posted on %[1]s on account %[2]s: %[3]s øre, %[4]s of them about no payment that is known (%[5]s). See nks postings; two persons decide it"},
		{DetailMorePostings, "Yderligere %[1]s posteringer uden forbindelse til en betaling", "%[1]s more postings about no payment that is known"},
		{DetailDebitDiffers, "Pengeinstituttet har hævet %[1]s øre for linjen; %[2]s øre skulle hæves", "the bank has debited %[1]s øre for the line; %[2]s øre are due"},
		{DetailNotInStatement, "Postering den %[1]s på konto %[2]s: %[3]s øre står i intet kontoudtog", "posted on %[1]s on account %[2]s: %[3]s øre stand in no statement"},
		{DetailStatementEntries, "Kontoudtog %[1]s af %[2]s for konto %[3]s: primosaldo og posteringer giver ikke ultimosaldoen",
			"statement %[1]s of %[2]s of account %[3]s: opening balance and entries do not make the closing balance"},
		{DetailStatementOpening, "Kontoudtog %[1]s af %[2]s for konto %[3]s: primosaldoen er ikke den forrige ultimosaldo",
			"statement %[1]s of %[2]s of account %[3]s: its opening balance is not the closing balance before"},
		{DetailStatementHole, "Kontoudtog %[1]s af %[2]s for konto %[3]s: der mangler et nummer før det", "statement %[1]s of %[2]s of account %[3]s: a number before it is missing"},
		{DetailPostingContradicts, "Posteringens reference er kommet før med en anden dag, et andet beløb eller andre dele; den første gælder",
			"its reference came before with another day, amount or parts; the first counts"},
		{DetailStatementContradicts, "Kontoudtogets nummer er kommet før med andet indhold; det første gælder", "its number came before with other content; the first counts"},
		{DetailFileTooLarge, "En fil fra pengeinstituttet er større end det, der hentes; den ligger i pengeinstituttets postkasse og bliver ikke læst",
			"a file of the bank is larger than is fetched; it stays in the bank's mailbox and is not heard"},
		{DetailMoreFiles, "Det samme er sket for flere af pengeinstituttets filer end de %[1]s, der har hver sin undtagelse; her tælles, hvor mange gange",
			"the same has happened to more files of the bank than the %[1]s that have an exception each; this counts how often"},
		{DetailSetAside, "Den er lagt til side: %[1]s", "it is set aside: %[1]s"},
		{DetailLogLags, "%[1]s poster venter på deres plads, den ældste i %[2]s", "%[1]s entries wait for their place, the oldest since %[2]s"},
		{DetailLogContradicts, "Loggen modsiger det, der er skrevet under: %[1]s", "the log contradicts what was signed: %[1]s"},
		{DetailNotTaken, "Det står i journalen og kunne ikke tages ind (%[1]s): %[2]s", "the journal has it, and it could not be taken in (%[1]s): %[2]s"},
		{DetailSentNotKnown, "Hvad der er sendt til banken efter %[1]s, vides ikke; intet frigives eller sendes til den. Fra nummer %[2]s til %[3]s kan være brugt",
			"what the bank was sent after %[1]s is not known; nothing is released or sent to it. Numbers %[2]s to %[3]s may have been used"},
		{DetailReceivedNotKnown, "Hvad leverandøren har afleveret efter %[1]s, vides ikke; det skal afleveres igen", "what the supplier delivered after %[1]s is not known; it must be sent again"},
		{DetailSetBack, "Intet frigives, sendes eller afgøres: %[1]s", "nothing is released, sent or decided: %[1]s"},
		{DetailClockApart, "Maskinens ur er %[1]s foran databasens (med minus: bagud), tilladt er %[2]s; maskinen afgør intet, før det er rettet",
			"the machine's clock is %[1]s ahead of the database's (negative: behind), and may be %[2]s; the node judges nothing until it is mended"},
		{DetailTookNothing, "Databasen tog ikke imod i %[1]s, til nu: %[2]s", "the database took nothing for %[1]s, until now: %[2]s"},
		{DetailUnclear, "Ingen ved, hvad det betyder: %[1]s", "nobody knows what it means: %[1]s"},
		{DetailMoreUnclear, "Yderligere %[1]s statusser, som ingen ved, hvad betyder", "%[1]s more statuses of which nobody knows what they mean"},
		{DetailMoreMessages, "Yderligere %[1]s meddelelser af ukendt type", "%[1]s more messages of unknown types"},
		{DetailNoContrl, "%[1]s har ikke svaret med CONTRL; fil %[2]s venter siden %[3]s: %[4]s betalinger, %[5]s øre",
			"bank %[1]s has not answered by CONTRL; file %[2]s waits since %[3]s: %[4]s payments, %[5]s øre"},
		{DetailNoRecall, "%[1]s har ikke svaret på en tilbagekaldelse; fil %[2]s venter siden %[3]s: %[4]s betalinger, %[5]s øre",
			"bank %[1]s has not answered a recall; file %[2]s waits since %[3]s: %[4]s payments, %[5]s øre"},
		{DetailRecallRefused, "%[1]s giver ikke betalingen tilbage: %[2]s", "bank %[1]s does not give the payment back: %[2]s"},
		{DetailRecallFailed, "%[1]s har afvist filen med tilbagekaldelsen, uden at nogen har taget stilling til den: %[2]s",
			"bank %[1]s has rejected the file with the recall, and nobody there has judged it: %[2]s"},
		{DetailRecallContradicts, "%[1]s har svaret på tilbagekaldelsen før, og svarer nu: %[2]s; det første gælder",
			"bank %[1]s has answered the recall before, and answers now: %[2]s; the first counts"},
		{DetailInquiryLate, "forespørgsel %[1]s er åben siden %[2]s, og skulle være afsluttet %[3]s", "inquiry %[1]s is open since %[2]s, and was to be closed by %[3]s"},
		{DetailUnsent, "%[1]s har ikke fået filen i tide; fil %[2]s venter siden %[3]s: %[4]s betalinger, %[5]s øre",
			"bank %[1]s has not got it in time; file %[2]s waits since %[3]s: %[4]s payments, %[5]s øre"},
		{DetailDoubted, "%[1]s har skrevet noget om den, som ikke er afgjort; fil %[2]s venter siden %[3]s: %[4]s betalinger, %[5]s øre",
			"bank %[1]s has laid out something about it that is not decided; file %[2]s waits since %[3]s: %[4]s payments, %[5]s øre"},
		{DetailNoStatus, "%[1]s har ikke meldt, hvad der er udført; fil %[2]s venter siden %[3]s: %[4]s betalinger, %[5]s øre",
			"bank %[1]s has not told what it has executed; file %[2]s waits since %[3]s: %[4]s payments, %[5]s øre"},
		{DetailNoDebit, "%[1]s har ikke meldt, at det udførte er hævet; fil %[2]s er udført siden %[3]s: %[4]s betalinger, %[5]s øre",
			"bank %[1]s has told of no debit for what is executed; file %[2]s is executed since %[3]s: %[4]s payments, %[5]s øre"},
		{DetailNothingSent, "%[1]s kan ikke få noget afleveret; %[2]s filer venter siden %[3]s: %[4]s betalinger, %[5]s øre",
			"bank %[1]s cannot be handed anything; %[2]s files wait since %[3]s: %[4]s payments, %[5]s øre"},
		{DetailSilentBank, "%[1]s har ikke lagt noget frem siden; %[2]s filer venter siden %[3]s: %[4]s betalinger, %[5]s øre",
			"bank %[1]s has laid out nothing since; %[2]s files wait since %[3]s: %[4]s payments, %[5]s øre"},
		{DetailUnheard, "%[1]s har lagt en fil frem, som ikke er læst; %[2]s filer venter siden %[3]s: %[4]s betalinger, %[5]s øre",
			"bank %[1]s has laid out a file that is not heard; %[2]s files wait since %[3]s: %[4]s payments, %[5]s øre"},
		{DetailNeverListed, "%[1]s har en postkasse, som aldrig er set igennem og hentet helt; %[2]s filer venter siden %[3]s: %[4]s betalinger, %[5]s øre",
			"bank %[1]s has a mailbox that was never listed and fetched whole; %[2]s files wait since %[3]s: %[4]s payments, %[5]s øre"},
		{DetailLastListed, "%[1]s har en postkasse, som sidst er set igennem og hentet helt %[6]s; %[2]s filer venter siden %[3]s: %[4]s betalinger, %[5]s øre",
			"bank %[1]s has a mailbox that was last listed and fetched whole at %[6]s; %[2]s files wait since %[3]s: %[4]s payments, %[5]s øre"},
		{DetailDoubtedBank, "%[1]s har lagt noget frem, som ikke er afgjort og kan angå enhver betaling; %[2]s filer venter siden %[3]s: %[4]s betalinger, %[5]s øre",
			"bank %[1]s has laid out something that is not decided and may concern any payment; %[2]s files wait since %[3]s: %[4]s payments, %[5]s øre"},
		{DetailMorePayAgain, "Flere end %[1]s betalinger udbetaler måske igen, hvad pengeinstituttet kan have udbetalt; de øvrige er ikke holdt tilbage",
			"more than %[1]s payments may pay again what the bank may have paid; the others are not held"},
		{DetailPaysAgain, "Den udbetaler måske igen betaling %[1]s, som pengeinstituttet kan have udbetalt", "it may pay again payment %[1]s, which the bank may have paid"},
	}
}

// ExceptionDetail is what an exception says beyond its kind, in any language. It names no citizen.
type ExceptionDetail struct {
	Code DetailCode
	Args DetailArgs
}

// DetailArgs are a detail's arguments; a database gives them as a JSON array of texts.
type DetailArgs []string

// Scan reads what a database gives.
func (a *DetailArgs) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("arguments of a detail come as %T", src)
	}
	return json.Unmarshal([]byte(text), a)
}

// With is the detail with its arguments.
func (c DetailCode) With(args ...any) ExceptionDetail {
	d := ExceptionDetail{Code: c}
	for _, a := range args {
		d.Args = append(d.Args, fmt.Sprint(a))
	}
	return d
}

// DetailOf is the detail that an English text without arguments is; another text is technical.
func DetailOf(english string) ExceptionDetail {
	for _, t := range DetailTexts() {
		if t.English == english {
			return ExceptionDetail{Code: t.Code}
		}
	}
	return DetailTechnical.With(english)
}

// English is the detail for people and logs.
func (d ExceptionDetail) English() string {
	return d.text(func(t DetailText) string { return t.English })
}

// Danish is the detail for people.
func (d ExceptionDetail) Danish() string {
	return d.text(func(t DetailText) string { return t.Danish })
}

// text fills a text in; a code that this version does not know shows itself with its arguments.
func (d ExceptionDetail) text(in func(DetailText) string) string {
	all := DetailTexts()
	args := make([]any, len(d.Args))
	for i, a := range d.Args {
		args[i] = a
	}
	i := slices.IndexFunc(all, func(t DetailText) bool { return t.Code == d.Code })
	switch {
	case i < 0:
		return fmt.Sprint(append([]any{d.Code}, args...)...)
	case len(args) == 0:
		return in(all[i])
	}
	return fmt.Sprintf(in(all[i]), args...)
}
