package assessment

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"lyceum/internal/assessment/quiz"
)

// maxNumber is the length of the longest number that is read, in bytes.
const maxNumber = 100

// number is a decimal number with an optional exponent, after the decimal comma has become a point.
var number = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$`)

// parseNumber reads a number as learners write it: "12", "-0,5", "6.02e23", with a decimal point or a
// decimal comma, with a hyphen or a minus sign. Thousands are not separated: "1,000" is one, and
// "1,000.5" is no number, nor is one too large to be told from infinity.
func parseNumber(text string) (float64, bool) {
	if len(text) > maxNumber {
		return 0, false
	}
	plain := strings.NewReplacer("\u2212", "-", ",", ".").Replace(strings.TrimSpace(text))
	if !number.MatchString(plain) {
		return 0, false
	}
	value, err := strconv.ParseFloat(plain, 64)
	return value, err == nil
}

// rounding is the relative error that bounds may carry: authors' tools compute them in floating point, and
// 0.7 + 0.1 is a little less than 0.8.
const rounding = 1e-12

// gradeNumber says whether the text is a number between the bounds of the key.
func gradeNumber(key quiz.NumericKey, text string) bool {
	value, ok := parseNumber(text)
	if !ok {
		return false
	}
	slack := rounding * max(math.Abs(key.Min), math.Abs(key.Max))
	above := value >= key.Min-slack
	if key.ExcludeMin {
		above = value > key.Min+slack
	}
	below := value <= key.Max+slack
	if key.ExcludeMax {
		below = value < key.Max-slack
	}
	return above && below
}
