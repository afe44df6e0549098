package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"syscall"

	"nks/gateway"
	"nks/sftp"
)

// troubleOf says in a word why a line is down.
func troubleOf(err error) gateway.LinkTrouble {
	_, address := errors.AsType[*net.DNSError](err)
	_, file := errors.AsType[*fs.PathError](err)
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, sftp.ErrHostKey):
		return gateway.TroubleHostKey
	case address:
		return gateway.TroubleAddress
	case errors.Is(err, syscall.ECONNREFUSED):
		return gateway.TroubleRefused
	case errors.Is(err, sftp.ErrKey) || file:
		return gateway.TroubleKey
	case errors.Is(err, sftp.ErrLogin):
		return gateway.TroubleLogin
	case errors.Is(err, context.DeadlineExceeded) || isNet && timeout.Timeout():
		return gateway.TroubleTimeout
	case errors.Is(err, sftp.ErrConnection) || errors.Is(err, io.EOF) || isNet:
		return gateway.TroubleLost
	case errors.Is(err, gateway.ErrLinkDown):
		return gateway.TroubleMailbox
	}
	return gateway.TroubleOther
}
