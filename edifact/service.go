package edifact

import (
	"sync"

	"nks/edifact/directory"
)

// services holds the plans of the service segments by syntax version and tag.
var services = sync.OnceValue(func() [5]map[string]*segmentPlan {
	var plans [5]map[string]*segmentPlan
	// What the first two say is judged where it is used. Version 4 was the first to
	// list codes of the others: before, ISO 9735 says what one of them means, and
	// partners write 0 for no.
	judged := Codes{"0001": {Any: true}, "0002": {Any: true}}
	open := Codes{"0001": {Any: true}, "0002": {Any: true}, "0029": {Any: true}, "0031": {Any: true}, "0035": {Any: true}}
	for version := 1; version <= 4; version++ {
		agreed := &Schema{codes: open}
		if version == 4 {
			agreed.codes = judged
		}
		plans[version] = map[string]*segmentPlan{}
		for tag, segment := range directory.Service(version).Segments {
			plans[version][tag] = agreed.planSegment(segment, version)
		}
	}
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
