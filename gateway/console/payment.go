package console

import (
	"context"
	"net/http"
	"strconv"

	"nks/gateway/view"
)

// paymentView is a payment's page.
type paymentView struct {
	*view.Payment
	Hops    []hop
	Journey []station
}

func (s *Console) paymentPage(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	who, _, err := s.viewerOf(ctx, r)
	if err != nil {
		return err
	}
	p, err := s.View.Payment(ctx, who, id, s.Now())
	if err != nil {
		return err
	}
	v := &paymentView{Payment: p}
	v.tell(languageOf(r))
	return s.render(w, r, http.StatusOK, "payment", "payment.title", 0, v)
}

// paperName is the key of what a document is called.
func paperName(p view.Paper) string {
	if p.Kind == view.PaperAnswer {
		return "answer." + strconv.Itoa(p.Answer)
	}
	return "paper." + string(p.Kind)
}
