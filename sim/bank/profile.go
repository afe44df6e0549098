package bank

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// ErrProfile is returned when a profile cannot be read or says something that a bank centre cannot do.
var ErrProfile = errors.New("bank profile")

// Words of a profile.
const (
	WritesPlain = "none"   // segments one after the other
	WritesCRLF  = "crlf"   // CR LF after each segment
	WritesWrap  = "wrap80" // CR LF after every 80 bytes, wherever that falls

	Contrl7      = "7"      // the final CONTRL at once
	Contrl8Then7 = "8then7" // receipt at once, the final CONTRL when the checks are done
	Contrl8Only  = "8only"  // receipt only; a final CONTRL comes for rejects alone

	ValidationNone    = "none"    // no BANSTA before booking: rejects come at booking
	ValidationRejects = "rejects" // BANSTA for rejected orders only
	ValidationLines   = "lines"   // BANSTA per LIN, speaking for all of it: rejects come at booking
	ValidationBoth    = "both"    // BANSTA per LIN, and for each rejected order

	ExecutedNone = "none" // silence
	ExecutedLine = "line" // one word per LIN, for all of it that was not rejected
	ExecutedSeq  = "seq"  // one word per order

	KeysReference = "reference" // RFF+CR at a LIN with one SEQ, own running numbers
	KeysPosition  = "position"  // message id in SG1, our LIN and SEQ numbers
	KeysBoth      = "both"      // message id, our LIN and SEQ numbers, and RFF+CR
)

// Profile is how one bank centre reads, decides, writes and misbehaves. Its words are the centre's own: the gateway
// has a profile of its own for the same centre and must agree with this one about facts, not about spelling.
//
// A moment is a duration ("90s": that long after the file was read) or a time of day in Copenhagen ("06:30": the next
// one at or after the file was read; for Books, that time on the execution date).
type Profile struct {
	GLN            string `json:"gln"`
	Test           bool   `json:"test"`
	Writes         string `json:"writes"`
	UNA            bool   `json:"una"`
	AcceptsWrapped bool   `json:"accepts_wrapped"`
	ControlPrefix  string `json:"control_prefix"` // in front of the ten digits of UNB 0020

	Contrl        string `json:"contrl"`
	NamesMessages bool   `json:"names_messages"` // UCM 7 for each good message too
	Validation    string `json:"validation"`
	Keys          string `json:"keys"`
	Executed      string `json:"executed"`
	Codes         Codes  `json:"codes"`

	Acknowledges string `json:"acknowledges"` // moment of the first CONTRL
	Accepts      string `json:"accepts"`      // moment of the final CONTRL under 8then7, and of validation
	Books        string `json:"books"`        // moment of the booking answers

	Seed               uint64 `json:"seed"`
	RejectPerMille     int    `json:"reject_per_mille"`
	LateRejectPerMille int    `json:"late_reject_per_mille"` // rejected at booking, after acceptance
	// RejectsAccounts are accounts, registration number and account number as one word, to which every order is rejected.
	RejectsAccounts []string `json:"rejects_accounts,omitempty"`
	Reasons         []Reason `json:"reasons"`
	Cheques         bool     `json:"cheques"`               // without: an order for a cheque is rejected
	AsksPerMille    int      `json:"asks_contrl_per_mille"` // UNB 0031 of our own BANSTA interchanges

	Misbehaves Misbehaviour `json:"misbehaves"` // what a gateway must bear in everyday life
	Faults     Faults       `json:"faults,omitzero"`
	Reports    Reports      `json:"reports,omitzero"`
	Recalls    Recalls      `json:"recalls,omitzero"`
	Autack     Autack       `json:"autack,omitzero"`
}

// Codes are the values of GIS 7365 that the centre uses.
type Codes struct {
	Rejected string `json:"rejected"`
	Accepted string `json:"accepted"`
	Executed string `json:"executed"`
}

// Reason is a code of the Danish banks with its text.
type Reason struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// Misbehaviour holds rates per mille. Each choice is a function of the seed and of what is chosen upon, so a
// restarted centre misbehaves in the same places.
type Misbehaviour struct {
	Slow              int    `json:"slow"`               // an answer comes SlowBy later
	SlowBy            string `json:"slow_by"`            // duration
	Late              int    `json:"late"`               // a booking answer comes LateBy later
	LateBy            string `json:"late_by"`            // duration
	Twice             int    `json:"twice"`              // an answer comes again: the same bytes under another name, or a new interchange
	OutOfOrder        int    `json:"out_of_order"`       // the final CONTRL comes after the validation
	UnknownReference  int    `json:"unknown_reference"`  // a BANSTA about an order that nobody gave
	RejectMessage     int    `json:"reject_message"`     // UCM 4 for a good message
	RejectInterchange int    `json:"reject_interchange"` // UCI 4 for a good interchange
	Cut               int    `json:"cut"`                // a TCP connection is closed after CutAfter bytes sent
	CutAfter          int64  `json:"cut_after"`
}

// DefaultProfiles returns three centres that differ wherever profiles may.
func DefaultProfiles() map[string]Profile {
	reasons := []Reason{
		{"K0530", "Modtagers konto findes ikke"},
		{"K0544", "Modtagers konto er spærret"},
		{"K0561", "Kontoen er ophørt, ny konto ukendt"},
		{"K0608", "Kreditornummer er ugyldigt"},
		{"K0653", "Der er ikke dækning på kontoen"},
	}
	danish := Codes{Rejected: "2", Accepted: "3", Executed: "4"}
	return map[string]Profile{
		"BEC": {
			GLN: "5790001000013", Writes: WritesPlain, UNA: true, AcceptsWrapped: true,
			Contrl: Contrl7, Validation: ValidationRejects, Keys: KeysBoth, Executed: ExecutedSeq, Codes: danish,
			Acknowledges: "10s", Accepts: "2m", Books: "09:00", Recalls: Recalls{Answers: "20m", Stops: 900, Returns: 500, Within: 3, Silent: 50},
			Seed: 1, RejectPerMille: 8, LateRejectPerMille: 4, Reasons: reasons, Cheques: true, AsksPerMille: 500,
			Misbehaves: Misbehaviour{Twice: 100, UnknownReference: 50, Cut: 20, CutAfter: 6000},
		},
		"SDC": {
			GLN: "5790001000020", Writes: WritesCRLF, ControlPrefix: "S", AcceptsWrapped: true,
			Contrl: Contrl8Then7, NamesMessages: true, Validation: ValidationBoth, Keys: KeysPosition, Executed: ExecutedLine, Codes: danish,
			Acknowledges: "0s", Accepts: "5m", Books: "09:00", Recalls: Recalls{Answers: "1h", Stops: 700, Returns: 300, Within: 5},
			Seed: 2, RejectPerMille: 12, LateRejectPerMille: 2, Reasons: reasons, Cheques: true, AsksPerMille: 250,
			Misbehaves: Misbehaviour{Slow: 100, SlowBy: "10m", OutOfOrder: 100},
		},
		"BANKDATA": {
			GLN: "5790001000037", Writes: WritesWrap, UNA: true, ControlPrefix: "BD",
			Contrl: Contrl8Only, Validation: ValidationLines, Keys: KeysReference, Executed: ExecutedLine,
			Codes:        Codes{Rejected: "2", Accepted: "1", Executed: "53"},
			Acknowledges: "30s", Accepts: "1m", Books: "09:00", Recalls: Recalls{Answers: "10m", Stops: 500, Silent: 100},
			Seed: 3, RejectPerMille: 10, Reasons: reasons, Cheques: true,
			Misbehaves: Misbehaviour{Late: 50, LateBy: "2h"},
		},
	}
}

// WriteProfile writes the profile of a centre below dir and makes the folders that its gateway side needs.
func WriteProfile(dir, centre string, p Profile) error {
	if err := p.check(); err != nil {
		return fmt.Errorf("write profile of %s: %w", centre, err)
	}
	f, err := openFolders(dir, centre)
	if err != nil {
		return fmt.Errorf("write profile of %s: %w", centre, err)
	}
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("write profile of %s: %w", centre, err)
	}
	if err := replaceFile(f.Profile(), append(text, '\n'), true); err != nil {
		return fmt.Errorf("write profile of %s: %w", centre, err)
	}
	return nil
}

func readProfile(path string) (Profile, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Profile{}, fmt.Errorf("%w: how the centre answers: %w", ErrProfile, err)
	}
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.DisallowUnknownFields()
	var p Profile
	if err := dec.Decode(&p); err != nil {
		return Profile{}, fmt.Errorf("%w: %s: %w", ErrProfile, path, err)
	}
	return p, p.check()
}

func (p Profile) check() error {
	for _, w := range []struct{ name, is, may string }{
		{"writes", p.Writes, "none crlf wrap80"},
		{"contrl", p.Contrl, "7 8then7 8only"},
		{"validation", p.Validation, "none rejects lines both"},
		{"keys", p.Keys, "reference position both"},
		{"executed", p.Executed, "none line seq"},
	} {
		if !oneOf(w.is, w.may) {
			return fmt.Errorf("%w: %s is %q, may be: %s", ErrProfile, w.name, w.is, w.may)
		}
	}
	if p.GLN == "" || p.Codes.Rejected == "" || len(p.ControlPrefix) > 4 {
		return fmt.Errorf("%w: gln and codes.rejected must be there, control_prefix has at most 4 characters", ErrProfile)
	}
	if (len(p.RejectsAccounts) > 0 || p.RejectPerMille > 0 || p.LateRejectPerMille > 0 || !p.Cheques) && len(p.Reasons) == 0 {
		return fmt.Errorf("%w: rejects without reasons", ErrProfile)
	}
	if len(p.Faults.Kinds) > 0 && (p.Codes.Executed == "" || p.Codes.Accepted == "" || len(p.Reasons) == 0) {
		return fmt.Errorf("%w: faults need codes.accepted, codes.executed and reasons", ErrProfile)
	}
	if err := errors.Join(p.Faults.check(), p.checkReports(), p.checkRecalls(), p.Autack.check()); err != nil {
		return err
	}
	for _, m := range []string{p.Acknowledges, p.Accepts, p.Books} {
		if _, _, err := parseMoment(m); err != nil {
			return err
		}
	}
	for _, d := range []string{p.Misbehaves.SlowBy, p.Misbehaves.LateBy} {
		if _, err := parseDelay(d); err != nil {
			return err
		}
	}
	return nil
}

func oneOf(text, list string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == text {
			return true
		}
	}
	return false
}

// parseMoment returns either a delay, or minutes after midnight in ofDay (-1: it is a delay).
func parseMoment(s string) (delay time.Duration, ofDay int, err error) {
	if strings.Contains(s, ":") {
		t, err := time.Parse("15:04", s)
		if err != nil {
			return 0, 0, fmt.Errorf("%w: %q is no time of day HH:MM", ErrProfile, s)
		}
		return 0, t.Hour()*60 + t.Minute(), nil
	}
	delay, err = parseDelay(s)
	return delay, -1, err
}

func parseDelay(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%w: %q is no duration", ErrProfile, s)
	}
	return d, nil
}

// wholeSecond rounds up, because status.json and UNB tell time in whole seconds and nothing may be due before its word.
func wholeSecond(t time.Time) time.Time {
	if r := t.Truncate(time.Second); !r.Equal(t) {
		return r.Add(time.Second)
	}
	return t
}

// after is the first instant at or after t that the moment names.
func after(t time.Time, moment string, zone *time.Location) time.Time {
	delay, ofDay, err := parseMoment(moment)
	if err != nil || ofDay < 0 {
		return wholeSecond(t.Add(delay))
	}
	l := t.In(zone)
	for day := 0; ; day++ {
		at := time.Date(l.Year(), l.Month(), l.Day()+day, ofDay/60, ofDay%60, 0, 0, zone)
		if !at.Before(t) {
			return at
		}
	}
}

// onDay is the moment on the given day (ccyymmdd), or t where that is past or the moment is a delay.
func onDay(t time.Time, day, moment string, zone *time.Location) time.Time {
	delay, ofDay, err := parseMoment(moment)
	if err != nil || ofDay < 0 {
		return wholeSecond(t.Add(delay))
	}
	d, err := time.ParseInLocation("20060102", day, zone)
	if err != nil {
		return wholeSecond(t)
	}
	at := time.Date(d.Year(), d.Month(), d.Day(), ofDay/60, ofDay%60, 0, 0, zone)
	if at.Before(t) {
		return wholeSecond(t)
	}
	return at
}

// replaceFile writes a file so that a reader sees the old or the new one; synced, it is also there after a power cut.
func replaceFile(path string, text []byte, synced bool) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil && synced {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil || !synced {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
