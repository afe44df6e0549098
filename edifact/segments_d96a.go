package edifact

// segmentsD96A holds what the messages PAYMUL and BANSTA use of the segment
// directory EDSD of D.96A: data elements, status, format.
var segmentsD96A = map[string][]ElementSpec{
	"AJT": {
		{"4465", mand, Format{AN, 0, 3}, nil},
		{"1082", cond, Format{N, 0, 6}, nil},
	},
	"AUT": {
		{"9280", mand, Format{AN, 0, 35}, nil},
		{"9282", cond, Format{AN, 0, 35}, nil},
	},
	"BGM": {
		{"C002", cond, Format{}, []ComponentSpec{
			{"1001", cond, Format{AN, 0, 3}}, {"1131", cond, Format{AN, 0, 3}}, {"3055", cond, Format{AN, 0, 3}},
			{"1000", cond, Format{AN, 0, 35}},
		}},
		{"1004", cond, Format{AN, 0, 35}, nil},
		{"1225", cond, Format{AN, 0, 3}, nil},
		{"4343", cond, Format{AN, 0, 3}, nil},
	},
	"BUS": {
		{"C521", cond, Format{}, []ComponentSpec{
			{"4027", mand, Format{AN, 0, 3}}, {"4025", mand, Format{AN, 0, 3}}, {"1131", cond, Format{AN, 0, 3}},
			{"3055", cond, Format{AN, 0, 3}}, {"4022", cond, Format{AN, 0, 70}},
		}},
		{"3279", cond, Format{AN, 0, 3}, nil},
		{"4487", cond, Format{AN, 0, 3}, nil},
		{"C551", cond, Format{}, []ComponentSpec{
			{"4383", mand, Format{AN, 0, 3}}, {"1131", cond, Format{AN, 0, 3}}, {"3055", cond, Format{AN, 0, 3}},
		}},
		{"4463", cond, Format{AN, 0, 3}, nil},
	},
	"CNT": {
		{"C270", mand, Format{}, []ComponentSpec{
			{"6069", mand, Format{AN, 0, 3}}, {"6066", mand, Format{N, 0, 18}}, {"6411", cond, Format{AN, 0, 3}},
		}},
	},
	"COM": {
		{"C076", mand, Format{}, []ComponentSpec{
			{"3148", mand, Format{AN, 0, 512}}, {"3155", mand, Format{AN, 0, 3}},
		}},
	},
	"CTA": {
		{"3139", cond, Format{AN, 0, 3}, nil},
		{"C056", cond, Format{}, []ComponentSpec{
			{"3413", cond, Format{AN, 0, 17}}, {"3412", cond, Format{AN, 0, 35}},
		}},
	},
	"CUX": {
		{"C504", cond, Format{}, []ComponentSpec{
			{"6347", mand, Format{AN, 0, 3}}, {"6345", cond, Format{AN, 0, 3}}, {"6343", cond, Format{AN, 0, 3}},
			{"6348", cond, Format{N, 0, 4}},
		}},
		{"C504", cond, Format{}, []ComponentSpec{
			{"6347", mand, Format{AN, 0, 3}}, {"6345", cond, Format{AN, 0, 3}}, {"6343", cond, Format{AN, 0, 3}},
			{"6348", cond, Format{N, 0, 4}},
		}},
		{"5402", cond, Format{N, 0, 12}, nil},
		{"6341", cond, Format{AN, 0, 3}, nil},
	},
	"DLI": {
		{"1073", mand, Format{AN, 0, 3}, nil},
		{"1082", mand, Format{N, 0, 6}, nil},
	},
	"DOC": {
		{"C002", mand, Format{}, []ComponentSpec{
			{"1001", cond, Format{AN, 0, 3}}, {"1131", cond, Format{AN, 0, 3}}, {"3055", cond, Format{AN, 0, 3}},
			{"1000", cond, Format{AN, 0, 35}},
		}},
		{"C503", cond, Format{}, []ComponentSpec{
			{"1004", cond, Format{AN, 0, 35}}, {"1373", cond, Format{AN, 0, 3}}, {"1366", cond, Format{AN, 0, 35}},
			{"3453", cond, Format{AN, 0, 3}},
		}},
		{"3153", cond, Format{AN, 0, 3}, nil},
		{"1220", cond, Format{N, 0, 2}, nil},
		{"1218", cond, Format{N, 0, 2}, nil},
	},
	"DTM": {
		{"C507", mand, Format{}, []ComponentSpec{
			{"2005", mand, Format{AN, 0, 3}}, {"2380", cond, Format{AN, 0, 35}}, {"2379", cond, Format{AN, 0, 3}},
		}},
	},
	"FCA": {
		{"4471", mand, Format{AN, 0, 3}, nil},
		{"C878", cond, Format{}, []ComponentSpec{
			{"3434", mand, Format{AN, 0, 17}}, {"1131", cond, Format{AN, 0, 3}}, {"3055", cond, Format{AN, 0, 3}},
			{"3194", cond, Format{AN, 0, 35}}, {"6345", cond, Format{AN, 0, 3}},
		}},
	},
	"FII": {
		{"3035", mand, Format{AN, 0, 3}, nil},
		{"C078", cond, Format{}, []ComponentSpec{
			{"3194", cond, Format{AN, 0, 35}}, {"3192", cond, Format{AN, 0, 35}}, {"3192", cond, Format{AN, 0, 35}},
			{"6345", cond, Format{AN, 0, 3}},
		}},
		{"C088", cond, Format{}, []ComponentSpec{
			{"3433", cond, Format{AN, 0, 11}}, {"1131", cond, Format{AN, 0, 3}}, {"3055", cond, Format{AN, 0, 3}},
			{"3434", cond, Format{AN, 0, 17}}, {"1131", cond, Format{AN, 0, 3}}, {"3055", cond, Format{AN, 0, 3}},
			{"3432", cond, Format{AN, 0, 70}}, {"3436", cond, Format{AN, 0, 70}},
		}},
		{"3207", cond, Format{AN, 0, 3}, nil},
	},
	"FTX": {
		{"4451", mand, Format{AN, 0, 3}, nil},
		{"4453", cond, Format{AN, 0, 3}, nil},
		{"C107", cond, Format{}, []ComponentSpec{
			{"4441", mand, Format{AN, 0, 3}}, {"1131", cond, Format{AN, 0, 3}}, {"3055", cond, Format{AN, 0, 3}},
		}},
		{"C108", cond, Format{}, []ComponentSpec{
			{"4440", mand, Format{AN, 0, 70}}, {"4440", cond, Format{AN, 0, 70}}, {"4440", cond, Format{AN, 0, 70}},
			{"4440", cond, Format{AN, 0, 70}}, {"4440", cond, Format{AN, 0, 70}},
		}},
		{"3453", cond, Format{AN, 0, 3}, nil},
	},
	"GIS": {
		{"C529", mand, Format{}, []ComponentSpec{
			{"7365", mand, Format{AN, 0, 3}}, {"1131", cond, Format{AN, 0, 3}}, {"3055", cond, Format{AN, 0, 3}},
			{"7187", cond, Format{AN, 0, 17}},
		}},
	},
	"INP": {
		{"C849", cond, Format{}, []ComponentSpec{
			{"3301", mand, Format{AN, 0, 17}}, {"3285", cond, Format{AN, 0, 17}},
		}},
		{"C522", cond, Format{}, []ComponentSpec{
			{"4403", mand, Format{AN, 0, 3}}, {"4401", cond, Format{AN, 0, 3}}, {"1131", cond, Format{AN, 0, 3}},
			{"3055", cond, Format{AN, 0, 3}}, {"4400", cond, Format{AN, 0, 35}},
		}},
		{"C850", cond, Format{}, []ComponentSpec{
			{"4405", mand, Format{AN, 0, 3}}, {"3036", cond, Format{AN, 0, 35}},
		}},
		{"1229", cond, Format{AN, 0, 3}, nil},
	},
	"LIN": {
		{"1082", cond, Format{N, 0, 6}, nil},
		{"1229", cond, Format{AN, 0, 3}, nil},
		{"C212", cond, Format{}, []ComponentSpec{
			{"7140", cond, Format{AN, 0, 35}}, {"7143", cond, Format{AN, 0, 3}}, {"1131", cond, Format{AN, 0, 3}},
			{"3055", cond, Format{AN, 0, 3}},
		}},
		{"C829", cond, Format{}, []ComponentSpec{
			{"5495", cond, Format{AN, 0, 3}}, {"1082", cond, Format{N, 0, 6}},
		}},
		{"1222", cond, Format{N, 0, 2}, nil},
		{"7083", cond, Format{AN, 0, 3}, nil},
	},
	"LOC": {
		{"3227", mand, Format{AN, 0, 3}, nil},
		{"C517", cond, Format{}, []ComponentSpec{
			{"3225", cond, Format{AN, 0, 25}}, {"1131", cond, Format{AN, 0, 3}}, {"3055", cond, Format{AN, 0, 3}},
			{"3224", cond, Format{AN, 0, 70}},
		}},
		{"C519", cond, Format{}, []ComponentSpec{
			{"3223", cond, Format{AN, 0, 25}}, {"1131", cond, Format{AN, 0, 3}}, {"3055", cond, Format{AN, 0, 3}},
			{"3222", cond, Format{AN, 0, 70}},
		}},
		{"C553", cond, Format{}, []ComponentSpec{
			{"3233", cond, Format{AN, 0, 25}}, {"1131", cond, Format{AN, 0, 3}}, {"3055", cond, Format{AN, 0, 3}},
			{"3232", cond, Format{AN, 0, 70}},
		}},
		{"5479", cond, Format{AN, 0, 3}, nil},
	},
	"MOA": {
		{"C516", mand, Format{}, []ComponentSpec{
			{"5025", mand, Format{AN, 0, 3}}, {"5004", cond, Format{N, 0, 18}}, {"6345", cond, Format{AN, 0, 3}},
			{"6343", cond, Format{AN, 0, 3}}, {"4405", cond, Format{AN, 0, 3}},
		}},
	},
	"NAD": {
		{"3035", mand, Format{AN, 0, 3}, nil},
		{"C082", cond, Format{}, []ComponentSpec{
			{"3039", mand, Format{AN, 0, 35}}, {"1131", cond, Format{AN, 0, 3}}, {"3055", cond, Format{AN, 0, 3}},
		}},
		{"C058", cond, Format{}, []ComponentSpec{
			{"3124", mand, Format{AN, 0, 35}}, {"3124", cond, Format{AN, 0, 35}}, {"3124", cond, Format{AN, 0, 35}},
			{"3124", cond, Format{AN, 0, 35}}, {"3124", cond, Format{AN, 0, 35}},
		}},
		{"C080", cond, Format{}, []ComponentSpec{
			{"3036", mand, Format{AN, 0, 35}}, {"3036", cond, Format{AN, 0, 35}}, {"3036", cond, Format{AN, 0, 35}},
			{"3036", cond, Format{AN, 0, 35}}, {"3036", cond, Format{AN, 0, 35}}, {"3045", cond, Format{AN, 0, 3}},
		}},
		{"C059", cond, Format{}, []ComponentSpec{
			{"3042", mand, Format{AN, 0, 35}}, {"3042", cond, Format{AN, 0, 35}}, {"3042", cond, Format{AN, 0, 35}},
			{"3042", cond, Format{AN, 0, 35}},
		}},
		{"3164", cond, Format{AN, 0, 35}, nil},
		{"3229", cond, Format{AN, 0, 9}, nil},
		{"3251", cond, Format{AN, 0, 9}, nil},
		{"3207", cond, Format{AN, 0, 3}, nil},
	},
	"PAI": {
		{"C534", mand, Format{}, []ComponentSpec{
			{"4439", cond, Format{AN, 0, 3}}, {"4431", cond, Format{AN, 0, 3}}, {"4461", cond, Format{AN, 0, 3}},
			{"1131", cond, Format{AN, 0, 3}}, {"3055", cond, Format{AN, 0, 3}}, {"4435", cond, Format{AN, 0, 3}},
		}},
	},
	"PCD": {
		{"C501", mand, Format{}, []ComponentSpec{
			{"5245", mand, Format{AN, 0, 3}}, {"5482", cond, Format{N, 0, 10}}, {"5249", cond, Format{AN, 0, 3}},
			{"1131", cond, Format{AN, 0, 3}}, {"3055", cond, Format{AN, 0, 3}},
		}},
	},
	"PIA": {
		{"4347", mand, Format{AN, 0, 3}, nil},
		{"C212", mand, Format{}, []ComponentSpec{
			{"7140", cond, Format{AN, 0, 35}}, {"7143", cond, Format{AN, 0, 3}}, {"1131", cond, Format{AN, 0, 3}},
			{"3055", cond, Format{AN, 0, 3}},
		}},
		{"C212", cond, Format{}, []ComponentSpec{
			{"7140", cond, Format{AN, 0, 35}}, {"7143", cond, Format{AN, 0, 3}}, {"1131", cond, Format{AN, 0, 3}},
			{"3055", cond, Format{AN, 0, 3}},
		}},
		{"C212", cond, Format{}, []ComponentSpec{
			{"7140", cond, Format{AN, 0, 35}}, {"7143", cond, Format{AN, 0, 3}}, {"1131", cond, Format{AN, 0, 3}},
			{"3055", cond, Format{AN, 0, 3}},
		}},
		{"C212", cond, Format{}, []ComponentSpec{
			{"7140", cond, Format{AN, 0, 35}}, {"7143", cond, Format{AN, 0, 3}}, {"1131", cond, Format{AN, 0, 3}},
			{"3055", cond, Format{AN, 0, 3}},
		}},
		{"C212", cond, Format{}, []ComponentSpec{
			{"7140", cond, Format{AN, 0, 35}}, {"7143", cond, Format{AN, 0, 3}}, {"1131", cond, Format{AN, 0, 3}},
			{"3055", cond, Format{AN, 0, 3}},
		}},
	},
	"PRC": {
		{"C242", mand, Format{}, []ComponentSpec{
			{"7187", mand, Format{AN, 0, 17}}, {"1131", cond, Format{AN, 0, 3}}, {"3055", cond, Format{AN, 0, 3}},
			{"7186", cond, Format{AN, 0, 35}}, {"7186", cond, Format{AN, 0, 35}},
		}},
	},
	"RCS": {
		{"7293", mand, Format{AN, 0, 3}, nil},
		{"C550", cond, Format{}, []ComponentSpec{
			{"7295", mand, Format{AN, 0, 17}}, {"1131", cond, Format{AN, 0, 3}}, {"3055", cond, Format{AN, 0, 3}},
			{"7294", cond, Format{AN, 0, 35}},
		}},
		{"1229", cond, Format{AN, 0, 3}, nil},
	},
	"RFF": {
		{"C506", mand, Format{}, []ComponentSpec{
			{"1153", mand, Format{AN, 0, 3}}, {"1154", cond, Format{AN, 0, 35}}, {"1156", cond, Format{AN, 0, 6}},
			{"4000", cond, Format{AN, 0, 35}},
		}},
	},
	"SEQ": {
		{"1245", cond, Format{AN, 0, 3}, nil},
		{"C286", cond, Format{}, []ComponentSpec{
			{"1050", mand, Format{AN, 0, 6}}, {"1159", cond, Format{AN, 0, 3}}, {"1131", cond, Format{AN, 0, 3}},
			{"3055", cond, Format{AN, 0, 3}},
		}},
	},
}
