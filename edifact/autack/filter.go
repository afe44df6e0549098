package autack

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// Filter is how bytes become characters of a value (0505).
type Filter string

// Filters that are supported.
const (
	Hex    Filter = "2" // hexadecimal, two characters a byte
	Base64 Filter = "7" // RFC 1521, four characters for three bytes; needs small letters, which UNOA lacks
)

// encode returns the value that stands for b.
func (f Filter) encode(b []byte) (string, error) {
	switch f {
	case Hex:
		return strings.ToUpper(hex.EncodeToString(b)), nil
	case Base64:
		return base64.StdEncoding.EncodeToString(b), nil
	}
	return "", unsupported("", "filter function (0505)")
}

// decode returns the bytes of a value. There is one value for them alone, but
// that hexadecimal digits may be small.
func (f Filter) decode(value string) ([]byte, error) {
	var b []byte
	var err error
	switch f {
	case Hex:
		b, err = hex.DecodeString(value)
	case Base64:
		if strings.ContainsAny(value, "\r\n") { // the decoder passes over them
			return nil, malformed("", "validation value (0560) is not of its filter")
		}
		b, err = base64.StdEncoding.Strict().DecodeString(value)
	default:
		return nil, unsupported("", "filter function (0505)")
	}
	if err != nil || len(b) == 0 {
		return nil, malformed("", "validation value (0560) is not of its filter")
	}
	return b, nil
}
