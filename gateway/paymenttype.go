package gateway

// PaymentType is how the bank carries the payment out; it decides the LIN it stands in.
type PaymentType int16

// Payment types. The numbers are stored; they never change meaning.
const (
	Transfer     PaymentType = 1 // IBB, domestic transfer
	PaymentSlip  PaymentType = 2 // IBK, giro or FI payment slip
	ForeignOrder PaymentType = 3 // UBB, transfer abroad
	Cheque       PaymentType = 4 // domestic cheque to the holder's address
	Salary       PaymentType = 5 // IBL, domestic transfer of a salary or pension // B1-salary
	// ErrorOrder is a domestic transfer to the authority's own error account: no recipient stands in it. // G-faulty
	ErrorOrder PaymentType = 6
)

func (t PaymentType) String() string {
	switch t {
	case Transfer:
		return "IBB"
	case PaymentSlip:
		return "IBK"
	case ForeignOrder:
		return "UBB"
	case Cheque:
		return "cheque"
	case Salary:
		return "IBL"
	case ErrorOrder:
		return "error account"
	}
	return "unknown"
}
