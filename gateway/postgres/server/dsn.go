package server

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
)

// quote makes s a value of a libpq keyword/value connection string.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// options renders settings as the options parameter, whose words are separated by blanks and escaped by \.
func options(settings []string) string {
	if len(settings) == 0 {
		return ""
	}
	return " options=" + quote(optionWords(settings))
}

func optionWords(settings []string) string {
	escape := strings.NewReplacer(`\`, `\\`, ` `, `\ `)
	words := make([]string, len(settings))
	for i, setting := range settings {
		words[i] = "-c " + escape.Replace(setting)
	}
	return strings.Join(words, " ")
}

// ExternalDSN turns the URL (or keyword/value string) of a database that somebody else runs into the connection
// string of a session that acts as role, which the URL's user must be a member of. An empty role stays the user.
// Settings are as in Server.DSN.
func ExternalDSN(database, role string, settings ...string) (string, error) {
	if _, err := pgx.ParseConfig(database); err != nil {
		return "", fmt.Errorf("database.url: %w", err)
	}
	if role != "" {
		settings = append([]string{"role=" + role}, settings...)
	}
	if len(settings) == 0 {
		return database, nil
	}
	if !strings.HasPrefix(database, "postgres://") && !strings.HasPrefix(database, "postgresql://") {
		return database + options(settings), nil
	}
	u, err := url.Parse(database)
	if err != nil {
		return "", fmt.Errorf("database.url: %w", err)
	}
	q := u.Query()
	q.Set("options", strings.TrimSpace(q.Get("options")+" "+optionWords(settings)))
	// A literal + would reach libpq as a plus sign: connection URIs know percent encoding only.
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	return u.String(), nil
}
