package gateway

// deliveryBits is how many bits of a delivery's id number the deliveries of one month.
const deliveryBits = 22

// DeliveryID makes the id of the n'th delivery (from 1) of a month: cell × 2^32 + month × 2^22 + n. It leaves room for the
// ordinals of payments: with the greatest cell a payment's id still has 63 bits.
func DeliveryID(cell Cell, month Month, n int64) int64 {
	return int64(cell)<<(monthBits+deliveryBits) | int64(month)<<deliveryBits | n
}

// MonthOfDelivery is the month that a delivery's id says: in the partition of that month it and its payments are.
func MonthOfDelivery(id int64) Month { return Month(id >> deliveryBits & (1<<monthBits - 1)) }
