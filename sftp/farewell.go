package sftp

import (
	"encoding/binary"
	"io"
	"net"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	// tooManyConnections is the reason SSH_DISCONNECT_TOO_MANY_CONNECTIONS. // RFC 4253 §11.1
	tooManyConnections = 12
	// farewells is how many clients are told at a time why they are turned away; others are not told.
	farewells = 32
	// farewellTakes is how long one is listened to, so that what it has sent does not make its system drop our words.
	farewellTakes = time.Second
)

// turnAway tells a client why it is not let in, before any key exchange, and closes.
func (s *Server) turnAway(nc net.Conn, why error) {
	select {
	case s.farewells <- struct{}{}:
	default:
		nc.Close()
		return
	}
	s.mu.Lock()
	if s.draining {
		s.mu.Unlock()
		<-s.farewells
		nc.Close()
		return
	}
	s.all.Add(1)
	s.mu.Unlock()
	go func() {
		defer s.all.Done()
		defer func() { <-s.farewells }()
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(farewellTakes))
		if _, err := nc.Write(farewell(why.Error())); err != nil {
			return
		}
		if half, ok := nc.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		_, _ = io.CopyN(io.Discard, nc, 64<<10)
	}()
}

// farewell is the server's version and SSH_MSG_DISCONNECT, unencrypted. // RFC 4253 §4.2, §6, §11.1
func farewell(text string) []byte {
	payload := ssh.Marshal(struct {
		Reason   uint32 `sshtype:"1"`
		Text     string
		Language string
	}{tooManyConnections, text, ""})
	padding := 8 - (5+len(payload))%8
	if padding < 4 {
		padding += 8
	}
	b := append([]byte(serverVersion), "\r\n"...)
	b = binary.BigEndian.AppendUint32(b, uint32(1+len(payload)+padding))
	b = append(b, byte(padding))
	b = append(b, payload...)
	return append(b, make([]byte, padding)...)
}
