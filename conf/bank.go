package conf

import "time"

// Bank is the profile of one booking centre: how it is reached, written to and understood.
type Bank struct {
	// ID is the bank_centre of agreements.csv.
	ID   string `toml:"id" json:"id"`
	Name string `toml:"name" json:"name"`
	// GLN is the bank's address in UNB: 13 digits.
	GLN string `toml:"gln" json:"gln"`

	// Address is host:port of its SFTP server.
	Address string `toml:"address" json:"address"`
	User    string `toml:"user" json:"user"`
	// Key is the file of our private key.
	Key string `toml:"key" json:"key"`
	// HostKeys pin the server: literal public keys, or files of them. Any of them will do, so that one can be changed.
	HostKeys []string `toml:"host_keys" json:"host_keys"`
	InDir    string   `toml:"in_dir" json:"in_dir"`   // where we put
	OutDir   string   `toml:"out_dir" json:"out_dir"` // where we fetch
	// FileName is the final name; {ref} stands for the interchange's control reference.
	FileName string `toml:"file_name" json:"file_name"`
	// TempName is the name while it is written; {ref}, and {attempt} for the number of the try.
	TempName string   `toml:"temp_name" json:"temp_name"`
	Poll     Duration `toml:"poll" json:"poll"`

	Charset string `toml:"charset" json:"charset"` // UNOC
	Wrap    Wrap   `toml:"wrap" json:"wrap"`
	UNA     bool   `toml:"una" json:"una"`
	// Test is UNB 0035. It must agree with the environment and follows it when not given.
	Test bool `toml:"test" json:"test"`

	// Autack is whether files are signed, and what of them: AutackNone, AutackMessages.
	Autack Autack `toml:"autack" json:"autack"`
	// AutackSign is the file of our private key, PEM, which signs what goes to the bank; "": nothing does.
	AutackSign string `toml:"autack_sign" json:"autack_sign"`
	// AutackKeyName is what the bank knows that key by.
	AutackKeyName string `toml:"autack_key_name" json:"autack_key_name"`
	// AutackVerify is the bank's public keys or certificates, each as its name in the bank's AUTACK, a blank, and the PEM text or its file.
	// With any, every file of the bank must be signed by one of them.
	AutackVerify []string `toml:"autack_verify" json:"autack_verify"`
	// AutackIssuers are certificates of authorities, PEM texts or their files: with any, each of AutackVerify must be a certificate that one
	// of them has issued.
	AutackIssuers []string `toml:"autack_issuers" json:"autack_issuers"`
	// AutackRevoked are revocation lists of these authorities, PEM texts, or files in PEM or DER.
	AutackRevoked []string `toml:"autack_revoked" json:"autack_revoked"`

	// SendBy is the bank's last time of the day (Copenhagen) to be handed a file for LeadDays to count from that day.
	SendBy TimeOfDay `toml:"send_by" json:"send_by"`
	// LeadDays is the number of banking days between hand-over and the money's arrival.
	LeadDays int `toml:"lead_days" json:"lead_days"`
	// The same of salaries and pensions, and the receive-by of agreements for them; nothing: as of all.
	SalaryReceiveBy MaybeTime `toml:"salary_receive_by" json:"salary_receive_by"`
	SalarySendBy    MaybeTime `toml:"salary_send_by" json:"salary_send_by"`
	SalaryLeadDays  int       `toml:"salary_lead_days" json:"salary_lead_days"` // below 0: as of all

	Cheque bool `toml:"cheque" json:"cheque"`
	// DebitText: the bank takes the payer's text on its own statement, in the PRC group of the LIN.
	DebitText bool `toml:"debit_text" json:"debit_text"`

	Acceptance         Acceptance `toml:"acceptance" json:"acceptance"`
	AcceptanceDeadline Duration   `toml:"acceptance_deadline" json:"acceptance_deadline"`
	Executed           Execution  `toml:"executed" json:"executed"`
	ExecutedDeadline   Duration   `toml:"executed_deadline" json:"executed_deadline"`
	// DebitDeadline is how long after the execution day a posting must have told of the debit; 0: the bank tells none.
	DebitDeadline Duration `toml:"debit_deadline" json:"debit_deadline"`
	// ContrlFinal is 7 when 8 is only a receipt, 8 when 8 is all that comes.
	ContrlFinal    int      `toml:"contrl_final" json:"contrl_final"`
	ContrlDeadline Duration `toml:"contrl_deadline" json:"contrl_deadline"`

	// The codes of GIS 7365 by meaning; a code in none of them is an exception for a person.
	GISRejected    []string `toml:"gis_rejected" json:"gis_rejected"`
	GISInformation []string `toml:"gis_information" json:"gis_information"`
	GISExecuted    []string `toml:"gis_executed" json:"gis_executed"`
	GISAccepted    []string `toml:"gis_accepted" json:"gis_accepted"`
}

// Autack is what an AUTACK signs of the files to and from a bank.
type Autack string

// What can be signed.
const (
	AutackNone     Autack = "none"
	AutackMessages Autack = "messages" // each message by itself, by one AUTACK at the end of the interchange
)

// DefaultBank is what holds where a [[bank]] says nothing; Test follows the environment.
func DefaultBank(env Environment) Bank {
	return Bank{
		User: "nks", InDir: "in", OutDir: "out", FileName: "NKS{ref}.edi", TempName: ".NKS{ref}.edi.{attempt}.tmp",
		Poll: Duration{5 * time.Second}, Charset: "UNOC", Wrap: WrapNone, UNA: true, Test: env != Production, Autack: AutackNone, AutackVerify: []string{}, AutackIssuers: []string{}, AutackRevoked: []string{},
		SendBy: 8*60 + 30, LeadDays: 1, SalaryLeadDays: -1,
		Acceptance: AcceptedByContrl, AcceptanceDeadline: Duration{2 * time.Hour},
		Executed: ExecutedByBansta, ExecutedDeadline: Duration{24 * time.Hour},
		ContrlFinal: 7, ContrlDeadline: Duration{30 * time.Minute},
		GISRejected: []string{"2"}, GISInformation: []string{"3"}, GISExecuted: []string{"4"}, GISAccepted: []string{"1"},
	}
}
