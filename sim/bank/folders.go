package bank

import (
	"os"
	"path/filepath"
)

// Folders names what a simulated centre keeps below the data directory. The raw bytes of everything received and
// published are there for whoever wants to compute without our journal.
type Folders struct {
	Home string // D/sim/bank/<CENTRE>
	Root string // what SFTP shows: in/ and out/
	Done string // received files, verbatim, <6 digits>-<name>
	Sent string // published answers, verbatim, under their published names
	// Asked holds the questions about orders that have not been answered yet.
	Asked string
}

// FoldersOf returns the folders of a centre below the data directory; they need not exist.
func FoldersOf(dir, centre string) Folders {
	home := filepath.Join(dir, "sim", "bank", centre)
	return Folders{Home: home, Root: filepath.Join(home, "root"), Done: filepath.Join(home, "done"), Sent: filepath.Join(home, "sent"),
		Asked: filepath.Join(home, "asked")}
}

func openFolders(dir, centre string) (Folders, error) {
	f := FoldersOf(dir, centre)
	for _, d := range []string{f.in(), f.out(), f.Done, f.Sent, f.Asked, filepath.Dir(f.journal())} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (f Folders) in() string  { return filepath.Join(f.Root, "in") }
func (f Folders) out() string { return filepath.Join(f.Root, "out") }

// Profile is the file that says how the centre answers.
func (f Folders) Profile() string { return filepath.Join(f.Home, "profile.json") }
func (f Folders) status() string  { return filepath.Join(f.Home, "status.json") }
func (f Folders) journal() string { return filepath.Join(f.Home, "journal", "journal.jsonl") }
func (f Folders) lock() string    { return filepath.Join(f.Home, "journal", "lock") }
