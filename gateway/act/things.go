package act

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/bank"
)

// Parameters of the kinds of decisions.
const (
	nameOf = "name"
	keyOf  = "key"
)

// lockBanks keeps the lines of the banks where they are that a query gives for ids. It comes before any row is locked, as where
// a bank is heard.
func (d *Desk) lockBanks(ctx context.Context, x *postgres.Session, query string, of gateway.Decision) error {
	var banks []string
	if err := x.SelectContext(ctx, &banks, query, idsOf(of)); err != nil {
		return fmt.Errorf("banks: %w", err)
	}
	return d.bank.LockLines(ctx, x, banks)
}

func idsOf(of gateway.Decision) []int64 {
	ids := make([]int64, 0, len(of.Items))
	for _, i := range of.Items {
		ids = append(ids, i.ID)
	}
	return ids
}

// items reads and locks the things that a query gives for ids: thing, id, authority, bank and state.
func items(ctx context.Context, x *postgres.Session, query string, of gateway.Decision, thing gateway.Thing) ([]gateway.DecisionItem, error) {
	var found []gateway.DecisionItem
	err := x.SelectContext(ctx, &found, `SELECT $2 AS thing, t.id, coalesce(t.authority, '') AS authority, coalesce(t.bank, '') AS bank, t.state, '' AS preview
		FROM (`+query+`) t ORDER BY t.id`, idsOf(of), thing)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", thing, err)
	}
	return found, nil
}

func (d *Desk) interchanges(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	return items(ctx, x, `SELECT i.id, (SELECT a.authority FROM agreement a WHERE a.id = i.agreement_id) AS authority, i.bank, i.state::text AS state
		FROM interchange i WHERE i.id = ANY ($1::bigint[]) ORDER BY i.id FOR UPDATE`, of, gateway.ThingInterchange)
}

func (d *Desk) bankFiles(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	if err := d.lockBanks(ctx, x, `SELECT DISTINCT bank FROM bank_file WHERE id = ANY ($1::bigint[])`, of); err != nil {
		return nil, err
	}
	return items(ctx, x, `SELECT id, NULL AS authority, bank, state::text || CASE WHEN none_of_ours IS NOT NULL THEN ', concerns none of ours' ELSE '' END AS state
		FROM bank_file WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE`, of, gateway.ThingBankFile)
}

func (d *Desk) deliveries(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	return items(ctx, x, `SELECT id, authority, NULL AS bank, state::text || CASE WHEN set_aside_at IS NOT NULL THEN ', set aside' ELSE '' END AS state
		FROM delivery WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE`, of, gateway.ThingDelivery)
}

// States of an exception: whether anything waits, and whether what it was raised for is still so.
const (
	harmless      = "open, nothing waits for it"
	over          = "open, its cause is over or cannot be seen from here"
	stands        = "open, its cause stands"
	unknownStands = "open, nobody knows whether the bank has the file"
)

// stillSo says of exception e whether what it was raised for can be seen to be so still.
const stillSo = `CASE
	WHEN e.kind = '` + string(gateway.DeliveryFails) + `' THEN EXISTS (SELECT FROM delivery d WHERE d.id = e.thing_id AND d.set_aside_at IS NOT NULL)
	WHEN e.kind IN ('` + string(gateway.ReleaseFails) + `', '` + string(gateway.RegisterOverlap) + `', '` + string(gateway.RegisterDiffers) + `')
		THEN EXISTS (SELECT FROM release_group g WHERE g.id = e.thing_id AND g.state = 'waiting')
	WHEN e.kind = '` + string(gateway.InterchangeFails) + `' THEN EXISTS (SELECT FROM interchange i WHERE i.id = e.thing_id AND i.state = 'frozen')
		OR EXISTS (SELECT FROM obligation o WHERE o.cause_interchange = e.thing_id AND o.state = 'open')
	WHEN e.kind = '` + string(gateway.InterchangeUnknown) + `' THEN EXISTS (SELECT FROM interchange i WHERE i.id = e.thing_id AND i.state = 'unknown')
	WHEN e.kind = '` + string(gateway.SendByMissed) + `'
		THEN EXISTS (SELECT FROM interchange i WHERE i.id = e.thing_id AND i.state IN ('frozen', 'rendered', 'sending', 'publishing'))
	WHEN e.kind = '` + string(gateway.ContrlMissing) + `'
		THEN EXISTS (SELECT FROM interchange i WHERE i.id = e.thing_id AND i.state = 'sent' AND i.contrl IN ('none', 'received'))
	WHEN e.kind = '` + string(gateway.RecallMissing) + `'
		THEN EXISTS (SELECT FROM recall_line l WHERE l.interchange_id = e.thing_id AND recall_answered(l.recall_id) IS NULL)
	WHEN e.kind = '` + string(gateway.RecallFails) + `'
		THEN EXISTS (SELECT FROM recall r WHERE r.payment_id = e.thing_id AND NOT EXISTS (SELECT FROM recall_line l WHERE l.recall_id = r.id))
	WHEN e.kind = '` + string(gateway.BankFileFails) + `' THEN EXISTS (SELECT FROM bank_file f WHERE f.id = e.thing_id AND f.state = 'received')
	WHEN e.kind IN ('` + string(gateway.BankFileUnreadable) + `', '` + string(gateway.BankFileUnproven) + `')
		THEN EXISTS (SELECT FROM bank_file f WHERE f.id = e.thing_id AND f.state = 'parked' AND f.none_of_ours IS NULL)
			OR e.thing_id IS NULL AND EXISTS (SELECT FROM bank_doubt u WHERE u.bank = e.bank AND u.kind = e.kind AND u.settled_at IS NULL)
	WHEN e.kind = '` + string(gateway.AnswerFails) + `' THEN EXISTS (SELECT FROM answer_due a WHERE a.delivery_id = e.thing_id AND a.answer_id IS NULL)
	WHEN e.kind IN ('` + string(gateway.ContrlAfterReject) + `', '` + string(gateway.ContrlRejectsAccepted) + `', '` + string(gateway.RejectAfterExecution) + `', '` +
	string(gateway.ExecutedAfterReject) + `', '` + string(gateway.AmountDiffers) + `', '` + string(gateway.CameBackUnpaid) + `')
		THEN EXISTS (SELECT FROM order_line l JOIN interchange i ON i.id = l.interchange_id WHERE i.bank = split_part(e.subject, ' ', 1)
			AND i.control_ref::text = split_part(e.subject, ' ', 2) AND (l.state = 'disputed' OR (SELECT sum(y.payments) FROM fact_tally y
				WHERE y.interchange_id = l.interchange_id AND y.message_no = l.message_no AND y.lin = l.lin AND ` + bank.WaitsForPersons + `) > 0))
	WHEN e.kind = '` + string(gateway.NightHold) + `' THEN EXISTS (SELECT FROM night_control c WHERE c.id::text = e.subject AND c.ended_at IS NULL)
	WHEN e.kind = '` + string(gateway.OverLimit) + `' THEN EXISTS (SELECT FROM over_limit o WHERE o.groups[1] = e.thing_id AND o.ended_at IS NULL AND o.freed_at IS NULL)
	WHEN e.kind = '` + string(gateway.RepaymentHeld) + `' THEN EXISTS (SELECT FROM delivery d JOIN standing s ON s.month = d.month
		WHERE d.id = delivery_of(e.thing_id) AND s.payment_id = e.thing_id AND s.kind = 'held')
	ELSE false END`

func (d *Desk) exceptionItems(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	return items(ctx, x, `SELECT e.id, e.authority, e.bank, CASE WHEN e.closed_at IS NOT NULL THEN 'closed'
			WHEN `+stillSo+` THEN CASE WHEN e.kind = '`+string(gateway.InterchangeUnknown)+`' THEN '`+unknownStands+`' ELSE '`+stands+`' END
			WHEN e.severity = 1 THEN '`+harmless+`' ELSE '`+over+`' END AS state
		FROM exception e WHERE e.id = ANY ($1::bigint[]) ORDER BY e.id FOR UPDATE OF e`, of, gateway.ThingException)
}

// newPerson is somebody who may not decide yet; the name and key must be nobody else's.
func (d *Desk) newPerson(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	name, key := of.Content[nameOf], of.Content[keyOf]
	canonical, _, err := publicKey(key)
	if err != nil {
		return nil, err
	}
	of.Content[keyOf] = canonical
	if err := d.decisions.LockPersons(ctx, x); err != nil {
		return nil, err
	}
	all, err := d.decisions.Persons(ctx, x)
	if err != nil {
		return nil, err
	}
	state := "may not decide"
	for _, p := range all {
		if gateway.PersonKey(p.Name) == gateway.PersonKey(name) {
			return nil, fmt.Errorf("%q may decide already: %w", p.Name, gateway.ErrIntent)
		}
		if p.PublicKey == canonical {
			return nil, fmt.Errorf("the key is %q's: %w", p.Name, gateway.ErrIntent)
		}
	}
	return []gateway.DecisionItem{{Thing: gateway.ThingPerson, State: state}}, nil
}

func (d *Desk) knownPerson(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	if err := d.decisions.LockPersons(ctx, x); err != nil {
		return nil, err
	}
	p, err := d.person(ctx, x, of.Content[nameOf])
	if err != nil {
		return nil, err
	}
	return []gateway.DecisionItem{{Thing: gateway.ThingPerson, ID: p.ID, State: "may decide"}}, nil
}

// person is who has a name and may decide; gateway.ErrNotFound when nobody.
func (d *Desk) person(ctx context.Context, x *postgres.Session, name string) (gateway.Person, error) {
	all, err := d.decisions.Persons(ctx, x)
	if err != nil {
		return gateway.Person{}, err
	}
	for _, p := range all {
		if gateway.PersonKey(p.Name) == gateway.PersonKey(name) {
			return p, nil
		}
	}
	return gateway.Person{}, fmt.Errorf("person %q: %w", name, gateway.ErrNotFound)
}

// publicKey is one public key as it is compared and stored, and what stands behind it: no options, no certificate.
func publicKey(line string) (key, comment string, err error) {
	parsed, comment, options, rest, err := ssh.ParseAuthorizedKey([]byte(line))
	switch {
	case err != nil:
		return "", "", fmt.Errorf("the key must be one line such as \"ssh-ed25519 AAAA…\": %w", gateway.ErrIntent)
	case len(options) > 0 || len(strings.TrimSpace(string(rest))) > 0:
		return "", "", fmt.Errorf("the key must be one line, without options: %w", gateway.ErrIntent)
	}
	if _, isCertificate := parsed.(*ssh.Certificate); isCertificate {
		return "", "", fmt.Errorf("the key must be no certificate: %w", gateway.ErrIntent)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(parsed))), strings.TrimSpace(comment), nil
}

// ReadPersons reads who may decide: one public key a line, with the person's name behind it; two persons at least. Empty lines
// and those that begin with # are skipped.
func ReadPersons(text string) ([]gateway.Person, error) {
	var persons []gateway.Person
	names, keys := map[string]bool{}, map[string]bool{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		key, name, err := publicKey(line)
		switch {
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", n, err)
		case gateway.PersonKey(name) == "":
			return nil, fmt.Errorf("line %d: the person's name must stand behind the key", n)
		case names[gateway.PersonKey(name)]:
			return nil, fmt.Errorf("line %d: %q stands there twice", n, name)
		case keys[key]:
			return nil, fmt.Errorf("line %d: the key of %q is another person's too", n, name)
		}
		names[gateway.PersonKey(name)], keys[key] = true, true
		persons = append(persons, gateway.Person{Name: name, PublicKey: key})
	}
	if len(persons) < fewestPersons {
		return nil, fmt.Errorf("%d persons: must be %d at least, since one alone can let nothing go", len(persons), fewestPersons)
	}
	return persons, nil
}
