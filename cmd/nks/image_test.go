package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"nks/internal/programtest"
)

// number is a number at the gateway's address for operations; -1 while it is not there.
func (s *site) number(t *testing.T, name string) int {
	t.Helper()
	_, body := s.page(t, "/metrics")
	m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(body)
	if m == nil {
		return -1
	}
	n, err := strconv.ParseFloat(m[1], 64)
	must(t, err)
	return int(n)
}

// TestImageFollowsALoad: a running gateway takes a load into its image of the register because it is told of it; it would
// not look by itself for an hour.
func TestImageFollowsALoad(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	running := s.run(t)
	country := filepath.Join(s.dir, "country")
	becomes := func(name string, done func(int) bool) {
		t.Helper()
		n := 0
		if !programtest.Eventually(time.Minute, func() bool { n = s.number(t, name); return done(n) }) {
			t.Fatalf("%s is %d", name, n)
		}
	}
	nks(t, "load", "--config", s.config, country).Want(t, 0)
	becomes("nks_register_image_holders", func(n int) bool { return n > 0 })
	counter := s.number(t, "nks_register_image_counter")
	rows, err := os.ReadFile(filepath.Join(country, "accounts.csv"))
	must(t, err)
	lines := strings.SplitN(string(rows), "\n", 3)
	changed := filepath.Join(t.TempDir(), "accounts.csv")
	account := regexp.MustCompile(`\b\d{14}\b`)
	must(t, os.WriteFile(changed, []byte(lines[0]+"\n"+account.ReplaceAllString(lines[1], "30010000000042")+"\n"), 0o644))
	nks(t, "load", "--config", s.config, changed).Want(t, 0)
	becomes("nks_register_image_counter", func(n int) bool { return n == counter+1 })
	if n := s.number(t, "nks_register_image_discards"); n != 0 {
		t.Errorf("%d images were thrown away", n)
	}
	s.stop(t, running)
}

// TestCheckConfigTellsTheImage: what the register's image may take, and for whom that is enough, is told before a start.
func TestCheckConfigTellsTheImage(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"image_mb = 1000": {"at most 1000 MB", ""},
		"image_mb = 100":  {"enough for 3177503 holders", "8000000 holders take 251 MB"},
		"image = false":   {"register image: none", ""},
	} {
		s := newSite(t)
		config, err := os.ReadFile(s.config)
		must(t, err)
		must(t, os.WriteFile(s.config, append([]byte("[register]\n"+text+"\n"), config[strings.Index(string(config), "[mailbox]"):]...), 0o644))
		p := nks(t, "check-config", s.config)
		if !strings.Contains(p.Out.String(), want[0]) || !strings.Contains(p.Out.String(), want[1]) {
			t.Errorf("%s: %s%s", text, p.Out.String(), p.Err.String())
		}
	}
	p := nks(t, "check-config", programtest.Repository(t, "conf", "nks.toml"))
	p.Want(t, 0)
}
