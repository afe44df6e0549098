// Package console is the pages: where the money is, what came, and the way of a single payment. It is rendered on the
// server and works without script. What may be seen is package view's to say.
//
// There is no login yet. Whoever reaches the page chooses whom to look as; it therefore listens on loopback only, and
// the configuration refuses it in production.
package console

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"nks/gateway"
	"nks/gateway/view"
)

//go:embed templates/*.html static
var files embed.FS

// Config is what the pages need.
type Config struct {
	// View is what viewers may see.
	View *view.Reader
	// Now is business time.
	Now      func() time.Time
	Location *time.Location
	// Checker judges uploaded bundles; nil: there is no such page.
	Checker Checker
	// UploadBytes is the largest bundle that may be uploaded to be checked.
	UploadBytes int64
	Log         zerolog.Logger
}

// Console serves the pages.
type Console struct {
	Config
	pages     map[Language]*template.Template
	overviews *overviews
}

// New prepares the pages.
func New(c Config) (*Console, error) {
	if c.View == nil || c.Now == nil || c.Location == nil {
		return nil, errors.New("console: no views, clock or location")
	}
	s := &Console{Config: c, pages: map[Language]*template.Template{}, overviews: newOverviews()}
	for _, l := range []Language{Danish, English} {
		t, err := template.New("").Funcs(s.functions(l)).ParseFS(files, "templates/*.html")
		if err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
		s.pages[l] = t
	}
	return s, nil
}

// Handler is all pages, guarded.
func (s *Console) Handler() (http.Handler, error) {
	static, err := fs.Sub(files, "static")
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /static/", http.StripPrefix("/static/", cached(http.FileServerFS(static))))
	for pattern, serve := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /{$}":                             s.overviewPage,
		"GET /live":                            s.livePart,
		"GET /delivery/{id}":                   s.deliveryPage,
		"GET /payment/{id}":                    s.paymentPage,
		"GET /lines":                           s.linesPage,
		"GET /lines/live":                      s.liveLines,
		"GET /connections":                     s.connectionsPage,
		"GET /search":                          s.searchPage,
		"GET /connection/{system}/{authority}": s.connectionPage,
		"GET /connections/report/{id}":         s.reportFile,
		"POST /search":                         s.searchPage,
		"POST /look":                           s.lookAs,
		"GET /check":                           s.checkPage,
		"POST /check":                          s.checkUpload,
		"/":                                    func(http.ResponseWriter, *http.Request) error { return gateway.ErrNotFound },
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, serve) })
	}
	return guard(mux), nil
}

// page is what every template gets.
type page struct {
	Lang     Language
	Path     string // where a choice of language or viewer leads back to
	Title    string // key of a text
	Viewer   view.Viewer
	Choices  []view.Viewer
	Now      time.Time
	HasCheck bool
	Refresh  int // seconds; 0: the page stays as it is
	Body     any
}

// serve runs a page and says what went wrong without giving anything away.
func (s *Console) serve(w http.ResponseWriter, r *http.Request, page func(http.ResponseWriter, *http.Request) error) {
	err := page(w, r)
	if err == nil || r.Context().Err() != nil {
		return
	}
	status, key := http.StatusInternalServerError, "error.failed"
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		status, key = http.StatusNotFound, "error.notfound"
	case errors.Is(err, view.ErrOperations):
		status, key = http.StatusForbidden, "error.operations"
	case errors.Is(err, errBadForm):
		status, key = http.StatusBadRequest, "error.form"
	case errors.As(err, &tooLarge):
		status, key = http.StatusRequestEntityTooLarge, "error.large"
	default:
		s.Log.Error().Err(err).Str("page", r.Pattern).Msg("page failed")
	}
	if err := s.render(w, r, status, "error", "error.title", 0, key); err != nil {
		s.Log.Error().Err(err).Str("page", r.Pattern).Msg("page failed")
	}
}

// render writes a page whole or not at all.
func (s *Console) render(w http.ResponseWriter, r *http.Request, status int, name, title string, refresh int, body any) error {
	lang := languageOf(r)
	who, choices, err := s.viewerOf(r.Context(), r)
	if err != nil {
		// The page that tells of a failure must not need what failed.
		who = view.Viewer{}
	}
	p := page{Lang: lang, Path: r.URL.EscapedPath(), Title: title, Viewer: who, Choices: choices, Now: s.Now(), HasCheck: s.Checker != nil,
		Refresh: refresh, Body: body}
	var b bytes.Buffer
	if err := s.pages[lang].ExecuteTemplate(&b, name, p); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err = w.Write(b.Bytes())
	return err
}
