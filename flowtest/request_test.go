package flowtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"nks/gateway"
	"nks/gateway/postgres"
)

// TestRequest: a document that orders no payment is answered at the door that it came by, once; one that is refused leaves its
// answer and nothing that it had done; one that fails is tried again; and no bundle waits for any of them.
func TestRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	broken := true
	write := func(ctx context.Context, x *postgres.Session, d postgres.Delivery, text string) error {
		return w.Answer.Answers.Write(ctx, x, d, gateway.ResponseRegister, w.time(), func(to io.Writer, of gateway.Answer) (string, error) {
			_, err := fmt.Fprintf(to, "<Answer>%s: %s</Answer>", of.ID(), text)
			return gateway.StatusAccepted, err
		})
	}
	w.Receive.Requests = []postgres.Request{{Kind: gateway.RequestQuality,
		Matches: func(head []byte) bool { return postgres.RootOf(head).Local == "Ask" },
		Answer: func(ctx context.Context, x *postgres.Session, d postgres.Delivery, content io.Reader) (postgres.RequestHead, error) {
			body, err := io.ReadAll(content)
			if err == nil {
				_, err = x.ExecContext(ctx, `INSERT INTO supplier (supplier) VALUES ('DONE' || $1::bigint)`, d.ID)
			}
			head := postgres.RequestHead{MessageID: "M-1", Authority: "4101"}
			switch {
			case err != nil:
				return head, err
			case bytes.Contains(body, []byte("bad")):
				return head, &postgres.RefusedRequest{Head: head, Why: "it is bad", Write: func(ctx context.Context, x *postgres.Session, d postgres.Delivery) error {
					return write(ctx, x, d, "refused")
				}}
			case bytes.Contains(body, []byte("later")) && broken:
				broken = false
				return head, errors.New("broken")
			}
			return head, write(ctx, x, d, "done")
		}}}
	for key, body := range map[string]string{"id:a": `<?xml version="1.0"?><!-- a question --><Ask>good</Ask>`, "id:b": `<Ask>bad</Ask>`, "id:c": `<Ask>later</Ask>`} {
		if err := w.message("LEVA", key, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.message("LEVA", "id:d", bundle("G-1", complete("A-1", 100)).XML()); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for {
		worked, err := w.Receive.NextToRead(t.Context())
		if err != nil {
			failed++
		}
		if !worked {
			break
		}
	}
	w.check()
	w.want("failures", fmt.Sprint(failed), "1")
	w.want("deliveries", w.row(`SELECT transport_key, state, coalesce(request, 'payments'), coalesce(message_id, '') FROM delivery ORDER BY transport_key`),
		"id:a answered quality M-1; id:b refused quality M-1; id:c answered quality M-1; id:d checked payments G-1")
	w.want("what was done", w.row(`SELECT d.transport_key FROM supplier s JOIN delivery d ON 'DONE' || d.id = s.supplier ORDER BY 1`), "id:a; id:c")
	w.want("answers", w.row(`SELECT d.transport_key, a.door, count(*) FROM answer a JOIN delivery d ON d.id = a.delivery_id WHERE kind = 30 GROUP BY 1, 2 ORDER BY 1`),
		"id:a mq 1; id:b mq 1; id:c mq 1")
	w.want("names", w.row(`SELECT file_name FROM answer WHERE kind = 30 ORDER BY id`), "REGISTERSVAR-0000000001.xml; REGISTERSVAR-0000000002.xml; REGISTERSVAR-0000000003.xml")
	w.release()
}
