package app

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// GapFromEnvironment lets a test kill this process at a named point between two effects: NKS_TEST_GAP names it, and
// the file NKS_TEST_GAP_ONCE, made there, sees to it that it happens once. It is for Options.Gap.
func GapFromEnvironment() func(name string) {
	gap, once := os.Getenv("NKS_TEST_GAP"), os.Getenv("NKS_TEST_GAP_ONCE")
	if gap == "" || once == "" {
		return func(string) {}
	}
	return func(name string) {
		if name != gap {
			return
		}
		f, err := os.OpenFile(filepath.Clean(once), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return
		}
		_, _ = fmt.Fprintln(f, name)
		_ = f.Close()
		_ = syscall.Kill(-syscall.Getpgrp(), syscall.SIGKILL)
	}
}
