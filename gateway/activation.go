package gateway

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"
)

// An account that an authority has registered on a holder's behalf counts once the holder has entered the code of a letter. // B13 // B25.3

const (
	// ActivationTries is how many wrong codes lock an activation. // B13
	ActivationTries = 5
	codeDigits      = 12 // 39.9 bits, and a telephone's keys can enter them
	referenceDigits = 10
)

// ErrActivationText is a reference or a code that cannot be one: it says what is expected, and never what was given.
var ErrActivationText = errors.New("is not of the expected digits")

// ActivationCode is the secret of a letter: 12 digits. It stands in the letter and nowhere else.
type ActivationCode struct{ digits string }

// NewActivationCode draws a code.
func NewActivationCode(random io.Reader) (ActivationCode, error) {
	digits, err := drawDigits(random, codeDigits)
	return ActivationCode{digits}, err
}

// ParseActivationCode reads a code as people enter it: blanks and hyphens between its digits do not count.
func ParseActivationCode(text string) (ActivationCode, error) {
	digits, err := entered("code", text, codeDigits)
	return ActivationCode{digits}, err
}

// Grouped is the code as the letter shows it: 1234 5678 9012.
func (c ActivationCode) Grouped() string {
	if c.digits == "" {
		return ""
	}
	return c.digits[:4] + " " + c.digits[4:8] + " " + c.digits[8:]
}

// String implements fmt.Stringer: a code that is printed by mistake shows nothing.
func (c ActivationCode) String() string { return "(code)" }

// GoString implements fmt.GoStringer, as String does.
func (c ActivationCode) GoString() string { return c.String() }

// Hashed is what is hashed of the code of an activation: the same code of another reference has another hash.
func (c ActivationCode) Hashed(r ActivationReference) string {
	return "activation " + string(r) + " " + c.digits
}

// ActivationReference is which letter a code is of: 10 digits, drawn, so that who tries numbers does not meet the letters of others.
type ActivationReference string

// NewActivationReference draws a reference.
func NewActivationReference(random io.Reader) (ActivationReference, error) {
	digits, err := drawDigits(random, referenceDigits)
	return ActivationReference(digits), err
}

// ParseActivationReference reads a reference as people enter it.
func ParseActivationReference(text string) (ActivationReference, error) {
	digits, err := entered("reference", text, referenceDigits)
	return ActivationReference(digits), err
}

// Grouped is the reference as the letter shows it: 12345 67890.
func (r ActivationReference) Grouped() string { return string(r[:5] + " " + r[5:]) }

func drawDigits(random io.Reader, digits int) (string, error) {
	most := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	n, err := rand.Int(random, most)
	if err != nil {
		return "", fmt.Errorf("draw digits: %w", err)
	}
	return fmt.Sprintf("%0*d", digits, n), nil
}

// mostEntered bounds what is looked at of an entered text.
const mostEntered = 40

func entered(what, text string, digits int) (string, error) {
	kept := ""
	if len(text) <= mostEntered {
		kept = strings.NewReplacer(" ", "", "-", "").Replace(text)
	}
	if len(kept) != digits || strings.Trim(kept, "0123456789") != "" {
		return "", fmt.Errorf("the %s %w: %d digits", what, ErrActivationText, digits)
	}
	return kept, nil
}

// ActivationState is how it stands with an activation.
type ActivationState string

// The states of an activation.
const (
	ActivationOpen     ActivationState = "open"
	ActivationUsed     ActivationState = "used"     // its code was entered
	ActivationLocked   ActivationState = "locked"   // by wrong tries
	ActivationReplaced ActivationState = "replaced" // by that of a later letter
	ActivationEnded    ActivationState = "ended"    // its application cannot be activated any more
	ActivationUnsent   ActivationState = "unsent"   // no letter can be sent: no code counts
	ActivationLapsed   ActivationState = "lapsed"   // nobody has entered its code in time, or asked for another letter
)

// ActivationAnswer is what who enters a code is told.
type ActivationAnswer string

// The answers. ActivationWrong is also that of a reference which there is not, and of what is locked: nobody learns which.
const (
	ActivationActive  ActivationAnswer = "active"
	ActivationWrong   ActivationAnswer = "wrong"
	ActivationExpired ActivationAnswer = "expired"  // the code was right, and its time is over
	ActivationInvalid ActivationAnswer = "replaced" // the code was right, and does not count any more
)

// Activation is what is known of an activation when a code is entered.
type Activation struct {
	State   ActivationState
	Tries   int // wrong ones so far
	Expires time.Time
}

// Judge says what an entered code does. Right codes are told apart from wrong ones only while fewer than five were wrong. // B13
func (a Activation) Judge(right bool, now time.Time) ActivationAnswer {
	switch {
	case !right || a.Tries >= ActivationTries:
		return ActivationWrong
	case a.State == ActivationUsed:
		return ActivationActive
	case a.State != ActivationOpen:
		return ActivationInvalid
	case !now.Before(a.Expires):
		return ActivationExpired
	}
	return ActivationActive
}

// Addressee is a person or company that a letter may go to.
type Addressee struct {
	Holder                                Holder
	Status                                HolderStatus
	Name, Street, Postcode, Town, Country string
}

// Why no letter is sent.
var (
	ErrNotAlive  = errors.New("is dead or has ceased")
	ErrNoAddress = errors.New("has no address")
)

// LetterTo is who gets the letter of a holder: the guardian of who has one, and never somebody dead, nor without an address. A holder who is dead
// gets none by a guardian either. // B13
func LetterTo(holder Addressee, guardian *Addressee) (Addressee, error) {
	if err := holder.reachable(guardian == nil); err != nil {
		return Addressee{}, fmt.Errorf("the holder %w", err)
	}
	if guardian == nil {
		return holder, nil
	}
	if err := guardian.reachable(true); err != nil {
		return Addressee{}, fmt.Errorf("the guardian %w", err)
	}
	return *guardian, nil
}

func (a Addressee) reachable(addressed bool) error {
	switch {
	case a.Status == Dead || a.Status == Ceased || a.Status == 0:
		return ErrNotAlive
	case addressed && (strings.TrimSpace(a.Name) == "" || strings.TrimSpace(a.Street) == "" || strings.TrimSpace(a.Town) == ""):
		return ErrNoAddress
	}
	return nil
}
