package sftp_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"nks/sftp"
	"nks/sftp/sftptest"
)

// awayKeys cannot look up anything.
type awayKeys struct{}

func (awayKeys) AuthorizedKeys(context.Context, string) ([]ssh.PublicKey, error) {
	return nil, errors.New("the database is away")
}

// TestLogin_KeysAway: who cannot log in since keys cannot be looked up is told so, and nothing of the reason.
func TestLogin_KeysAway(t *testing.T) {
	t.Parallel()
	host, own := sftptest.Key(t), sftptest.Key(t)
	s := sftptest.Start(t, sftp.ServerConfig{HostKeys: []ssh.Signer{host}, Keys: awayKeys{}, Mailbox: serve(t, sftp.Limits{}).box})
	var banner string
	_, err := ssh.Dial("tcp", s.Addr().String(), &ssh.ClientConfig{User: "KMD", Auth: []ssh.AuthMethod{ssh.PublicKeys(own)},
		HostKeyCallback: ssh.FixedHostKey(host.PublicKey()), BannerCallback: func(message string) error {
			banner += message
			return nil
		}})
	if err == nil || !strings.HasPrefix(banner, "the mailbox cannot look up keys at this moment; try again later") || strings.Contains(banner, "database") {
		t.Errorf("%v, told %q", err, banner)
	}
}
