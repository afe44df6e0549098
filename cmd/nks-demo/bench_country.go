package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"nks/bankday"
	"nks/register"
)

// benchDays is how many banking days of history come before the measured one at most: all must be of one month.
const benchDays = 10

// benchDay is a banking day: its bundle comes when it opens and is released at the receive-by.
type benchDay struct {
	opens, releases time.Time
	executes        string
}

// benchCountry is the population and what it is paid, a pure function of sizes and position: nothing is kept in memory.
type benchCountry struct {
	holders  int
	payments int // of the measured bundle
	history  int // of each bundle before
	days     []benchDay
}

func newBenchCountry(o benchOptions, cal bankday.Calendar) benchCountry {
	before := min(benchDays, (o.history+o.payments-1)/o.payments)
	c := benchCountry{holders: o.holders, payments: o.payments, history: o.history / before}
	day := bankday.Date{Year: 2005, Month: time.August, Day: 1}
	for range before + 1 {
		c.days = append(c.days, benchDay{opens: cal.At(day, 5, 0), releases: cal.At(day, 6, 0), executes: cal.Next(day).String()})
		day = cal.Next(day)
	}
	return c
}

// measured is the day whose bundle is measured: the last.
func (c benchCountry) measured() int { return len(c.days) - 1 }

// size is how many payments the bundle of a day holds.
func (c benchCountry) size(day int) int {
	if day == c.measured() {
		return c.payments
	}
	return c.history
}

// Shares, each of a thousand.
const (
	benchForeign     = 20
	benchUnknown     = 10
	benchDuplicates  = 1
	benchSpecific    = 300
	benchAccountless = 2
)

// Series of chance.
const (
	drawKind = iota
	drawHolder
	drawAmount
	drawReference
	drawReferenceToo
	drawAgreement
	drawEarlier
	drawAccount
	drawSpecific
)

// draw is the only source of chance (the finaliser of splitmix64).
func (c benchCountry) draw(series, day, n int) uint64 {
	z := uint64(n)*0x9e3779b97f4a7c15 + uint64(series)*0xd1b54a32d192ed03 + uint64(day)*0x8cb92ba72f3d8dd7
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// benchPayment is one payment of a bundle.
type benchPayment struct {
	reference string
	cpr       string // of an incomplete payment
	foreign   bool
	unknown   bool
	duplicate bool
	ore       int64
	agreement int
	account   uint64 // decides a foreign account
}

func (c benchCountry) payment(day, n int) benchPayment {
	p := benchPayment{ore: 10_000 + int64(c.draw(drawAmount, day, n)%2_000_000), agreement: int(c.draw(drawAgreement, day, n) % benchAgreements)}
	from := n
	switch k := int(c.draw(drawKind, day, n) % 1000); {
	case k < benchForeign:
		p.foreign, p.account = true, c.draw(drawAccount, day, n)
	case k < benchForeign+benchUnknown:
		p.unknown = true
	case k < benchForeign+benchUnknown+benchDuplicates:
		day, from, p.duplicate = c.earlier(day, n)
	}
	p.reference = c.reference27(day, from)
	if !p.foreign {
		holder := int(c.draw(drawHolder, day, n) % uint64(c.holders))
		if p.unknown {
			holder += c.holders
		}
		p.cpr = benchCPR(holder)
	}
	return p
}

// benchExpected is what must become of a bundle.
type benchExpected struct{ rejected, accepted int }

func (c benchCountry) expected(day int) benchExpected {
	var e benchExpected
	for n := range c.size(day) {
		if p := c.payment(day, n); p.unknown || p.duplicate {
			e.rejected++
		} else {
			e.accepted++
		}
	}
	return e
}

// earlier finds an accepted payment before this one, half of the times in the first bundle of the history.
func (c benchCountry) earlier(day, n int) (earlierDay, earlier int, found bool) {
	d := c.draw(drawEarlier, day, n)
	within, of := day, n
	if day > 0 && d%2 == 0 {
		within, of = 0, c.history
	}
	for try := range 100 {
		if of == 0 {
			break
		}
		at := int((d>>8 + uint64(try)) % uint64(of))
		if k := int(c.draw(drawKind, within, at) % 1000); k < benchForeign || k >= benchForeign+benchUnknown+benchDuplicates {
			return within, at, true
		}
	}
	return day, n, false
}

// reference27 is an EndToEndId that looks like nothing before it.
func (c benchCountry) reference27(day, n int) string {
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var b [24]byte
	x, y := c.draw(drawReference, day, n), c.draw(drawReferenceToo, day, n)
	for i := range 12 {
		b[i], b[12+i] = letters[x>>(5*i)&31], letters[y>>(5*i)&31]
	}
	return string(b[:])
}

// benchCPR is the n-th citizen's number: consecutive citizens are not consecutive birthdays. Different n below
// mostBenchHolders give different numbers.
func benchCPR(n int) string {
	const days, step, serials = 29_219, 7_919, 4_000 // of the years 1920-1999, whose seventh digit is 0-3
	birth := time.Date(1920, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n*step%days)
	return birth.Format("020106") + fmt.Sprintf("%04d", n/days*1_237%serials)
}

func benchAccount(h uint64) string {
	return strconv.FormatUint(1_000+h%8_990, 10) + fmt.Sprintf("%010d", h>>20%8_999_999_999)
}

// benchAgreements are spread over the bank centres.
const benchAgreements = 6

func benchAgreement(n int) (number, account, centre string) {
	centres := benchCentres()
	return fmt.Sprintf("BENCH-%d", n+1), fmt.Sprintf("5301000000%04d", n+1), centres[n%len(centres)]
}

// reference is the reference data as nks load reads it, made while it is read.
func (c benchCountry) reference(key string) []register.Source {
	var agreements strings.Builder
	for n := range benchAgreements {
		number, account, centre := benchAgreement(n)
		_, _ = fmt.Fprintf(&agreements, "%s,%s,%s,%s,%s,%s,return,06:00,2004-01-01,\n", number, benchAuthority, benchAuthority, benchSupplier, centre, account)
	}
	whole := func(text string) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		}
	}
	return []register.Source{
		csvSource("suppliers.csv", "supplier,name,ean,ssh_keys", whole(benchSupplier+",Bench Data,5790001000108,"+key+"\n")),
		csvSource("authorities.csv", "authority,name,cvr,emigrated,p_numbers", whole(benchAuthority+",Målestyrelsen,,no,no\n")),
		csvSource("los_units.csv", "authority,los_unit,parent,name", whole(benchAuthority+","+benchAuthority+",,Målestyrelsen\n")),
		csvSource("agreements.csv", "agreement,authority,los_unit,supplier,bank_centre,payout_accounts,no_account,receive_by,valid_from,valid_to",
			whole(agreements.String())),
		csvSource("benefit_types.csv", "benefit_type,authority,name,fallback,salary", whole(benchBenefit+","+benchAuthority+",Målestøtte,yes,no\n")),
		csvSource("holders.csv", "kind,id,parent,status,ended_on,name,street,postcode,town,country", c.writeHolders),
		csvSource("accounts.csv", accountHeader, c.writeAccounts),
		csvSource("specific_accounts.csv", accountHeader+",authority,benefit_type,locked", c.writeSpecific),
	}
}

const accountHeader = "kind,id,account,iban,foreign_account,bank_code,bic,bank_name,bank_address,bank_country,currency,holder_name,holder_address,valid_from,valid_to"

// emptyColumns are those of accountHeader behind the account.
const emptyColumns = ",,,,,,,,,,,,"

// csvSource is a file that is made while it is read.
func csvSource(name, header string, write func(io.Writer) error) register.Source {
	return register.Source{Name: name, Open: func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() {
			_, err := io.WriteString(w, header+"\n")
			if err == nil {
				err = write(w)
			}
			w.CloseWithError(err)
		}()
		return r, nil
	}}
}

// lines writes one line per holder, in large pieces; line appends nothing for a holder without one.
func (c benchCountry) lines(w io.Writer, line func(dst []byte, n int, cpr string) []byte) error {
	var buf []byte
	for n := range c.holders {
		buf = line(buf, n, benchCPR(n))
		if len(buf) < 64<<10 && n < c.holders-1 {
			continue
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
		buf = buf[:0]
	}
	return nil
}

func (c benchCountry) writeHolders(w io.Writer) error {
	first := []string{"Anne", "Søren", "Åse", "Kjeld", "Mette", "Jørgen", "Fatima", "Niels Peter", "Karen Margrethe"}
	last := []string{"Jensen", "Ærø", "Sørensen", "Østergaard", "Holm", "Mikkelsen", "Dahl"}
	towns := []string{"8000,Aarhus C", "2300,København S", "9990,Skagen", "3700,Rønne", "6200,Aabenraa"}
	return c.lines(w, func(dst []byte, n int, cpr string) []byte {
		dst = append(append(append(dst, "CPR,"...), cpr...), ",,alive,,"...)
		dst = append(append(append(dst, first[n%len(first)]...), ' '), last[n%len(last)]...)
		dst = strconv.AppendInt(append(dst, ",Møllevej "...), int64(1+n%180), 10)
		return append(append(append(dst, ','), towns[n%len(towns)]...), ",DK\n"...)
	})
}

func (c benchCountry) writeAccounts(w io.Writer) error {
	return c.lines(w, func(dst []byte, n int, cpr string) []byte {
		d := c.draw(drawAccount, -1, n)
		if d%1000 < benchAccountless {
			return dst
		}
		dst = append(append(append(dst, "CPR,"...), cpr...), ',')
		return append(append(append(dst, benchAccount(d)...), emptyColumns...), '\n')
	})
}

func (c benchCountry) writeSpecific(w io.Writer) error {
	return c.lines(w, func(dst []byte, n int, cpr string) []byte {
		d := c.draw(drawSpecific, -1, n)
		if d%1000 >= benchSpecific {
			return dst
		}
		dst = append(append(append(dst, "CPR,"...), cpr...), ',')
		dst = append(append(dst, benchAccount(d)...), emptyColumns...)
		return append(dst, ","+benchAuthority+","+benchBenefit+",no\n"...)
	})
}
