package law

// Stale is what refuses an application for a purpose that has changed since the applicant saw it. It is no rule of the law.
const Stale = "stale"

// Rules are what the system owner lays down.
type Rules struct {
	// EffectDays is from which banking day on a change counts: 0 at once, at most 5. // B25.1
	EffectDays int
	// ApproveInterface: what an authority's system applies for waits for a second person, too; otherwise its own controls are as safe. // B32
	ApproveInterface bool
	// ActivateSpecific: specific accounts that an authority registers wait for the holder, too.
	ActivateSpecific bool
}
