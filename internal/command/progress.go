package command

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Progress is a bar on a terminal; elsewhere it says nothing but its ends.
type Progress struct {
	w        io.Writer
	terminal bool
	shown    time.Time
	open     bool
}

const (
	barWidth  = 30
	barPeriod = 100 * time.Millisecond
)

// NewProgress makes a bar that is drawn on w, where that is a terminal.
func NewProgress(w io.Writer) *Progress {
	f, ok := w.(*os.File)
	if ok {
		_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
		ok = err == nil
	}
	return &Progress{w: w, terminal: ok}
}

// Show draws the bar, not more often than an eye can follow.
func (p *Progress) Show(label string, done, total int64) {
	if !p.terminal || time.Since(p.shown) < barPeriod && done < total {
		return
	}
	p.shown, p.open = time.Now(), true
	filled := 0
	if total > 0 {
		filled = int(min(done*barWidth/total, barWidth))
	}
	_, _ = fmt.Fprintf(p.w, "\r%s%s %3d%% %-40.40s", strings.Repeat("█", filled), strings.Repeat("░", barWidth-filled), filled*100/barWidth, label)
}

// End leaves the bar's line.
func (p *Progress) End() {
	if p.open {
		_, _ = fmt.Fprintf(p.w, "\r%*s\r", barWidth+50, "")
		p.open = false
	}
}
