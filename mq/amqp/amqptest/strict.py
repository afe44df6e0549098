"""A queue manager over AMQP 1.0 that is as strict as IBM MQ's AMQP channel is by its documentation. Arguments: address, the most
messages of a queue, names of queues."""
import collections
import sys

from proton import Condition, Delivery
from proton.handlers import MessagingHandler
from proton.reactor import Container


class Queue:
    def __init__(self):
        self.messages = collections.deque()  # Entry
        self.readers = []  # links


class Entry:
    def __init__(self, message):
        self.message, self.deliveries = message, 0


class Manager(MessagingHandler):
    def __init__(self, address, limit, names):
        super().__init__(prefetch=0, auto_accept=False, auto_settle=False)
        self.address, self.limit, self.tag = address, limit, 0
        self.queues = {name: Queue() for name in names}
        self.sessions = collections.Counter()  # by connection
        self.refused = {}  # links: why
        self.held = {}  # by link: entries by delivery tag

    def on_start(self, event):
        event.container.listen(self.address)

    def on_session_opening(self, event):
        self.sessions[event.connection] += 1
        if self.sessions[event.connection] > 1:
            self.end(event.connection, "amqp:not-allowed", "one session for each connection")

    def end(self, connection, name, text):
        connection.condition = Condition(name, text)
        connection.close()

    def refuse(self, link, name, text):
        self.refused[link] = Condition(name, text)

    def on_link_local_open(self, event):
        # Opened without a terminus, and closed with the reason.
        condition = self.refused.pop(event.link, None)
        if condition:
            event.link.condition = condition
            event.link.close()

    def on_link_opening(self, event):
        link = event.link
        terminus = link.remote_source if link.is_sender else link.remote_target
        if "queue" not in capabilities(terminus):
            return self.refuse(link, "amqp:not-implemented", "an address without the capability queue is a topic")
        if terminus.address not in self.queues:
            return self.refuse(link, "amqp:not-found", "MQRC_UNKNOWN_OBJECT_NAME")
        link.source.copy(link.remote_source)
        link.target.copy(link.remote_target)
        link.rcv_settle_mode = link.RCV_FIRST
        if link.is_sender:
            self.held[link] = {}
            self.queues[terminus.address].readers.append(link)
        else:
            link.flow(1)

    def on_message(self, event):
        event.receiver.flow(1)
        queue = self.queues[event.receiver.target.address]
        if event.message.annotations:
            return self.reject(event.delivery, "amqp:not-implemented", "message annotations")
        if len(queue.messages) + self.in_hand(queue) >= self.limit:
            return self.reject(event.delivery, "amqp:resource-limit-exceeded", "MQRC_Q_FULL")
        queue.messages.append(Entry(event.message))
        self.accept(event.delivery)
        self.pump(queue)

    def in_hand(self, queue):
        return sum(len(self.held[reader]) for reader in queue.readers)

    def reject(self, delivery, name, text):
        delivery.local.condition = Condition(name, text)
        delivery.update(Delivery.REJECTED)
        delivery.settle()

    def on_sendable(self, event):
        self.pump(self.queues[event.sender.source.address])

    def pump(self, queue):
        while queue.messages:
            reader = next((r for r in queue.readers if r.credit), None)
            if reader is None:
                return
            entry = queue.messages.popleft()
            self.tag += 1
            tag = str(self.tag)
            self.held[reader][tag] = entry
            entry.message.delivery_count, entry.message.first_acquirer = entry.deliveries, entry.deliveries == 0
            entry.deliveries += 1
            reader.send(entry.message, tag=tag)

    def on_accepted(self, event):
        self.held[event.link].pop(event.delivery.tag, None)
        event.delivery.settle()

    def on_rejected(self, event):
        self.end(event.connection, "amqp:not-implemented", "an outcome that is not accepted")

    on_released = on_rejected

    def give_back(self, link):
        queue = self.queues[link.source.address]
        for entry in reversed(list(self.held.pop(link).values())):
            queue.messages.appendleft(entry)
        queue.readers.remove(link)
        self.pump(queue)

    def on_link_closing(self, event):
        if event.link in self.held:
            self.give_back(event.link)

    def on_connection_closing(self, event):
        self.gone(event.connection)

    def on_disconnected(self, event):
        self.gone(event.connection)

    def gone(self, connection):
        self.sessions.pop(connection, None)
        for link in [one for one in self.held if one.connection == connection]:
            self.give_back(link)


def capabilities(terminus):
    found, data = [], terminus.capabilities
    data.rewind()
    while data.next():
        one = data.get_object()
        found += [one] if isinstance(one, str) else list(one)
    return found


Container(Manager(sys.argv[1], int(sys.argv[2]), sys.argv[3:])).run()
