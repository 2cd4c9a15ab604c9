package markup

import "strings"

// Limits that keep rendering linear. Real articles stay far below all of them.
const (
	maxContainers  = 32     // quotes and lists that begin on one line
	maxIndent      = 200    // columns before the first character
	maxCells       = 50_000 // of all tables together
	maxDefinitions = 2_000  // of links and footnotes
	maxOpeners     = 5_000  // characters that may open emphasis, links or code, within one paragraph
)

// tooComplex looks for shapes of Markdown that take more than linear time or space to render: containers within
// containers, tables whose rows are filled up to many columns, and many marks that wait for their partners.
func tooComplex(source string) bool {
	var c complexity
	for l := range strings.Lines(source) {
		if c.add(strings.TrimRight(l, "\n")) {
			return true
		}
	}
	return false
}

// complexity counts what has been seen.
type complexity struct {
	columns, cells, definitions, openers int
}

// add counts one line and reports whether a limit is passed.
func (c *complexity) add(l string) bool {
	content := strings.TrimLeft(l, " \t>")
	if strings.TrimSpace(content) == "" {
		c.columns, c.openers = 0, 0
	}
	containers, indent := prefix(l)
	if isDelimiterRow(l) {
		c.columns = max(c.columns, strings.Count(l, "|")+1)
	}
	c.cells += c.columns
	if strings.HasPrefix(strings.TrimLeft(content, "-+*0123456789.) \t>"), "[") {
		c.definitions += strings.Count(l, "]:")
	}
	c.openers += countOpeners(l)
	return containers > maxContainers || indent > maxIndent || c.cells > maxCells ||
		c.definitions > maxDefinitions || c.openers > maxOpeners
}

// prefix counts the container marks at the start of a line, and the white space between them in columns.
func prefix(l string) (containers, indent int) {
	for i := range len(l) {
		switch ch := l[i]; {
		case ch == ' ':
			indent++
		case ch == '\t':
			indent += 4
		case ch == '>':
			containers++
		case strings.IndexByte("-+*.)", ch) >= 0 && i+1 < len(l) && (l[i+1] == ' ' || l[i+1] == '\t'):
			containers++
		case ch >= '0' && ch <= '9':
		default:
			return containers, indent
		}
	}
	return containers, indent
}

// isDelimiterRow reports whether a line may be the one below a table's head.
func isDelimiterRow(l string) bool {
	return strings.Contains(l, "|") && strings.Contains(l, "-") && strings.Trim(l, " \t>|:-+*.)0123456789") == ""
}

// countOpeners counts the runs of characters that may begin something inline.
func countOpeners(l string) int {
	count := 0
	for i := range len(l) {
		if strings.IndexByte("*_`~[]<!&", l[i]) >= 0 && (i == 0 || l[i] != l[i-1] || l[i] == '[' || l[i] == ']' || l[i] == '<') {
			count++
		}
	}
	return count
}
