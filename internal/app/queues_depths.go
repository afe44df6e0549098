package app

import (
	"context"
	"time"

	"nks/gateway"
	"nks/mq/amqp"
)

// depthsEvery is the pause between two questions what the queues of a broker elsewhere hold: it counts them no more often itself.
const depthsEvery = 5 * time.Second

// depths asks a RabbitMQ elsewhere what its queues hold, where it is to be asked.
type depths struct {
	*outerQueues
	asked    time.Time
	reported string // the last trouble
}

func newDepths(q *outerQueues) *depths { return &depths{outerQueues: q} }

// look asks, when it is time, and tells of the suppliers whose doors are open here.
func (d *depths) look(ctx context.Context, open map[string]bool) {
	if d.config.Management == "" || time.Since(d.asked) < depthsEvery {
		return
	}
	d.asked = time.Now()
	held, err := d.ask(ctx)
	if ctx.Err() != nil {
		return
	}
	words := ""
	if err != nil {
		words = err.Error()
	}
	if words != "" && words != d.reported {
		d.app.log.Warn().Err(err).Msg("message queue: what its queues hold is not known")
	}
	d.reported = words
	news := false
	for supplier := range open {
		news = d.app.watch.lines.holds(supplier, d.of(supplier, held)) || news
	}
	if news { // old enough as it is
		d.app.watch.lines.bell.Ring()
	}
}

func (d *depths) ask(ctx context.Context) (map[string]int64, error) {
	in, err := d.login()
	if err != nil {
		return nil, err
	}
	config, err := d.files.client()
	if err != nil {
		return nil, err
	}
	m, err := amqp.NewManagement(d.config.Management, d.config.URLs[0], in.User, in.Secret, config)
	if err != nil {
		return nil, err
	}
	return m.Depths(ctx)
}

// of is what a supplier's queues hold; nil: nothing is known of them. Since when is told by no broker.
func (d *depths) of(supplier string, held map[string]int64) gateway.Held {
	s := d.config.Of(supplier)
	var all gateway.Held
	for place, queue := range map[gateway.QueuePlace]string{gateway.PlaceIn: s.In, gateway.PlaceOut: s.Out, gateway.PlaceParked: s.Parked} {
		if messages, known := held[queue]; known {
			all = all.With(gateway.Held{place: {Messages: messages}})
		}
	}
	return all
}
