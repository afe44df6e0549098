package register_test

import (
	"math"
	"slices"
)

// The account rule as the law has it, for TestChoose_IsTheLaw to hold Choose against. It shares nothing with the
// register: it gathers every account that anybody could think of, lets each paragraph strike out what it forbids, and
// takes the best of what is left. It has its own calendar, so that a mistake about midnight or summer time is not made
// twice. § without more is of Bekendtgørelse om Nemkontoordningen.

// lawInstant is in microseconds since 1970, UTC.
type lawInstant int64

const (
	lawAlways  = lawInstant(math.MinInt64)
	lawForever = lawInstant(math.MaxInt64)
)

type lawDate struct{ year, month, day int }

// number counts days since 1970-01-01: years begin in March, so that a leap day ends one.
func (d lawDate) number() int {
	year, month := d.year, d.month-3
	if month < 0 {
		year, month = year-1, month+12
	}
	leaps := year/4 - year/100 + year/400
	return 365*year + leaps + (153*month+2)/5 + d.day - 1 - 719468
}

// lastSunday has the number of the last Sunday of a month of 31 days. 1970-01-01 was a Thursday.
func lastSunday(year, month int) int {
	last := lawDate{year, month, 31}.number()
	return last - (last+4)%7
}

const microsecondsOfHour = 3600 * 1000 * 1000

// copenhagen has the number of the day that an instant falls on in Denmark: an hour ahead of UTC, two from one o'clock
// UTC of March's last Sunday to one o'clock UTC of October's, as the Union's states have had it since 1996.
func (i lawInstant) copenhagen() int {
	hour := floor(int(i), microsecondsOfHour)
	year := 1970 + floor(hour, 24*365)
	for hour < 24*(lawDate{year, 1, 1}).number() {
		year--
	}
	ahead := 1
	if hour >= 24*lastSunday(year, 3)+1 && hour < 24*lastSunday(year, 10)+1 {
		ahead = 2
	}
	return floor(hour+ahead, 24)
}

func floor(a, b int) int {
	if a < 0 {
		return (a - b + 1) / b
	}
	return a / b
}

type lawKind int

const (
	lawCitizen lawKind = iota
	lawCompany
	lawTaxpayer
	lawWorkplace
)

type lawState int

const (
	inNoRegister lawState = iota
	living
	emigrated
	ended
)

// lawHolder is a number in one of the registers of § 38, as it stands at the instant of the payment.
type lawHolder struct {
	kind     lawKind
	state    lawState
	endedOn  lawDate
	accounts []lawAccount
	above    *lawHolder
}

// lawAccount counts from one instant to before another. A NemKonto has no authority.
type lawAccount struct {
	id                 int64
	from, to           lawInstant
	authority, benefit string
	locked             bool
}

func (a lawAccount) isNemkonto() bool { return a.authority == "" }

// lawPayment is one without an account, with what its payer and the system's owner have laid down.
type lawPayment struct {
	at                 lawInstant
	authority, benefit string
	agreedEmigrated    bool
	agreedWorkplaces   bool
	lockedOnly         bool
	usableDays         [4]int
}

// candidate is an account that somebody could think of for a payment: the recipient's, or of the company above.
type candidate struct {
	account          lawAccount
	owner, recipient *lawHolder
}

func candidates(recipient *lawHolder) []candidate {
	all := make([]candidate, 0, 8)
	for owner := recipient; owner != nil; owner = owner.above {
		for _, a := range owner.accounts {
			all = append(all, candidate{a, owner, recipient})
		}
	}
	return all
}

func (c candidate) isOwn() bool { return c.owner == c.recipient }

// paragraph strikes out an account that a rule forbids for a payment.
type paragraph struct {
	rule    string
	forbids func(p *lawPayment, c candidate) bool
}

// The word about the emigrated is asked for last, so that what it strikes out is what nothing else does.
var paragraphs = []paragraph{
	{"G-timed", func(p *lawPayment, c candidate) bool { return p.at < c.account.from || p.at >= c.account.to }},
	{"B5.2", isForSomethingElse},
	{"B23.1", isNoBusinessOf},
	{"B23.2", isWorkplaceWithoutWord},
	{"B25.4", func(p *lawPayment, c candidate) bool {
		return p.lockedOnly && (c.account.isNemkonto() || !c.account.locked)
	}},
	{"B18.3", func(p *lawPayment, c candidate) bool { return isOver(p, c.owner) }},
	{"B22.3", isEmigratedWithoutWord},
}

// isForSomethingElse: a specific account is for one benefit of one authority (§ 5(2)); a NemKonto is for all (§ 5(1)).
func isForSomethingElse(p *lawPayment, c candidate) bool {
	return !c.account.isNemkonto() && (c.account.authority != p.authority || c.account.benefit != p.benefit)
}

// isNoBusinessOf: from above comes a company's NemKonto alone, for the SE and P numbers under it (§ 23). A specific
// account serves only who asked for it (§ 27(1)).
func isNoBusinessOf(_ *lawPayment, c candidate) bool {
	under := c.recipient.kind == lawTaxpayer || c.recipient.kind == lawWorkplace
	return !c.isOwn() && (!under || c.owner.state == inNoRegister || !c.account.isNemkonto())
}

// isWorkplaceWithoutWord: a P number's NemKonto is used as agreed with the payer (§ 23(2), § 34(1)).
func isWorkplaceWithoutWord(p *lawPayment, c candidate) bool {
	return c.account.isNemkonto() && c.owner.kind == lawWorkplace && !p.agreedWorkplaces
}

// isEmigratedWithoutWord: so is that of a citizen who has left the country (§ 22(3), § 34(1)).
func isEmigratedWithoutWord(p *lawPayment, c candidate) bool {
	return c.account.isNemkonto() && c.owner.state == emigrated && !p.agreedEmigrated
}

// isOver: the accounts of the dead and ceased stay usable to the end of the last day of their period (§ 18(3)). Each
// number ends for itself, as the registers of § 38 report it: none ends because the one above it has.
func isOver(p *lawPayment, h *lawHolder) bool {
	return h.state == ended && p.at.copenhagen() > h.endedOn.number()+p.usableDays[h.kind]
}

// rank is lower for what goes before: the specific account, the own NemKonto, that of the company (§ 11(2), § 23(2)).
func (c candidate) rank() int {
	switch {
	case !c.account.isNemkonto():
		return 0
	case c.isOwn():
		return 1
	}
	return 2
}

// struckBy is the first rule that forbids an account, empty when the law allows it.
func (c candidate) struckBy(p *lawPayment) string {
	for _, paragraph := range paragraphs {
		if paragraph.forbids(p, c) {
			return paragraph.rule
		}
	}
	return ""
}

// lawVerdict is what becomes of a payment: an account and its rank, or why there is none.
type lawVerdict struct {
	account int64
	rank    int
	refusal lawRefusal
}

type lawRefusal string

const (
	notRefused   lawRefusal = ""
	ofNobody     lawRefusal = "the recipient is in no register"
	timeIsOver   lawRefusal = "the time of the recipient is over"
	noAccount    lawRefusal = "there is no account"
	noLocked     lawRefusal = "there is no locked account"
	noWord       lawRefusal = "there is one by the payer's word alone"
	twoOfOneKind lawRefusal = "there are two where one may be"
)

// judge refuses who is nobody or has ended for too long, and pays all others to the best account that the law allows.
func judge(p *lawPayment, recipient *lawHolder) lawVerdict {
	switch {
	case recipient.state == inNoRegister:
		return lawVerdict{refusal: ofNobody}
	case isOver(p, recipient):
		return lawVerdict{refusal: timeIsOver}
	}
	none := lawVerdict{refusal: noAccount}
	if p.lockedOnly {
		none.refusal = noLocked
	}
	var allowed []candidate
	for _, c := range candidates(recipient) {
		switch c.struckBy(p) {
		case "":
			allowed = append(allowed, c)
		case "B22.3":
			none.refusal = noWord
		}
	}
	if len(allowed) == 0 {
		return none
	}
	slices.SortFunc(allowed, func(a, b candidate) int { return a.rank() - b.rank() })
	best := allowed[0]
	if len(allowed) > 1 && allowed[1].rank() == best.rank() {
		return lawVerdict{refusal: twoOfOneKind}
	}
	return lawVerdict{account: best.account.id, rank: best.rank()}
}
