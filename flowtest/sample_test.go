package flowtest_test

import (
	"hash/fnv"

	"nks/internal/programtest"
)

// sampled reports whether a case of a large table is run: each in the farm, of three about one in make test, always the same.
func sampled(name string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return h.Sum32()%uint32(programtest.Size(3, 1)) == 0
}
