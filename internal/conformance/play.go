package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"time"

	"nks/gateway"
	"nks/internal/client"
)

// Options say which test to play.
type Options struct {
	Door client.Config
	Cast Cast
	// Dir is where the report is kept: new, or empty.
	Dir string
	// Wait bounds the waiting for receipts and response 2 of a case, Bank for everything that comes when payments are due. Zero: do not wait.
	Wait, Bank time.Duration
	// Massive is how many payments the mass has; Only are the ids of the cases that are played, or empty: all.
	Massive int
	Only    []string
	Say     io.Writer        // a line for each case
	Now     func() time.Time // the machine's clock
}

const (
	// settle is how long nothing must come where nothing may.
	settle = 2 * time.Second
	// lookOften is the pause between two looks for what must come at once, lookSeldom for what comes when payments are due.
	lookOften  = 100 * time.Millisecond
	lookSeldom = time.Second
)

// played is a case and what has become of it.
type played struct {
	Case
	id      string // MessageId and GrpId of what was sent
	as      string
	ids     []string // of its payments
	answers []answer
	kept    int // documents
	verdict gateway.Verdict
	why     string
	// open: everything that comes at once was right, and more is to come.
	open bool
}

// player plays the cases one after the other.
type player struct {
	Options
	door   *client.Door
	script *script
	cases  []*played
	now    *played
	seen   map[string]bool
	report *keeper
}

// Play plays the test and keeps its report. The error is of the door or of the report; that cases have failed is none.
func Play(ctx context.Context, o Options) (r gateway.ConformanceReport, err error) {
	if err := o.check(); err != nil {
		return r, err
	}
	p := &player{Options: o, script: newScript(o.Cast, o.Now()), seen: map[string]bool{}}
	if p.report, err = newKeeper(o.Dir); err != nil {
		return r, err
	}
	r = gateway.ConformanceReport{Supplier: o.Cast.Supplier, Gateway: o.Cast.To, Begun: o.Now().UTC().Truncate(time.Second)}
	if p.door, err = client.Open(ctx, o.Door); err != nil {
		return r, err
	}
	defer p.door.Close()
	old, err := p.door.Names(ctx)
	if err != nil {
		return r, err
	}
	for _, name := range old {
		p.seen[name] = true
	}
	for _, c := range Cases(o.Massive) {
		if len(o.Only) > 0 && !slices.Contains(o.Only, c.ID) && c.ID != "01" {
			continue
		}
		if err := p.play(ctx, c); err != nil {
			return r, fmt.Errorf("case %s: %w", c.ID, err)
		}
	}
	// What has come by then is kept, also when the door breaks or nobody wants to wait any longer.
	broken := p.awaitBank(ctx)
	for _, c := range p.cases {
		p.judgeLater(c)
		r.Cases = append(r.Cases, gateway.ConformanceCase{ID: c.ID, Title: c.Title, Rule: c.Rule, Official: c.Official, Verdict: c.verdict, Why: c.why})
	}
	r.Ended = o.Now().UTC().Truncate(time.Second)
	return r, errors.Join(broken, p.report.finish(r, p.cases))
}

// check refuses what must not be played: no such case, or production.
func (o Options) check() error {
	for _, id := range o.Only {
		if !slices.ContainsFunc(Cases(o.Massive), func(c Case) bool { return c.ID == id }) {
			return fmt.Errorf("%w: case %q is none of the test's", ErrCast, id)
		}
	}
	if o.Cast.To == production {
		return fmt.Errorf("%w: to is %q, which addresses production; a test environment has another identity.name, as NKSTEST", ErrCast, production)
	}
	return nil
}

// production is what production is called by everybody.
const production = "NKS"

// play sends a case and waits for what must come at once. The first one tells the gateway's business day.
func (p *player) play(ctx context.Context, c Case) error {
	p.now, p.script.now = &played{Case: c}, c.ID
	p.cases = append(p.cases, p.now)
	if c.needs != nil && slices.Contains(c.needs(p.Cast), "") {
		p.verdict(gateway.VerdictNotPossible, "the cast has nobody for it")
		return nil
	}
	document, err := p.document(c)
	if err != nil {
		return err
	}
	if document == nil {
		p.verdict(gateway.VerdictNotPossible, "the case that it repeats was not played")
		return nil
	}
	if err := p.report.sent(p.now, document); err != nil {
		return err
	}
	if err := p.door.Send(ctx, p.now.as, document); err != nil {
		return err
	}
	if err := p.awaitAtOnce(ctx); err != nil {
		return err
	}
	p.judgeAtOnce()
	if p.script.today.IsZero() {
		for _, a := range p.now.answers {
			p.script.today = a.at
		}
		if p.script.today.IsZero() {
			return errors.New("the gateway has not answered, and its business day is unknown: does it run, and is --wait long enough?")
		}
	}
	return nil
}

// document renders what the case sends; nil: there is nothing to repeat.
func (p *player) document(c Case) ([]byte, error) {
	if c.raw != nil {
		p.now.as = p.script.run + "-" + c.ID + ".xml"
		if p.Door.Endpoint != "" {
			return c.whole, nil
		}
		return c.raw, nil
	}
	d := c.document(p.script)
	if d.ID == "" {
		return nil, nil
	}
	p.script.sent[c.ID] = d
	p.now.id, p.now.as = d.ID, p.script.run+"-"+c.ID+".xml"
	if c.want.silent {
		p.now.as = d.ID + ".xml" // as the case that it repeats
	}
	for _, one := range d.Payments {
		p.now.ids = append(p.now.ids, one.ID)
	}
	return d.Render()
}

// awaitAtOnce collects until the receipt is there, and response 2 of what is accepted.
func (p *player) awaitAtOnce(ctx context.Context) error {
	limit := p.Wait
	if p.now.want.silent {
		limit = min(limit, settle)
	}
	end := p.Now().Add(limit)
	for {
		if err := p.collect(ctx); err != nil {
			return err
		}
		receipt := p.now.receipt()
		done := receipt != nil && (receipt.status != "ACPT" || p.now.find("2") != nil)
		if done || !p.Now().Before(end) {
			return nil
		}
		if !p.door.Pause(ctx, min(lookOften, end.Sub(p.Now()))) {
			return ctx.Err()
		}
	}
}

// awaitBank collects until no case waits for anything more.
func (p *player) awaitBank(ctx context.Context) error {
	end := p.Now().Add(p.Bank)
	p.now = nil
	for {
		if err := p.collect(ctx); err != nil {
			return err
		}
		waiting := slices.ContainsFunc(p.cases, func(c *played) bool { return c.open && !c.hasEverything() })
		if !waiting || !p.Now().Before(end) {
			return nil
		}
		if !p.door.Pause(ctx, min(lookSeldom, end.Sub(p.Now()))) {
			return ctx.Err()
		}
	}
}

// collect reads what is new, and keeps it with the case that it is about.
func (p *player) collect(ctx context.Context) error {
	names, err := p.door.Names(ctx)
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		if p.seen[name] {
			continue
		}
		b, err := p.door.Read(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // taken away meanwhile
		}
		if err != nil {
			return err
		}
		p.seen[name] = true
		if err := p.take(name, b); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) take(name string, b []byte) error {
	a, err := readAnswer(b)
	if err != nil {
		if p.now == nil || path.Ext(name) != ".xml" {
			return nil // a copy for people, or a report
		}
		p.now.answers = append(p.now.answers, answer{kind: "?", codes: []string{err.Error()}})
		return p.report.received(p.now, name, b)
	}
	to := p.about(a)
	if to == nil {
		return nil // another's
	}
	to.answers = append(to.answers, a)
	return p.report.received(to, name, b)
}

// about is the case that an answer is for: receipts and response 2 for the one that was sent last, where it names that.
func (p *player) about(a answer) *played {
	if p.now != nil && slices.Contains([]string{"0", "1", "2"}, a.kind) && (a.about == p.now.id || a.kind == "0" && a.about == "") {
		return p.now
	}
	i := slices.IndexFunc(p.cases, func(c *played) bool { return c.id != "" && c.id == a.about && c.want.receipt == "ACPT" })
	if i < 0 {
		return nil
	}
	return p.cases[i]
}

// verdict ends the case that is played.
func (p *player) verdict(v gateway.Verdict, why string) {
	p.now.verdict, p.now.why = v, why
	p.tell(p.now)
}

func (p *player) tell(c *played) {
	text := string(c.verdict)
	if c.open {
		text = "right so far; waits for the bank"
		if c.want.byHand != "" {
			text = "right so far; now " + c.want.byHand + ", " + c.ids[0]
		}
	}
	if c.why != "" {
		text += ": " + c.why
	}
	_, _ = fmt.Fprintf(p.Say, "%s  %-44s %s\n", c.ID, c.Title, text)
}
