package main_test

import (
	"testing"

	"nks/internal/programtest"
)

func TestMain(m *testing.M) {
	programtest.Build(program, demo)
	m.Run()
}
