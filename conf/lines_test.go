package conf_test

import (
	"testing"
	"time"

	"nks/conf"
)

// TestLines_Limit: a line's own limit counts before that of its kind; a door that is not named has that of doors.
func TestLines_Limit(t *testing.T) {
	t.Parallel()
	c, err := conf.Parse("[lines]\ndoor = \"3m\"\nlimits = [\"bank BEC 2m\", \"door mailbox 90s\", \"queue BEC 4m\"]\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []struct {
		kind, name string
		want       time.Duration
	}{
		{"bank", "BEC", 2 * time.Minute}, {"bank", "SDC", 10 * time.Minute}, {"door", "mailbox", 90 * time.Second}, {"door", "rasp", 3 * time.Minute},
		{"queue", "BEC", 4 * time.Minute}, {"queue", "LEVA", 5 * time.Minute},
	} {
		if got := c.Lines.Limit(w.kind, w.name); got != w.want {
			t.Errorf("%s %s may be down for %s, want %s", w.kind, w.name, got, w.want)
		}
	}
}
