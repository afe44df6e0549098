package year_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func debug(t *testing.T, r *run) {
	for _, q := range strings.Split(os.Getenv("YSQL"), ";;") {
		rows, err := r.db.Queryx(q)
		if err != nil {
			t.Log(q, err)
			continue
		}
		for rows.Next() {
			m := map[string]any{}
			if err := rows.MapScan(m); err != nil {
				t.Log(err)
			}
			for k, v := range m {
				if b, ok := v.([]byte); ok {
					m[k] = string(b)
				}
			}
			t.Log(fmt.Sprint(m))
		}
	}
}
