package edifact

import "nks/edifact/directory"

// messagePlan is a segment table as the check of positions goes through it: for
// every segment of the table and every tag that may follow, where that leads.
type messagePlan struct {
	message *directory.Message
	nodes   []nodePlan // segments of the table, in its order; UNH is the first
	tags    [256]tagID
	tagged  int
	first   []int32 // [node*tagged + tag]: index in moves, -1 for none
	moves   []move
}

type tagID struct {
	key uint32
	id  int32
}

// nodePlan is a segment of the table with its place among the groups.
type nodePlan struct {
	node    *directory.Node
	segment *segmentPlan
	path    []int32 // index of its ancestor, and of itself last, in the level's nodes
	groups  []*directory.Node
	levels  [][]directory.Node
}

// move is one way to go on with a tag: to an occurrence of item number of the
// nodes at a level.
type move struct {
	to      int32 // node of the segment
	level   int32
	item    int32
	again   bool // the item is that which the level stands at
	max     int
	group   int32 // number of the group that is entered, 0 for none
	missing []*directory.Node
	more    int32 // the next way to try, -1 for none
}

// planMessage compiles a segment table; segment gives the plan of each segment.
func planMessage(m *directory.Message, segment func(*directory.Segment) *segmentPlan) *messagePlan {
	p := &messagePlan{message: m}
	starts := map[*directory.Node]int32{}
	plans := map[*directory.Segment]*segmentPlan{}
	var add func(nodes []directory.Node, levels [][]directory.Node, groups []*directory.Node, path []int32)
	add = func(nodes []directory.Node, levels [][]directory.Node, groups []*directory.Node, path []int32) {
		levels = append(levels[:len(levels):len(levels)], nodes)
		for i := range nodes {
			node := &nodes[i]
			here := append(path[:len(path):len(path)], int32(i))
			starts[node] = int32(len(p.nodes))
			if node.Segment == nil {
				add(node.Nodes, levels, append(groups[:len(groups):len(groups)], node), here)
				continue
			}
			if plans[node.Segment] == nil {
				plans[node.Segment] = segment(node.Segment)
			}
			p.nodes = append(p.nodes, nodePlan{node, plans[node.Segment], here, groups, levels})
			p.tag(node.Segment.Tag)
		}
	}
	add(m.Nodes, nil, nil, nil)
	p.first = make([]int32, len(p.nodes)*p.tagged)
	for i := range p.first {
		p.first[i] = -1
	}
	for i := range p.nodes {
		p.planMoves(i, starts)
	}
	return p
}

func tagKey(tag string) uint32 {
	return uint32(tag[0]) | uint32(tag[1])<<8 | uint32(tag[2])<<16
}

// tag gives a tag its number.
func (p *messagePlan) tag(tag string) int32 {
	key := tagKey(tag)
	at := key * 0x9E3779B1 >> 24
	for p.tags[at].key != 0 {
		if p.tags[at].key == key {
			return p.tags[at].id
		}
		at = (at + 1) % 256
	}
	p.tags[at] = tagID{key, int32(p.tagged)}
	p.tagged++
	return p.tags[at].id
}

// find returns the number of a tag, or -1.
func (p *messagePlan) find(tag string) int32 {
	key := tagKey(tag)
	for at := key * 0x9E3779B1 >> 24; p.tags[at].key != 0; at = (at + 1) % 256 {
		if p.tags[at].key == key {
			return p.tags[at].id
		}
	}
	return -1
}

// planMoves lists the ways on from node i: the innermost level first, in each
// level the item itself and then those behind it.
func (p *messagePlan) planMoves(i int, starts map[*directory.Node]int32) {
	n := &p.nodes[i]
	var open []*directory.Node // mandatory nodes that leaving the inner levels misses
	for level := len(n.levels) - 1; level >= 0; level-- {
		nodes := n.levels[level]
		missing := open
		for k := int(n.path[level]); k < len(nodes); k++ {
			node := &nodes[k]
			m := move{to: starts[node], level: int32(level), item: int32(k), again: k == int(n.path[level]), max: node.Max, group: int32(node.Group), missing: missing, more: -1}
			p.addMove(i, trigger(node), m)
			if node.Mandatory && !m.again {
				missing = append(missing[:len(missing):len(missing)], node)
			}
		}
		for k := int(n.path[level]) + 1; k < len(nodes); k++ {
			if nodes[k].Mandatory {
				open = append(open[:len(open):len(open)], &nodes[k])
			}
		}
	}
}

// trigger returns the tag that begins a node.
func trigger(n *directory.Node) string {
	for n.Segment == nil {
		n = &n.Nodes[0]
	}
	return n.Segment.Tag
}

func (p *messagePlan) addMove(from int, tag string, m move) {
	at := &p.first[from*p.tagged+int(p.tag(tag))]
	for *at >= 0 {
		at = &p.moves[*at].more
	}
	*at = int32(len(p.moves))
	p.moves = append(p.moves, m)
}
