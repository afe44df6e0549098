package country

import (
	"strconv"
	"strings"
)

// supplier is a data supplier: it sends and fetches files for one or more authorities.
type supplier struct{ id, name, ean string }

func suppliers() []supplier {
	return []supplier{
		{"KOMDATA", "Kommunernes Datahus", "5790001000103"},
		{"PENSIT", "Pensionernes IT", ""},
		{"AFGIFTIT", "Afgiftsvæsenets IT", "5790001000202"},
		{"STUDIEIT", "Studiestøttens IT", ""},
	}
}

// Suppliers lists the data suppliers of every country: the logins at the mailbox, and the names of their keys.
func Suppliers() []string {
	var ids []string
	for _, s := range suppliers() {
		ids = append(ids, s.id)
	}
	return ids
}

// ByQueue lists those of the Suppliers that send by message queue; the others send by mailbox.
func ByQueue() []string { return []string{"PENSIT", "STUDIEIT"} }

// authority is a public payer; its id is what stands as ADMID in a bundle.
type authority struct {
	id, name, cvr       string
	emigrated, pNumbers bool // it pays to the NemKonti of the emigrated, and to P numbers' own accounts
}

// payer is an authority with its words.
func payer(id string) authority {
	for _, a := range payers() {
		if a.id == id {
			return a
		}
	}
	return authority{}
}

func payers() []authority {
	return []authority{
		{id: "4101", name: "Nordvig Kommune"},
		{id: "4102", name: "Sønderlund Kommune", pNumbers: true},
		{id: "5200", name: "Pensionskontoret", emigrated: true},
		{id: "6300", name: "Afgiftsvæsenet", emigrated: true, pNumbers: true},
		{id: "7400", name: "Studiestøttekontoret"},
		{id: "8101", name: "Øregionen"},
	}
}

// authorities are the payers with their CVR numbers.
func (w *world) authorities() []authority {
	list := payers()
	for i := range list {
		// The last numbers of the companies' series: no holder reaches them.
		list[i].cvr = string(w.appendCVR(nil, companySpan-1-i))
	}
	return list
}

// agreement is a bank agreement of an authority, used through one supplier.
type agreement struct {
	number, authority, unit, supplier string
	centre                            int // index among the country's centres, modulo their number
	accounts                          []string
	returns                           string // the account that money comes back to; empty: the one that was debited
	choice, receiveBy, from, to       string
}

const (
	choiceReturn = "return"
	choiceCheque = "cheque"
	cutOff       = "06:00"
)

func agreements() []agreement {
	return []agreement{
		{"NORDVIG-01", "4101", "4101-Y", "KOMDATA", 0, []string{"30010000410101", "30010000410102"}, "30010000410190", choiceReturn, cutOff, "2004-01-01", ""},
		{"NORDVIG-02", "4101", "4101-L", "KOMDATA", 1, []string{"51220000410109"}, "", choiceCheque, cutOff, "2004-01-01", ""},
		{"004102", "4102", "4102-0", "KOMDATA", 2, []string{"90430000410201"}, "", choiceCheque, cutOff, "2004-01-01", ""},
		{"PENS.5200", "5200", "5200-P", "PENSIT", 0, []string{"30010000520001"}, "", choiceCheque, cutOff, "2004-01-01", ""},
		{"PENS.5201", "5200", "5200-B", "PENSIT", 2, []string{"90430000520002", "90430000520003"}, "90430000520090", choiceReturn, cutOff, "2004-01-01", ""},
		{"AFG-630001", "6300", "6300-1", "AFGIFTIT", 1, []string{"51220000630001"}, "51220000630090", choiceReturn, cutOff, "2004-01-01", ""},
		{"AFG-630002", "6300", "6300-2", "AFGIFTIT", 0, []string{"30010000630009"}, "", choiceCheque, cutOff, "2004-01-01", ""},
		{"STUD7400", "7400", "7400", "STUDIEIT", 1, []string{"51220000740001"}, "", choiceReturn, "13:30", "2004-01-01", ""},
		{"OE-8101", "8101", "8101", "STUDIEIT", 2, []string{"90430000810101"}, "90430000810190", choiceReturn, cutOff, "2004-01-01", ""},
		{"NORDVIG-00", "4101", "4101-Y", "KOMDATA", 0, []string{"30010000410100"}, "", choiceReturn, cutOff, "2001-01-01", "2004-12-31"},
	}
}

// valid leaves out the agreement that has run out.
func (a agreement) valid() bool { return a.to == "" }

// ReturnAccounts maps payout accounts to the account that what was paid from them comes back to, where that is another one.
func ReturnAccounts() map[string]string {
	to := map[string]string{}
	for _, g := range agreements() {
		for _, a := range g.accounts {
			if g.returns != "" {
				to[a] = g.returns
			}
		}
	}
	return to
}

// standing is what an authority wants done with money that has nowhere to go. For payments without an account it comes to what
// the authority's agreements say, as the plan expects.
type standing struct{ authority, benefit, cause, choice string }

func choices() []standing {
	return []standing{
		{"4101", "", "came_back", "hold 2 else cheque"},
		{"4101", "", "bank_rejected", "hold 1 else return"},
		{"4101", "KBOLIG", "bank_rejected", "error_account 30010000410199"},
		{"4102", "", "came_back", "cheque else return"},
		{"4102", "", "no_account", "cheque else return"},
		{"5200", "", "came_back", "error_account 30010000520099"},
		{"5200", "", "bank_rejected", "cheque else error_account 30010000520099"},
		{"6300", "", "came_back", "return"},
		{"7400", "", "no_account", "hold 3 else return"},
		{"7400", "", "came_back", "hold 2 else error_account 51220000740099"},
		{"8101", "", "no_account", "return"},
		{"8101", "", "bank_rejected", "cheque else return"},
	}
}

func (w *world) writeChoices(t *table) {
	t.header("authority benefit_type cause choice")
	for _, c := range choices() {
		t.texts(c.authority, c.benefit, c.cause, c.choice)
		t.end()
	}
}

// benefit is a benefit type; without an authority it is general. A strict one goes to a locked specific account only.
type benefit struct {
	id, authority, name string
	strict              bool
}

// strictBenefit is the code of the benefit that creditors must not reach.
const strictBenefit = "KAPPEN"

func benefits() []benefit {
	return []benefit{
		{id: "NKSLEV", name: "Leverandørbetaling"},
		{id: "NKSDPE", name: "Diverse til personer"},
		{id: "NKSOAM", name: "Overskydende afgifter og moms"},
		{id: "NKSMOA", name: "Moms og afgifter"},
		{id: "KBOLIG", authority: "4101", name: "Boligstøtte"},
		{id: "KSYGE", authority: "4102", name: "Sygedagpenge"},
		{id: "PFOLKE", authority: "5200", name: "Folkepension"},
		{id: "PFOERT", authority: "5200", name: "Førtidspension"},
		{id: strictBenefit, authority: "5200", name: "Kapitalpension", strict: true},
		{id: "OVSKAT", authority: "6300", name: "Overskydende skat"},
		{id: "SUSTIP", authority: "7400", name: "Stipendium"},
	}
}

func specificKinds() []specificKind {
	return []specificKind{{"4101", "KBOLIG", 12}, {"5200", "PFOLKE", 10}, {"7400", "SUSTIP", 25}, {"5200", strictBenefit, 10}}
}

func (w *world) writeSuppliers(t *table, keys map[string]string) {
	t.header("supplier name ean ssh_keys")
	for _, s := range suppliers() {
		t.texts(s.id, s.name, s.ean, keys[s.id])
		t.end()
	}
}

func (w *world) writeAuthorities(t *table) {
	t.header("authority name cvr emigrated p_numbers")
	for _, a := range w.authorities() {
		t.texts(a.id, a.name, a.cvr, yesOrNo(a.emigrated), yesOrNo(a.pNumbers))
		t.end()
	}
}

func (w *world) writeUnits(t *table) {
	t.header("authority los_unit parent name")
	seen := map[string]bool{}
	for _, a := range w.authorities() {
		t.texts(a.id, a.id, "", a.name)
		t.end()
		seen[a.id] = true
	}
	for _, g := range agreements() {
		if seen[g.unit] {
			continue
		}
		seen[g.unit] = true
		t.texts(g.authority, g.unit, g.authority, "Udbetalingsenhed "+g.unit)
		t.end()
	}
}

func (w *world) writeAgreements(t *table) {
	t.header("agreement authority los_unit supplier bank_centre payout_accounts no_account receive_by valid_from valid_to return_account")
	for _, g := range agreements() {
		t.texts(g.number, g.authority, g.unit, g.supplier, w.o.Centres[g.centre%len(w.o.Centres)], strings.Join(g.accounts, " "),
			g.choice, g.receiveBy, g.from, g.to, g.returns)
		t.end()
	}
}

func (w *world) writeBenefits(t *table) {
	t.header("benefit_type authority name fallback salary")
	for _, b := range benefits() {
		t.texts(b.id, b.authority, b.name, yesOrNo(!b.strict), yesOrNo(b.strict)) // the strict ones are pensions
		t.end()
	}
}

// writePeriods says for how long the dead and ceased are paid.
func (w *world) writePeriods(t *table) {
	t.header("kind days")
	for _, k := range []kind{citizen, company, seNumber, unit} {
		t.texts(k.String(), strconv.Itoa(k.period()))
		t.end()
	}
}

func yesOrNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
