package banking_test

import (
	"bytes"
	"os"
	"testing"

	"nks/edifact/banking/internal/gen"
	"nks/edifact/directory/d96a"
)

func TestGeneratedFilesAreThoseOfTheGenerator(t *testing.T) {
	t.Parallel()
	files, err := gen.Files(d96a.Directory(), "banking")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 7 {
		t.Errorf("generator makes %d files", len(files))
	}
	for name, want := range files {
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator writes (error %v): run go generate", name, err)
		}
	}
}
