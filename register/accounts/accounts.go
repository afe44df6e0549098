// Package accounts takes applications for accounts: it judges them by register/law, keeps what was asked and what became of it,
// and changes the register, in the caller's transaction.
//
// Applications are serialised for each holder. A transaction should call Apply, Approve, Activate or Withdraw once: the lock on the
// register's counter is taken last and held to the commit, and who takes another holder's afterwards can meet somebody who waits for it.
// The database then ends one of the two (deadlock_detected), and that transaction is taken again.
package accounts

import (
	"errors"
	"time"

	"nks/bankday"
	"nks/register/law"
)

// The nouns are those of the law.
type (
	Application = law.Application
	Account     = law.Account
	Channel     = law.Channel
	Action      = law.Action
	State       = law.State
)

// ErrMoved: the application is not in the state that is asked for, or there is none of that number.
var ErrMoved = errors.New("the application does not wait for that")

// Stale is the rule of an outcome that is refused because the purpose has changed since the applicant saw it. No law stands behind it.
const Stale = law.Stale

// Store takes applications. Safe for concurrent use.
type Store struct {
	Now      func() time.Time // business time
	Location *time.Location   // Copenhagen: whose days From and To are
	Calendar bankday.Calendar // needed where Rules let changes count later
	Rules    law.Rules
}

// Held is what a purpose holds now.
type Held struct {
	Version  int64 // to send back as Expects; 0: it holds none
	Account  Account
	Locked   bool
	From, To time.Time // zero: always, for ever
	Later    bool      // it does not count yet
}

// Outcome is what became of an application.
type Outcome struct {
	Application int64
	State       State
	Rule        string    // that refuses it, such as B39.1, or Stale
	Why         string    // the same in words, for who asked; no number of an account
	Version     int64     // the account version that it made; 0: none
	From        time.Time // since when that counts
	Now         *Held     // what its purpose holds after it; nil: nothing
}
