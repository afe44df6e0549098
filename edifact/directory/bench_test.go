package directory_test

import (
	"os"
	"testing"

	"nks/edifact/directory"
)

func BenchmarkParse(b *testing.B) {
	for _, name := range []string{"d96a", "d01b"} {
		text, err := os.ReadFile(name + "/" + name + ".txt")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := directory.Parse(string(text)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
