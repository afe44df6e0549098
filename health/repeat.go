package health

import (
	"context"
	"time"
)

// Repeat does something again and again until ctx ends, the first time after a pause. The pauses are no shorter than
// pause, and long enough for do to take no more than share percent of the time.
func Repeat(ctx context.Context, pause time.Duration, share int, do func(context.Context)) {
	wait := pause
	for {
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
		begun := time.Now()
		do(ctx)
		wait = max(pause, time.Since(begun)*time.Duration(100-share)/time.Duration(share))
	}
}
