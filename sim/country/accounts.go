package country

// hasOwnAccount reports whether an account in force is registered under this very number. Production units and SE
// numbers often leave it to their company.
func (h holder) hasOwnAccount() bool { return h.registered() && h.version() != lapsed }

// registered reports whether anything at all is registered, be it in force or not.
func (h holder) registered() bool {
	share := uint64(97)
	if _, ok := h.parent(); ok {
		share = 70
		if h.k == unit {
			share = 40
		}
	}
	return h.percent(aHasAccount, share)
}

// version says which versions of an account a holder has.
type version uint8

const (
	onlyOne  version = iota
	replaced         // an older one, over since long
	changing         // the present one ends, another follows, both after any demonstration
	lapsed           // only an old one that is over
)

func (h holder) version() version {
	switch p := h.dice(aVersion) % 1000; {
	case p < 60:
		return replaced
	case p < 70:
		return changing
	case p < 75:
		return lapsed
	default:
		return onlyOne
	}
}

// Days between versions stand far from any demonstration, so that it does not matter here whether the last day counts.
const (
	veryFirst   = "1999-04-01"
	oldEnds     = "2004-09-30"
	newStarts   = "2004-10-01"
	presentEnds = "2006-12-31"
	nextStarts  = "2007-01-01"
)

func (w *world) accountColumns() string {
	return "kind id account iban foreign_account bank_code bic bank_name bank_address bank_country currency holder_name holder_address valid_from valid_to"
}

func (w *world) writeAccounts(t *table) {
	t.header(w.accountColumns())
	for _, k := range []kind{citizen, company, seNumber, unit} {
		for n := range w.count[k] {
			if h := w.holder(k, n); h.registered() {
				h.writeVersions(t)
			}
		}
	}
}

func (h holder) writeVersions(t *table) {
	d, old := h.dice(aAccount), h.dice(aOldAccount)
	row := func(d uint64, from, to string) {
		h.accountFields(t, d)
		t.texts(from, to)
		t.end()
	}
	switch h.version() {
	case replaced:
		row(old, veryFirst, oldEnds)
		row(d, newStarts, "")
	case changing:
		row(d, veryFirst, presentEnds)
		row(old, nextStarts, "")
	case lapsed:
		row(old, veryFirst, oldEnds)
	default:
		row(d, veryFirst, "")
	}
}

// isForeign decides for one account, by the throw that made it.
func isForeign(d uint64) bool { return d>>8%100 < 2 }

// accountFields writes the columns that say whose account it is and where: domestic, abroad by IBAN, or abroad by
// bank code and account.
func (h holder) accountFields(t *table, d uint64) {
	var buf [40]byte
	t.text(h.k.String())
	t.bytes(h.appendID(buf[:0]))
	if !isForeign(d) {
		t.bytes(appendAccount(buf[:0], d))
		t.texts("", "", "", "", "", "", "", "DKK", "", "")
		return
	}
	t.text("")
	bank := &h.w.banks[d>>20%uint64(len(h.w.banks))]
	if d>>40%3 == 0 {
		t.text("")
		t.bytes(appendPadded(buf[:0], int(d>>24%9_000_000_000)+1_000_000_000, 10))
		t.text(bank.bankCode)
	} else {
		t.bytes(bank.appendIBAN(buf[:0], d))
		t.texts("", "")
	}
	a := h.address()
	where := a.street
	if where != "" {
		where += ", " + a.postcode + " " + a.town
	}
	t.texts(bank.bic, bank.name, bank.address, bank.country, bank.currency, h.name(), where)
}

// specificKind is a benefit of an authority for which some citizens have named another account.
type specificKind struct {
	authority, benefit string
	percent            uint64
}

// hasSpecific reports whether the citizen has an account in force for the i-th specific kind, and one that counts.
func (h holder) hasSpecific(i int) bool {
	registered, over := h.specific(i)
	return registered && !over && (specificKinds()[i].benefit != strictBenefit || h.isLocked(i))
}

// isLocked reports whether the i-th specific account is locked: of the strict benefit most are.
func (h holder) isLocked(i int) bool {
	d := mix(h.dice(aSpecificVersion), uint64(i)) >> 33
	if specificKinds()[i].benefit == strictBenefit {
		return d%8 != 0
	}
	return d%4 == 0
}

func (h holder) specific(i int) (registered, over bool) {
	d := mix(h.dice(aSpecific), uint64(i))
	return h.k == citizen && d%100 < specificKinds()[i].percent, d>>32%20 == 0
}

func (w *world) writeSpecific(t *table) {
	t.header(w.accountColumns() + " authority benefit_type locked")
	for i, s := range specificKinds() {
		for n := range w.count[citizen] {
			h := w.holder(citizen, n)
			registered, over := h.specific(i)
			if !registered {
				continue
			}
			d := mix(h.dice(aSpecificVersion), uint64(i))
			h.accountFields(t, d)
			if over {
				t.texts(veryFirst, oldEnds)
			} else {
				t.texts(newStarts, "")
			}
			t.texts(s.authority, s.benefit, yesOrNo(h.isLocked(i)))
			t.end()
		}
	}
}
