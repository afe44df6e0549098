package gateway

// RequestKind is what a document asks or tells that orders no payment. The words are stored; they never change meaning.
type RequestKind string

// The kinds of requests.
const (
	RequestLookups    RequestKind = "lookups"     // a private payer asks for accounts // B42
	RequestBankReport RequestKind = "bank-report" // a bank tells of its customers' accounts // B26.1b
	RequestCaseworker RequestKind = "caseworker"  // an authority's system changes accounts, or asks for them // B18.2
	RequestFeed       RequestKind = "feed"        // CPR, CVR and SE registers tell what has changed // B38
	RequestQuality    RequestKind = "quality"     // an authority has numbers checked
	RequestReconcile  RequestKind = "reconcile"   // a bank has its accounts compared with the register // B39.2
)
