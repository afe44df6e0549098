package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"

	"nks/sim/bank"
)

// autackCentre is the bank centre that signs what it sends, and asks for signatures. The names are those of the keys.
const (
	autackCentre     = "SDC"
	autackGatewayKey = "NKS-1"
	autackCentreKey  = "SDC-1"
)

// autackBits is the length of the keys.
const autackBits = 2048

// autackFile is the file of a key below keys: a private one, and with ".pub" its public one.
func autackFile(of string) string { return "autack_" + of + ".pem" }

func autackPublic(of string) string { return autackFile(of) + ".pub" }

// makeAutack makes the keys of both sides.
func (w *world) makeAutack() error {
	for _, of := range []string{"nks", autackCentre} {
		key, err := rsa.GenerateKey(rand.Reader, autackBits)
		if err != nil {
			return err
		}
		private, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return err
		}
		public, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			return err
		}
		if err := writeFile(w.path("keys", autackPublic(of)), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})); err != nil {
			return err
		}
		if err := os.WriteFile(w.path("keys", autackFile(of)), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// autackOf is how the centre signs.
func autackOf(centre string) bank.Autack {
	if centre != autackCentre {
		return bank.Autack{}
	}
	return bank.Autack{Key: autackFile(centre), Name: autackCentreKey, Verify: map[string]string{autackGatewayKey: autackPublic("nks")}}
}

// autackView is the same as the gateway has it.
func autackView() string {
	return `autack = "messages"
autack_sign = "keys/` + autackFile("nks") + `"
autack_key_name = "` + autackGatewayKey + `"
autack_verify = ["` + autackCentreKey + ` keys/` + autackPublic(autackCentre) + `"]
`
}
