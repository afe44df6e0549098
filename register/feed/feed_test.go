package feed_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nks/gateway"
	"nks/register/feed"
)

const root = `<RegisterFeed xmlns="` + feed.Namespace + `" source="%s" number="1">%s</RegisterFeed>`

// read reads a whole file; the error is that of its form, or nil.
func read(t interface{ Fatal(...any) }, file string) ([]feed.Change, error) {
	r, err := feed.Open(strings.NewReader(file))
	var all []feed.Change
	for err == nil {
		var c *feed.Change
		if c, err = r.Next(); err == nil {
			all = append(all, *c)
		}
	}
	if errors.Is(err, io.EOF) {
		return all, nil
	}
	if _, form := errors.AsType[*feed.FormError](err); !form {
		t.Fatal("no error of the form:", err)
	}
	return nil, err
}

// TestRead_Refuses: what is not in the schema is refused with its line and the rule; what is refused in one form is in the other.
// B38 // G-ident
func TestRead_Refuses(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]struct{ source, change, says string }{
		"a hole in the numbers":       {"CPR", `n="2" what="lives" kind="CPR" id="0101700001"`, "n must be 1"},
		"no such kind of change":      {"CPR", `n="1" what="married" kind="CPR" id="0101700001"`, "what must be"},
		"another register's":          {"CVR", `n="1" what="lives" kind="CPR" id="0101700001"`, "of which CVR tells"},
		"a company dies":              {"CVR", `n="1" what="died" kind="CVR" id="12345674" on="2005-01-01"`, "does not happen to a CVR number"},
		"no day":                      {"CPR", `n="1" what="died" kind="CPR" id="0101700001"`, "on is missing"},
		"no such day":                 {"CPR", `n="1" what="died" kind="CPR" id="0101700001" on="2005-02-30"`, "on must be a date"},
		"a replacement number":        {"CPR", `n="1" what="lives" kind="CPR" id="6101700001"`, "id must be a CPR number of 10 digits"},
		"modulus 11":                  {"CVR", `n="1" what="lives" kind="CVR" id="12345678"`, "id must be a CVR number of 8 digits"},
		"more than it takes":          {"CPR", `n="1" what="lives" kind="CPR" id="0101700001" name="Ann"`, "lives takes"},
		"a country of three letters":  {"CPR", `n="1" what="moved" kind="CPR" id="0101700001" country="DNK"`, "country must be two letters"},
		"born on another day":         {"CPR", `n="1" what="new" kind="CPR" id="0101700001" name="A" on="1970-01-02"`, "on must be the date of birth"},
		"her own guardian":            {"CPR", `n="1" what="guardianship" kind="CPR" id="0101700001" guardian="0101700001" guardianship="custody"`, "guardian must be another"},
		"a P number under nobody":     {"CVR", `n="1" what="new" kind="P" id="1000000001" name="P"`, "parent is missing"},
		"a name with a line feed":     {"CPR", `n="1" what="renamed" kind="CPR" id="0101700001" name="A&#10;B"`, "name must not hold control characters"},
		"a name of too many letters":  {"CPR", `n="1" what="renamed" kind="CPR" id="0101700001" name="` + strings.Repeat("å", 201) + `"`, "name is longer than 200"},
		"an attribute of no schema":   {"CPR", `n="1" what="lives" kind="CPR" id="0101700001" x0101700001="1"`, `attribute "xxxxxxxxxxx" is not in the schema`},
		"a successor of another kind": {"CVR", `n="1" what="succeeded" kind="CVR" id="12345674" successor="1000000001"`, "successor must be a CVR number"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := read(t, fmt.Sprintf(root, of.source, "\n<Change "+of.change+"/>")); err == nil || !strings.HasPrefix(err.Error(), "line 2: ") || !strings.Contains(err.Error(), of.says) {
				t.Errorf("%v, want line 2 and %q", err, of.says)
			}
		})
	}
	for name, file := range map[string]string{
		"empty": "", "another root": `<Feed/>`, "no namespace": `<RegisterFeed source="CPR" number="1"/>`, "no number": `<RegisterFeed xmlns="` + feed.Namespace + `" source="CPR"/>`,
		"a DTD": `<!DOCTYPE x [<!ENTITY a "b">]>` + fmt.Sprintf(root, "CPR", ""), "text": fmt.Sprintf(root, "CPR", "text"), "another element": fmt.Sprintf(root, "CPR", "<Other/>"),
		"more behind it": fmt.Sprintf(root, "CPR", "") + "<x/>", "an element within": fmt.Sprintf(root, "CPR", `<Change n="1" what="lives" kind="CPR" id="0101700001"><x/></Change>`),
		"CSV without a header": "register-feed,CPR,1,1\n", "CSV that is cut off": "register-feed,CPR,1,2\nn,what,kind,id\n1,lives,CPR,0101700001\n",
		"CSV with more": "register-feed,CPR,1,0\nn,what,kind,id\n1,lives,CPR,0101700001\n", "CSV of another source": "register-feed,DVLA,1,0\nn\n",
		"CSV with a column twice": "register-feed,CPR,1,0\nn,n\n", "too large": "<!--" + strings.Repeat(" ", feed.MostBytes) + "-->",
	} {
		if _, err := read(t, file); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// TestRead_BothForms: what stands in a file of XML is what stands in one of CSV.
func TestRead_BothForms(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		columns := []string{"n", "what", "kind", "id", "on", "name", "country", "guardian", "guardianship"}
		n := rapid.IntRange(0, 5).Draw(t, "changes")
		asXML, asCSV := strings.Builder{}, strings.Builder{}
		fmt.Fprintf(&asCSV, "register-feed,CPR,1,%d\n%s\n", n, strings.Join(columns, ","))
		for i := range n {
			fields := map[string]string{"n": fmt.Sprint(i + 1), "kind": "CPR", "id": "0101700001"}
			switch fields["what"] = rapid.SampledFrom([]string{"renamed", "died", "emigrated", "guardianship", "lives"}).Draw(t, "what"); fields["what"] {
			case "renamed":
				fields["name"] = rapid.StringMatching(`[A-Za-zÆØÅæøå"<&',][A-Za-z &"'<,]{0,20}[a-zæøå]`).Draw(t, "name")
			case "died", "emigrated":
				fields["on"] = fmt.Sprintf("2005-%02d-%02d", rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day"))
			case "guardianship":
				fields["guardian"], fields["guardianship"] = "0202800004", rapid.SampledFrom([]string{"guardianship", "custody"}).Draw(t, "why")
			}
			asXML.WriteString("<Change")
			row := make([]string, len(columns))
			for c, name := range columns {
				if fields[name] == "" {
					continue
				}
				var escaped strings.Builder
				_ = xml.EscapeText(&escaped, []byte(fields[name]))
				fmt.Fprintf(&asXML, ` %s="%s"`, name, escaped.String())
				row[c] = `"` + strings.ReplaceAll(fields[name], `"`, `""`) + `"`
			}
			asXML.WriteString("/>")
			asCSV.WriteString(strings.Join(row, ",") + "\n")
		}
		a, err := read(t, fmt.Sprintf(root, "CPR", asXML.String()))
		if err != nil {
			t.Fatal(err)
		}
		b, err := read(t, asCSV.String())
		if err != nil {
			t.Fatal(err)
		}
		if len(a) != n || len(b) != n {
			t.Fatalf("%d and %d changes of %d", len(a), len(b), n)
		}
		for i := range a {
			if a[i].Line, b[i].Line = 0, 0; a[i] != b[i] {
				t.Fatalf("XML says %+v, CSV %+v", a[i], b[i])
			}
		}
	})
}

// FuzzOpen: whatever comes, it is read or refused, and what is read keeps the rules.
func FuzzOpen(f *testing.F) {
	f.Add(fmt.Sprintf(root, "CPR", `<Change n="1" what="died" kind="CPR" id="0101700001" on="2005-01-01"/>`))
	f.Add("register-feed,CVR,7,1\nn,what,kind,id,parent\n1,under,P,1000000001,12345674\n")
	f.Fuzz(func(t *testing.T, file string) {
		all, err := read(t, file)
		if err != nil {
			return
		}
		for i, c := range all {
			if c.Number != i+1 || !gateway.ValidNumber(c.Kind, c.ID) {
				t.Errorf("change %d is %+v", i+1, c)
			}
		}
	})
}
