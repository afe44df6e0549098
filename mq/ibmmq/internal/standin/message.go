package standin

/*
#include <cmqc.h>
#include "standin.h"
*/
import "C"

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"slices"
	"strings"
	"time"
	"unsafe"
)

type message struct {
	q        *queue
	md       C.MQMD
	body     []byte
	props    []property
	backouts int32
	expires  time.Time
	holder   *conn // by which it was got and not committed
	putter   *conn // by which it was put and not committed
}

// property is one of a message; its value is as it lies in memory.
type property struct {
	name  string
	kind  C.MQLONG
	value []byte
}

// handle is a message handle.
type handle struct {
	props  []property
	cursor int
}

func (msg *message) persistent() bool { return msg.md.Persistence == C.MQPER_PERSISTENT }
func (msg *message) priority() int32  { return int32(msg.md.Priority) }

// described is the descriptor that a get returns.
func (msg *message) described(now time.Time) C.MQMD {
	md := msg.md
	md.BackoutCount = C.MQLONG(msg.backouts)
	if !msg.expires.IsZero() {
		md.Expiry = C.MQLONG(max(msg.expires.Sub(now)/(100*time.Millisecond), 1))
	}
	return md
}

//export standinPut1
func standinPut1(h C.MQHCONN, od, md, pmo C.PMQVOID, size C.MQLONG, buffer C.PMQVOID, cc, rc C.PMQLONG) {
	o, d, p := (*C.MQOD)(unsafe.Pointer(od)), (*C.MQMD)(unsafe.Pointer(md)), (*C.MQPMO)(unsafe.Pointer(pmo))
	play(h, "MQPUT1", cc, rc, func(c *conn) answer {
		q, why := c.target(o)
		switch {
		case why != 0:
			return failed(why)
		case p.Options&C.MQPMO_SYNCPOINT == 0:
			return failed(C.MQRC_OPTIONS_ERROR)
		case d.Version != C.MQMD_VERSION_2 || d.Priority < 0 || d.MsgFlags&(C.MQMF_SEGMENT|C.MQMF_LAST_SEGMENT) != 0:
			return failed(C.MQRC_MD_ERROR)
		case len(q.messages) >= q.MaxDepth:
			return failed(C.MQRC_Q_FULL)
		case int(size) > q.MaxLength:
			return failed(C.MQRC_MSG_TOO_BIG_FOR_Q)
		}
		msg := &message{q: q, md: *d, putter: c}
		if size > 0 {
			msg.body = bytes.Clone(unsafe.Slice((*byte)(buffer), int(size)))
		}
		if p.Options&C.MQPMO_PASS_ALL_CONTEXT != 0 {
			from := c.objects[int32(p.Context)]
			if from == nil || from.context == nil || from.options&C.MQOO_SAVE_ALL_CONTEXT == 0 {
				return failed(C.MQRC_CONTEXT_HANDLE_ERROR)
			}
			if q.NoContext {
				return failed(C.MQRC_NOT_AUTHORIZED)
			}
			msg.passContext(&from.context.md)
		} else {
			msg.ownContext(c, time.Now())
		}
		if ph := c.handles[int64(p.OriginalMsgHandle)]; ph != nil {
			msg.props = slices.Clone(ph.props)
		}
		c.m.complete(msg)
		d.MsgId = msg.md.MsgId
		c.put = append(c.put, msg)
		q.insert(msg)
		return done
	})
}

func (c *conn) target(o *C.MQOD) (*queue, int32) {
	if m := text(&o.ObjectQMgrName[0], len(o.ObjectQMgrName)); m != "" && m != c.m.Name {
		return nil, C.MQRC_UNKNOWN_REMOTE_Q_MGR
	}
	name := text(&o.ObjectName[0], len(o.ObjectName))
	q, why := c.m.find(name)
	if why == 0 && c.m.queues[name].Denied {
		return nil, C.MQRC_NOT_AUTHORIZED
	}
	return q, why
}

// complete sets what the queue manager gives a message.
func (m *Manager) complete(msg *message) {
	md := &msg.md
	if md.MsgId == ([24]C.MQBYTE{}) {
		m.sequence++
		id := binary.BigEndian.AppendUint64([]byte("AMQ "+(m.Name + strings.Repeat(" ", 12))[:12]), m.sequence)
		for i, b := range id {
			md.MsgId[i] = C.MQBYTE(b)
		}
	}
	if text(&md.ReplyToQ[0], len(md.ReplyToQ)) != "" && text(&md.ReplyToQMgr[0], len(md.ReplyToQMgr)) == "" {
		fill(&md.ReplyToQMgr[0], len(md.ReplyToQMgr), m.Name)
	}
	if md.Expiry != C.MQEI_UNLIMITED {
		msg.expires = time.Now().Add(time.Duration(md.Expiry) * 100 * time.Millisecond)
	}
}

func (msg *message) ownContext(c *conn, now time.Time) {
	user := c.User
	if user == "" {
		user = "mqm"
	}
	fill(&msg.md.UserIdentifier[0], len(msg.md.UserIdentifier), user)
	fill(&msg.md.PutApplName[0], len(msg.md.PutApplName), c.Application)
	msg.putAt(now)
}

func (msg *message) putAt(t time.Time) {
	fill(&msg.md.PutDate[0], len(msg.md.PutDate), t.UTC().Format("20060102"))
	fill(&msg.md.PutTime[0], len(msg.md.PutTime), strings.Replace(t.UTC().Format("150405.00"), ".", "", 1))
}

func (msg *message) passContext(from *C.MQMD) {
	to := &msg.md
	to.UserIdentifier, to.AccountingToken, to.ApplIdentityData = from.UserIdentifier, from.AccountingToken, from.ApplIdentityData
	to.PutApplType, to.PutApplName, to.ApplOriginData = from.PutApplType, from.PutApplName, from.ApplOriginData
	to.PutDate, to.PutTime = from.PutDate, from.PutTime
}

// Foreign is a message that another program put.
type Foreign struct {
	ID            []byte // 24 bytes at most; empty: the queue manager makes one
	Body          []byte
	Format        string
	CCSID         int32
	Encoding      int32
	Report        int32
	Flags         int32
	NotPersistent bool
	Expiry        int32 // in tenths of a second
	Put           time.Time
	User          string
	Props         []ForeignProp
}

// ForeignProp is a property with a value of type bool, int32, int64, float64, string or []byte.
type ForeignProp struct {
	Name  string
	Value any
}

// Put has a message put into a queue, committed.
func (m *Manager) Put(name string, f Foreign) {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queues[name]
	msg := &message{q: q, body: f.Body, md: C.MQMD{Version: C.MQMD_VERSION_2, MsgType: C.MQMT_DATAGRAM, Expiry: C.MQEI_UNLIMITED,
		Encoding: C.MQLONG(f.Encoding), CodedCharSetId: C.MQLONG(f.CCSID), Persistence: C.MQPER_PERSISTENT, Report: C.MQLONG(f.Report),
		MsgFlags: C.MQLONG(f.Flags), OriginalLength: C.MQOL_UNDEFINED}}
	for i, b := range f.ID {
		msg.md.MsgId[i] = C.MQBYTE(b)
	}
	fill(&msg.md.Format[0], len(msg.md.Format), f.Format)
	fill(&msg.md.UserIdentifier[0], len(msg.md.UserIdentifier), f.User)
	msg.putAt(f.Put)
	if f.NotPersistent {
		msg.md.Persistence = C.MQPER_NOT_PERSISTENT
	}
	if f.Expiry > 0 {
		msg.md.Expiry = C.MQLONG(f.Expiry)
	}
	for _, p := range f.Props {
		msg.props = append(msg.props, foreignProperty(p))
	}
	m.complete(msg)
	q.insert(msg)
	m.wake()
}

func foreignProperty(p ForeignProp) property {
	switch v := p.Value.(type) {
	case bool:
		n := int32(0)
		if v {
			n = 1
		}
		return property{p.Name, C.MQTYPE_BOOLEAN, native(n)}
	case int32:
		return property{p.Name, C.MQTYPE_INT32, native(v)}
	case int64:
		return property{p.Name, C.MQTYPE_INT64, native(v)}
	case float64:
		return property{p.Name, C.MQTYPE_FLOAT64, native(v)}
	case []byte:
		return property{p.Name, C.MQTYPE_BYTE_STRING, v}
	case string:
		return property{p.Name, C.MQTYPE_STRING, []byte(v)}
	}
	return property{p.Name, C.MQTYPE_NULL, nil}
}

func native(v any) []byte {
	b, err := binary.Append(nil, binary.NativeEndian, v)
	if err != nil {
		panic(err)
	}
	return b
}

//export standinCrtmh
func standinCrtmh(h C.MQHCONN, _ C.PMQVOID, msg C.PMQHMSG, cc, rc C.PMQLONG) {
	play(h, "MQCRTMH", cc, rc, func(c *conn) answer {
		c.next++
		c.handles[c.next] = &handle{}
		*msg = C.MQHMSG(c.next)
		return done
	})
}

//export standinDltmh
func standinDltmh(h C.MQHCONN, msg C.PMQHMSG, _ C.PMQVOID, cc, rc C.PMQLONG) {
	if c := all.conn(int32(h)); c != nil {
		// A handle is the client's own: it is gone, whatever became of the connection.
		c.m.mu.Lock()
		delete(c.handles, int64(*msg))
		c.m.mu.Unlock()
	}
	play(h, "MQDLTMH", cc, rc, func(*conn) answer {
		*msg = C.MQHM_UNUSABLE_HMSG
		return done
	})
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

//export standinSetmp
func standinSetmp(h C.MQHCONN, msg C.MQHMSG, smpo, name, pd C.PMQVOID, kind, size C.MQLONG, value C.PMQVOID, cc, rc C.PMQLONG) {
	n := (*C.MQCHARV)(unsafe.Pointer(name))
	p := property{name: at(unsafe.Pointer(n.VSPtr), n.VSLength), kind: kind, value: []byte(at(unsafe.Pointer(value), size))}
	play(h, "MQSETMP", cc, rc, func(c *conn) answer {
		to := c.handles[int64(msg)]
		switch {
		case to == nil:
			return failed(C.MQRC_HMSG_ERROR)
		case !identifier.MatchString(p.name):
			return failed(C.MQRC_PROPERTY_NAME_ERROR)
		}
		to.props = append(slices.DeleteFunc(to.props, func(o property) bool { return o.name == p.name }), p)
		return done
	})
}

//export standinInqmp
func standinInqmp(h C.MQHCONN, msg C.MQHMSG, impo, name, pd C.PMQVOID, kind C.PMQLONG, size C.MQLONG, value C.PMQVOID, length, cc, rc C.PMQLONG) {
	o := (*C.MQIMPO)(unsafe.Pointer(impo))
	play(h, "MQINQMP", cc, rc, func(c *conn) answer {
		from := c.handles[int64(msg)]
		if from == nil {
			return failed(C.MQRC_HMSG_ERROR)
		}
		if o.Options&C.MQIMPO_INQ_NEXT == 0 {
			from.cursor = 0
		}
		if from.cursor >= len(from.props) {
			return failed(C.MQRC_PROPERTY_NOT_AVAILABLE)
		}
		p := from.props[from.cursor]
		from.cursor++
		o.ReturnedName.VSLength = C.MQLONG(copy(unsafe.Slice((*byte)(unsafe.Pointer(o.ReturnedName.VSPtr)), int(o.ReturnedName.VSBufSize)), p.name))
		*kind, *length = p.kind, C.MQLONG(len(p.value))
		if len(p.value) > int(size) {
			return failed(C.MQRC_PROPERTY_VALUE_TOO_BIG)
		}
		copy(unsafe.Slice((*byte)(value), int(size)), p.value)
		return done
	})
}
