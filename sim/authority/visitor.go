package authority

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// RecordVisitor writes down what somebody else has sent as a supplier, at a business time, beside what the supplier sends
// itself: whoever accounts for everything must count it. It has a journal of its own, since the other is the running party's.
func RecordVisitor(dir, supplier, as string, document []byte, at time.Time) error {
	home := filepath.Join(dir, "sim", "authority", supplier)
	sum := digest(document)
	file := "sent-" + sum[:16] + ".xml"
	if err := os.MkdirAll(filepath.Join(home, "send"), 0o755); err != nil {
		return fmt.Errorf("record delivery %s: %w", as, err)
	}
	if err := os.WriteFile(filepath.Join(home, "send", file), document, 0o644); err != nil {
		return fmt.Errorf("record delivery %s: %w", as, err)
	}
	line, err := json.Marshal(entry{At: at, File: file, As: as, SHA256: sum, Size: int64(len(document)), Result: resultOK})
	if err != nil {
		return fmt.Errorf("record delivery %s: %w", as, err)
	}
	journal, err := os.OpenFile(filepath.Join(home, "journal-send.jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("record delivery %s: %w", as, err)
	}
	_, err = journal.Write(append(line, '\n'))
	if err := errors.Join(err, journal.Sync(), journal.Close()); err != nil {
		return fmt.Errorf("record delivery %s: %w", as, err)
	}
	return nil
}
