package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"nks/internal/app"
	"nks/internal/command"
)

// benchGatewayMark makes nks-demo bench the gateway that another nks-demo bench measures: the whole of nks run, which besides
// sets its clock and tells how long its steps took when it is asked on standard input.
const benchGatewayMark = "gateway"

// benchGateway runs the gateway until standard input ends. A line "clock TIME" moves business time there, "unready" asks why
// it is not ready, "image" how the register's image is, "steps" what the steps have done since that was last asked; each is answered with one line of JSON.
func benchGateway(ctx context.Context, p *command.Program, config string) error {
	c, err := app.LoadConfig(config)
	if err != nil {
		return err
	}
	log, err := app.NewLog(c.Log, p.Err)
	if err != nil {
		return err
	}
	m := gatewayMeter{times: newStepTimes(),
		connections: &connectionTimes{held: map[uint32]heldConnection{}, used: map[string]float64{}}, profile: &stepProfile{}}
	a, err := app.Start(ctx, app.Options{Config: c, Log: log, Version: version, Observe: m.times.before, Trace: m.connections})
	if err != nil {
		return err
	}
	err = answerBench(ctx, p, a, m)
	return errors.Join(err, a.Shutdown())
}

// gatewayMeter is what looks on while the gateway works.
type gatewayMeter struct {
	times       *stepTimes
	connections *connectionTimes
	profile     *stepProfile
}

func (m gatewayMeter) take() (w stepWork, err error) {
	w.Times, w.Postgres = m.times.take(), m.connections.take()
	w.Profile, err = m.profile.take()
	return w, err
}

func answerBench(ctx context.Context, p *command.Program, a *app.App, m gatewayMeter) error {
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
		case "unready":
			answer = unready(a)
		case "image":
			answer = imageOf(a)
		case "steps":
			work, err := m.take()
			if err != nil {
				return err
			}
			answer = work
		default:
			return fmt.Errorf("bench gateway: %q is no question", token)
		}
		if err := out.Encode(answer); err != nil {
			return err
		}
	}
	return asked.Err()
}
