package command

import "time"

// Time reads the value of a flag that is a time; zero when it is empty.
func Time(name, value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return t, Usagef("--%s %q: must be a time as RFC 3339 has it, such as 2005-08-11T04:30:00+02:00", name, value)
	}
	return t, nil
}
