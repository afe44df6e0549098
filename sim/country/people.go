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

// find draws holders of a kind until one suits.
func (p *planner) find(k kind, suits func(holder) bool) holder {
	n := p.rng.IntN(p.count[k])
	for range p.count[k] {
		if h := p.holder(k, n); suits(h) {
			return h
		}
		n = (n + 1) % p.count[k]
	}
	return p.holder(k, n)
}

// payable leaves out everybody whose treatment is not beyond doubt: the dead and gone, emigrated citizens, and those
// whose company has ceased.
func payable(h holder) bool {
	if h.status() != alive {
		return false
	}
	parent, ok := h.parent()
	return !ok || parent.status() == alive
}

// hasAccount reports whether money for this benefit finds an account: a specific one, the holder's, or the company's.
func (h holder) hasAccount(authority, benefit string) bool {
	for i, s := range specificKinds() {
		if s.authority == authority && s.benefit == benefit && h.hasSpecific(i) {
			return true
		}
	}
	if h.hasOwnAccount() {
		return true
	}
	parent, ok := h.parent()
	return ok && parent.hasOwnAccount()
}

// fateOf says what becomes of an incomplete payment to a living holder.
func (h holder) fateOf(a agreement, benefit string, toReturn bool) fate {
	switch {
	case h.hasAccount(a.authority, benefit):
		return toBank
	case a.choice == choiceCheque && !toReturn && h.hasAddress():
		return byCheque
	default:
		return returned
	}
}

// recipient draws a payable holder. Holders under a company are taken only if there is an account: whether a cheque
// would go to the unit's address or to its company's is nobody's business here.
func (p *planner) recipient(k kind) holder {
	return p.find(k, func(h holder) bool {
		if !payable(h) {
			return false
		}
		_, child := h.parent()
		return !child || h.hasAccount("", "")
	})
}

// without draws a payable holder who has no account whatever the benefit.
func (p *planner) without(k kind, withAddress bool) holder {
	return p.find(k, func(h holder) bool {
		if _, child := h.parent(); child || !payable(h) || h.hasOwnAccount() || h.hasAddress() != withAddress {
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

func (p *planner) gone(k kind) holder {
	return p.find(k, func(h holder) bool { return h.status() == dead || h.status() == ceased })
}
