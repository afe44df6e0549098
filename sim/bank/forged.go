package bank

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
)

// forge lays out what somebody could make of an answer who can write into out/ and has no key: it says something else, and the signatures
// are those of the answer, or gone. The centre knows nothing of it: it keeps no copy.
func (d *desk) forge(name string) error {
	text, err := os.ReadFile(filepath.Join(d.folders.Sent, name))
	if err != nil {
		return err
	}
	text = otherwise(text, d.profile.Codes)
	if draw(d.profile.Faults.Seed, "forged", name)%2 == 0 {
		text = withoutAutack(text)
	}
	forged := "X" + name // it is met after the answer, or before
	if draw(d.profile.Faults.Seed, "met first", name)%2 == 0 {
		forged = "A" + name
	}
	// Under a name that is not looked at, as every other.
	if err := os.WriteFile(d.temporary(forged), text, 0o644); err != nil {
		return err
	}
	return os.Rename(d.temporary(forged), filepath.Join(d.folders.out(), forged))
}

// otherwise says rejected for executed or accepted, executed for rejected, books a hundred times as much, or refuses an interchange.
func otherwise(text []byte, c Codes) []byte {
	from := 0
	if bytes.HasPrefix(text, []byte("UNA")) {
		from = len("UNA:+,? '")
	}
	for _, swap := range [][2]string{
		{"GIS+" + c.Executed + "'", "GIS+" + c.Rejected + "'"}, {"GIS+" + c.Rejected + "'", "GIS+" + c.Executed + "'"},
		{"GIS+" + c.Accepted + "'", "GIS+" + c.Rejected + "'"}, {",", "00,"}, {"+7'", "+4'"}, {"+8'", "+4'"},
	} {
		if at := bytes.Index(text[from:], []byte(swap[0])); at >= 0 {
			at += from
			return bytes.Join([][]byte{text[:at], []byte(swap[1]), text[at+len(swap[0]):]}, nil)
		}
	}
	return text
}

// withoutAutack takes the AUTACK away, and counts the messages anew.
func withoutAutack(text []byte) []byte {
	from, to := bytes.LastIndex(text, []byte("UNH+AUTACK+")), bytes.LastIndex(text, []byte("UNZ+"))
	if from < 0 || to < from {
		return text
	}
	count, rest, found := bytes.Cut(text[to+len("UNZ+"):], []byte("+"))
	n, err := strconv.Atoi(string(count))
	if err != nil || !found {
		return text
	}
	return bytes.Join([][]byte{text[:from], []byte("UNZ+" + strconv.Itoa(n-1) + "+"), rest}, nil)
}
