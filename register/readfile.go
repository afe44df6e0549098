package register

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"nks/pgcopy"
)

// errFaulty ends a COPY whose file has faults.
var errFaulty = errors.New("file has faults")

// copy reads a file into its table. Once any file has faults the others are only read for theirs.
func (l *loader) copy(ctx context.Context, in input) error {
	f := l.formats[in.kind]
	file, err := in.Open()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSource, err)
	}
	defer func() { _ = file.Close() }() // read only
	l.progress.Phase, l.progress.File = "read", in.Name
	table, options := f.stage(), []string(nil)
	if l.isDirect(f) {
		table, options = f.direct(), []string{"FREEZE"}
	}
	if len(l.faults.Faults) > 0 {
		err := l.read(ctx, in, f, file, table, io.Discard)
		if errors.Is(err, errFaulty) {
			return nil
		}
		return err
	}
	pr, pw := io.Pipe()
	read := make(chan error, 1)
	go func() {
		err := l.read(ctx, in, f, file, table, pw)
		pw.CloseWithError(err)
		read <- err
	}()
	copyErr := l.conn.Raw(func(driver any) error {
		_, err := driver.(*stdlib.Conn).Conn().PgConn().CopyFrom(ctx, pr, table.Statement(options...))
		return err
	})
	// A server that gave up leaves the reader writing into the pipe.
	_ = pr.CloseWithError(io.ErrClosedPipe)
	readErr := <-read
	switch {
	case errors.Is(readErr, errFaulty):
		return nil
	case readErr != nil && !errors.Is(readErr, io.ErrClosedPipe):
		return readErr
	case copyErr != nil:
		return fmt.Errorf("%s: copy: %w", in.Name, copyErr)
	}
	return nil
}

// read checks every row of a file and writes the rows of a table. With errFaulty the faults say what is wrong.
func (l *loader) read(ctx context.Context, in input, f format, file io.Reader, table pgcopy.Table, w io.Writer) error {
	records := newRecords(file)
	positions, err := l.header(in, f, records)
	if err != nil {
		return err
	}
	headed := len(positions)
	for _, p := range positions {
		if p < 0 {
			headed--
		}
	}
	out := pgcopy.New(table)
	r := &row{Rows: out, line: line{file: in.Name, source: in.number, columns: f.columns},
		fields: make([][]byte, len(f.columns)), direct: l.isDirect(f), now: l.now, counter: l.counter,
		dates: &dates{copenhagen: l.copenhagen, known: map[time.Time]int64{}}}
	before := l.progress.Done
	sum := &l.sums[in.kind]
	for clean := true; ; {
		fields, err := records.record()
		if sum.Rows%10_000 == 0 || err != nil {
			l.progress.Done = before + records.read
			l.tell()
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		switch {
		case errors.Is(err, io.EOF) && clean:
			return handOn(w, out.Last)
		case errors.Is(err, io.EOF):
			return errFaulty
		case isFormatError(err):
			l.faults.add(Fault{File: in.Name, Line: records.line, Rule: "record " + err.Error()})
			return errFaulty
		case err != nil:
			return fmt.Errorf("%w: %s: %w", ErrSource, in.Name, err)
		}
		sum.Rows++
		l.progress.Rows++
		r.number, r.faults = int32(records.line), r.faults[:0]
		if len(fields) != headed {
			r.faults = append(r.faults, Fault{File: in.Name, Line: records.line,
				Rule: fmt.Sprintf("record has %d fields, the header %d", len(fields), headed)})
		} else {
			for i, p := range positions {
				r.fields[i] = nil
				if p >= 0 {
					r.fields[i] = fields[p]
				}
			}
			f.parse(r)
		}
		if len(r.faults) == 0 {
			out.End()
			if out.Size() >= copyChunk {
				if err := handOn(w, out.Chunk); err != nil {
					return err
				}
			}
			continue
		}
		clean = false
		out.DropRow()
		for _, fault := range r.faults {
			if !l.faults.add(fault) {
				return errFaulty
			}
		}
	}
}

// copyChunk is how much is handed to COPY at a time.
const copyChunk = 128 << 10

// handOn writes what is encoded.
func handOn(w io.Writer, encoded func() ([]byte, error)) error {
	rows, err := encoded()
	if err == nil {
		_, err = w.Write(rows)
	}
	return err
}

func isFormatError(err error) bool {
	return errors.Is(err, errQuote) || errors.Is(err, errRecordTooLong) || errors.Is(err, errTooManyFields)
}

// header finds where each of the format's columns stands; -1: it is absent, and may be.
func (l *loader) header(in input, f format, records *records) ([]int, error) {
	fields, err := records.record()
	switch {
	case errors.Is(err, io.EOF):
		l.faults.add(Fault{File: in.Name, Line: 1, Rule: "the header line is missing"})
		return nil, errFaulty
	case isFormatError(err):
		l.faults.add(Fault{File: in.Name, Line: 1, Rule: "record " + err.Error()})
		return nil, errFaulty
	case err != nil:
		return nil, fmt.Errorf("%w: %s: %w", ErrSource, in.Name, err)
	}
	positions := make([]int, len(f.columns))
	for i := range positions {
		positions[i] = -1
	}
	good := true
	fail := func(column, rule string) {
		good = false
		l.faults.add(Fault{File: in.Name, Line: records.line, Column: column, Rule: rule})
	}
	for p, name := range fields {
		i := slices.Index(f.columns, string(name))
		switch {
		case i < 0:
			fail(shown(name), "is no column of "+f.file+": "+strings.Join(f.columns, ", "))
		case positions[i] >= 0:
			fail(f.columns[i], "stands twice in the header")
		default:
			positions[i] = p
		}
	}
	for i, p := range positions[:len(positions)-f.absent] {
		if p < 0 {
			fail(f.columns[i], "is missing in the header")
		}
	}
	if !good {
		return nil, errFaulty
	}
	return positions, nil
}
