// Package bankfile writes payment orders as the EDIFACT message PAYMUL, asks for them back as FINCAN, and
// reads CONTRL, BANSTA, DEBMUL, CREMUL and FINSTA, as one bank centre wants and means them
// (bank-edifact), signed by AUTACK both ways where it asks for that. A [Codec] is made from the centre's [Profile] and is a
// gateway.BankCodec.
//
// Writing is a pure function: the same interchange, lines and orders give the
// same bytes. Decisions of ours where no guide of the banks says anything:
//
//   - An order in another currency is debited in DKK. The SEQ's MOA is that DKK
//     amount, and the LIN, of one currency of transfer, says CUX+2:DKK+3:EUR:
//     SG5 is the only place where D.96A PAYMUL allows CUX outside of documents.
//   - The statement text is FTX+AAI in the PRC group, the advice FTX+PMD of up to
//     five lines of 35 characters each, five FTX in all. An order with advice is
//     IBB/UUA, one without IBB/UKA. PRC says 8 when there are invoice numbers
//     only (DOC+380), 11 when there is text only, 10 when there is both.
//   - Immediate advice (STRAKS) is INP+BF:BE+1:AD, "beneficiary's bank: action
//     required, advise the beneficiary". What the payer agreed with its own bank
//     is INP+OR+1 with the agreed code as text. Both stand in SG14.
//   - One AUTACK, the last message of the interchange, signs each of the others by itself: what stands in UNB is not signed.
//   - A cheque is PAI+::20 in a LIN of domestic transfers and has no FII+BF.
//   - A bank code abroad without BIC stands as branch number with 25:131 when it
//     is a German one, else with 25:ZZZ.
package bankfile

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"

	"nks/edifact"
	"nks/edifact/directory/d96a"
	"nks/gateway"
)

// ErrUnwritable means that an interchange cannot be written as it was frozen: its
// counts or sums do not agree, or an order cannot be said in EDIFACT. Nothing
// that was written may be sent; a person must look.
var ErrUnwritable = errors.New("interchange refused")

// glnQualifier says that a party is named by its GLN (0007).
const glnQualifier = "14"

// Profile is how one bank centre is written to and understood.
type Profile struct {
	OwnGLN  string // ours, 13 digits
	BankGLN string // the centre's, 13 digits
	Charset string // UNOA, UNOB, UNOC
	Wrap    string // none, crlf (after each segment), 80 (columns)
	UNA     bool
	Test    bool // test indicator of both directions
	Cheques bool // the bank writes cheques
	// DebitText: the payer's text on its own statement stands in the PRC group of the LIN.
	DebitText bool

	// Sign is how what goes to the bank is signed; nil: it is not.
	Sign *Signing
	// Verify is the bank's keys by the names that its AUTACK gives them (0536, 0538). With any, every message of its files must be
	// signed by one of them.
	Verify map[string]*rsa.PublicKey
	// Trust is what is asked of the certificates of these keys.
	Trust Trust

	// The codes of GIS 7365 by meaning. A code in none of them means nothing.
	Rejected, Information, Accepted, Executed []string
}

// Validate tells what is wrong with the profile.
func (p Profile) Validate() error {
	for _, gln := range []string{p.OwnGLN, p.BankGLN} {
		if len(gln) != 13 || !gateway.AllDigits(gln) {
			return fmt.Errorf("bank profile: GLN %q is not 13 digits", gln)
		}
	}
	if p.OwnGLN == p.BankGLN {
		return errors.New("bank profile: the bank's GLN is ours")
	}
	if set, ok := edifact.ParseRepertoire(p.Charset); !ok || set > edifact.UNOC {
		return fmt.Errorf("bank profile: character set %q must be one of UNOA, UNOB, UNOC", p.Charset)
	}
	if !slices.Contains([]string{"none", "crlf", "80"}, p.Wrap) {
		return fmt.Errorf("bank profile: wrap %q must be one of none, crlf, 80", p.Wrap)
	}
	if err := errors.Join(p.Sign.validate(), validateKeys(p.Verify), p.Trust.validate(func(name string) bool { return p.Verify[name] != nil })); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, codes := range [][]string{p.Rejected, p.Information, p.Accepted, p.Executed} {
		for _, code := range codes {
			if code == "" || len(code) > 3 || seen[code] {
				return fmt.Errorf("bank profile: GIS code %q is empty, too long, or stands twice", code)
			}
			seen[code] = true
		}
	}
	if len(p.Rejected) == 0 {
		return errors.New("bank profile: no GIS code means rejected")
	}
	return nil
}

// Codes are the codes of ours that D.96A does not have, as Danish banks use them
// (bank-edifact): payment types in BUS and PAI with their advice and card types,
// the references of payment slips, parties of an instruction, what CNT counts, and our FINCAN.
func Codes() edifact.Codes {
	return edifact.Codes{
		"1001": {Add: []string{fincanDocument}},
		"1153": {Add: []string{"BID", "KRE"}},
		"3285": {Add: []string{"BE"}},
		"3301": {Add: []string{"BF", "OR"}},
		"4383": {Add: []string{"IBB", "IBK", "IBL", "UBB"}},
		"4435": {Add: []string{"UKA", "UUA", "ALO", "A01", "A04", "A15", "A71", "A73", "A75"}},
		"4461": {Add: []string{"IBB", "IBK", "IBL", "UBB"}},
		"6069": {Add: []string{"LIN", "SEQ"}},
	}
}

// anyCode: what a bank's code means is asked where it is needed; a file is not
// refused for one that means nothing to us.
var anyCode = edifact.Codes{edifact.AllElements: {Any: true}}

// Codec writes to and reads from one bank centre. It has no state and may be
// used concurrently.
type Codec struct {
	profile  Profile
	options  edifact.WriterOptions
	schema   *edifact.Schema
	meanings map[string]gateway.Meaning
}

var _ gateway.BankCodec = (*Codec)(nil)

// New returns the Codec of a profile that is valid.
func New(p Profile) (*Codec, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	var err error
	if p.Trust.lists, err = p.Trust.read(); err != nil {
		return nil, err
	}
	set, _ := edifact.ParseRepertoire(p.Charset)
	wraps := map[string]edifact.Wrap{"none": edifact.WrapNone, "crlf": edifact.WrapSegments, "80": edifact.Wrap80}
	c := &Codec{
		profile:  p,
		options:  edifact.WriterOptions{Repertoire: set, UNA: p.UNA, Wrap: wraps[p.Wrap]},
		schema:   edifact.NewSchema(d96a.Directory()).WithCodes(anyCode),
		meanings: map[string]gateway.Meaning{},
	}
	for meaning, codes := range map[gateway.Meaning][]string{
		gateway.MeansRejected: p.Rejected, gateway.MeansInformation: p.Information,
		gateway.MeansAccepted: p.Accepted, gateway.MeansExecuted: p.Executed,
	} {
		for _, code := range codes {
			c.meanings[code] = meaning
		}
	}
	return c, nil
}

// own and bank are the parties of our interchanges.
func (c *Codec) own() edifact.Party {
	return edifact.Party{ID: c.profile.OwnGLN, Qualifier: glnQualifier}
}

func (c *Codec) bank() edifact.Party {
	return edifact.Party{ID: c.profile.BankGLN, Qualifier: glnQualifier}
}

// testIndicator is 0035: 1 for a test, nothing else.
func (c *Codec) testIndicator() string {
	if c.profile.Test {
		return "1"
	}
	return ""
}
