package sample

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Row is what docs/samples.md says of one payment of an official document.
type Row struct {
	File       string // name of the document
	EndToEndID string
	Oere       int64
	Type       string // of the order: IBB transfer, IBK payment slip, UBB abroad
	Outcome    string // state in which the payment ends: executed
}

// ErrTable says that docs/samples.md cannot be read as a table.
var ErrTable = errors.New("table of samples")

// Columns of the table that are read; there are others, for people.
const (
	columnID      = "EndToEndId"
	columnAmount  = "DKK"
	columnType    = "Type"
	columnOutcome = "Outcome"
)

// ReadTable reads the tables of docs/samples.md: one for each document, under a heading that is the document's name.
// A table that is not under such a heading is no table of payments.
func ReadTable(path string) ([]Row, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTable, err)
	}
	defer func() { _ = f.Close() }() // read only
	rows, err := parseTables(f)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrTable, path, err)
	}
	return rows, nil
}

func parseTables(r io.Reader) ([]Row, error) {
	var rows []Row
	var file string
	var columns []string // of the table at hand; nil outside
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		cells, isRow := split(line)
		switch {
		case strings.HasPrefix(line, "#"):
			file, columns = heading(line), nil
		case !isRow:
			columns = nil
		case file == "":
		case columns == nil:
			columns = cells
			if err := complete(columns); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		case strings.Trim(line, "|-: ") == "":
		default:
			row, err := parseRow(file, columns, cells)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			rows = append(rows, row)
		}
	}
	return rows, lines.Err()
}

// heading is the name of the document that a section is about, or "".
func heading(line string) string {
	name := strings.Trim(strings.TrimLeft(line, "#"), " `")
	if strings.HasSuffix(name, suffix) {
		return name
	}
	return ""
}

func split(line string) ([]string, bool) {
	line, open := strings.CutPrefix(line, "|")
	line, closed := strings.CutSuffix(line, "|")
	if !open || !closed {
		return nil, false
	}
	cells := strings.Split(line, "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells, true
}

func complete(columns []string) error {
	for _, c := range []string{columnID, columnAmount, columnType, columnOutcome} {
		if !slices.Contains(columns, c) {
			return fmt.Errorf("column %s is missing", c)
		}
	}
	return nil
}

func parseRow(file string, columns, cells []string) (Row, error) {
	if len(cells) != len(columns) {
		return Row{}, fmt.Errorf("%d cells under %d columns", len(cells), len(columns))
	}
	cell := func(column string) string { return strings.Trim(cells[slices.Index(columns, column)], "`") }
	oere, err := parseAmount(cell(columnAmount))
	row := Row{File: file, EndToEndID: cell(columnID), Oere: oere, Type: cell(columnType), Outcome: cell(columnOutcome)}
	if err == nil && (row.EndToEndID == "" || row.Type == "" || row.Outcome == "") {
		err = errors.New("a cell is empty")
	}
	return row, err
}

// parseAmount reads kroner with two decimals after a point.
func parseAmount(s string) (int64, error) {
	kroner, oere, ok := strings.Cut(s, ".")
	if !ok || len(oere) != 2 {
		return 0, fmt.Errorf("amount %q: want kroner with two decimals", s)
	}
	n, err := strconv.ParseUint(kroner+oere, 10, 62)
	if err != nil {
		return 0, fmt.Errorf("amount %q: want kroner with two decimals", s)
	}
	return int64(n), nil
}
