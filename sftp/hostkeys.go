package sftp

import (
	"bytes"
	"crypto/rand"

	"golang.org/x/crypto/ssh"
)

// A client that was let in is told all keys of the server, so that it knows the next one before it is used, and may ask for proof that
// the server has them. // OpenSSH PROTOCOL §2.5
const (
	hostKeysRequest = "hostkeys-00@openssh.com"
	hostKeysProve   = "hostkeys-prove-00@openssh.com"
)

// showHostKeys tells a client of the server's keys, and answers its requests until the connection ends.
func (s *Server) showHostKeys(conn *ssh.ServerConn, requests <-chan *ssh.Request) {
	if len(s.hostKeys) > 1 {
		var all []byte
		for _, k := range s.hostKeys {
			all = append(all, ssh.Marshal(struct{ Key []byte }{k.PublicKey().Marshal()})...)
		}
		_, _, _ = conn.SendRequest(hostKeysRequest, false, all) // a connection that is lost ends below
	}
	for r := range requests {
		var proof []byte
		if r.Type == hostKeysProve {
			proof = s.proveHostKeys(conn.SessionID(), r.Payload)
		}
		if r.WantReply {
			_ = r.Reply(proof != nil, proof)
		}
	}
}

// proveHostKeys signs for keys of the server; nil where one is not its own, or there are too many.
func (s *Server) proveHostKeys(session, asked []byte) (proof []byte) {
	for n := 0; len(asked) > 0; n++ {
		var m struct {
			Key  []byte
			Rest []byte `ssh:"rest"`
		}
		if ssh.Unmarshal(asked, &m) != nil || n == len(s.hostKeys) {
			return nil
		}
		asked = m.Rest
		signature := s.signFor(session, m.Key)
		if signature == nil {
			return nil
		}
		proof = append(proof, ssh.Marshal(struct{ Signature []byte }{ssh.Marshal(signature)})...)
	}
	return proof
}

func (s *Server) signFor(session, key []byte) *ssh.Signature {
	for _, k := range s.hostKeys {
		if !bytes.Equal(k.PublicKey().Marshal(), key) {
			continue
		}
		signature, err := k.Sign(rand.Reader, ssh.Marshal(struct {
			Request      string
			Session, Key []byte
		}{hostKeysProve, session, key}))
		if err != nil {
			return nil
		}
		return signature
	}
	return nil
}
