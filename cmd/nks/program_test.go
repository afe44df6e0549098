package main_test

import (
	"testing"

	"nks/internal/programtest"
)

// program is nks itself.
var program = programtest.New("nks")

// nks runs a command to its end.
func nks(t *testing.T, args ...string) *programtest.Process {
	t.Helper()
	return program.Run(t, args...)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
