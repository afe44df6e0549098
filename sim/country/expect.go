package country

// Expectation is what a plan means to happen, as far as the gateway decides it. What a bank makes of its orders is not
// known here. Amounts are in øre.
type Expectation struct {
	Deliveries   []ExpectedDelivery `json:"deliveries"`
	Received     int                `json:"received"` // payments of accepted bundles
	ReceivedOere int64              `json:"received_oere"`
	Rejected     int                `json:"rejected"` // by response 2
	Returned     int                `json:"returned"` // by response 7
	Cheque       int                `json:"cheque"`   // response 7 and a cheque order
	Ordered      int                `json:"ordered"`  // transfers, slips and foreign orders
}

// ExpectedDelivery is what one delivery means to happen.
type ExpectedDelivery struct {
	Supplier  string `json:"supplier"`
	Authority string `json:"authority"`
	File      string `json:"file"`
	As        string `json:"as"`
	Kind      string `json:"kind"`
	MessageID string `json:"message_id"`
	GroupID   string `json:"group_id"`
	// Receipt is accepted, rejected (both receipt 1), unreadable (receipt 0) or none (nothing new is due).
	Receipt  string `json:"receipt"`
	Payments int    `json:"payments"`
	Rejected int    `json:"rejected"`
	Returned int    `json:"returned"`
	Cheque   int    `json:"cheque"`
	Ordered  int    `json:"ordered"`
}

func (e *Expectation) add(b *bundle, file, as string) {
	d := ExpectedDelivery{
		Supplier: b.supplier, Authority: b.authority, File: file, As: as, Kind: b.kind,
		MessageID: b.messageID, GroupID: b.groupID, Receipt: string(b.receipt), Payments: b.size(),
	}
	if b.receipt == receiptAccepted {
		b.each(func(_ *debit, t *tx) {
			switch t.fate {
			case rejected:
				d.Rejected++
			case returned:
				d.Returned++
			case byCheque:
				d.Cheque++
			default:
				d.Ordered++
			}
			e.ReceivedOere += t.oere()
		})
		e.Received += d.Payments
		e.Rejected += d.Rejected
		e.Returned += d.Returned
		e.Cheque += d.Cheque
		e.Ordered += d.Ordered
	}
	e.Deliveries = append(e.Deliveries, d)
}

// oere is the amount in øre. An amount that cannot be paid is no money.
func (t *tx) oere() int64 {
	if t.amount <= 0 || t.amount%10 != 0 || t.amount > mostAmount || t.currency != "" {
		return 0
	}
	return t.amount / 10
}

// mostAmount is the largest amount of the interface, in its three implied decimals.
const mostAmount = 1_000_000_000_000
