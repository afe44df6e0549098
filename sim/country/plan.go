package country

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"time"
)

// PlanOptions describe what the authorities send.
type PlanOptions struct {
	// Payments is the number of payments in all documents together, at least 1.
	Payments int
	// Seed decides sizes, recipients, amounts.
	Seed uint64
	// Start is when the first delivery is sent, in business time; its location is the country's.
	Start time.Time
	// Days are those over which what is sent is spread; 0: it comes within two. What is special comes again every quarter.
	Days int
}

// quarter is after how many days everything special is sent again.
const quarter = 91

// Delivery is one line of an authority's plan: at its time, the file is uploaded under the name As.
type Delivery struct {
	At     time.Time `json:"at"`
	File   string    `json:"file"`
	As     string    `json:"as"`
	Kind   string    `json:"kind"`
	SameAs string    `json:"same_as,omitempty"`
}

// largestBundle keeps a document below some 40 MB.
const largestBundle = 50_000

// Plan writes what every supplier will send from Start on: dir/sim/authority/<SUPPLIER>/plan.jsonl, the documents in
// its send folder, and dir/sim/expect.json with what is meant to become of them. The country must have been written
// to dir before. The documents of an earlier plan are removed.
func Plan(dir string, o PlanOptions) error {
	country, err := readOptions(dir)
	if err != nil {
		return err
	}
	if o.Payments < 1 {
		return fmt.Errorf("%w: %d payments", ErrOptions, o.Payments)
	}
	p := &planner{
		world: newWorld(country), o: o, dir: filepath.Join(dir, "sim"),
		rng:   rand.New(rand.NewPCG(o.Seed, 0x706c616e)),
		refs:  map[[2]string]*references{},
		plans: map[string][]Delivery{},
	}
	for _, s := range Suppliers() {
		send := filepath.Join(p.dir, "authority", s, "send")
		if err := os.RemoveAll(send); err != nil {
			return fmt.Errorf("country: %w", err)
		}
		if err := os.MkdirAll(send, 0o755); err != nil {
			return fmt.Errorf("country: %w", err)
		}
	}
	if err := p.fill(); err != nil {
		return err
	}
	return p.finish()
}

// planner writes documents one by one: it holds one bundle at a time.
type planner struct {
	*world
	o      PlanOptions
	dir    string
	rng    *rand.Rand
	refs   map[[2]string]*references
	plans  map[string][]Delivery
	expect Expectation
	serial int
	used   int
	// ahead is how many days after the start special bundles are sent.
	ahead int
}

// fill writes the special bundles, as far as they fit into three quarters of the payments, then ordinary ones.
func (p *planner) fill() error {
	for ; p.ahead == 0 || p.ahead < p.o.Days; p.ahead += quarter {
		if err := p.fillSpecials(); err != nil {
			return err
		}
	}
	p.ahead = 0
	largest := min(largestBundle, max(1, p.o.Payments/8))
	if p.o.Days > 0 {
		largest = min(largest, max(4, 4*p.o.Payments/p.o.Days))
	}
	next := largest
	for p.used < p.o.Payments {
		if err := p.emit(p.ordinary(min(next, p.o.Payments-p.used))); err != nil {
			return err
		}
		next = p.bundleSize(largest)
	}
	return nil
}

func (p *planner) fillSpecials() error {
	for _, make := range p.specials() {
		for _, b := range make() {
			if p.used+b.size() > p.o.Payments*3/4 {
				break
			}
			if err := p.emit(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// bundleSize favours small bundles: its logarithm is even.
func (p *planner) bundleSize(largest int) int {
	bits := 1
	for 1<<bits <= largest {
		bits++
	}
	width := 1 << p.rng.IntN(bits)
	return min(largest, width+p.rng.IntN(width))
}

// emit writes a bundle's document and plans its delivery.
func (p *planner) emit(b *bundle) error {
	p.serial++
	name := fmt.Sprintf("%s-%04d.xml", b.supplier, p.serial)
	path := filepath.Join(p.dir, "authority", b.supplier, "send", name)
	if err := os.WriteFile(path, b.render(), 0o644); err != nil {
		return fmt.Errorf("country: %w", err)
	}
	p.used += b.size()
	p.deliver(b, name, name, "")
	for _, again := range b.again {
		copy := *b
		copy.kind, copy.at, copy.receipt = again.kind, again.at, again.receipt
		as := name
		if again.rename {
			as = fmt.Sprintf("%s-%04d-igen.xml", b.supplier, p.serial)
		}
		p.deliver(&copy, name, as, name)
	}
	return nil
}

func (p *planner) deliver(b *bundle, file, as, sameAs string) {
	p.plans[b.supplier] = append(p.plans[b.supplier], Delivery{At: b.at, File: file, As: as, Kind: b.kind, SameAs: sameAs})
	p.expect.add(b, file, as)
}

// finish writes the plans in order of time.
func (p *planner) finish() error {
	for _, s := range Suppliers() {
		list := p.plans[s]
		sort.SliceStable(list, func(i, k int) bool { return list[i].At.Before(list[k].At) })
		if err := writeLines(filepath.Join(p.dir, "authority", s, "plan.jsonl"), list); err != nil {
			return err
		}
	}
	return writeJSON(filepath.Join(p.dir, "expect.json"), p.expect)
}

func writeLines(path string, list []Delivery) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("country: %w", err)
	}
	out := bufio.NewWriter(f)
	lines := json.NewEncoder(out)
	for _, d := range list {
		if err == nil {
			err = lines.Encode(d)
		}
	}
	if err == nil {
		err = out.Flush()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("country: %s: %w", path, err)
	}
	return nil
}

// clock gives a time of day on the day that lies days after the start, never before the start itself.
func (p *planner) clock(days, hour, minute int) time.Time {
	s := p.o.Start
	t := time.Date(s.Year(), s.Month(), s.Day()+p.ahead+days, hour, minute, 0, 0, s.Location())
	if t.Before(s) {
		return s
	}
	return t
}

// day gives the date that lies days after the start.
func (p *planner) day(days int) time.Time {
	s := p.o.Start
	return time.Date(s.Year(), s.Month(), s.Day()+p.ahead+days, 0, 0, 0, 0, time.UTC)
}

// workday gives the n-th weekday after a date. Holidays are the gateway's business: an execution date on one is valid.
func workday(t time.Time, n int) time.Time {
	t = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	for n > 0 {
		t = t.AddDate(0, 0, 1)
		if d := t.Weekday(); d != time.Saturday && d != time.Sunday {
			n--
		}
	}
	return t
}

// stamp writes a moment in one of the forms that authorities' systems use.
func (p *planner) stamp(t time.Time) string {
	switch p.rng.IntN(3) {
	case 0:
		return t.UTC().Format("2006-01-02T15:04:05Z")
	case 1:
		return t.Format("2006-01-02T15:04:05-07:00")
	default:
		return t.Format("2006-01-02T15:04:05")
	}
}
