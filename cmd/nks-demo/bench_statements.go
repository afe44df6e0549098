package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nks/internal/app"
	"nks/schema"
)

// statementTime is what one statement of the flow took, all its runs together.
type statementTime struct {
	text    string
	runs    int
	seconds float64
}

// logStatements makes the database of the next round write down how long the flow's statements take. It costs little,
// but it costs: such a round is for finding out, not for telling.
func (b *bench) logStatements(ctx context.Context) error {
	return b.withDatabase(ctx, func(db *app.Database) error {
		return b.asSuperuser(ctx, db, `ALTER ROLE `+schema.Flow+` SET log_min_duration_statement = '1ms'`)
	})
}

// tellStatements adds up what stands between two places of the server's log.
func (b *bench) tellStatements(w io.Writer, from, to int64) error {
	content, err := os.ReadFile(b.path("pg.log"))
	if err != nil {
		return err
	}
	for _, s := range statementTimes(string(content[min(from, int64(len(content))):min(to, int64(len(content)))])) {
		_, _ = fmt.Fprintf(w, "  %8.2f s %6d ×  %s\n", s.seconds, s.runs, s.text)
	}
	return nil
}

// logSize is where the server's log ends by now.
func (b *bench) logSize() int64 {
	info, err := os.Stat(b.path("pg.log"))
	if err != nil {
		return 0
	}
	return info.Size()
}

// statementTimes adds up PostgreSQL's lines "duration: 12.3 ms  execute name: statement", whose further lines are
// indented by a tab. The longest come first.
func statementTimes(log string) []statementTime {
	const most, width = 25, 150
	line := regexp.MustCompile(`LOG:  duration: ([0-9.]+) ms  (parse|bind|execute|statement)[^:]*: (.*)`)
	by := map[string]*statementTime{}
	for _, entry := range strings.Split(strings.ReplaceAll(log, "\n\t", " "), "\n") {
		m := line.FindStringSubmatch(entry)
		if m == nil {
			continue
		}
		text := strings.Join(strings.Fields(m[3]), " ")
		if m[2] == "parse" || m[2] == "bind" {
			text = m[2] + ": " + text
		}
		text = strings.ToValidUTF8(text[:min(len(text), width)], "")
		if by[text] == nil {
			by[text] = &statementTime{text: text}
		}
		ms, _ := strconv.ParseFloat(m[1], 64)
		by[text].runs++
		by[text].seconds += ms / 1000
	}
	var list []statementTime
	for _, s := range by {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b statementTime) int {
		if a.seconds != b.seconds {
			return int(b.seconds*1e6) - int(a.seconds*1e6)
		}
		return strings.Compare(a.text, b.text)
	})
	return list[:min(len(list), most)]
}
