package gateway

// MaxDocumentAmount is the largest amount in the document's scale of three implied decimals.
const MaxDocumentAmount = 1_000_000_000_000

// OreOf turns an amount with three implied decimals into øre. The code is empty when the amount is good.
func OreOf(amount int64) (ore int64, bad Code) {
	switch {
	case amount <= 0:
		return 0, CodeAmountZero
	case amount%10 != 0:
		return 0, CodeAmountFraction
	case amount > MaxDocumentAmount:
		return 0, CodeAmountTooLarge
	}
	return amount / 10, ""
}

// DocumentAmount is ore in the documents' scale of three implied decimals.
func DocumentAmount(ore int64) int64 { return ore * 10 }
