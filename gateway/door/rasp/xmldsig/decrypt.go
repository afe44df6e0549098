package xmldsig

import (
	"bytes"
	"crypto/aes"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

// closedBody is where in a message its key and its body stand, and what they are.
type closedBody struct {
	keyFrom, keyTo, dataFrom, dataTo int
	wrapped, sealed                  []byte
	by                               recipientKey // whom it is encrypted for
}

// open verifies a message with an encrypted body: first all of it but the body, as if there were no encryption; then, with the body
// decrypted in its place, the whole. What the key and the cipher stand in is cut out of both, so that both are documents as
// those without encryption, and held to the same.
func (v *Verifier) open(t *tree, now time.Time) (*Message, error) {
	c, err := readClosed(t, v.Recipient)
	if err != nil {
		return nil, err
	}
	outer, err := parse(slices.Concat(t.src[:c.keyFrom], t.src[c.keyTo:c.dataFrom], t.src[c.dataTo:]), v.Limits)
	if err != nil {
		return nil, err
	}
	first, err := v.check(outer, now, closed)
	if err != nil {
		return nil, err
	}
	if !v.Recipient.begin(first.Replay, first.Timestamp.Until, now) {
		return nil, refuse(BodyUnopened, "s:Body")
	}
	m, err := v.openBody(t, c, now)
	if err != nil {
		return nil, refuse(BodyUnopened, "s:Body") // whatever it was
	}
	v.Recipient.succeeded(first.Replay)
	m.EncryptedFor = c.by.certificate
	return m, nil
}

// openBody verifies the whole with the body decrypted. Its errors are for nobody to see.
func (v *Verifier) openBody(t *tree, c *closedBody, now time.Time) (*Message, error) {
	text, fine := c.by.decrypt(c.wrapped, c.sealed)
	from := c.dataFrom - (c.keyTo - c.keyFrom)
	whole, err := parseFenced(slices.Concat(t.src[:c.keyFrom], t.src[c.keyTo:c.dataFrom], text, t.src[c.dataTo:]), v.Limits, &fence{from: from, to: from + len(text)})
	if err != nil {
		return nil, err
	}
	m, err := v.check(whole, now, opened)
	if err == nil && fine != 1 {
		err = refuse(BodyUnopened, "")
	}
	return m, err
}

// fence is a part of the source that must be whole elements and text: it neither ends what was begun before it nor leaves anything open.
type fence struct {
	from, to int
	depth    int  // of open elements where it begins; 0: it has not begun
	ended    bool // something that is read has ended where it does
}

// holds reports whether, before the next tag or text is read, the fence is kept.
func (f *fence) holds(pos, depth int) bool {
	if f == nil || pos < f.from {
		return true
	}
	if f.depth == 0 {
		f.depth = depth
	}
	if pos == f.to {
		f.ended = true
		return depth == f.depth
	}
	return f.ended || pos < f.to && depth >= f.depth
}

// encrypted reports whether there is anything of encryption.
func (t *tree) encrypted() bool {
	return slices.ContainsFunc(t.nodes, func(n node) bool { return n.kind == element && n.space == spaceEncryption })
}

// sealedNames are the elements of encryption that there are, and how often.
var sealedNames = map[string]int{
	"EncryptedKey": 1, "EncryptedData": 1, "EncryptionMethod": 2, "CipherData": 2, "CipherValue": 2, "ReferenceList": 1, "DataReference": 1,
}

// readClosed finds the one key, in the Security header, and the one cipher, which is all that is in the body, and reads them.
func readClosed(t *tree, r *Recipient) (*closedBody, error) {
	if !t.is(0, SOAP, "Envelope") {
		return nil, refuse(NoEnvelope, "")
	}
	parts, err := t.sequence(0, EnvelopeContent, Name{SOAP, "Header"}, Name{SOAP, "Body"})
	if err != nil {
		return nil, err
	}
	key, data, err := t.encryptedOnce()
	if err != nil {
		return nil, err
	}
	security, body := t.nodes[key].parent, parts[1]
	if security < 0 || !t.is(security, Security, "Security") || t.nodes[security].parent != parts[0] {
		return nil, refuse(EncryptionContent, "e:EncryptedKey")
	}
	if data != body+1 || t.nodes[data].after != t.nodes[body].after {
		return nil, refuse(EncryptionContent, "e:EncryptedData")
	}
	c := &closedBody{keyFrom: int(t.nodes[key].name) - 1, keyTo: t.ends[key], dataFrom: int(t.nodes[data].name) - 1, dataTo: t.ends[data]}
	if c.wrapped, c.by, err = t.readKey(key, data, r.present()); err != nil {
		return nil, err
	}
	if c.sealed, err = t.readData(data, key); err != nil {
		return nil, err
	}
	return c, nil
}

// encryptedOnce are the EncryptedKey and the EncryptedData, where there is nothing of encryption but them and what is in them.
func (t *tree) encryptedOnce() (key, data int32, err error) {
	seen := map[string]int{}
	for i := range t.nodes {
		if n := &t.nodes[i]; n.kind != element || n.space != spaceEncryption {
			continue
		}
		local := string(t.local(int32(i)))
		if seen[local]++; seen[local] > sealedNames[local] {
			return 0, 0, refuse(EncryptionContent, t.nameOf(int32(i)).short())
		}
		switch local {
		case "EncryptedKey":
			key = int32(i)
		case "EncryptedData":
			data = int32(i)
		}
	}
	if key == 0 || data == 0 {
		return 0, 0, refuse(EncryptionContent, "")
	}
	return key, data, nil
}

// readKey reads an EncryptedKey: one for a key of the recipient's, of the cipher in the body.
func (t *tree) readKey(key, data int32, ours []recipientKey) (wrapped []byte, by recipientKey, err error) {
	if err := t.bare(key, EncryptionContent); err != nil {
		return nil, by, err
	}
	inside, err := t.sequence(key, EncryptionContent,
		Name{encryption, "EncryptionMethod"}, Name{signature, "KeyInfo"}, Name{encryption, "CipherData"}, Name{encryption, "ReferenceList"})
	if err != nil {
		return nil, by, err
	}
	if err := t.encryptionMethod(inside[0], transportOAEP); err != nil {
		return nil, by, err
	}
	if by, err = t.recipientOf(inside[1], ours); err != nil {
		return nil, by, err
	}
	if err := t.bare(inside[3], EncryptionContent); err != nil {
		return nil, by, err
	}
	references, err := t.sequence(inside[3], EncryptionContent, Name{encryption, "DataReference"})
	if err != nil {
		return nil, by, err
	}
	if err := t.pointsTo(references[0], data, "URI"); err != nil {
		return nil, by, err
	}
	wrapped, err = t.cipherValue(inside[2])
	return wrapped, by, err
}

// recipientOf is the key that the KeyInfo of an EncryptedKey names.
func (t *tree) recipientOf(keyInfo int32, ours []recipientKey) (by recipientKey, err error) {
	var fits func(*x509.Certificate) bool
	if data, err := t.tokenReference(keyInfo, Name{signature, "X509Data"}); err == nil {
		wanted, err := t.issuerSerial(data)
		if err != nil {
			return by, err
		}
		fits = wanted.names
	} else {
		identifier, err := t.tokenReference(keyInfo, Name{Security, "KeyIdentifier"})
		if err != nil {
			return by, err
		}
		wanted, err := t.keyIdentifier(identifier)
		if err != nil {
			return by, err
		}
		fits = func(c *x509.Certificate) bool { return len(wanted) > 0 && bytes.Equal(wanted, c.SubjectKeyId) }
	}
	for _, own := range ours {
		if fits(own.certificate) {
			return own, nil
		}
	}
	return by, refuse(OtherRecipient, "e:EncryptedKey")
}

// readData reads an EncryptedData. It may say by which key (as WSS4J does), which must be the one that there is.
func (t *tree) readData(data, key int32) ([]byte, error) {
	if err := t.bare(data, EncryptionContent, "Type"); err != nil {
		return nil, err
	}
	if kind, _ := t.attribute(data, "", "Type"); kind != typeContent {
		return nil, refuse(EncryptionContent, "e:EncryptedData")
	}
	names := []Name{{encryption, "EncryptionMethod"}, {encryption, "CipherData"}}
	if inside, _ := t.children(data); len(inside) == 3 {
		names = slices.Insert(names, 1, Name{signature, "KeyInfo"})
	}
	inside, err := t.sequence(data, EncryptionContent, names...)
	if err != nil {
		return nil, err
	}
	if err := t.encryptionMethod(inside[0], cipherAES256); err != nil {
		return nil, err
	}
	if len(inside) == 3 {
		reference, err := t.tokenReference(inside[1], Name{Security, "Reference"})
		if err != nil {
			return nil, err
		}
		if err := t.pointsTo(reference, key, "URI", "ValueType"); err != nil {
			return nil, err
		}
	}
	sealed, err := t.cipherValue(inside[len(inside)-1])
	if err == nil && (len(sealed) < 2*aes.BlockSize || len(sealed)%aes.BlockSize != 0) {
		err = refuse(EncryptionContent, "e:CipherValue")
	}
	return sealed, err
}

// encryptionMethod demands an algorithm, that of keys with SHA-1, by its own word or by that of nobody.
func (t *tree) encryptionMethod(i int32, wanted string) error {
	if err := t.bare(i, EncryptionContent, "Algorithm"); err != nil {
		return err
	}
	if algorithm, _ := t.attribute(i, "", "Algorithm"); algorithm != wanted {
		return refuse(EncryptionAlgorithm, "e:EncryptionMethod")
	}
	inside, strict := t.children(i)
	if !strict || len(inside) > 1 || len(inside) == 1 && (wanted != transportOAEP || t.nameOf(inside[0]) != Name{signature, "DigestMethod"}) {
		return refuse(EncryptionContent, "e:EncryptionMethod")
	}
	if len(inside) == 0 {
		return nil
	}
	if err := t.bare(inside[0], EncryptionContent, "Algorithm"); err != nil {
		return err
	}
	if algorithm, _ := t.attribute(inside[0], "", "Algorithm"); algorithm != digestSHA1 {
		return refuse(EncryptionAlgorithm, "ds:DigestMethod")
	}
	return t.empty(inside[0])
}

// tokenReference is the one element of that name in the SecurityTokenReference of a KeyInfo.
func (t *tree) tokenReference(keyInfo int32, name Name) (int32, error) {
	if err := t.bare(keyInfo, EncryptionContent); err != nil {
		return 0, err
	}
	inside, err := t.sequence(keyInfo, EncryptionContent, Name{Security, "SecurityTokenReference"})
	if err != nil {
		return 0, err
	}
	if inside, err = t.sequence(inside[0], EncryptionContent, name); err != nil {
		return 0, err
	}
	return inside[0], nil
}

// pointsTo demands that an element is empty and that its URI names another one.
func (t *tree) pointsTo(i, wanted int32, attributes ...string) error {
	if err := t.bare(i, EncryptionContent, attributes...); err != nil {
		return err
	}
	target, err := t.resolve(i, t.nameOf(i).short())
	if err != nil {
		return err
	}
	if target != wanted {
		return refuse(EncryptionContent, t.nameOf(i).short())
	}
	return t.empty(i)
}

func (t *tree) empty(i int32) error {
	if content, plain := t.text(i); !plain || strings.TrimSpace(content) != "" {
		return refuse(EncryptionContent, t.nameOf(i).short())
	}
	return nil
}

// cipherValue decodes the CipherValue of a CipherData. It may be as large as a message.
func (t *tree) cipherValue(i int32) ([]byte, error) {
	inside, err := t.sequence(i, EncryptionContent, Name{encryption, "CipherValue"})
	if err != nil {
		return nil, err
	}
	value := inside[0]
	for _, bare := range []int32{i, value} {
		if err := t.bare(bare, EncryptionContent); err != nil {
			return nil, err
		}
	}
	encoded, ok := t.plainText(value)
	if !ok {
		return nil, refuse(EncryptionContent, "e:CipherValue")
	}
	encoded = withoutWhite(encoded)
	decoded, err := base64.StdEncoding.Strict().AppendDecode(make([]byte, 0, base64.StdEncoding.DecodedLen(len(encoded))), encoded)
	if err != nil || len(decoded) == 0 {
		return nil, refuse(EncryptionContent, "e:CipherValue")
	}
	return decoded, nil
}

// plainText is the text of an element, and the source itself where that says it as it is.
func (t *tree) plainText(i int32) ([]byte, bool) {
	if run := i + 1; run+1 == t.nodes[i].after && t.nodes[run].kind == text && t.nodes[run].plain {
		return t.src[t.nodes[run].name:t.nodes[run].end], true
	}
	content, ok := t.text(i)
	return []byte(content), ok
}

// withoutWhite leaves white space out, in a copy if there is any.
func withoutWhite(encoded []byte) []byte {
	const whiteSpace = " \t\r\n"
	if !bytes.ContainsAny(encoded, whiteSpace) {
		return encoded
	}
	kept := make([]byte, 0, len(encoded))
	for line := range bytes.FieldsFuncSeq(encoded, func(r rune) bool { return strings.ContainsRune(whiteSpace, r) }) {
		kept = append(kept, line...)
	}
	return kept
}
