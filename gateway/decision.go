package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Why a decision is not carried out.
var (
	// ErrExpired: nobody approved it in time; ask anew.
	ErrExpired = errors.New("the decision has expired")
	// ErrDecided: it was carried out before.
	ErrDecided = errors.New("the decision was carried out before")
	// ErrChanged: what is on record is not what was hashed when it was asked; look who changed it.
	ErrChanged = errors.New("the decision on record is not the one that was asked")
	// ErrMovedOn: nothing that it is about is as it was when it was asked; look again.
	ErrMovedOn = errors.New("everything that it is about has moved on")
	// ErrSignature: no signature, or one that is not by that person over that decision.
	ErrSignature = errors.New("the signature is not good")
	// ErrNoPersons: nobody is on record who may decide, and names alone are not believed.
	ErrNoPersons = errors.New("nobody is on record who may decide; [decisions] persons of the configuration names a file of them")
	// ErrIntent: what is asked cannot be decided so; the error says what must be.
	ErrIntent = errors.New("cannot be decided so")
)

// DecisionItem is one thing that a decision is about.
type DecisionItem struct {
	Thing     Thing  `json:"thing" db:"thing"`
	ID        int64  `json:"id" db:"id"`
	Authority string `json:"authority,omitempty" db:"authority"`
	Bank      string `json:"bank,omitempty" db:"bank"`
	State     string `json:"state" db:"state"`     // as it was when it was asked
	Preview   string `json:"preview" db:"preview"` // what was to become of it
}

// Decision is what a person asks for, about which things.
type Decision struct {
	ID          int64             `json:"-"`
	Kind        string            `json:"kind"`
	Content     map[string]string `json:"content"` // what the kind takes beside the things
	Items       []DecisionItem    `json:"items"`   // by thing and id
	Persons     int               `json:"persons"` // 1, or 2 where something is let go
	By          string            `json:"by"`
	Why         string            `json:"why"`
	AskedAt     time.Time         `json:"asked_at"`   // business time, whole microseconds, UTC
	ExpiresAt   time.Time         `json:"expires_at"` // likewise
	Environment string            `json:"environment"`
	Hash        [sha256.Size]byte `json:"-"` // Sum when it was asked
}

// Sum is the SHA-256 of ids and intent: everything of the decision but its own number.
func (d Decision) Sum() ([sha256.Size]byte, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("decision %d: %w", d.ID, err)
	}
	return sha256.Sum256(text), nil
}

// SignatureNamespace is what ssh-keygen -Y sign takes as -n: a signature made for another purpose is none.
const SignatureNamespace = "nks-decision"

// ToSign is the text that each person signs.
func (d Decision) ToSign() string {
	return fmt.Sprintf("nks decision %d\nenvironment %s\nexpires %s\nsha256 %s\n", d.ID, d.Environment, d.ExpiresAt.UTC().Format(time.RFC3339Nano),
		hex.EncodeToString(d.Hash[:]))
}

// Outcome is what became of one thing when a decision was carried out.
type Outcome struct {
	Thing Thing  `json:"thing"`
	ID    int64  `json:"id"`
	Done  bool   `json:"done"`
	What  string `json:"what"` // or why it was left alone
}

// StepName is what became of a decision, in the order of the flow.
type StepName string

// The steps of a decision, each at most once.
const (
	StepSigned   StepName = "signed"   // by who asked, where persons sign
	StepApproved StepName = "approved" // by another person
	StepExecuted StepName = "executed"
	StepExpired  StepName = "expired"
	StepUndone   StepName = "undone" // by another decision
)

// DecisionStep is a step that was taken.
type DecisionStep struct {
	Step      StepName  `json:"step"`
	At        time.Time `json:"at"`
	Txid      string    `json:"txid"` // the database's transaction
	Person    string    `json:"person,omitempty"`
	Signature string    `json:"signature,omitempty"`
	Outcome   []Outcome `json:"outcome,omitempty"`
	UndoneBy  int64     `json:"undone_by,omitempty"`
}

// Person is somebody who may decide.
type Person struct {
	ID        int64     `json:"id" db:"id"`
	Name      string    `json:"name" db:"name"`
	PublicKey string    `json:"public_key" db:"public_key"` // a line of authorized_keys, without comment
	Since     time.Time `json:"since" db:"since"`
}
