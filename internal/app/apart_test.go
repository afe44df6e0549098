package app_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway/postgres/pgtest"
	"nks/internal/app"
	"nks/schema"
	"nks/sftp"
)

// site is the folder of a gateway of an environment, with keys of its own.
func site(t *testing.T, environment, address string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, key := range []string{"client", "host", "mailbox"} {
		if _, err := sftp.GenerateKey(filepath.Join(dir, key)); err != nil {
			t.Fatal(err)
		}
	}
	configure(t, dir, environment, address, "")
	return dir
}

func configure(t *testing.T, dir, environment, address, more string) conf.Config {
	t.Helper()
	text := fmt.Sprintf("environment = %q\n%s[mailbox]\nlisten = \"127.0.0.1:0\"\nhost_key = \"mailbox\"\n[mq]\nlisten = \"\"\n[metrics]\nlisten = \"\"\n[console]\nlisten = \"\"\n",
		environment, more) + strings.Replace(profileOf("OLD", "5790000000012"), "127.0.0.1:1", address, 1)
	path := filepath.Join(dir, "nks.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := app.LoadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestApart: a key, a bank's address or a bank's host key of the other environment is refused where it can be seen.
func TestApart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		address string
		change  func(t *testing.T, test, production string)
		want    string
	}{
		"nothing is shared":  {"bank.example:22", func(*testing.T, string, string) {}, ""},
		"the bank's address": {"TEST.bank.example:22", func(*testing.T, string, string) {}, "bank OLD: address TEST.bank.example:22: environments must be apart"},
		"the bank's host key": {"bank.example:22", func(t *testing.T, test, production string) {
			copyFile(t, filepath.Join(test, "host.pub"), filepath.Join(production, "host.pub"))
		}, "bank OLD: host key SHA256:"},
		"our key for the bank": {"bank.example:22", func(t *testing.T, test, production string) {
			copyFile(t, filepath.Join(test, "client"), filepath.Join(production, "client"))
		}, "client, SHA256:"},
		"the mailbox's host key": {"bank.example:22", func(t *testing.T, test, production string) {
			copyFile(t, filepath.Join(test, "mailbox"), filepath.Join(production, "mailbox"))
		}, "mailbox, SHA256:"},
		"a key that says so": {"bank.example:22", func(t *testing.T, _, production string) {
			if err := os.WriteFile(filepath.Join(production, "client.environment"), []byte("test\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, `client.environment says "test", and this gateway is of production`},
		"a key that says the right one": {"bank.example:22", func(t *testing.T, _, production string) {
			if err := os.WriteFile(filepath.Join(production, "client.environment"), []byte("production\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, ""},
		"a configuration of the same environment": {"bank.example:22", func(t *testing.T, test, _ string) {
			configure(t, test, "production", "test.bank.example:22", "")
		}, "is of this environment, production"},
		"no such configuration": {"bank.example:22", func(t *testing.T, test, _ string) {
			if err := os.Remove(filepath.Join(test, "nks.toml")); err != nil {
				t.Fatal(err)
			}
		}, "apart_from: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test, production := site(t, "test", "test.bank.example:22"), site(t, "production", c.address)
			config := configure(t, production, "production", c.address, fmt.Sprintf("apart_from = [%q]\n", filepath.Join(test, "nks.toml")))
			c.change(t, test, production)
			err := app.CheckApart(config)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if c.want == "" {
				return
			}
			if a, err := app.Start(t.Context(), app.Options{Config: config, Log: zerolog.Nop()}); err == nil {
				t.Error("it starts", a.Shutdown())
			}
		})
	}
}

// TestEnvironment: a database is of the environment that first used it, and is refused to the other in one clear line.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	database := pgtest.Create(t)
	test := folder(t, database.Server.DSN(database.Name, pgtest.Superuser))
	open := func(c conf.Config) error {
		db, err := app.OpenDatabase(context.Background(), c, zerolog.Nop(), app.Beside)
		if err == nil {
			err = db.Close()
		}
		return err
	}
	production := test
	production.Environment = conf.Production
	for range 2 {
		if err := open(test); err != nil {
			t.Fatal(err)
		}
		err := open(production)
		if _, mistake := errors.AsType[app.ConfigError](err); !mistake || err.Error() !=
			"the database is of another environment: it is a test database, and the configuration's environment is production" {
			t.Errorf("a production gateway: %v", err)
		}
	}
}

// TestEnvironment_OfAnEarlierProgram: a database that does not remember its environment yet is of the one that its banks' profiles are of; one of the other
// writes nothing to it, not even what a newer program needs there.
func TestEnvironment_OfAnEarlierProgram(t *testing.T) {
	t.Parallel()
	database := pgtest.Create(t)
	production := folder(t, database.Server.DSN(database.Name, pgtest.Superuser))
	production.Environment, production.Banks[0].Test = conf.Production, false
	use := func(c conf.Config) error {
		db, err := app.OpenDatabase(context.Background(), c, zerolog.Nop(), app.Beside)
		if err == nil {
			err = errors.Join(app.BeginProfiles(context.Background(), c, db, time.Now), db.Close())
		}
		return err
	}
	if err := use(production); err != nil {
		t.Fatal(err)
	}
	db := database.Open(t, pgtest.Superuser)
	var profile string
	if err := db.QueryRowContext(t.Context(), `DELETE FROM nks.environment`).Err(); err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRowContext(t.Context(), `SELECT to_jsonb(v)::text FROM nks.bank_profile_version v`).Scan(&profile); err != nil {
		t.Fatal(err)
	}
	const withoutEnvironments = 36
	earlier := pgtest.Empty(t)
	old := earlier.Open(t, pgtest.Superuser)
	if err := schema.MigrateTo(t.Context(), old.DB, withoutEnvironments); err != nil {
		t.Fatal(err)
	}
	if _, err := old.ExecContext(t.Context(), `INSERT INTO nks.bank_profile_version OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_record(NULL::nks.bank_profile_version, $1::jsonb)`, profile); err != nil {
		t.Fatal(err)
	}
	for _, of := range []struct {
		*pgtest.Database
		migrated bool
	}{{database, true}, {earlier, false}} {
		production.Database.URL = of.Server.DSN(of.Name, pgtest.Superuser)
		test := production
		test.Environment, test.Banks = conf.Test, nil
		if err := use(test); err == nil || !strings.Contains(err.Error(), "it is a production database, and the configuration's environment is test") {
			t.Errorf("a test gateway: %v", err)
		}
		db := of.Open(t, pgtest.Superuser)
		var claimed, made bool
		if err := db.QueryRowContext(t.Context(), `SELECT to_regclass('nks.environment') IS NOT NULL`).Scan(&made); err != nil {
			t.Fatal(err)
		}
		if made {
			if err := db.QueryRowContext(t.Context(), `SELECT EXISTS (SELECT FROM nks.environment)`).Scan(&claimed); err != nil {
				t.Fatal(err)
			}
		}
		if claimed || made != of.migrated {
			t.Errorf("of an earlier program %t: claimed %t, migrated %t", !of.migrated, claimed, made)
		}
		if err := use(production); err != nil {
			t.Errorf("its own gateway: %v", err)
		}
	}
}
