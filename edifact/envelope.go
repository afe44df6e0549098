package edifact

import "time"

// Party is a sender or recipient of an interchange (S002, S003) or of a
// functional group (S006, S007).
type Party struct {
	ID        string // 0004, 0010, 0040, 0044
	Qualifier string // 0007; 14 means a GLN
	Internal  string // 0008 or 0014: address for reverse routing, or routing; not of groups
	Sub       string // 0042 or 0046: internal sub-identification (version 4); not of groups
}

// UNB is the interchange header. Fields that the syntax version does not have
// are empty.
type UNB struct {
	Repertoire        Repertoire // 0001
	Version           int        // 0002: 1 to 4
	ServiceList       string     // 0080 (version 4)
	Encoding          string     // 0133 (version 4)
	SyntaxRelease     string     // 0076 (version 4)
	Sender            Party      // S002
	Recipient         Party      // S003
	Date              string     // 0017 yymmdd; ccyymmdd in version 4
	Time              string     // 0019 hhmm
	ControlRef        string     // 0020
	Password          string     // 0022
	PasswordQualifier string     // 0025
	ApplicationRef    string     // 0026
	Priority          string     // 0029
	AckRequest        bool       // 0031 is 1: the sender asks for CONTRL
	Agreement         string     // 0032
	TestIndicator     string     // 0035: 1 means test; empty production
}

// Test reports whether the interchange is a test.
func (u *UNB) Test() bool { return u.TestIndicator != "" && u.TestIndicator != "0" }

// Prepared returns date and time of preparation as wall time in loc, and false
// when they are none. The century of a year with two digits is that which makes
// it 1950 to 2049.
func (u *UNB) Prepared(loc *time.Location) (time.Time, bool) {
	layout := "0601021504"
	if len(u.Date) == 8 {
		layout = "200601021504"
	}
	t, err := time.ParseInLocation(layout, u.Date+u.Time, loc)
	if err != nil {
		return time.Time{}, false
	}
	if len(u.Date) == 6 && t.Year() >= 2050 {
		t = t.AddDate(-100, 0, 0)
	}
	return t, true
}

// Prepare sets date and time of preparation to t as its location reads it, in
// the form of the syntax version, which must be set before.
func (u *UNB) Prepare(t time.Time) {
	u.Date, u.Time = t.Format("060102"), t.Format("1504")
	if u.Version == 4 {
		u.Date = t.Format("20060102")
	}
}

// UNG is the header of a functional group.
type UNG struct {
	Type        string // 0038; messages of one type in versions 1 to 3
	Sender      Party  // S006
	Recipient   Party  // S007
	Date        string // 0017
	Time        string // 0019
	Ref         string // 0048
	Agency      string // 0051
	Version     string // 0052
	Release     string // 0054
	Association string // 0057
	Password    string // 0058
}

// UNH is the header of a message.
type UNH struct {
	Ref         string // 0062
	Type        string // 0065, such as PAYMUL
	Version     string // 0052, such as D
	Release     string // 0054, such as 96A
	Agency      string // 0051, such as UN
	Association string // 0057
	CodeList    string // 0110: version of the code lists (version 4)
	Function    string // 0113: sub-function of the type, such as SECAUT (version 4)
	AccessRef   string // 0068
	Sequence    string // 0070: number of this transfer of a message sent in parts
	FirstOrLast string // 0073: C is the first transfer, F the last
}

// UNO is the header of a package: an object of another format in the
// interchange (version 4).
type UNO struct {
	Ref           string // 0800
	IDQualifier   string // 0813: what ID is; of the first S020
	ID            string // 0802
	TypeQualifier string // 0805: what Type is; of the first S021
	Type          string // 0809, such as JPG
	TypeName      string // 0808
	Agency        string // 0051: who keeps the list of types
	Length        int64  // 0810: octets of the object
}
