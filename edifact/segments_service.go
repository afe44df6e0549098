package edifact

// segmentsService3 holds the service segments of ISO 9735 syntax versions 1 to 3.
var segmentsService3 = map[string][]ElementSpec{
	"UCD": {
		{"0085", mand, Format{AN, 0, 3}, nil},
		{"S011", mand, Format{}, []ComponentSpec{
			{"0098", mand, Format{N, 0, 3}}, {"0104", cond, Format{N, 0, 3}},
		}},
	},
	"UCF": {
		{"0048", mand, Format{AN, 0, 14}, nil},
		{"S006", mand, Format{}, []ComponentSpec{
			{"0040", mand, Format{AN, 0, 35}}, {"0007", cond, Format{AN, 0, 4}},
		}},
		{"S007", mand, Format{}, []ComponentSpec{
			{"0044", mand, Format{AN, 0, 35}}, {"0007", cond, Format{AN, 0, 4}},
		}},
		{"0083", mand, Format{AN, 0, 3}, nil},
		{"0085", cond, Format{AN, 0, 3}, nil},
		{"0013", cond, Format{A, 3, 3}, nil},
		{"S011", cond, Format{}, []ComponentSpec{
			{"0098", mand, Format{N, 0, 3}}, {"0104", cond, Format{N, 0, 3}},
		}},
	},
	"UCI": {
		{"0020", mand, Format{AN, 0, 14}, nil},
		{"S002", mand, Format{}, []ComponentSpec{
			{"0004", mand, Format{AN, 0, 35}}, {"0007", cond, Format{AN, 0, 4}}, {"0008", cond, Format{AN, 0, 14}},
		}},
		{"S003", mand, Format{}, []ComponentSpec{
			{"0010", mand, Format{AN, 0, 35}}, {"0007", cond, Format{AN, 0, 4}}, {"0014", cond, Format{AN, 0, 14}},
		}},
		{"0083", mand, Format{AN, 0, 3}, nil},
		{"0085", cond, Format{AN, 0, 3}, nil},
		{"0013", cond, Format{A, 3, 3}, nil},
		{"S011", cond, Format{}, []ComponentSpec{
			{"0098", mand, Format{N, 0, 3}}, {"0104", cond, Format{N, 0, 3}},
		}},
	},
	"UCM": {
		{"0062", mand, Format{AN, 0, 14}, nil},
		{"S009", mand, Format{}, []ComponentSpec{
			{"0065", mand, Format{AN, 0, 6}}, {"0052", mand, Format{AN, 0, 3}}, {"0054", mand, Format{AN, 0, 3}},
			{"0051", mand, Format{AN, 0, 2}}, {"0057", cond, Format{AN, 0, 6}},
		}},
		{"0083", mand, Format{AN, 0, 3}, nil},
		{"0085", cond, Format{AN, 0, 3}, nil},
		{"0013", cond, Format{A, 3, 3}, nil},
		{"S011", cond, Format{}, []ComponentSpec{
			{"0098", mand, Format{N, 0, 3}}, {"0104", cond, Format{N, 0, 3}},
		}},
	},
	"UCS": {
		{"0096", mand, Format{N, 0, 6}, nil},
		{"0085", cond, Format{AN, 0, 3}, nil},
	},
	"UNB": {
		{"S001", mand, Format{}, []ComponentSpec{
			{"0001", mand, Format{A, 4, 4}}, {"0002", mand, Format{N, 1, 1}},
		}},
		{"S002", mand, Format{}, []ComponentSpec{
			{"0004", mand, Format{AN, 0, 35}}, {"0007", cond, Format{AN, 0, 4}}, {"0008", cond, Format{AN, 0, 14}},
		}},
		{"S003", mand, Format{}, []ComponentSpec{
			{"0010", mand, Format{AN, 0, 35}}, {"0007", cond, Format{AN, 0, 4}}, {"0014", cond, Format{AN, 0, 14}},
		}},
		{"S004", mand, Format{}, []ComponentSpec{
			{"0017", mand, Format{N, 6, 6}}, {"0019", mand, Format{N, 4, 4}},
		}},
		{"0020", mand, Format{AN, 0, 14}, nil},
		{"S005", cond, Format{}, []ComponentSpec{
			{"0022", mand, Format{AN, 0, 14}}, {"0025", cond, Format{AN, 2, 2}},
		}},
		{"0026", cond, Format{AN, 0, 14}, nil},
		{"0029", cond, Format{A, 1, 1}, nil},
		{"0031", cond, Format{N, 1, 1}, nil},
		{"0032", cond, Format{AN, 0, 35}, nil},
		{"0035", cond, Format{N, 1, 1}, nil},
	},
	"UNE": {
		{"0060", mand, Format{N, 0, 6}, nil},
		{"0048", mand, Format{AN, 0, 14}, nil},
	},
	"UNG": {
		{"0038", mand, Format{AN, 0, 6}, nil},
		{"S006", mand, Format{}, []ComponentSpec{
			{"0040", mand, Format{AN, 0, 35}}, {"0007", cond, Format{AN, 0, 4}},
		}},
		{"S007", mand, Format{}, []ComponentSpec{
			{"0044", mand, Format{AN, 0, 35}}, {"0007", cond, Format{AN, 0, 4}},
		}},
		{"S004", mand, Format{}, []ComponentSpec{
			{"0017", mand, Format{N, 6, 6}}, {"0019", mand, Format{N, 4, 4}},
		}},
		{"0048", mand, Format{AN, 0, 14}, nil},
		{"0051", mand, Format{AN, 0, 2}, nil},
		{"S008", mand, Format{}, []ComponentSpec{
			{"0052", mand, Format{AN, 0, 3}}, {"0054", mand, Format{AN, 0, 3}}, {"0057", cond, Format{AN, 0, 6}},
		}},
		{"0058", cond, Format{AN, 0, 14}, nil},
	},
	"UNH": {
		{"0062", mand, Format{AN, 0, 14}, nil},
		{"S009", mand, Format{}, []ComponentSpec{
			{"0065", mand, Format{AN, 0, 6}}, {"0052", mand, Format{AN, 0, 3}}, {"0054", mand, Format{AN, 0, 3}},
			{"0051", mand, Format{AN, 0, 2}}, {"0057", cond, Format{AN, 0, 6}},
		}},
		{"0068", cond, Format{AN, 0, 35}, nil},
		{"S010", cond, Format{}, []ComponentSpec{
			{"0070", mand, Format{N, 0, 2}}, {"0073", cond, Format{A, 1, 1}},
		}},
	},
	"UNT": {
		{"0074", mand, Format{N, 0, 6}, nil},
		{"0062", mand, Format{AN, 0, 14}, nil},
	},
	"UNZ": {
		{"0036", mand, Format{N, 0, 6}, nil},
		{"0020", mand, Format{AN, 0, 14}, nil},
	},
}
