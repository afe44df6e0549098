package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"nks/edifact"
	"nks/gateway/bankfile"
	"nks/internal/command"
)

// codesOfBanks is the name of the codes that the gateway itself has agreed with banks.
const codesOfBanks = "banks"

// codesFile is a file of agreed codes: a table for each data element.
type codesFile struct {
	Codes map[string]struct {
		Any  bool     `toml:"any"`
		Only []string `toml:"only"`
		Add  []string `toml:"add"`
	} `toml:"codes"`
}

// agreedCodes reads the codes that --codes names.
func agreedCodes(name string) (edifact.Codes, error) {
	switch name {
	case "":
		return nil, nil
	case codesOfBanks:
		return bankfile.Codes(), nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, command.Usage(err)
	}
	var file codesFile
	d := toml.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		if unknown, ok := errors.AsType[*toml.StrictMissingError](err); ok && len(unknown.Errors) > 0 {
			row, column := unknown.Errors[0].Position()
			err = fmt.Errorf("line %d, column %d: unknown key %s", row, column, strings.Join(unknown.Errors[0].Key(), "."))
		} else if wrong, ok := errors.AsType[*toml.DecodeError](err); ok {
			row, column := wrong.Position()
			err = fmt.Errorf("line %d, column %d: %s", row, column, strings.TrimPrefix(wrong.Error(), "toml: "))
		}
		return nil, command.Usagef("%s: %w", name, err)
	}
	codes := edifact.Codes{}
	for element, rule := range file.Codes {
		if element != edifact.AllElements && !isElement(element) {
			return nil, command.Usagef("%s: %q is no data element: must be four digits, or \"*\" for all others", name, element)
		}
		if rule.Any && (rule.Only != nil || rule.Add != nil) || rule.Only != nil && rule.Add != nil || !rule.Any && rule.Only == nil && rule.Add == nil {
			return nil, command.Usagef("%s: data element %s: must be one of any, only, add", name, element)
		}
		codes[element] = edifact.CodeRule{Any: rule.Any, Only: rule.Only, Add: rule.Add}
	}
	return codes, nil
}

func isElement(s string) bool {
	return len(s) == 4 && strings.Trim(s, "0123456789") == ""
}
