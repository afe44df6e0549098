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

// groupBits is how many bits of a release group's id count the groups of one delivery.
const groupBits = 14

// MaxGroups is how many release groups a delivery may have at the very most.
const MaxGroups = 1<<groupBits - 1

// GroupID makes the id of the ordinal'th release group (from 1) of a delivery.
func GroupID(delivery int64, ordinal int) int64 { return delivery<<groupBits | int64(ordinal) }
