package sftptest_test

import (
	"testing"

	"nks/sftp/sftptest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	sftptest.TestMailbox(t, func(*testing.T) sftptest.Subject {
		m := sftptest.NewMemory()
		return sftptest.Subject{
			Mailbox: m, Party: "KMD", Other: "CSC",
			Offer: func(_ *testing.T, party, name string, data []byte) { m.Offer(party, name, data) },
			Deliveries: func(_ *testing.T, party string) []sftptest.Delivery {
				return m.Deliveries(party)
			},
		}
	})
}
