package gen

import "strings"

// part is an item of a message type.
type part struct {
	level, name string
	at          int // of the level
	group       int
	repeats     int
	detailed    bool
}

func (g *generator) itemParts(i int) []part {
	m := messages[i]
	p, _ := g.parts(m.typ) // which messageFile has found right
	t := title(m.typ)
	parts := []part{{level: "Head", name: t + "Head"}, {level: "Line", name: t + "Line", at: 1, group: p.line.Group, repeats: p.line.Max}}
	if p.detail != nil {
		parts[1].detailed = p.detail.Mandatory
		parts = append(parts, part{level: "Detail", name: t + m.detail, at: 2, group: p.detail.Group, repeats: p.detail.Max})
	}
	return append(parts, part{level: "Tail", name: t + "Tail", at: 3})
}

// itemFile writes what is the same for all messages.
func (g *generator) itemFile() error {
	g.header("errors", "io", "iter", "slices", "", "nks/edifact", "nks/edifact/banking/internal/wire")
	var wholes []string
	g.p("// Item is a part of a message, one of")
	for i, m := range messages {
		wholes = append(wholes, "*"+title(m.typ))
		var types []string
		for _, p := range g.itemParts(i) {
			types = append(types, "*"+p.name)
		}
		g.p("// %s,", strings.Join(types, ", "))
	}
	g.p("// in this order: a head, lines each with its details, and a tail.")
	g.p("type Item interface {")
	g.p("kind() *wire.Kind")
	g.p("header() *edifact.UNH")
	g.p("write(*wire.Output)")
	g.p("}\n")
	g.p("// Message is a whole message: %s.", strings.Join(wholes, ", "))
	g.p("type Message interface {")
	g.p("items(func(Item) error) error")
	g.p("}\n")

	g.kinds()
	g.p("%s", strings.NewReplacer("$release", g.release()).Replace(readerCode))
	g.next()
	g.readMessage()
	g.writeItems()
	return g.close("items.go")
}

func (g *generator) kinds() {
	g.p("var dialect = wire.Dialect{Version: %q, Release: %q, Numbers: numbersOf, Types: []string{", g.dir.Version, g.dir.Release)
	for _, m := range messages {
		g.p("%q,", m.typ)
	}
	g.p("}}\n")
	g.p("var kinds = [...]wire.Kind{")
	for i, m := range messages {
		for _, p := range g.itemParts(i) {
			g.p("%d: {Message: %d, Type: %q, Level: wire.%s, Group: %d, Repeats: %d, Detailed: %t},", i*4+p.at, i, m.typ, p.level, p.group, p.repeats, p.detailed)
		}
	}
	g.p("}\n")
	for i := range messages {
		for _, p := range g.itemParts(i) {
			g.p("func (g *%s) kind() *wire.Kind { return &kinds[%d] }", p.name, i*4+p.at)
			header := "nil"
			if p.at == 0 {
				header = "&g.UNH"
			}
			g.p("func (g *%s) header() *edifact.UNH { return %s }\n", p.name, header)
		}
	}
}

func (g *generator) next() {
	g.p("// present holds the items of a Reader, which are used again.")
	g.p("type present struct {")
	for i := range messages {
		for _, p := range g.itemParts(i) {
			g.p("%s %s", variable(p.name), p.name)
		}
	}
	g.p("}\n")
	g.p(`// Next returns the next item, io.EOF behind the last message, or an error: a
		// [*edifact.ParseError], or one of the input. Errors are final. The item belongs
		// to the Reader and is good until the next call; its Clone is not. Its strings
		// stay good.`)
	g.p("func (r *Reader) Next() (Item, error) {")
	g.p("kind, level, c, err := r.r.Next()")
	g.p("if err != nil { return nil, err }")
	g.p("var item Item")
	g.p("switch kind*4 + int(level) {")
	for i := range messages {
		for _, p := range g.itemParts(i) {
			g.p("case %d:", i*4+p.at)
			g.p("g := &r.present.%s", variable(p.name))
			g.p("g.reset()")
			if p.at == 0 {
				g.p("g.UNH = r.r.Header")
			}
			g.p("g.decode(c)")
			g.p("item = g")
		}
	}
	g.p("}")
	g.p("return item, r.r.Done()")
	g.p("}\n")
}

func variable(name string) string { return strings.ToLower(name[:1]) + name[1:] }

func (g *generator) readMessage() {
	g.p("// add puts an item where it belongs in the message so far, which is nil before the head.")
	g.p("func add(m Message, item Item) (Message, error) {")
	g.p("switch g := item.(type) {")
	for _, m := range messages {
		t := title(m.typ)
		g.p("case *%sHead:", t)
		g.p("if m == nil { return &%s{Head: *g.Clone()}, nil }", t)
		g.p("case *%sLine:", t)
		g.p("if m, ok := m.(*%s); ok {", t)
		g.p("m.Lines = append(m.Lines, *g.Clone())")
		g.p("return m, nil")
		g.p("}")
		if m.detail != "" {
			g.p("case *%s%s:", t, m.detail)
			g.p("if m, ok := m.(*%s); ok && len(m.Lines) > 0 {", t)
			g.p("line := &m.Lines[len(m.Lines)-1]")
			g.p("line.%s = append(line.%s, *g.Clone())", m.details, m.details)
			g.p("return m, nil")
			g.p("}")
		}
		g.p("case *%sTail:", t)
		g.p("if m, ok := m.(*%s); ok {", t)
		g.p("m.Tail = *g.Clone()")
		g.p("return m, nil")
		g.p("}")
	}
	g.p("}")
	g.p("return nil, errOrder")
	g.p("}\n")
}

func (g *generator) writeItems() {
	for _, m := range messages {
		t := title(m.typ)
		g.p("func (m *%s) items(each func(Item) error) error {", t)
		g.p("if err := each(&m.Head); err != nil { return err }")
		g.p("for i := range m.Lines {")
		g.p("if err := each(&m.Lines[i]); err != nil { return err }")
		g.p("}")
		g.p("return each(&m.Tail)")
		g.p("}\n")
		g.p("// Clone returns a copy that shares nothing that can be changed with m.")
		g.p("func (m *%s) Clone() *%s {", t, t)
		g.p("c := *m")
		g.p("c.Head.own()")
		g.p("c.Tail.own()")
		g.p("c.Lines = slices.Clone(m.Lines)")
		g.p("for i := range c.Lines { c.Lines[i].own() }")
		g.p("return &c")
		g.p("}\n")
	}
	g.p("// details returns what a line has of its own.")
	g.p("func details(item Item, each func(Item) error) error {")
	g.p("switch g := item.(type) {")
	for _, m := range messages {
		if m.detail == "" {
			continue
		}
		g.p("case *%sLine:", title(m.typ))
		g.p("for i := range g.%s {", m.details)
		g.p("if err := each(&g.%s[i]); err != nil { return err }", m.details)
		g.p("}")
	}
	g.p("}")
	g.p("return nil")
	g.p("}\n")
}

const readerCode = `
// Options are what a [Reader] does with what it reads. A zero limit stands for
// the default.
type Options struct {
	ItemBytes       int // of the segments of an item; 1 MiB
	ItemSegments    int // of an item; 10,000
	MessageBytes    int // of the segments of a message, for ReadMessage; 16 MiB
	MessageSegments int // of a message, for ReadMessage; 50,000
	// Other takes the segments of messages that are none of $release PAYMUL, BANSTA,
	// DEBMUL, CREMUL, FINSTA and FINCAN. Without it such a message is an error.
	Other func(*edifact.Segment) error
}

// Reader reads messages item by item, or one by one. Memory does not depend on
// the size of a message. Not for concurrent use.
//
// Where the faults of the input are told and reading goes on
// (edifact.ReaderOptions.Faults), items hold the segments that the validator
// found a place for.
type Reader struct {
	r       *wire.Reader
	present present
}

// NewReader returns a Reader of the messages that v reads, from the next UNH on,
// or from the present message where v has read no more of it than UNH. The
// schema of v has the directory $release.
func NewReader(v *edifact.Validator, o Options) *Reader {
	r := wire.NewReader(v, &dialect, wire.Limits{
		ItemBytes: o.ItemBytes, ItemSegments: o.ItemSegments, MessageBytes: o.MessageBytes, MessageSegments: o.MessageSegments,
	})
	r.Other = o.Other
	return &Reader{r: r}
}

// Items iterates over the items of all messages. The last pair holds an error
// unless the input ended well.
func (r *Reader) Items() iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for {
			item, err := r.Next()
			if errors.Is(err, io.EOF) || !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// ReadMessage returns the next message as a whole, within the limits of the
// Options, or io.EOF. It is the caller's to keep.
func (r *Reader) ReadMessage() (Message, error) {
	var m Message
	for {
		item, err := r.Next()
		if err != nil {
			return nil, err
		}
		if err := r.r.Whole(); err != nil {
			return nil, err
		}
		if m, err = add(m, item); err != nil {
			return nil, r.r.Fail(err)
		}
		if item.kind().Level == wire.Tail {
			return m, nil
		}
	}
}

var errOrder = errors.New("banking: message is read as a whole, but Next has taken a part of it")

// Place returns where the last item begins.
func (r *Reader) Place() edifact.Place { return r.r.Place() }

// Counts returns how many LIN and SEQ the message of the last item had so far:
// behind its tail what control totals count.
func (r *Reader) Counts() (lines, details int) { return r.r.Lines, r.r.Details }

// Writer writes messages item by item, or one by one. Not for concurrent use.
type Writer struct {
	w *wire.Writer
}

// NewWriter returns a Writer to w, in which an interchange has begun.
func NewWriter(w *edifact.Writer) *Writer { return &Writer{wire.NewWriter(w)} }

// Write writes an item: a head with UNH, a line with the details that it holds,
// a tail with UNT. Before anything of an item is written it is checked: what is
// mandatory is there, nothing is too long or repeats too often, numbers are
// numbers, and it may follow the item before. Codes are not compared. When the
// check fails the error is a [*edifact.WriteError] and another item can be
// given; the details of a line are items of their own, which a fault in one of
// them leaves in part written. Every other error is final, as one of a character
// that the repertoire lacks is.
func (w *Writer) Write(item Item) error {
	k, header := item.kind(), item.header()
	o, err := w.w.Begin(k, header, &dialect)
	if err != nil {
		return err
	}
	item.write(o)
	if err := w.w.Checked(k, header, &dialect); err != nil {
		return err
	}
	item.write(o)
	if err := w.w.End(k); err != nil {
		return err
	}
	return details(item, w.Write)
}

// WriteMessage writes a whole message.
func (w *Writer) WriteMessage(m Message) error { return m.items(w.Write) }

// Counts returns how many LIN and SEQ of the present message were written:
// before its tail what control totals count.
func (w *Writer) Counts() (lines, details int) { return w.w.Lines, w.w.Details }

`
