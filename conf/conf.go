// Package conf reads the gateway's configuration: one TOML file, strictly, with every problem named at once. No
// secret stands in it, only the paths of files that hold them. nks.toml is the annotated sample.
package conf

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// maxFile bounds what is read: a configuration of this size is some other file.
const maxFile = 4 << 20

// ErrInvalid is in every error of Load and Validate that the writer of the file can mend.
var ErrInvalid = errors.New("configuration is not valid")

// Environment reports whether the money is real. Test and production are kept apart by keys, hosts and the test
// indicator of every interchange.
type Environment string

// The two environments.
const (
	Production Environment = "production"
	Test       Environment = "test"
)

// Connections says of which authorities the payout system must be live before production takes their bundles.
type Connections string

// The rules about connections.
const (
	ConnectionsRecorded Connections = "recorded" // of those that have a connection on record
	ConnectionsRequired Connections = "required" // of all
)

// Acceptance is what a bank's "we have it" is made of, after CONTRL has not refused it.
type Acceptance string

// The ways in which a bank accepts a payment.
const (
	AcceptedByContrl     Acceptance = "contrl"      // CONTRL 7 is all that comes
	AcceptedByBanstaLine Acceptance = "bansta_line" // a BANSTA for each LIN
	AcceptedByBanstaSeq  Acceptance = "bansta_seq"  // a BANSTA for each SEQ
	AcceptedBySilence    Acceptance = "silence"     // no reject within acceptance_deadline
)

// Execution is how a bank's "paid" is known.
type Execution string

// The ways in which a payment is known to be executed.
const (
	ExecutedByBansta  Execution = "bansta"  // a BANSTA with a code of gis_executed
	ExecutedBySilence Execution = "silence" // no reject within executed_deadline
)

// Wrap is how a bank wants its EDIFACT laid out.
type Wrap string

// The layouts of an interchange.
const (
	WrapNone Wrap = "none" // no line ends at all
	WrapCRLF Wrap = "crlf" // CR LF after each segment
	Wrap80   Wrap = "80"   // CR LF after every 80 characters
)

// Duration is a time.Duration that is written "90s" or "1h30m".
type Duration struct{ time.Duration }

// UnmarshalText reads the Go notation of durations.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no duration such as \"90s\"", text)
	}
	d.Duration = parsed
	return nil
}

// MarshalText writes the Go notation.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// TimeOfDay is a time of the clock in Copenhagen, as minutes after midnight, written "08:30".
type TimeOfDay int

// UnmarshalText reads HH:MM.
func (t *TimeOfDay) UnmarshalText(text []byte) error {
	parsed, err := time.Parse("15:04", string(text))
	if err != nil || len(text) != len("15:04") {
		return fmt.Errorf("%q is no time of day such as \"08:30\"", text)
	}
	*t = TimeOfDay(parsed.Hour()*60 + parsed.Minute())
	return nil
}

// MarshalText writes HH:MM.
func (t TimeOfDay) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// SinceMidnight is the time as it passes on a day on which the clock is not changed.
func (t TimeOfDay) SinceMidnight() time.Duration { return time.Duration(t) * time.Minute }

func (t TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", int(t)/60, int(t)%60) }

// MaybeTime is a time of day as it is written, or nothing.
type MaybeTime string

// UnmarshalText reads HH:MM, or nothing.
func (t *MaybeTime) UnmarshalText(text []byte) error {
	*t = MaybeTime(text)
	if *t == "" {
		return nil
	}
	return new(TimeOfDay).UnmarshalText(text)
}

// Or is the time of day, or another where there is none.
func (t MaybeTime) Or(other time.Duration) time.Duration {
	var at TimeOfDay
	if t == "" || at.UnmarshalText([]byte(t)) != nil {
		return other
	}
	return at.SinceMidnight()
}

// Config is the whole configuration.
type Config struct {
	// Environment is production or test.
	Environment Environment `toml:"environment"`
	// ApartFrom are configuration files of gateways of the other environment: none of their keys, bank hosts and host keys may be ours.
	ApartFrom []string `toml:"apart_from"`
	// Connections says of whom production takes bundles; a test environment takes them of all.
	Connections Connections `toml:"connections"`
	// Data is the directory of everything that nks keeps itself.
	Data string `toml:"data"`

	Database Database `toml:"database"`
	Mailbox  Mailbox  `toml:"mailbox"`
	MQ       MQ       `toml:"mq"`
	Rasp     Rasp     `toml:"rasp"`
	API      API      `toml:"api"`
	Print    Print    `toml:"print"`
	// Activation is of the letters by which holders approve accounts.
	Activation Activation `toml:"activation"`
	Clock      Clock      `toml:"clock"`
	Identity   Identity   `toml:"identity"`
	Cell       Cell       `toml:"cell"`
	Limits     Limits     `toml:"limits"`
	// ReleaseLimits are those of a database in which none ever was set.
	ReleaseLimits ReleaseLimits `toml:"release_limits"`
	Answers       Answers       `toml:"answers"`
	Report        Report        `toml:"report"`
	Flow          Flow          `toml:"flow"`
	Months        Months        `toml:"months"`
	Register      Register      `toml:"register"`
	Retention     Retention     `toml:"retention"`
	Audit         Audit         `toml:"audit"`
	Journal       Journal       `toml:"journal"`
	Log           Log           `toml:"log"`
	Metrics       Metrics       `toml:"metrics"`
	Lines         Lines         `toml:"lines"`
	Keys          Keys          `toml:"keys"`
	Console       Console       `toml:"console"`
	Decisions     Decisions     `toml:"decisions"`
	// Banks are the booking centres' profiles of an empty database.
	Banks []Bank `toml:"bank"`
	// BankReports say which data suppliers report customers' accounts for which banks.
	BankReports []BankReport `toml:"bank_report"`

	// Folder is where the configuration was read from, and relative paths are meant from.
	Folder string `toml:"-"`
}

// Decisions says who may decide what waits for a person.
type Decisions struct {
	// Persons is a file with one public key a line, each with the person's name behind it, as in "ssh-ed25519 AAAA… A. Hansen".
	// It counts for an empty database alone: afterwards only decisions change who may decide. Empty: nobody, so that in
	// production nothing can be decided, and in test names are believed.
	Persons string `toml:"persons"`
}

// Database says where the tables are.
type Database struct {
	// URLFile is a file whose one line is the URL of a PostgreSQL that somebody else runs; it may hold a password.
	URLFile string `toml:"url_file"`
	// URL is the same in place, for a URL without a password. Both empty: the private server.
	URL string `toml:"url"`
	// PrivateDir is the private server's cluster; empty: pg under Config.Data.
	PrivateDir string `toml:"private_dir"`
	// SocketDir is the private server's socket directory; empty: a short one of its own in /tmp.
	SocketDir string `toml:"socket_dir"`
	// BinDir holds PostgreSQL's programs; empty: the newest installed.
	BinDir string `toml:"bin_dir"`
	// MaxConnections bounds the connections of the private server, and those of one nks to any.
	MaxConnections int `toml:"max_connections"`
}

// Mailbox is the SFTP door for data suppliers.
type Mailbox struct {
	// Listen is host:port.
	Listen string `toml:"listen"`
	// HostKey is the file of the server's private key, in OpenSSH's format.
	HostKey string `toml:"host_key"`
	// NextHostKey is the file of the key that will follow it, shown to clients beside it; empty: none.
	NextHostKey string `toml:"next_host_key"`
	// MaxFileMB is the largest upload in MiB.
	MaxFileMB int `toml:"max_file_mb"`
	// IdleTimeout ends a session that says nothing.
	IdleTimeout Duration `toml:"idle_timeout"`
	// MaxConnections bounds the sessions of all suppliers together.
	MaxConnections int `toml:"max_connections"`
	// StagedFiles and StagedMB bound what of one supplier waits for its rename; an upload that was not renamed for StagedKeep is
	// dropped, 0: never.
	StagedFiles int      `toml:"staged_files"`
	StagedMB    int      `toml:"staged_mb"`
	StagedKeep  Duration `toml:"staged_keep"`
}

// Clock sets business time.
type Clock struct {
	// Start is the business time of the very first start, RFC 3339; empty: the machine's. Ignored later.
	Start string `toml:"start"`
}

// Cell is which of several gateways this one is, where the payers are shared between them, each with its database.
type Cell struct {
	// Number is 0 to 99. It stands in ids and in numbers towards banks, and never changes once the database is made.
	Number int64 `toml:"number"`
}

// Identity is who we are to banks and customers.
type Identity struct {
	// Name is what data suppliers must write as addressee, the first To/PartyId of a bundle, and what stands as sender in answers.
	Name string `toml:"name"`
	// GLN is our address in EDIFACT's UNB: 13 digits.
	GLN string `toml:"gln"`
	// AddressedAs is whom bundles may be addressed to, in each environment; none: Name.
	AddressedAs AddressedAs `toml:"addressed_as"`
}

// Limits bound what one thing may hold.
type Limits struct {
	InterchangePayments int `toml:"interchange_payments"`
	InterchangeMB       int `toml:"interchange_mb"`
	MessagePayments     int `toml:"message_payments"`
	// ExecutionDaysAhead is how far away an execution date may be, in days.
	ExecutionDaysAhead int `toml:"execution_days_ahead"`
	BundlePayments     int `toml:"bundle_payments"`
	// AnswerPayments is how many payments one answer document lists at most.
	AnswerPayments int `toml:"answer_payments"`
	// DeliveryGroups is how many debit groups one delivery holds at most.
	DeliveryGroups int `toml:"delivery_groups"`
}

// ReleaseLimits is what may leave without two persons, of every agreement; 0: anything. They count for a database in which no limit ever
// was set: afterwards only decisions change them.
type ReleaseLimits struct {
	// PaymentOre, BundleOre and DayOre bound a payment, what leaves together of a bundle, and an agreement's sum of an execution day.
	PaymentOre int64 `toml:"payment_ore"`
	BundleOre  int64 `toml:"bundle_ore"`
	DayOre     int64 `toml:"day_ore"`
	// HistoryTimes is how many times the highest of an agreement's last twenty days is too much.
	HistoryTimes int `toml:"history_times"`
}

// Answers says when a document to a customer is closed.
type Answers struct {
	// Quiet is how long nothing must have come for it.
	Quiet Duration `toml:"quiet"`
	// Deadline is how long it stays open at most.
	Deadline Duration `toml:"deadline"`
	// Foretell has receipt 1 say when the recipients have their money, in ebms:Description.
	Foretell bool `toml:"foretell"`
	// Copies are the suppliers in whose mailboxes responses 7, 8 and 9 lie as PDF, too.
	Copies []string `toml:"copies"`
}

// Flow is how the engine works through what there is to do.
type Flow struct {
	// Poll is the longest pause after having found nothing: a step that is given work is woken.
	Poll Duration `toml:"poll"`
}

// Months says when months close.
type Months struct {
	// CloseAfter is how many months after its end a month is closed by itself; 0: only by command.
	CloseAfter int `toml:"close_after"`
}

// Retention is what is erased when its time is over: for how long it is kept is decided, and not configured.
type Retention struct {
	// Key is the file of the key that makes the hashes which stay of erased months.
	Key string `toml:"key"`
}

// Register is how the register is kept at hand.
type Register struct {
	// Image has what decides about accounts held in memory; without it, SQL is asked for each payment.
	Image bool `toml:"image"`
	// ImageMB is what one image may take, where two are there while one is replaced; 0: a quarter of the machine's memory.
	ImageMB int `toml:"image_mb"`
	// Feeds are who sends the files of changes that the registers of persons and companies tell.
	Feeds []Feed `toml:"feed"`
}

// Feed is the data supplier that sends the files of a source.
type Feed struct {
	Source   string `toml:"source"` // CPR, CVR or SE
	Supplier string `toml:"supplier"`
}

// Audit is the log that cannot be forged unseen: what of it is outside the database.
type Audit struct {
	// Key is the file of the key that signs; empty: audit/key under Config.Data. Its public half stands beside it, in .pub.
	Key string `toml:"key"`
	// FormerKeys are files of public keys that have signed before.
	FormerKeys []string `toml:"former_keys"`
	// Checkpoints is the file that keeps what was signed; empty: audit/checkpoints under Config.Data.
	Checkpoints string `toml:"checkpoints"`
}

// Journal is what has become visible outside, kept outside the database: it knows a database that was set back.
type Journal struct {
	// Node is how this machine is called in it; empty: its host name.
	Node string `toml:"node"`
	// Directory is where it is; empty: journal under Config.Data. Second is another one, on another machine's disk; empty: there is none.
	Directory string `toml:"directory"`
	Second    string `toml:"second"`
	// OneIsEnough lets the gateway go on while one of two directories takes nothing.
	OneIsEnough bool `toml:"one_is_enough"`
	// Keep is for how many days it keeps what it has; 0: for ever.
	Keep int `toml:"keep"`
}

// Directories are the one or two that are kept.
func (j Journal) Directories() []string {
	var all []string
	for _, dir := range []string{j.Directory, j.Second} {
		if dir != "" {
			all = append(all, dir)
		}
	}
	return all
}

// Log says what the log looks like.
type Log struct {
	Level  string `toml:"level"`  // debug, info, warn, error
	Format string `toml:"format"` // json, console
}

// Console is the pages for people.
type Console struct {
	// Listen is host:port on this machine itself: there is no login yet. Empty: no pages, which is all that production
	// allows and has when nothing is said.
	Listen string `toml:"listen"`
}

// Metrics says where operations look.
type Metrics struct {
	// Listen is host:port of /metrics, /healthz, /readyz and, on loopback, /debug/pprof/; empty: none of it.
	Listen string `toml:"listen"`
	// Public allows an address that other machines reach; profiling is never there.
	Public bool `toml:"public"`
	// StuckAfter is how long a step may take, or not come round, before the process counts as stuck.
	StuckAfter Duration `toml:"stuck_after"`
	// DifferenceEvery is the shortest pause between two computations of the ledger's difference, which read every
	// payment; 0: never.
	DifferenceEvery Duration `toml:"difference_every"`
}

// Default is what holds where the file says nothing.
func Default() Config {
	return Config{
		Environment: Test, ApartFrom: []string{}, Connections: ConnectionsRecorded,
		Data:     "data",
		Database: Database{MaxConnections: 60},
		Mailbox: Mailbox{Listen: "127.0.0.1:2222", HostKey: "keys/mailbox_host", MaxFileMB: 1024,
			IdleTimeout: Duration{5 * time.Minute}, MaxConnections: 200, StagedFiles: 1000, StagedMB: 4096, StagedKeep: Duration{30 * 24 * time.Hour}},
		MQ:   defaultMQ(),
		Rasp: defaultRasp(),
		API:  defaultAPI(), Print: defaultPrint(), Activation: defaultActivation(),
		Identity: Identity{Name: "NKS", GLN: "5798000016446", AddressedAs: AddressedAs{Production: []string{}, Test: []string{}}},
		Limits: Limits{InterchangePayments: 100_000, InterchangeMB: 32, MessagePayments: 5_000, ExecutionDaysAhead: 365,
			BundlePayments: 2_000_000, AnswerPayments: 10_000, DeliveryGroups: 10_000},
		Answers:  Answers{Quiet: Duration{2 * time.Second}, Deadline: Duration{time.Minute}, Foretell: true, Copies: []string{}},
		Report:   Report{Daily: []string{}},
		Flow:     Flow{Poll: Duration{10 * time.Second}},
		Months:   Months{CloseAfter: 2},
		Register: Register{Image: true},
		Audit:    Audit{FormerKeys: []string{}},
		Journal:  Journal{Keep: 400},
		Log:      Log{Level: "info", Format: "json"},
		Console:  Console{Listen: "127.0.0.1:8080"},
		Metrics:  Metrics{Listen: "127.0.0.1:9464", StuckAfter: Duration{15 * time.Minute}, DifferenceEvery: Duration{5 * time.Minute}},
		Lines:    Lines{Bank: Duration{10 * time.Minute}, Door: Duration{5 * time.Minute}, Queue: Duration{5 * time.Minute}, Endpoint: Duration{5 * time.Minute}, Limits: []string{}},
	}
}

// Load reads and checks the file at path. Relative paths in it are meant from the file's directory; those of the
// returned Config are absolute. An unknown key, a wrong type or a problem of Validate is ErrInvalid, with line and
// column or the key's name; a file that cannot be read is the system's error.
func Load(path string) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	if len(text) > maxFile {
		return Config{}, fmt.Errorf("%w: %s is larger than 4 MiB", ErrInvalid, path)
	}
	cfg, err := Parse(string(text))
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	cfg.Resolve(dir)
	if err := cfg.Validate(); err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return cfg, nil
}

// Parse decodes text over the defaults, without Resolve and Validate.
func Parse(text string) (Config, error) {
	cfg := Default()
	if err := decode(text, &cfg, true); err != nil {
		return Config{}, err
	}
	if err := hidePages(text, &cfg); err != nil {
		return Config{}, err
	}
	if err := fillBanks(text, &cfg); err != nil {
		return Config{}, err
	}
	return cfg, nil
}

// hidePages leaves the pages out where production says nothing of them.
func hidePages(text string, cfg *Config) error {
	var given struct {
		Console map[string]any `toml:"console"`
	}
	if err := decode(text, &given, false); err != nil {
		return err
	}
	if cfg.Environment == Production && !says(given.Console, "listen") {
		cfg.Console.Listen = ""
	}
	return nil
}

// decode turns go-toml's errors into ours: position first, and never the file's text, which go-toml quotes.
func decode(text string, into any, strict bool) error {
	d := toml.NewDecoder(strings.NewReader(text))
	if strict {
		d.DisallowUnknownFields()
	}
	err := d.Decode(into)
	if err == nil {
		return nil
	}
	if unknown, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		problems := []error{ErrInvalid}
		for _, e := range unknown.Errors {
			row, col := e.Position()
			problems = append(problems, fmt.Errorf("line %d, column %d: unknown key %s", row, col, strings.Join(e.Key(), ".")))
		}
		return errors.Join(problems...)
	}
	if wrong, ok := errors.AsType[*toml.DecodeError](err); ok {
		row, col := wrong.Position()
		return fmt.Errorf("%w: line %d, column %d: %s", ErrInvalid, row, col, strings.TrimPrefix(wrong.Error(), "toml: "))
	}
	return fmt.Errorf("%w: %w", ErrInvalid, err)
}
