package gateway

// Meaning is what a bank's status means, by its profile.
type Meaning string

// What a status of a bank can mean.
const (
	MeansRejected    Meaning = "rejected"
	MeansInformation Meaning = "information"
	MeansAccepted    Meaning = "accepted"
	MeansExecuted    Meaning = "executed"
	MeansUnclear     Meaning = "unclear" // nobody can say; Text is why
)

// BankStatus is what a bank says of one order, or of a line when neither Seq nor Reference is there.
type BankStatus struct {
	MessageRef string // ours, BGM 1004
	Line       int    // 0 when not said
	Seq        int    // 0 when not said
	Reference  string // RFF+CR
	Meaning    Meaning
	Ore        int64  // the amount that is named, in øre; 0: none is
	Code       string // Kxxxx
	Text       string
}
