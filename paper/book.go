package paper

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"
)

// Book is a workbook of one sheet that grows row by row; once they are many, rows wait in a file of the machine.
type Book struct {
	to      io.Writer
	file    *excelize.File
	stream  *excelize.StreamWriter
	columns []Column
	amount  int // the style of amounts
	next    int
}

const sheet = "Sheet1"

// NewBook begins a workbook.
func NewBook(w io.Writer, head Head, columns []Column) (*Book, error) {
	b := &Book{to: w, file: excelize.NewFile(), columns: columns, next: 1}
	at := head.MadeAt.UTC().Format(time.RFC3339)
	err := b.file.SetDocProps(&excelize.DocProperties{Created: at, Modified: at, Creator: "nks", LastModifiedBy: "nks", Title: head.Title})
	if err == nil {
		b.amount, err = b.file.NewStyle(&excelize.Style{NumFmt: 4}) // #,##0.00
	}
	if err == nil {
		b.stream, err = b.file.NewStreamWriter(sheet)
	}
	headings := make([]any, len(columns))
	for i, c := range columns {
		headings[i] = c.Heading
	}
	for _, cells := range [][]any{{head.Title}, {head.About}, headings} {
		if err == nil {
			err = b.line(cells)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("workbook: %w", err)
	}
	return b, nil
}

func (b *Book) line(cells []any) error {
	at, err := excelize.CoordinatesToCellName(1, b.next)
	if err == nil {
		err = b.stream.SetRow(at, cells)
	}
	b.next++
	return err
}

// Row adds a row. What stands at the right is a number, and one with a point an amount: the nearest that a workbook has to it.
func (b *Book) Row(cells []string) error {
	row := make([]any, len(cells))
	for i, cell := range cells {
		row[i] = cell
		if !b.columns[i].Right || cell == "" {
			continue
		}
		number, err := strconv.ParseFloat(cell, 64)
		if err != nil {
			return fmt.Errorf("workbook: row %d: %w", b.next, err)
		}
		if row[i] = number; b.columns[i].Amount {
			row[i] = excelize.Cell{StyleID: b.amount, Value: number}
		}
	}
	if err := b.line(row); err != nil {
		return fmt.Errorf("workbook: row %d: %w", b.next, err)
	}
	return nil
}

// End writes the workbook.
func (b *Book) End() error {
	err := b.stream.Flush()
	if err == nil {
		err = b.file.Write(b.to)
	}
	if cerr := b.file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	return nil
}
