package release

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"nks/audit"
	"nks/gateway"
	"nks/gateway/postgres"
)

// frozenSums is what the log keeps of an interchange: what the bank must have got, and no payment of it.
type frozenSums struct {
	At         time.Time             `json:"at"`
	Bank       string                `json:"bank" db:"bank"`
	ControlRef gateway.ControlNumber `json:"control_ref" db:"control_ref"`
	Version    int                   `json:"version" db:"version"` // the how manyth under that number: those before are void
	Agreement  string                `json:"agreement" db:"agreement"`
	Messages   int                   `json:"messages" db:"messages"`
	Payments   int                   `json:"payments" db:"payments"`
	Ore        int64                 `json:"ore" db:"ore"`
	SHA256     string                `json:"sha256,omitempty"` // of the bytes; absent while they cannot be written
}

// auditSums enters the sums of a frozen interchange in the log, with the hash of its bytes where it has been rendered.
func (s *Store) auditSums(ctx context.Context, x *postgres.Session, interchange int64, sum []byte) error {
	sums := frozenSums{At: s.Now(), SHA256: hex.EncodeToString(sum)}
	err := x.GetContext(ctx, &sums, `SELECT bank, control_ref, version, agreement, messages, payments, ore FROM interchange WHERE id = $1`, interchange)
	if err != nil {
		return fmt.Errorf("interchange %d: sums: %w", interchange, err)
	}
	return s.Audit(ctx, x, audit.FrozenSums, sums)
}
