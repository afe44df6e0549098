package conf

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Activation is how the letters of activations are made. // B13
type Activation struct {
	// Days is for how many days a code counts.
	Days int `toml:"days"`
	// Sender and SenderAddress stand above the window; Site and Phone are where codes are entered.
	Sender        string `toml:"sender"`
	SenderAddress string `toml:"sender_address"`
	Site          string `toml:"site"`
	Phone         string `toml:"phone"`
}

// Print is whoever prints letters: an SFTP server that takes files.
type Print struct {
	// Address is host:port; empty: no letters are written, and what needs one waits.
	Address string `toml:"address"`
	User    string `toml:"user"`
	Key     string `toml:"key"` // the file of our private key
	// HostKeys pin the server: literal public keys, or files of them.
	HostKeys []string `toml:"host_keys"`
	Folder   string   `toml:"folder"` // where files are put; empty: the login's directory
	Poll     Duration `toml:"poll"`
}

// API is the HTTP interface for other programs.
type API struct {
	// Listen is host:port; empty: it is closed.
	Listen      string `toml:"listen"`
	Certificate string `toml:"certificate"`
	Key         string `toml:"key"`
	// ClientsCA is the authorities that have issued the clients' certificates.
	ClientsCA string `toml:"clients_ca"`
	// ClientRequests and ReferenceRequests are how many requests a client, and a reference, have in a minute.
	ClientRequests    int      `toml:"client_requests"`
	ReferenceRequests int      `toml:"reference_requests"`
	RequestTimeout    Duration `toml:"request_timeout"`
	// WrongAfter is how long after its request the answer leaves that a code is wrong.
	WrongAfter Duration    `toml:"wrong_after"`
	Clients    []APIClient `toml:"client"`
}

// APIClient is a program that may call.
type APIClient struct {
	Name string `toml:"name"`
	// Fingerprint is "sha256:" and that of its certificate; two while it changes.
	Fingerprints []string `toml:"fingerprints"`
}

func defaultActivation() Activation { return Activation{Days: 60} }

func defaultPrint() Print {
	return Print{Key: "keys/print", HostKeys: []string{}, Poll: Duration{time.Minute}}
}

func defaultAPI() API {
	return API{Certificate: "keys/api.crt", Key: "keys/api.key", ClientsCA: "keys/api_clients.crt", ClientRequests: 600, ReferenceRequests: 10,
		RequestTimeout: Duration{10 * time.Second}, WrongAfter: Duration{500 * time.Millisecond}}
}

func (c Config) validateLetters(p *problems) {
	const mostWords = 80
	p.within("activation.days", c.Activation.Days, 1, 365)
	for key, text := range map[string]string{"sender": c.Activation.Sender, "sender_address": c.Activation.SenderAddress, "site": c.Activation.Site, "phone": c.Activation.Phone} {
		p.check(len(text) <= mostWords && !strings.ContainsAny(text, "\n\r\t"), "activation."+key, "must be one line of at most %d bytes", mostWords)
	}
	if c.Print.Address == "" {
		return
	}
	p.address("print.address", c.Print.Address)
	p.check(c.Print.User != "", "print.user", "is empty")
	p.check(c.Print.Key != "", "print.key", "is empty")
	p.check(len(c.Print.HostKeys) > 0, "print.host_keys", "is empty: the server's key must be known")
	p.lasts("print.poll", c.Print.Poll, time.Second, time.Hour)
	p.check(c.Activation.Sender != "" && c.Activation.Site != "" && c.Activation.Phone != "", "activation.sender", "sender, site and phone stand in letters, and must be given where print.address is")
}

func (a API) validate(p *problems) {
	p.within("api.client_requests", a.ClientRequests, 1, 1_000_000)
	p.within("api.reference_requests", a.ReferenceRequests, 1, 1000)
	p.lasts("api.request_timeout", a.RequestTimeout, time.Second, time.Minute)
	p.lasts("api.wrong_after", a.WrongAfter, 0, 5*time.Second)
	if a.Listen != "" {
		p.address("api.listen", a.Listen)
		p.check(a.Certificate != "" && a.Key != "", "api.certificate", "a certificate and its key must be named")
		p.check(a.ClientsCA != "", "api.clients_ca", "is empty: no client's certificate could be believed")
		p.check(len(a.Clients) > 0, "api.client", "nobody may call")
	}
	seen := map[[32]byte]bool{}
	var names []string
	for i, c := range a.Clients {
		key := fmt.Sprintf("api client %d (%s): ", i+1, c.Name)
		p.check(c.Name != "" && len(c.Name) <= 35 && !slices.Contains(names, c.Name), key+"name", "must have 1 to 35 bytes, and be of one client alone")
		names = append(names, c.Name)
		p.check(len(c.Fingerprints) > 0, key+"fingerprints", "is empty")
		for _, f := range c.Fingerprints {
			sum, ok := Fingerprint(f)
			p.check(ok && !seen[sum], key+"fingerprints", "%q is not \"sha256:\" and 64 hexadecimal digits, or is named twice", f)
			seen[sum] = true
		}
	}
}

func (c *Config) resolveLetters(dir string) {
	for _, path := range []*string{&c.Print.Key, &c.API.Certificate, &c.API.Key, &c.API.ClientsCA} {
		*path = from(dir, *path)
	}
	for i, key := range c.Print.HostKeys {
		if !literalKey(key) {
			c.Print.HostKeys[i] = from(dir, key)
		}
	}
}

func (c Config) letterFiles(check func(key, path string, secret bool)) {
	if c.Print.Address != "" {
		check("print.key", c.Print.Key, true)
		for _, key := range c.Print.HostKeys {
			if !literalKey(key) {
				check("print.host_keys", key, false)
			}
		}
	}
	if c.API.Listen != "" {
		check("api.certificate", c.API.Certificate, false)
		check("api.key", c.API.Key, true)
		check("api.clients_ca", c.API.ClientsCA, false)
	}
}

// HostKeyLines are the server's pinned keys, read from their files where they are not given literally.
func (p Print) HostKeyLines() ([]string, error) { return Bank{HostKeys: p.HostKeys}.HostKeyLines() }
