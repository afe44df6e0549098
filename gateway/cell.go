package gateway

import "fmt"

// Cell is the number of a gateway with a database of its own, among several that share the payers between them. It stands
// in the ids of deliveries and in all numbers towards banks, so that those of two cells are never alike.
type Cell int64

// MaxCell is the greatest number of a cell: it has two digits wherever it stands.
const MaxCell Cell = 99

// Check is an error when there can be no such cell.
func (c Cell) Check() error {
	if c < 0 || c > MaxCell {
		return fmt.Errorf("cell %d must be between 0 and %d", int64(c), int64(MaxCell))
	}
	return nil
}
