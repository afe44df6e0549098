package reconciliation

// Months that are dropped have no rows, and nothing that knew of them is broken by that. Each of these says that something is not of
// such a month; what is not known is of none.

// kept is of a month.
func kept(month string) string {
	return `(` + month + ` >= (SELECT dropped_from()) AND ` + month + ` < (SELECT first_kept())) IS NOT TRUE`
}

// keptID is of a document, answer or bank's file.
func keptID(id string) string {
	return `(` + id + ` >= (SELECT month_ids(dropped_from())) AND ` + id + ` < (SELECT month_ids(first_kept()))) IS NOT TRUE`
}

// keptPayment is of a payment.
func keptPayment(id string) string {
	return `((` + id + `) >= (SELECT month_deliveries(dropped_from()) << 24) AND (` + id + `) < (SELECT month_deliveries(first_kept()) << 24)) IS NOT TRUE`
}

// keptPlace is of an interchange in which there is no payment of such a month.
func keptPlace(interchange string) string {
	return interchange + ` IN (SELECT p.id FROM interchange p WHERE p.since >= (SELECT dropped_from()) AND p.since < (SELECT first_kept())) IS NOT TRUE`
}
