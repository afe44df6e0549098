package gateway

import (
	"fmt"
	"strconv"
)

// ControlNumber is UNB 0020 to a bank: drawn from the bank's counter, without holes, unique for ever.
type ControlNumber int64

// controlDigits is the places that UNB 0020 has.
const controlDigits = 14

// MaxControlNumber is the greatest that UNB 0020 holds.
const MaxControlNumber ControlNumber = 99_999_999_999_999

// controlCell is how many control numbers a cell has towards one bank: twelve digits, behind the two of the cell.
const controlCell = 1_000_000_000_000

// FirstControlNumber is the number of a cell's first interchange to a bank.
func FirstControlNumber(cell Cell) ControlNumber { return ControlNumber(cell)*controlCell + 1 }

// Of is an error when the number is not the cell's: it has used up all of its own.
func (n ControlNumber) Of(cell Cell) error {
	if Cell(n/controlCell) != cell {
		return fmt.Errorf("%s must be between %s and %s", n, FirstControlNumber(cell), FirstControlNumber(cell+1)-2)
	}
	return nil
}

// String is the number as it is written: 14 digits.
func (n ControlNumber) String() string { return fmt.Sprintf("%0*d", controlDigits, int64(n)) }

// ParseControlNumber reads a control number that a bank names. It must be what was sent, character by character: a number
// of the same value that is written otherwise names something else. ErrNotFound: no interchange can have it.
func ParseControlNumber(s string) (ControlNumber, error) {
	if len(s) != controlDigits || !AllDigits(s) {
		return 0, fmt.Errorf("control number of %d characters must be %d digits: %w", len(s), controlDigits, ErrNotFound)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("control number: %w: %w", err, ErrNotFound)
	}
	return ControlNumber(n), nil
}
