package xmldsig_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	_ "crypto/sha1" // for messages that must be refused
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"maps"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"nks/gateway/door/rasp/xmldsig"
)

var emptyElement = regexp.MustCompile(`<([A-Za-z:]+)((?: [A-Za-z:]+="[^"]*")*)/>`)

// resigned is a message whose SignedInfo has been altered, signed anew. SignedInfo must be written as Sign writes it,
// which is canonical but for two things.
func resigned(message string, by crypto.Signer, hash crypto.Hash) string {
	start, end := strings.Index(message, "<SignedInfo>"), strings.Index(message, "</SignedInfo>")
	info := message[start:end] + "</SignedInfo>"
	info = strings.Replace(info, "<SignedInfo>", `<SignedInfo xmlns="http://www.w3.org/2000/09/xmldsig#">`, 1)
	info = emptyElement.ReplaceAllString(info, "<$1$2></$1>")
	h := hash.New()
	h.Write([]byte(info))
	value, err := by.Sign(rand.Reader, h.Sum(nil), hash)
	if err != nil {
		panic(err)
	}
	if key, ok := by.Public().(*ecdsa.PublicKey); ok {
		var pair struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(value, &pair); err != nil {
			panic(err)
		}
		size := (key.Params().BitSize + 7) / 8
		value = append(pair.R.FillBytes(make([]byte, size)), pair.S.FillBytes(make([]byte, size))...)
	}
	return between(message, "<SignatureValue>", "</SignatureValue>", base64.StdEncoding.EncodeToString(value))
}

// between replaces what stands between two texts.
func between(message, from, to, content string) string {
	start := strings.Index(message, from) + len(from)
	end := start + strings.Index(message[start:], to)
	return message[:start] + content + message[end:]
}

// cut is the text of the element with an identifier, and what stands around it.
func cut(message, id string) (before, element, after string) {
	at := strings.Index(message, ` u:Id="`+id+`"`)
	if at < 0 {
		panic("no " + id)
	}
	start := strings.LastIndex(message[:at], "<")
	name := strings.FieldsFunc(message[start+1:], func(r rune) bool { return r == ' ' || r == '>' })[0]
	end := start + strings.Index(message[start:], "</"+name+">") + len("</"+name+">")
	return message[:start], message[start:end], message[end:]
}

// shown is everything that a message shows.
func shown(m *xmldsig.Message) map[string]string {
	all := map[string]string{
		"body": string(m.Body.Bytes()), "subject": m.Signer.Subject, "created": m.Timestamp.Created.String(), "expires": m.Timestamp.Expires.String(),
	}
	for _, space := range []string{xmldsig.Addressing, xmldsig.Reliable, xmldsig.OIO} {
		for _, local := range identified[space] {
			if e, ok := m.Header(space, local); ok {
				all[local] = flat(e)
			}
		}
	}
	return all
}

func flat(e xmldsig.Element) string {
	s := "(" + e.Name().Space + e.Name().Local + e.Text()
	for _, c := range e.Children() {
		s += flat(c)
	}
	return s + ")"
}

// sameOrRefused fails when a variant of a message is taken and shows something else.
func sameOrRefused(t testing.TB, v *xmldsig.Verifier, original map[string]string, variant []byte) {
	t.Helper()
	m, err := v.Verify(variant, now)
	if err != nil {
		wellFormed(t, err)
		return
	}
	if got := shown(m); !maps.Equal(got, original) {
		t.Errorf("taken, and shows\n%v\nwhere signed was\n%v\n%s", got, original, variant)
	}
}

// wellFormed holds an error against the promises of Refusal.
func wellFormed(t testing.TB, err error) {
	t.Helper()
	refusal := (*xmldsig.Refusal)(nil)
	if !errors.As(err, &refusal) || refusal.Reason == "" {
		t.Errorf("refused with %v, which is no Refusal", err)
	}
}

// reason is what a message is refused for; "" when it is taken.
func reason(t testing.TB, v *xmldsig.Verifier, message string) xmldsig.Reason {
	t.Helper()
	_, err := v.Verify([]byte(message), now)
	if err == nil {
		return ""
	}
	refusal := (*xmldsig.Refusal)(nil)
	if !errors.As(err, &refusal) {
		t.Fatalf("refused with %v, which is no Refusal", err)
	}
	return refusal.Reason
}

// partIDs are the identifiers of the parts of a request.
func partIDs() []string {
	return []string{"_1", "_2", "_3", "_4", "_5", "_6", "_7", "_8", "_9", "_10", "_11", "TS"}
}

// TestVerify_NothingWrappedIsTaken moves each signed part somewhere else and puts another one in its place, in every
// combination of places, wrappers and identifiers: the eight classes of signature wrapping, and what is between them.
func TestVerify_NothingWrappedIsTaken(t *testing.T) {
	t.Parallel()
	message := string(signed(t, country().curve, request(smallBody)))
	v := requestVerifier()
	count := 0
	for _, id := range partIDs() {
		before, part, after := cut(message, id)
		for _, forged := range forgeries(part, id) {
			for _, wrapped := range wrappers(part, forged) {
				for _, place := range places {
					for _, forgedFirst := range []bool{true, false} {
						variant := place(before, forged, after, wrapped, forgedFirst)
						if variant == message {
							continue
						}
						count++
						m, err := v.Verify([]byte(variant), now)
						if err == nil {
							t.Fatalf("%s: taken, and shows %v:\n%s", id, shown(m), variant)
						}
						wellFormed(t, err)
					}
				}
			}
		}
	}
	t.Logf("%d variants", count)
	if count < 10_000 {
		t.Errorf("%d variants only", count)
	}
}

// forgeries are a part with another content, with each identifier that some reader might take for it.
func forgeries(part, id string) []string {
	other := strings.NewReplacer("100", "999", "urn:uuid", "urn:forged", "gateway.example", "forged.example", "document-1", "document-2",
		"5790000123459", "5790000123458", "5798000016446", "5798000016447", "EAN", "CVR", "Submit", "Forged", "anonymous", "elsewhere", "2026", "2027").Replace(part)
	if other == part {
		panic("nothing forged in " + part)
	}
	declared := ` u:Id="` + id + `"`
	var all []string
	for _, with := range []string{declared, "", ` u:Id="forged"`, ` Id="` + id + `"`, ` ID="` + id + `"`, ` xml:id="` + id + `"`} {
		all = append(all, strings.Replace(other, declared, with, 1))
	}
	return all
}

// wrappers are the signed part, alone and inside of others.
func wrappers(part, forged string) []string {
	all := []string{
		part,
		`<w xmlns="urn:wrapper">` + part + `</w>`,
		`<s:Header>` + part + `</s:Header>`,
		`<s:Body>` + part + `</s:Body>`,
		`<s:Envelope><s:Header/><s:Body>` + part + `</s:Body></s:Envelope>`,
		`<a:From><a:Address>` + part + `</a:Address></a:From>`,
		`<o:Security xmlns:o="` + xmldsig.Security + `">` + part + `</o:Security>`,
		`<Object xmlns="http://www.w3.org/2000/09/xmldsig#">` + part + `</Object>`,
		`<Object xmlns="http://www.w3.org/2000/09/xmldsig#"><Manifest>` + part + `</Manifest></Object>`,
	}
	end := strings.LastIndex(forged, "</")
	return append(all, forged[:end]+part+forged[end:])
}

// places put a forged part where the signed one was, and the wrapped signed one somewhere else.
var places = func() []func(before, forged, after, wrapped string, forgedFirst bool) string {
	var all []func(before, forged, after, wrapped string, forgedFirst bool) string
	all = append(all, func(before, forged, after, wrapped string, forgedFirst bool) string {
		if forgedFirst {
			return before + forged + wrapped + after
		}
		return before + wrapped + forged + after
	}, func(before, forged, after, wrapped string, forgedFirst bool) string { // nothing where it was
		if forgedFirst {
			return before + wrapped + after
		}
		return before + after + wrapped
	})
	for _, mark := range []string{"<s:Header>", "</s:Header>", "</s:Envelope>", "</o:Security>", "<u:Timestamp", "</u:Timestamp>", "<o:BinarySecurityToken",
		"</o:BinarySecurityToken>", "</Signature>", "<SignedInfo>", "</SignedInfo>", "<KeyInfo>", "</KeyInfo>", "</o:SecurityTokenReference>", "<a:Action", "</a:Action>", "<s:Body"} {
		all = append(all, func(before, forged, after, wrapped string, forgedFirst bool) string {
			if forgedFirst {
				return strings.Replace(before+forged+after, mark, wrapped+mark, 1)
			}
			variant := before + forged + after // behind the mark, and the last of them
			at := strings.LastIndex(variant, mark)
			if at < 0 {
				return wrapped + variant
			}
			end := at + strings.Index(variant[at:], ">") + 1
			return variant[:end] + wrapped + variant[end:]
		})
	}
	return all
}()

var anyTag = regexp.MustCompile(`<[A-Za-z][^>]*>`)

// TestVerify_NothingTwiceIsTaken puts a copy of every element of a message beside it and everywhere else.
func TestVerify_NothingTwiceIsTaken(t *testing.T) {
	t.Parallel()
	message := string(signed(t, country().curve, request(smallBody)))
	v := requestVerifier()
	m, err := v.Verify([]byte(message), now)
	if err != nil {
		t.Fatal(err)
	}
	original := shown(m)
	starts := anyTag.FindAllStringIndex(message, -1)
	count := 0
	for _, at := range starts {
		name := strings.FieldsFunc(message[at[0]+1:at[1]-1], func(r rune) bool { return r == ' ' || r == '/' })[0]
		element := message[at[0]:at[1]]
		if !strings.HasSuffix(element, "/>") {
			element = message[at[0] : at[0]+strings.Index(message[at[0]:], "</"+name+">")+len("</"+name+">")]
		}
		for _, to := range starts[1:] {
			variant := message[:to[0]] + element + message[to[0]:]
			count++
			_, err := v.Verify([]byte(variant), now)
			if prefix, _, known := strings.Cut(name, ":"); err == nil && known && prefix != "p" {
				t.Fatalf("taken with a second %s:\n%s", name, variant)
			}
			if err == nil { // a header of a namespace that nobody here knows, which is not shown
				sameOrRefused(t, v, original, []byte(variant))
			}
		}
	}
	t.Logf("%d variants", count)
}

// TestVerify_EveryByteCounts alters each byte: what is then taken says the same as before.
func TestVerify_EveryByteCounts(t *testing.T) {
	t.Parallel()
	message := signed(t, country().curve, request(smallBody))
	v := requestVerifier()
	m, err := v.Verify(message, now)
	if err != nil {
		t.Fatal(err)
	}
	original := shown(m)
	_, r := documents(t, 0)
	for i := range message {
		for _, b := range []byte{message[i] ^ 1, pick[byte](r, ' ', '<', '&', 'A', '"', '#')} {
			variant := bytes.Clone(message)
			variant[i] = b
			sameOrRefused(t, v, original, variant)
		}
		sameOrRefused(t, v, original, append(bytes.Clone(message[:i]), message[i+1:]...))
	}
}

// withoutReference is a message in which a part is no longer signed, signed anew.
func withoutReference(message, id string, by *identity) string {
	start := strings.Index(message, `<Reference URI="#`+id+`">`)
	end := start + strings.Index(message[start:], "</Reference>") + len("</Reference>")
	return resigned(message[:start]+message[end:], by.key, crypto.SHA256)
}

func TestVerify_EveryPartMustBeSigned(t *testing.T) {
	t.Parallel()
	by := country().curve
	message := string(signed(t, by, request(smallBody)))
	if got := reason(t, requestVerifier(), resigned(message, by.key, crypto.SHA256)); got != "" {
		t.Fatalf("signed anew without a change: %s", got)
	}
	for _, id := range partIDs() {
		if got := reason(t, requestVerifier(), withoutReference(message, id, by)); got != xmldsig.ReferenceMissing {
			t.Errorf("without a reference to %s: %q", id, got)
		}
		before, _, after := cut(message, id)
		if got := reason(t, requestVerifier(), before+after); got == "" {
			t.Errorf("without the part %s: taken", id)
		}
	}
}

// timestamped is a message with another time, its digest and its signature made anew.
func timestamped(message, created, expires string) string {
	message = between(message, "<u:Created>", "<", created)
	message = between(message, "<u:Expires>", "<", expires)
	_, stamp, _ := cut(message, "TS")
	stamp = strings.Replace(stamp, "<u:Timestamp", `<u:Timestamp xmlns:u="`+xmldsig.Utility+`"`, 1)
	sum := sha256.Sum256([]byte(stamp))
	at := strings.Index(message, `<Reference URI="#TS">`)
	message = message[:at] + between(message[at:], "<DigestValue>", "<", base64.StdEncoding.EncodeToString(sum[:]))
	return resigned(message, country().rsa.key, crypto.SHA256)
}

func reasonOf(err error) xmldsig.Reason {
	if refusal := (*xmldsig.Refusal)(nil); errors.As(err, &refusal) {
		return refusal.Reason
	}
	return ""
}
