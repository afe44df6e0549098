package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"nks/gateway/view"
)

// searchView is what was looked for and found. What somebody typed is shown again, in no address.
type searchView struct {
	Asked   bool
	Query   string
	Found   []view.Found
	Allowed bool
}

// searchPage looks for a payment by its EndToEndId or our number. A search is a form that is posted, so that nothing
// of a citizen's stands in an address.
func (s *Console) searchPage(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	who, _, err := s.viewerOf(ctx, r)
	if err != nil {
		return err
	}
	v := &searchView{Allowed: !who.Operations()}
	var wanted string
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, mostForm)
		if err := r.ParseForm(); err != nil {
			return errBadForm
		}
		wanted = strings.TrimSpace(r.PostForm.Get("q"))
		v.Query, v.Asked = strings.ToValidUTF8(wanted, "\uFFFD"), true
	}
	if v.Asked && wanted != "" && v.Allowed {
		if v.Found, err = s.View.Find(ctx, who, wanted); err != nil {
			return err
		}
		if len(v.Found) == 1 {
			http.Redirect(w, r, fmt.Sprintf("/payment/%d", v.Found[0].ID), http.StatusSeeOther)
			return nil
		}
	}
	return s.render(w, r, http.StatusOK, "search", "search.title", 0, v)
}
