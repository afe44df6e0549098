package pgtest_test

import (
	"testing"

	"nks/gateway/postgres/pgtest"
	"nks/schema"
)

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	t.Parallel()
	for range 4 {
		t.Run("clone", func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			if _, err := db.Exec("INSERT INTO business_clock (offset_ns, set_at) VALUES (1, now())"); err != nil {
				t.Fatal(err)
			}
			var rows int
			var user string
			if err := db.QueryRow("SELECT count(*), current_user FROM business_clock").Scan(&rows, &user); err != nil {
				t.Fatal(err)
			}
			if rows != 1 || user != schema.Flow {
				t.Errorf("rows %d as %s, want 1 as %s", rows, user, schema.Flow)
			}
		})
	}
}
