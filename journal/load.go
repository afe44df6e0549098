package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Load gives records that Read gave with their facts, without those whose file was forgotten since. ErrCorrupt where one is damaged.
func Load(records []Record) ([]Record, error) {
	loaded := make([]Record, 0, len(records))
	for len(records) > 0 {
		n := 1
		for n < len(records) && records[n].path == records[0].path {
			n++
		}
		var err error
		if loaded, err = loadFrom(records[0].path, records[:n], loaded); err != nil {
			return nil, err
		}
		records = records[n:]
	}
	return loaded, nil
}

// loadFrom adds the records of one file to those that are loaded.
func loadFrom(path string, records, loaded []Record) (_ []Record, err error) {
	in, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return loaded, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	for _, r := range records {
		full, _, err := readHead(in, r.from, r.at+r.size+sumBytes)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: %s at byte %d", ErrCorrupt, path, r.from)
		}
		if err != nil {
			return nil, err
		}
		loaded = append(loaded, full)
	}
	return loaded, nil
}
