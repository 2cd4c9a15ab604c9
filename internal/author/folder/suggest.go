package folder

import "strings"

// suggest returns the known name that looks most like the given one, or "" when none looks alike.
func suggest(name string, known []string) string {
	best, least := "", len(name)/2+1
	for _, candidate := range known {
		distance := distance(strings.ToLower(name), strings.ToLower(candidate))
		if distance < least {
			best, least = candidate, distance
		}
	}
	return best
}

// didYouMean is the sentence that follows a mistake, with a blank in front, or "".
func didYouMean(name string, known []string) string {
	if s := suggest(name, known); s != "" {
		return " Did you mean “" + s + "”?"
	}
	return ""
}

// distance is the Levenshtein distance in bytes, of names short enough for it.
func distance(a, b string) int {
	const longest = 200
	if len(a) > longest || len(b) > longest {
		return longest
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
