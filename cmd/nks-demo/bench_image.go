package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"nks/internal/app"
	"nks/register"
	"nks/register/image"
)

// unready is why the gateway is not yet what it will be: ready, and with the register in memory.
func unready(a *app.App) []string {
	why := a.Unready()
	if s := a.Image(); s.Wanted && s.Image == nil && s.TooBig == 0 {
		why = append(why, "the register is not in memory yet")
	}
	return why
}

// benchImage is the register in the gateway's memory.
type benchImage struct {
	Holders  int
	Rows     int64 // that it was filled from
	Bytes    int64
	Seconds  float64
	CPU      float64 // of nks and PostgreSQL, from their start until it was there
	Discards int
}

func imageOf(a *app.App) benchImage {
	s := a.Image()
	b := benchImage{Discards: s.Discards}
	if i := s.Image; i != nil {
		b.Holders, b.Rows, b.Bytes, b.Seconds = i.Holders(), i.Rows, i.Bytes(), i.Took.Seconds()
	}
	return b
}

// imageOf is the register in the gateway's memory, and what it and its database have cost since the gateway began.
func (b *bench) imageOf(ctx context.Context, g *measuredGateway) (benchImage, error) {
	var i benchImage
	if err := g.ask("image", &i); err != nil {
		return i, err
	}
	u, err := b.measureUsage(ctx, g)
	i.CPU = u.GatewayCPU + u.PostgresCPU
	return i, err
}

func (i benchImage) tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "  register in memory: %d holders of %d rows, %.0f MB, %.1f bytes a holder, filled in %.1f s, %.2f µs of processor time a row with the start\n",
		i.Holders, i.Rows, float64(i.Bytes)/1e6, i.perHolder(), i.Seconds, i.perRow())
}

func (i benchImage) perHolder() float64 { return float64(i.Bytes) / float64(max(1, i.Holders)) }

// perRow is processor time in microseconds.
func (i benchImage) perRow() float64 { return 1e6 * i.CPU / float64(max(1, i.Rows)) }

// imageMeasurement makes one result of all rounds: medians, and the largest memory beside the image.
func (b *bench) imageMeasurement(flows []flowRound, choices float64) measurement {
	const mebi = 1 << 20
	var seconds, perRow []float64
	v := map[string]float64{"choices_per_s": choices}
	for _, f := range flows {
		seconds, perRow = append(seconds, f.Image.Seconds), append(perRow, f.Image.perRow())
		v["mb"], v["bytes_per_holder"] = float64(f.Image.Bytes)/mebi, f.Image.perHolder()
		v["nks_beside_mb"] = max(v["nks_beside_mb"], f.GatewayMB-float64(f.Image.Bytes)/mebi)
	}
	v["fill_s"], v["fill_us_per_row"] = median(seconds), median(perRow)
	return measurement{Name: "image", Sizes: b.sizes(), Values: v}
}

// choices measures how many accounts of the measured bundle's recipients an image tells per second, on one core.
func (b *bench) choices(ctx context.Context, db *app.Database) (perSecond float64, err error) {
	where, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return 0, err
	}
	at := b.country.days[b.country.measured()].releases
	k := image.NewKeeper(db.Pool(), func() time.Time { return at }, where, image.Options{MaxBytes: 1 << 40})
	if _, err := k.Follow(ctx); err != nil {
		return 0, err
	}
	var asked []register.Asked
	err = db.Pool().SelectContext(ctx, &asked, `SELECT holder_kind AS kind, holder AS number, authority, benefit_type AS benefittype FROM payment
		WHERE id >> 24 = (SELECT max(id) FROM delivery) AND holder IS NOT NULL LIMIT $1`, benchLookups)
	if err != nil {
		return 0, err
	}
	conn, err := db.Pool().Connx(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	err = conn.Raw(func(dc any) (err error) {
		perSecond, err = askAll(ctx, k, dc.(*stdlib.Conn).Conn(), asked, at)
		return err
	})
	return perSecond, err
}

func askAll(ctx context.Context, k *image.Keeper, conn *pgx.Conn, asked []register.Asked, at time.Time) (perSecond float64, err error) {
	r, err := k.AsOf(ctx, conn, at)
	if err != nil {
		return 0, err
	}
	if r == nil {
		return 0, errors.New("the register's image cannot be asked")
	}
	const times, page = 5, 1024
	answers := make([]image.Answer, page)
	began := time.Now()
	for range times {
		for rest := asked; len(rest) > 0; {
			n := min(page, len(rest))
			r.Choose(rest[:n], answers)
			rest = rest[n:]
		}
	}
	return times * float64(len(asked)) / time.Since(began).Seconds(), nil
}
