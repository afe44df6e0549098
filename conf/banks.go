package conf

import (
	"reflect"
	"strings"
)

// fillBanks gives every [[bank]] the defaults of what it does not say. Elements of an array are new to the decoder,
// so what a bank says is asked of the text a second time: an explicit false or empty list must stay.
func fillBanks(text string, cfg *Config) error {
	var given struct {
		Bank []map[string]any `toml:"bank"`
	}
	if err := decode(text, &given, false); err != nil {
		return err
	}
	for i := range cfg.Banks {
		bank := reflect.ValueOf(&cfg.Banks[i]).Elem()
		defaults := reflect.ValueOf(DefaultBank(cfg.Environment))
		for f := range bank.NumField() {
			if i < len(given.Bank) && !says(given.Bank[i], bank.Type().Field(f).Tag.Get("toml")) {
				bank.Field(f).Set(defaults.Field(f))
			}
		}
	}
	return nil
}

// says ignores case as the decoder does.
func says(keys map[string]any, key string) bool {
	for k := range keys {
		if strings.EqualFold(k, key) {
			return true
		}
	}
	return false
}
