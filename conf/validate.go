package conf

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// problems collects what is wrong, each with its key.
type problems []error

func (p *problems) add(key, format string, args ...any) {
	*p = append(*p, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
}

func (p *problems) check(ok bool, key, format string, args ...any) {
	if !ok {
		p.add(key, format, args...)
	}
}

func (p *problems) within(key string, n, low, high int) {
	p.check(n >= low && n <= high, key, "%d is not between %d and %d", n, low, high)
}

func (p *problems) lasts(key string, d Duration, low, high time.Duration) {
	p.check(d.Duration >= low && d.Duration <= high, key, "%v is not between %v and %v", d, low, high)
}

func (p *problems) address(key, address string) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		p.add(key, "%q is not host:port", address)
		return
	}
	n, err := strconv.Atoi(port)
	p.check(err == nil && n >= 0 && n <= 65535, key, "%q has no port between 0 and 65535", address)
}

func oneOf[T ~string](p *problems, key string, value T, allowed ...T) {
	if !slices.Contains(allowed, value) {
		words := make([]string, len(allowed))
		for i, a := range allowed {
			words[i] = string(a)
		}
		p.add(key, "%q is not one of %s", value, strings.Join(words, ", "))
	}
}

// Validate reports everything that is wrong at once, each problem with its key; it opens no file.
func (c Config) Validate() error {
	var p problems
	oneOf(&p, "environment", c.Environment, Production, Test)
	oneOf(&p, "connections", c.Connections, ConnectionsRecorded, ConnectionsRequired)
	p.check(c.Data != "", "data", "is empty")
	printers := 0
	if c.Print.Address != "" {
		printers = 1 // as long as this process owns it
	}
	c.Database.validate(&p, len(c.Banks), len(c.Rasp.Endpoints()), printers)
	c.Mailbox.validate(&p)
	c.MQ.validate(&p, c.Database.URL == "" && c.Database.URLFile == "")
	c.Rasp.validate(&p, c.Environment)
	c.API.validate(&p)
	c.validateLetters(&p)
	if c.Clock.Start != "" {
		_, err := time.Parse(time.RFC3339, c.Clock.Start)
		p.check(err == nil, "clock.start", "%q is no time such as \"2005-08-11T04:30:00+02:00\"", c.Clock.Start)
		p.check(c.Environment != Production, "clock.start", "production has today's date")
	}
	p.check(c.Identity.Name != "" && len(c.Identity.Name) <= 35, "identity.name", "must have 1 to 35 characters")
	p.check(validGLN(c.Identity.GLN), "identity.gln", "%q is no GLN of 13 digits", c.Identity.GLN)
	c.validateAddressed(&p)
	p.check(!slices.Contains(c.ApartFrom, ""), "apart_from", "has an empty entry")
	p.check(c.Cell.Number >= 0 && c.Cell.Number <= 99, "cell.number", "must be between 0 and 99")
	c.Limits.validate(&p)
	c.ReleaseLimits.validate(&p)
	p.lasts("answers.quiet", c.Answers.Quiet, 0, 24*time.Hour)
	p.lasts("answers.deadline", c.Answers.Deadline, c.Answers.Quiet.Duration, 24*time.Hour)
	const ofACopy = 50_000 // pages are in memory until they are written
	p.check(len(c.Answers.Copies) == 0 || c.Limits.AnswerPayments <= ofACopy, "answers.copies", "limits.answer_payments must be %d at most where there are copies", ofACopy)
	_, err := c.Report.Days()
	p.check(err == nil, "report.daily", "%v", err)
	p.lasts("flow.poll", c.Flow.Poll, time.Millisecond, time.Hour)
	p.within("months.close_after", c.Months.CloseAfter, 0, 120)
	c.Register.validate(&p)
	p.check(c.Journal.Keep == 0 || c.Journal.Keep >= 7 && c.Journal.Keep <= 36500, "journal.keep", "%d is neither 0 nor between 7 and 36500 days", c.Journal.Keep)
	oneOf(&p, "log.level", c.Log.Level, "debug", "info", "warn", "error")
	oneOf(&p, "log.format", c.Log.Format, "json", "console")
	c.Metrics.validate(&p)
	c.Lines.validate(&p)
	c.Console.validate(&p, c.Environment)
	c.validateBanks(&p)
	c.validateBankReports(&p)
	return p.all()
}

func (r Register) validate(p *problems) {
	p.within("register.image_mb", r.ImageMB, 0, 1<<20)
	sources := map[string]bool{}
	for _, f := range r.Feeds {
		oneOf(p, "register.feed.source", f.Source, "CPR", "CVR", "SE")
		p.check(f.Supplier != "", "register.feed.supplier", "is missing for source %s", f.Source)
		p.check(!sources[f.Source], "register.feed.source", "%s stands twice: the files of a source have one sequence", f.Source)
		sources[f.Source] = true
	}
}

// all is an ErrInvalid of all problems; nil where there is none.
func (p problems) all() error {
	if len(p) == 0 {
		return nil
	}
	return errors.Join(append([]error{ErrInvalid}, p...)...)
}

// connectionsPerBank is what a bank holds at once: the lease of its connection, and steps that wait for others, one of them for a
// release to be done with the bank's counter.
const connectionsPerBank = 4

// connectionsAtLeast is what everything else holds at once: readers and checkers with a second connection each, a release
// with its readers, answers, doors, gauges, and one that listens for work. With fewer, steps that need one more would wait for each other.
const connectionsAtLeast = 20

func (d Database) validate(p *problems, banks, endpoints, printers int) {
	p.check(d.URL == "" || d.URLFile == "", "database.url", "is given beside database.url_file")
	if d.URL != "" {
		u, err := url.Parse(d.URL)
		p.check(err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql"), "database.url",
			"is no postgres:// URL")
		if err == nil && u.User != nil {
			_, has := u.User.Password()
			p.check(!has, "database.url", "holds a password; put it in a file and name that as database.url_file")
		}
	}
	if endpoints > 0 { // each holds one while it is sent to, and one says that this process does
		endpoints++
	}
	p.within("database.max_connections", d.MaxConnections, connectionsAtLeast+connectionsPerBank*banks+endpoints+printers, 10_000)
}

func (m Mailbox) validate(p *problems) {
	p.address("mailbox.listen", m.Listen)
	p.check(m.HostKey != "", "mailbox.host_key", "is empty")
	p.within("mailbox.max_file_mb", m.MaxFileMB, 1, 64<<10)
	p.lasts("mailbox.idle_timeout", m.IdleTimeout, time.Second, 24*time.Hour)
	p.within("mailbox.max_connections", m.MaxConnections, 1, 100_000)
	p.within("mailbox.staged_files", m.StagedFiles, 1, 10_000)
	p.within("mailbox.staged_mb", m.StagedMB, m.MaxFileMB, 1<<20)
	p.check(m.StagedKeep.Duration == 0 || m.StagedKeep.Duration >= 24*time.Hour, "mailbox.staged_keep", "%v is neither 0 nor at least 24h", m.StagedKeep)
}

func (m Metrics) validate(p *problems) {
	p.lasts("metrics.stuck_after", m.StuckAfter, time.Minute, 24*time.Hour)
	p.check(m.DifferenceEvery.Duration == 0 || m.DifferenceEvery.Duration >= time.Second && m.DifferenceEvery.Duration <= 24*time.Hour,
		"metrics.difference_every", "%v is neither 0 nor between 1s and 24h", m.DifferenceEvery)
	if m.Listen == "" {
		return
	}
	p.address("metrics.listen", m.Listen)
	p.check(m.Public || m.Loopback(), "metrics.listen", "%q can be reached from other machines; metrics.public = true allows that", m.Listen)
}

func (c Console) validate(p *problems, env Environment) {
	if c.Listen == "" {
		return
	}
	p.check(env != Production, "console.listen", "must be empty in production: the pages have no login yet")
	p.address("console.listen", c.Listen)
	host, _, err := net.SplitHostPort(c.Listen)
	p.check(err != nil || host == "localhost" || net.ParseIP(host).IsLoopback(), "console.listen",
		"%q can be reached from other machines, and the pages have no login yet", c.Listen)
}

// Loopback reports whether only this machine reaches Listen.
func (m Metrics) Loopback() bool {
	host, _, err := net.SplitHostPort(m.Listen)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}

func (l Limits) validate(p *problems) {
	p.within("limits.interchange_payments", l.InterchangePayments, 1, 100_000)
	p.within("limits.interchange_mb", l.InterchangeMB, 1, 32)
	p.within("limits.message_payments", l.MessagePayments, 1, 9_999)
	p.within("limits.execution_days_ahead", l.ExecutionDaysAhead, 1, 3650)
	p.within("limits.bundle_payments", l.BundlePayments, 1, 1<<24-1) // places of a payment id
	p.within("limits.answer_payments", l.AnswerPayments, 1, 1_000_000)
	p.within("limits.delivery_groups", l.DeliveryGroups, 1, 1<<14-1) // places of a group id
}

func bankKey(i int, b Bank) string {
	if b.ID == "" {
		return "bank " + strconv.Itoa(i+1) + ": "
	}
	return "bank " + b.ID + ": "
}

// validateBanks also checks what must differ between banks: an answer is told by its sender's GLN.
func (c Config) validateBanks(p *problems) {
	ids, glns := map[string]bool{}, map[string]bool{}
	for i, b := range c.Banks {
		key := bankKey(i, b)
		p.check(!ids[b.ID], key+"id", "is used twice")
		p.check(!glns[b.GLN], key+"gln", "%s is another bank's too", b.GLN)
		p.check(b.GLN != c.Identity.GLN, key+"gln", "is our own")
		p.check(b.Test == (c.Environment != Production), key+"test", "%t does not fit environment %s", b.Test, c.Environment)
		ids[b.ID], glns[b.GLN] = true, true
		b.validate(p, key)
	}
}

func (b Bank) validate(p *problems, key string) {
	p.check(validID(b.ID), key+"id", "%q is not 1 to 35 of A-Z a-z 0-9 . _ -", b.ID)
	p.check(b.Name != "", key+"name", "is empty")
	p.check(validGLN(b.GLN), key+"gln", "%q is no GLN of 13 digits", b.GLN)
	p.address(key+"address", b.Address)
	p.check(b.User != "", key+"user", "is empty")
	p.check(b.Key != "", key+"key", "is empty")
	p.check(len(b.HostKeys) > 0, key+"host_keys", "is empty: an unknown host is never trusted")
	p.check(!slices.Contains(b.HostKeys, ""), key+"host_keys", "has an empty entry")
	p.check(b.InDir != "", key+"in_dir", "is empty")
	p.check(b.OutDir != "", key+"out_dir", "is empty")
	p.check(b.InDir != b.OutDir, key+"out_dir", "is the same as in_dir: we would fetch our own files")
	p.check(fileName(b.FileName) && strings.Contains(b.FileName, "{ref}"), key+"file_name",
		"%q is no file name with {ref}", b.FileName)
	p.check(fileName(b.TempName) && strings.Contains(b.TempName, "{ref}") && strings.Contains(b.TempName, "{attempt}"),
		key+"temp_name", "%q is no file name with {ref} and {attempt}", b.TempName)
	p.lasts(key+"poll", b.Poll, 10*time.Millisecond, 24*time.Hour)
	b.validateWords(p, key)
}

func (b Bank) validateWords(p *problems, key string) {
	// An EndToEndId is ISO 8859-1 and is never transliterated: a narrower repertoire could not carry every one.
	oneOf(p, key+"charset", b.Charset, "UNOC")
	oneOf(p, key+"wrap", b.Wrap, WrapNone, WrapCRLF, Wrap80)
	p.within(key+"lead_days", b.LeadDays, 0, 30)
	p.within(key+"salary_lead_days", b.SalaryLeadDays, -1, 30)
	oneOf(p, key+"acceptance", b.Acceptance, AcceptedByContrl, AcceptedByBanstaLine, AcceptedByBanstaSeq, AcceptedBySilence)
	p.lasts(key+"acceptance_deadline", b.AcceptanceDeadline, 0, 30*24*time.Hour)
	oneOf(p, key+"executed", b.Executed, ExecutedByBansta, ExecutedBySilence)
	p.lasts(key+"executed_deadline", b.ExecutedDeadline, time.Second, 30*24*time.Hour)
	p.lasts(key+"debit_deadline", b.DebitDeadline, 0, 30*24*time.Hour)
	p.check(b.ContrlFinal == 7 || b.ContrlFinal == 8, key+"contrl_final", "%d is neither 7 nor 8", b.ContrlFinal)
	p.lasts(key+"contrl_deadline", b.ContrlDeadline, time.Second, 30*24*time.Hour)
	b.validateGIS(p, key)
	b.validateAutack(p, key)
}

// validateGIS refuses a code with two meanings.
func (b Bank) validateGIS(p *problems, key string) {
	meaning := map[string]string{}
	for _, list := range []struct {
		key   string
		codes []string
	}{{"gis_rejected", b.GISRejected}, {"gis_information", b.GISInformation}, {"gis_executed", b.GISExecuted},
		{"gis_accepted", b.GISAccepted}} {
		for _, code := range list.codes {
			p.check(code != "" && len(code) <= 3, key+list.key, "%q is not 1 to 3 characters", code)
			if other, found := meaning[code]; found {
				p.add(key+list.key, "%q stands in %s too", code, other)
			}
			meaning[code] = list.key
		}
	}
	p.check(len(b.GISRejected) > 0, key+"gis_rejected", "is empty: a reject could not be told")
	p.check(b.Executed != ExecutedByBansta || len(b.GISExecuted) > 0, key+"gis_executed",
		"is empty, so that nothing would ever be executed")
}

func validID(s string) bool {
	if s == "" || len(s) > 35 || s == "." || s == ".." {
		return false
	}
	for _, r := range s {
		switch {
		case r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
		default:
			return false
		}
	}
	return true
}

func fileName(s string) bool {
	return s != "" && len(s) <= 200 && !strings.ContainsAny(s, "/\\\x00\n\r")
}

// validGLN leaves the check digit alone: what banks and their test systems are registered under does not always keep it.
func validGLN(s string) bool {
	return len(s) == 13 && strings.Trim(s, "0123456789") == ""
}

// mostLimitOre bounds a limit: a thousand billion kroner.
const mostLimitOre = 100_000_000_000_000

func (l ReleaseLimits) validate(p *problems) {
	for _, o := range []struct {
		key  string
		most int64
	}{{"payment_ore", l.PaymentOre}, {"bundle_ore", l.BundleOre}, {"day_ore", l.DayOre}} {
		p.check(o.most >= 0 && o.most <= mostLimitOre, "release_limits."+o.key, "%d must be between 0, no limit, and %d", o.most, int64(mostLimitOre))
	}
	p.check(l.HistoryTimes == 0 || l.HistoryTimes >= 2 && l.HistoryTimes <= 1000, "release_limits.history_times", "%d is neither 0, no limit, nor between 2 and 1000", l.HistoryTimes)
}
