package country

// unknownHolder is a number, well formed, that no holder has.
func (p *planner) unknownHolder(k kind) string {
	n := p.count[k] + p.rng.IntN(1000)
	switch k {
	case company:
		// The very last numbers of the series are the authorities' own.
		return string(p.appendCVR(nil, companySpan-100-p.rng.IntN(1000)))
	case seNumber:
		return string(p.appendSE(nil, n))
	case unit:
		return string(p.appendUnit(nil, n))
	default:
		return string(p.appendCPR(nil, n))
	}
}

// find draws holders of a kind until one suits; in a country without any, whoever it is.
func (p *planner) find(k kind, suits func(holder) bool) holder {
	h, _ := p.seek(k, suits)
	return h
}

// seek is find, and reports whether there is one.
func (p *planner) seek(k kind, suits func(holder) bool) (holder, bool) {
	n := p.rng.IntN(p.count[k])
	for range p.count[k] {
		if h := p.holder(k, n); suits(h) {
			return h, true
		}
		n = (n + 1) % p.count[k]
	}
	return p.holder(k, n), false
}

// payable leaves out everybody whose treatment is not beyond doubt: those who have been gone for long, and those whose
// company has.
func (p *planner) payable(h holder) bool {
	if !h.usable(p.o.Start) {
		return false
	}
	parent, ok := h.parent()
	return !ok || parent.usable(p.o.Start)
}

// hasAccount reports whether money for this benefit finds an account: a specific one, the holder's, or the company's.
// The account of somebody emigrated and a P number's own count only by the authority's word.
func (h holder) hasAccount(authority, benefit string) bool {
	for i, s := range specificKinds() {
		if s.authority == authority && s.benefit == benefit && h.hasSpecific(i) {
			return true
		}
	}
	says := payer(authority)
	if benefit == strictBenefit || h.status() == emigrated && !says.emigrated {
		return false
	}
	if h.hasOwnAccount() && (h.k != unit || says.pNumbers) {
		return true
	}
	parent, ok := h.parent()
	return ok && parent.hasOwnAccount()
}

// fateOf says what becomes of an incomplete payment to a holder who can be paid. Nobody gets a cheque for a benefit that
// goes to a locked account only.
func (h holder) fateOf(a agreement, benefit string, toReturn bool) fate {
	switch {
	case h.hasAccount(a.authority, benefit):
		return toBank
	case a.choice == choiceCheque && benefit != strictBenefit && !toReturn && h.hasAddress():
		return byCheque
	default:
		return returned
	}
}

// recipient draws a payable holder. Holders under a company are taken only if there is an account: whether a cheque
// would go to the unit's address or to its company's is nobody's business here.
func (p *planner) recipient(k kind) holder {
	return p.find(k, func(h holder) bool {
		if !p.payable(h) {
			return false
		}
		_, child := h.parent()
		return !child || h.hasAccount("", "")
	})
}

// without draws a living holder who has no account whatever the benefit.
func (p *planner) without(k kind, withAddress bool) holder {
	return p.find(k, func(h holder) bool {
		if _, child := h.parent(); child || h.status() != alive || h.hasOwnAccount() || h.hasAddress() != withAddress {
			return false
		}
		for i := range specificKinds() {
			if h.hasSpecific(i) {
				return false
			}
		}
		return true
	})
}

// gone is the number of somebody who died or ceased long ago, or, in a country without any, of nobody: neither is paid.
func (p *planner) gone(k kind) string {
	if h, found := p.seek(k, func(h holder) bool { return h.over(p.o.Start) }); found {
		return h.id()
	}
	return p.unknownHolder(k)
}

// isLately is somebody who died or ceased a while ago and still has an account.
func (p *planner) isLately(h holder) bool {
	return h.status() != alive && h.status() != emigrated && p.payable(h) && h.hasOwnAccount()
}

// isEmigrant is a citizen who has left the country and has a NemKonto, and nothing else.
func isEmigrant(h holder) bool {
	if h.status() != emigrated || !h.hasOwnAccount() {
		return false
	}
	for i := range specificKinds() {
		if h.hasSpecific(i) {
			return false
		}
	}
	return true
}

// isLoneUnit is a P number with an account of its own under a company that has none.
func (p *planner) isLoneUnit(h holder) bool {
	parent, _ := h.parent()
	return p.payable(h) && h.hasOwnAccount() && !parent.hasOwnAccount()
}

// isProtected is a citizen with a locked account for the strict benefit.
func (p *planner) isProtected(h holder) bool {
	return p.payable(h) && h.hasAccount("5200", strictBenefit)
}

// isUnprotected is a citizen with a NemKonto alone, as far as the strict benefit goes.
func (p *planner) isUnprotected(h holder) bool {
	return p.payable(h) && h.hasOwnAccount() && !h.hasAccount("5200", strictBenefit)
}
