package main_test

import (
	"testing"

	"nks/internal/programtest"
)

// TestMain has the programs built before any test's time begins.
func TestMain(m *testing.M) { programtest.Main(m, program, demo) }
