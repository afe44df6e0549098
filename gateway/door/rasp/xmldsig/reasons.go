package xmldsig

// Reason is the rule that a message breaks, as a word for logs and counters.
type Reason string

// Reasons of ErrTooLarge.
const (
	TooManyBytes      Reason = "too-many-bytes"
	TooDeep           Reason = "too-deep"
	TooManyAttributes Reason = "too-many-attributes"
	TooManyNodes      Reason = "too-many-nodes"
	TooManyIDs        Reason = "too-many-ids"
	TooManyReferences Reason = "too-many-references"
	TooManyPrefixes   Reason = "too-many-prefixes"
)

// Reasons of ErrMalformed.
const (
	NotUTF8             Reason = "not-utf8"
	DocumentType        Reason = "document-type"
	Instruction         Reason = "processing-instruction"
	Comment             Reason = "comment"
	EntityUnknown       Reason = "entity"
	CharacterForbidden  Reason = "character"
	SyntaxBroken        Reason = "syntax"
	NamespaceBroken     Reason = "namespace"
	AttributeTwice      Reason = "attribute-twice"
	IDTwice             Reason = "id-twice"
	NoEnvelope          Reason = "no-envelope"
	EnvelopeContent     Reason = "envelope-content" // not exactly Header and Body
	BodyContent         Reason = "body-content"     // text, or more than one element
	TypeSubstituted     Reason = "xsi-type"         // a prefix in a value, which exclusive canonicalisation does not protect
	ElementTwice        Reason = "element-twice"    // a second Security, Signature, Body ... wherever it stands
	HeaderTwice         Reason = "header-twice"
	HeaderMissing       Reason = "header-missing"
	SecurityMissing     Reason = "security-missing"
	SecurityContent     Reason = "security-content"
	SignatureContent    Reason = "signature-content"
	TimestampContent    Reason = "timestamp-content"
	KeyInfoContent      Reason = "key-info-content"
	TokenContent        Reason = "token-content"
	ReferenceURI        Reason = "reference-uri"
	TransformForbidden  Reason = "transform"
	AlgorithmUnknown    Reason = "algorithm-unknown"
	CertificateUnparsed Reason = "certificate-unreadable"
	EncryptionContent   Reason = "encryption-content" // one key and one body, at their places, in one form
	EncryptionAlgorithm Reason = "encryption-algorithm"
)

// Reasons of ErrUnsupported.
const (
	Encrypted       Reason = "encrypted"
	AlgorithmLegacy Reason = "algorithm-legacy" // SHA-1 and what is as weak
	AlgorithmOther  Reason = "algorithm-of-another-profile"
	NotEncrypted    Reason = "not-encrypted"
)

// Reasons of ErrInvalid.
const (
	ReferenceDangling Reason = "reference-dangling" // names no element
	ReferenceTarget   Reason = "reference-target"   // names an element that is none of the parts, or not at its place
	ReferenceTwice    Reason = "reference-twice"
	ReferenceMissing  Reason = "reference-missing" // a part that must be signed is not
	DigestWrong       Reason = "digest"
	SignatureWrong    Reason = "signature-value"
	KeyTooShort       Reason = "key-too-short"
	KeyOfOtherType    Reason = "key-type"
	OtherRecipient    Reason = "other-recipient"
	// BodyUnopened is all that can be wrong behind the cipher: key, padding, characters, content, size, digest, or that it was
	// tried before. There is no word for which.
	BodyUnopened Reason = "body-unopened"
)

// Reasons of ErrExpired.
const (
	NotYetValid    Reason = "timestamp-in-the-future"
	NoLongerValid  Reason = "timestamp-expired"
	TimestampOrder Reason = "timestamp-order" // it expires before it is created
)

// Reasons of ErrUntrusted.
const (
	IssuerUnknown      Reason = "issuer-unknown"
	CertificateUnknown Reason = "certificate-unknown" // a key identifier that no configured certificate has
	CertificateTime    Reason = "certificate-time"
	CertificateChain   Reason = "certificate-chain" // an issuer that may not issue it
	CertificateUsage   Reason = "certificate-usage"
	CertificateRevoked Reason = "certificate-revoked"
	CertificateNames   Reason = "certificate-names"             // two company numbers
	CertificateNoID    Reason = "certificate-no-key-identifier" // nor an issuer that can be named
)

// Reasons of ErrRevocationUnknown.
const (
	ListMissing Reason = "revocation-list-missing"
	ListStale   Reason = "revocation-list-stale"
)

// sentinel is the class of a reason.
func (r Reason) sentinel() error {
	switch r {
	case TooManyBytes, TooDeep, TooManyAttributes, TooManyNodes, TooManyIDs, TooManyReferences, TooManyPrefixes:
		return ErrTooLarge
	case Encrypted, AlgorithmLegacy, AlgorithmOther, NotEncrypted:
		return ErrUnsupported
	case ReferenceDangling, ReferenceTarget, ReferenceTwice, ReferenceMissing, DigestWrong, SignatureWrong, KeyTooShort, KeyOfOtherType,
		OtherRecipient, BodyUnopened:
		return ErrInvalid
	case NotYetValid, NoLongerValid, TimestampOrder:
		return ErrExpired
	case IssuerUnknown, CertificateUnknown, CertificateTime, CertificateChain, CertificateUsage, CertificateRevoked, CertificateNames, CertificateNoID:
		return ErrUntrusted
	case ListMissing, ListStale:
		return ErrRevocationUnknown
	}
	return ErrMalformed
}
