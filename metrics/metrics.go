// Package metrics holds the numbers that Prometheus collects. What it shows was put into memory before: no request waits
// for the database.
package metrics

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"nks/gateway"
)

// Names of the process's own numbers.
const (
	stepSeconds   = "nks_step_seconds"
	stepFailures  = "nks_step_failures_total"
	bankConnected = "nks_bank_connected"
	bankLastUp    = "nks_bank_connected_timestamp_seconds"
	lineUp        = "nks_line_up"
	lineLastGood  = "nks_line_last_good_seconds"
	endpointsAway = "nks_endpoints_away"
	ready         = "nks_ready"
	clockOffset   = "nks_clock_offset_seconds"
	takesRows     = "nks_database_writable"
	queueOwned    = "nks_queues_owned"
	queueMembers  = "nks_queue_members"
	queueLeader   = "nks_queue_leader"
	queueCurrent  = "nks_queue_current"
	queueMessages = "nks_queue_messages"
	queueOldest   = "nks_queue_oldest_seconds"
	businessTime  = "nks_business_time_timestamp_seconds"
	buildInfo     = "nks_build_info"

	imageBytes    = "nks_register_image_bytes"
	imageWanted   = "nks_register_image_too_big_bytes"
	imageHolders  = "nks_register_image_holders"
	imageCounter  = "nks_register_image_counter"
	imageTook     = "nks_register_image_fill_seconds"
	imageDiscards = "nks_register_image_discards"
	accounts      = "nks_register_accounts_total"

	sampleTime     = "nks_sample_timestamp_seconds"
	sampleFailures = "nks_sample_failures_total"
	logins         = "nks_mailbox_logins_total"
	loginPauses    = "nks_mailbox_login_pauses_total"

	ledgerPayments     = "nks_ledger_payments"
	ledgerOre          = "nks_ledger_ore"
	differencePayments = "nks_difference_payments"
	differenceOre      = "nks_difference_ore"
	violations         = "nks_invariant_violations"
	differenceTime     = "nks_difference_timestamp_seconds"
	differenceTook     = "nks_difference_run_seconds"
)

// Instruments are the process's own numbers; those of the flow are given to New.
func Instruments() []gateway.Instrument {
	step := []string{"step", "bank"}
	return []gateway.Instrument{
		{Kind: gateway.Duration, Name: stepSeconds, Help: "How long a step took that did something or failed, by the machine's clock.", Labels: step},
		{Kind: gateway.Counter, Name: stepFailures, Help: "Steps that failed and are tried again.", Labels: step},
		{Kind: gateway.Gauge, Name: bankConnected, Help: "1 while this process has the connection to the bank, and so its lease.", Labels: []string{"bank"}},
		{Kind: gateway.Gauge, Name: bankLastUp, Help: "Unix time at which this process was last connected to the bank.", Labels: []string{"bank"}},
		{Kind: gateway.Gauge, Name: lineUp, Help: "1 while the line to the bank, or this node's door or queue, is up; 0 also when nobody knows.", Labels: []string{"kind", "name"}},
		{Kind: gateway.Gauge, Name: lineLastGood, Help: "How long ago that line was last good; since it was first wanted where it never was.", Labels: []string{"kind", "name"}},
		{Kind: gateway.Gauge, Name: endpointsAway, Help: "Suppliers whose endpoint did not acknowledge the last answer that this process sent."},
		{Kind: gateway.Gauge, Name: ready, Help: "1 while /readyz says so."},
		{Kind: gateway.Gauge, Name: clockOffset, Help: "How far the machine's clock is ahead of the database's, in seconds; negative: behind."},
		{Kind: gateway.Gauge, Name: takesRows, Help: "1 while the database takes rows."},
		{Kind: gateway.Gauge, Name: queueOwned, Help: "1 while this process takes from and puts into the message queues."},
		{Kind: gateway.Gauge, Name: queueMembers, Help: "Members of the message queue's cluster that this one sees, itself too."},
		{Kind: gateway.Gauge, Name: queueLeader, Help: "1 while this process leads the message queue's cluster."},
		{Kind: gateway.Gauge, Name: queueCurrent, Help: "1 while this member of the message queue's cluster has all that it should."},
		{Kind: gateway.Gauge, Name: queueMessages, Help: "Messages in the suppliers' queues of the broker inside: in, out or parked.", Labels: []string{"queue"}},
		{Kind: gateway.Gauge, Name: queueOldest, Help: "Age of the oldest of them, by the machine's clock.", Labels: []string{"queue"}},
		{Kind: gateway.Gauge, Name: businessTime, Help: "Business time of the last sample, as Unix time."},
		{Kind: gateway.Gauge, Name: buildInfo, Help: "1, with the program's version.", Labels: []string{"version"}},
		{Kind: gateway.Gauge, Name: imageBytes, Help: "Memory that the register's image takes; 0: there is none, and SQL is asked."},
		{Kind: gateway.Gauge, Name: imageWanted, Help: "Memory that an image would take, where it has no room; else 0."},
		{Kind: gateway.Gauge, Name: imageHolders, Help: "Holders that the image was filled with."},
		{Kind: gateway.Gauge, Name: imageCounter, Help: "Change of the register that the image knew when it was last told of."},
		{Kind: gateway.Gauge, Name: imageTook, Help: "How long the image took to fill, in seconds."},
		{Kind: gateway.Gauge, Name: imageDiscards, Help: "Images thrown away since the start because SQL said otherwise. Must be 0."},
		{Kind: gateway.Counter, Name: accounts, Help: "Payments whose account was looked for at a release, by what told of it: image or sql.", Labels: []string{"by"}},
		{Kind: gateway.Gauge, Name: sampleTime, Help: "Unix time of the last sample of the flow's tables that succeeded."},
		{Kind: gateway.Counter, Name: logins, Help: "Logins at the mailbox by outcome: accepted, refused (key or name), turned_away (a limit, or a pause).", Labels: []string{"outcome"}},
		{Kind: gateway.Counter, Name: loginPauses, Help: "Pauses of an address, or of a name there, after too many failed logins."},
		{Kind: gateway.Counter, Name: sampleFailures, Help: "Samples, and runs of the difference, that failed.", Labels: []string{"of"}},
		{Kind: gateway.Gauge, Name: ledgerPayments, Help: "Payments by where they are, at the last run of the difference.", Labels: []string{"state"}},
		{Kind: gateway.Gauge, Name: ledgerOre, Help: "Amount of them, in øre.", Labels: []string{"state"}},
		{Kind: gateway.Gauge, Name: differencePayments, Help: "Payments received that nothing explains. Must be 0."},
		{Kind: gateway.Gauge, Name: differenceOre, Help: "Øre received that nothing explains. Must be 0."},
		{Kind: gateway.Gauge, Name: violations, Help: "Violations of the invariants that nks ledger checks. Must be 0."},
		{Kind: gateway.Gauge, Name: differenceTime, Help: "Unix time of the last run of the difference that succeeded."},
		{Kind: gateway.Gauge, Name: differenceTook, Help: "How long it took."},
	}
}

// buckets reach from a step of a millisecond to a bank that answers the next day.
func buckets() []float64 {
	return []float64{.001, .005, .025, .1, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600}
}

// Metrics holds the numbers. Safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	now      func() time.Time

	// mu lets a scrape see readings that belong together.
	mu        sync.RWMutex
	gauges    map[string]*prometheus.GaugeVec
	counters  map[string]*prometheus.CounterVec
	durations map[string]*prometheus.HistogramVec
}

// New makes the numbers: the process's own, those of the Go runtime, and the flow's. now is the machine's clock.
func New(flow []gateway.Instrument, version string, now func() time.Time) (*Metrics, error) {
	m := &Metrics{registry: prometheus.NewRegistry(), now: now, gauges: map[string]*prometheus.GaugeVec{},
		counters: map[string]*prometheus.CounterVec{}, durations: map[string]*prometheus.HistogramVec{}}
	errs := []error{m.Collect(collectors.NewGoCollector()), m.Collect(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))}
	for _, i := range append(Instruments(), flow...) {
		errs = append(errs, m.add(i))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	// What has not failed yet is 0: what is absent cannot be watched.
	return m, m.Take(gateway.Reading{Name: buildInfo, Labels: []string{version}, Value: 1},
		gateway.Reading{Name: sampleFailures, Labels: []string{OfSample}}, gateway.Reading{Name: sampleFailures, Labels: []string{OfDifference}})
}

// Collect adds a collector of others, such as that of a database pool.
func (m *Metrics) Collect(c prometheus.Collector) error {
	if err := m.registry.Register(c); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	return nil
}

func (m *Metrics) add(i gateway.Instrument) error {
	switch i.Kind {
	case gateway.Gauge:
		m.gauges[i.Name] = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: i.Name, Help: i.Help}, i.Labels)
		return m.Collect(m.gauges[i.Name])
	case gateway.Counter:
		m.counters[i.Name] = prometheus.NewCounterVec(prometheus.CounterOpts{Name: i.Name, Help: i.Help}, i.Labels)
		return m.Collect(m.counters[i.Name])
	default:
		m.durations[i.Name] = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: i.Name, Help: i.Help, Buckets: buckets()}, i.Labels)
		return m.Collect(m.durations[i.Name])
	}
}

// Take takes readings that belong together. Those of a gauge replace all earlier ones of it. An error names readings of
// no instrument, or with other labels than it has; the others are taken.
func (m *Metrics) Take(readings ...gateway.Reading) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range readings {
		if g, ok := m.gauges[r.Name]; ok {
			g.Reset()
		}
	}
	var errs []error
	for _, r := range readings {
		if err := m.take(r); err != nil {
			errs = append(errs, fmt.Errorf("metrics: %s: %w", r.Name, err))
		}
	}
	return errors.Join(errs...)
}

// Set is Take for one value of a gauge that keeps its others.
func (m *Metrics) Set(r gateway.Reading) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.take(r)
}

func (m *Metrics) take(r gateway.Reading) error {
	if g, ok := m.gauges[r.Name]; ok {
		v, err := g.GetMetricWithLabelValues(r.Labels...)
		if err == nil {
			v.Set(float64(r.Value) + r.Took.Seconds())
		}
		return err
	}
	if c, ok := m.counters[r.Name]; ok {
		v, err := c.GetMetricWithLabelValues(r.Labels...)
		if err == nil && r.Value < 0 {
			err = fmt.Errorf("counted %d", r.Value)
		}
		if err == nil {
			v.Add(float64(r.Value))
		}
		return err
	}
	h, ok := m.durations[r.Name]
	if !ok {
		return errors.New("no such instrument")
	}
	v, err := h.GetMetricWithLabelValues(r.Labels...)
	if err == nil {
		v.Observe(r.Took.Seconds())
	}
	return err
}

// Gather implements prometheus.Gatherer.
func (m *Metrics) Gather() ([]*dto.MetricFamily, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.registry.Gather()
}

// Handler answers Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// Stepped counts a turn of a step. An idle turn is not counted: it would hide the others.
func (m *Metrics) Stepped(step, bank string, took time.Duration, worked bool, failed error) error {
	var errs []error
	if worked || failed != nil {
		errs = append(errs, m.Set(gateway.Reading{Name: stepSeconds, Labels: []string{step, bank}, Took: took}))
	}
	if failed != nil {
		errs = append(errs, m.Set(gateway.Reading{Name: stepFailures, Labels: []string{step, bank}, Value: 1}))
	}
	return errors.Join(errs...)
}

// Connected says that this process got the connection to a bank, or lost it.
func (m *Metrics) Connected(bank string, up bool) error {
	return errors.Join(m.Set(gateway.Reading{Name: bankConnected, Labels: []string{bank}, Value: truth(up)}),
		m.Set(gateway.Reading{Name: bankLastUp, Labels: []string{bank}, Value: m.now().Unix()}))
}

// Known gives a bank and its connection, which is down, before it was ever up.
func (m *Metrics) Known(bank string) error {
	return m.Set(gateway.Reading{Name: bankConnected, Labels: []string{bank}})
}

// EndpointsAway says how many suppliers' endpoints did not acknowledge what was sent last.
func (m *Metrics) EndpointsAway(n int) error {
	return m.Set(gateway.Reading{Name: endpointsAway, Value: int64(n)})
}

func truth(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// Line is how a line is.
type Line struct {
	Kind, Name string
	Up         bool
	Good       time.Duration // since it was last good
}

// Lines says how all lines are: those that it does not say are no lines any more.
func (m *Metrics) Lines(all []Line) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gauges[lineUp].Reset()
	m.gauges[lineLastGood].Reset()
	var errs []error
	for _, l := range all {
		labels := []string{l.Kind, l.Name}
		errs = append(errs, m.take(gateway.Reading{Name: lineUp, Labels: labels, Value: truth(l.Up)}),
			m.take(gateway.Reading{Name: lineLastGood, Labels: labels, Value: int64(l.Good.Seconds())}))
	}
	return errors.Join(errs...)
}

// Ready reports whether the process is ready.
func (m *Metrics) Ready(is bool) error { return m.Set(gateway.Reading{Name: ready, Value: truth(is)}) }

// Clock says how far the machine's clock is ahead of the database's.
func (m *Metrics) Clock(ahead time.Duration) error {
	return m.Set(gateway.Reading{Name: clockOffset, Took: ahead})
}

// Writable reports whether the database takes rows.
func (m *Metrics) Writable(is bool) error {
	return m.Set(gateway.Reading{Name: takesRows, Value: truth(is)})
}

// Queues reports whether this process takes from and puts into the message queues.
func (m *Metrics) Queues(owned bool) error {
	return m.Set(gateway.Reading{Name: queueOwned, Value: truth(owned)})
}

// Cluster says how this process sees the cluster of the message queue, of which it is a member.
func (m *Metrics) Cluster(seen int, leads, current bool) error {
	return m.Take(gateway.Reading{Name: queueMembers, Value: int64(seen)}, gateway.Reading{Name: queueLeader, Value: truth(leads)},
		gateway.Reading{Name: queueCurrent, Value: truth(current)})
}

// Queue says what all suppliers' queues of a kind hold, and how old the oldest message is.
func (m *Metrics) Queue(kind string, messages uint64, oldest time.Duration) error {
	return errors.Join(m.Set(gateway.Reading{Name: queueMessages, Labels: []string{kind}, Value: int64(messages)}),
		m.Set(gateway.Reading{Name: queueOldest, Labels: []string{kind}, Took: oldest}))
}

// Image is the register in memory.
type Image struct {
	Bytes, TooBig int64
	Holders       int
	Counter       int64
	Took          time.Duration
	Discards      int
}

// Image says how the register's image is.
func (m *Metrics) Image(i Image) error {
	return m.Take(gateway.Reading{Name: imageBytes, Value: i.Bytes}, gateway.Reading{Name: imageWanted, Value: i.TooBig},
		gateway.Reading{Name: imageHolders, Value: int64(i.Holders)}, gateway.Reading{Name: imageCounter, Value: i.Counter},
		gateway.Reading{Name: imageTook, Value: int64(i.Took.Seconds())}, gateway.Reading{Name: imageDiscards, Value: int64(i.Discards)})
}

// Accounts counts payments whose account the register's image has told of, and SQL.
func (m *Metrics) Accounts(byImage, bySQL int) error {
	return errors.Join(m.Set(gateway.Reading{Name: accounts, Labels: []string{"image"}, Value: int64(byImage)}),
		m.Set(gateway.Reading{Name: accounts, Labels: []string{"sql"}, Value: int64(bySQL)}))
}

// Sampled takes a sample of the flow's tables, made at a business time.
func (m *Metrics) Sampled(readings []gateway.Reading, business time.Time) error {
	return m.Take(append(readings, gateway.Reading{Name: sampleTime, Value: m.now().Unix()},
		gateway.Reading{Name: businessTime, Value: business.Unix()})...)
}

// What a failure is counted for.
const (
	OfSample     = "sample"
	OfDifference = "difference"
)

// Failed counts a sample, or a run of the difference, that failed.
func (m *Metrics) Failed(of string) error {
	return m.Set(gateway.Reading{Name: sampleFailures, Labels: []string{of}, Value: 1})
}

// Outcomes of a login at the mailbox.
const (
	LoginAccepted   = "accepted"
	LoginRefused    = "refused"
	LoginTurnedAway = "turned_away"
)

// Logins counts logins at the mailbox by their outcome; 0 makes it known before there is one.
func (m *Metrics) Logins(outcome string, n int64) error {
	return m.Set(gateway.Reading{Name: logins, Labels: []string{outcome}, Value: n})
}

// LoginPaused counts a pause after too many failed logins.
func (m *Metrics) LoginPaused() error { return m.Set(gateway.Reading{Name: loginPauses, Value: 1}) }

// Difference is what a run of the difference has found.
type Difference struct {
	Payments, Ore int64 // that nothing explains
	Violations    int64 // of the invariants
	Took          time.Duration
	States        map[string]Amount
}

// Amount is payments and their øre.
type Amount struct{ Payments, Ore int64 }

// Compared takes a run of the difference.
func (m *Metrics) Compared(d Difference) error {
	readings := []gateway.Reading{
		{Name: differencePayments, Value: d.Payments}, {Name: differenceOre, Value: d.Ore}, {Name: violations, Value: d.Violations},
		{Name: differenceTime, Value: m.now().Unix()}, {Name: differenceTook, Value: int64(d.Took.Seconds())}}
	for state, a := range d.States {
		readings = append(readings, gateway.Reading{Name: ledgerPayments, Labels: []string{state}, Value: a.Payments},
			gateway.Reading{Name: ledgerOre, Labels: []string{state}, Value: a.Ore})
	}
	return m.Take(readings...)
}
