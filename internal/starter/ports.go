package starter

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports are chosen below those that the system hands out by itself, so that nobody is given one between our choice and
// the use of it.
const (
	lowestPort  = 20_000
	highestPort = 32_000
)

// FreePorts finds n ports of this machine that nobody listens on. All are held until the last is found, so that none is given twice.
func FreePorts(n int) ([]int, error) {
	var ports []int
	for tries := 0; len(ports) < n; tries++ {
		if tries == 1000 {
			return nil, fmt.Errorf("no free port between %d and %d", lowestPort, highestPort)
		}
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, port)
	}
	return ports, nil
}
