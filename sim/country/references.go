package country

import "fmt"

// references numbers the bundles and payments of one authority through one supplier. Every form carries the running
// number, and no two forms can give the same text.
type references struct {
	pair     [2]string
	bundles  int
	payments int
}

func (p *planner) references(supplier, authority string) *references {
	pair := [2]string{supplier, authority}
	r := p.refs[pair]
	if r == nil {
		r = &references{pair: pair}
		p.refs[pair] = r
	}
	return r
}

// bundle names the next bundle. Through a VANS the name is EAN~number, with numbers of the authority's own.
func (r *references) bundle(ean string) string {
	r.bundles++
	if ean != "" {
		return fmt.Sprintf("%s~%s%05d", ean, r.pair[1], r.bundles)
	}
	return fmt.Sprintf("%s.%s.B%d", r.pair[0], r.pair[1], r.bundles)
}

// payment names the next payment: 1 to 27 characters of ISO 8859-1, with the blanks, commas and signs that real
// systems put there, some of which mean something to EDIFACT or to XML.
func (r *references) payment() string {
	r.payments++
	n := r.payments
	switch n % 16 {
	case 1, 9:
		return fmt.Sprintf("%d,RTS,%s,2005", n, r.pair[1])
	case 2, 10:
		return fmt.Sprintf("UPR %s.%07d", r.pair[1], n)
	case 3:
		return fmt.Sprintf("Ydelse 2005/08 nr %09d", n) // all 27 places
	case 4:
		return fmt.Sprintf("X%026d", n)
	case 5:
		return fmt.Sprintf("BØRN-Å/%d", n)
	case 6:
		return fmt.Sprintf("R+'?:%d", n)
	case 7:
		return fmt.Sprintf("K&<H>%d", n)
	case 8:
		return fmt.Sprintf("%s-%d, %d ,", r.pair[1], n, n%7)
	default:
		return fmt.Sprintf("%s%010d", r.pair[1], n)
	}
}
