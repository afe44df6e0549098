package amqp

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/Azure/go-amqp"

	"nks/mq"
)

// propKey is the application property that tells messages without ids apart.
const propKey = "nks-key"

// Keys of messages without ids.
const (
	keyOfProperty = "own:"
	keyOfBody     = "body:"
)

// encode makes what travels. Message annotations are left out: IBM MQ rejects a message that has any. key is that of the message that
// this is a copy of; empty: it is none.
func (l *link) encode(m *mq.Message, key string) *amqp.Message {
	out := amqp.NewMessage(m.Body)
	if m.Body == nil {
		out.Data = [][]byte{{}}
	}
	out.Header = &amqp.MessageHeader{Durable: m.Persistent, Priority: m.Priority}
	p := &amqp.MessageProperties{}
	if len(m.ID) > 0 {
		p.MessageID = idValue(m.ID)
	}
	if len(m.CorrelID) > 0 {
		p.CorrelationID = idValue(m.CorrelID)
	}
	if m.ReplyTo.Queue != "" {
		to := l.address(m.ReplyTo.Queue)
		p.ReplyTo = &to
	}
	if m.Format != "" {
		p.ContentType = &m.Format
	}
	out.Properties = p
	out.ApplicationProperties = make(map[string]any, len(m.Props)+1)
	for k, v := range m.Props {
		out.ApplicationProperties[k] = v
	}
	own, known := strings.CutPrefix(key, keyOfProperty)
	switch {
	case known:
		out.ApplicationProperties[propKey] = own
	case len(m.ID) == 0 && key == "": // a copy of what is known by its body is, too
		out.ApplicationProperties[propKey] = rand.Text()
	}
	return out
}

// idValue is text where it is text: brokers that know no binary ids know that.
func idValue(id []byte) any {
	if utf8.Valid(id) {
		return string(id)
	}
	return slices.Clone(id)
}

// idBytes reads any of the four kinds of ids.
func idBytes(v any) []byte {
	switch id := v.(type) {
	case string:
		return []byte(id)
	case []byte:
		return id
	case amqp.UUID:
		return []byte(id.String())
	case uint64:
		return strconv.AppendUint(nil, id, 10)
	}
	return nil
}

func (l *link) decode(in *amqp.Message) mq.Message {
	m := mq.Message{Body: body(in)}
	if h := in.Header; h != nil {
		m.Persistent, m.Priority, m.Expiry = h.Durable, h.Priority, max(h.TTL, 0).Truncate(time.Millisecond)
	}
	if p := in.Properties; p != nil {
		m.ID, m.CorrelID = idBytes(p.MessageID), idBytes(p.CorrelationID)
		if p.ReplyTo != nil {
			m.ReplyTo.Queue = l.queueOf(*p.ReplyTo)
		}
		if p.ContentType != nil {
			m.Format = *p.ContentType
		}
		if l.in.Peer == RabbitMQ {
			// RabbitMQ refuses a user-id that is not the login's.
			m.PutUser = string(p.UserID)
		}
	}
	for k, v := range in.ApplicationProperties {
		if k == propKey {
			continue
		}
		if m.Props == nil {
			m.Props = make(map[string]string)
		}
		m.Props[k] = fmt.Sprint(v)
	}
	return m
}

// body joins the data sections. What is neither data nor text has none: the intake answers that the document is empty.
func body(m *amqp.Message) []byte {
	switch v := m.Value.(type) {
	case string:
		return []byte(v)
	case []byte:
		return v
	}
	if len(m.Data) == 1 {
		return m.Data[0]
	}
	return slices.Concat(m.Data...)
}

func keyOf(m *amqp.Message, d *mq.Delivery) string {
	if len(d.ID) > 0 {
		return mq.KeyOfID(d.ID)
	}
	if own, is := m.ApplicationProperties[propKey].(string); is && plain(own) {
		return keyOfProperty + own
	}
	sum := sha256.Sum256(d.Body)
	return keyOfBody + hex.EncodeToString(sum[:])
}

// plain keeps what somebody else has put there out of databases and logs.
func plain(key string) bool {
	return key != "" && len(key) <= 64 && !strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Correlation is what an answer carries as correlation-id, from the TransportKey of the message that it answers: that message's own id;
// "sha256:" and the hash of an id that is no key as it is, or of the body of a message without one.
func Correlation(key string) string {
	if id, ok := mq.IDOfKey(key); ok {
		return id
	}
	if sum, ok := strings.CutPrefix(key, keyOfBody); ok {
		return "sha256:" + sum
	}
	return strings.TrimPrefix(key, keyOfProperty)
}
