package server

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

const mebi = 1 << 20

// settings are given on the command line at every start, so that they are those of the running nks and a cluster
// made by an older one has nothing stale.
func (s *Server) settings() []string {
	shared := min(2048, max(32, Memory()/8/mebi))
	set := map[string]string{
		"listen_addresses":        "",
		"unix_socket_directories": s.cfg.SocketDir,
		"unix_socket_permissions": "0700",
		"port":                    port,
		"max_connections":         "100",
		"external_pid_file":       "",

		"fsync":              "on",
		"full_page_writes":   "on",
		"synchronous_commit": "on",

		"shared_buffers":               strconv.Itoa(shared) + "MB",
		"effective_cache_size":         strconv.Itoa(max(128, Memory()/2/mebi)) + "MB",
		"work_mem":                     "32MB",
		"maintenance_work_mem":         strconv.Itoa(max(64, shared/2)) + "MB",
		"max_wal_size":                 "4GB",
		"min_wal_size":                 "512MB",
		"checkpoint_timeout":           "15min",
		"checkpoint_completion_target": "0.9",
		"random_page_cost":             "1.1",
		"jit":                          "off", // compiling costs more than our short statements

		// A backend whose nks was killed in the middle of a long statement goes on and keeps its locks otherwise.
		"client_connection_check_interval": "2s",

		"timezone":        "UTC",
		"log_timezone":    "UTC",
		"lc_messages":     "C",
		"log_line_prefix": "%m [%p] %u@%d ",
		// Details and statements of errors carry keys and rows, and rows carry persons' numbers.
		"log_error_verbosity":     "terse",
		"log_min_error_statement": "panic",
		"log_statement":           "none",
		"log_checkpoints":         "off",
		"logging_collector":       "off",
	}
	if sharedMemoryIsSmall() {
		set["dynamic_shared_memory_type"] = "sysv"
	}
	if s.cfg.MaxConnections > 0 {
		set["max_connections"] = strconv.Itoa(s.cfg.MaxConnections)
	}
	if s.cfg.Volatile {
		maps.Copy(set, map[string]string{"fsync": "off", "full_page_writes": "off",
			"shared_buffers": "128MB", "maintenance_work_mem": "64MB", "autovacuum_naptime": "10min"})
	}
	maps.Copy(set, s.cfg.Settings)
	args := make([]string, 0, 2*len(set))
	for _, name := range slices.Sorted(maps.Keys(set)) {
		args = append(args, "-c", name+"="+set[name])
	}
	return args
}

// Memory is what the machine or, if less, our control group has.
func Memory() int {
	var info syscall.Sysinfo_t
	total := 4 << 30
	if syscall.Sysinfo(&info) == nil {
		total = int(uint64(info.Totalram) * uint64(info.Unit))
	}
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if limit, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && limit > 0 {
			total = min(total, limit)
		}
	}
	return total
}

// sharedMemoryIsSmall reports whether /dev/shm is a container's default of 64 MB, in which a parallel query fails.
func sharedMemoryIsSmall() bool {
	var fs syscall.Statfs_t
	if syscall.Statfs("/dev/shm", &fs) != nil {
		return true
	}
	return fs.Blocks*uint64(fs.Bsize) < 256*mebi
}
