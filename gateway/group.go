package gateway

// GroupState is where a release group is on its way.
type GroupState string

// The states, in their order.
const (
	GroupUnchecked GroupState = "unchecked"
	GroupRejected  GroupState = "rejected" // an error of the debit level, or no payment left
	GroupWaiting   GroupState = "waiting"  // for its release
	GroupReleased  GroupState = "released"
)

// JudgeGroup decides what becomes of a group when its payments have been checked: one with an error of the debit level, or
// with nothing left to pay, ends there.
func JudgeGroup(debitFault Code, rejected, payments int) GroupState {
	if debitFault != "" || rejected >= payments {
		return GroupRejected
	}
	return GroupWaiting
}
