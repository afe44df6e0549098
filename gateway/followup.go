package gateway

// Failed is a payment that failed, as it is when somebody wants it ordered anew.
type Failed struct {
	Position     Position
	Recipient    bool   // one is named, whom the register may know
	CameBack     bool   // money of it came back, once
	Owed         bool   // something is to be ordered for it already
	Settling     bool   // what its authority chose is not carried out yet
	ByHand       bool   // persons paid it outside
	SetOff       bool   // it goes to a creditor
	Recalled     bool   // persons have asked its bank for it, which has not refused
	Spent        bool   // an order in its place was made before, and is not to be made again
	Contradicted bool   // the bank calls executed an order before this one
	Debited      bool   // the bank has booked it all the same, or otherwise than is due
	SentAgain    int64  // a later payment of the same payer to the same recipient, for the same benefit and amount; 0: none
	Unpaid       Unpaid // why the register gives no account; empty: it gives one
	Same         bool   // it is the account that failed
}

// Why a failed payment is not ordered anew.
const (
	FollowUpAtSender     = "the money is with its authority, which was told so: it would have to send it again"
	FollowUpSettled      = "is settled"
	FollowUpPart         = "money of it came back before: what becomes of that its authority has chosen"
	FollowUpOwed         = "something is to be ordered for it already"
	FollowUpSettling     = "what its authority chose is not carried out yet"
	FollowUpByHand       = "was paid by hand"
	FollowUpSetOff       = "was taken for a claim, which has it again: the money is with its authority"
	FollowUpRecalled     = "persons have asked its bank for it back"
	FollowUpSpent        = "was ordered in its place before, and that is void or was given up"
	FollowUpContradicted = "the bank calls executed an order of it that it has rejected before"
	FollowUpDebited      = "the bank may have debited it all the same"
	FollowUpSentAgain    = "its authority may have sent it again"
	FollowUpNobody       = "names an account and no recipient: no other account counts"
	FollowUpNoAccount    = "its recipient has no account that counts now"
	FollowUpSame         = "the account that failed is the one that counts now"
)

// FollowUp is why a failed payment is not ordered anew; empty: it is. It is only where its money has demonstrably never left, and FollowTable lets
// an order follow. // second-floor "Follow-up run"
func FollowUp(f Failed) string {
	if Follow(NewsOrdered, ScopeOrder, f.Position).Effect != Takes {
		if f.Position == AtNotPayable {
			return FollowUpAtSender
		}
		return FollowUpSettled
	}
	switch {
	case f.ByHand:
		return FollowUpByHand
	case f.Owed:
		return FollowUpOwed
	case f.Settling:
		return FollowUpSettling
	case f.Position != AtBankRejected || f.CameBack:
		return FollowUpPart
	case f.SetOff:
		return FollowUpSetOff
	case f.Recalled:
		return FollowUpRecalled
	case f.Contradicted:
		return FollowUpContradicted
	case f.Spent:
		return FollowUpSpent
	case f.Debited:
		return FollowUpDebited
	case f.SentAgain != 0:
		return FollowUpSentAgain
	case !f.Recipient:
		return FollowUpNobody
	case f.Unpaid != "":
		return FollowUpNoAccount
	case f.Same:
		return FollowUpSame
	}
	return ""
}

// FollowUpChoice is by what such a payment is ordered: to the account that counts then; without one it stays where it is.
func FollowUpChoice() StandingChoice {
	return StandingChoice{Does: HoldForAccount, Otherwise: ReturnToSender}
}
