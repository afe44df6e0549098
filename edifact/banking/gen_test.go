package banking_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"nks/edifact/banking/internal/gen"
	"nks/edifact/directory"
	"nks/edifact/directory/d01b"
	"nks/edifact/directory/d96a"
)

func TestGeneratedFilesAreThoseOfTheGenerator(t *testing.T) {
	t.Parallel()
	for dir, load := range map[string]func() *directory.Directory{".": d96a.Directory, "banking01b": d01b.Directory} {
		files, err := gen.Files(load(), filepath.Base(filepath.Join("banking", dir)))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) != 8 {
			t.Errorf("generator makes %d files", len(files))
		}
		for name, want := range files {
			name = filepath.Join(dir, name)
			if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s is not what the generator writes (error %v): run go generate", name, err)
			}
		}
	}
}
