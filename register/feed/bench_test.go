package feed_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"nks/gateway/postgres/pgtest"
	"nks/register"
	"nks/register/feed"
	"nks/schema"
)

// BenchmarkApply applies a file of 100,000 changes to a register of 500,000 citizens.
func BenchmarkApply(b *testing.B) {
	const holders, changes = 500_000, 100_000
	citizen := func(n int) string {
		born := time.Date(1930, 1, 1+n%25_000, 0, 0, 0, 0, time.UTC)
		return fmt.Sprintf("%s%04d", born.Format("020106"), n/25_000)
	}
	db := pgtest.Create(b).Open(b, schema.Flow)
	now := func() time.Time { return time.Date(2005, 8, 11, 4, 30, 0, 0, time.UTC) }
	var csv strings.Builder
	csv.WriteString("kind,id,parent,status,ended_on,name,street,postcode,town,country\n")
	for n := range holders {
		fmt.Fprintf(&csv, "CPR,%s,,alive,,Navn Navnesen %d,Gadevej 1,8000,Aarhus C,DK\n", citizen(n), n)
	}
	source := register.Source{Name: "holders.csv", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(csv.String())), nil }}
	if _, err := register.Load(b.Context(), db, []register.Source{source}, register.Options{Now: now}); err != nil {
		b.Fatal(err)
	}
	number := 0
	for b.Loop() {
		number++
		var file strings.Builder
		fmt.Fprintf(&file, `<RegisterFeed xmlns=%q source="CPR" number="%d">`, feed.Namespace, number)
		for n := range changes {
			fmt.Fprintf(&file, `<Change n="%d" what="moved" kind="CPR" id="%s" street="Nygade %d" postcode="4600" town="Køge" country="DK"/>`, n+1, citizen((n*7+number)%holders), number)
		}
		file.WriteString(`</RegisterFeed>`)
		began := time.Now()
		tx := db.MustBegin()
		r, err := feed.Open(strings.NewReader(file.String()))
		if err != nil {
			b.Fatal(err)
		}
		sum := sha256.Sum256([]byte(file.String()))
		taken, err := feed.Apply(b.Context(), tx, r, feed.By{Now: now, Location: time.UTC, SHA256: sum[:]})
		if err == nil {
			err = tx.Commit()
		}
		if err != nil || taken.Done != changes {
			b.Fatal(taken, err)
		}
		b.ReportMetric(changes/time.Since(began).Seconds(), "changes/s")
	}
}
