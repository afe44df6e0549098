package conf

import "slices"

// AddressedAs is whom bundles may be addressed to, by environment.
type AddressedAs struct {
	Production []string `toml:"production"`
	Test       []string `toml:"test"`
}

// of is the names of an environment, and those of the other.
func (a AddressedAs) of(e Environment) (own, others []string) {
	if e == Production {
		return a.Production, a.Test
	}
	return a.Test, a.Production
}

// Addressed is whom bundles may be addressed to here.
func (c Config) Addressed() []string {
	own, _ := c.Identity.AddressedAs.of(c.Environment)
	if len(own) == 0 {
		return []string{c.Identity.Name}
	}
	return own
}

func (c Config) validateAddressed(p *problems) {
	_, others := c.Identity.AddressedAs.of(c.Environment)
	for key, names := range map[string][]string{"identity.addressed_as.production": c.Identity.AddressedAs.Production, "identity.addressed_as.test": c.Identity.AddressedAs.Test} {
		for _, name := range names {
			p.check(name != "" && len(name) <= 35, key, "%q must have 1 to 35 characters", name)
		}
	}
	for _, name := range c.Addressed() {
		p.check(!slices.Contains(others, name), "identity.addressed_as", "%q is a name of both environments", name)
	}
	p.check(!slices.Contains(others, c.Identity.Name), "identity.name", "%q is a name of the other environment", c.Identity.Name)
}
