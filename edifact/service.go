package edifact

import "sync"

// services holds the plans of the service segments by syntax version and tag.
var services = sync.OnceValue(func() [5]map[string]*segmentPlan {
	var plans [5]map[string]*segmentPlan
	return plans
})

// checkService compares the present service segment with its table.
func (r *Reader) checkService() error {
	p := services()[r.header.Version][r.seg.Tag]
	if p == nil {
		return nil
	}
	return r.values(p)
}
