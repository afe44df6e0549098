// Package receive is the first stage of the flow: what comes to a door becomes a delivery, and a delivery becomes payments
// in release groups, or a refusal. It writes delivery, delivery_key, bundle_key, mailbox_upload, payer,
// release_group and payment.
package receive

import (
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Rules are the limits and names that bundles are read by.
type Rules struct {
	Addressed         []string // NKS or NKSTEST: whom the first To/PartyId may name
	DaysAhead         int      // how far away an execution day may be
	BundlePayments    int
	GroupsPerDelivery int
	DocumentBytes     int64
	Patience          gateway.Patience
	Foretells         bool // receipt 1 says when the recipients have their money
	Staging           Staging
	Connections       gateway.ConnectionRule
	QueueTime         time.Duration // how far the put time of a message may move its cut-off back; 0: not at all
}

// Store takes documents in and reads them. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Days       gateway.Days
	Banks      postgres.Centres
	OpenBundle gateway.OpenBundle
	Answers    *postgres.Answers
	Rules      Rules
	// Requests answer the documents that order no payment, each kind its own.
	Requests []postgres.Request
}
