package app

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// FailpointFromEnvironment lets a test kill this process at a named point between two effects: NKS_TEST_FAILPOINT names it, and
// the file NKS_TEST_FAILPOINT_ONCE, made there, sees to it that it happens once. It is for Options.Failpoint.
func FailpointFromEnvironment() func(name string) {
	failpoint, once := os.Getenv("NKS_TEST_FAILPOINT"), os.Getenv("NKS_TEST_FAILPOINT_ONCE")
	if failpoint == "" || once == "" {
		return func(string) {}
	}
	return func(name string) {
		if name != failpoint {
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
