package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// cpuSeconds is the processor time of a process, with that of its ended children if told so; 0 when it is gone.
func cpuSeconds(pid int, children bool) float64 {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name in parentheses may hold blanks; field 14 is the twelfth after it: utime, stime, cutime, cstime.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	last := 13
	if children {
		last = 15
	}
	ticks := 0
	for _, f := range fields[11:last] {
		n, _ := strconv.Atoi(f)
		ticks += n
	}
	const perSecond = 100 // USER_HZ is this on every Linux
	return float64(ticks) / perSecond
}

// postgresProcesses lists the postmaster of a cluster, first, and its children.
func postgresProcesses(cluster string) []int {
	content, err := os.ReadFile(filepath.Join(cluster, "postmaster.pid"))
	if err != nil {
		return nil
	}
	first, _, _ := strings.Cut(string(content), "\n")
	postmaster, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return nil
	}
	pids := []int{postmaster}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", postmaster, postmaster))
	if err != nil {
		return pids
	}
	for _, field := range strings.Fields(string(children)) {
		if pid, err := strconv.Atoi(field); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// postgresSeconds is the processor time of a cluster's processes, with those that have ended.
func postgresSeconds(cluster string) float64 {
	sum := 0.0
	for i, pid := range postgresProcesses(cluster) {
		sum += cpuSeconds(pid, i == 0)
	}
	return sum
}

// processIO is what a process has read from and written to files, in MB.
func processIO(pid int) (read, written float64) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		return 0, 0
	}
	return kernelNumber(content, "rchar:") / 1e6, kernelNumber(content, "wchar:") / 1e6
}

// kernelNumber finds a number in a file of name and value per line; 0 when it is not there.
func kernelNumber(content []byte, name string) float64 {
	for line := range bytes.Lines(content) {
		if value, ok := bytes.CutPrefix(line, []byte(name)); ok {
			n, _ := strconv.ParseFloat(string(bytes.Fields(value)[0]), 64)
			return n
		}
	}
	return 0
}

// peakMemory is VmHWM: the most memory that a process has ever had, in MB.
func peakMemory(pid int) (float64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	kb := kernelNumber(content, "VmHWM:")
	if kb == 0 {
		return 0, errors.New("the system does not tell VmHWM")
	}
	return kb / 1024, nil
}

// memoryWatch looks again and again how much memory a PostgreSQL has: the sum of the proportional set sizes of its
// processes, in which shared memory counts once.
type memoryWatch struct {
	quit chan struct{}
	most chan float64
}

// Looking walks through the page tables of every process, so it must stay a small part of the time.
const (
	memoryLook  = 200 * time.Millisecond
	memoryShare = 50 // of the time is not spent looking
)

func watchMemory(cluster string) *memoryWatch {
	w := &memoryWatch{quit: make(chan struct{}), most: make(chan float64, 1)}
	go func() {
		most := 0.0
		for {
			began := time.Now()
			sum := 0.0
			for _, pid := range postgresProcesses(cluster) {
				if content, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid)); err == nil {
					sum += kernelNumber(content, "Pss:") / 1024
				}
			}
			most = max(most, sum)
			select {
			case <-w.quit:
				w.most <- most
				return
			case <-time.After(max(memoryLook, memoryShare*time.Since(began))):
			}
		}
	}()
	return w
}

// peak ends the watch. It passes an error on.
func (w *memoryWatch) peak(err error) (float64, error) {
	close(w.quit)
	return <-w.most, err
}

// err ends a watch that nobody asks any more.
func (w *memoryWatch) err() error {
	_, err := w.peak(nil)
	return err
}
