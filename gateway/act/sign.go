package act

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"nks/gateway"
	"nks/gateway/postgres"
)

// mostSignature bounds a signature of ssh-keygen: one by a long RSA key has 3 kB.
const mostSignature = 16 << 10

// signs reports whether persons must sign. They must once as many are on record as can decide anything; who asks must then
// be one of them. Before that names are believed where the rules allow it, and else nobody can decide.
func (d *Desk) signs(ctx context.Context, x *postgres.Session, by string) (bool, error) {
	all, err := d.decisions.Persons(ctx, x)
	switch {
	case err != nil:
		return false, err
	case len(all) >= fewestPersons:
		_, err := d.person(ctx, x, by)
		return true, err
	case !d.rules.NamesAlone:
		return false, gateway.ErrNoPersons
	}
	return false, nil
}

// stand records that a person stands for a decision: who asked for it, or another one where it takes two.
func (d *Desk) stand(ctx context.Context, x *postgres.Session, asked *Decided, by, signature string) error {
	signs, err := d.signs(ctx, x, by)
	if err != nil {
		return err
	}
	step := gateway.DecisionStep{Step: gateway.StepApproved, Person: strings.TrimSpace(by)}
	switch asker := gateway.PersonKey(by) == gateway.PersonKey(asked.By); {
	case asker && signs:
		step.Step = gateway.StepSigned
	case asker:
		return gateway.TwoPersons(asked.By, by)
	case asked.Persons == 1:
		return fmt.Errorf("%s alone stands for it: %w", asked.By, gateway.ErrIntent)
	}
	if signs {
		if step.Signature = strings.TrimSpace(signature); step.Signature == "" {
			return fmt.Errorf("%s must sign: %w", step.Person, gateway.ErrSignature)
		}
		if err := d.verify(ctx, x, *asked, step); err != nil {
			return err
		}
	}
	return d.decisions.Note(ctx, x, asked.ID, step)
}

// verify holds a person's signature against the key on record, and refuses what somebody has asked who may decide no longer, or
// without a signature before persons had to sign.
func (d *Desk) verify(ctx context.Context, x *postgres.Session, asked Decided, step gateway.DecisionStep) error {
	p, err := d.person(ctx, x, step.Person)
	if err != nil {
		return err
	}
	if _, err := d.person(ctx, x, asked.By); err != nil {
		return fmt.Errorf("who asked may decide no longer: %w", err)
	}
	if slices.ContainsFunc(asked.Steps, func(s gateway.DecisionStep) bool { return s.Step == gateway.StepSigned && s.Signature == "" }) {
		return fmt.Errorf("%s asked without a signature; ask anew: %w", asked.By, gateway.ErrSignature)
	}
	return verify(p, asked.Decision, step.Signature)
}

// verify holds a signature by ssh-keygen -Y sign against a person's key and a decision.
func verify(p gateway.Person, of gateway.Decision, signature string) error {
	refuse := func(why string) error { return fmt.Errorf("%s: %s: %w", p.Name, why, gateway.ErrSignature) }
	if len(signature) > mostSignature {
		return refuse("it is too long")
	}
	sig, err := sshsig.Unarmor([]byte(signature))
	if err != nil {
		return refuse("it is none of ssh-keygen -Y sign")
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(p.PublicKey))
	if err != nil {
		return fmt.Errorf("key of person %d: %w", p.ID, err)
	}
	if err := sshsig.Verify(strings.NewReader(of.ToSign()), sig, key, sig.HashAlgorithm, gateway.SignatureNamespace); err != nil {
		return refuse("it is not by this person's key over this decision (namespace " + gateway.SignatureNamespace + ")")
	}
	return nil
}

// took reports whether a step was taken.
func (d *Decided) took(step gateway.StepName) bool {
	return slices.ContainsFunc(d.Steps, func(s gateway.DecisionStep) bool { return s.Step == step })
}

// WaitsFor says who must still stand for a decision; "" when nobody: it is carried out, or may be.
func (d *Decided) WaitsFor() string {
	switch {
	case d.took(gateway.StepExecuted) || d.took(gateway.StepExpired):
		return ""
	case !d.took(gateway.StepSigned) && (d.Persons == 1 || d.took(gateway.StepApproved)):
		return d.By
	case !d.took(gateway.StepSigned):
		return d.By + ", and another person"
	case d.Persons == 2 && !d.took(gateway.StepApproved):
		return "another person than " + d.By
	}
	return ""
}

// Executed is the step that carried a decision out; nil while none has.
func (d *Decided) Executed() *gateway.DecisionStep {
	for i := range d.Steps {
		if d.Steps[i].Step == gateway.StepExecuted {
			return &d.Steps[i]
		}
	}
	return nil
}

// decided reads a decision with its steps.
func (d *Desk) decided(ctx context.Context, x *postgres.Session, id int64) (Decided, error) {
	of, steps, err := d.decisions.Load(ctx, x, id)
	return Decided{of, steps}, err
}

// Decision reads a decision with its steps; gateway.ErrNotFound.
func (d *Desk) Decision(ctx context.Context, id int64) (found Decided, err error) {
	err = d.bank.Transact(ctx, "decision", func(x *postgres.Session) error {
		found, err = d.decided(ctx, x, id)
		return err
	})
	return found, err
}

// mostDecisions bounds a list.
const mostDecisions = 500

// Decisions lists those that wait for somebody, or all, newest first.
func (d *Desk) Decisions(ctx context.Context, all bool) ([]Decided, error) {
	ids, err := d.decisions.IDs(ctx, all, mostDecisions)
	if err != nil {
		return nil, err
	}
	list := make([]Decided, 0, len(ids))
	for _, id := range ids {
		one, err := d.Decision(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}
