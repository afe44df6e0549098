package command

// unknown complains about a word: by the known one that was probably meant, else by what is said otherwise. write is how
// such words are written.
func unknown(what, argument string, known []string, write func(string) string, otherwise string) error {
	if near := Nearest(argument, known); near != "" {
		otherwise = "did you mean " + write(near) + "?"
	}
	return Usagef("unknown %s %s; %s", what, write(argument), otherwise)
}

// Nearest is the known word that somebody most probably meant: one mistake apart, two in words of five characters or
// more. A mistake is a character too few, too many, another one, or two exchanged. "" when there is none.
func Nearest(argument string, known []string) string {
	limit := 1
	if len(argument) >= 5 {
		limit = 2
	}
	found := ""
	for _, k := range known {
		if d := distance(argument, k); d > 0 && d <= limit {
			found, limit = k, d-1
		}
	}
	return found
}

// distance is the optimal string alignment distance of two words.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		now := make([]int, len(y)+1)
		now[0] = i + 1
		for j := range y {
			differs := 1
			if x[i] == y[j] {
				differs = 0
			}
			now[j+1] = min(last[j]+differs, last[j+1]+1, now[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				now[j+1] = min(now[j+1], before[j-1]+1)
			}
		}
		before, last = last, now
	}
	return last[len(y)]
}
