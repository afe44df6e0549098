package autack

import (
	"crypto/sha256"
	"strconv"

	"nks/edifact"
)

// Level is a kind of structure that can be signed, and a set of them.
type Level uint8

// The structures of an interchange.
const (
	LevelInterchange Level = 1 << iota
	LevelGroup
	LevelMessage
	LevelPackage

	AllLevels = LevelInterchange | LevelGroup | LevelMessage | LevelPackage
)

// Reference says which structure is meant, as USX does. The deepest reference
// given says what kind of structure it is. Fields that are empty in a USX stand
// for any value, but for Interchange.
type Reference struct {
	Interchange       string        // 0020
	Sender, Recipient edifact.Party // S002, S003
	Group             string        // 0048
	GroupSender       edifact.Party // S006
	GroupRecipient    edifact.Party // S007
	Message           MessageID     // 0062, S009
	Package           string        // 0800
}

// MessageID names a message: reference and type.
type MessageID struct {
	Ref         string // 0062
	Type        string // 0065
	Version     string // 0052
	Release     string // 0054
	Agency      string // 0051
	Association string // 0057
	CodeList    string // 0110 (version 4)
	Function    string // 0113 (version 4)
}

// Level returns what kind of structure is meant.
func (r *Reference) Level() Level {
	switch {
	case r.Package != "":
		return LevelPackage
	case r.Message.Ref != "":
		return LevelMessage
	case r.Group != "":
		return LevelGroup
	}
	return LevelInterchange
}

// String names the structure in one line, by its references.
func (r Reference) String() string {
	s := "interchange " + strconv.Quote(r.Interchange)
	if r.Group != "" {
		s += ", group " + strconv.Quote(r.Group)
	}
	if r.Message.Ref != "" {
		s += ", message " + strconv.Quote(r.Message.Ref)
	}
	if r.Package != "" {
		s += ", package " + strconv.Quote(r.Package)
	}
	return s
}

// names reports whether r can mean the structure that of names in full.
func (r *Reference) names(of *Reference) bool {
	m, n := &r.Message, &of.Message
	return r.Level() == of.Level() &&
		r.Interchange == of.Interchange &&
		namesParty(r.Sender, of.Sender) && namesParty(r.Recipient, of.Recipient) &&
		fits(r.Group, of.Group) &&
		namesParty(r.GroupSender, of.GroupSender) && namesParty(r.GroupRecipient, of.GroupRecipient) &&
		m.Ref == n.Ref && fits(m.Type, n.Type) && fits(m.Version, n.Version) && fits(m.Release, n.Release) &&
		fits(m.Agency, n.Agency) && fits(m.Association, n.Association) &&
		fits(m.CodeList, n.CodeList) && fits(m.Function, n.Function) &&
		r.Package == of.Package
}

func fits(given, value string) bool { return given == "" || given == value }

func namesParty(given, party edifact.Party) bool {
	return fits(given.ID, party.ID) && fits(given.Qualifier, party.Qualifier) &&
		fits(given.Internal, party.Internal) && fits(given.Sub, party.Sub)
}

// Digest is the SHA-256 digest of a structure that was read.
type Digest struct {
	Reference Reference // in full: everything that the envelope says
	From, To  int64     // its byte range in the input: To is the offset after it
	SHA256    [sha256.Size]byte

	input *input // which From and To are offsets in
}

// input stands for what one reader read.
type input struct{ _ byte }

// Digests are what was read. The zero value is empty and ready for use. Not for
// concurrent use.
type Digests struct {
	list  []Digest
	index map[digestKey][]int32
	lost  Level // of these there were more than are kept
}

// maxDigests is how many digests are kept. An AUTACK refers to
// no more than 9,999 structures.
const maxDigests = 20_000

type digestKey struct {
	level       Level
	interchange string
	ref         string // 0048, 0062 or 0800
}

func keyOf(r *Reference) digestKey {
	k := digestKey{level: r.Level(), interchange: r.Interchange}
	switch k.level {
	case LevelPackage:
		k.ref = r.Package
	case LevelMessage:
		k.ref = r.Message.Ref
	case LevelGroup:
		k.ref = r.Group
	}
	return k
}

// Add keeps a digest. Of more than 20,000 those that come last are not kept;
// nothing of their level can then be found.
func (d *Digests) Add(digest Digest) {
	if d.index == nil {
		d.index = map[digestKey][]int32{}
	}
	if len(d.list) >= maxDigests {
		d.lost |= digest.Reference.Level()
		return
	}
	key := keyOf(&digest.Reference)
	d.index[key] = append(d.index[key], int32(len(d.list)))
	d.list = append(d.list, digest)
}

// All returns the digests in the order in which the structures ended. The
// slice belongs to d.
func (d *Digests) All() []Digest { return d.list }

// Find returns the digest of the one structure that r means. The error wraps
// ErrNotFound, ErrAmbiguous or ErrLimit.
func (d *Digests) Find(r Reference) (Digest, error) {
	if d.lost&r.Level() != 0 {
		return Digest{}, &Error{Reference: r, Text: "more structures were read than are kept", Err: ErrLimit}
	}
	found := int32(-1)
	for _, i := range d.index[keyOf(&r)] {
		if !r.names(&d.list[i].Reference) {
			continue
		}
		if found >= 0 {
			return Digest{}, &Error{Reference: r, Text: "several structures were read that it can mean", Err: ErrAmbiguous}
		}
		found = i
	}
	if found < 0 {
		return Digest{}, &Error{Reference: r, Err: ErrNotFound}
	}
	return d.list[found], nil
}
