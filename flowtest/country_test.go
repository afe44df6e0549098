package flowtest_test

import (
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/register"
)

// The people of the tests, and what is registered of them.
const (
	ann    = "0101700001" // NemKonto
	bob    = "0201700002" // NemKonto, and a specific account for authority 77's YD1
	exile  = "0301700003" // emigrated, NemKonto; authority 77 pays to it, 78 does not
	dead   = "0401700004" // since half a year and a day
	poor   = "0501700005" // no account, an address
	lost   = "0601700006" // no account, no address
	abroad = "0701700007" // NemKonto in Switzerland, in CHF
	nobody = "0801700008" // not registered

	firm      = "12345674"   // NemKonto
	closed    = "34567891"   // ceased, half a year and a day ago
	poorFirm  = "45678903"   // no account
	branch    = "23456788"   // SE under firm, no account of its own
	ownBranch = "56789014"   // SE under firm, with its own
	loneSE    = "67890124"   // SE under nothing, no account
	plant     = "1003456789" // P under firm, no account of its own
	poorPlant = "1003456790" // P under poorFirm
)

// Their accounts.
const (
	annAccount    = "70450001000001"
	bobAccount    = "70450001000002"
	bobSpecific   = "70450001999992"
	exileAccount  = "70450001000003"
	abroadAccount = "CH9300762011623852957"
	firmAccount   = "70450001000011"
	branchAccount = "70450001000012"
)

// Debit accounts.
const (
	debit1 = "30110004567890"
	debit2 = "30110004567891"
)

// country is reference data: the rows of each CSV file.
type country map[string][]string

const (
	agreementColumns = "agreement,authority,los_unit,supplier,bank_centre,payout_accounts,no_account,receive_by,valid_from,valid_to"
	accountColumns   = "kind,id,account,iban,foreign_account,bank_code,bic,bank_name,bank_address,bank_country,currency,holder_name,holder_address,valid_from,valid_to"
)

func denmark() country {
	return country{
		"suppliers.csv":   {"supplier,name,ean,ssh_keys", "LEVA,Leverandør A,,", "LEVB,Leverandør B,,"},
		"authorities.csv": {"authority,name,cvr,emigrated,p_numbers", "77,Prøvekøbing Kommune,,yes,no", "78,Nabokøbing Kommune,,no,yes"},
		"los_units.csv":   {"authority,los_unit,parent,name", "77,U1,,Kassen"},
		"benefit_types.csv": {"benefit_type,authority,name,fallback,salary", "YD1,,Almen ydelse,yes,no", "YD77,77,Egen ydelse,yes,no", "YD78,78,Naboens ydelse,yes,no",
			"YDLOCK,77,Kapitalpension,no,no", "YDLON,,Løn,yes,yes", "YDPEN,77,Tjenestemandspension,yes,yes", "YDPEN,,Pension,yes,no"},
		"agreements.csv": {agreementColumns,
			"AFT-1,77,U1,LEVA,BEC," + debit1 + " " + debit2 + ",return,06:00,,",
			"AFT-2,77,,LEVA,SDC,53010000123456,cheque,06:00,,",
			"AFT-3,77,,LEVA,BEC," + debit1 + ",cheque,07:30,,",
			"AFT-OLD,77,,LEVA,BEC," + debit1 + ",return,06:00,2000-01-01,2005-08-10",
			"AFT-NEW,77,,LEVA,BEC," + debit1 + ",return,06:00,2005-08-13,",
			"AFT-B,77,,LEVB,BEC,40010000765432,return,06:00,,",
			"AFT-78,78,,LEVB,BEC,20010000111111,return,06:00,,"},
		"holders.csv": {"kind,id,parent,status,ended_on,name,street,postcode,town,country",
			"CPR," + ann + ",,alive,,Ann Andersen,Algade 1,4600,Køge,DK",
			"CPR," + bob + ",,alive,,Bob Bentsen,Bygaden 2,4600,Køge,DK",
			"CPR," + exile + ",,emigrated,2001-05-01,Erik Exil,,,,",
			"CPR," + dead + ",,dead,2005-02-11,Dorthe Død,,,,",
			"CPR," + poor + ",,alive,,Poul Fattig,Gyden 5,4600,Køge,DK",
			"CPR," + lost + ",,alive,,Lone Hjemløs,,,,",
			"CPR," + abroad + ",,alive,,Urs Udland,Bahnhofstrasse 1,8001,Zürich,CH",
			"CVR," + firm + ",,alive,,Firmaet A/S,Havnen 1,4600,Køge,DK",
			"CVR," + closed + ",,ceased,2005-02-11,Lukket ApS,,,,",
			"CVR," + poorFirm + ",,alive,,Fattig ApS,,,,",
			"SE," + branch + "," + firm + ",alive,,Filialen,,,,",
			"SE," + ownBranch + "," + firm + ",alive,,Egen Filial,,,,",
			"SE," + loneSE + ",,alive,,Alene,,,,",
			"P," + plant + "," + firm + ",alive,,Fabrikken,,,,",
			"P," + poorPlant + "," + poorFirm + ",alive,,Værkstedet,,,,"},
		"accounts.csv": {accountColumns,
			"CPR," + ann + "," + annAccount + ",,,,,,,,,,,,",
			"CPR," + bob + "," + bobAccount + ",,,,,,,,,,,,",
			"CPR," + exile + "," + exileAccount + ",,,,,,,,,,,,",
			"CPR," + abroad + ",," + abroadAccount + ",,,AAAACHZZXXX,Musterbank,Zürich,CH,CHF,,,,",
			"CVR," + firm + "," + firmAccount + ",,,,,,,,,,,,",
			"SE," + ownBranch + "," + branchAccount + ",,,,,,,,,,,,"},
		"specific_accounts.csv": {accountColumns + ",authority,benefit_type,locked",
			"CPR," + bob + "," + bobSpecific + ",,,,,,,,,,,,,77,YD1,no"},
	}
}

// with is the country with other rows of a file; the header stays.
func (c country) with(file string, rows ...string) country {
	c = maps.Clone(c)
	c[file] = append(c[file][:1:1], rows...)
	return c
}

// load brings files into the register, as nks load does.
func load(t testing.TB, db *sqlx.DB, c country, now time.Time) {
	t.Helper()
	if err := loadFrom(t, db, c, now, ""); err != nil {
		t.Fatal(err)
	}
}

// loadFrom is load of what counts since a day; "": since the load.
func loadFrom(t testing.TB, db *sqlx.DB, c country, now time.Time, day string) error {
	t.Helper()
	var from gateway.Date
	if day != "" {
		var err error
		if from, err = gateway.ParseDate(day); err != nil {
			t.Fatal(err)
		}
	}
	var sources []register.Source
	for file, rows := range c {
		text := strings.Join(rows, "\n") + "\n"
		sources = append(sources, register.Source{Name: file, Size: int64(len(text)),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }})
	}
	_, err := register.Load(t.Context(), db, sources, register.Options{Now: func() time.Time { return now }, From: from})
	return err
}
