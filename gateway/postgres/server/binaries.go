package server

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// oldest is the first major version with everything the tables use.
const oldest = 15

// installHint must say create_main_cluster=false: Debian's package otherwise starts a cluster of its own.
const installHint = "as root: mkdir -p /etc/postgresql-common && " +
	"echo create_main_cluster=false >> /etc/postgresql-common/createcluster.conf && apt-get install postgresql"

var versionWords = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// findBinaries returns the directory of the newest usable initdb and postgres; an existing cluster binds them to
// its own major version.
func findBinaries(given, dataDir string) (string, error) {
	want, err := clusterVersion(dataDir)
	if err != nil {
		return "", err
	}
	var seen []string
	for _, dir := range candidates(given) {
		major := majorOf(dir)
		if major == 0 {
			continue
		}
		if major == want || want == 0 && major >= oldest {
			return dir, nil
		}
		seen = append(seen, fmt.Sprintf("%d in %s", major, dir))
	}
	found := "none is installed"
	if len(seen) > 0 {
		found = "found only " + strings.Join(seen, ", ")
	}
	if want != 0 {
		return "", fmt.Errorf("%w: %s was made by PostgreSQL %d and %s; install postgresql-%d", ErrMissing, dataDir,
			want, found, want)
	}
	return "", fmt.Errorf("%w: PostgreSQL %d or newer is needed and %s; %s", ErrMissing, oldest, found, installHint)
}

// clusterVersion is the major version that made the cluster, 0 where there is none.
func clusterVersion(dataDir string) (int, error) {
	b, err := os.ReadFile(filepath.Join(dataDir, "PG_VERSION"))
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("%s: PG_VERSION is no number", dataDir)
	}
	return major, nil
}

// candidates lists directories that may hold the programs, newest first: distributions' places, then PATH.
func candidates(given string) []string {
	if given != "" {
		return []string{given}
	}
	var dirs []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			continue
		}
		slices.SortFunc(found, func(a, b string) int { return numberIn(b) - numberIn(a) })
		dirs = append(dirs, found...)
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	return dirs
}

var digits = regexp.MustCompile(`\d+`)

func numberIn(path string) int {
	n, err := strconv.Atoi(digits.FindString(path))
	if err != nil {
		return 0
	}
	return n
}

// majorOf asks the programs themselves; 0 where they are not both there and working.
func majorOf(dir string) int {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return 0
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	m := versionWords.FindSubmatch(out)
	if m == nil {
		return 0
	}
	return numberIn(string(m[1]))
}
