// Package feed follows the registers of persons and companies: files of changes, which are read strictly, applied in the order of
// their numbers and exactly once, and become versions of holders. // B38
//
// A change that does not fit what is known is told and left out; the others of its file count. A file that is not in its form, or not
// the next of its source, is refused as a whole.
package feed

import (
	"errors"
	"fmt"

	"nks/gateway"
)

// Source is a register that tells of changes.
type Source string

// The sources.
const (
	CPR Source = "CPR"
	CVR Source = "CVR" // companies and their P numbers
	SE  Source = "SE"
)

// IsKnown reports whether there is such a source.
func (s Source) IsKnown() bool { return s == CPR || s == CVR || s == SE }

// tells reports whether a source tells of holders of a kind.
func (s Source) tells(k gateway.HolderKind) bool {
	switch s {
	case CPR:
		return k == gateway.CPR
	case CVR:
		return k == gateway.CVR || k == gateway.PNR
	case SE:
		return k == gateway.SE
	}
	return false
}

// Limits of a file. Its changes are held in memory while they are applied.
const (
	MostChanges = 200_000
	MostBytes   = 64 << 20
)

// Head is what a file says of itself.
type Head struct {
	Source Source
	Number int64 // of the file, from 1, without holes
}

// What is a kind of change.
type What string

// The kinds of changes.
const (
	New               What = "new"
	Renamed           What = "renamed"
	Moved             What = "moved"
	Emigrated         What = "emigrated"
	Returned          What = "returned"
	Died              What = "died"
	Lives             What = "lives" // the death, or the cessation, was told in error
	Guardianship      What = "guardianship"
	GuardianshipEnded What = "guardianship-ended"
	Bankrupt          What = "bankrupt"
	BankruptcyEnded   What = "bankruptcy-ended"
	Ceased            What = "ceased"
	Succeeded         What = "succeeded" // another number of the same kind has taken the holder's place
	Under             What = "under"     // an SE or P number stands under another CVR number
)

// Change is one change of one holder. What a kind of change does not take is empty.
type Change struct {
	Number       int // in its file, from 1, without holes
	What         What
	Kind         gateway.HolderKind
	ID           int64
	On           gateway.Date // of birth, death, end, emigration, bankruptcy
	Name         string
	Street       string
	Postcode     string
	Town         string
	Country      string
	Parent       int64 // 0: none
	Successor    int64
	Guardian     int64
	Guardianship gateway.Guardianship
	Line         int // in the file
}

// FormError says what is wrong with the form of a file.
type FormError struct {
	Line int
	Text string
}

// Error implements error.
func (e *FormError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// Reader reads a file: its head at once, and then change after change until io.EOF. What is wrong with its form is a *FormError.
type Reader interface {
	Head() Head
	Next() (*Change, error)
}

// ErrOrder: the file is not the next of its source.
var ErrOrder = errors.New("is not the next of its source")
