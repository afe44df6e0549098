package banking_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
	"testing/iotest"

	"nks/edifact"
	"nks/edifact/banking"
	"nks/edifact/banking/internal/drawntest"
	"nks/edifact/directory/d96a"
	"pgregory.net/rapid"
)

var anyCode = drawntest.AnyCode(d96a.Directory())

func strictly(in io.Reader) *edifact.Validator {
	return edifact.NewValidator(edifact.NewReader(in, edifact.ReaderOptions{}), anyCode)
}

// TestWhatTheDirectoryAllows: random messages go through items, and through
// whole messages, and come out byte by byte.
func TestWhatTheDirectoryAllows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := drawntest.Interchange(t, d96a.Directory())
		for _, in := range []io.Reader{bytes.NewReader(text), iotest.OneByteReader(bytes.NewReader(text))} {
			got, err := copyItems(strictly(in))
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if !bytes.Equal(got, text) {
				t.Fatalf("copy is\n%s\nof\n%s", got, text)
			}
		}
		v := strictly(bytes.NewReader(text))
		whole, again := messages(t, v), messages(t, strictly(bytes.NewReader(text)))
		if !reflect.DeepEqual(whole, again) {
			t.Fatal("reading again gives other values")
		}
		got := written(t, v.Interchange(), whole)
		if !bytes.Equal(got, text) {
			t.Fatalf("whole messages are\n%s\nof\n%s", got, text)
		}
		if !reflect.DeepEqual(messages(t, strictly(bytes.NewReader(got))), whole) {
			t.Fatal("reading what was written gives other values")
		}
	})
}

func messages(t rapid.TB, v *edifact.Validator) []banking.Message {
	var all []banking.Message
	r := banking.NewReader(v, banking.Options{})
	for {
		m, err := r.ReadMessage()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
}

func written(t rapid.TB, u *edifact.UNB, all []banking.Message) []byte {
	var out bytes.Buffer
	w := edifact.NewWriter(&out, edifact.WriterOptions{UNA: true})
	w.Begin(*u)
	typed := banking.NewWriter(w)
	for _, m := range all {
		if err := typed.WriteMessage(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestKeptItemsStay: clones are not changed by the reading that goes on.
func TestKeptItemsStay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := drawntest.Interchange(t, d96a.Directory())
		var kept, shown []any
		for item, err := range banking.NewReader(strictly(bytes.NewReader(text)), banking.Options{}).Items() {
			if err != nil {
				t.Fatal(err)
			}
			c := reflect.ValueOf(item).MethodByName("Clone").Call(nil)[0].Interface()
			kept, shown = append(kept, c), append(shown, fmt.Sprintf("%+v", c))
		}
		for i := range kept {
			if got := fmt.Sprintf("%+v", kept[i]); got != shown[i] {
				t.Fatalf("item %d was %s and is %s", i, shown[i], got)
			}
		}
	})
}
