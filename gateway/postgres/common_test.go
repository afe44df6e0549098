package postgres_test

import (
	"testing"

	"nks/gateway/postgres"
	"nks/gateway/postgres/pgtest"
	"nks/schema"
)

// TestCommon: processes on one database see each other's words while they are shown; one on a copy of it does not.
func TestCommon(t *testing.T) {
	t.Parallel()
	d := pgtest.Create(t)
	copied := d.Copy(t)
	one, two, elsewhere := postgres.Common{DB: d.Open(t, schema.Flow)}, postgres.Common{DB: d.Open(t, schema.Flow)}, postgres.Common{DB: copied.Open(t, schema.Flow)}
	sees := func(c postgres.Common, word string, want bool) {
		t.Helper()
		if got, err := c.Sees(t.Context(), word); err != nil || got != want {
			t.Errorf("sees %s: %t, %v", word, got, err)
		}
	}
	words := map[string]bool{}
	for range 20 { // numbers of both signs
		if err := one.Show(t.Context(), func(word string) {
			words[word] = true
			sees(two, word, true)
			sees(elsewhere, word, false)
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(words) != 20 {
		t.Errorf("%d words of 20", len(words))
	}
	for word := range words {
		sees(two, word, false)
	}
	if _, err := two.Sees(t.Context(), "no number"); err == nil {
		t.Error("a word that is no number is seen, or not")
	}
}
