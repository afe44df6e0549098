// Package law says who may change an account of the register, and since when it counts: the rules of the order on the NemKonto
// scheme as one pure function. It asks nothing and keeps nothing; register/accounts asks and keeps.
package law

import (
	"slices"
	"time"

	"nks/gateway"
)

// Channel is the way by which an application for an account comes.
type Channel string

// The channels.
const (
	Bank       Channel = "bank"       // a bank's report // B26.1b
	Caseworker Channel = "caseworker" // a person of an authority, by command or page // B26.1c // B32
	Interface  Channel = "interface"  // an authority's system, machine to machine // B18.2 // B29.2
	Citizen    Channel = "citizen"    // the holder, logged in // B26.1a
	Guardian   Channel = "guardian"   // who acts for the holder, logged in // B22.2
	Initial    Channel = "initial"    // a suggestion of the initial load // B17
	System     Channel = "system"     // the clock, the feed of holders, a conversion
)

// Known reports whether there is such a channel.
func (c Channel) Known() bool {
	return slices.Contains([]Channel{Bank, Caseworker, Interface, Citizen, Guardian, Initial, System}, c)
}

// Action is what an application asks for.
type Action string

// The actions.
const (
	Register Action = "register" // a new or another account
	Lock     Action = "lock"     // only its authority may change it // B27.2
	Unlock   Action = "unlock"
	Limit    Action = "limit" // it ends on a day // G-timed
	Delete   Action = "delete"
	Promote  Action = "promote" // an unlocked specific account becomes the NemKonto, too
)

// Known reports whether there is such an action.
func (a Action) Known() bool {
	return slices.Contains([]Action{Register, Lock, Unlock, Limit, Delete, Promote}, a)
}

// Unsaid stands in Expects where the applicant does not say which version it saw, as reports in bulk do not.
const Unsaid int64 = -1

// Account is an account with all that is kept of it.
type Account struct {
	gateway.Account
	Currency                           string
	BankName, BankAddress, BankCountry string
	HolderName, HolderAddress          string
}

// Application is what somebody asks for about an account of one holder, for one purpose.
type Application struct {
	Channel Channel
	Action  Action
	Holder  gateway.Holder
	// Authority and BenefitType are the purpose: both empty for the NemKonto. To promote, they name the specific account.
	Authority, BenefitType string
	Account                Account // to register, or of a bank that ends one: which; otherwise empty
	From, To               gateway.Date
	Locked                 bool // to register: the specific account is locked from the beginning
	// Expects is the version that the applicant saw in force for the purpose (Held.Version); 0: it saw none; Unsaid: it does not say.
	Expects    int64
	By         string         // who asks: a person, a login, a bank; no CPR number in clear
	Approved   string         // the second person, where one stands for it already // B32
	OnBehalfOf string         // the authority that acts; empty: none
	Actor      gateway.Holder // of citizen and guardian: who is logged in
	Bank       string         // of a bank's report: which, as the bank directory calls it
	// Why is the reason, Source the document that shows that the holder has asked. // B26.1d
	Why, Source string
	Delivery    int64 // the delivery that brought it; 0: none
	Item        int   // its place there
}

// State is where an application stands.
type State string

// The states. Waiting ones go on; all others are the last.
const (
	InForce         State = "in_force"
	Scheduled       State = "scheduled"        // it counts from a later instant
	WaitsApproval   State = "waits_approval"   // of the second person // B32
	WaitsActivation State = "waits_activation" // by the holder; the old account stays in use // B13.2
	Refused         State = "refused"
	Unchanged       State = "unchanged" // it is so already
	Withdrawn       State = "withdrawn"
	Lapsed          State = "lapsed" // it was not activated in time
)

// Waits reports whether an application in this state still goes on.
func (s State) Waits() bool { return s == WaitsApproval || s == WaitsActivation }

// Version is a version of an account as the register knows it now.
type Version struct {
	ID          int64
	Counter     int64 // the change that recorded it
	Account     Account
	Locked      bool
	From        time.Time // the first instant; zero: always
	To          time.Time // the first instant without it; zero: for ever
	Application int64     // that made it; 0: a load
}

// InForce reports whether the version counts at an instant.
func (v Version) InForce(at time.Time) bool {
	return !at.Before(v.From) && (v.To.IsZero() || at.Before(v.To))
}
