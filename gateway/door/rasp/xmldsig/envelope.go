package xmldsig

import (
	"cmp"
	"slices"
)

// envelope is where the parts of a message are. Nothing is looked for anywhere else.
type envelope struct {
	*tree
	header, body, security      int32
	timestamp, token, signature int32 // inside security; -1 when absent
	headers                     map[Name]int32
	notUnderstood               []Name
}

// part is an element that must be signed, or may be.
type part struct {
	node  int32
	label string
}

// openEnvelope finds the parts of a message at their places.
func openEnvelope(t *tree, p Policy) (*envelope, error) {
	e := &envelope{tree: t, timestamp: -1, token: -1, signature: -1, security: -1, headers: map[Name]int32{}}
	if !t.is(0, SOAP, "Envelope") {
		return nil, refuse(NoEnvelope, "")
	}
	if err := t.onceEverywhere(); err != nil {
		return nil, err
	}
	parts, err := t.sequence(0, EnvelopeContent, Name{SOAP, "Header"}, Name{SOAP, "Body"})
	if err != nil {
		return nil, err
	}
	e.header, e.body = parts[0], parts[1]
	if err := e.readHeader(p); err != nil {
		return nil, err
	}
	if err := e.readSecurity(); err != nil {
		return nil, err
	}
	if inside, strict := t.children(e.body); !strict || len(inside) > 1 {
		return nil, refuse(BodyContent, "s:Body")
	}
	return e, nil
}

// unique are elements of which no document has two, wherever they stand: what is wrapped elsewhere is a second one.
var unique = map[Name]bool{
	{SOAP, "Envelope"}: true, {SOAP, "Header"}: true, {SOAP, "Body"}: true,
	{Security, "Security"}: true, {Security, "BinarySecurityToken"}: true, {Security, "SecurityTokenReference"}: true, {Utility, "Timestamp"}: true,
	{signature, "Signature"}: true, {signature, "SignedInfo"}: true, {signature, "SignatureValue"}: true, {signature, "KeyInfo"}: true,
}

// onceEverywhere refuses a second one of what is unique, encryption, and types in values.
func (t *tree) onceEverywhere() error {
	watched := make([]bool, len(t.spaces))
	encrypted, instance := int32(-1), int32(-1)
	for no, space := range t.spaces {
		switch space {
		case SOAP, Security, Utility, signature:
			watched[no] = true
		case encryption:
			encrypted = int32(no)
		case schemaInst:
			instance = int32(no)
		}
	}
	seen := map[Name]bool{}
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.kind != element {
			continue
		}
		if n.space == encrypted {
			return refuse(Encrypted, t.nameOf(int32(i)).short())
		}
		if !watched[n.space] {
			continue
		}
		name := t.nameOf(int32(i))
		if seen[name] && unique[name] {
			return refuse(ElementTwice, name.short())
		}
		seen[name] = true
	}
	for i := range t.attrs {
		if a := &t.attrs[i]; instance >= 0 && a.space == instance && string(t.attrLocal(a)) == "type" {
			return refuse(TypeSubstituted, "")
		}
	}
	return nil
}

// sequence are the elements inside one, which must be exactly those, in order, with nothing but white space between.
func (t *tree) sequence(i int32, reason Reason, names ...Name) ([]int32, error) {
	inside, strict := t.children(i)
	if !strict || len(inside) != len(names) {
		return nil, refuse(reason, t.nameOf(i).short())
	}
	for k, name := range names {
		if t.nameOf(inside[k]) != name {
			return nil, refuse(reason, t.nameOf(i).short())
		}
	}
	return inside, nil
}

// bare refuses attributes that are neither identifiers nor among the allowed, which have no namespace.
func (t *tree) bare(i int32, reason Reason, allowed ...string) error {
	attrs := t.attributes(i)
next:
	for k := range attrs {
		a := &attrs[k]
		space, local := t.spaces[a.space], string(t.attrLocal(a))
		if a.space == spaceDeclarations || a.space == spaceXML && local == "id" || local == "Id" && (space == "" || space == Utility) {
			continue
		}
		for _, name := range allowed {
			if space == "" && local == name {
				continue next
			}
		}
		return refuse(reason, t.nameOf(i).short())
	}
	return nil
}

// readHeader finds the Security header and those that must be signed.
func (e *envelope) readHeader(p Policy) error {
	inside, strict := e.children(e.header)
	if !strict {
		return refuse(EnvelopeContent, "s:Header")
	}
	for _, i := range inside {
		name := e.nameOf(i)
		_, twice := e.headers[name]
		switch {
		case name == Name{Security, "Security"}:
			e.security = i
		case twice:
			return refuse(HeaderTwice, name.short())
		case signedSpace(name.Space):
			e.headers[name] = i
		case usualPrefix[name.Space] != "": // what stands here belongs elsewhere
			return refuse(EnvelopeContent, name.short())
		default:
			if must, _ := e.attribute(i, SOAP, "mustUnderstand"); must == "1" || must == "true" {
				e.notUnderstood = append(e.notUnderstood, name)
			}
		}
	}
	for _, name := range p.headers {
		if _, ok := e.headers[name]; !ok {
			return refuse(HeaderMissing, name.short())
		}
	}
	return nil
}

// readSecurity finds what stands in the Security header.
func (e *envelope) readSecurity() error {
	if e.security < 0 {
		return refuse(SecurityMissing, "o:Security")
	}
	inside, strict := e.children(e.security)
	if !strict {
		return refuse(SecurityContent, "o:Security")
	}
	for _, i := range inside {
		switch name := e.nameOf(i); name {
		case Name{Utility, "Timestamp"}:
			e.timestamp = i
		case Name{Security, "BinarySecurityToken"}:
			e.token = i
		case Name{signature, "Signature"}:
			e.signature = i
		default:
			return refuse(SecurityContent, name.short())
		}
	}
	switch {
	case e.signature < 0:
		return refuse(SecurityMissing, "ds:Signature")
	case e.timestamp < 0:
		return refuse(SecurityMissing, "u:Timestamp")
	}
	return nil
}

// demanded are the parts that must be signed, in the order of the message.
func (e *envelope) demanded() []part {
	parts := []part{{e.body, "s:Body"}, {e.timestamp, "u:Timestamp"}}
	for name, i := range e.headers {
		parts = append(parts, part{i, name.short()})
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(a.node, b.node) })
	return parts
}
