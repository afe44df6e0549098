package journal

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"
)

// Kind is what a record is about.
type Kind string

// Record is one thing that became visible outside.
type Record struct {
	Kind Kind   `json:"kind"`
	Key  string `json:"key"` // of the thing, among those of its kind
	// At is when it was recorded, by the writer's clock; its day in UTC says in which file it stands.
	At     time.Time       `json:"at"`
	SHA256 string          `json:"sha256,omitempty"` // of the bytes that the body holds compressed
	Facts  json.RawMessage `json:"facts,omitempty"`

	path     string
	from     int64 // where it begins
	at, size int64 // of the body
}

// Name is kind and key: of two records of one name the first counts.
func (r Record) Name() string { return string(r.Kind) + " " + r.Key }

// A record is its prefix, the JSON of its head, the body, and the checksum of the body (CRC-32C). The prefix is a mark, the length of
// the head (4 bytes, little endian) and of the body (8), and the checksum of these 16 bytes and the head.
const (
	mark        = "nksj"
	prefixBytes = len(mark) + 4 + 8 + 4
	sumBytes    = 4
	mostHead    = 64 << 20
)

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// begin is what stands before the body.
func (r Record) begin(size int64) ([]byte, error) {
	head, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	if len(head) > mostHead {
		return nil, fmt.Errorf("the record's head has %d bytes, the most is %d", len(head), mostHead)
	}
	b := append(make([]byte, 0, prefixBytes+len(head)), mark...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(head)))
	b = binary.LittleEndian.AppendUint64(b, uint64(size))
	b = binary.LittleEndian.AppendUint32(b, crc32.Update(crc32.Checksum(b, castagnoli()), castagnoli(), head))
	return append(b, head...), nil
}

// writeRecord writes one record at the end of each segment; of one that fails nothing stays.
func writeRecord(to []*segment, begin []byte, size int64, body io.Reader) error {
	all := make([]io.Writer, 0, len(to))
	for _, s := range to {
		all = append(all, io.NewOffsetWriter(s.file, s.end))
	}
	out := io.MultiWriter(all...)
	_, err := out.Write(begin)
	if err == nil {
		sum := crc32.New(castagnoli())
		if size > 0 {
			_, err = io.CopyN(io.MultiWriter(out, sum), body, size)
		}
		if err == nil {
			_, err = out.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
		}
	}
	for _, s := range to {
		if err != nil {
			err = errors.Join(err, s.file.Truncate(s.end))
			continue
		}
		s.end += int64(len(begin)) + size + sumBytes
	}
	return err
}

// scan reads records from an offset to the size of a file, and gives where the last whole one ends. Bodies are not read, but for
// the last: it may not have come to the disk.
func scan(in *os.File, from, size int64, each func(Record)) (end int64, err error) {
	for from < size {
		r, next, err := readHead(in, from, size)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return from, nil
		}
		if err == nil && next == size {
			err = r.check(in)
			if errors.Is(err, ErrCorrupt) {
				return from, nil
			}
		}
		if err != nil {
			return from, err
		}
		if each != nil {
			each(r)
		}
		from = next
	}
	return from, nil
}

// readHead reads the record at an offset, without its body. io.ErrUnexpectedEOF: the file ends in it.
func readHead(in *os.File, from, size int64) (r Record, next int64, err error) {
	if size-from < int64(prefixBytes) {
		return r, 0, io.ErrUnexpectedEOF
	}
	prefix := make([]byte, prefixBytes)
	if _, err := in.ReadAt(prefix, from); err != nil {
		return r, 0, err
	}
	damaged := fmt.Errorf("%w: %s at byte %d", ErrCorrupt, in.Name(), from)
	head, body := int64(binary.LittleEndian.Uint32(prefix[4:])), binary.LittleEndian.Uint64(prefix[8:])
	if string(prefix[:len(mark)]) != mark || head > mostHead || body > 1<<60 {
		return r, 0, unlessBlank(in, min(from+int64(prefixBytes), size), size, damaged)
	}
	r.path, r.from, r.at, r.size = in.Name(), from, from+int64(prefixBytes)+head, int64(body)
	next = r.at + r.size + sumBytes
	text := make([]byte, min(head, size-from-int64(prefixBytes)))
	if _, err := in.ReadAt(text, from+int64(prefixBytes)); err != nil && !errors.Is(err, io.EOF) {
		return r, 0, err
	}
	whole := crc32.Update(crc32.Checksum(prefix[:16], castagnoli()), castagnoli(), text) == binary.LittleEndian.Uint32(prefix[16:])
	switch {
	case next > size:
		return r, 0, io.ErrUnexpectedEOF
	case !whole && next == size:
		return r, 0, io.ErrUnexpectedEOF
	case !whole:
		return r, 0, unlessBlank(in, from+int64(prefixBytes), size, damaged)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, 0, fmt.Errorf("%w: %w", damaged, err)
	}
	return r, next, nil
}

// unlessBlank is io.ErrUnexpectedEOF where a file holds nothing but zeros from an offset on: it had grown before its bytes came.
func unlessBlank(in *os.File, from, size int64, otherwise error) error {
	rest := io.NewSectionReader(in, from, size-from)
	page := make([]byte, 64<<10)
	for {
		n, err := rest.Read(page)
		if len(bytes.Trim(page[:n], "\x00")) > 0 {
			return otherwise
		}
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
	}
}

// check reads the record's body and holds it against its checksum.
func (r Record) check(in io.ReaderAt) error {
	sum := crc32.New(castagnoli())
	if _, err := io.Copy(sum, io.NewSectionReader(in, r.at, r.size)); err != nil {
		return err
	}
	kept := make([]byte, sumBytes)
	if _, err := in.ReadAt(kept, r.at+r.size); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(kept) != sum.Sum32() {
		return fmt.Errorf("%w: %s, the body at byte %d", ErrCorrupt, r.path, r.at)
	}
	return nil
}

// Body opens the bytes that were given with the record, having held them against their checksum.
func (r Record) Body() (io.ReadCloser, error) {
	in, err := os.Open(r.path)
	if err != nil {
		return nil, err
	}
	if err := r.check(in); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(in, r.at, r.size), in}, nil
}
