package pgtest

import (
	"os"
	"syscall"
)

const (
	memory = "/dev/shm"

	// enough is several times what all clusters of the tests hold together.
	enough = 4 << 30

	noExec = 0x8 // ST_NOEXEC of statvfs(3)
)

// Scratch makes a directory for clusters, and for programs, that the servers' user may pass through also when we are
// root. Its name begins with prefix; who asks removes it.
//
// It lies in memory where the machine has enough. A test's database is a thousand small files, made and removed within
// seconds: on a disk's file system that alone was half of the suite's processor time (an ext4 without journal looks
// through all that was lately removed for each file that is made).
func Scratch(prefix string) (string, error) {
	parent := os.TempDir()
	switch {
	case roomy(memory):
		parent = memory
	case os.Geteuid() == 0:
		parent = "/tmp" // root's own temporary directory may be closed
	}
	dir, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}

// roomy reports whether a file system has enough room, and lets programs run.
func roomy(path string) bool {
	var fs syscall.Statfs_t
	if syscall.Statfs(path, &fs) != nil {
		return false
	}
	return fs.Bavail*uint64(fs.Bsize) >= enough && fs.Flags&noExec == 0
}
