package gen

import (
	"fmt"
	"maps"
	"strings"

	"nks/edifact/directory"
)

// group is a Go type for nodes of a message.
type group struct {
	name    string
	about   string
	number  int // of the segment group; 0 for head and tail
	nodes   []directory.Node
	item    bool
	alone   bool // it stands once, and is left out when it is zero
	header  bool // it has the UNH
	details string
	detail  string          // type of the details of a line
	after   map[string]bool // tags that may stand behind the group
}

// parts cuts a message into its levels.
type parts struct {
	typ              string
	line, detail     *directory.Node // the groups of LIN and SEQ
	headNodes, tails []directory.Node
	lineNodes        []directory.Node
}

func (g *generator) parts(typ string) (*parts, error) {
	p := &parts{typ: typ}
	nodes := g.dir.Messages[typ].Nodes
	for i := range nodes {
		n := &nodes[i]
		switch {
		case n.Segment != nil && n.Segment.Service():
		case n.Segment == nil && trigger(n) == "LIN":
			p.line = n
		case p.line == nil:
			p.headNodes = append(p.headNodes, *n)
		default:
			p.tails = append(p.tails, *n)
		}
	}
	if p.line == nil {
		return nil, fmt.Errorf("%s has no group of LIN", typ)
	}
	for i := range p.line.Nodes {
		n := &p.line.Nodes[i]
		switch {
		case n.Segment == nil && trigger(n) == "SEQ":
			p.detail = n
		case p.detail != nil:
			return nil, fmt.Errorf("%s has something behind the group of SEQ in that of LIN", typ)
		default:
			p.lineNodes = append(p.lineNodes, *n)
		}
	}
	return p, p.boundaries()
}

// boundaries checks that an item can be told from the next by its first tag.
func (p *parts) boundaries() error {
	levels := [][]directory.Node{p.headNodes, p.lineNodes[1:]}
	if p.detail != nil {
		levels = append(levels, p.detail.Nodes[1:])
	}
	for _, nodes := range levels {
		for _, tag := range []string{"LIN", "SEQ", "CNT", "AUT"} {
			if has(nodes, tag) {
				return fmt.Errorf("%s has a second %s: items cannot be told apart by it", p.typ, tag)
			}
		}
	}
	for i, n := range p.tails {
		if t := trigger(&p.tails[i]); t != "CNT" && t != "AUT" {
			return fmt.Errorf("%s ends with a %s: items cannot be told apart by it", p.typ, n.Segment.Tag)
		}
	}
	return nil
}

func has(nodes []directory.Node, tag string) bool {
	for i := range nodes {
		if nodes[i].Segment != nil && nodes[i].Segment.Tag == tag || has(nodes[i].Nodes, tag) {
			return true
		}
	}
	return false
}

// trigger is the tag of a node, or that of the first segment of a group.
func trigger(n *directory.Node) string {
	for n.Segment == nil {
		n = &n.Nodes[0]
	}
	return n.Segment.Tag
}

func (g *generator) messageFile(i int) error {
	m := messages[i]
	p, err := g.parts(m.typ)
	if err != nil {
		return err
	}
	if (p.detail == nil) != (m.detail == "") {
		return fmt.Errorf("%s has a group of SEQ, or none, not as the table of messages has it", m.typ)
	}
	g.header("slices", "", "nks/edifact", "nks/edifact/banking/internal/wire")
	t := title(m.typ)
	g.p("// %s is a whole message %s, %s.", t, m.typ, lower(g.dir.Messages[m.typ].Name))
	g.p("type %s struct {", t)
	g.p("Head %sHead", t)
	g.p("Lines []%sLine", t)
	g.p("Tail %sTail", t)
	g.p("}\n")
	line := group{name: t + "Line", about: fmt.Sprintf("is segment group %d of %s: level B.", p.line.Group, m.typ),
		number: p.line.Group, nodes: p.lineNodes, item: true}
	groups := []group{{name: t + "Head", about: "begins a message " + m.typ + ": level A.", nodes: p.headNodes, item: true, header: true}}
	if p.detail == nil {
		groups = append(groups, line)
	} else {
		line.about = fmt.Sprintf("is segment group %d of %s without the group of SEQ: level B.", p.line.Group, m.typ)
		line.details, line.detail = m.details, t+m.detail
		groups = append(groups, line, group{name: t + m.detail, about: fmt.Sprintf("is segment group %d of %s, %s: level C.", p.detail.Group, m.typ, m.about),
			number: p.detail.Group, nodes: p.detail.Nodes, item: true})
	}
	groups = append(groups, group{name: t + "Tail", about: "ends a message " + m.typ + ": control totals and authentication.", nodes: p.tails, item: true})
	for k := range groups {
		if err := g.group(t, &groups[k]); err != nil {
			return err
		}
	}
	return g.close(lower(m.typ) + ".go")
}

// group writes the type of a group, its methods, and those of the groups in it.
func (g *generator) group(message string, u *group) error {
	g.p("// %s %s", u.name, u.about)
	g.p("type %s struct {", u.name)
	if u.header {
		g.p("UNH edifact.UNH // type, version, release and agency need no value to be written")
	}
	seen := map[string]bool{}
	for i := range u.nodes {
		n := &u.nodes[i]
		if seen[fieldOf(n)] {
			return fmt.Errorf("%s has two fields %s", u.name, fieldOf(n))
		}
		seen[fieldOf(n)] = true
		typ := typeOf(message, n)
		if n.Max > 1 {
			typ = "[]" + typ
		}
		g.p("%s %s // %s", fieldOf(n), typ, occurs(n))
	}
	if u.detail != "" {
		g.p("")
		g.p("// %s are filled by [Reader.ReadMessage] alone. A [Writer] writes them behind the line.", u.details)
		g.p("%s []%s", u.details, u.detail)
	}
	g.p("}\n")
	g.isZero(u)
	g.groupDecoder(message, u)
	g.groupWriter(u)
	g.clone(u)
	for i := range u.nodes {
		if n := &u.nodes[i]; n.Segment == nil {
			inner := group{name: typeOf(message, n), about: "is segment group " + fmt.Sprint(n.Group) + " of " + strings.ToUpper(message) + ".",
				number: n.Group, nodes: n.Nodes, alone: n.Max == 1, after: u.behind(i)}
			if err := g.group(message, &inner); err != nil {
				return err
			}
		}
	}
	return nil
}

// behind returns the tags that may stand behind node i: what begins a node
// further on, an occurrence of the node itself, or what stands behind the group.
func (u *group) behind(i int) map[string]bool {
	tags := maps.Clone(u.after)
	if tags == nil {
		tags = map[string]bool{}
	}
	for k := range u.nodes[i+1:] {
		tags[trigger(&u.nodes[i+1+k])] = true
	}
	if u.nodes[i].Max > 1 {
		tags[trigger(&u.nodes[i])] = true
	}
	return tags
}

func fieldOf(n *directory.Node) string {
	if n.Segment != nil {
		return n.Segment.Tag
	}
	return fmt.Sprintf("SG%d", n.Group)
}

func typeOf(message string, n *directory.Node) string {
	if n.Segment != nil {
		return n.Segment.Tag
	}
	return fmt.Sprintf("%sSG%d", message, n.Group)
}

// occurs is the comment behind a field of a group.
func occurs(n *directory.Node) string {
	status := "C"
	if n.Mandatory {
		status = "M"
	}
	text := fmt.Sprintf("%s%d", status, n.Max)
	if n.Segment != nil {
		return text + ", " + lower(n.Segment.Name)
	}
	var tags []string
	for i := range n.Nodes {
		tags = append(tags, fieldOf(&n.Nodes[i]))
	}
	return text + ": " + strings.Join(tags, " ")
}

func (g *generator) isZero(u *group) {
	if !u.alone {
		return
	}
	g.p("// IsZero reports whether nothing is in the group: it is not there.")
	g.p("func (g *%s) IsZero() bool {", u.name)
	var terms []string
	for i := range u.nodes {
		if u.nodes[i].Max > 1 {
			terms = append(terms, "len(g."+fieldOf(&u.nodes[i])+") == 0")
		} else {
			terms = append(terms, "g."+fieldOf(&u.nodes[i])+".IsZero()")
		}
	}
	g.p("return %s", strings.Join(terms, " && "))
	g.p("}\n")
}

func (g *generator) groupDecoder(message string, u *group) {
	g.p("func (g *%s) reset() {", u.name)
	for i := range u.nodes {
		n := &u.nodes[i]
		switch {
		case n.Max > 1:
			g.p("g.%s = g.%s[:0]", fieldOf(n), fieldOf(n))
		case n.Segment != nil:
			g.p("g.%s = %s{}", fieldOf(n), n.Segment.Tag)
		default:
			g.p("g.%s.reset()", fieldOf(n))
		}
	}
	g.p("}\n")
	g.p("func (g *%s) decode(c *wire.Cursor) {", u.name)
	for i := range u.nodes {
		n := &u.nodes[i]
		field := fieldOf(n)
		switch {
		case n.Max > 1:
			g.p("for c.Tag == %q {", trigger(n))
			g.p("var in *%s", typeOf(message, n))
			g.p("g.%s, in = wire.Grow(g.%s)", field, field)
			if n.Segment == nil {
				g.p("in.reset()")
			} else {
				g.p("*in = %s{}", n.Segment.Tag)
			}
			g.p("in.decode(c)")
			g.p("}")
		case n.Segment == nil && !u.behind(i)[trigger(n)]:
			// Where faults are told and reading goes on it may repeat, and no other
			// field takes what it begins with. The last one stays.
			g.p("for c.Tag == %q {", trigger(n))
			g.p("g.%s.reset()", field)
			g.p("g.%s.decode(c)", field)
			g.p("}")
		default:
			g.p("if c.Tag == %q {", trigger(n))
			g.p("g.%s.decode(c)", field)
			g.p("}")
		}
	}
	g.p("}\n")
}

func (g *generator) groupWriter(u *group) {
	g.p("func (g *%s) write(o *wire.Output) {", u.name)
	for i := range u.nodes {
		n := &u.nodes[i]
		field, group := fieldOf(n), u.number
		what, call := "Groups", "write(o)"
		if n.Segment == nil {
			group = n.Group
		} else {
			what, call = "Segments", fmt.Sprintf("write(o, %d)", group)
		}
		least := 0
		if n.Mandatory {
			least = 1
		}
		switch {
		case n.Max > 1:
			g.p("o.%s(%d, %q, len(g.%s), %d, %d)", what, group, trigger(n), field, least, n.Max)
			g.p("for i := range g.%s {", field)
			g.p("g.%s[i].%s", field, call)
			g.p("}")
		case n.Mandatory:
			g.p("g.%s.%s", field, call)
		default:
			g.p("if !g.%s.IsZero() {", field)
			g.p("g.%s.%s", field, call)
			g.p("}")
		}
	}
	g.p("}\n")
}

// clone writes own, which makes the slices those of a copy alone.
func (g *generator) clone(u *group) {
	if u.item {
		g.p("// Clone returns a copy that stays good when the reader goes on.")
		g.p("func (g *%s) Clone() *%s {", u.name, u.name)
		g.p("c := *g")
		g.p("c.own()")
		g.p("return &c")
		g.p("}\n")
	}
	if !u.item && !owns(u.nodes) {
		return
	}
	g.p("func (g *%s) own() {", u.name)
	for i := range u.nodes {
		n := &u.nodes[i]
		field := fieldOf(n)
		if n.Max > 1 {
			g.p("g.%s = slices.Clone(g.%s)", field, field)
		}
		switch {
		case n.Segment != nil || !owns(n.Nodes):
		case n.Max > 1:
			g.p("for i := range g.%s {", field)
			g.p("g.%s[i].own()", field)
			g.p("}")
		default:
			g.p("g.%s.own()", field)
		}
	}
	if u.details != "" {
		g.p("g.%s = slices.Clone(g.%s)", u.details, u.details)
		g.p("for i := range g.%s {", u.details)
		g.p("g.%s[i].own()", u.details)
		g.p("}")
	}
	g.p("}\n")
}

// owns reports whether there are slices among the fields of nodes.
func owns(nodes []directory.Node) bool {
	for i := range nodes {
		if nodes[i].Max > 1 || owns(nodes[i].Nodes) {
			return true
		}
	}
	return false
}
