package view

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

// Line is a line to a bank, a door or a data supplier's queue, as it stands at an instant.
type Line struct {
	gateway.Link
	Is gateway.LinkStanding
	// Places is what waits in a data supplier's queues; none of other lines.
	Places []QueuePlace
}

// QueuePlace is what waits in one place of a data supplier's queues.
type QueuePlace struct {
	gateway.Waiting
	Place gateway.QueuePlace
	Known bool
}

func placesOf(l gateway.Link, at time.Time) (list []QueuePlace) {
	held, has := l.HeldAt(at)
	if !has {
		return nil
	}
	for _, place := range gateway.QueuePlaces() {
		w, known := held[place]
		list = append(list, QueuePlace{Waiting: w, Place: place, Known: known})
	}
	return list
}

// Limited is for how long it may be down.
func (l Line) Limited() time.Duration { return time.Duration(l.Limit) * time.Second }

// Lines are all lines as they stand at a business time, doors before banks; authorities see none.
func (r *Reader) Lines(ctx context.Context, v Viewer, at time.Time) (list []Line, err error) {
	err = r.look(ctx, v, func(tx *sqlx.Tx) error {
		list, err = readLines(ctx, tx, at)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("lines: %w", err)
	}
	return list, nil
}

// mostLines bounds how many lines are shown.
const mostLines = 2000

func readLines(ctx context.Context, tx *sqlx.Tx, at time.Time) (list []Line, err error) {
	var all []gateway.Link
	err = tx.SelectContext(ctx, &all, `SELECT kind, name, node, owner, state, since, good_at, told_at, trouble, error, limit_seconds, held FROM line
		ORDER BY CASE kind WHEN 'door' THEN 1 WHEN 'queue' THEN 2 ELSE 3 END, kind, name, node LIMIT $1`, mostLines)
	for _, c := range all {
		if !c.Gone(at) {
			c.Error = Mask(c.Error)
			list = append(list, Line{Link: c, Is: c.At(at), Places: placesOf(c, at)})
		}
	}
	return list, err
}

// LateLines counts the lines that are down for longer than they may be.
func LateLines(all []Line) (n int) {
	for _, l := range all {
		if l.Is.Late {
			n++
		}
	}
	return n
}
