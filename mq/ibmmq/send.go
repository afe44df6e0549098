package ibmmq

import (
	"errors"
	"fmt"

	mqi "github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"nks/mq"
)

// put is a message ready for MQPUT1.
type put struct {
	od    *mqi.MQOD
	md    *mqi.MQMD
	props map[string]string
	body  []byte
}

// send puts and commits. Before the commit every failure is certain: what was
// put is backed out, with the connection if need be.
func (u *unit) send(p *put) error {
	if err := u.put(p); err != nil {
		return errors.Join(err, u.back())
	}
	return u.commit()
}

func (u *unit) put(p *put) error {
	pmo := mqi.NewMQPMO()
	pmo.Options = mqi.MQPMO_SYNCPOINT
	if len(p.props) > 0 {
		handle, err := u.qm.CrtMH(mqi.NewMQCMHO())
		if err != nil {
			return named(err)
		}
		// It is lost with the connection, else it is deleted.
		defer func() { _ = handle.DltMH(mqi.NewMQDMHO()) }()
		for name, value := range p.props {
			if err := u.setProperty(&handle, name, value); err != nil {
				return err
			}
		}
		pmo.OriginalMsgHandle, pmo.Action = handle, mqi.MQACTP_NEW
	}
	err := u.qm.Put1(p.od, p.md, pmo, p.body)
	switch {
	case err == nil:
		return nil
	case warned(err):
		// Put, but otherwise than asked for, as with a priority cut down.
		return fmt.Errorf("%w: %w", mq.ErrUnsupported, err)
	}
	return named(err)
}
