package app_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nks/conf"
	"nks/internal/app"
	"nks/mq"
)

// TestCheckQueues_IBMMQ: a program without the driver says which one has it; one with it reads the login.
func TestCheckQueues_IBMMQ(t *testing.T) {
	t.Parallel()
	c := conf.Default().MQ
	c.Driver, c.IBMMQ.ConnName, c.IBMMQ.Channel, c.Login = conf.IBMMQ, "mq.example(1414)", "NKS", filepath.Join(t.TempDir(), "login")
	err := app.CheckQueues(c, nil)
	if !errors.Is(err, app.ErrNoDriver) || !errors.As(err, new(app.ConfigError)) || !strings.Contains(err.Error(), "mq.driver: this program has no IBM MQ driver: use the one of mq/ibmmq") {
		t.Errorf("without a driver: %v", err)
	}
	ibm := app.QueueDriver{Dial: func(context.Context, app.QueueLink) (mq.Link, error) { return nil, mq.ErrTemporary }}
	if err := app.CheckQueues(c, &ibm); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a login: %v", err)
	}
	for _, login := range []struct{ text, want string }{{"nks\n", "does not hold two lines, user and password"}, {"nks\nsecret\n", ""}} {
		if err := os.WriteFile(c.Login, []byte(login.text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := app.CheckQueues(c, &ibm)
		if (err == nil) != (login.want == "") || err != nil && !strings.Contains(err.Error(), login.want) {
			t.Errorf("login %q: %v", login.text, err)
		}
	}
	c.IBMMQ.KeyPassword = filepath.Join(t.TempDir(), "password")
	if err := app.CheckQueues(c, &ibm); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without the repository's password: %v", err)
	}
}
