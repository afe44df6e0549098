package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nks/gateway"
	"nks/gateway/api"
	"nks/gateway/door/rasp/rasptest"
	"nks/gateway/postgres/activate"
)

// answers is what codes are answered with: by their references.
type answers map[gateway.ActivationReference]activate.Entered

// Enter implements api.Activations.
func (a answers) Enter(_ context.Context, e activate.Entry) (activate.Entered, error) {
	if e.Reference == "9999999999" {
		return activate.Entered{}, errors.New("the database is away")
	}
	if got, known := a[e.Reference]; known && e.Code.Grouped() == "1234 5678 9012" {
		return got, nil
	}
	return activate.Entered{Answer: gateway.ActivationWrong}, nil
}

// caller is a client of the interface.
type caller struct {
	t   *testing.T
	url string
	*http.Client
}

func (c caller) posts(body string) (status int, text string) {
	c.t.Helper()
	r, err := c.Post(c.url+"/v1/activations", "application/json", strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	texts, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return r.StatusCode, string(texts)
}

// logged is a log that may be written to by many.
type logged struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

// serve runs the interface; it gives a client that may call, and one that may not.
func serve(t *testing.T, limits api.Limits) (known, unnamed caller, log *logged) {
	t.Helper()
	ca := rasptest.NewAuthority(t, "authority")
	site, other, server := ca.Issue(t, "site", ""), ca.Issue(t, "other", ""), ca.Issue(t, "gateway", "")
	log = &logged{}
	since := time.Date(2005, 8, 11, 3, 30, 0, 0, time.UTC)
	h := api.NewHandler(api.Config{Clients: map[[32]byte]string{sha256.Sum256(site.Certificate.Raw): "site"}, Log: zerolog.New(log), Now: time.Now, Limits: limits,
		Activations: answers{"0000000001": {Answer: gateway.ActivationActive, Since: since}, "0000000002": {Answer: gateway.ActivationExpired}, "0000000003": {Answer: gateway.ActivationInvalid},
			"0000000004": {Answer: gateway.ActivationActive, Refused: "B18.3"}}})
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{server.TLS()}, ClientCAs: ca.Pool(), ClientAuth: tls.RequireAndVerifyClientCert}
	s.StartTLS()
	t.Cleanup(s.Close)
	by := func(i rasptest.Identity) caller {
		transport := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: ca.Pool(), Certificates: []tls.Certificate{i.TLS()}}}
		t.Cleanup(transport.CloseIdleConnections)
		return caller{t, s.URL, &http.Client{Transport: transport, Timeout: 10 * time.Second}}
	}
	return by(site), by(other), log
}

func plenty() api.Limits {
	return api.Limits{OfClient: 1000, OfReference: 1000, Request: 5 * time.Second}
}

// TestActivations: each answer has its status, what is wrong with a request is texts without repeating it, and no code is in the log. // B13
func TestActivations(t *testing.T) {
	t.Parallel()
	known, unnamed, log := serve(t, plenty())
	const right = `{"reference": "00000 0000N", "code": "1234-5678-9012"}`
	of := func(n string) string { return strings.ReplaceAll(right, "N", n) }
	for name, c := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"active":            {of("1"), 200, `{"state":"active","since":"2005-08-11T03:30:00Z"}`},
		"wrong code":        {strings.Replace(of("1"), "9012", "9013", 1), 404, "do not belong together"},
		"unknown reference": {of("7"), 404, "do not belong together"},
		"expired":           {of("2"), 410, "its time is over"},
		"of another letter": {of("3"), 410, "there is a later letter"},
		"refused":           {of("4"), 409, "B18.3"},
		"database away":     {strings.Replace(of("1"), "00000 00001", "9999999999", 1), 503, "try again"},
		"no JSON":           {"1234 5678 9012", 422, "the body must be"},
		"two documents":     {of("1") + of("1"), 422, "the body must be"},
		"more than asked":   {`{"reference": "0000000001", "code": "123456789012", "account": "1"}`, 422, "the body must be"},
		"a short code":      {`{"reference": "0000000001", "code": "12345678901"}`, 422, "12 digits"},
		"no reference":      {`{"code": "123456789012"}`, 422, "10 digits"},
		"too much":          {`{"reference": "0000000001", "code": "` + strings.Repeat(" ", 2000) + `123456789012"}`, 413, ""},
	} {
		status, says := known.posts(c.body)
		if status != c.status || !strings.Contains(says, c.says) || status != 200 && strings.Contains(says, "5678") {
			t.Errorf("%s: %d %s", name, status, says)
		}
	}
	if status, _ := unnamed.posts(of("1")); status != http.StatusForbidden {
		t.Errorf("who is not named: %d", status)
	}
	if text := log.String(); strings.Contains(text, "5678") || strings.Contains(text, "0000000001") || !strings.Contains(text, `"client":"site"`) {
		t.Errorf("the log: %s", text)
	}
}

// TestActivations_NoOracle: a wrong code and an unknown reference are answered with the same bytes, and not before their time. // B13
func TestActivations_NoOracle(t *testing.T) {
	t.Parallel()
	limits := plenty()
	limits.Wrong = 150 * time.Millisecond
	known, _, _ := serve(t, limits)
	var texts []string
	for _, body := range []string{`{"reference": "0000000001", "code": "000000000000"}`, `{"reference": "0000000009", "code": "000000000000"}`} {
		begun := time.Now()
		status, says := known.posts(body)
		if took := time.Since(begun); status != 404 || took < limits.Wrong {
			t.Errorf("%d after %v", status, took)
		}
		texts = append(texts, says)
	}
	if texts[0] != texts[1] {
		t.Errorf("told apart: %q", texts)
	}
}

// TestActivations_Rates: a client, and a reference, have so many requests in a minute.
func TestActivations_Rates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limits api.Limits
		second string
	}{
		"of a client":    {api.Limits{OfClient: 3, OfReference: 1000, Request: 5 * time.Second}, "0000000002"},
		"of a reference": {api.Limits{OfClient: 1000, OfReference: 3, Request: 5 * time.Second}, "0000000001"},
	} {
		known, _, _ := serve(t, c.limits)
		for range 3 {
			if status, _ := known.posts(`{"reference": "0000000001", "code": "000000000000"}`); status != 404 {
				t.Errorf("%s: %d", name, status)
			}
		}
		if status, _ := known.posts(`{"reference": "` + c.second + `", "code": "123456789012"}`); status != http.StatusTooManyRequests {
			t.Errorf("%s: the fourth: %d", name, status)
		}
	}
}

// TestOpenAPI: the description of the interface is served to who may call, and says what is asked and answered.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	known, _, _ := serve(t, plenty())
	r, err := known.Get(known.url + "/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	var d struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			RequestBody any            `json:"requestBody"`
			Responses   map[string]any `json:"responses"`
		} `json:"paths"`
		Components struct {
			Schemas map[string]struct {
				Required []string `json:"required"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.NewDecoder(r.Body).Decode(&d); err != nil {
		t.Fatal(err)
	}
	post := d.Paths["/v1/activations"]["post"]
	if !strings.HasPrefix(d.OpenAPI, "3.") || post.RequestBody == nil || post.Responses["200"] == nil || post.Responses["404"] == nil || post.Responses["429"] == nil {
		t.Errorf("described as %+v", d)
	}
	found := false
	for _, s := range d.Components.Schemas {
		found = found || strings.Join(s.Required, " ") == "reference code"
	}
	if !found {
		t.Errorf("reference and code are not required: %+v", d.Components.Schemas)
	}
}
