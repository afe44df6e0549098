package country

import "time"

// receipt says what the gateway owes a delivery.
type receipt string

const (
	receiptAccepted   receipt = "accepted"   // receipt 1 ACPT, then a response 2
	receiptRejected   receipt = "rejected"   // receipt 1 RJCT
	receiptUnreadable receipt = "unreadable" // receipt 0
	receiptNone       receipt = "none"       // the same file once more: one delivery, nothing new is due
)

// fate says what is meant to become of a payment, as far as that is the gateway's decision.
type fate uint8

const (
	toBank   fate = iota // ordered at the bank, to an account
	byCheque             // ordered at the bank, as a cheque (response 7 ACPT)
	rejected             // response 2
	returned             // response 7 RJCT
)

// bundle is one document to be sent.
type bundle struct {
	kind                string
	supplier, authority string
	from                string // the sender named in the document; empty: the supplier
	ean                 string // sender's EAN, through a VANS
	messageID, groupID  string
	at                  time.Time
	stamp               string // CreDtTm and Timestamp
	grouped             bool
	instruction         [2]string // code and information for NKS
	debits              []debit
	style               style
	receipt             receipt

	// The lies of wrong bundles: added to what is true.
	sumOff, countOff int64
	grouping         string              // what Grpg says, if not the truth
	spoil            func([]byte) []byte // last touch on the bytes
	again            []again
}

// again is a later delivery of the very same bytes.
type again struct {
	kind    string
	at      time.Time
	rename  bool
	receipt receipt
}

// debit is the debit level of a bundle.
type debit struct {
	execution                   time.Time
	local                       string // IBK, UBB; empty: transfer
	agreement, account, purpose string
	txs                         []tx
}

// accountKind says how the creditor's account is written.
type accountKind uint8

const (
	noAccount accountKind = iota
	bban
	iban
	giro
)

// tx is one payment.
type tx struct {
	instrID, endToEnd, purpose string
	amount                     int64  // three implied decimals
	currency                   string // of the amount; empty: DKK
	transferIn                 string // currency of transfer: written as equivalent amount
	name                       string
	address                    address
	idKind                     kind
	id                         string // empty: no recipient number
	accountKind                accountKind
	account                    string
	bank                       *foreignBank
	bankCode                   bool // the foreign account goes with a bank code
	charge                     string
	finalAgent, firstAgent     string
	advice                     []string
	invoice, codeLine          string
	incomplete                 bool
	benefit                    string
	fate                       fate
}

// each calls f for every payment in document order.
func (b *bundle) each(f func(*debit, *tx)) {
	for i := range b.debits {
		for k := range b.debits[i].txs {
			f(&b.debits[i], &b.debits[i].txs[k])
		}
	}
}

// size is the number of payments.
func (b *bundle) size() int {
	n := 0
	for i := range b.debits {
		n += len(b.debits[i].txs)
	}
	return n
}

func (b *bundle) sum() int64 {
	var sum int64
	b.each(func(_ *debit, t *tx) { sum += t.amount })
	return sum
}
