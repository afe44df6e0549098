package feed

import (
	"nks/gateway"
	"nks/register"
)

// Rejected is a change that was left out, and why.
type Rejected struct {
	Number int    `db:"n"`
	Rule   string `db:"rule"` // names no person
}

// known is what is known of holders, while the changes of a file are followed.
type known map[register.HolderKey]register.HolderState

func (k known) has(kind gateway.HolderKind, id int64) bool {
	_, is := k[register.HolderKey{Kind: kind, ID: id}]
	return is
}

// follow is what is known of a holder after a change, or why that does not fit what was known. today is the day on which it is told.
func (k known) follow(c *Change, today gateway.Date) (register.HolderState, string) {
	key := register.HolderKey{Kind: c.Kind, ID: c.ID}
	s, is := k[key]
	switch {
	case c.What == New && is:
		return s, "the holder is known already"
	case c.What != New && !is:
		return s, "the holder is not known" // G-ident
	case !c.On.IsZero() && today.Before(c.On):
		return s, "the day lies in the future"
	case c.Kind == gateway.CPR && !c.On.IsZero() && c.On.Before(gateway.BirthDate(c.ID)):
		return s, "the day lies before the birth"
	case c.What == New && c.Kind == gateway.CPR && today.Before(gateway.BirthDate(c.ID)):
		return s, "the birth lies in the future"
	case c.Parent != 0 && !k.has(gateway.CVR, c.Parent):
		return s, "the CVR number above is not known"
	case c.Successor != 0 && !k.has(c.Kind, c.Successor):
		return s, "the successor is not known"
	case c.Guardian != 0 && !k.has(gateway.CPR, c.Guardian):
		return s, "the guardian is not known"
	}
	s.HolderKey = key
	return s, c.change(&s)
}

// change does to a state what the change says; what it says back is the rule that stands against it.
func (c *Change) change(s *register.HolderState) string {
	ended := s.Status == gateway.Dead || s.Status == gateway.Ceased
	switch c.What {
	case New:
		s.Status, s.Name, s.Parent, s.Guardian, s.Guardianship = gateway.Alive, c.Name, c.Parent, c.Guardian, c.Guardianship
		if c.address(s); c.Kind == gateway.CPR {
			s.Born = gateway.BirthDate(c.ID)
		}
	case Renamed:
		s.Name = c.Name
	case Moved:
		c.address(s)
	case Emigrated, Returned:
		if ended {
			return "the holder is dead"
		}
		return c.crossed(s)
	case Died:
		s.Status, s.Ended = gateway.Dead, c.On
	case Ceased:
		s.Status, s.Ended = gateway.Ceased, c.On
	case Lives:
		if !ended {
			return "the holder is neither dead nor ceased"
		}
		s.Status, s.Ended = gateway.Alive, gateway.Date{}
	case Guardianship:
		s.Guardian, s.Guardianship = c.Guardian, c.Guardianship
	case GuardianshipEnded:
		s.Guardian, s.Guardianship = 0, 0
	case Bankrupt:
		s.Bankrupt = c.On
	case BankruptcyEnded:
		s.Bankrupt = gateway.Date{}
	case Succeeded:
		s.Successor = c.Successor
	case Under:
		s.Parent = c.Parent
	}
	return ""
}

// crossed is a citizen who has left the country or come back. // B4.1
func (c *Change) crossed(s *register.HolderState) string {
	if c.What == Returned {
		if s.Status != gateway.Emigrated {
			return "the holder has not emigrated"
		}
		s.Status, s.Ended = gateway.Alive, gateway.Date{}
		c.address(s)
		return ""
	}
	s.Status, s.Ended = gateway.Emigrated, c.On
	if c.Country != "" {
		c.address(s)
	}
	return ""
}

func (c *Change) address(s *register.HolderState) {
	s.Street, s.Postcode, s.Town, s.Country = c.Street, c.Postcode, c.Town, c.Country
}
