package amqp

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"nks/mq"
)

// Management asks RabbitMQ's management plugin what queues hold, over HTTP: AMQP 1.0 has no word for it there. Safe for concurrent use.
type Management struct {
	client         *http.Client
	address        string
	user, password string
}

const (
	// askWait bounds one question, mostTold what is read of its answer: some hundred thousand queues.
	askWait    = 10 * time.Second
	mostTold   = 32 << 20
	mostHeader = 64 << 10
)

// NewManagement is of the plugin at a URL such as https://host:15671, and of the virtual host of an address of the broker. config is for https.
func NewManagement(at, broker, user, password string, config *tls.Config) (*Management, error) {
	of, err := url.Parse(broker)
	if err != nil {
		return nil, fmt.Errorf("amqp: management: %w: the broker's address", mq.ErrUnsupported)
	}
	virtual := "/"
	if len(of.Path) > 1 {
		virtual = of.Path[1:]
	}
	return &Management{address: at + "/api/queues/" + url.PathEscape(virtual) + "?columns=name,messages", user: user, password: password,
		client: &http.Client{Timeout: askWait, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true, MaxResponseHeaderBytes: mostHeader},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// Depths is how many messages each queue holds that the login may see, by the broker's last count, which is some seconds old. It wraps mq.ErrAuth
// where the login may not ask, mq.ErrTemporary where nobody answers, and mq.ErrUnsupported where what answers is not the plugin.
func (m *Management) Depths(ctx context.Context) (map[string]int64, error) {
	depths, err := m.depths(ctx)
	if err != nil {
		return nil, fmt.Errorf("amqp: depths of queues: %w", err)
	}
	return depths, nil
}

func (m *Management) depths(ctx context.Context) (_ map[string]int64, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, m.address, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", mq.ErrUnsupported, err)
	}
	r.SetBasicAuth(m.user, m.password)
	answer, err := m.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %.200s", mq.ErrTemporary, err.Error()) // which may quote what came
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, fmt.Errorf("%w: HTTP %d", mq.ErrAuth, answer.StatusCode)
	default:
		return nil, fmt.Errorf("%w: HTTP %d", mq.ErrUnsupported, answer.StatusCode)
	}
	return counts(io.LimitReader(answer.Body, mostTold))
}

// errNoListing says nothing of what came: it may be anything, as long as it likes.
var errNoListing = errors.New("what it answers is no list of queues with their messages")

// counts reads what the plugin tells. What cannot be a count is none.
func counts(answer io.Reader) (map[string]int64, error) {
	var listed []struct {
		Name     string `json:"name"`
		Messages *int64 `json:"messages"` // of a queue that was not counted yet there is none
	}
	err := json.NewDecoder(answer).Decode(&listed)
	var timeout net.Error
	switch {
	case errors.As(err, &timeout):
		return nil, fmt.Errorf("%w: %w", mq.ErrTemporary, err)
	case err != nil || listed == nil:
		return nil, fmt.Errorf("%w: %w", mq.ErrUnsupported, errNoListing)
	}
	depths := make(map[string]int64, len(listed))
	for _, q := range listed {
		if q.Messages != nil && *q.Messages >= 0 {
			depths[q.Name] = *q.Messages
		}
	}
	return depths, nil
}
