package serving

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"nks/conf"
	"nks/internal/app"
	"nks/internal/command"
	"nks/register/image"
)

// CheckConfig is the command that judges a configuration, for a program with this driver of IBM MQ, or nil.
func CheckConfig(ibm *app.QueueDriver) func(context.Context, *command.Program, *flag.FlagSet, []string) error {
	return func(_ context.Context, p *command.Program, flags *flag.FlagSet, args []string) error {
		return checkConfig(p, flags, args, ibm)
	}
}

func checkConfig(p *command.Program, flags *flag.FlagSet, args []string, ibm *app.QueueDriver) error {
	config := ConfigFlag(flags)
	tokens, err := command.Parse(flags, args)
	if err != nil {
		return err
	}
	if len(tokens) > 1 {
		return command.Usagef("one file at a time")
	}
	if len(tokens) == 1 {
		*config = tokens[0]
	}
	c, err := app.LoadConfig(*config)
	if err != nil {
		return err
	}
	if err := app.CheckApart(c); err != nil {
		return err
	}
	if err := app.CheckExpiries(c); err != nil && !errors.Is(err, fs.ErrNotExist) { // a missing file is told with the others
		return err
	}
	if _, err = fmt.Fprintf(p.Out, "%s: %s environment, %d bank centres\n", *config, c.Environment, len(c.Banks)); err != nil {
		return err
	}
	if err := tellImage(p, c); err != nil {
		return err
	}
	if err := tellPersons(p, c); err != nil {
		return err
	}
	if err := tellQueues(p, c, ibm); err != nil {
		return err
	}
	if err := tellRasp(p, c); err != nil {
		return err
	}
	return tellWhatItNeeds(p, c.CheckFiles())
}

// tellWhatItNeeds ends what is told. Files may be put in place later, and elsewhere than where the configuration is written: they are told, not
// held against it.
func tellWhatItNeeds(p *command.Program, files []error) error {
	for _, f := range files {
		if _, err := fmt.Fprintf(p.Out, "nks run needs: %v\n", f); err != nil {
			return err
		}
	}
	verdict := "good: nks run can start with it"
	if len(files) > 0 {
		verdict = fmt.Sprintf("good: every key is right; nks run can start with it when what it needs is there (%d)", len(files))
	}
	_, err := fmt.Fprintln(p.Out, verdict)
	return err
}

// tellPersons says who may decide on an empty database.
func tellPersons(p *command.Program, c conf.Config) error {
	persons, err := app.Persons(c)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // told with the other files
	case err != nil:
		return err
	case len(persons) > 0:
		_, err = fmt.Fprintf(p.Out, "decisions: %d persons, who sign\n", len(persons))
	case c.Environment == conf.Production:
		_, err = fmt.Fprintln(p.Out, "decisions: nobody can decide anything; decisions.persons names a file of those who may")
	default:
		_, err = fmt.Fprintln(p.Out, "decisions: whoever gives a name, without signatures; decisions.persons names a file of those who may")
	}
	return err
}

// tellQueues says where the message queue door stands, and who comes in.
func tellQueues(p *command.Program, c conf.Config, ibm *app.QueueDriver) error {
	if err := app.CheckQueues(c.MQ, ibm); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // told with the other files
		}
		return err
	}
	var err error
	switch {
	case !c.MQ.Open():
		_, err = fmt.Fprintln(p.Out, "message queue: closed")
	case c.MQ.Driver == conf.AMQP:
		_, err = fmt.Fprintf(p.Out, "message queue: %s, as %s; queues such as %s\n", strings.Join(c.MQ.URLs, ", "), c.MQ.Peer, c.MQ.Of("LEVA").In)
	case c.MQ.Driver == conf.IBMMQ:
		_, err = fmt.Fprintf(p.Out, "message queue: IBM MQ at %s; queues such as %s\n", cmp.Or(c.MQ.IBMMQ.ConnName, c.MQ.IBMMQ.CCDTURL), c.MQ.Of("LEVA").In)
	case c.MQ.TLSClientCA != "":
		_, err = fmt.Fprintf(p.Out, "message queue: a broker of our own at %s, with certificates on both sides\n", c.MQ.Listen)
	default:
		_, err = fmt.Fprintf(p.Out, "message queue: a broker of our own at %s, in the clear\n", c.MQ.Listen)
	}
	if cluster := c.MQ.Cluster; cluster.Clustered() && err == nil {
		var others []string
		for _, m := range cluster.Others() {
			others = append(others, m.Name+" at "+m.Address)
		}
		_, err = fmt.Fprintf(p.Out, "message queue: member %s of cluster %s, environment %s, with %s\n", cluster.Member, cluster.Name, c.Environment, strings.Join(others, " and "))
	}
	return err
}

// tellImage says what room the register has in memory, and for whom that is enough.
func tellImage(p *command.Program, c conf.Config) error {
	const mebi, country = 1 << 20, 8_000_000
	may := app.ImageOptions(c).MaxBytes
	if may == 0 {
		_, err := fmt.Fprintln(p.Out, "register image: none; SQL is asked for each payment")
		return err
	}
	_, err := fmt.Fprintf(p.Out, "register image: at most %d MB, twice while it is replaced; enough for %d holders with one account\n", may/mebi,
		may/image.SizeOf(1, 1).Bytes)
	if needs := image.SizeOf(country, country).Bytes; err == nil && may < needs {
		_, err = fmt.Fprintf(p.Out, "register image: %d holders take %d MB; with more holders than there is room for, SQL is asked for each payment\n",
			country, needs/mebi)
	}
	return err
}

// tellRasp says whom the signed endpoint lets in, and reads what its start would.
func tellRasp(p *command.Program, c conf.Config) error {
	if c.Rasp.Listen == "" {
		return nil
	}
	files, err := app.CheckRasp(c.Rasp, time.Now())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // told with the other files
	case err != nil:
		return fmt.Errorf("rasp: %w", err)
	}
	_, err = fmt.Fprintf(p.Out, "signed endpoint: %d suppliers, %d of them with an endpoint for answers\n", files.Parties, files.Endpoints)
	if err == nil && files.Untimely != nil {
		_, err = fmt.Fprintf(p.Out, "signed endpoint: %s; no client will believe it\n", strings.ReplaceAll(files.Untimely.Error(), "\n", "; "))
	}
	for _, party := range c.Rasp.Parties {
		if err == nil && len(party.CVR) > 0 {
			_, err = fmt.Fprintf(p.Out, "signed endpoint: any certificate of company %s is %s\n", strings.Join(party.CVR, ", "), party.Supplier)
		}
	}
	if err == nil && c.Rasp.OIORASP() {
		_, err = fmt.Fprintf(p.Out, "signed endpoint: the profile %s is weak, and some have it\n", conf.ProfileOIORASP)
	}
	return err
}
