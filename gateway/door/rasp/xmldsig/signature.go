package xmldsig

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// signedInfo is a ds:Signature as it is read (XML-Signature Syntax and Processing §4).
type signedInfo struct {
	node       int32
	inclusive  []int32
	method     method
	references []partReference
	value      []byte
}

// partReference is a ds:Reference.
type partReference struct {
	place     string
	target    int32
	inclusive []int32
	digest    digestMethod
	value     []byte
}

// signatureParts are SignedInfo, SignatureValue and KeyInfo.
func (e *envelope) signatureParts() ([]int32, error) {
	if err := e.bare(e.signature, SignatureContent); err != nil {
		return nil, err
	}
	return e.sequence(e.signature, SignatureContent,
		Name{signature, "SignedInfo"}, Name{signature, "SignatureValue"}, Name{signature, "KeyInfo"})
}

// readSignature reads the signature by what a profile signs by, and resolves its references to parts of the envelope.
func (e *envelope) readSignature(parts []int32, by suite) (*signedInfo, error) {
	s := &signedInfo{node: parts[0]}
	var err error
	if s.value, err = e.base64(parts[1], SignatureContent); err != nil {
		return nil, err
	}
	inside, strict := e.children(s.node)
	if !strict || len(inside) < 3 || e.nameOf(inside[0]) != (Name{signature, "CanonicalizationMethod"}) ||
		e.nameOf(inside[1]) != (Name{signature, "SignatureMethod"}) {
		return nil, refuse(SignatureContent, "ds:SignedInfo")
	}
	if err := e.bare(s.node, SignatureContent); err != nil {
		return nil, err
	}
	if s.inclusive, err = e.readTransform(inside[0], "ds:CanonicalizationMethod"); err != nil {
		return nil, err
	}
	if s.method, err = readAlgorithm(e, inside[1], by.methods, by.refused); err != nil {
		return nil, err
	}
	return s, e.readReferences(s, inside[2:], by)
}

// readReferences reads all references of a signature; the set of what they name must be the set of what is demanded.
func (e *envelope) readReferences(s *signedInfo, nodes []int32, by suite) error {
	if len(nodes) > mostParts {
		return refuse(TooManyReferences, "ds:SignedInfo")
	}
	demanded := e.demanded()
	waiting := make(map[int32]bool, len(demanded)+1)
	for _, p := range demanded {
		waiting[p.node] = true
	}
	if e.token >= 0 {
		waiting[e.token] = true // may be signed
	}
	for k, i := range nodes {
		r, err := e.readReference(i, fmt.Sprintf("ds:Reference %d", k+1), by)
		if err != nil {
			return err
		}
		still, isPart := waiting[r.target]
		switch {
		case !isPart:
			return refuse(ReferenceTarget, r.place)
		case !still:
			return refuse(ReferenceTwice, r.place)
		}
		waiting[r.target] = false
		s.references = append(s.references, r)
	}
	for _, p := range demanded {
		if waiting[p.node] {
			return refuse(ReferenceMissing, p.label)
		}
	}
	return nil
}

// readReference reads one: by the identifier of a part, canonicalised, and nothing else done to it.
func (e *envelope) readReference(i int32, place string, by suite) (partReference, error) {
	r := partReference{place: place}
	if e.nameOf(i) != (Name{signature, "Reference"}) {
		return r, refuse(SignatureContent, "ds:SignedInfo")
	}
	if err := e.bare(i, SignatureContent, "URI"); err != nil {
		return r, err
	}
	inside, err := e.sequence(i, SignatureContent,
		Name{signature, "Transforms"}, Name{signature, "DigestMethod"}, Name{signature, "DigestValue"})
	if err != nil {
		return r, err
	}
	if r.target, err = e.resolve(i, place); err != nil {
		return r, err
	}
	transforms, err := e.sequence(inside[0], TransformForbidden, Name{signature, "Transform"})
	if err != nil {
		return r, err
	}
	if err := e.bare(inside[0], TransformForbidden); err != nil {
		return r, err
	}
	if r.inclusive, err = e.readTransform(transforms[0], place); err != nil {
		return r, err
	}
	if r.digest, err = readAlgorithm(e, inside[1], by.digests, by.refused); err != nil {
		return r, err
	}
	r.value, err = e.base64(inside[2], SignatureContent)
	return r, err
}

// resolve is the element that a URI names: one of this document, by its u:Id, or by an Id without a namespace, as npm's soap writes.
func (t *tree) resolve(i int32, place string) (int32, error) {
	uri, _ := t.attribute(i, "", "URI")
	id, ok := strings.CutPrefix(uri, "#")
	if !ok || !isNCName([]byte(id)) {
		return 0, refuse(ReferenceURI, place)
	}
	found, ok := t.ids[id]
	if !ok || !found.named {
		return 0, refuse(ReferenceDangling, place)
	}
	return found.node, nil
}

// readTransform reads a Transform or a CanonicalizationMethod, which must be exclusive canonicalisation without comments.
func (e *envelope) readTransform(i int32, place string) ([]int32, error) {
	if err := e.bare(i, TransformForbidden, "Algorithm"); err != nil {
		return nil, err
	}
	if algorithm, _ := e.attribute(i, "", "Algorithm"); algorithm != exclusiveC14N {
		return nil, refuse(TransformForbidden, place)
	}
	inside, strict := e.children(i)
	if !strict || len(inside) > 1 {
		return nil, refuse(TransformForbidden, place)
	}
	if len(inside) == 0 {
		return nil, nil
	}
	list := inside[0]
	if content, plain := e.text(list); e.nameOf(list) != (Name{exclusiveC14N, "InclusiveNamespaces"}) || !plain || content != "" {
		return nil, refuse(TransformForbidden, place)
	}
	if err := e.bare(list, TransformForbidden, "PrefixList"); err != nil {
		return nil, err
	}
	prefixes, _ := e.attribute(list, "", "PrefixList")
	inclusive, ok := e.prefixList(prefixes)
	if !ok {
		return nil, refuse(TooManyPrefixes, place)
	}
	return inclusive, nil
}

// readAlgorithm reads an element that names an algorithm and says no more of it.
func readAlgorithm[T any](e *envelope, i int32, known map[string]T, refused map[string]Reason) (T, error) {
	var none T
	place := e.nameOf(i).short()
	if err := e.bare(i, SignatureContent, "Algorithm"); err != nil {
		return none, err
	}
	if content, plain := e.text(i); !plain || strings.TrimSpace(content) != "" {
		return none, refuse(SignatureContent, place)
	}
	algorithm, _ := e.attribute(i, "", "Algorithm")
	found, ok := known[algorithm]
	if ok {
		return found, nil
	}
	if reason, ok := refused[algorithm]; ok {
		return none, refuse(reason, place)
	}
	return none, refuse(AlgorithmUnknown, place)
}

// base64 decodes an element's text, in which there may be white space.
func (t *tree) base64(i int32, reason Reason) ([]byte, error) {
	encoded, ok := t.text(i)
	encoded = strings.NewReplacer(" ", "", "\t", "", "\n", "", "\r", "").Replace(encoded)
	decoded, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || len(decoded) == 0 {
		return nil, refuse(reason, t.nameOf(i).short())
	}
	return decoded, nil
}
