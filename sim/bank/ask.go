package bank

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// ErrNoSuchOrder is returned when a centre is asked about an order that it never got.
var ErrNoSuchOrder = errors.New("the centre has no such order")

// confirmedLine is what the centre has told to somebody who asked about an order, as by telephone. Truth is empty where it
// never got the order.
type confirmedLine struct {
	Kind  string    `json:"k"`
	Ref   string    `json:"ref"`
	Truth Outcome   `json:"truth,omitempty"`
	At    time.Time `json:"at"`
}

// askEvery is how often one who asks looks for the answer.
const askEvery = 10 * time.Millisecond

// Ask asks a running centre what truly becomes of an order, named by its RFF+CR: Executed or Rejected. The centre writes
// down what it has answered before it does. It waits for a centre that does not run, until ctx ends.
func Ask(ctx context.Context, dir, centre, reference string) (Outcome, error) {
	answer, err := ask(ctx, FoldersOf(dir, centre), reference)
	if err != nil {
		return "", fmt.Errorf("ask %s about an order: %w", centre, err)
	}
	return answer, nil
}

func ask(ctx context.Context, f Folders, reference string) (Outcome, error) {
	if err := waitForAnswer(ctx, f, reference); err != nil {
		return "", err
	}
	return answerTo(f, reference)
}

// waitForAnswer lays a question before the centre, and returns when it has been answered.
func waitForAnswer(ctx context.Context, f Folders, text string) error {
	sum := sha256.Sum256([]byte(text))
	question := filepath.Join(f.Asked, hex.EncodeToString(sum[:16]))
	if err := replaceFile(question, []byte(text), true); err != nil {
		return err
	}
	t := time.NewTicker(askEvery)
	defer t.Stop()
	for {
		waits, err := exists(question)
		if err != nil || !waits {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), os.Remove(question))
		case <-t.C:
		}
	}
}

// answerTo is the last answer to a question that stands in the journal.
func answerTo(f Folders, reference string) (Outcome, error) {
	var answer *confirmedLine
	err := linesOf(f.journal(), kindConfirmed, func(line []byte) error {
		var c confirmedLine
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		if c.Ref == reference {
			answer = &c
		}
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case answer == nil || answer.Truth == "":
		return "", ErrNoSuchOrder
	}
	return answer.Truth, nil
}

// linesOf calls f with every committed or uncommitted line of a kind.
func linesOf(path, kind string, f func(line []byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	defer file.Close()
	_, err = scanLines(file, func(line []byte, _ int64) error {
		if kindOf(line) != kind {
			return nil
		}
		return f(line)
	})
	return err
}

// answerQuestions answers whoever has asked. It tells which questions go at the end of the turn: what the answers bring about has been
// done then, and stands in the status.
func (d *desk) answerQuestions() (answered []string, err error) {
	entries, err := os.ReadDir(d.folders.Asked)
	if err != nil {
		return nil, fmt.Errorf("look for questions: %w", err)
	}
	for _, e := range entries {
		if strings.Contains(e.Name(), ".") {
			continue
		}
		path := filepath.Join(d.folders.Asked, e.Name())
		reference, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue // whoever asked has gone
		}
		if err == nil {
			err = d.answerQuestion(string(reference))
		}
		if err != nil {
			return nil, fmt.Errorf("question: %w", err)
		}
		answered = append(answered, path)
	}
	return answered, nil
}

// forget removes questions that have been answered.
func forget(questions []string) error {
	for _, path := range questions {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("question: %w", err)
		}
	}
	return nil
}

func (d *desk) answerQuestion(text string) error {
	if text == allAgain {
		return d.sayAgain()
	}
	c, err := d.confirm(text)
	if err == nil {
		d.say("confirmed an order: %s", c.Truth)
	}
	return err
}

// confirm looks an order up: the first of its reference stands.
func (d *desk) confirm(reference string) (*confirmedLine, error) {
	c := &confirmedLine{Kind: kindConfirmed, Ref: reference, At: d.now()}
	err := linesOf(d.folders.journal(), kindOrder, func(line []byte) error {
		if c.Truth != "" {
			return nil
		}
		ref, err := referenceOf(line)
		if err != nil || ref != reference {
			return err
		}
		var o orderLine
		if err := json.Unmarshal(line, &o); err != nil {
			return err
		}
		c.Truth = o.Truth
		if _, stopped := d.state.stopped[markOf(reference)]; stopped {
			c.Truth = Rejected
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := d.journal.commit(c); err != nil {
		return nil, err
	}
	return c, d.state.confirmed(c)
}
