package directory

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed service3.txt
var service3 string

//go:embed service4.txt
var service4 string

// securitySegments are those of AUTACK and of secured messages, ISO 9735-5 and
// -6. They were written for version 4; agreements put them in interchanges of
// versions 1 to 3 as they are.
var securitySegments = []string{"USA", "USB", "USC", "USD", "USE", "USF", "USH", "USL", "USR", "UST", "USU", "USX", "USY"}

// Service is the service directory of a syntax version, 0002 in UNB: 1 to 4;
// nil for any other. It holds the service segments from UNB to UNZ and
// those of CONTRL and AUTACK, with these two messages.
//
// Versions 1 and 2 are version 3 with fewer repertoires in 0001; version 1 has
// 0051 and 0054 conditional in UNH and leaves no other difference that
// interchanges keep to: its numeric 0052 and 0054 never fitted D.96A. The
// security segments and AUTACK, of version 4, are in all; there, what they use
// is not in Elements and Composites, which hold the definitions of the older
// version. Qualifiers of the partners' agreement (0007) and agencies (0051) have
// no list here, nor have algorithms (0525, 0527, 0529, 0531).
//
// Codes and structures are those of ISO 9735:1988 with Amendment 1, ISO
// 9735:2002 and the UN service code list UNSL; they were written down by hand.
func Service(version int) *Directory {
	switch version {
	case 1:
		return serviceOf1()
	case 2:
		return serviceOf2()
	case 3:
		return serviceOf3()
	case 4:
		return serviceOf4()
	}
	return nil
}

// ServiceMessage is the structure of a message that ISO 9735 defines, by type
// and version (0065 and 0052 in UNH), which need not be that of the
// interchange: CONTRL of version 4 is that of ISO 9735-4, under any other
// version (D, release 3; the drafts 1 and 2; D.93A and the like, which no
// directory holds but partners write) that of syntax version 3. AUTACK has one
// structure under all versions. It is nil for any other type.
//
// UNH and UNT stand in it as its own version has them; an interchange has those
// of its syntax version.
func ServiceMessage(typ, version string) *Message {
	if typ == "CONTRL" && version != "4" {
		return Service(3).Messages[typ]
	}
	return Service(4).Messages[typ]
}

var serviceOf4 = sync.OnceValue(func() *Directory { return embedded(service4) })

var serviceOf3 = sync.OnceValue(func() *Directory { return secured(service3) })

var serviceOf2 = sync.OnceValue(func() *Directory { return secured(asVersion2()) })

var serviceOf1 = sync.OnceValue(func() *Directory {
	return secured(strings.NewReplacer(
		"directory 2\n", "directory 1\n",
		" 0054 M1\n 0051 M1\n", " 0054 C1\n 0051 C1\n",
	).Replace(asVersion2()))
})

// asVersion2 takes out of version 3 what Amendment 1 added.
func asVersion2() string {
	return strings.NewReplacer(
		"directory 3\n", "directory 2\n",
		" UNOC UN/ECE level C\n", "",
		" UNOD UN/ECE level D\n", "",
		" UNOE UN/ECE level E\n", "",
		" UNOF UN/ECE level F\n", "",
	).Replace(service3)
}

func embedded(text string) *Directory {
	d, err := Parse(text)
	if err != nil {
		panic(err) // a test reads all four
	}
	return d
}

// secured adds what version 4 has for security.
func secured(text string) *Directory {
	d := embedded(text)
	later := serviceOf4()
	for _, tag := range securitySegments {
		d.Segments[tag] = later.Segments[tag]
	}
	autack := *later.Messages["AUTACK"]
	autack.Nodes = slices.Clone(autack.Nodes)
	for i := range autack.Nodes {
		n := &autack.Nodes[i]
		if n.Segment != nil {
			n.Segment = d.Segments[n.Segment.Tag]
		}
	}
	d.Messages["AUTACK"] = &autack
	return d
}
