package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// idleDemo is the size of the demonstration that is measured when it is over.
const (
	idlePayments = 300
	idleHolders  = 2000
)

// idleSettles is the share of the measured time that passes before it, so that what the day's work leaves to do is done.
const idleSettles = 3

// processorTimes are seconds of processor time by who has used them.
type processorTimes struct{ nks, postgres, simulators float64 }

// measureIdle plays a small demonstration to its end, and measures what the gateway, its database and the simulated
// parties use while nobody has anything to do: three banks are connected, both doors are open.
func (b *bench) measureIdle(ctx context.Context) (m measurement, err error) {
	dir := b.path("idle")
	cmd := exec.Command(b.self, "demo", "--fresh", "--data", dir, "--payments", strconv.Itoa(idlePayments), "--holders", strconv.Itoa(idleHolders))
	log, err := os.OpenFile(b.path("idle.log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return m, err
	}
	defer func() { _ = log.Close() }()
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return m, err
	}
	// An interrupt of ours is passed on once: a second one would end it on the spot.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	b.say("playing a demonstration for an idle gateway")
	if err := cmd.Start(); err != nil {
		return m, err
	}
	interrupt := func() { _ = cmd.Process.Signal(syscall.SIGTERM) } // one that has ended needs none
	interrupted := context.AfterFunc(ctx, interrupt)
	used, err := b.useOfIdle(ctx, out, dir, cmd.Process.Pid)
	if err != nil {
		err = fmt.Errorf("%w; see %s", err, log.Name())
	}
	if interrupted() {
		interrupt()
	}
	_, _ = io.Copy(log, out) // else it could wait for us to read
	if err := errors.Join(err, cmd.Wait()); err != nil {
		return m, err
	}
	share := 100 / b.options.idle.Seconds()
	return measurement{Name: "idle", Sizes: map[string]int{"payments": idlePayments, "holders": idleHolders},
		Values: map[string]float64{"seconds": b.options.idle.Seconds(), "nks_percent": used.nks * share, "postgres_percent": used.postgres * share,
			"together_percent": (used.nks + used.postgres) * share, "simulators_percent": used.simulators * share}}, nil
}

// useOfIdle waits until a demonstration says that it stays up, and longer, and measures.
func (b *bench) useOfIdle(ctx context.Context, out io.Reader, dir string, demo int) (used processorTimes, err error) {
	up := false
	for lines := bufio.NewScanner(out); !up && lines.Scan(); {
		up = strings.Contains(lines.Text(), "stay up")
	}
	if !up {
		return used, errors.New("the demonstration has ended")
	}
	if err := wait(ctx, b.options.idle/idleSettles); err != nil {
		return used, err
	}
	before, err := idleUse(dir, demo)
	if err != nil {
		return used, err
	}
	if err := wait(ctx, b.options.idle); err != nil {
		return used, err
	}
	after, err := idleUse(dir, demo)
	return processorTimes{after.nks - before.nks, after.postgres - before.postgres, after.simulators - before.simulators}, err
}

// idleUse is what the processes of a demonstration have used up to now.
func idleUse(dir string, demo int) (processorTimes, error) {
	t := processorTimes{nks: cpuSeconds(demo, true), postgres: postgresSeconds(filepath.Join(dir, "pg"))}
	parties, err := filepath.Glob(filepath.Join(dir, "sim", "*", "*", "pid"))
	if err != nil {
		return t, err
	}
	for _, file := range parties {
		text, err := os.ReadFile(file)
		if err != nil {
			return t, err
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			return t, err
		}
		t.simulators += cpuSeconds(pid, false)
	}
	return t, nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
