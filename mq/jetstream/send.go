package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"nks/mq"
)

// Codes of the server's refusals to store (nats-server, errors.json).
const (
	codeTooBig        = 10054
	codeStoreRefused  = 10077 // the stream's own bound, or its disk
	codeResources     = 10023
	codeStorage       = 10047
	codeStreamMissing = 10059
)

// Send implements mq.Link: publish, and wait until the server says that the
// message is on its disk.
func (l *link) Send(ctx context.Context, to mq.Address, m *mq.Message) error {
	msg, err := encode(to, m)
	if err == nil {
		err = l.publish(ctx, msg)
	}
	if err != nil {
		return fmt.Errorf("jetstream: send to %s: %w", to.Queue, err)
	}
	return nil
}

func (l *link) publish(ctx context.Context, msg *nats.Msg) error {
	if l.again != 0 {
		soon, cancel := context.WithTimeout(ctx, sendWait)
		defer cancel()
		ctx = soon
	}
	answer, sent, err := l.request(ctx, msg)
	if errors.Is(err, nats.ErrNoResponders) && l.leaderless(ctx, msg.Subject) {
		return fmt.Errorf("%w: the queue has no leader", mq.ErrTemporary)
	}
	if err != nil {
		return lost(sent, err)
	}
	var ack struct {
		Stream string `json:"stream"`
		Error  *struct {
			Code        int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(answer.Data, &ack); err != nil {
		return fmt.Errorf("%w: answer is no confirmation: %w", mq.ErrUnknown, err)
	}
	if ack.Error == nil {
		if ack.Stream == "" {
			return fmt.Errorf("%w: answer names no stream", mq.ErrUnknown)
		}
		return nil
	}
	return fmt.Errorf("%w: %s (%d)", refusal(ack.Error.Code), ack.Error.Description, ack.Error.Code)
}

// leaderless reports whether a queue to which nobody listens is one of a cluster that is choosing its leader, as far as the cluster can tell.
func (l *link) leaderless(ctx context.Context, queue string) bool {
	if l.again == 0 {
		return false
	}
	api, err := js.New(l.nc)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, l.again)
	defer cancel()
	_, err = api.StreamNameBySubject(ctx, queue)
	return !errors.Is(err, js.ErrStreamNotFound)
}

func refusal(code int) error {
	switch code {
	case codeTooBig:
		return mq.ErrTooBig
	case codeStoreRefused, codeResources, codeStorage:
		return mq.ErrFull
	case codeStreamMissing:
		return mq.ErrNoQueue
	}
	return mq.ErrUnsupported
}

func encode(to mq.Address, m *mq.Message) (*nats.Msg, error) {
	if m.Expiry != 0 {
		return nil, fmt.Errorf("%w: expiry", mq.ErrUnsupported)
	}
	if to.Queue == "" || strings.ContainsAny(to.Queue, "*> \t\r\n") || strings.HasPrefix(to.Queue, "$") {
		return nil, mq.ErrNoQueue
	}
	msg := &nats.Msg{Subject: to.Queue, Data: m.Body, Header: nats.Header{}}
	set := func(key, value string) error {
		if value == "" {
			return nil
		}
		if value != printable(value) || strings.TrimSpace(value) != value {
			return fmt.Errorf("%w: %s cannot be a header", mq.ErrUnsupported, key)
		}
		msg.Header.Set(key, value)
		return nil
	}
	for _, h := range [][2]string{{js.MsgIDHeader, string(m.ID)}, {HeaderCorrelation, string(m.CorrelID)}, {HeaderReplyTo, m.ReplyTo.Queue},
		{HeaderFormat, m.Format}} {
		if err := set(h[0], h[1]); err != nil {
			return nil, err
		}
	}
	if m.Priority != 0 {
		msg.Header.Set(HeaderPriority, strconv.Itoa(int(m.Priority)))
	}
	for k, v := range m.Props {
		if k == "" || strings.ContainsFunc(k, func(r rune) bool { return !strings.ContainsRune(propCharacters, r) }) {
			return nil, fmt.Errorf("%w: property name %q", mq.ErrUnsupported, k)
		}
		// An empty value is a value.
		msg.Header[headerProp+k] = []string{v}
		if v != "" {
			if err := set(headerProp+k, v); err != nil {
				return nil, err
			}
		}
	}
	return msg, nil
}

const propCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-"

// printable replaces what would end or corrupt a header line.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

func decode(msg *nats.Msg, queue string) mq.Message {
	m := mq.Message{Body: msg.Data, Persistent: true, Format: msg.Header.Get(HeaderFormat)}
	id := msg.Header.Get(js.MsgIDHeader)
	if strings.HasPrefix(queue, prefixParked) {
		id = msg.Header.Get(headerParkedID)
	}
	m.ID, m.CorrelID = bytesOf(id), bytesOf(msg.Header.Get(HeaderCorrelation))
	m.ReplyTo.Queue = msg.Header.Get(HeaderReplyTo)
	if p, err := strconv.ParseUint(msg.Header.Get(HeaderPriority), 10, 8); err == nil && p <= 9 {
		m.Priority = uint8(p)
	}
	// The account is the supplier's own, so the subject proves the login.
	if supplier, ok := strings.CutPrefix(queue, prefixIn); ok {
		m.PutUser = supplier
	}
	m.Props = props(msg.Header, strings.HasPrefix(queue, prefixParked))
	return m
}

func props(h nats.Header, parked bool) map[string]string {
	var found map[string]string
	keep := func(k, v string) {
		if found == nil {
			found = make(map[string]string)
		}
		found[k] = v
	}
	for k := range h {
		if name, ok := strings.CutPrefix(k, headerProp); ok {
			keep(name, h.Get(k))
		}
	}
	if parked {
		keep(mq.PropReason, h.Get(headerParkReason))
	}
	return found
}

func bytesOf(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}
