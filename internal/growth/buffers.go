package growth

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// Buffers adds up the pages that statements of a pool touch.
type Buffers struct {
	mu         sync.Mutex
	touched    int64
	statements []string
}

// Settings have a session tell the plan of each statement, with what it has touched.
func (b *Buffers) Settings(into map[string]string) {
	maps.Copy(into, map[string]string{"session_preload_libraries": "auto_explain", "auto_explain.log_min_duration": "0", "auto_explain.log_analyze": "on",
		"auto_explain.log_buffers": "on", "auto_explain.log_format": "json", "auto_explain.log_timing": "off", "client_min_messages": "log"})
}

// Note takes a plan that auto_explain has sent as a notice.
func (b *Buffers) Note(_ *pgconn.PgConn, n *pgconn.Notice) {
	_, plan, found := strings.Cut(n.Message, "plan:\n")
	if !found {
		return
	}
	var explained struct {
		Query string `json:"Query Text"`
		Plan  struct {
			Hit  int64 `json:"Shared Hit Blocks"`
			Read int64 `json:"Shared Read Blocks"`
		}
	}
	if json.Unmarshal([]byte(plan), &explained) != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	touched := explained.Plan.Hit + explained.Plan.Read
	b.touched += touched
	b.statements = append(b.statements, fmt.Sprintf("%8d %s", touched, strings.Join(strings.Fields(explained.Query), " ")))
}

// Since is what was touched since the last call, and by which statements.
func (b *Buffers) Since() (int64, []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	touched, statements := b.touched, b.statements
	b.touched, b.statements = 0, nil
	return touched, statements
}
