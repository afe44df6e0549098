package conf

import (
	"encoding/hex"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The profiles of the signed endpoint.
const (
	// ProfileSHA256 is TLS, and signatures by SHA-256 or better.
	ProfileSHA256 = "sha256"
	// ProfileOIORASP is what the unmodified library of OIO RASP speaks: SHA-1 and encrypted bodies, TLS or not. It is of parties alone.
	ProfileOIORASP = "oiorasp"
)

// Rasp is the signed endpoint for data suppliers.
type Rasp struct {
	// Listen is host:port; empty: the door is closed.
	Listen string `toml:"listen"`
	// Address is the URL by which suppliers reach it. Every message must be meant for it.
	Address string `toml:"address"`
	Profile string `toml:"profile"`
	// PlainListen is host:port for HTTP without TLS, PlainAddress its URL: for parties with ProfileOIORASP alone. PlainNetworks are where they
	// may connect from, and where their endpoints may be when they have no TLS: "10.1.2.0/24".
	PlainListen   string   `toml:"plain_listen"`
	PlainAddress  string   `toml:"plain_address"`
	PlainNetworks []string `toml:"plain_networks"`
	// Certificate and Key are files of the gateway's, in PEM: for TLS, and to sign with.
	Certificate string `toml:"certificate"`
	Key         string `toml:"key"`
	// NextCertificate and NextKey are files of those that will follow: what is encrypted for them is read already, and what is signed
	// for who encrypts so is signed by them. Empty, or not there: nothing follows.
	NextCertificate string `toml:"next_certificate"`
	NextKey         string `toml:"next_key"`
	// CA are files with the certificates of authorities, and CRL with their revocation lists: with any, each certificate must be told of by one.
	CA  []string `toml:"ca"`
	CRL []string `toml:"crl"`
	// ClockSkew is how far a sender's clock may be apart.
	ClockSkew Duration `toml:"clock_skew"`
	// MaxMessageMB is the largest message in MiB.
	MaxMessageMB int `toml:"max_message_mb"`
	// MaxConnections bounds the connections of all suppliers together, AddressConnections those from one address, PartyRequests what is in
	// hand of one supplier.
	MaxConnections     int `toml:"max_connections"`
	AddressConnections int `toml:"address_connections"`
	PartyRequests      int `toml:"party_requests"`
	// ReadTimeout bounds the time that a message takes to come, MinRateKB is how many KiB of it come in a second at least.
	ReadTimeout Duration `toml:"read_timeout"`
	MinRateKB   int      `toml:"min_rate_kb"`
	// Sequences is how many a supplier may have open, Inactivity after how long without a message one is forgotten.
	Sequences  int      `toml:"sequences"`
	Inactivity Duration `toml:"inactivity"`
	// Parties are who may send.
	Parties []RaspParty `toml:"party"`
}

// RaspParty binds certificates to a data supplier.
type RaspParty struct {
	Supplier string `toml:"supplier"`
	// Profile is ProfileSHA256, which empty means, or ProfileOIORASP.
	Profile string `toml:"profile"`
	// Certificates are those that sign: files in PEM, or "sha256:" and the fingerprint in hexadecimal. SubjectSerials are the serialNumber of
	// certificates' subjects, which stays over renewals. CVR are company numbers, for any certificate of the authorities that says one of
	// them: they stand alone.
	Certificates   []string `toml:"certificates"`
	SubjectSerials []string `toml:"subject_serials"`
	CVR            []string `toml:"cvr"`
	// Identifiers are how its messages may call their sender, beside its name and EAN in the register.
	Identifiers []string `toml:"identifiers"`
	// Endpoint is the URL that its answers are sent to; empty: they lie in its mailbox.
	Endpoint string `toml:"endpoint"`
	// EndpointCertificates are files of the certificates that sign its endpoint's replies; EndpointCA of the authorities of its TLS certificate,
	// empty: Rasp.CA.
	EndpointCertificates []string `toml:"endpoint_certificates"`
	EndpointCA           []string `toml:"endpoint_ca"`
}

func defaultRasp() Rasp {
	return Rasp{Profile: ProfileSHA256, Certificate: "keys/rasp.crt", Key: "keys/rasp.key", CA: []string{}, CRL: []string{}, PlainNetworks: []string{}, ClockSkew: Duration{5 * time.Minute},
		MaxMessageMB: 64, MaxConnections: 100, AddressConnections: 25, PartyRequests: 8, ReadTimeout: Duration{2 * time.Minute}, MinRateKB: 32, Sequences: 16, Inactivity: Duration{10 * time.Minute}}
}

// Endpoints are the suppliers whose answers are sent to them; none while the door is closed.
func (r Rasp) Endpoints() []string {
	names := []string{}
	for _, p := range r.Parties {
		if r.Listen != "" && p.Endpoint != "" {
			names = append(names, p.Supplier)
		}
	}
	return names
}

func (r *Rasp) resolve(dir string) {
	for _, path := range []*string{&r.Certificate, &r.Key, &r.NextCertificate, &r.NextKey} {
		*path = from(dir, *path)
	}
	fromAll(dir, r.CA, r.CRL)
	for i := range r.Parties {
		fromAll(dir, r.Parties[i].Certificates, r.Parties[i].EndpointCertificates, r.Parties[i].EndpointCA)
	}
}

func fromAll(dir string, lists ...[]string) {
	for _, paths := range lists {
		for i, path := range paths {
			if !strings.HasPrefix(path, fingerprint) {
				paths[i] = from(dir, path)
			}
		}
	}
}

// fingerprint begins what is no path.
const fingerprint = "sha256:"

// Fingerprint reads "sha256:" and 64 hexadecimal digits, which may have colons between them; false: it is something else.
func Fingerprint(s string) (sum [32]byte, ok bool) {
	digits, ok := strings.CutPrefix(s, fingerprint)
	if !ok {
		return sum, false
	}
	b, err := hex.DecodeString(strings.ReplaceAll(digits, ":", ""))
	return sum, err == nil && copy(sum[:], b) == len(sum) && len(b) == len(sum)
}

var subjectSerial = regexp.MustCompile(`^[!-~]([ -~]{0,198}[!-~])?$`)

var companyNumber = regexp.MustCompile(`^[0-9]{8}$`)

func (r Rasp) validate(p *problems, env Environment) {
	p.check(r.Profile != ProfileOIORASP, "rasp.profile", "%q is for single suppliers: profile of their [[rasp.party]]", ProfileOIORASP)
	p.check(r.Profile == ProfileSHA256 || r.Profile == ProfileOIORASP, "rasp.profile", "%q is not %q", r.Profile, ProfileSHA256)
	p.lasts("rasp.clock_skew", r.ClockSkew, 0, 10*time.Minute)
	p.within("rasp.max_message_mb", r.MaxMessageMB, 1, 64)
	p.within("rasp.max_connections", r.MaxConnections, 1, 10_000)
	p.within("rasp.address_connections", r.AddressConnections, 1, 10_000)
	p.within("rasp.min_rate_kb", r.MinRateKB, 1, 1<<20)
	p.within("rasp.party_requests", r.PartyRequests, 1, 1000)
	p.lasts("rasp.read_timeout", r.ReadTimeout, time.Second, time.Hour)
	p.within("rasp.sequences", r.Sequences, 1, 10_000)
	p.lasts("rasp.inactivity", r.Inactivity, 10*time.Second, 24*time.Hour)
	if r.Listen != "" {
		p.address("rasp.listen", r.Listen)
		p.url("rasp.address", r.Address, "https")
		p.check(r.Certificate != "" && r.Key != "", "rasp.certificate", "a certificate and its key must be named")
		p.check(len(r.CA) > 0, "rasp.ca", "is empty: no certificate could be believed")
		p.check(env != Production || len(r.CRL) > 0, "rasp.crl", "is empty: in production a revoked certificate must be known")
	}
	p.check((r.NextCertificate == "") == (r.NextKey == ""), "rasp.next_certificate", "a certificate and its key must be named, or neither")
	p.check(r.NextCertificate == "" || r.NextCertificate != r.Certificate && r.NextKey != r.Key, "rasp.next_certificate", "is the present one: the next has files of its own")
	r.validatePlain(p)
	r.validateParties(p)
}

// validatePlain allows no HTTP without TLS but from and to networks that are named.
func (r Rasp) validatePlain(p *problems) {
	for _, network := range r.PlainNetworks {
		n, err := netip.ParsePrefix(network)
		p.check(err == nil && n == n.Masked() && n.Bits() > 0, "rasp.plain_networks", "%q is no network such as \"10.1.2.0/24\"", network)
	}
	if r.PlainListen == "" {
		return
	}
	p.check(r.Listen != "", "rasp.plain_listen", "is there, and rasp.listen is not")
	p.address("rasp.plain_listen", r.PlainListen)
	p.url("rasp.plain_address", r.PlainAddress, "http")
	p.check(len(r.PlainNetworks) > 0, "rasp.plain_networks", "is empty: what may connect without TLS must be named")
	p.check(r.OIORASP(), "rasp.plain_listen", "no [[rasp.party]] has the profile %q, and no other may come without TLS", ProfileOIORASP)
}

// OIORASP reports whether any party has that profile.
func (r Rasp) OIORASP() bool {
	return slices.ContainsFunc(r.Parties, func(p RaspParty) bool { return p.Profile == ProfileOIORASP })
}

// Networks are the PlainNetworks of a configuration that is valid.
func (r Rasp) Networks() []netip.Prefix {
	var all []netip.Prefix
	for _, network := range r.PlainNetworks {
		if n, err := netip.ParsePrefix(network); err == nil {
			all = append(all, n)
		}
	}
	return all
}

func (p *problems) url(key, address string, schemes ...string) {
	u, err := url.Parse(address)
	p.check(err == nil && slices.Contains(schemes, u.Scheme) && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" && strings.HasPrefix(u.Path, "/"),
		key, "%q is no URL such as \"%s://gateway.example:8443/rasp\"", address, schemes[0])
}

// validateParties also checks that nothing is bound twice.
func (r Rasp) validateParties(p *problems) {
	bound := map[string]bool{}
	for i, party := range r.Parties {
		key := "rasp party " + strconv.Itoa(i+1)
		if party.Supplier != "" {
			key = "rasp party " + party.Supplier
		}
		p.check(party.Supplier != "", key+": supplier", "is empty")
		p.check(slices.Contains([]string{"", ProfileSHA256, ProfileOIORASP}, party.Profile), key+": profile", "%q is neither %q nor %q", party.Profile, ProfileSHA256, ProfileOIORASP)
		narrow := len(party.Certificates) + len(party.SubjectSerials)
		p.check(narrow+len(party.CVR) > 0, key+": certificates", "is empty, and so are subject_serials and cvr: nobody is let in")
		p.check(narrow == 0 || len(party.CVR) == 0, key+": cvr", "lets in any certificate of the company, and stands alone: without certificates and subject_serials")
		for _, what := range slices.Concat([]string{"supplier " + party.Supplier}, party.Certificates, party.SubjectSerials, party.CVR) {
			p.check(!bound[what], key, "%s is bound twice", what)
			bound[what] = true
		}
		for _, serial := range party.SubjectSerials {
			p.check(subjectSerial.MatchString(serial), key+": subject_serials", "%q has not 1 to 200 printable characters, blanks at neither end", serial)
		}
		for _, certificate := range party.Certificates {
			_, ok := Fingerprint(certificate)
			p.check(ok || !strings.HasPrefix(certificate, fingerprint), key+": certificates", "%q has not 64 hexadecimal digits", certificate)
		}
		for _, cvr := range party.CVR {
			p.check(companyNumber.MatchString(cvr), key+": cvr", "%q has not 8 digits", cvr)
		}
		if party.Endpoint != "" {
			schemes := []string{"https"}
			if party.Profile == ProfileOIORASP && len(r.PlainNetworks) > 0 {
				schemes = append(schemes, "http")
			}
			p.url(key+": endpoint", party.Endpoint, schemes...)
			p.check(len(party.EndpointCertificates) > 0, key+": endpoint_certificates", "is empty: no acknowledgement of the endpoint could be believed")
		}
	}
}

// files tells of each file that is named, while the door is open.
func (r Rasp) files(check func(key, path string, secret bool)) {
	if r.Listen == "" {
		return
	}
	check("rasp.certificate", r.Certificate, false)
	check("rasp.key", r.Key, true)
	check("rasp.next_certificate", r.NextCertificate, false)
	check("rasp.next_key", r.NextKey, true)
	all := func(key string, paths []string) {
		for _, path := range paths {
			if _, ok := Fingerprint(path); !ok {
				check(key, path, false)
			}
		}
	}
	all("rasp.ca", r.CA)
	all("rasp.crl", r.CRL)
	for _, p := range r.Parties {
		key := "rasp party " + p.Supplier + ": "
		all(key+"certificates", p.Certificates)
		all(key+"endpoint_certificates", p.EndpointCertificates)
		all(key+"endpoint_ca", p.EndpointCA)
	}
}
