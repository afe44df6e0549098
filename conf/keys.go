package conf

// Keys says what is known of keys beside themselves.
type Keys struct {
	// Expires is a file of when keys expire that do not say so themselves: a fingerprint and a day in each line. Empty: none is known.
	Expires string `toml:"expires"`
}
