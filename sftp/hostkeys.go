package sftp

import (
	"bytes"
	"crypto/rand"
	"fmt"

	"golang.org/x/crypto/ssh"
)

// A client that was let in is told all keys of the server, so that it knows the next one before it is used, and may ask for proof that
// the server has them. // OpenSSH PROTOCOL §2.5
const (
	hostKeysRequest = "hostkeys-00@openssh.com"
	hostKeysProve   = "hostkeys-prove-00@openssh.com"
)

// identity is the keys by which clients know the server, and what it offers with them. It never changes: other keys are another one.
type identity struct {
	ssh  *ssh.ServerConfig
	keys []ssh.Signer
}

// SetHostKeys changes the keys by which clients know the server, from the next connection on. Of one kind the first is used; clients
// that are let in are told of all, each once: OpenSSH passes over a list in which one stands twice.
func (s *Server) SetHostKeys(keys ...ssh.Signer) error {
	next := &identity{ssh: &ssh.ServerConfig{
		Config:                  serverAlgorithms(),
		PublicKeyAuthAlgorithms: loginAlgorithms(),
		MaxAuthTries:            s.cfg.Limits.AuthTries,
		ServerVersion:           serverVersion,
	}}
	kinds := map[string]bool{}
	for _, key := range keys {
		signer, err := modern(key)
		if err != nil {
			return fmt.Errorf("sftp: host key: %w", err)
		}
		if next.has(signer.PublicKey().Marshal()) {
			continue
		}
		next.keys = append(next.keys, signer)
		if kind := signer.PublicKey().Type(); !kinds[kind] {
			kinds[kind] = true
			next.ssh.AddHostKey(signer)
		}
	}
	s.identity.Store(next)
	return nil
}

// show tells a client of the server's keys, also of a single one, so that it trusts former ones no more; and answers its requests until the
// connection ends.
func (i *identity) show(conn *ssh.ServerConn, requests <-chan *ssh.Request) {
	var all []byte
	for _, k := range i.keys {
		all = append(all, ssh.Marshal(struct{ Key []byte }{k.PublicKey().Marshal()})...)
	}
	_, _, _ = conn.SendRequest(hostKeysRequest, false, all) // a connection that is lost ends below
	for r := range requests {
		var proof []byte
		if r.Type == hostKeysProve {
			proof = i.prove(conn.SessionID(), r.Payload)
		}
		if r.WantReply {
			_ = r.Reply(proof != nil, proof)
		}
	}
}

func (i *identity) has(key []byte) bool {
	for _, k := range i.keys {
		if bytes.Equal(k.PublicKey().Marshal(), key) {
			return true
		}
	}
	return false
}

// prove signs for keys of the server; nil where one is not its own, or there are too many.
func (i *identity) prove(session, asked []byte) (proof []byte) {
	for n := 0; len(asked) > 0; n++ {
		var m struct {
			Key  []byte
			Rest []byte `ssh:"rest"`
		}
		if ssh.Unmarshal(asked, &m) != nil || n == len(i.keys) {
			return nil
		}
		asked = m.Rest
		signature := i.sign(session, m.Key)
		if signature == nil {
			return nil
		}
		proof = append(proof, ssh.Marshal(struct{ Signature []byte }{ssh.Marshal(signature)})...)
	}
	return proof
}

func (i *identity) sign(session, key []byte) *ssh.Signature {
	for _, k := range i.keys {
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
