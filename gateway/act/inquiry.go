package act

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/inquiry"
)

// Kinds of decisions about inquiries: a citizen misses a payment. None of them moves it.
const (
	KindInquiry      = "inquiry"
	KindInquiryStep  = "inquiry-step"
	KindInquiryClose = "inquiry-close"
)

// Parameters of an inquiry.
const (
	inquiryOf  = "inquiry"
	evidenceOf = "evidence"
	stepOf     = "step"
	textOf     = "text"
	outcomeOf  = "outcome"
)

// Inquiry is a case about a payment that a citizen misses.
type Inquiry = inquiry.Inquiry

// Inquiries lists the cases, newest first: those that are open, or all.
func (d *Desk) Inquiries(ctx context.Context, all bool) ([]Inquiry, error) {
	return d.inquiries.List(ctx, all)
}

// Inquiry is one case with all that is known and was done. The log keeps that by has looked, and for what; gateway.ErrNotFound: there is none.
func (d *Desk) Inquiry(ctx context.Context, id int64, by string) (Inquiry, error) {
	return d.inquiries.Show(ctx, id, by)
}

func inquiryKinds() []Kind {
	return []Kind{
		{Name: KindInquiry, Summary: "a citizen misses a payment: a case about it; the reason is the purpose of looking at it", Thing: gateway.ThingPayment,
			Takes:   []Parameter{{Name: paymentOf, Help: "`number` of the payment"}, {Name: evidenceOf, Help: "`where` the question stands, such as a number in the journal of letters"}},
			Example: `decide inquiry --payment 16777217 --evidence "letter 2005-1234" --by "A. Hansen" --why "the recipient misses it, says 4101"`,
			persons: one, find: (*Desk).inquiredPayment, do: openInquiry, again: true},
		{Name: KindInquiryStep, Summary: "what was done about an inquiry: note, asked-bank (its letter is written, and a person sends it), bank-answered or answered", Thing: gateway.ThingInquiry,
			Takes: []Parameter{{Name: inquiryOf, Help: "`number` of the inquiry"}, {Name: stepOf, Help: "`step`: note, asked-bank, bank-answered or answered"},
				{Name: textOf, Help: "`text`: what was noted, or answered; of asked-bank the letter itself stands before it", Optional: true},
				{Name: evidenceOf, Help: "`where` it stands; of bank-answered it must be given", Optional: true}},
			Example: `decide inquiry-step --inquiry 3 --step bank-answered --text "credited 2005-08-12" --evidence "mail of BEC, 2005-08-15" --by "A. Hansen" --why "answer of BEC"`,
			persons: one, find: (*Desk).openInquiries, do: stepInquiry, again: true},
		{Name: KindInquiryClose, Summary: "an inquiry is at its end", Thing: gateway.ThingInquiry,
			Takes: []Parameter{{Name: inquiryOf, Help: "`number` of the inquiry"}, {Name: outcomeOf, Help: "`outcome`: paid, wrong-account, not-paid, came-back or dropped"},
				{Name: textOf, Help: "`text`: what was found"}},
			Example: `decide inquiry-close --inquiry 3 --outcome paid --text "credited on the day; another account of hers" --by "A. Hansen" --why "the recipient knows"`,
			persons: one, find: (*Desk).openInquiries, do: closeInquiry, again: true},
	}
}

// inquiredPayment is the payment that a case is to be opened about.
func (d *Desk) inquiredPayment(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	id, err := numberOf(of.Content, paymentOf)
	if err == nil {
		err = impersonal(of.Content, evidenceOf)
	}
	if err != nil {
		return nil, err
	}
	of.Items = []gateway.DecisionItem{{Thing: gateway.ThingPayment, ID: id}}
	found, err := items(ctx, x, `SELECT p.id, p.authority, NULL AS bank, 'known' AS state FROM unnest($1::bigint[]) AS asked (id) JOIN delivery d ON d.id = delivery_of(asked.id)
		JOIN payment p ON p.month = d.month AND p.id = asked.id`, of, gateway.ThingPayment)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("payment %d: %w", id, gateway.ErrNotFound)
	}
	return found, err
}

// openInquiries is the case that a decision names.
func (d *Desk) openInquiries(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	id, err := numberOf(of.Content, inquiryOf)
	if err == nil {
		err = impersonal(of.Content, textOf, evidenceOf)
	}
	if err == nil && of.Kind == KindInquiryStep {
		_, err = inquiryStepOf(of.Content)
	}
	if err == nil && of.Kind == KindInquiryClose {
		_, err = gateway.ParseInquiryOutcome(of.Content[outcomeOf])
	}
	if err != nil {
		return nil, err
	}
	of.Items = []gateway.DecisionItem{{Thing: gateway.ThingInquiry, ID: id}}
	found, err := items(ctx, x, `SELECT id, authority, NULL AS bank, CASE WHEN inquiry_is_open(id) THEN 'open' ELSE 'closed' END AS state FROM inquiry WHERE id = ANY ($1::bigint[])`,
		of, gateway.ThingInquiry)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("inquiry %d: %w", id, gateway.ErrNotFound)
	}
	return found, err
}

// numberOf is a parameter that is a number of ours.
func numberOf(content map[string]string, name string) (int64, error) {
	id, err := strconv.ParseInt(content[name], 10, 64)
	if err != nil || id < 1 {
		return 0, fmt.Errorf("%s %q must be a number of ours: %w", name, content[name], gateway.ErrIntent)
	}
	return id, nil
}

// impersonal refuses texts that name somebody by number: they stay on record.
func impersonal(content map[string]string, names ...string) error {
	for _, name := range names {
		if looksLikeCPR.MatchString(content[name]) {
			return fmt.Errorf("%s names somebody by CPR number, and stays on record: %w", name, gateway.ErrIntent)
		}
	}
	return nil
}

// inquiryStepOf is the step that a decision notes; of what a bank says it must be on record where it stands.
func inquiryStepOf(content map[string]string) (gateway.InquiryStep, error) {
	step := gateway.InquiryStep(strings.ReplaceAll(content[stepOf], "-", "_"))
	may := []gateway.InquiryStep{gateway.InquiryNote, gateway.InquiryAskedBank, gateway.InquiryBankAnswered, gateway.InquiryAnswered}
	switch {
	case !slices.Contains(may, step):
		return "", fmt.Errorf("step %q must be note, asked-bank, bank-answered or answered: %w", content[stepOf], gateway.ErrIntent)
	case step != gateway.InquiryAskedBank && content[textOf] == "":
		return "", fmt.Errorf("step %s takes a text: %w", content[stepOf], gateway.ErrIntent)
	case step == gateway.InquiryBankAnswered && content[evidenceOf] == "":
		return "", fmt.Errorf("step %s takes evidence: where the bank's answer stands: %w", content[stepOf], gateway.ErrIntent)
	}
	return step, nil
}

func openInquiry(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	id, err := d.inquiries.Open(ctx, x, inquiry.Inquiry{Payment: i.ID, OpenedBy: by.By, Why: by.Why, Evidence: by.Content[evidenceOf], Decision: by.ID})
	switch {
	case errors.Is(err, gateway.ErrLostOwnership):
		return "", notDone("has an inquiry that is open")
	case err != nil:
		return "", err
	case by.ID == 0:
		return "gets an inquiry", nil
	}
	return fmt.Sprintf("has inquiry %d", id), nil
}

func stepInquiry(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	step, err := inquiryStepOf(by.Content)
	if err != nil {
		return "", err
	}
	text := by.Content[textOf]
	if step == gateway.InquiryAskedBank {
		letter, err := d.inquiries.Letter(ctx, x, i.ID)
		if errors.Is(err, gateway.ErrNotFound) {
			return "", notDone("is about a payment that no bank has: nobody can be asked")
		}
		if err != nil {
			return "", err
		}
		text = strings.TrimSpace(letter + "\n" + text)
	}
	err = d.inquiries.Take(ctx, x, i.ID, inquiry.Step{Step: step, By: by.By, Text: text, Evidence: by.Content[evidenceOf], Decision: by.ID})
	return "has the step on record: " + strings.ReplaceAll(string(step), "_", " "), err
}

func closeInquiry(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	outcome, err := gateway.ParseInquiryOutcome(by.Content[outcomeOf])
	if err != nil {
		return "", err
	}
	return "is closed: " + strings.ReplaceAll(string(outcome), "_", " "),
		d.inquiries.Take(ctx, x, i.ID, inquiry.Step{Step: gateway.InquiryClosed, By: by.By, Text: by.Content[textOf], Outcome: outcome, Decision: by.ID})
}
