package audit

import "fmt"

// What was found to be wrong.
type What string

// Findings, the nearest to a cause first.
const (
	ContentChanged    What = "content changed"
	Changed           What = "entry changed"
	Removed           What = "entry removed"
	Inserted          What = "entry inserted"
	Reordered         What = "entry re-ordered"
	HashChanged       What = "stored hash changed"
	HashMissing       What = "stored hash removed"
	HashExtra         What = "stored hash inserted"
	Rewritten         What = "entries rewritten with their hashes"
	Shortened         What = "entries removed from the signed tree"
	Lengthened        What = "entries that no checkpoint has signed"
	CheckpointFalse   What = "checkpoint not signed by this log"
	CheckpointMissing What = "checkpoint removed from the database"
)

// Finding is something that speaks against the log.
type Finding struct {
	What What
	// Place is the first place that it concerns, To the one after the last where there are several.
	Place, To int64
	Entry     int64  // number of the entry that is found there; 0: none, or not known
	Now       int64  // of Reordered: the place where the entry is found
	Detail    string // for a person; may be empty
}

func (f Finding) String() string {
	text := fmt.Sprintf("%s: place %d", f.What, f.Place)
	switch {
	case f.What == CheckpointFalse || f.What == CheckpointMissing:
		text = string(f.What)
	case f.To > f.Place+1:
		text = fmt.Sprintf("%s: places %d to %d", f.What, f.Place, f.To-1)
	}
	if f.Entry != 0 {
		text += fmt.Sprintf(", entry %d", f.Entry)
	}
	if f.What == Reordered {
		text += fmt.Sprintf(", found at place %d", f.Now)
	}
	if f.Detail != "" {
		text += ": " + f.Detail
	}
	return text
}
