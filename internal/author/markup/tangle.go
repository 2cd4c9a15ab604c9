package markup

import "strings"

const (
	// maxSigns is how many of the signs that open links and emphasis one paragraph may hold. Looking for
	// their partners takes time that grows with the square of their number: a fifth of a second for these.
	maxSigns = 10_000
	// maxQuotes is how deep quotations may nest.
	maxQuotes = 100
)

// IsTangled tells whether a Markdown text holds more signs than prose has, so that reading it would take
// minutes: it is made to do that, or is no Markdown.
func IsTangled(source string) bool {
	signs := 0
	for line := range strings.Lines(source) {
		if strings.TrimSpace(line) == "" {
			signs = 0
			continue
		}
		for i := range len(line) {
			switch line[i] {
			case '[', '*', '_', '!', '`', '~':
				signs++
			}
		}
		if signs > maxSigns || quotes(line) > maxQuotes {
			return true
		}
	}
	return false
}

// quotes counts the markers of quotations and lists that a line begins with.
func quotes(line string) int {
	n := 0
	for {
		line = strings.TrimLeft(line, " \t")
		marker := strings.HasPrefix(line, ">") || len(line) > 1 && strings.ContainsRune("-+*", rune(line[0])) && (line[1] == ' ' || line[1] == '\t')
		if !marker {
			return n
		}
		line = line[1:]
		n++
	}
}
