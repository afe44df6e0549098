package ibmmq

import (
	"errors"
	"fmt"

	mqi "github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"nks/mq"
)

// causes are the sentinels of reason codes of verbs that had no effect. A code
// that is not here is mq.ErrTemporary: the link is replaced, after a pause.
var causes = map[int32]error{
	mqi.MQRC_NOT_AUTHORIZED:           mq.ErrAuth,
	mqi.MQRC_SECURITY_ERROR:           mq.ErrAuth,
	mqi.MQRC_SSL_INITIALIZATION_ERROR: mq.ErrAuth,
	mqi.MQRC_KEY_REPOSITORY_ERROR:     mq.ErrAuth,
	mqi.MQRC_SSL_CONFIG_ERROR:         mq.ErrAuth,
	mqi.MQRC_SSL_NOT_ALLOWED:          mq.ErrAuth,
	mqi.MQRC_SSL_PEER_NAME_MISMATCH:   mq.ErrAuth,
	mqi.MQRC_SSL_PEER_NAME_ERROR:      mq.ErrAuth,
	mqi.MQRC_UNSUPPORTED_CIPHER_SUITE: mq.ErrAuth,
	mqi.MQRC_SSL_CERTIFICATE_REVOKED:  mq.ErrAuth,
	mqi.MQRC_SSL_CERT_STORE_ERROR:     mq.ErrAuth,
	mqi.MQRC_CIPHER_SPEC_NOT_SUITE_B:  mq.ErrAuth,

	mqi.MQRC_UNKNOWN_OBJECT_NAME:       mq.ErrNoQueue,
	mqi.MQRC_UNKNOWN_OBJECT_Q_MGR:      mq.ErrNoQueue,
	mqi.MQRC_UNKNOWN_REMOTE_Q_MGR:      mq.ErrNoQueue,
	mqi.MQRC_UNKNOWN_ALIAS_BASE_Q:      mq.ErrNoQueue,
	mqi.MQRC_ALIAS_BASE_Q_TYPE_ERROR:   mq.ErrNoQueue,
	mqi.MQRC_UNKNOWN_XMIT_Q:            mq.ErrNoQueue,
	mqi.MQRC_UNKNOWN_DEF_XMIT_Q:        mq.ErrNoQueue,
	mqi.MQRC_XMIT_Q_TYPE_ERROR:         mq.ErrNoQueue,
	mqi.MQRC_XMIT_Q_USAGE_ERROR:        mq.ErrNoQueue,
	mqi.MQRC_REMOTE_Q_NAME_ERROR:       mq.ErrNoQueue,
	mqi.MQRC_OBJECT_NAME_ERROR:         mq.ErrNoQueue,
	mqi.MQRC_OBJECT_TYPE_ERROR:         mq.ErrNoQueue,
	mqi.MQRC_OPTION_NOT_VALID_FOR_TYPE: mq.ErrNoQueue,
	mqi.MQRC_Q_DELETED:                 mq.ErrNoQueue,
	mqi.MQRC_Q_MGR_NAME_ERROR:          mq.ErrNoQueue,

	mqi.MQRC_MSG_TOO_BIG_FOR_Q:       mq.ErrTooBig,
	mqi.MQRC_MSG_TOO_BIG_FOR_Q_MGR:   mq.ErrTooBig,
	mqi.MQRC_MSG_TOO_BIG_FOR_CHANNEL: mq.ErrTooBig,
	mqi.MQRC_DATA_LENGTH_ERROR:       mq.ErrTooBig,
	mqi.MQRC_PROPERTIES_TOO_BIG:      mq.ErrTooBig,

	mqi.MQRC_Q_FULL:                  mq.ErrFull,
	mqi.MQRC_Q_SPACE_NOT_AVAILABLE:   mq.ErrFull,
	mqi.MQRC_STORAGE_MEDIUM_FULL:     mq.ErrFull,
	mqi.MQRC_PUT_INHIBITED:           mq.ErrFull,
	mqi.MQRC_SYNCPOINT_LIMIT_REACHED: mq.ErrFull,

	mqi.MQRC_MD_ERROR:                 mq.ErrUnsupported,
	mqi.MQRC_EXPIRY_ERROR:             mq.ErrUnsupported,
	mqi.MQRC_OPTIONS_ERROR:            mq.ErrUnsupported,
	mqi.MQRC_PRIORITY_ERROR:           mq.ErrUnsupported,
	mqi.MQRC_PRIORITY_EXCEEDS_MAXIMUM: mq.ErrUnsupported,
	mqi.MQRC_PERSISTENCE_ERROR:        mq.ErrUnsupported,
	mqi.MQRC_PERSISTENT_NOT_ALLOWED:   mq.ErrUnsupported,
	mqi.MQRC_SYNCPOINT_NOT_AVAILABLE:  mq.ErrUnsupported,
	mqi.MQRC_MISSING_REPLY_TO_Q:       mq.ErrUnsupported,
	mqi.MQRC_PROPERTY_NAME_ERROR:      mq.ErrUnsupported,
	mqi.MQRC_PROPERTY_NAME_LENGTH_ERR: mq.ErrUnsupported,
	mqi.MQRC_PROPERTY_VALUE_TOO_BIG:   mq.ErrUnsupported,
	mqi.MQRC_PROP_VALUE_NOT_CONVERTED: mq.ErrUnsupported,
	mqi.MQRC_PROP_NUMBER_FORMAT_ERROR: mq.ErrUnsupported,
	mqi.MQRC_SOURCE_CCSID_ERROR:       mq.ErrUnsupported,
}

// reason is the code of a verb's error; MQRC_NONE where it is no verb's.
func reason(err error) int32 {
	var r *mqi.MQReturn
	if errors.As(err, &r) {
		return r.MQRC
	}
	return mqi.MQRC_NONE
}

// warned reports whether a verb was done, with a remark. The Go client returns an
// error for that, too.
func warned(err error) bool {
	var r *mqi.MQReturn
	return errors.As(err, &r) && r.MQCC == mqi.MQCC_WARNING
}

// named wraps the error of a verb that had no effect with what the caller does.
func named(err error) error {
	if known := causes[reason(err)]; known != nil {
		return fmt.Errorf("%w: %w", known, err)
	}
	return fmt.Errorf("%w: %w", mq.ErrTemporary, err)
}

// committed names the outcome of MQCMIT. Backed out is certain; after anything
// else that is not success it may have been done.
func committed(err error) error {
	switch {
	case err == nil:
		return nil
	case reason(err) == mqi.MQRC_BACKED_OUT:
		return fmt.Errorf("%w: backed out: %w", mq.ErrTemporary, err)
	}
	return fmt.Errorf("%w: %w", mq.ErrUnknown, err)
}

// gone are codes after which there is no unit of work any more: the queue manager
// backs it out, and MQDISC commits nothing.
func gone(err error) bool {
	switch reason(err) {
	case mqi.MQRC_CONNECTION_BROKEN, mqi.MQRC_HCONN_ERROR, mqi.MQRC_Q_MGR_NOT_AVAILABLE, mqi.MQRC_Q_MGR_STOPPING,
		mqi.MQRC_CONNECTION_STOPPING, mqi.MQRC_BACKED_OUT, mqi.MQRC_RECONNECT_FAILED:
		return true
	}
	return false
}

// abandoned is a verb that goes on after nobody waits for it any more.
type abandoned struct{ error }

func (a abandoned) Unwrap() error { return a.error }
