package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// account is the operating system's user that the server runs as. PostgreSQL refuses root.
type account struct {
	uid, gid uint32
	name     string
	switched bool // we are root and take on this user for the server's processes
}

// findAccount chooses: ourselves, unless we are root; then the owner of the cluster that is there, else postgres,
// else nobody.
func findAccount(dataDir string) (account, error) {
	info, statErr := os.Stat(dataDir)
	if me := os.Geteuid(); me != 0 {
		if statErr == nil && ownerOf(info) != uint32(me) {
			return account{}, fmt.Errorf("%w: %s belongs to %s; run nks as that user or give another directory", ErrMissing,
				dataDir, userName(ownerOf(info)))
		}
		return account{uid: uint32(me), gid: uint32(os.Getegid()), name: userName(uint32(me))}, nil
	}
	if statErr != nil && !errors.Is(statErr, fs.ErrNotExist) {
		return account{}, statErr
	}
	if statErr == nil && ownerOf(info) != 0 {
		stat := info.Sys().(*syscall.Stat_t)
		return account{uid: stat.Uid, gid: stat.Gid, name: userName(stat.Uid), switched: true}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return account{}, fmt.Errorf("user %s: %w", name, err)
		}
		return account{uid: uint32(uid), gid: uint32(gid), name: name, switched: true}, nil
	}
	return account{}, fmt.Errorf("%w: PostgreSQL does not run as root and there is neither a user postgres nor nobody; "+
		"as root: useradd --system postgres", ErrMissing)
}

func ownerOf(info fs.FileInfo) uint32 { return info.Sys().(*syscall.Stat_t).Uid }

func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "uid " + id
}

// attributes make a process a session of its own, so that a signal to nks' process group or terminal does not reach
// the server, with the account's rights and no others.
func (a account) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if a.switched {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}

// command is a process of the account with a small environment: a PGDATA or LC_MESSAGES of the person who started
// nks must not change what the server does or says.
func (a account) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C", "TZ=UTC", "HOME=/"}
	cmd.SysProcAttr = a.attributes()
	return cmd
}

// mayEnter tries as the account itself, which is right about access lists and namespaces too, and names the first
// directory on the way that is closed.
func (a account) mayEnter(dir string) error {
	if a.enters(dir) == nil {
		return nil
	}
	if err := a.enters("/"); err != nil {
		return fmt.Errorf("%w: no process can be started as user %s: %w", ErrMissing, a.name, err)
	}
	closed := dir
	for up := filepath.Dir(dir); a.enters(up) != nil; up = filepath.Dir(up) {
		closed = up
	}
	return fmt.Errorf("%w: user %s, whom the private PostgreSQL runs as, may not enter %s; chmod o+x %s, or keep the data "+
		"elsewhere", ErrMissing, a.name, closed, closed)
}

func (a account) enters(dir string) error {
	return a.command("/bin/sh", "-c", `cd -- "$0"`, dir).Run()
}

// makeParents makes what is missing of dir so that another user may pass through, whatever the umask.
func makeParents(dir string) error {
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeParents(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Chmod(dir, 0o755)
}

// defaultSocketDir is short whatever the data directory's path, and the same for every process that asks.
func defaultSocketDir(dataDir string) string {
	sum := sha256.Sum256([]byte(dataDir))
	return "/tmp/nks-" + hex.EncodeToString(sum[:6])
}

// checkSocketPath keeps the kernel's limit, which the server would report only as a failed start.
func checkSocketPath(dir string) error {
	if path := filepath.Join(dir, ".s.PGSQL."+port); len(path) > 107 {
		return fmt.Errorf("socket path %s is %d bytes long, the system allows 107; give a shorter socket directory", path,
			len(path))
	}
	if strings.ContainsAny(dir, ",\n") || !filepath.IsAbs(dir) || strings.HasPrefix(dir, "@") {
		return fmt.Errorf("socket directory %q must be an absolute path without commas", dir)
	}
	return nil
}

// makeSocketDir makes the directory or checks the one that is there: in /tmp anybody may have made it first, and
// whoever owns it could stand between us and the database.
func (s *Server) makeSocketDir() error {
	dir := s.cfg.SocketDir
	if err := os.Mkdir(dir, 0o700); err == nil {
		if err := os.Chmod(dir, 0o700); err != nil {
			return err
		}
		if s.acct.switched {
			return os.Chown(dir, int(s.acct.uid), int(s.acct.gid))
		}
		return nil
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	// Between Mkdir and Chown of a root that was killed it is root's own.
	if s.acct.switched && ownerOf(info) == 0 && info.IsDir() {
		if err := os.Chown(dir, int(s.acct.uid), int(s.acct.gid)); err != nil {
			return err
		}
	} else if !info.IsDir() || ownerOf(info) != s.acct.uid {
		return fmt.Errorf("%s should be a directory of user %s but belongs to %s; remove it", dir, s.acct.name,
			userName(ownerOf(info)))
	}
	if info.Mode().Perm() != 0o700 {
		return os.Chmod(dir, 0o700)
	}
	return nil
}

// fsyncDir makes a rename in dir last.
func fsyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// lastLines is the end of a program's words, short enough for an error.
func lastLines(b []byte, n int) string {
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-n):], []byte("; ")))
}
