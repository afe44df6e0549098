package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"nks/internal/command"
)

// toDemo takes addresses and secrets from a demonstration's data directory, and lets its parties know of the delivery:
// the supplier that is played there may take the answers first, and who accounts for everything must count it.
func (o *sendOptions) toDemo() error {
	var demo struct {
		Ports map[string]int `json:"ports"`
	}
	var clock struct {
		Offset time.Duration `json:"offset_ns"`
	}
	path := func(parts ...string) string { return filepath.Join(append([]string{o.demo}, parts...)...) }
	if err := readJSON(path("demo.json"), &demo); err != nil {
		return command.Usage(err)
	}
	if err := readJSON(path("sim", "clock.json"), &clock); err != nil {
		return command.Usage(err)
	}
	o.Mailbox, o.server = fmt.Sprintf("127.0.0.1:%d", demo.Ports["mailbox"]), fmt.Sprintf("127.0.0.1:%d", demo.Ports["mq"])
	o.Key, o.HostKey = path("keys", "supplier_"+o.Login), path("keys", "mailbox_host.pub")
	o.Password = path("keys", "mq", o.Login)
	home := path("sim", "authority", o.Login)
	o.Collected = filepath.Join(home, "got")
	o.Delivered = func(as string, document []byte) error {
		return recordDelivery(home, as, document, time.Now().Add(clock.Offset))
	}
	return nil
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// recordDelivery writes a delivery down beside those of a played supplier, in a journal of its own because that one is
// the running party's.
func recordDelivery(home, as string, document []byte, at time.Time) error {
	hash := sha256.Sum256(document)
	sum := hex.EncodeToString(hash[:])
	file := "sent-" + sum[:16] + ".xml"
	if err := os.MkdirAll(filepath.Join(home, "send"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(home, "send", file), document, 0o644); err != nil {
		return err
	}
	line, err := json.Marshal(struct {
		At     time.Time `json:"at"`
		File   string    `json:"file"`
		As     string    `json:"as"`
		SHA256 string    `json:"sha256"`
		Size   int       `json:"size"`
		Result string    `json:"result"`
	}{at, file, as, sum, len(document), "ok"})
	if err != nil {
		return err
	}
	journal, err := os.OpenFile(filepath.Join(home, "journal-send.jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = journal.Write(append(line, '\n'))
	return errors.Join(err, journal.Sync(), journal.Close())
}
