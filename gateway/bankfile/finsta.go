package bankfile

import (
	"nks/edifact"
	"nks/gateway"
)

// Groups of the segment table of FINSTA.
const (
	groupStatement        = 4
	groupStatementBalance = 5
	groupEntry            = 6
)

// finsta reads statements of accounts, and each entry as a posting.
type finsta struct {
	file      *reading
	message   int
	no        int
	open      bool
	statement gateway.BankStatement
	opening   bool // there is one
	closing   bool
	entry     *gateway.BankPosting
}

func (f *reading) finsta() error {
	s := &finsta{file: f, message: f.messages}
	if err := f.segments(s.segment); err != nil {
		return err
	}
	return s.release()
}

func (f *finsta) segment(s *edifact.Segment) error {
	switch group := f.file.group(); {
	case s.Tag == "LIN":
		if err := f.release(); err != nil {
			return err
		}
		*f = finsta{file: f.file, message: f.message, no: f.no + 1, open: true}
		f.statement = gateway.BankStatement{Message: f.message, No: f.no}
	case s.Tag == "SEQ":
		if err := f.releaseEntry(); err != nil {
			return err
		}
		f.entry = &gateway.BankPosting{Report: gateway.AccountStatement, Message: f.message, Account: f.statement.Account, Statement: f.no}
	case f.entry != nil && group == groupEntry:
		f.ofEntry(s)
	case group == groupStatement, group == groupStatementBalance:
		f.ofStatement(s)
	}
	return nil
}

func (f *finsta) ofStatement(s *edifact.Segment) {
	w := &f.statement
	switch qualifier := string(s.Component(0, 0)); {
	case s.Tag == "FII":
		if w.Account = account(s); w.Account == "" {
			f.unclear("its account is no Danish one")
		}
	case s.Tag == "RFF" && qualifier == refStatement:
		w.Number = s.Text(0, 1)
	case s.Tag == "MOA" && qualifier == amountOpening:
		w.OpeningOre, f.opening = f.kroner(s), true
	case s.Tag == "MOA" && qualifier == amountClosing:
		w.ClosingOre, f.closing = f.kroner(s), true
	case s.Tag == "DTM" && qualifier == dateStatement:
		day, ok := date(s)
		if !ok {
			f.unclear("its date cannot be read")
		}
		if w.Day.Before(day) {
			w.Day = day
		}
	}
}

func (f *finsta) ofEntry(s *edifact.Segment) {
	e := f.entry
	switch qualifier := string(s.Component(0, 0)); {
	case s.Tag == "RFF" && qualifier == refPosting:
		e.Reference = s.Text(0, 1)
	case s.Tag == "DTM" && qualifier == dateBooked:
		e.PostedOn, _ = date(s)
	case s.Tag == "DTM" && qualifier == dateValue:
		e.ValueOn, _ = date(s)
	case s.Tag == "MOA" && qualifier == amountEntry:
		e.Ore, _ = kroner(s)
	case s.Tag == "FTX":
		_, e.Text = reasonOf(s)
	}
}

// releaseEntry gives the entry that was read.
func (f *finsta) releaseEntry() error {
	e := f.entry
	if e == nil {
		return nil
	}
	f.entry = nil
	switch {
	case e.PostedOn.IsZero():
		e.Unclear = "it has no posting date"
	case e.Ore == 0:
		e.Unclear = "it has no amount"
	case e.Account == "":
		e.Unclear = "the account of its statement is not known"
	}
	if e.Unclear != "" {
		f.unclear("one of its entries cannot be read")
	}
	if f.statement.Entries++; f.statement.Entries > maxStatementSize {
		f.unclear("more than 1,000,000 entries")
	}
	sum, err := gateway.AddOre(f.statement.EntriesOre, e.Ore)
	if err != nil {
		f.unclear("its amounts are too large")
	}
	f.statement.EntriesOre = sum
	return f.file.sink.Posting(*e)
}

// release gives the statement that was read, behind its entries.
func (f *finsta) release() error {
	if !f.open {
		return nil
	}
	if err := f.releaseEntry(); err != nil {
		return err
	}
	w := &f.statement
	switch {
	case !f.opening || !f.closing:
		f.unclear("it has no opening or closing balance")
	case w.Day.IsZero():
		f.unclear("it has no date")
	case len(w.Number) > mostDigits || !gateway.AllDigits(w.Number):
		f.unclear("its number is none of 1 to 15 digits")
	}
	f.open = false
	return f.file.sink.Statement(*w)
}

// unclear keeps the first reason why nobody can read a statement.
func (f *finsta) unclear(why string) {
	if f.statement.Unclear == "" {
		f.statement.Unclear = why
	}
}

// kroner reads a balance, which may be zero or negative.
func (f *finsta) kroner(s *edifact.Segment) int64 {
	ore, ok := kroner(s)
	if !ok {
		f.unclear("a balance cannot be read")
	}
	return ore
}
