package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"nks/gateway"
	"nks/internal/app"
	"nks/internal/command"
)

// benchGatewayWord makes nks-demo bench the gateway that another nks-demo bench measures: the whole of nks run, which besides
// sets its clock and tells how long its steps took when it is asked on standard input.
const benchGatewayMark = "gateway"

// stepTime is the time that one kind of step has worked.
type stepTime struct {
	Name  string        `json:"name"`
	Turns int           `json:"turns"`
	Busy  time.Duration `json:"busy_ns"` // of all its workers together
	First time.Time     `json:"first"`   // beginning of the first turn with work
	Last  time.Time     `json:"last"`    // end of the last
}

// stepTimes adds up the turns that had work. Safe for concurrent use.
type stepTimes struct {
	mu    sync.Mutex
	steps map[string]*stepTime
}

// before puts itself before another observer, who must not notice.
func (s *stepTimes) before(other gateway.Observe) gateway.Observe {
	return func(name string) func(bool, error) {
		ended := other(name)
		began := time.Now()
		return func(worked bool, err error) {
			ended(worked, err)
			if worked {
				s.add(name, began, time.Now())
			}
		}
	}
}

// add counts a turn; the steps of the bank centres count together.
func (s *stepTimes) add(name string, began, ended time.Time) {
	name, _, _ = strings.Cut(name, " ")
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.steps[name]
	if t == nil {
		t = &stepTime{Name: name, First: began}
		s.steps[name] = t
	}
	t.Turns++
	t.Last = ended
	t.Busy += ended.Sub(began)
}

// take gives what has been added up and begins anew.
func (s *stepTimes) take() []stepTime {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]stepTime, 0, len(s.steps))
	for _, t := range s.steps {
		list = append(list, *t)
	}
	clear(s.steps)
	return list
}

// benchGateway runs the gateway until standard input ends. A line "clock TIME" moves business time there, "steps" asks
// for the times; each is answered with one line of JSON.
func benchGateway(ctx context.Context, p *command.Program, config string) error {
	c, err := app.LoadConfig(config)
	if err != nil {
		return err
	}
	log, err := app.NewLog(c.Log, p.Err)
	if err != nil {
		return err
	}
	times := &stepTimes{steps: map[string]*stepTime{}}
	a, err := app.Start(ctx, app.Options{Config: c, Log: log, Version: version, Observe: times.before})
	if err != nil {
		return err
	}
	err = answerBench(ctx, p, a, times)
	return errors.Join(err, a.Shutdown())
}

func answerBench(ctx context.Context, p *command.Program, a *app.App, times *stepTimes) error {
	out := json.NewEncoder(p.Out)
	if err := out.Encode(a.Addresses().Mailbox); err != nil {
		return err
	}
	asked := bufio.NewScanner(os.Stdin)
	for asked.Scan() {
		token, argument, _ := strings.Cut(asked.Text(), " ")
		var answer any
		switch token {
		case "clock":
			to, err := time.Parse(time.RFC3339, argument)
			if err != nil {
				return err
			}
			if err := a.SetClock(ctx, a.ClockOffset()+to.Sub(a.Now())); err != nil {
				return err
			}
			answer = a.Now()
		case "steps":
			answer = times.take()
		default:
			return fmt.Errorf("bench gateway: %q is no question", token)
		}
		if err := out.Encode(answer); err != nil {
			return err
		}
	}
	return asked.Err()
}
