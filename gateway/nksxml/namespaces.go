package nksxml

import "encoding/binary"

// Namespaces that are always bound. Namespaces in XML 1.0 §3.
const (
	uriXML   = "http://www.w3.org/XML/1998/namespace"
	uriXMLNS = "http://www.w3.org/2000/xmlns/"
)

// binding is one namespace declaration in force.
type binding struct{ prefix, uri string }

// lookup finds the namespace that a prefix stands for; no prefix is the default namespace.
func (t *Tokenizer) lookup(prefix []byte) (string, bool) {
	for i := len(t.spaces) - 1; i >= 0; i-- {
		if t.spaces[i].prefix == string(prefix) {
			return t.spaces[i].uri, true
		}
	}
	switch string(prefix) {
	case "":
		return "", true
	case "xml":
		return uriXML, true
	}
	return "", false
}

// declare puts a namespace declaration in force. The rule that it breaks is returned. Namespaces in XML 1.0 §3, §6.
func (t *Tokenizer) declare(prefix, uri []byte) string {
	switch {
	case string(prefix) == "xmlns":
		return "prefix xmlns cannot be declared"
	case (string(prefix) == "xml") != (string(uri) == uriXML):
		return "prefix xml and its namespace belong to each other alone"
	case string(uri) == uriXMLNS:
		return "the namespace of namespace declarations cannot be bound"
	case len(prefix) > 0 && len(uri) == 0:
		return "a prefix cannot be bound to no namespace"
	}
	t.spaces = append(t.spaces, binding{prefix: internName(prefix), uri: internName(uri)})
	t.scope++
	return ""
}

// internName makes a string without allocating for the names that documents of ours have.
func internName(b []byte) string {
	switch string(b) {
	case "":
		return ""
	case nsNKS:
		return nsNKS
	case nsEBMS:
		return nsEBMS
	case nsSWIFT:
		return nsSWIFT
	case nsXSI:
		return nsXSI
	}
	return string(b)
}

// Names are looked up once for each scope of namespace declarations: a document has few different tags, each a thousand
// times.
const (
	cacheSize   = 256
	cachedBytes = 31
)

type cachedName struct {
	scope uint32 // 0: empty
	colon int8
	size  uint8
	sym   symbol
	uri   string
	name  [cachedBytes]byte
}

// cached finds a qualified name met before in this scope.
func (t *Tokenizer) cached(name []byte) *cachedName {
	if len(name) > cachedBytes || len(name) == 0 {
		return nil
	}
	c := &t.cache[slot(name)]
	if c.scope != t.scope || string(c.name[:c.size]) != string(name) {
		return nil
	}
	return c
}

func (t *Tokenizer) remember(name []byte, colon int, uri string, sym symbol) {
	if len(name) > cachedBytes {
		return
	}
	c := &t.cache[slot(name)]
	*c = cachedName{scope: t.scope, colon: int8(colon), size: uint8(len(name)), sym: sym, uri: uri}
	copy(c.name[:], name)
}

// slot hashes a name by its length and its last eight bytes, in which the names of one vocabulary differ most.
func slot(name []byte) uint8 {
	var x uint64
	if n := len(name); n >= 8 {
		x = binary.LittleEndian.Uint64(name[n-8:])
	} else {
		for _, c := range name {
			x = x<<8 | uint64(c)
		}
	}
	x = (x ^ uint64(len(name))<<56) * 0x9E3779B97F4A7C15
	return uint8(x >> 56)
}
