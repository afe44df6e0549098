package mqtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Ports from which none is given to whoever asks for any, nor to a connection: what stops listening finds its own free again.
const firstPort, afterPorts = 20000, 32000

// Addresses are free ones of the loopback, for servers that must know each other's before they listen.
func Addresses(t testing.TB, n int) (all []string) {
	t.Helper()
	for tries := 0; len(all) < n; tries++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(afterPorts-firstPort)))
		if err != nil {
			if tries > 1000 {
				t.Fatal(err)
			}
			continue
		}
		all = append(all, l.Addr().String())
		defer func() { // all at once, so that none is given twice
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}()
	}
	return all
}
