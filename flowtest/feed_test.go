package flowtest_test

import (
	"fmt"
	"strings"
	"testing"

	"nks/internal/app"
	"nks/register/feed"
)

// feeds is a file of changes of a source as XML; each change is its attributes.
func feeds(source string, number int, changes ...string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<?xml version=\"1.0\"?>\n<RegisterFeed xmlns=%q source=%q number=\"%d\">\n", feed.Namespace, source, number)
	for i, c := range changes {
		fmt.Fprintf(&b, "<Change n=\"%d\" %s/>\n", i+1, c)
	}
	b.WriteString("</RegisterFeed>\n")
	return []byte(b.String())
}

// listening is a world that takes feeds of CPR from CPRKONT and of CVR from CVRKONT.
func listening(t *testing.T) *world {
	w := newWorld(t)
	w.options.Feeds = map[feed.Source]string{feed.CPR: "CPRKONT", feed.CVR: "CVRKONT"}
	w.Steps = w.steps(func(*app.StepOptions) {})
	w.fillImage()
	return w
}

// fed brings a file, and gives what its sender hears.
func (w *world) fed(supplier, key string, file []byte) string {
	w.t.Helper()
	if err := w.message(supplier, key, file); err != nil {
		w.t.Fatal(err)
	}
	w.read()
	answer := w.raw(w.number(`SELECT document_id FROM answer WHERE kind = 30 ORDER BY id DESC LIMIT 1`))
	_, answer, _ = strings.Cut(answer, "<RegisterFeedAnswer")
	return answer
}

// TestFeed: files are applied in the order of their numbers and exactly once, whatever comes between; the image follows, and who has died,
// left the country or is new is paid accordingly. // B38 // B4.1 // B18.3 // B22.3 // G-ident
func TestFeed(t *testing.T) {
	t.Parallel()
	w := listening(t)
	const person, newcomer = ann, "0303900005"
	first := feeds("CPR", 1,
		`what="new" kind="CPR" id="`+newcomer+`" name="Ny Borger" street="Vej 1" postcode="8000" town="Aarhus C" country="DK"`,
		`what="emigrated" kind="CPR" id="`+person+`" on="2005-08-01" country="SE"`,
		`what="died" kind="CPR" id="0909900009" on="2005-08-01"`)
	second := feeds("CPR", 2, `what="returned" kind="CPR" id="`+person+`" street="Vej 2" postcode="8000" town="Aarhus C" country="DK"`,
		`what="died" kind="CPR" id="`+newcomer+`" on="2005-08-10"`,
		`what="lives" kind="CPR" id="`+newcomer+`"`,
		`what="guardianship" kind="CPR" id="`+newcomer+`" guardian="`+person+`" guardianship="guardianship"`)
	standing := func() string {
		return w.row(`SELECT status, coalesce(ended_on::text, '-'), coalesce(country, '-'), coalesce(guardianship, 0) FROM holder_version
			WHERE recorded_to IS NULL AND valid_to IS NULL AND id IN (101700001, 303900005) AND kind = 1 ORDER BY id`)
	}
	const after = "4 2005-08-01 SE 0; 1 - DK 0"
	for _, step := range []struct {
		name, supplier, key, hears, standing string
		file                                 []byte
	}{
		{"the second file comes first", "CPRKONT", "b", `status="RJCT" rule="CPR 2 is not the next of its source: 1 is"`, "1 - DK 0", second},
		{"another's", "LEVA", "c", `status="RJCT" line="1" rule="the files of CPR are not sent by this data supplier"`, "1 - DK 0", first},
		{"cut off", "CPRKONT", "d", `rule="is not XML: unexpected EOF"`, "1 - DK 0", first[:len(first)-12]},
		{"the first", "CPRKONT", "a", `status="PART" changes="3" done="2"`, after, first},
		{"the first again", "CPRKONT", "e", `again="true"><Rejected n="3" rule="the holder is not known">`, after, first},
		{"another first", "CPRKONT", "f", `rule="CPR 1 is not the next of its source: another file of that number was applied, and 2 is"`, after, feeds("CPR", 1)},
		{"a change that is not in the schema", "CPRKONT", "g", `line="3" rule="attribute &#34;age&#34; is not in the schema"`, after, feeds("CPR", 2, `what="died" age="7"`)},
		{"the second", "CPRKONT", "h", `status="ACPT" changes="4" done="4"`, "1 - DK 0; 1 - DK 1", second},
	} {
		hears := w.fed(step.supplier, "id:"+step.key, step.file)
		if !strings.Contains(hears, step.hears) {
			t.Errorf("%s: the sender hears %s, want %s", step.name, hears, step.hears)
		}
		w.want(step.name, standing(), step.standing)
	}
	// The image knows it: whoever is dead for longer than the period is not paid, and the others are.
	w.receive(bundle("G-1", cpr("A-1", person, 100)))
	w.fed("CPRKONT", "id:i", []byte("register-feed,CPR,3,1\nn,what,kind,id,on\n1,died,CPR,"+person+",2004-01-01\n"))
	w.receive(bundle("G-2", cpr("A-2", person, 100), cpr("A-3", bob, 100)))
	w.wantAnswers("1 ACPT; 2 ACPT; 1 ACPT; 2 PART A-2:9014")
	w.want("files", w.row(`SELECT source, number, changes, done FROM register_feed ORDER BY number`), "CPR 1 3 2; CPR 2 4 4; CPR 3 1 1")
}
