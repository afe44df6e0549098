package console

import (
	"context"
	"net/http"
	"strconv"

	"nks/gateway"
)

// pathID is the number at the end of a page's address.
func pathID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, gateway.ErrNotFound
	}
	return id, nil
}

func (s *Console) deliveryPage(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	from, err := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	if err != nil {
		from = 0
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	who, _, err := s.viewerOf(ctx, r)
	if err != nil {
		return err
	}
	d, err := s.View.Delivery(ctx, who, id, from)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "delivery", "delivery.title", 0, d)
}
