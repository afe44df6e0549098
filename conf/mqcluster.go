package conf

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// MQCluster makes the broker inside one of three that are one broker; without a name it stands alone.
type MQCluster struct {
	// Name is the same for all members. With the environment it is what a member must have to be let in.
	Name string `toml:"name"`
	// Member is this node's among Members.
	Member string `toml:"member"`
	// Members are all three, each its name and the host:port at which the others reach it, as in "n1 nks1.example:6222".
	Members []string `toml:"members"`
	// Listen is host:port for the other members; empty: this member's address.
	Listen string `toml:"listen"`
	// Secret is a file with what the members show each other beside certificates, the same for all.
	Secret string `toml:"secret"`
	// TLSCertificate and TLSKey are this member's, made out to the host of its address, as server and as client; TLSCA are the authorities
	// that issue the members' certificates.
	TLSCertificate string `toml:"tls_certificate"`
	TLSKey         string `toml:"tls_key"`
	TLSCA          string `toml:"tls_ca"`
}

// MQMember is one of the broker's members.
type MQMember struct {
	Name, Address string
}

const (
	// mqMembers is how many a cluster has.
	mqMembers = 3
	// leastSecret and mostSecret are characters of the members' secret.
	leastSecret, mostSecret = 16, 512
)

// Clustered reports whether the broker inside is one of several.
func (c MQCluster) Clustered() bool { return c.Name != "" }

// All are the members; what is none is left out.
func (c MQCluster) All() (all []MQMember) {
	for _, text := range c.Members {
		if m, err := mqMember(text); err == nil {
			all = append(all, m)
		}
	}
	return all
}

// Others are the members but this one.
func (c MQCluster) Others() []MQMember {
	return slices.DeleteFunc(c.All(), func(m MQMember) bool { return m.Name == c.Member })
}

// mqMember reads one of Members.
func mqMember(text string) (MQMember, error) {
	words := strings.Fields(text)
	if len(words) == 2 && validID(words[0]) && !strings.Contains(words[0], ".") {
		host, port, err := net.SplitHostPort(words[1])
		n, wrong := strconv.Atoi(port)
		if err == nil && wrong == nil && host != "" && n >= 1 && n <= 65535 {
			return MQMember{words[0], words[1]}, nil
		}
	}
	return MQMember{}, fmt.Errorf("%q is no member such as \"n1 nks1.example:6222\": a name of A-Z a-z 0-9 _ -, host and port", text)
}

// ReadSecret reads what the members show each other.
func (c MQCluster) ReadSecret() (string, error) {
	text, err := readSmall(c.Secret)
	if err != nil {
		return "", fmt.Errorf("mq.cluster.secret: %w", err)
	}
	secret := strings.TrimSpace(text)
	if len(secret) < leastSecret || len(secret) > mostSecret || strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("mq.cluster.secret: %s does not hold one line of %d to %d printable characters without a blank", c.Secret, leastSecret, mostSecret)
	}
	return secret, nil
}

func (c *MQCluster) resolve(dir string) {
	for _, path := range []*string{&c.Secret, &c.TLSCertificate, &c.TLSKey, &c.TLSCA} {
		*path = from(dir, *path)
	}
}

func (c MQCluster) files(check func(key, path string, secret bool)) {
	check("mq.cluster.secret", c.Secret, true)
	check("mq.cluster.tls_certificate", c.TLSCertificate, false)
	check("mq.cluster.tls_key", c.TLSKey, true)
	check("mq.cluster.tls_ca", c.TLSCA, false)
}

func (c MQCluster) validate(p *problems, m MQ, private bool) {
	if !c.Clustered() {
		p.check(c.Member+c.Listen+c.Secret+c.TLSCertificate+c.TLSKey+c.TLSCA == "" && len(c.Members) == 0, "mq.cluster.name", "is empty, and other keys of mq.cluster are given")
		return
	}
	p.check(validID(c.Name), "mq.cluster.name", "%q is not 1 to 35 of A-Z a-z 0-9 . _ -", c.Name)
	p.check(m.Driver == JetStream && m.Listen != "", "mq.cluster.name", "a cluster is of brokers inside: mq.driver must be \"jetstream\", and mq.listen be given")
	p.check(!private, "mq.cluster.name", "the members must share an external database: database.url or database.url_file must be given")
	p.check(len(c.Members) == mqMembers, "mq.cluster.members", "must be %d, this one too, and not %d", mqMembers, len(c.Members))
	seen := map[string]bool{}
	for _, text := range c.Members {
		member, err := mqMember(text)
		if err != nil {
			p.add("mq.cluster.members", "%v", err)
			continue
		}
		p.check(!seen[member.Name], "mq.cluster.members", "%q stands there twice", member.Name)
		p.check(!seen[member.Address], "mq.cluster.members", "two have the address %s", member.Address)
		seen[member.Name], seen[member.Address] = true, true
	}
	p.check(seen[c.Member] && c.Member != "", "mq.cluster.member", "%q is none of mq.cluster.members", c.Member)
	if c.Listen != "" {
		p.address("mq.cluster.listen", c.Listen)
	}
	for _, f := range []struct{ key, path string }{{"secret", c.Secret}, {"tls_certificate", c.TLSCertificate}, {"tls_key", c.TLSKey}, {"tls_ca", c.TLSCA}} {
		p.check(f.path != "", "mq.cluster."+f.key, "must be given: members trust no other but by their secret and their certificates")
	}
}
