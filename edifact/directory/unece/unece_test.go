package unece_test

import (
	"archive/zip"
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nks/edifact/directory/unece"
)

var update = flag.Bool("update", false, "write what the testdata is read as")

// published is where the zips of UNECE are, which are no part of the repository.
const published = "../../../../shared/samples/edifact/directories"

// TestLayouts reads the old and the new layout, each with all its shapes: marks,
// long names, notes, boxes.
func TestLayouts(t *testing.T) {
	t.Parallel()
	for _, layout := range []string{"old", "new"} {
		d, notes, err := unece.Read(zipOf(t, layout, nil))
		if err != nil {
			t.Errorf("%s: %v", layout, err)
			continue
		}
		text, err := d.MarshalText()
		if err != nil {
			t.Fatalf("%s: %v", layout, err)
		}
		text = append(text, "\nNotes:\n"+strings.Join(notes, "\n")+"\n"...)
		golden := "testdata/" + layout + ".txt"
		if *update {
			if err := os.WriteFile(golden, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text, want) {
			t.Errorf("%s is read as\n%s\nnot\n%s", layout, text, want)
		}
	}
}

// TestNothingIsDropped changes the files so that they contradict themselves or
// hold what no directory does.
func TestNothingIsDropped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		layout, file, old, new string
		place                  string // in the error
	}{
		{"old", "TRED.96A", "Repr: n..18", "Repr: n18a", "TRED.96A:30"},
		{"old", "TRED.96A", "   Desc: A cell.", "   What: A cell.", "TRED.96A:40"},
		{"old", "TRED.96A", "   5004  Amount", "   5025  Amount", "TRED.96A:30"},
		{"old", "TRED.96A", "   5004  Amount", "   A number of money", "TRED.96A:30"},
		{"old", "TRCD.96A", "020 + 5004", "020 + 5005", "TRCD.96A:14"},
		{"old", "TRCD.96A", "020 + 5004   Amount                                        C", "020 + 5004   Amount                                        Z", "TRCD.96A:14"},
		{"old", "TRCD.96A", "C  n..18", "C  n..17", "TRCD.96A:14"},
		{"old", "TRCD.96A", "occurs 100", "occurs often, 100", "TRCD.96A:18"},
		{"old", "TRSD.96A", "      5004   Amount                                        C  n..18", "", "TRSD.96A:"},
		{"old", "TRSD.96A", "      5004   Amount                                        C", "      5004   Amount                                        M", "TRSD.96A:40"},
		{"old", "TRSD.96A", "      MOA ", "      BGM ", "TRSD.96A:34"},
		{"old", "UNCL-1.96A", "+      12 A", "       1 2 A", "UNCL-1.96A:18"},
		{"old", "UNCL-1.96A", "+      12 A", "        1 A", "UNCL-1.96A:18"},
		{"old", "UNCL-1.96A", "Repr: an..3", "Repr: an..4", "UNCL-1.96A:14"},
		{"old", "UNCL-2.96A", "1004  Document number", "5025  Amount qualifier", "UNCL-2.96A:"},
		{"old", "AMOUNT_D.96A", "UNT Message", "UNS Message", "AMOUNT_D.96A:"},
		{"old", "AMOUNT_D.96A", "──┴┘", "──┘│", "AMOUNT_D.96A:"},
		{"old", "AMOUNT_D.96A", "MOA Amount ", "MOB Amount ", "AMOUNT_D.96A:25"},
		{"old", "AMOUNT_D.96A", "group 2", "group 3", "AMOUNT_D.96A:27"},
		{"old", "AMOUNT_D.96A", "           DETAIL SECTION", "           OTHER SECTION", "AMOUNT_D.96A:22"},
		{"old", "AMOUNT_D.96A", "Release      : 96A", "", "AMOUNT_D.96A:1"},
		{"new", "AMOUNT_D.01B", "M   1---------+|", "M   1----------|", "AMOUNT_D.01B:"},
	} {
		zip := zipOf(t, c.layout, func(name, text string) string {
			if name != c.file {
				return text
			}
			if !strings.Contains(text, c.old) {
				t.Fatalf("%s does not hold %q", c.file, c.old)
			}
			return strings.Replace(text, c.old, c.new, 1)
		})
		_, notes, err := unece.Read(zip)
		if err == nil || !strings.Contains(strings.ToUpper(err.Error()), c.place) {
			t.Errorf("%s with %q for %q: %v (notes %q), not an error at %s", c.file, c.new, c.old, err, notes, c.place)
		}
	}
}

func TestNamesMayDiffer(t *testing.T) {
	t.Parallel()
	zip := zipOf(t, "old", func(name, text string) string {
		if name == "TRSD.96A" {
			text = strings.Replace(text, "      5004   Amount ", "      5004   Sum    ", 1)
		}
		return text
	})
	d, notes, err := unece.Read(zip)
	if err != nil || len(notes) != 2 || !strings.Contains(notes[1], `5004 is called "Amount", not "Sum"`) {
		t.Errorf("%v, %q", err, notes)
	}
	if d != nil && d.Elements["5004"].Name != "Amount" {
		t.Errorf("5004 is called %q", d.Elements["5004"].Name)
	}
}

// TestStrangersAreNoted leaves out what refers to nothing, and says so.
func TestUnknownPartsAreNoted(t *testing.T) {
	t.Parallel()
	zip := zipOf(t, "old", func(name, text string) string {
		switch name {
		case "TRCDI1.96A":
			return strings.Replace(text, "C516", "C517", 1)
		case "UNCL-2.96A":
			return strings.Replace(text, "1004", "1005", 1)
		}
		return text
	})
	_, notes, err := unece.Read(zip)
	if err != nil || len(notes) != 3 || !strings.Contains(notes[1], "element 1005") || !strings.Contains(notes[2], "C517") {
		t.Errorf("%v, %q", err, notes)
	}
}

func TestMissingParts(t *testing.T) {
	t.Parallel()
	zip := zipOf(t, "old", func(name, text string) string {
		if name == "TRSD.96A" {
			return ""
		}
		return text
	})
	if _, _, err := unece.Read(zip); err == nil || !strings.Contains(err.Error(), "segment directory") {
		t.Errorf("without segments: %v", err)
	}
	if _, _, err := unece.Read(filepath.Join(t.TempDir(), "none.zip")); err == nil {
		t.Error("no zip is read as a directory")
	}
}

// TestPublishedDirectories reads what UNECE publishes and finds what is checked
// in.
func TestPublishedDirectories(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"d96a", "d01b"} {
		file := filepath.Join(published, "unece-"+release+".zip")
		if _, err := os.Stat(file); err != nil {
			t.Skip("the directories of UNECE are not there")
		}
		d, _, err := unece.Read(file)
		if err != nil {
			t.Errorf("%s: %v", release, err)
			continue
		}
		text, err := d.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile("../" + release + "/" + release + ".txt")
		if err != nil || !bytes.Equal(text, want) {
			t.Errorf("%s.txt is not what the generator writes: %v", release, err)
		}
	}
}

// zipOf puts the files of a layout in a zip, each in one of its own as UNECE
// does, in the character set of the files; a file that change empties is left
// out.
func zipOf(t testing.TB, layout string, change func(name, text string) string) string {
	t.Helper()
	files, err := filepath.Glob("testdata/" + layout + "/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	box := strings.NewReplacer("─", "\xc4", "│", "\xb3", "┐", "\xbf", "┘", "\xd9", "┴", "\xc1", "\n", "\r\n")
	var out bytes.Buffer
	outer := zip.NewWriter(&out)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, text := filepath.Base(file), string(data)
		if change != nil {
			text = change(name, text)
		}
		if text == "" {
			continue
		}
		var in bytes.Buffer
		inner := zip.NewWriter(&in)
		add(t, inner, strings.ToLower(name), box.Replace(text))
		add(t, inner, "README.TXT", "not a part")
		if err := inner.Close(); err != nil {
			t.Fatal(err)
		}
		add(t, outer, name[:4]+".ZIP", in.String())
		add(t, outer, "IDMD.ZIP", "the interactive directory is not opened")
	}
	if err := outer.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), layout+".zip")
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func add(t testing.TB, z *zip.Writer, name, text string) {
	t.Helper()
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// FuzzRead puts any text in the place of a file.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*")
	if err != nil {
		f.Fatal(err)
	}
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint(i), string(text))
	}
	f.Fuzz(func(t *testing.T, at uint, fuzzed string) {
		file := files[at%uint(len(files))]
		zip := zipOf(t, filepath.Base(filepath.Dir(file)), func(name, text string) string {
			if name == filepath.Base(file) {
				return fuzzed
			}
			return text
		})
		d, _, err := unece.Read(zip)
		if err == nil && len(d.Messages) == 0 {
			t.Error("a directory without messages")
		}
	})
}
