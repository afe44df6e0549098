package ibmmq

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	mqi "github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"nks/mq"
)

// Properties that carry what has no place in the message descriptor.
const (
	propID       = "nks_id"             // an id that is no MsgId
	propCorrelID = "nks_correlation_id" // an id that is no CorrelId
	propFormat   = "nks_format"         // a format longer than 8 bytes, as media types are
)

const (
	// maxProps bounds what is read of one message.
	maxProps = 500
	// maxValue is the longest property value that the Go client can read.
	maxValue = 1 << 10
	// hyphen stands for what property names of IBM MQ, and of JMS, cannot have.
	hyphen = "_HYPHEN_"
)

// properties reads what the message got last has, and which of it could not be
// read: too long, or not to be converted.
func (u *unit) properties() (found map[string]string, unread []string, err error) {
	impo := mqi.NewMQIMPO()
	impo.Options = mqi.MQIMPO_INQ_FIRST | mqi.MQIMPO_CONVERT_VALUE
	for range maxProps {
		name, value, err := u.handle.InqMP(impo, mqi.NewMQPD(), "%")
		impo.Options = mqi.MQIMPO_INQ_NEXT | mqi.MQIMPO_CONVERT_VALUE
		switch reason(err) {
		case mqi.MQRC_NONE:
		case mqi.MQRC_PROPERTY_NOT_AVAILABLE:
			return found, unread, nil
		case mqi.MQRC_PROPERTY_VALUE_TOO_BIG, mqi.MQRC_PROP_VALUE_NOT_CONVERTED, mqi.MQRC_PROP_CONV_NOT_SUPPORTED,
			mqi.MQRC_PROPERTY_NAME_TOO_BIG:
			unread = append(unread, ourName(impo.ReturnedName))
			continue
		default:
			return nil, nil, named(err)
		}
		if found == nil {
			found = make(map[string]string)
		}
		found[ourName(name)] = text(value)
	}
	return found, append(unread, "and more"), nil
}

// ourName is a property's name without the folder that every other property is
// in, and with its hyphens.
func ourName(name string) string {
	return strings.ReplaceAll(strings.TrimPrefix(name, "usr."), hyphen, "-")
}

func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return hex.EncodeToString(v)
	}
	return fmt.Sprint(value)
}

// setProperty adds a property to the message of a handle.
func (u *unit) setProperty(h *mqi.MQMessageHandle, name, value string) error {
	err := h.SetMP(mqi.NewMQSMPO(), strings.ReplaceAll(name, "-", hyphen), mqi.NewMQPD(), value)
	if err == nil {
		return nil
	}
	return fmt.Errorf("property %s: %w", name, named(err))
}

var (
	errName  = errors.New("a property name is a letter and then letters, digits, - and _")
	errValue = errors.New("not more than 1024 bytes of UTF-8, none of them zero; other than ASCII needs MQCCSID=1208 in the environment")
)

// checkProperty refuses what the queue manager would not take, or what would not
// come out as it went in.
func checkProperty(name, value string) error {
	odd := func(r rune) bool {
		return r > '~' || !strings.ContainsRune("-_0123456789", r) && (r|0x20 < 'a' || r|0x20 > 'z')
	}
	if name == "" || strings.ContainsFunc(name, odd) || !strings.ContainsFunc(name[:1], func(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' }) ||
		strings.Contains(name, hyphen) {
		return fmt.Errorf("%w: property name %q: %w", mq.ErrUnsupported, name, errName)
	}
	// IBM's client takes the locale's word for what character set a program's
	// texts have, unless MQCCSID names it.
	foreign := strings.ContainsFunc(value, func(r rune) bool { return r > '~' }) && os.Getenv("MQCCSID") != "1208"
	if len(value) > maxValue || !utf8.ValidString(value) || strings.ContainsRune(value, 0) || foreign {
		return fmt.Errorf("%w: value of property %q: %w", mq.ErrUnsupported, name, errValue)
	}
	return nil
}

// short cuts a text off at what a property holds.
func short(s string) string {
	if len(s) <= maxValue {
		return s
	}
	return strings.ToValidUTF8(s[:maxValue], "")
}

// printable has a text survive whatever character set the queue manager makes of it.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}
