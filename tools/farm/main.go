// Command farm runs what takes too long for make test, in turns and with another seed each time, for as many minutes
// as it is given. It goes on where the last call ended, also when that was killed.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// How a call ends.
const (
	exitPassed = 0
	exitFailed = 1
	exitMisuse = 2
)

// keptLines is how much of what a failed run printed is recorded.
const keptLines = 60

// errStopped says that a run was called off before its end.
var errStopped = errors.New("stopped")

type farm struct {
	dir, results, version string
}

func main() {
	var f farm
	minutes := flag.Float64("minutes", 60, "begin no run after so many minutes")
	only := flag.String("job", "", "run this job alone, once, with -seed")
	seed := flag.Int("seed", 1, "the seed of -job")
	flag.StringVar(&f.dir, "dir", ".", "the repository")
	flag.StringVar(&f.results, "results", "farm/results.jsonl", "the file of the results")
	flag.StringVar(&f.version, "version", "", "the version to record")
	flag.Parse()
	if flag.NArg() > 0 || *only != "" && named(*only, *seed).name == "" {
		fmt.Fprintln(os.Stderr, "farm: no such job: must be one of", names())
		os.Exit(exitMisuse)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var bad bool
	var err error
	if *only != "" {
		bad, err = f.repeat(ctx, *only, *seed)
	} else {
		bad, err = f.run(ctx, time.Duration(*minutes*float64(time.Minute)))
	}
	stop()
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "farm:", err)
		os.Exit(exitFailed)
	case bad:
		os.Exit(exitFailed)
	}
	os.Exit(exitPassed)
}

func names() string {
	var all []string
	for _, j := range jobs(0) {
		all = append(all, fmt.Sprintf("%q", j.name))
	}
	return strings.Join(all, ", ")
}

// run takes turns until the time is over, and tells whether anything failed.
func (f *farm) run(ctx context.Context, limit time.Duration) (bool, error) {
	all, err := read(f.results)
	if err != nil {
		return false, err
	}
	begun := len(all)
	for end := time.Now().Add(limit); time.Now().Before(end); {
		j, seed := next(all)
		r, err := f.one(ctx, j, seed)
		if errors.Is(err, errStopped) {
			break
		}
		if err != nil {
			return true, err
		}
		if err := record(f.results, r); err != nil {
			return true, err
		}
		all = append(all, r)
	}
	return summary(os.Stdout, all, begun), nil
}

// repeat runs one job once more, and prints what it prints. Nothing is recorded.
func (f *farm) repeat(ctx context.Context, name string, seed int) (bool, error) {
	r, err := f.one(ctx, named(name, seed), seed)
	if err != nil {
		return true, err
	}
	for _, line := range r.Failure {
		fmt.Println(line)
	}
	return !r.OK, nil
}

// one runs a job to its end. When ctx ends its processes are killed, and errStopped is returned.
func (f *farm) one(ctx context.Context, j job, seed int) (result, error) {
	var out bytes.Buffer
	cmd := exec.Command(j.args[0], j.args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = f.dir, &out, &out
	cmd.Env = append(os.Environ(), j.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r := result{Job: j.name, Seed: seed, Version: f.version, Start: time.Now().UTC().Truncate(time.Second)}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return r, fmt.Errorf("%s: %w", j.name, err)
	}
	over := context.AfterFunc(ctx, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	err := cmd.Wait()
	if !over() {
		return r, errStopped
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return r, fmt.Errorf("%s: %w", j.name, err)
	}
	r.Seconds, r.OK = time.Since(begun).Round(time.Millisecond).Seconds(), err == nil
	word := "ok"
	if !r.OK {
		word = "FAILED"
		r.Failure = lastLines(out.String())
		r.Repeat = fmt.Sprintf("make farm JOB=%q SEED=%d", j.name, seed)
	}
	fmt.Printf("%s  %-16s seed %-4d %7.1f s  %s\n", r.Start.Format(time.RFC3339), j.name, seed, r.Seconds, word)
	return r, nil
}

func lastLines(s string) []string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[max(0, len(lines)-keptLines):]
}
