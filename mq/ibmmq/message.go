package ibmmq

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	mqi "github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"nks/mq"
)

// Origin is Delivery.Handle: what IBM MQ says of a message beside what every queue
// says. The body is as it was put, in the character set named here.
type Origin struct {
	Remark      int32    // reason code that came with the message as a warning; 0 = none
	UnreadProps []string // properties that could not be read; Park passes them on all the same

	descriptor *mqi.MQMD
}

// Descriptor is a copy of the message descriptor (MQMD, version 2): type, report
// options, character set, encoding, format, application and context.
func (o *Origin) Descriptor() mqi.MQMD {
	md := *o.descriptor
	md.MsgId, md.CorrelId, md.GroupId = slices.Clone(md.MsgId), slices.Clone(md.CorrelId), slices.Clone(md.GroupId)
	md.AccountingToken = slices.Clone(md.AccountingToken)
	return md
}

// moved is the descriptor for the backout queue. There the message waits for a
// person and does not expire; and it is whole, segments or not.
func (o *Origin) moved() *mqi.MQMD {
	md := o.Descriptor()
	md.Expiry = mqi.MQEI_UNLIMITED
	md.MsgFlags &^= mqi.MQMF_SEGMENT | mqi.MQMF_LAST_SEGMENT
	md.Offset, md.OriginalLength = 0, mqi.MQOL_UNDEFINED
	return &md
}

// tenth is the unit of MQMD.Expiry.
const tenth = 100 * time.Millisecond

// longestExpiry is the largest that the queue manager takes.
const longestExpiry = 999_999_999 * tenth

func encode(to mq.Address, m *mq.Message, most int64) (*put, error) {
	p := &put{od: mqi.NewMQOD(), md: mqi.NewMQMD(), body: m.Body, props: maps.Clone(m.Props)}
	for _, name := range []string{to.Queue, to.Manager, m.ReplyTo.Queue, m.ReplyTo.Manager} {
		if err := checkName(name); err != nil {
			return nil, err
		}
	}
	switch {
	case to.Queue == "":
		return nil, fmt.Errorf("%w: no name", mq.ErrNoQueue)
	case int64(len(m.Body)) > most:
		return nil, fmt.Errorf("%w: %d bytes, at most %d", mq.ErrTooBig, len(m.Body), most)
	case m.Priority > 9:
		return nil, fmt.Errorf("%w: priority %d", mq.ErrUnsupported, m.Priority)
	case m.Expiry < 0 || m.Expiry > longestExpiry:
		return nil, fmt.Errorf("%w: expiry %v", mq.ErrUnsupported, m.Expiry)
	}
	p.od.ObjectName, p.od.ObjectQMgrName = to.Queue, to.Manager
	p.md.Version = mqi.MQMD_VERSION_2
	// Whoever asks or not: Caps say that what was sent outlives a restart.
	p.md.Persistence = mqi.MQPER_PERSISTENT
	p.md.Priority = int32(m.Priority)
	p.md.ReplyToQ, p.md.ReplyToQMgr = m.ReplyTo.Queue, m.ReplyTo.Manager
	// UTF-8, for formats that say that the body is text.
	p.md.CodedCharSetId = 1208
	if m.Expiry > 0 {
		p.md.Expiry = int32((m.Expiry + tenth - 1) / tenth)
	}
	return p, p.carry(m)
}

// carry sets ids and format, and checks the properties.
func (p *put) carry(m *mq.Message) error {
	if p.props == nil {
		p.props = make(map[string]string)
	}
	for name, value := range p.props {
		if own(name) {
			return fmt.Errorf("%w: property name %q is the driver's", mq.ErrUnsupported, name)
		}
		if err := checkProperty(name, value); err != nil {
			return err
		}
	}
	if len(m.ID) > 0 {
		p.md.MsgId = p.id(m.ID, propID, fits(m.ID) && !generated(m.ID))
	}
	if len(m.CorrelID) > 0 {
		p.md.CorrelId = p.id(m.CorrelID, propCorrelID, fits(m.CorrelID))
	}
	if len(m.Format) <= widthFormat && m.Format == printable(m.Format) {
		p.md.Format = m.Format
	} else {
		p.props[propFormat] = m.Format
	}
	for _, name := range []string{propID, propCorrelID, propFormat} {
		if value, ok := p.props[name]; ok {
			if err := checkProperty(name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func own(name string) bool { return name == propID || name == propCorrelID || name == propFormat }

// id is what travels as MsgId or CorrelId; where the id itself does not, it is
// its hash, and the id a property.
func (p *put) id(id []byte, prop string, itself bool) []byte {
	if itself {
		return slices.Grow(slices.Clone(id), widthID-len(id))[:widthID]
	}
	p.props[prop] = hex.EncodeToString(id)
	return hashed(id)
}

func hashed(id []byte) []byte {
	sum := sha256.Sum256(id)
	return sum[:widthID]
}

// fits reports whether an id comes out of a field filled up with zeros as it went in.
func fits(id []byte) bool { return len(id) <= widthID && id[len(id)-1] != 0 }

// generated reports whether an id looks as those that queue managers make.
func generated(id []byte) bool {
	return bytes.HasPrefix(id, []byte("AMQ ")) || bytes.HasPrefix(id, []byte("CSQ "))
}

func trimID(id []byte) []byte {
	if id = bytes.TrimRight(id, "\x00"); len(id) == 0 {
		return nil
	}
	return slices.Clone(id)
}

// nameCharacters are those of queues and queue managers.
const nameCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./_%"

func checkName(name string) error {
	foreign := func(r rune) bool { return !strings.ContainsRune(nameCharacters, r) }
	if len(name) > widthObject || strings.ContainsFunc(name, foreign) {
		return fmt.Errorf("%w: %q is no name, at most %d of letters, digits and ./_%%", mq.ErrNoQueue, name, widthObject)
	}
	return nil
}

func decode(o *Origin, body []byte, props map[string]string, trusted bool) *mq.Delivery {
	md := o.descriptor
	d := &mq.Delivery{Attempts: int(md.BackoutCount) + 1, Redelivered: md.BackoutCount > 0, Handle: o,
		TransportKey: keyOfMsgID + hex.EncodeToString(md.MsgId)}
	d.Message = mq.Message{Body: body, Format: md.Format, ReplyTo: mq.Address{Manager: md.ReplyToQMgr, Queue: md.ReplyToQ},
		Persistent: md.Persistence == mqi.MQPER_PERSISTENT, Priority: uint8(min(max(md.Priority, 0), 9))}
	if md.Expiry > 0 {
		d.Expiry = time.Duration(md.Expiry) * tenth
	}
	if trusted {
		d.Put, d.PutUser = md.PutDateTime, md.UserIdentifier
	}
	if !generated(md.MsgId) {
		d.ID = trimID(md.MsgId)
	}
	d.CorrelID = trimID(md.CorrelId)
	d.ID = whole(d.ID, md.MsgId, props[propID])
	d.CorrelID = whole(d.CorrelID, md.CorrelId, props[propCorrelID])
	if f, ok := props[propFormat]; ok {
		d.Format = f
	}
	maps.DeleteFunc(props, func(name, _ string) bool { return own(name) })
	if len(props) > 0 {
		d.Props = props
	}
	return d
}

// whole is the id that a property has, where the field beside it is its hash.
func whole(id, field []byte, property string) []byte {
	if long, err := hex.DecodeString(property); err == nil && len(long) > 0 && bytes.Equal(hashed(long), field) {
		return long
	}
	return id
}
