// Package api is the HTTP interface of the gateway for other programs: JSON over mutual TLS, described by OpenAPI at /openapi.json. Its first
// path takes the codes of activation letters, from a web site and a telephone system. What is entered stands in no log. // B13 // B25.3
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/rs/zerolog"

	"nks/gateway"
	"nks/gateway/postgres/activate"
)

// Activations takes entered codes.
type Activations interface {
	Enter(ctx context.Context, e activate.Entry) (activate.Entered, error)
}

// Config is what the interface is made of.
type Config struct {
	Activations Activations
	// Clients are the names of who may call, by the SHA-256 of their certificates.
	Clients map[[32]byte]string
	Log     zerolog.Logger
	Now     func() time.Time // the machine's clock: it is for rates and pauses
	Limits  Limits
}

// Limits bound what is asked.
type Limits struct {
	// OfClient and OfReference are requests in a minute.
	OfClient, OfReference int
	// Wrong is how long after its request an answer leaves that says that a code is wrong, so that nobody learns from the time what was wrong.
	Wrong time.Duration
	// Request is how long one may take.
	Request time.Duration
}

// mostBody bounds the bytes of a request.
const mostBody = 1 << 10

// activationRequest is a code as somebody has entered it.
type activationRequest struct {
	Reference string `json:"reference" doc:"the reference of the letter, 10 digits; blanks and hyphens do not count" example:"01234 56789" maxLength:"40"`
	Code      string `json:"code" doc:"the code of the letter, 12 digits; blanks and hyphens do not count" example:"1234 5678 9012" maxLength:"40"`
}

// activationInput has the body as it came: huma's own judgement of it repeats what was given, which is a code.
type activationInput struct {
	RawBody []byte `contentType:"application/json"`
}

type activationOutput struct {
	Body activation
}

// activation is what has become of it.
type activation struct {
	State string    `json:"state" enum:"active" doc:"the account is active"`
	Since time.Time `json:"since" doc:"since when it counts"`
}

// What is told. Whether there is a reference at all is not.
const (
	saysWrong   = "reference and code do not belong together, or cannot be used: after five wrong codes another letter is needed"
	saysExpired = "the code is right and its time is over: another letter is needed"
	saysEarlier = "the code is right and does not count any more: there is a later letter, or nothing is left to activate"
	saysRefused = "the code is right and the account cannot be used: "
	saysBody    = `the body must be {"reference": "…", "code": "…"} and nothing else`
)

// NewHandler makes the interface; who calls must have shown a certificate of TLS that was verified.
func NewHandler(c Config) http.Handler {
	mux := http.NewServeMux()
	config := huma.DefaultConfig("NKS", "1")
	config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", nil
	api := humago.New(mux, config)
	a := &activations{c, newRate(c.Limits.OfReference, c.Now)}
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[activationRequest](), true, "ActivationRequest")
	huma.Register(api, huma.Operation{OperationID: "activate", Method: http.MethodPost, Path: "/v1/activations", MaxBodyBytes: mostBody, SkipValidateBody: true, BodyReadTimeout: c.Limits.Request,
		Summary:     "Activate an account by the code of its letter",
		Description: "The account counts at once. The same code again says the same. A wrong code and a reference which there is not are answered alike.",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}},
		Errors:      []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable}},
		a.enter)
	return admitted{c, newRate(c.Limits.OfClient, c.Now), mux}
}

type activations struct {
	Config
	rate *rate
}

func (a *activations) enter(ctx context.Context, in *activationInput) (*activationOutput, error) {
	begun := a.Now()
	e, err := read(in.RawBody)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity(err.Error())
	}
	e.Client = clientOf(ctx)
	if !a.rate.allows(string(e.Reference)) {
		return nil, huma.Error429TooManyRequests("too many codes for this reference: wait a minute")
	}
	r, err := a.Activations.Enter(ctx, e)
	if err != nil {
		if ctx.Err() == nil {
			a.Log.Error().Err(err).Str("client", e.Client).Msg("activation failed")
		}
		return nil, huma.Error503ServiceUnavailable("it could not be looked at: try again")
	}
	a.Log.Info().Str("client", e.Client).Str("answer", string(r.Answer)).Str("refused", r.Refused).Msg("code entered")
	switch {
	case r.Refused != "":
		return nil, huma.Error409Conflict(saysRefused + r.Refused)
	case r.Answer == gateway.ActivationActive:
		return &activationOutput{activation{"active", r.Since.UTC()}}, nil
	case r.Answer == gateway.ActivationExpired:
		return nil, huma.Error410Gone(saysExpired)
	case r.Answer == gateway.ActivationInvalid:
		return nil, huma.Error410Gone(saysEarlier)
	}
	gateway.Pause(ctx, a.Limits.Wrong-a.Now().Sub(begun))
	return nil, huma.Error404NotFound(saysWrong)
}

// read takes a request apart; an error says what is expected and never what was given.
func read(body []byte) (e activate.Entry, err error) {
	var given activationRequest
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&given); err != nil {
		return e, errors.New(saysBody)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return e, errors.New(saysBody)
	}
	if e.Reference, err = gateway.ParseActivationReference(given.Reference); err != nil {
		return e, err
	}
	e.Code, err = gateway.ParseActivationCode(given.Code)
	return e, err
}
