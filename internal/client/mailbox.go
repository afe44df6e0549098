package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/crypto/ssh"

	"nks/sftp"
)

// largestAnswer bounds an answer that is read into memory.
const largestAnswer = 256 << 20

// mailbox is a connection to the supplier's folders at the gateway.
type mailbox struct{ sftp *sftp.Client }

func dialMailbox(ctx context.Context, c Config) (*mailbox, error) {
	key, err := sftp.LoadKey(c.Key)
	if err != nil {
		return nil, err
	}
	host, err := sftp.LoadPublicKeys(c.HostKey)
	if err != nil {
		return nil, err
	}
	client, err := sftp.Dial(ctx, sftp.ClientConfig{Addr: c.Mailbox, User: c.Login, Key: key, HostKeys: host})
	if errors.Is(err, sftp.ErrLogin) {
		return nil, fmt.Errorf("the key %s (%s) is not taken for the supplier %q: name and key must be as the operator has loaded them (%w)",
			filepath.Base(c.Key), ssh.FingerprintSHA256(key.PublicKey()), c.Login, err)
	}
	if errors.Is(err, sftp.ErrHostKey) {
		return nil, fmt.Errorf("%s is not the mailbox that %s names: ask the operator whether its key has changed (%w)", c.Mailbox, filepath.Base(c.HostKey), err)
	}
	if err != nil {
		return nil, err
	}
	return &mailbox{client}, nil
}

// upload implements post: under a temporary name first. The reply to the rename is the gateway's word that it has the
// document; the same again is safe.
func (m *mailbox) upload(ctx context.Context, as string, document []byte) error {
	temp := sftp.DirIn + "/." + as + ".tmp"
	// Another attempt of ours may have been cut off in the middle.
	if err := m.sftp.Remove(ctx, temp); errors.Is(err, sftp.ErrConnection) {
		return err
	}
	_, err := m.sftp.Put(ctx, sftp.PutRequest{TempName: temp, FinalName: sftp.DirIn + "/" + as, Content: bytes.NewReader(document),
		Size: int64(len(document)), Repeat: true})
	if errors.Is(err, sftp.ErrUnknown) {
		return fmt.Errorf("the same again is safe: %w", err)
	}
	return err
}

// list implements post.
func (m *mailbox) list(ctx context.Context) ([]string, error) {
	files, err := m.sftp.List(ctx, sftp.DirOut)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		if plainName(f.Name) {
			names = append(names, f.Name)
		}
	}
	return names, nil
}

// read implements post. An answer that changes while it is read is one that is being taken away.
func (m *mailbox) read(ctx context.Context, name string) ([]byte, error) {
	var b bytes.Buffer
	_, err := m.sftp.Fetch(ctx, sftp.DirOut+"/"+name, largestAnswer, &b)
	if errors.Is(err, sftp.ErrNotFound) || errors.Is(err, sftp.ErrChanged) {
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return b.Bytes(), err
}

func (m *mailbox) close() { _ = m.sftp.Close() }
