package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nks/internal/command"
)

// The part of benchmarks.md that is made stands between these.
const (
	reportBegins = "<!-- made by nks-demo bench from bench/results.jsonl: -->\n"
	reportEnds   = "<!-- end of what is made -->\n"
)

// writeReport brings docs/benchmarks.md and docs/img/bench.svg up to date. The same results give the same bytes.
func writeReport(results, docs string) error {
	list, err := readMeasurements(results)
	if err != nil {
		return err
	}
	page := filepath.Join(docs, "benchmarks.md")
	text, err := os.ReadFile(page)
	if err != nil {
		return command.Usage(err)
	}
	before, rest, ok := bytes.Cut(text, []byte(reportBegins))
	_, after, ok2 := bytes.Cut(rest, []byte(reportEnds))
	if !ok || !ok2 {
		return command.Usagef("%s lacks the lines between which the results stand", page)
	}
	made := slices.Concat(before, []byte(reportBegins), []byte(reportText(list)), []byte(reportEnds), after)
	if err := os.MkdirAll(filepath.Join(docs, "img"), 0o755); err != nil {
		return err
	}
	return errors.Join(writeFile(page, made), writeFile(filepath.Join(docs, "img", "bench.svg"), []byte(reportChart(list))))
}

// newest is the last measurement of a name, of the largest bundle that there is one of.
func newest(list []measurement, name string) (best measurement, found bool) {
	for _, m := range list {
		if m.Name == name && (!found || m.Sizes["payments"] >= best.Sizes["payments"]) {
			best, found = m, true
		}
	}
	return best, found
}

// benchSteps are the steps that had work, in the order of the flow. Mostly a release leaves nothing to render.
func benchSteps(values map[string]float64) []string {
	return slices.DeleteFunc([]string{"read", "check", "release", "render", "answer"}, func(name string) bool {
		return values["step_"+name+"_busy_s"] == 0
	})
}

func reportText(list []measurement) string {
	var b strings.Builder
	if m, ok := newest(list, "flow"); ok {
		reportFlow(&b, m)
		reportSteps(&b, m)
	}
	reportIdle(&b, list)
	reportOthers(&b, list)
	reportKeys(&b, list)
	reportHistory(&b, list)
	return b.String()
}

func reportFlow(w io.Writer, m measurement) {
	v := m.Values
	_, _ = fmt.Fprintf(w, "\nOne bundle of %s payments, %s holders, %s payments of history; medians of %d rounds; %s, nks %s.\n%s.\n\n",
		whole(float64(m.Sizes["payments"])), whole(float64(m.Sizes["holders"])), whole(float64(m.Sizes["history"])), m.Sizes["rounds"],
		m.Date.Format(time.DateOnly), m.Version, m.Machine)
	_, _ = fmt.Fprintf(w, "| | measured | wanted |\n| --- | ---: | ---: |\n")
	_, _ = fmt.Fprintf(w, "| flow, payments/s | %s | |\n| COPY of the same rows, rows/s | %s | |\n", whole(v["payments_per_s"]), whole(v["copy_rows_per_s"]))
	_, _ = fmt.Fprintf(w, "| speed of the flow, of COPY's | %.3f | ≥ %.2f |\n", v["ratio"], wantedRatio)
	if v["cpu_times_copy"] > 0 {
		_, _ = fmt.Fprintf(w, "| processor time of nks and PostgreSQL for a payment, µs | %.1f | |\n| processor time of PostgreSQL for a row of COPY, µs | %.2f | |\n",
			v["cpu_us_per_payment"], v["copy_cpu_us_per_row"])
		_, _ = fmt.Fprintf(w, "| that, times COPY's | %.1f | ≤ %d |\n", v["cpu_times_copy"], wantedCPU)
	}
	_, _ = fmt.Fprintf(w, "| peak memory of nks, MB | %s | |\n| peak memory of PostgreSQL, MB | %s | |\n\n", whole(v["nks_mb"]), whole(v["postgres_mb"]))
}

// reportSteps tells where time and processors went in the round of the median.
func reportSteps(w io.Writer, m measurement) {
	v := m.Values
	_, _ = fmt.Fprintf(w, "Where the time goes, in the round of the median: %.1f s.\n\n![Steps over time](img/bench.svg)\n\n", v["seconds"])
	_, _ = fmt.Fprintf(w, "| step | from s | to s | busy s |\n| --- | ---: | ---: | ---: |\n")
	for _, s := range benchSteps(v) {
		_, _ = fmt.Fprintf(w, "| %s | %.1f | %.1f | %.1f |\n", s, v["step_"+s+"_from_s"], v["step_"+s+"_to_s"], v["step_"+s+"_busy_s"])
	}
	_, _ = fmt.Fprintf(w, "\n| processor time | nks, s | PostgreSQL, s | both, µs per payment |\n| --- | ---: | ---: | ---: |\n")
	line := func(name, nks, postgres string) {
		_, _ = fmt.Fprintf(w, "| %s | %.1f | %.1f | %.1f |\n", name, v[nks], v[postgres], (v[nks]+v[postgres])*1e6/float64(max(1, m.Sizes["payments"])))
	}
	if _, ok := v["step_other_nks_cpu_s"]; ok {
		for _, s := range append(benchSteps(v), "other") {
			line(s, "step_"+s+"_nks_cpu_s", "step_"+s+"_postgres_cpu_s")
		}
	}
	line("all", "nks_cpu_s", "postgres_cpu_s")
	_, _ = fmt.Fprintf(w, "\n| resource | |\n| --- | ---: |\n| write-ahead log, MB | %s |\n| temporary files, MB | %s |\n| read by PostgreSQL, MB | %s |\n| written by PostgreSQL, MB | %s |\n",
		whole(v["wal_mb"]), whole(v["temp_mb"]), whole(v["read_mb"]), whole(v["written_mb"]))
}

// reportIdle tells what a gateway with three banks and two doors uses while there is nothing to do.
func reportIdle(w io.Writer, list []measurement) {
	m, ok := newest(list, "idle")
	if !ok {
		return
	}
	v := m.Values
	_, _ = fmt.Fprintf(w, "\nAn idle gateway with three banks and both doors open, over %.0f s; %s, nks %s.\n\n", v["seconds"], m.Date.Format(time.DateOnly), m.Version)
	_, _ = fmt.Fprintf(w, "| idle, %% of one core | measured | wanted |\n| --- | ---: | ---: |\n| nks | %.2f | |\n| PostgreSQL | %.2f | |\n| both | %.2f | < %d |\n| simulated parties | %.2f | |\n",
		v["nks_percent"], v["postgres_percent"], v["together_percent"], wantedIdle, v["simulators_percent"])
}

func reportOthers(w io.Writer, list []measurement) {
	_, _ = fmt.Fprint(w, "\n| codec or register | |\n| --- | ---: |\n")
	lines := []struct{ name, value, title, format string }{
		{"codecs", "xml_read_mb_s", "XML read by nks, MB/s", "%.0f"},
		{"codecs", "xml_encoding_xml_mb_s", "XML read by encoding/xml, tokens only, MB/s", "%.0f"},
		{"codecs", "xml_xmllint_mb_s", "XML read by xmllint --stream, MB/s", "%.0f"},
		{"codecs", "xml_times_encoding_xml", "nks, times encoding/xml", "%.1f"},
		{"codecs", "xml_times_xmllint", "nks, times xmllint", "%.1f"},
		{"codecs", "signature_verify_mb_s", "signed message verified by nks, MB/s", "%.0f"},
		{"codecs", "signature_xmlsec1_mb_s", "the same by xmlsec1, MB/s", "%.0f"},
		{"codecs", "signature_of_xmlsec1", "time of nks, of xmlsec1's; wanted ≤ 1", "%.2f"},
		{"edifact", "scan_mb_s", "PAYMUL, one core: terminators found with bytes.IndexByte, MB/s", "%.0f"},
		{"edifact", "read_mb_s", "PAYMUL, one core: segments with data elements and offsets, MB/s", "%.0f"},
		{"edifact", "read_of_scan", "that, of the loop over terminators; wanted ≥ 0.25", "%.2f"},
		{"edifact", "validate_mb_s", "PAYMUL, one core: validated against D.96A, MB/s; wanted ≥ 300", "%.0f"},
		{"edifact", "typed_mb_s", "PAYMUL, one core: validated and as Go structs, MB/s; wanted ≥ 200", "%.0f"},
		{"edifact", "write_mb_s", "PAYMUL, one core: written, MB/s; wanted ≥ 500", "%.0f"},
		{"edifact", "orders_per_s", "orders written as PAYMUL, per second", ""},
		{"match", "parts_per_s", "parts of postings matched, one core, per second; wanted ≥ 50 000", ""},
		{"match", "times_map", "that, times a map of references, made and asked", "%.1f"},
		{"load", "rows_per_s", "reference data loaded, rows/s", ""},
		{"lookup", "lookups_per_s", "register lookups by SQL, per second", ""},
		{"image", "choices_per_s", "register lookups by the image, per second; wanted ≥ 3 000 000", ""},
		{"image", "mb", "the image, MB", "%.0f"},
		{"image", "bytes_per_holder", "the image, bytes for a holder with 1.3 accounts", "%.1f"},
		{"image", "fill_s", "the image filled, s", "%.1f"},
		{"image", "fill_us_per_row", "the image filled, µs of processor time a row, with the start of nks; wanted ≤ 2", "%.2f"},
		{"image", "nks_beside_mb", "peak memory of nks beside the image, MB; wanted ≤ 64", "%.0f"},
	}
	for _, l := range lines {
		m, ok := newest(list, l.name)
		v, has := m.Values[l.value]
		switch {
		case !ok || !has:
		case l.format == "":
			_, _ = fmt.Fprintf(w, "| %s | %s |\n", l.title, whole(v))
		default:
			_, _ = fmt.Fprintf(w, "| %s | "+l.format+" |\n", l.title, v)
		}
	}
}

// reportKeys lists what taking a key costs in each form, with so many there already: the last run of each size.
func reportKeys(w io.Writer, list []measurement) {
	last := map[int]measurement{}
	for _, m := range list {
		if m.Name == "keys" {
			last[m.Sizes["keys"]] = m
		}
	}
	for i, n := range slices.Sorted(maps.Keys(last)) {
		m := last[n]
		if i == 0 {
			_, _ = fmt.Fprintf(w, "\nTaking the EndToEndIds of a bundle of %s, medians of %d rounds; %s, nks %s.\n\n", whole(float64(m.Sizes["bundle"])), m.Sizes["rounds"],
				m.Date.Format(time.DateOnly), m.Version)
			_, _ = fmt.Fprint(w, "| keys there | key | processor time, µs a key | wall time, µs a key | log, bytes a key | read from the disk, MB | table, MB | index, MB |\n| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
		}
		for _, f := range keyForms() {
			v := func(name string) float64 { return m.Values[f.name+"_"+name] }
			_, _ = fmt.Fprintf(w, "| %s | %s | %.1f | %.1f | %s | %s | %s | %s |\n", whole(float64(n)), f.title, v("cpu_us"), v("wall_us"), whole(v("wal_bytes")),
				whole(v("read_mb")), whole(v("table_mb")), whole(v("index_mb")))
		}
	}
}

// reportHistory lists the runs of the flow, the newest first, so that a change for the worse is seen.
func reportHistory(w io.Writer, list []measurement) {
	const most = 20
	_, _ = fmt.Fprint(w, "\n| date | version | payments | history | payments/s | COPY rows/s | ratio | µs/payment | times COPY | nks MB |\n"+
		"| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	reported := 0
	for _, m := range slices.Backward(list) {
		if m.Name != "flow" || reported == most {
			continue
		}
		reported++
		v := m.Values
		spent, times := v["cpu_us_per_payment"], ""
		if spent == 0 { // earlier runs did not hold it against COPY's
			spent = (v["nks_cpu_s"] + v["postgres_cpu_s"]) * 1e6 / float64(max(1, m.Sizes["payments"]))
		} else {
			times = fmt.Sprintf("%.1f", v["cpu_times_copy"])
		}
		_, _ = fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %.3f | %.1f | %s | %s |\n", m.Date.Format(time.DateOnly), m.Version, whole(float64(m.Sizes["payments"])),
			whole(float64(m.Sizes["history"])), whole(v["payments_per_s"]), whole(v["copy_rows_per_s"]), v["ratio"], spent, times, whole(v["nks_mb"]))
	}
	_, _ = fmt.Fprintln(w)
}

// String describes the machine in a line.
func (m machine) String() string {
	return fmt.Sprintf("%d cores of %s, %s MB of memory, PostgreSQL %s", m.Cores, m.CPU, whole(float64(m.MemoryMB)), m.PostgreSQL)
}

// whole writes a number without a fraction, its thousands apart.
func whole(v float64) string {
	digits := fmt.Sprintf("%.0f", v)
	var b strings.Builder
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// The chart's measures, in pixels.
const (
	chartWidth  = 760
	chartLeft   = 90
	chartRight  = 20
	chartRow    = 34
	chartLabel  = 160 // kept free behind the bars of the speeds
	chartBusy   = 90  // and for what stands at a step's
	chartInk    = "#1f2933"
	chartPale   = "#52606d"
	chartBlue   = "#2b6cb0"
	chartWanted = "#9fb3c8"
)

// reportChart draws when each step worked, and the flow beside the share of COPY's speed that is wanted.
func reportChart(list []measurement) string {
	m, _ := newest(list, "flow")
	steps := benchSteps(m.Values)
	height := 120 + chartRow*(len(steps)+2)
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="system-ui, sans-serif" font-size="13">`+"\n",
		chartWidth, height, chartWidth, height)
	_, _ = fmt.Fprintf(&b, "<title>Where the time of a bundle goes</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n", chartWidth, height)
	_, _ = fmt.Fprintf(&b, `<text x="%d" y="26" font-size="15" font-weight="600" fill="%s">%s payments in %.1f s</text>`+"\n",
		chartLeft, chartInk, whole(float64(m.Sizes["payments"])), m.Values["seconds"])
	chartSteps(&b, m.Values, 46)
	chartSpeeds(&b, m.Values, 76+chartRow*len(steps))
	_, _ = fmt.Fprintln(&b, "</svg>")
	return b.String()
}

func chartName(w io.Writer, y int, name string) {
	_, _ = fmt.Fprintf(w, `<text x="%d" y="%d" text-anchor="end" fill="%s">%s</text>`+"\n", chartLeft-10, y+17, chartInk, name)
}

func chartBar(w io.Writer, x float64, y int, length float64, colour string) {
	_, _ = fmt.Fprintf(w, `<rect x="%.1f" y="%d" width="%.1f" height="%d" rx="3" fill="%s"/>`+"\n", x, y, max(2, length), chartRow-10, colour)
}

// chartSteps draws each step from its first beginning to its last end.
func chartSteps(w io.Writer, v map[string]float64, y int) {
	const farRight = chartWidth - chartRight
	scale := (farRight - chartLeft) / max(v["seconds"], 0.001)
	for _, s := range benchSteps(v) {
		from, to := chartLeft+v["step_"+s+"_from_s"]*scale, chartLeft+v["step_"+s+"_to_s"]*scale
		chartName(w, y, s)
		chartBar(w, from, y, to-from, chartBlue)
		at, anchor, colour := to+6, "start", chartInk
		switch {
		case to <= farRight-chartBusy: // behind the bar
		case from >= chartLeft+chartBusy: // before it
			at, anchor = from-6, "end"
		default: // in it
			at, anchor, colour = to-6, "end", "#ffffff"
		}
		_, _ = fmt.Fprintf(w, `<text x="%.1f" y="%d" text-anchor="%s" fill="%s">%.1f s busy</text>`+"\n", at, y+17, anchor, colour, v["step_"+s+"_busy_s"])
		y += chartRow
	}
	_, _ = fmt.Fprintf(w, `<text x="%d" y="%d" fill="%s">0 s</text><text x="%d" y="%d" text-anchor="end" fill="%s">%.1f s</text>`+"\n",
		chartLeft, y+8, chartPale, farRight, y+8, chartPale, v["seconds"])
}

func chartSpeeds(w io.Writer, v map[string]float64, y int) {
	wanted := v["copy_rows_per_s"] * wantedRatio
	scale := (chartWidth - chartLeft - chartRight - chartLabel) / max(v["payments_per_s"], wanted, 1)
	for _, bar := range []struct {
		name, colour string
		value        float64
	}{{"nks", chartBlue, v["payments_per_s"]}, {"wanted", chartWanted, wanted}} {
		chartName(w, y, bar.name)
		chartBar(w, chartLeft, y, bar.value*scale, bar.colour)
		_, _ = fmt.Fprintf(w, `<text x="%.1f" y="%d" fill="%s">%s payments/s</text>`+"\n", chartLeft+bar.value*scale+8, y+17, chartInk, whole(bar.value))
		y += chartRow
	}
	_, _ = fmt.Fprintf(w, `<text x="%d" y="%d" fill="%s">wanted: %.2f of what COPY of the same rows reaches in the same run</text>`+"\n", chartLeft, y+14, chartPale, wantedRatio)
}

// tell prints a measurement.
func (m measurement) tell(w io.Writer) {
	names := make([]string, 0, len(m.Values))
	for name := range m.Values {
		names = append(names, name)
	}
	slices.Sort(names)
	_, _ = fmt.Fprintf(w, "\n%s\n", m.Name)
	for _, name := range names {
		_, _ = fmt.Fprintf(w, "  %-26s %14.3f\n", name, m.Values[name])
	}
	if m.Name == "idle" {
		_, _ = fmt.Fprintf(w, "idle: nks %.2f %%, PostgreSQL %.2f %%, simulated parties %.2f %% of one core; nks and PostgreSQL %.2f %%\n",
			m.Values["nks_percent"], m.Values["postgres_percent"], m.Values["simulators_percent"], m.Values["together_percent"])
	}
	if m.Name == "flow" {
		_, _ = fmt.Fprintf(w, "flow %.0f payments/s, COPY %.0f rows/s: ratio %.3f; processor time %.1f µs of a payment, %.2f µs of a row: %.1f times\n",
			m.Values["payments_per_s"], m.Values["copy_rows_per_s"], m.Values["ratio"], m.Values["cpu_us_per_payment"], m.Values["copy_cpu_us_per_row"],
			m.Values["cpu_times_copy"])
	}
}
