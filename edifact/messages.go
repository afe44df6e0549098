package edifact

// Structures of the messages by their segment tables.

// PaymulSpec: PAYMUL is the multiple payment order of D.96A.
var PaymulSpec = &MessageSpec{
	Type: "PAYMUL", Version: "D", Release: "96A",
	Nodes: []Node{
		{"UNH", mand, 1, nil}, {"BGM", mand, 1, nil}, {"DTM", mand, 1, nil}, {"BUS", cond, 1, nil},
		{"SG1", cond, 2, []Node{
			{"RFF", mand, 1, nil}, {"DTM", cond, 1, nil},
		}},
		{"SG2", cond, 5, []Node{
			{"FII", mand, 1, nil}, {"CTA", cond, 1, nil}, {"COM", cond, 5, nil},
		}},
		{"SG3", cond, 3, []Node{
			{"NAD", mand, 1, nil}, {"CTA", cond, 1, nil}, {"COM", cond, 5, nil},
		}},
		{"SG4", mand, 9999, []Node{
			{"LIN", mand, 1, nil}, {"DTM", cond, 1, nil}, {"RFF", cond, 2, nil}, {"BUS", cond, 1, nil}, {"FCA", cond, 1, nil},
			{"SG5", cond, 1, []Node{
				{"MOA", mand, 1, nil}, {"CUX", cond, 1, nil}, {"DTM", cond, 2, nil}, {"RFF", cond, 1, nil},
			}},
			{"SG6", mand, 1, []Node{
				{"FII", mand, 1, nil}, {"CTA", cond, 1, nil}, {"COM", cond, 5, nil},
			}},
			{"SG7", cond, 3, []Node{
				{"NAD", mand, 1, nil}, {"CTA", cond, 1, nil}, {"COM", cond, 5, nil},
			}},
			{"SG8", cond, 1, []Node{
				{"INP", mand, 1, nil}, {"FTX", cond, 1, nil}, {"DTM", cond, 2, nil},
			}},
			{"SG9", cond, 10, []Node{
				{"GIS", mand, 1, nil}, {"MOA", cond, 1, nil}, {"LOC", cond, 2, nil}, {"NAD", cond, 1, nil},
				{"RCS", cond, 1, nil}, {"FTX", cond, 10, nil},
			}},
			{"SG10", cond, 1, []Node{
				{"PRC", mand, 1, nil}, {"FTX", mand, 1, nil},
			}},
			{"SG11", mand, 9999, []Node{
				{"SEQ", mand, 1, nil}, {"MOA", mand, 1, nil}, {"DTM", cond, 1, nil}, {"RFF", cond, 3, nil},
				{"PAI", cond, 1, nil}, {"FCA", cond, 1, nil},
				{"SG12", cond, 3, []Node{
					{"FII", mand, 1, nil}, {"CTA", cond, 1, nil}, {"COM", cond, 5, nil},
				}},
				{"SG13", cond, 3, []Node{
					{"NAD", mand, 1, nil}, {"CTA", cond, 1, nil}, {"COM", cond, 5, nil},
				}},
				{"SG14", cond, 3, []Node{
					{"INP", mand, 1, nil}, {"FTX", cond, 1, nil}, {"DTM", cond, 2, nil},
				}},
				{"SG15", cond, 10, []Node{
					{"GIS", mand, 1, nil}, {"MOA", cond, 1, nil}, {"LOC", cond, 2, nil}, {"NAD", cond, 1, nil},
					{"RCS", cond, 1, nil}, {"FTX", cond, 10, nil},
				}},
				{"SG16", cond, 1, []Node{
					{"PRC", mand, 1, nil}, {"FTX", cond, 5, nil},
					{"SG17", cond, 9999, []Node{
						{"DOC", mand, 1, nil}, {"MOA", cond, 5, nil}, {"DTM", cond, 5, nil}, {"RFF", cond, 5, nil},
						{"NAD", cond, 2, nil},
						{"SG18", cond, 5, []Node{
							{"CUX", mand, 1, nil}, {"DTM", cond, 1, nil},
						}},
						{"SG19", cond, 100, []Node{
							{"AJT", mand, 1, nil}, {"MOA", mand, 1, nil}, {"RFF", cond, 1, nil}, {"FTX", cond, 5, nil},
						}},
						{"SG20", cond, 1000, []Node{
							{"DLI", mand, 1, nil}, {"MOA", mand, 5, nil}, {"PIA", cond, 5, nil}, {"DTM", cond, 5, nil},
							{"SG21", cond, 5, []Node{
								{"CUX", mand, 1, nil}, {"DTM", cond, 1, nil},
							}},
							{"SG22", cond, 10, []Node{
								{"AJT", mand, 1, nil}, {"MOA", mand, 1, nil}, {"RFF", cond, 1, nil}, {"FTX", cond, 5, nil},
							}},
						}},
					}},
					{"SG23", cond, 1, []Node{
						{"GIS", mand, 1, nil}, {"MOA", cond, 5, nil},
					}},
				}},
			}},
		}},
		{"CNT", cond, 5, nil},
		{"SG24", cond, 5, []Node{
			{"AUT", mand, 1, nil}, {"DTM", cond, 1, nil},
		}},
		{"UNT", mand, 1, nil},
	},
	segments: segmentsD96A,
}

// BanstaSpec: BANSTA is the banking status message of D.96A.
var BanstaSpec = &MessageSpec{
	Type: "BANSTA", Version: "D", Release: "96A",
	Nodes: []Node{
		{"UNH", mand, 1, nil}, {"BGM", mand, 1, nil}, {"DTM", mand, 1, nil}, {"BUS", cond, 1, nil},
		{"SG1", cond, 2, []Node{
			{"RFF", mand, 1, nil}, {"DTM", cond, 1, nil},
		}},
		{"SG2", cond, 5, []Node{
			{"FII", mand, 1, nil}, {"CTA", cond, 1, nil}, {"COM", cond, 5, nil},
		}},
		{"SG3", cond, 3, []Node{
			{"NAD", mand, 1, nil}, {"CTA", cond, 1, nil}, {"COM", cond, 5, nil},
		}},
		{"SG4", mand, 99, []Node{
			{"LIN", mand, 1, nil},
			{"SG5", cond, 5, []Node{
				{"RFF", mand, 1, nil}, {"DTM", cond, 1, nil},
			}},
			{"SG6", cond, 99, []Node{
				{"SEQ", mand, 1, nil}, {"GIS", mand, 1, nil}, {"DTM", cond, 2, nil}, {"MOA", cond, 1, nil},
				{"CUX", cond, 1, nil}, {"PCD", cond, 1, nil}, {"FTX", cond, 1, nil}, {"DOC", cond, 5, nil},
				{"SG7", cond, 1, []Node{
					{"FII", mand, 1, nil}, {"CTA", cond, 1, nil}, {"COM", cond, 5, nil},
				}},
				{"SG8", cond, 1, []Node{
					{"NAD", mand, 1, nil}, {"CTA", cond, 1, nil}, {"COM", cond, 5, nil},
				}},
			}},
		}},
		{"CNT", cond, 5, nil},
		{"SG9", cond, 5, []Node{
			{"AUT", mand, 1, nil}, {"DTM", cond, 1, nil},
		}},
		{"UNT", mand, 1, nil},
	},
	segments: segmentsD96A,
}

// ContrlSpec: CONTRL is the syntax and service report of ISO 9735 version 3.
var ContrlSpec = &MessageSpec{
	Type: "CONTRL", Version: "D", Release: "3",
	Nodes: []Node{
		{"UNH", mand, 1, nil}, {"UCI", mand, 1, nil},
		{"SG1", cond, 999999, []Node{
			{"UCM", mand, 1, nil},
			{"SG2", cond, 999, []Node{
				{"UCS", mand, 1, nil}, {"UCD", cond, 99, nil},
			}},
		}},
		{"SG3", cond, 999999, []Node{
			{"UCF", mand, 1, nil},
			{"SG4", cond, 999999, []Node{
				{"UCM", mand, 1, nil},
				{"SG5", cond, 999, []Node{
					{"UCS", mand, 1, nil}, {"UCD", cond, 99, nil},
				}},
			}},
		}},
		{"UNT", mand, 1, nil},
	},
	segments: nil,
}
