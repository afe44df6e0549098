// Package ibmmq is the driver of mq.Link for IBM MQ. It needs cgo and IBM's
// client library, and is a module of its own for that: nks itself needs neither.
// The README says what of it was run, and against what.
//
// # Units of work
//
// A message is got under syncpoint and stays the queue manager's until Ack
// commits the unit of work of its connection, so that a link holds one delivery
// at a time. A Send under a held delivery goes over a second connection: it must
// not commit the first one's. MQDISC commits what is open, so that everything is
// backed out before it.
//
// # What cannot be taken
//
// The queue manager does nothing by a queue's BOTHRESH and BOQNAME for clients
// like this one. Receive does: a message that was backed out BOTHRESH times, or
// whose body is larger than Config.MaxBytes, is moved to BOQNAME in the unit of
// work in which it was got, with its id, context and properties, and Receive
// goes on with the next. Park moves likewise. What the backout queue does not
// take is backed out, never dropped. With BOTHRESH 0 the driver moves nothing by
// count: Delivery.Attempts is there for the receiver to judge by.
//
// # Ids
//
// MsgId and CorrelId have 24 bytes. An id that is shorter is filled up with zero
// bytes. One that does not fit travels as the first 24 bytes of its SHA-256 and,
// whole, as a property. An id that the queue manager made, for a sender that
// gave none, is no Message.ID; the TransportKey of every message is its MsgId.
package ibmmq

import "encoding/hex"

// keyOfMsgID begins every TransportKey: the MsgId follows, in hexadecimal.
const keyOfMsgID = "msgid:"

// Correlation is what an answer carries as CorrelID, from the TransportKey of
// the message that it answers: that message's MsgId, as MQRO_COPY_MSG_ID_TO_CORREL_ID
// has it. Of another driver's key it is the key.
func Correlation(key string) string {
	if len(key) > len(keyOfMsgID) && key[:len(keyOfMsgID)] == keyOfMsgID {
		if id, err := hex.DecodeString(key[len(keyOfMsgID):]); err == nil {
			return string(trimID(id))
		}
	}
	return key
}
