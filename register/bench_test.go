package register_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway/postgres/pgtest"
	"nks/register"
)

// How many holders, each with an account, the benchmarks work with. The size of the country is 6000000.
var holders = flag.Int("holders", 50_000, "holders in the register of the benchmarks")

// citizen is the n-th CPR number, in an order that jumps over the whole range as a file that nobody sorted does.
func citizen(n int) (id string) {
	const days, serials = 25_000, 4_000 // born 1930-1998
	const jump = 61_803_397             // has no divisor in common with days × serials
	n = n * jump % (days * serials)
	born := time.Date(1930, 1, 1+n/serials, 0, 0, 0, 0, time.UTC)
	return fmt.Sprintf("%s%04d", born.Format("020106"), n%serials)
}

// rows is a file of n rows made while it is read.
type rows struct {
	bytes.Buffer
	next, n int
	row     func(n int) string
}

func (r *rows) Read(p []byte) (int, error) {
	for r.next < r.n && r.Len() < len(p) {
		r.WriteString(r.row(r.next))
		r.next++
	}
	return r.Buffer.Read(p)
}

func generated(n int) []register.Source {
	source := func(name, header string, row func(int) string) register.Source {
		return register.Source{Name: name, Open: func() (io.ReadCloser, error) {
			r := &rows{n: n, row: row}
			r.WriteString(header + "\n")
			return io.NopCloser(r), nil
		}}
	}
	return []register.Source{
		source("holders.csv", "kind,id,parent,status,ended_on,name,street,postcode,town,country", func(i int) string {
			return fmt.Sprintf("CPR,%s,,alive,,Navn Navnesen %d,Gadevej %d,8000,Aarhus C,DK\n", citizen(i), i, i%200)
		}),
		source("accounts.csv", accountHeader, func(i int) string {
			return fmt.Sprintf("CPR,%s,3001%010d,,,,,,,,DKK,,,2004-01-01,\n", citizen(i), i)
		}),
	}
}

func filled(b *testing.B) *sqlx.DB {
	b.Helper()
	db := pgtest.New(b)
	if _, err := register.Load(context.Background(), db, generated(*holders), register.Options{Now: morning}); err != nil {
		b.Fatal(err)
	}
	return db
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		db := pgtest.New(b)
		b.StartTimer()
		if _, err := register.Load(context.Background(), db, generated(*holders), register.Options{Now: morning}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(*holders*2*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkLoadAgain(b *testing.B) {
	db := filled(b)
	for b.Loop() {
		if _, err := register.Load(context.Background(), db, generated(*holders), register.Options{Now: morning}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(*holders*2*b.N)/b.Elapsed().Seconds(), "rows/s")
}

// Every sixth holder is asked for, as on a day of big payments.
func BenchmarkAccountOf(b *testing.B) {
	db := filled(b)
	var asked int
	for b.Loop() {
		err := db.Get(&asked, `SELECT count(f.account) FROM (SELECT id AS holder, kind AS holder_kind, '4101' AS authority, 'KBOLIG' AS benefit_type
				FROM nks.holder WHERE hashint8(id) % 6 = 0 ORDER BY id OFFSET 0) q
			LEFT JOIN LATERAL `+register.AccountOf("q", "$1::timestamptz")+` f ON true`, morning())
		if err != nil || asked == 0 {
			b.Fatal(asked, err)
		}
	}
	b.ReportMetric(float64(asked)*float64(b.N)/b.Elapsed().Seconds(), "lookups/s")
}
