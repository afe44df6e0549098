package console

import (
	"context"
	"net/http"
	"strings"
	"time"

	"nks/gateway/view"
)

// Language is one of the two that pages speak.
type Language string

// The languages of the pages.
const (
	Danish  Language = "da"
	English Language = "en"
)

const (
	viewerCookie   = "nks_viewer"
	languageCookie = "nks_language"
	cookieAge      = 365 * 24 * time.Hour
)

// languageOf is the language that was chosen, else the one that the browser prefers.
func languageOf(r *http.Request) Language {
	if c, err := r.Cookie(languageCookie); err == nil {
		if l := Language(c.Value); l == Danish || l == English {
			return l
		}
	}
	for wanted := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(wanted), ";")
		tag, _, _ = strings.Cut(strings.ToLower(tag), "-")
		switch tag {
		case "da", "nb", "nn", "no", "sv":
			return Danish
		case "en":
			return English
		}
	}
	return Danish
}

// viewerOf is whom the browser has chosen to look as. An authority that is not there is nobody: operations.
func (s *Console) viewerOf(ctx context.Context, r *http.Request) (view.Viewer, []view.Viewer, error) {
	operations := view.Viewer{}
	choices, err := s.overviews.authorities(func() ([]view.Viewer, error) { return s.View.Authorities(ctx) })
	if err != nil {
		return operations, nil, err
	}
	if c, err := r.Cookie(viewerCookie); err == nil && c.Value != "" {
		for _, v := range choices {
			if cookieValue(v.Authority) == c.Value {
				return v, choices, nil
			}
		}
	}
	return operations, choices, nil
}

// cookieValue is an authority's number in characters that a cookie may have.
func cookieValue(authority string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for i := range len(authority) {
		b.WriteByte(digits[authority[i]>>4])
		b.WriteByte(digits[authority[i]&15])
	}
	return b.String()
}

// lookAs keeps the choice of viewer or language, and leads back to where it was made.
func (s *Console) lookAs(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		return errBadForm
	}
	keep := func(name, value string) {
		http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
			MaxAge: int(cookieAge / time.Second)})
	}
	if l := Language(r.PostForm.Get("language")); l == Danish || l == English {
		keep(languageCookie, string(l))
	}
	if _, chosen := r.PostForm["viewer"]; chosen {
		keep(viewerCookie, cookieValue(r.PostForm.Get("viewer")))
	}
	back := r.PostForm.Get("back")
	if !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.ContainsAny(back, "\\\r\n") {
		back = "/"
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}
