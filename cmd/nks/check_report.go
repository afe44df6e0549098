package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strconv"

	"nks/gateway"
	"nks/gateway/postgres/dryrun"
	"nks/internal/report"
)

// checkJSON writes one object on one line, error by error.
type checkJSON struct {
	out    *bufio.Writer
	file   string
	errors int
}

// Judged implements dryrun.Report.
func (j *checkJSON) Judged(r dryrun.Result) error {
	head, err := json.Marshal(struct {
		File     string `json:"file"`
		Receipt  string `json:"receipt"`
		Accepted int64  `json:"accepted"`
		Rejected int64  `json:"rejected"`
		Oere     int64  `json:"oere"`
	}{j.file, r.Receipt, r.Accepted, r.Rejected, r.Ore})
	if err != nil {
		return err
	}
	if _, err = j.out.Write(head[:len(head)-1]); err != nil {
		return err
	}
	_, err = j.out.WriteString(`,"errors":[`)
	return err
}

// Error implements dryrun.Report.
func (j *checkJSON) Error(e dryrun.Error) error {
	one, err := json.Marshal(struct {
		Line       int    `json:"line"`
		Path       string `json:"path"`
		EndToEndID string `json:"endToEndId"`
		Code       string `json:"code"`
		Text       string `json:"text"`
	}{e.Line, e.Path, e.EndToEndID, string(e.Code), e.Text})
	if err != nil {
		return err
	}
	if j.errors > 0 {
		if err := j.out.WriteByte(','); err != nil {
			return err
		}
	}
	j.errors++
	_, err = j.out.Write(one)
	return err
}

// End implements checkReport.
func (j *checkJSON) End() error {
	_, err := j.out.WriteString("]}\n")
	return err
}

// checkText writes for people: what becomes of the file, when its payments are paid, and each error on a line that
// editors can jump to.
type checkText struct {
	out  *bufio.Writer
	file string
}

// shownGroups bounds the table; a bundle may have thousands of groups.
const shownGroups = 30

// Judged implements dryrun.Report.
func (t *checkText) Judged(r dryrun.Result) error {
	var err error
	switch r.Receipt {
	case dryrun.Unreadable:
		_, err = fmt.Fprintf(t.out, "%s: cannot be read: receipt 0\n", t.file)
	case dryrun.Refused:
		_, err = fmt.Fprintf(t.out, "%s: refused as a whole: receipt 1 RJCT; %d payments\n", t.file, r.Rejected)
	default:
		_, err = fmt.Fprintf(t.out, "%s: receipt 1 ACPT; %d payments: %d accepted, %s kr.; %d rejected\n", t.file, r.Payments, r.Accepted,
			report.Kroner(r.Ore), r.Rejected)
	}
	if err == nil && r.Accepted > 0 {
		err = t.groups(r.Groups)
	}
	return err
}

// groups is a table of what would be paid when.
func (t *checkText) groups(groups []dryrun.Group) error {
	const columns = "  %-20s %-14s %-10s  %-10s  %-16s %9s %20s\n"
	_, err := fmt.Fprintf(t.out, columns, "agreement", "debit account", "asked for", "paid on", "released", "payments", "kr.")
	shown := 0
	for _, g := range groups {
		if g.Accepted == 0 || err != nil {
			continue
		}
		if shown++; shown > shownGroups {
			continue
		}
		_, err = fmt.Fprintf(t.out, columns, g.Agreement, g.DebitAccount, g.RequestedOn, g.ExecutesOn, g.ReleaseAt.Format("2006-01-02 15:04"),
			strconv.FormatInt(g.Accepted, 10), report.Kroner(g.Ore))
	}
	if err == nil && shown > shownGroups {
		_, err = fmt.Fprintf(t.out, "  … and %d more\n", shown-shownGroups)
	}
	return err
}

// Error implements dryrun.Report.
func (t *checkText) Error(e dryrun.Error) error {
	place := t.file
	if e.Line > 0 {
		place += ":" + strconv.Itoa(e.Line)
	}
	id := ""
	if e.EndToEndID != "" || e.Code == gateway.CodeEndToEndID {
		id = " (EndToEndId " + printable(e.EndToEndID) + ")"
	}
	if e.Path != "" && e.Code != gateway.CodeBadXML { // the text of receipt 0 says its place
		place += ": " + e.Path
	}
	_, err := fmt.Fprintf(t.out, "%s: %s %s%s\n", place, e.Code, e.Text, id)
	return err
}

// End implements checkReport.
func (t *checkText) End() error { return nil }

// printable keeps what a document says from steering the terminal.
func printable(s string) string {
	if gateway.ValidEndToEndID(s) {
		return s
	}
	return strconv.Quote(s)
}
