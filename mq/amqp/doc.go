// Package amqp is the driver of mq.Link over AMQP 1.0: RabbitMQ 3.10 and later 3 with its plugin rabbitmq_amqp1_0, and brokers as
// strict as IBM MQ's AMQP channel is by its documentation.
//
// # Queues
//
// They are made by whoever runs the broker, durable, before anybody uses them: the broker makes none for us, and a name that it does
// not know is mq.ErrNoQueue. RabbitMQ itself accepts what is sent to a queue that does not exist, and drops it. Hence each queue that
// is sent to is held on to by a receiver without credit: it cannot be had for a queue that is missing, and RabbitMQ breaks the
// connection when the queue is deleted. For the same reason no other reader of it may ask to be the only one (exclusive, single active
// consumer).
//
// # What is confirmed
//
// A Send is done when the broker has accepted it; released, modified and no word are no success. An acknowledgement has no answer in
// AMQP 1.0 as RabbitMQ speaks it. It is followed on the same channel by an empty message to a queue that does not exist, which the
// broker accepts when it has come that far. A strict broker is asked to close the receiver instead, which is attached anew for the next
// message.
//
// What a classic queue of RabbitMQ has let go it may deliver again when it is killed a moment later; a quorum queue was never seen to.
//
// # Sameness
//
// A message's key is its message-id; without one, the application property nks-key that this driver puts into what it sends; without
// that, the hash of its body. Two messages of the same bytes without ids are one message.
//
// # Depths
//
// AMQP 1.0 has no word for how many messages a queue holds. RabbitMQ's management plugin has, over HTTP (Management); of others it is not known.
//
// # What was run
//
// Every case of mq/mqtest against RabbitMQ 3.10.8 with quorum queues, those that stop no broker with classic ones too, but "full": that RabbitMQ breaks the connection when a queue refuses what is
// published (x-overflow reject-publish), so that a full queue is mq.ErrUnknown. The strict broker is one of our own, upon Qpid Proton;
// IBM MQ itself was never there.
package amqp
