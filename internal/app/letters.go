package app

import (
	"context"
	"fmt"
	"time"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/banklink"
	"nks/gateway/postgres"
	"nks/gateway/postgres/activate"
	"nks/register/letter"
	"nks/sftp"
)

// printProvider names the line to whoever prints letters.
const printProvider = "provider"

// letterRules are how a configuration wants letters of activations.
func letterRules(c conf.Activation) activate.Rules {
	return activate.Rules{Days: c.Days, Sender: letter.Sender{Name: c.Sender, Address: c.SenderAddress, Site: c.Site, Phone: c.Phone}}
}

// printing hands letters to the print provider, at the one node that owns that.
type printing struct {
	app  *App
	link banklink.Config
	bell gateway.Bell
}

// openPrinting begins to; nil: there is no provider.
func (a *App) openPrinting(ctx context.Context) error {
	c := a.config.Print
	if c.Address == "" {
		return nil
	}
	if _, err := sftp.LoadKey(c.Key); err != nil {
		return ConfigError{fmt.Errorf("print.key: %w", err)}
	}
	lines, err := c.HostKeyLines()
	if err != nil {
		return ConfigError{fmt.Errorf("print.host_keys: %w", err)}
	}
	p := &printing{app: a, link: banklink.Config{InDir: c.Folder, OutDir: c.Folder, Client: sftp.ClientConfig{Addr: c.Address, User: c.User}}}
	for _, line := range lines {
		keys, err := sftp.ParsePublicKeys(line)
		if err != nil {
			return ConfigError{fmt.Errorf("print.host_keys: %w", err)}
		}
		p.link.Client.HostKeys = append(p.link.Client.HostKeys, keys...)
	}
	a.watch.lines.closed(gateway.LinkPrint, printProvider, gateway.TroubleElsewhere)
	a.sleepers.add(postgres.ToPost, p.bell.Ring)
	a.wait.Go(func() { a.own(ctx, "print provider", "letters", p.run) })
	return nil
}

// run hands over what waits, and looks at the line, until ctx ends.
func (p *printing) run(ctx context.Context) {
	a := p.app
	defer a.watch.lines.closed(gateway.LinkPrint, printProvider, gateway.TroubleElsewhere)
	for ctx.Err() == nil {
		err := p.post(ctx)
		if ctx.Err() != nil {
			return
		}
		a.watch.lines.opening(gateway.LinkPrint, printProvider, err)
		if err != nil {
			a.log.Warn().Err(err).Msg("letters are not handed over, it will be tried again")
		}
		p.bell.Wait(ctx, a.config.Print.Poll.Duration)
	}
}

// postTime is how long one turn may take.
const postTime = 10 * time.Minute

// post connects, with our key as its file has it now, and hands over all that waits.
func (p *printing) post(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, postTime)
	defer cancel()
	key, err := sftp.LoadKey(p.app.config.Print.Key)
	if err != nil {
		return err
	}
	link := p.link
	link.Client.Key = key
	to, err := banklink.Dial(ctx, link)
	if err != nil {
		return err
	}
	defer func() { _ = to.Close() }()
	if _, err := to.List(ctx); err != nil {
		return fmt.Errorf("the folder of the print provider: %w: %w", gateway.ErrLinkDown, err)
	}
	for {
		worked, err := p.app.steps.Activate.Post(ctx, to)
		if err != nil || !worked {
			return err
		}
	}
}
