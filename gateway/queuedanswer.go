package gateway

// QueuedAnswer is an answer that is to be put into its supplier's queue.
type QueuedAnswer struct {
	ID   int64
	Name string // the document's name, the same at every door and every try
	Key  string // transport key of the message that it answers
	Body []byte
}
