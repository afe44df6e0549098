package flowtest_test

import (
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/console"
)

// landmark is a part of a page that a screen reader can go to: what kind it is and what it is called.
type landmark struct{ role, name string }

// landmarkRoles are the roles that elements have by themselves.
var landmarkRoles = map[string]string{"nav": "navigation", "main": "main", "aside": "complementary", "section": "region", "form": "form",
	"header": "banner", "footer": "contentinfo"}

// namedOnly are the roles that make a landmark only of what has a name.
var namedOnly = map[string]bool{"region": true, "form": true}

// landmarks are a page's, in their order.
func landmarks(t *testing.T, html string) []landmark {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(html))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	type found struct{ role, label, labelledBy string }
	var marks []found
	var open []string // ids of the elements that a text stands in
	texts := map[string]string{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("a page that cannot be parsed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			attributes := map[string]string{}
			for _, a := range token.Attr {
				attributes[a.Name.Local] = a.Value
			}
			open = append(open, attributes["id"])
			role := landmarkRoles[token.Name.Local]
			if attributes["role"] != "" {
				role = attributes["role"]
			}
			marks = append(marks, found{role, attributes["aria-label"], attributes["aria-labelledby"]})
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			for _, id := range open {
				texts[id] += string(token)
			}
		}
	}
	roles := append(slices.Collect(maps.Values(landmarkRoles)), "search")
	var list []landmark
	for _, m := range marks {
		name := m.label
		for id := range strings.FieldsSeq(m.labelledBy) {
			name += " " + texts[id]
		}
		name = strings.Join(strings.Fields(name), " ")
		if slices.Contains(roles, m.role) && (name != "" || !namedOnly[m.role]) {
			list = append(list, landmark{m.role, name})
		}
	}
	return list
}

// TestPages_LandmarksAreToldApart: two landmarks of one kind have two names, on every page and in both languages.
func TestPages_LandmarksAreDistinct(t *testing.T) {
	t.Parallel()
	w := busy(t)
	w.says("BEC", contrl("BEC", 77, "7"))
	w.reports("n1", bankLine("BEC", gateway.LinkDown), doorLine(gateway.DoorMailbox, gateway.LinkUp))
	server := httptest.NewServer(w.pages(func(c *console.Config) { c.Checker = &judge{} }).handler)
	defer server.Close()
	file, multipart := upload(t, "b.xml", []byte("x"))
	const form = "application/x-www-form-urlencoded"
	for _, language := range []string{"da", "en"} {
		for _, page := range []struct {
			method, path, authority string
			kind, body              string
			status                  int
		}{
			{"GET", "/", "", "", "", 200},
			{"GET", "/", "77", "", "", 200},
			{"GET", "/lines", "", "", "", 200},
			{"GET", "/lines", "77", "", "", 200},
			{"GET", firstDelivery, "", "", "", 200},
			{"GET", firstDelivery, "77", "", "", 200},
			{"GET", "/payment/" + w.payment("A-1"), "77", "", "", 200},
			{"POST", "/search", "77", form, "q=nothing", 200},
			{"POST", "/check", "", multipart, file.String(), 200},
			{"GET", "/nothing", "", "", "", 404},
		} {
			what := strings.Join([]string{language, page.method, page.path, page.authority}, " ")
			r, err := http.NewRequestWithContext(t.Context(), page.method, server.URL+page.path, strings.NewReader(page.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", page.kind)
			r.Header.Set("Cookie", strings.Replace(cookies(page.authority), "=da", "="+language, 1))
			answer, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			html, err := io.ReadAll(answer.Body)
			err = errors.Join(err, answer.Body.Close())
			if err != nil || answer.StatusCode != page.status || !strings.Contains(string(html), `<html lang="`+language+`">`) {
				t.Errorf("%s: %d, %v", what, answer.StatusCode, err)
			}
			distinct(t, what, landmarks(t, string(html)))
		}
	}
}

func distinct(t *testing.T, what string, all []landmark) {
	t.Helper()
	if !slices.ContainsFunc(all, func(l landmark) bool { return l.role == "main" }) {
		t.Errorf("%s has the landmarks %q", what, all)
	}
	seen := map[landmark]bool{}
	for _, l := range all {
		if seen[l] {
			t.Errorf("%s has two landmarks %s %q", what, l.role, l.name)
		}
		seen[l] = true
	}
}
