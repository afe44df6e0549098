package app

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"

	"nks/bankday"
	"nks/conf"
	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/answers"
	"nks/gateway/intake"
	"nks/gateway/postgres"
	"nks/gateway/postgres/activate"
	"nks/gateway/postgres/answer"
	"nks/gateway/postgres/bank"
	"nks/gateway/postgres/booking"
	"nks/gateway/postgres/check"
	"nks/gateway/postgres/closing"
	"nks/gateway/postgres/dormant"
	"nks/gateway/postgres/dryrun"
	"nks/gateway/postgres/effect"
	"nks/gateway/postgres/feeding"
	"nks/gateway/postgres/inquiry"
	"nks/gateway/postgres/keys"
	"nks/gateway/postgres/line"
	"nks/gateway/postgres/lookup"
	"nks/gateway/postgres/night"
	"nks/gateway/postgres/receive"
	"nks/gateway/postgres/registry"
	"nks/gateway/postgres/release"
	"nks/gateway/postgres/restore"
	"nks/gateway/postgres/retention"
	"nks/gateway/postgres/sequence"
	"nks/gateway/postgres/settle"
	flow "nks/gateway/postgres/watch"
	"nks/journal"
	"nks/register/accounts"
	"nks/register/feed"
	"nks/register/image"
)

// Limits are the sizes and times that the stages keep to.
type Limits struct {
	DocumentBytes  int64
	ExecutionDays  int // how many days ahead a bundle may ask for
	BundlePayments int
	DeliveryGroups int
	// QueueTime is how far the put time of a message may move its cut-off back.
	QueueTime time.Duration
	// Patience is with deliveries that fail.
	Patience gateway.Patience

	Split gateway.SplitLimits

	// CloseAfter is how many months after its end a month is closed by itself; 0: never.
	CloseAfter int

	// Image is of the register.
	Image image.Options

	// Staging is how much of a supplier's may wait for its rename.
	Staging receive.Staging

	AnswerPayments              int
	AnswerQuiet, AnswerDeadline time.Duration
}

// StepOptions are what the stages are made of.
type StepOptions struct {
	DB        *sqlx.DB
	Now       func() time.Time // the business clock
	Taken     func() time.Time // the same, for when something is received, also while the clock is apart; nil: Now
	Log       zerolog.Logger
	Failpoint func(name string) // nil: nothing happens
	OwnName   string            // NKS or NKSTEST
	// Connections says of which bundles it counts how far their authority is connected.
	Connections gateway.ConnectionRule
	// BankReports are the banks that each data supplier reports for. // B39.1
	BankReports map[string][]string
	// Addressed is whom bundles may be addressed to; none: OwnName.
	Addressed []string
	OwnGLN    string
	Foretells bool // receipt 1 says when the recipients have their money
	// Copies are the suppliers that get responses 7, 8 and 9 for people, too.
	Copies    []string
	Endpoints []string    // the suppliers to whom answers of the signed endpoint are sent
	Report    conf.Report // that go to suppliers each day
	Banks     postgres.Centres
	Decisions act.Rules
	Limits    Limits
	Cell      gateway.Cell // that the database is
	// Journal is the node's own; nil: nothing is kept. Journals are where those of all nodes are. JournalKeep is how long the node's keeps
	// what it has; 0: for ever.
	Journal     *journal.Journal
	Journals    []string
	JournalKeep time.Duration
	Quiet       *postgres.Quiet // nil: one of its own
	// HashKey is the file of the key of keyed hashes; empty: no month can be dropped.
	HashKey string
	// Feeds are the data suppliers that send the files of each source of changes of holders.
	Feeds map[feed.Source]string
	// Activation is how letters of activations are made.
	Activation activate.Rules
	// Keeping is of the log; without a key nothing of it is signed.
	Keeping sequence.Keeping
}

// Steps is the flow's stages put together. Nothing of it runs by itself: a gateway has workers that take the steps, a test
// takes them one at a time.
type Steps struct {
	Base      *postgres.Base
	Banks     postgres.Centres
	Receive   *receive.Store
	Check     *check.Store
	Release   *release.Store
	Bank      *bank.Store
	Settle    *settle.Store
	Accounts  *accounts.Store
	Effect    *effect.Store
	Answer    *answer.Store
	Reporting *Reporting
	Watch     *flow.Store
	Closing   *closing.Store
	Retention *retention.Store
	Booking   *booking.Store
	Inquiry   *inquiry.Store
	Lines     *line.Store
	Keys      *keys.Store
	DryRun    *dryrun.Store
	// Activate has holders approve the accounts that authorities register for them.
	Activate *activate.Store
	// Dormant deletes accounts to which nothing was paid for years.
	Dormant *dormant.Store
	Desk    *act.Desk
	// Sequence is of the log that cannot be forged unseen.
	Sequence *sequence.Store
	// Image has the register in memory, once somebody has had it filled.
	Image *image.Keeper
	// Restore holds the database against the journals.
	Restore *restore.Store
}

// NewSteps puts the stages together on an open, migrated database.
func NewSteps(o StepOptions) (*Steps, error) {
	if len(o.Addressed) == 0 {
		o.Addressed = []string{o.OwnName}
	}
	if o.Quiet == nil {
		o.Quiet = &postgres.Quiet{}
	}
	banking, err := bankday.New()
	if err != nil {
		return nil, err
	}
	l := o.Limits
	days := gateway.Days{Calendar: calendar{banking}, Location: banking.Location()}
	base := postgres.NewBase(postgres.Base{DB: o.DB, Cell: o.Cell, Now: o.Now, Location: banking.Location(), Log: o.Log, Failpoint: o.Failpoint,
		Journal: o.Journal, Quiet: o.Quiet, HashKey: &postgres.HashKey{Path: o.HashKey}})
	taking := base
	if o.Taken != nil {
		taking = postgres.NewBase(*base)
		taking.Now = o.Taken
	}
	writer := &postgres.Answers{Base: base, OwnName: o.OwnName, OwnGLN: o.OwnGLN, Encode: answers.New, Copies: o.Copies, Copy: answers.NewCopy, Endpoints: o.Endpoints}
	keeper := image.NewKeeper(o.DB, o.Now, banking.Location(), l.Image)
	s := &Steps{Base: base, Banks: o.Banks, Image: keeper,
		Receive: &receive.Store{Base: taking, Days: days, Banks: o.Banks, OpenBundle: intake.Open, Answers: writer,
			Rules: receive.Rules{Addressed: o.Addressed, DaysAhead: l.ExecutionDays, BundlePayments: l.BundlePayments,
				GroupsPerDelivery: l.DeliveryGroups, DocumentBytes: l.DocumentBytes, Patience: l.Patience, Foretells: o.Foretells, QueueTime: l.QueueTime, Staging: l.Staging, Connections: o.Connections}},
		Check: &check.Store{Base: base, Answers: writer, Patience: l.Patience,
			Recipients: check.Recipients{Image: keeper, Sampled: true}},
		Release: &release.Store{Base: base, Days: days, Banks: o.Banks, Image: keeper,
			Rules: release.Rules{Split: l.Split}},
		Bank:   &bank.Store{Base: base, Days: days, Banks: o.Banks},
		Settle: &settle.Store{Base: base, Days: days, Banks: o.Banks},
		Answer: &answer.Store{Base: base, Answers: writer,
			Rules: answer.Rules{Payments: l.AnswerPayments, Quiet: l.AnswerQuiet, Deadline: l.AnswerDeadline}},
		Watch:     &flow.Store{Base: base, Days: days, Banks: o.Banks},
		Closing:   &closing.Store{Base: base, After: l.CloseAfter},
		Retention: &retention.Store{Base: base},
		Booking:   &booking.Store{Base: base},
		Inquiry:   &inquiry.Store{Base: base, Days: days},
		Keys:      &keys.Store{Base: base},
		Accounts:  &accounts.Store{Now: o.Now, Location: banking.Location(), Calendar: banking},
		Lines:     &line.Store{Base: taking, Days: days, Banks: o.Banks}}
	documents := &registry.Store{Base: base, Answers: writer, Accounts: s.Accounts, Connections: o.Connections, Reports: o.BankReports}
	s.Receive.Requests = append(documents.Requests(), (&feeding.Store{Base: base, Answers: writer, From: o.Feeds}).Request(),
		(&lookup.Store{Base: base, Answers: writer}).Request())
	s.Effect = &effect.Store{Base: base, Days: days, Banks: o.Banks, Orders: s.Bank}
	if s.Reporting, err = newReporting(base, s.Answer, o.Report, l.AnswerDeadline); err != nil {
		return nil, err
	}
	s.Sequence = &sequence.Store{Base: base, Keeping: o.Keeping}
	s.DryRun = &dryrun.Store{Receive: s.Receive, Recipients: check.Recipients{Image: keeper}}
	s.Activate = &activate.Store{Base: base, Applications: s.Accounts, Rules: o.Activation, Random: rand.Reader}
	s.Dormant = &dormant.Store{Base: base, Applications: s.Accounts}
	s.Desk = act.NewDesk(s.DryRun, s.Bank, s.Receive, s.Retention, &night.Store{Base: base, Days: days, Banks: o.Banks}, s.Inquiry, s.Settle, s.Accounts, s.Activate, o.Decisions)
	s.Restore = &restore.Store{Base: base, Directories: o.Journals, Keep: o.JournalKeep, Flow: restore.Flow{Read: s.Receive.NextToRead, Check: s.Check.Next, Settle: s.Settle.Next,
		Render: s.Release.NextToRender, Hear: s.Bank.NextToHear, Arrived: s.Bank.Arrived, Decide: s.Desk.Again}}
	return s, nil
}

// Prepare does what a start does before the first step: what broke off long ago is swept, and a log that nobody has signed
// yet gets its key.
func (s *Steps) Prepare(ctx context.Context) error {
	if err := s.Sequence.Prepare(ctx); err != nil {
		return err
	}
	if err := s.Base.PrepareHashKey(ctx); err != nil {
		return err
	}
	if _, err := s.Restore.Compare(ctx); err != nil {
		return err
	}
	if err := s.Restore.Begin(ctx); err != nil {
		return err
	}
	_, err := s.Receive.Sweep(ctx)
	return err
}
