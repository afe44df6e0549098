package standin

/*
#cgo CFLAGS: -I${SRCDIR}/../../testdata/standin
#cgo LDFLAGS: -ldl
#include <cmqc.h>
#include <cmqxc.h>
#include "standin.h"

int standinInstall(void);
*/
import "C"

import (
	"strings"
	"sync"
	"time"
	"unsafe"
)

const (
	unknownObject = C.MQRC_UNKNOWN_OBJECT_NAME
	unknownBase   = C.MQRC_UNKNOWN_ALIAS_BASE_Q
)

var installed = sync.OnceValue(func() bool { return C.standinInstall() != 0 })

// Connection is what a client connected with.
type Connection struct {
	Application, User                   string
	Channel, ConnName, CCDTURL          string
	CipherSpec, PeerName                string
	KeyRepository, KeyPassword, KeyTag  string
	Options, MaxLength, CSPType, Shared int32
}

// answer is a completion code and a reason.
type answer struct{ cc, rc int32 }

func failed(rc int32) answer  { return answer{C.MQCC_FAILED, rc} }
func warning(rc int32) answer { return answer{C.MQCC_WARNING, rc} }

var done = answer{C.MQCC_OK, C.MQRC_NONE}

func (a answer) give(cc, rc C.PMQLONG) { *cc, *rc = C.MQLONG(a.cc), C.MQLONG(a.rc) }

// play has a verb of a connection done, or go wrong as the script says.
func play(h C.MQHCONN, verb string, cc, rc C.PMQLONG, act func(*conn) answer) {
	c := all.conn(int32(h))
	if c == nil {
		failed(C.MQRC_HCONN_ERROR).give(cc, rc)
		return
	}
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	if c.within != "" {
		failed(C.MQRC_CALL_IN_PROGRESS).give(cc, rc)
		return
	}
	c.within = verb
	defer func() { c.within = "" }()
	f := c.m.fault(verb, c.Application)
	if f != nil && f.Hang != nil {
		c.m.wake()
		c.m.mu.Unlock()
		<-f.Hang
		c.m.mu.Lock()
	}
	if c.broken {
		failed(C.MQRC_CONNECTION_BROKEN).give(cc, rc)
		return
	}
	if f == nil || f.Code == 0 {
		act(c).give(cc, rc)
		return
	}
	if f.Done {
		act(c)
	}
	if f.Cut {
		c.cut()
	}
	a := failed(f.Code)
	if f.Warning {
		a = warning(f.Code)
	}
	a.give(cc, rc)
}

func text(p *C.MQCHAR, n int) string {
	s := string(unsafe.Slice((*byte)(unsafe.Pointer(p)), n))
	s, _, _ = strings.Cut(s, "\x00")
	return strings.TrimRight(s, " ")
}

func fill(p *C.MQCHAR, n int, s string) {
	b := unsafe.Slice((*byte)(unsafe.Pointer(p)), n)
	copy(b, s+strings.Repeat(" ", n))
}

func at(p unsafe.Pointer, n C.MQLONG) string {
	if p == nil || n <= 0 {
		return ""
	}
	return string(unsafe.Slice((*byte)(p), int(n)))
}

//export standinConnx
func standinConnx(name C.PMQCHAR, cno C.PMQCNO, h C.PMQHCONN, cc, rc C.PMQLONG) {
	*h = C.MQHC_UNUSABLE_HCONN
	m := all.manager(strings.TrimRight(C.GoString((*C.char)(name)), " "))
	if m == nil {
		failed(C.MQRC_Q_MGR_NAME_ERROR).give(cc, rc)
		return
	}
	seen, password := connection(cno)
	m.mu.Lock()
	f := m.fault("MQCONNX", seen.Application)
	if f != nil && f.Hang != nil {
		m.mu.Unlock()
		<-f.Hang
		m.mu.Lock()
	}
	defer m.mu.Unlock()
	m.connected = append(m.connected, seen)
	switch {
	case m.down:
		failed(C.MQRC_Q_MGR_NOT_AVAILABLE).give(cc, rc)
		return
	case f != nil && f.Code != 0 && !f.Done:
		failed(f.Code).give(cc, rc)
		return
	case m.User != "" && (seen.User != m.User || password != m.Password):
		failed(C.MQRC_NOT_AUTHORIZED).give(cc, rc)
		return
	}
	c := &conn{Connection: seen, m: m, objects: make(map[int32]*object), handles: make(map[int64]*handle)}
	m.conns[c] = true
	all.connect(c)
	*h = C.MQHCONN(c.handle)
	if done.give(cc, rc); f != nil && f.Warning {
		warning(f.Code).give(cc, rc)
	}
}

func connection(cno C.PMQCNO) (seen Connection, password string) {
	seen = Connection{Application: text(&cno.ApplName[0], len(cno.ApplName)), Options: int32(cno.Options),
		CCDTURL: at(unsafe.Pointer(cno.CCDTUrlPtr), cno.CCDTUrlLength)}
	if cd := (*C.MQCD)(unsafe.Pointer(cno.ClientConnPtr)); cd != nil {
		seen.Channel, seen.ConnName = text(&cd.ChannelName[0], len(cd.ChannelName)), text(&cd.ConnectionName[0], len(cd.ConnectionName))
		seen.CipherSpec = text(&cd.SSLCipherSpec[0], len(cd.SSLCipherSpec))
		seen.PeerName = at(unsafe.Pointer(cd.SSLPeerNamePtr), cd.SSLPeerNameLength)
		seen.MaxLength, seen.Shared = int32(cd.MaxMsgLength), int32(cd.SharingConversations)
	}
	if sco := cno.SSLConfigPtr; sco != nil {
		seen.KeyRepository = text(&sco.KeyRepository[0], len(sco.KeyRepository))
		seen.KeyTag = text(&sco.CertificateLabel[0], len(sco.CertificateLabel))
		seen.KeyPassword = at(unsafe.Pointer(sco.KeyRepoPasswordPtr), sco.KeyRepoPasswordLength)
	}
	if csp := cno.SecurityParmsPtr; csp != nil {
		seen.CSPType = int32(csp.AuthenticationType)
		seen.User = at(unsafe.Pointer(csp.CSPUserIdPtr), csp.CSPUserIdLength)
		password = at(unsafe.Pointer(csp.CSPPasswordPtr), csp.CSPPasswordLength)
	}
	return seen, password
}

//export standinDisc
func standinDisc(h C.PMQHCONN, cc, rc C.PMQLONG) {
	handle := *h
	play(handle, "MQDISC", cc, rc, func(c *conn) answer { c.disconnect(); return done })
	// A broken connection ends here, too.
	if c := all.conn(int32(handle)); c != nil {
		c.m.mu.Lock()
		if c.m.conns[c] {
			c.disconnect()
		}
		c.m.mu.Unlock()
	}
	all.forget(int32(handle))
	*h = C.MQHC_UNUSABLE_HCONN
}

//export standinCmit
func standinCmit(h C.MQHCONN, cc, rc C.PMQLONG) {
	play(h, "MQCMIT", cc, rc, func(c *conn) answer { c.commit(); return done })
}

//export standinBack
func standinBack(h C.MQHCONN, cc, rc C.PMQLONG) {
	play(h, "MQBACK", cc, rc, func(c *conn) answer { c.back(); return done })
}

//export standinOpen
func standinOpen(h C.MQHCONN, od C.PMQVOID, options C.MQLONG, obj C.PMQHOBJ, cc, rc C.PMQLONG) {
	*obj = C.MQHO_UNUSABLE_HOBJ
	d := (*C.MQOD)(unsafe.Pointer(od))
	name := text(&d.ObjectName[0], len(d.ObjectName))
	play(h, "MQOPEN", cc, rc, func(c *conn) answer {
		if _, why := c.m.find(name); why != 0 {
			return failed(why)
		}
		if c.m.queues[name].Denied {
			return failed(C.MQRC_NOT_AUTHORIZED)
		}
		c.next++
		c.objects[int32(c.next)] = &object{name: name, options: int32(options)}
		*obj = C.MQHOBJ(c.next)
		return done
	})
}

//export standinClose
func standinClose(h C.MQHCONN, obj C.PMQHOBJ, _ C.MQLONG, cc, rc C.PMQLONG) {
	play(h, "MQCLOSE", cc, rc, func(c *conn) answer {
		if c.objects[int32(*obj)] == nil {
			return failed(C.MQRC_HOBJ_ERROR)
		}
		delete(c.objects, int32(*obj))
		*obj = C.MQHO_UNUSABLE_HOBJ
		return done
	})
}

// inquired are the attributes that a queue has; an alias has two of them.
func inquired(q *queue) (ints map[C.MQLONG]int32, texts map[C.MQLONG]string) {
	if q.Base != "" {
		return map[C.MQLONG]int32{C.MQIA_Q_TYPE: C.MQQT_ALIAS}, map[C.MQLONG]string{C.MQCA_BASE_OBJECT_NAME: q.Base}
	}
	return map[C.MQLONG]int32{C.MQIA_Q_TYPE: C.MQQT_LOCAL, C.MQIA_BACKOUT_THRESHOLD: q.Threshold},
		map[C.MQLONG]string{C.MQCA_BACKOUT_REQ_Q_NAME: q.Requeue}
}

//export standinInq
func standinInq(h C.MQHCONN, obj C.MQHOBJ, n C.MQLONG, selectors C.PMQLONG, intCount C.MQLONG, values C.PMQLONG, charLength C.MQLONG, texts C.PMQCHAR,
	cc, rc C.PMQLONG) {
	play(h, "MQINQ", cc, rc, func(c *conn) answer {
		o := c.objects[int32(obj)]
		if o == nil || o.options&C.MQOO_INQUIRE == 0 {
			return failed(C.MQRC_NOT_OPEN_FOR_INQUIRE)
		}
		ints, strs := inquired(c.m.queues[o.name])
		a, i, offset := done, 0, 0
		for _, s := range unsafe.Slice((*C.MQLONG)(selectors), int(n)) {
			number, isInt := ints[s]
			name, isText := strs[s]
			switch {
			case s >= C.MQIA_FIRST && s <= C.MQIA_LAST:
				unsafe.Slice((*C.MQLONG)(values), i+1)[i] = C.MQLONG(number)
				i++
			default:
				fill((*C.MQCHAR)(unsafe.Add(unsafe.Pointer(texts), offset)), C.MQ_Q_NAME_LENGTH, name)
				offset += C.MQ_Q_NAME_LENGTH
			}
			if !isInt && !isText {
				a = warning(C.MQRC_SELECTOR_NOT_FOR_TYPE)
			}
		}
		return a
	})
}

//export standinGet
func standinGet(h C.MQHCONN, obj C.MQHOBJ, md, gmo C.PMQVOID, size C.MQLONG, buffer C.PMQVOID, length, cc, rc C.PMQLONG) {
	d, g := (*C.MQMD)(unsafe.Pointer(md)), (*C.MQGMO)(unsafe.Pointer(gmo))
	play(h, "MQGET", cc, rc, func(c *conn) answer {
		o := c.objects[int32(obj)]
		props := c.handles[int64(g.MsgHandle)]
		const asked = C.MQGMO_SYNCPOINT | C.MQGMO_WAIT | C.MQGMO_PROPERTIES_IN_HANDLE | C.MQGMO_COMPLETE_MSG
		switch {
		case o == nil || o.options&C.MQOO_INPUT_SHARED == 0:
			return failed(C.MQRC_NOT_OPEN_FOR_INPUT)
		case g.Options&asked != asked || g.Options&C.MQGMO_ACCEPT_TRUNCATED_MSG != 0 || g.MatchOptions != C.MQMO_NONE:
			return failed(C.MQRC_OPTIONS_ERROR)
		case d.Version != C.MQMD_VERSION_2:
			return failed(C.MQRC_MD_ERROR)
		case props == nil:
			return failed(C.MQRC_HMSG_ERROR)
		}
		q, msg, why := c.wait(o.name, time.Duration(g.WaitInterval)*time.Millisecond)
		if why != 0 {
			return failed(why)
		}
		*length = C.MQLONG(len(msg.body))
		copy(unsafe.Slice((*byte)(buffer), int(size)), msg.body)
		if len(msg.body) > int(size) {
			return warning(C.MQRC_TRUNCATED_MSG_FAILED)
		}
		*d = msg.described(time.Now())
		msg.holder, msg.q = c, q
		c.got = append(c.got, msg)
		o.context = msg
		props.props, props.cursor = append([]property(nil), msg.props...), 0
		return done
	})
}

// wait waits for a message; the lock is held before and after.
func (c *conn) wait(name string, most time.Duration) (*queue, *message, int32) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	over := false
	c.m.wake() // whoever waits for a client that waits
	for {
		q, why := c.m.find(name)
		switch {
		case c.broken:
			return nil, nil, C.MQRC_CONNECTION_BROKEN
		case why != 0:
			return nil, nil, why
		}
		if msg := q.first(time.Now()); msg != nil {
			return q, msg, 0
		}
		if over {
			return nil, nil, C.MQRC_NO_MSG_AVAILABLE
		}
		changed := c.m.changed
		c.m.mu.Unlock()
		select {
		case <-changed:
		case <-timer.C:
			over = true
		}
		c.m.mu.Lock()
	}
}
