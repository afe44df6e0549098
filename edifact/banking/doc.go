// Package banking reads and writes the messages between a bank and its customer
// as Go values, by the directory D.96A that Nordic banks use:
//
//	PAYMUL  payment orders, to the bank
//	BANSTA  what became of them
//	DEBMUL  debits of an account
//	CREMUL  credits of an account
//	FINSTA  statements of account
//	FINCAN  cancellations of orders, to the bank
//
// All but FINCAN, which has no details, have three levels: a head (level A), lines that begin with LIN (B),
// and in a line details that begin with SEQ (C): orders, statuses or entries. A
// [Reader] gives them one after the other as items, and a [Writer] takes them so;
// messages of any length need constant memory. [Reader.ReadMessage] and
// [Writer.WriteMessage] are for those who want a small message in one value.
//
// Names are those of the guides that banks hand out: fields of an item are
// segments by their tag and segment groups by their number, as in
// order.SG12[0].FII.Account.Number. A segment or group that may be left out is
// left out when it is zero (IsZero); one that may repeat is a slice. Values are
// strings, decoded from the repertoire of the interchange. Numbers have a point
// as decimal mark whatever the interchange has; [edifact.ParseMinor] makes exact
// amounts of them.
package banking

//go:generate go run ./generate -directory D.96A -package banking .
