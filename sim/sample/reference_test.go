package sample_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nks/sim/sample"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		put(t, filepath.Join(dir, name), content)
	}
	return dir
}

func TestReferenceDataAreUsedAsTheyAre(t *testing.T) {
	t.Parallel()
	holders := "kind,id,parent,status,ended_on,name,street,postcode,town,country\r\nCPR,0102031234,,dead,2005-01-01,\"A, B\",,,,\r\n"
	reference := folder(t, map[string]string{
		"suppliers.csv":  "\ufeffssh_keys,name,supplier,ean\n,Anden,ANDEN,\n,\"Prøve, A/S\",PROEVE,\n",
		"holders.csv":    holders,
		"agreements.csv": "agreement,authority,los_unit,supplier,bank_centre\nPROEVE-7,77,77,PROEVE,SYD\nX,77,77,PROEVE,UKENDT\n",
		"notes.txt":      "not reference data",
	})
	dir, s := prepared(t, "testdata/incomplete.xml", reference)
	if !slices.Equal(s.Suppliers, []string{"PROEVE"}) {
		t.Errorf("suppliers %v", s.Suppliers)
	}
	if get(t, dir, "country", "holders.csv") != holders {
		t.Error("holders.csv was changed")
	}
	same(t, "suppliers", column(rows(t, dir, "suppliers.csv"), "supplier", "name", "ssh_keys"), "ANDEN/Anden/", "PROEVE/Prøve, A/S/"+key)
	entries, err := os.ReadDir(filepath.Join(dir, "country"))
	if err != nil || len(entries) != 3 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestSenderOfReferenceData(t *testing.T) {
	t.Parallel()
	const header = "supplier,name,ean,ssh_keys\n"
	for name, c := range map[string]struct {
		suppliers string
		want      []string // rows
		login     string
	}{
		"its own key stays, ours is added":            {header + "PROEVE,P,,ssh-rsa own\n", []string{"PROEVE/ssh-rsa own;" + key}, "PROEVE"},
		"an unknown sender uses a door that is there": {header + "A,A,,\nB,B,,\n", []string{"A/" + key, "B/"}, "A"},
		"nobody is known":                             {header, []string{"PROEVE/" + key}, "PROEVE"},
		"no file":                                     {"", []string{"PROEVE/" + key}, "PROEVE"},
		"no name of a login":                          {header + "æ ø,A,,\n", []string{"æ ø/"}, "PROEVE"},
	} {
		files := map[string]string{"authorities.csv": "authority,name,cvr\n77,N,\n"}
		if c.suppliers != "" {
			files["suppliers.csv"] = c.suppliers
		}
		dir, s := prepared(t, "testdata/incomplete.xml", folder(t, files))
		if !slices.Equal(s.Suppliers, []string{c.login}) {
			t.Errorf("%s: %v", name, s.Suppliers)
		}
		same(t, name, column(rows(t, dir, "suppliers.csv"), "supplier", "ssh_keys"), c.want...)
	}
}

func TestReferenceDataThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		says  string
	}{
		"nothing":      {map[string]string{"readme.txt": ""}, "no .csv"},
		"empty":        {map[string]string{"suppliers.csv": ""}, "header"},
		"no column":    {map[string]string{"suppliers.csv": "name\nP\n"}, "column supplier"},
		"no keys":      {map[string]string{"suppliers.csv": "supplier\nPROEVE\n"}, "column ssh_keys"},
		"broken":       {map[string]string{"suppliers.csv": "supplier,ssh_keys\n\"P\n"}, "suppliers.csv"},
		"other centre": {map[string]string{"agreements.csv": "agreement,authority,supplier,bank_centre\nPROEVE-7,77,PROEVE,ØST\n"}, `"ØST" is not simulated`},
	} {
		_, err := prepare(t, t.TempDir(), "testdata/incomplete.xml", folder(t, c.files))
		if !errors.Is(err, sample.ErrReference) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sample.Suppliers("testdata/incomplete.xml", "testdata/none"); !errors.Is(err, sample.ErrReference) {
		t.Error(err)
	}
}
