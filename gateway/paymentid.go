package gateway

// ordinalBits is how many bits of a payment id count the payments of one delivery.
const ordinalBits = 24

// MaxBundlePayments is how many payments a bundle may have at the very most: ordinals 1 to this.
const MaxBundlePayments = 1<<ordinalBits - 1

// PaymentID makes the id of the ordinal'th payment (from 1) of a delivery. It is made, not drawn, so that
// reading a bundle again after a crash gives each payment the same id.
func PaymentID(delivery int64, ordinal int) int64 {
	return delivery<<ordinalBits | int64(ordinal)
}

// DeliveryOf is the delivery that a payment came with.
func DeliveryOf(payment int64) int64 { return payment >> ordinalBits }

// OrdinalOf is the place of a payment in its delivery's document, from 1.
func OrdinalOf(payment int64) int { return int(payment & MaxBundlePayments) }
