package app

import (
	"os"
	"runtime/debug"
	"sync"

	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway/postgres/server"
	"nks/metrics"
	"nks/register/image"
)

// imageSampleEvery is of how many payments one is asked from SQL, too, where the image has answered.
const imageSampleEvery = 1000

// ImageOptions are those of the register's image that a configuration asks for.
func ImageOptions(c conf.Config) image.Options {
	const machineShare = 4 // two images are there while one is replaced, and PostgreSQL wants to live, too
	o := image.Options{MaxBytes: int64(c.Register.ImageMB) << 20, SampleEvery: imageSampleEvery}
	switch {
	case !c.Register.Image:
		o.MaxBytes = 0
	case o.MaxBytes == 0:
		o.MaxBytes = int64(server.Memory()) / machineShare
	}
	return o
}

// Image is how the register's image is.
func (a *App) Image() image.State { return a.steps.Image.State() }

// imageWatch tells of the register's image. Safe for concurrent use.
type imageWatch struct {
	keeper *image.Keeper
	log    zerolog.Logger
	watch  *watch

	mu   sync.Mutex
	last image.State
}

// followImage tells of the register's image whenever it comes, follows a change, or goes.
func (a *App) followImage() {
	w := &imageWatch{keeper: a.steps.Image, log: a.log, watch: a.watch}
	a.steps.Image.OnChange(w.changed)
	asked := func(byImage, bySQL int) { a.watch.note(a.watch.numbers.Accounts(byImage, bySQL)) }
	a.steps.Image.OnAsked(asked)
	asked(0, 0)
	w.changed()
}

func (w *imageWatch) changed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.keeper.State()
	m := metrics.Image{TooBig: s.TooBig, Discards: s.Discards}
	if i := s.Image; i != nil {
		m.Bytes, m.Holders, m.Counter, m.Took = i.Bytes(), i.Holders(), i.Counter(), i.Took
		if i != w.last.Image {
			w.log.Info().Int("holders", m.Holders).Int64("bytes", m.Bytes).Dur("took", m.Took).Int64("counter", m.Counter).Msg("the register is in memory")
		}
	}
	if s.Discards > w.last.Discards {
		w.log.Error().Int("discards", s.Discards).Str("about", s.Why).Msg("SQL said otherwise about a sample, the register's image is thrown away")
	}
	if s.TooBig > 0 && w.last.TooBig == 0 {
		w.log.Warn().Int64("bytes", s.TooBig).Msg("the register has no room in memory and is asked by SQL, which is slower: see register.image_mb")
	}
	w.last = s
	w.watch.note(w.watch.numbers.Image(m))
	if os.Getenv("GOGC") == "" { // who sets it knows better
		debug.SetGCPercent(gcPercent(m.Bytes))
	}
}

// gcPercent keeps the heap's garbage as small beside an image as it would be without one: an image has no garbage, and the
// collector, which lets the heap grow by a part of its size, must not give it room for any.
func gcPercent(imageBytes int64) int {
	const usual, working = 100, 16 << 20 // of a gateway that works
	return max(5, int(usual*working/(working+imageBytes)))
}
