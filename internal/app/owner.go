package app

import (
	"context"
	"errors"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

const (
	// ownerAgain is the pause between two tries to become an owner, and between two looks whether one still is.
	ownerAgain = time.Second
	// ownerWait is how long the database may take to say so.
	ownerWait = 5 * time.Second
	// ownerSilent is after how long the database takes an ownership from a process that has stopped, or is cut off, without a word: longer than one
	// that lives is silent.
	ownerSilent = 15 * time.Second
)

// own has work done while this process is the owner of what a name stands for: of several processes on one database one is, by a session of
// the database, and another takes over when that is gone. The context of work ends with the ownership.
func (a *App) own(ctx context.Context, name, what string, work func(context.Context)) {
	for ctx.Err() == nil {
		a.ownOnce(ctx, name, what, work)
		gateway.Pause(ctx, ownerAgain)
	}
}

func (a *App) ownOnce(ctx context.Context, name, what string, work func(context.Context)) {
	owned, err := postgres.Own(ctx, a.db.pool, name, postgres.EndsWhenSilent(ctx, ownerSilent))
	if errors.Is(err, gateway.ErrTransient) || ctx.Err() != nil {
		return
	}
	if err != nil {
		a.log.Error().Err(err).Msg(what + ": ownership")
		return
	}
	defer owned.Release()
	a.log.Info().Msg(what + ": this process takes and puts")
	run, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(run)
	}()
	defer func() {
		stop()
		<-done
	}()
	for gateway.Pause(ctx, ownerAgain); ctx.Err() == nil; gateway.Pause(ctx, ownerAgain) {
		soon, cancel := context.WithTimeout(ctx, ownerWait)
		err := owned.Held(soon)
		cancel()
		if err != nil && ctx.Err() == nil {
			a.log.Warn().Err(err).Msg(what + ": this process takes and puts no longer")
			return
		}
	}
}
