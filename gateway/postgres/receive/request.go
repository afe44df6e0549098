package receive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"nks/gateway"
	"nks/gateway/postgres"
)

// request finds what answers a document; nil where it is a bundle, or nothing that is known.
func (s *Store) request(content *bufio.Reader) *postgres.Request {
	head, _ := content.Peek(postgres.HeadBytes) // what ends early or fails is told by who reads it
	for i := range s.Requests {
		if s.Requests[i].Matches(head) {
			return &s.Requests[i]
		}
	}
	return nil
}

// answer carries a request out.
func (s *Store) answer(ctx context.Context, x *postgres.Session, d postgres.Delivery, r *postgres.Request, content io.Reader) error {
	head, err := r.Answer(ctx, x, d, content)
	if err != nil {
		return fmt.Errorf("delivery %d: %s: %w", d.ID, r.Kind, err)
	}
	return s.requestEnds(ctx, x, d, r.Kind, "answered", head)
}

func (s *Store) requestEnds(ctx context.Context, x *postgres.Session, d postgres.Delivery, kind gateway.RequestKind, state string, head postgres.RequestHead) error {
	err := x.UpdateOne(ctx, `UPDATE delivery SET state = $2, request = $3, message_id = nullif($4, ''), authority = nullif($5, ''), read_at = $6, `+postgres.NoTrouble+`
		WHERE id = $1 AND state = 'received'`, d.ID, state, kind, head.MessageID, head.Authority, s.Now())
	if err != nil {
		return err
	}
	x.Wakes(postgres.ToCheck, postgres.ToRelease) // which waited for it to be read
	return s.CloseMended(ctx, x, gateway.DeliveryFails, d.ID)
}

// refuseRequest writes why a request was refused; what it had done is taken back.
func (s *Store) refuseRequest(ctx context.Context, d postgres.Delivery, kind gateway.RequestKind, r *postgres.RefusedRequest) error {
	return s.Transact(ctx, "refuse request", func(x *postgres.Session) error {
		if err := s.requestEnds(ctx, x, d, kind, "refused", r.Head); err != nil {
			return err
		}
		x.AfterCommit(func() {
			s.Log.Info().Int64("delivery", d.ID).Str("supplier", d.Supplier).Str("request", string(kind)).Msg(r.Error())
		})
		return r.Write(ctx, x, d)
	})
}

// refused finds the refusal that an error wraps.
func refused(err error) (r *postgres.RefusedRequest, is bool) {
	is = errors.As(err, &r)
	return r, is
}
