package country

// words are the names of people, streets, towns and trades. All fit ISO 8859-1.
type words struct{ first, last, streets, towns, trades []string }

func pick(list []string, d uint64) string { return list[d%uint64(len(list))] }

func newWords() words {
	return words{
		first: []string{"Anne", "Bjørn", "Cæcilie", "Dagmar", "Erik", "Freja", "Gorm", "Helle", "Ingrid", "Jørgen", "Kåre", "Lærke",
			"Mads", "Niels", "Ole", "Pernille", "Rasmus", "Søren", "Tove", "Ulla", "Viggo", "Åse", "Øjvind", "Zoë", "René", "Jürgen"},
		last: []string{"Andersen", "Bæk", "Christensen", "Dahl", "Eskildsen", "Frøslev", "Gade", "Højgaard", "Iversen", "Jensen",
			"Kjær", "Lærkesen", "Møller", "Nørgaard", "Olsen", "Præst", "Rasmussen", "Søgaard", "Thygesen", "Uldal", "Vestergaard",
			"Winther", "Ågaard", "Østergaard", "Müller", "O'Hara"},
		streets: []string{"Algade", "Bækvej", "Dronning Dagmars Vej", "Enghavevej", "Fyrrevænget", "Gåsevej", "Havnegade", "Industrivej",
			"Jernbanegade", "Kirkestræde", "Lærkevej", "Møllevej", "Nørregade", "Præstemarken", "Rådhusstræde", "Søndergade",
			"Tværvej", "Vestre Allé", "Ågade", "Østergade"},
		towns: []string{"1150 København K", "2000 Frederiksberg", "2800 Kongens Lyngby", "3000 Helsingør", "3700 Rønne", "4000 Roskilde",
			"4600 Køge", "4800 Nykøbing F", "5000 Odense C", "5600 Faaborg", "6000 Kolding", "6200 Aabenraa", "6700 Esbjerg",
			"7100 Vejle", "7800 Skive", "8000 Aarhus C", "8700 Horsens", "9000 Aalborg", "9850 Hirtshals", "9990 Skagen"},
		trades: []string{"Tømrer", "Smedje", "Bageri", "Bogtryk", "Fiskeri", "Gartneri", "Kloakservice", "Murerfirma", "Rengøring", "Vognmand"},
	}
}
