package markup

import "strings"

// Limits that keep rendering near to linear, found by measuring the engine with each shape repeated. Real articles
// stay far below all of them.
const (
	maxContainers  = 100     // quotes and lists that begin on one line
	maxIndent      = 1_000   // columns before the first character, which is how lists nest over lines
	maxCells       = 200_000 // of all tables together; short rows count as they are filled up
	maxDefinitions = 5_000   // of links, and footnotes with their references, in all
	maxLinks       = 2_000   // within one paragraph
	maxDelimiters  = 10_000  // that may open or close emphasis, within one paragraph
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

// complexity counts what has been seen: columns, links and delimiters in the current paragraph, the rest in all.
type complexity struct {
	columns, links, delimiters int
	cells, definitions         int
}

// add counts one line and reports whether a limit is passed.
func (c *complexity) add(l string) bool {
	if strings.Trim(l, " \t>") == "" {
		c.columns, c.links, c.delimiters = 0, 0, 0
	}
	if isDelimiterRow(l) {
		c.columns = max(c.columns, strings.Count(l, "|")+1)
	}
	c.cells += c.columns
	c.definitions += strings.Count(l, "]:") + strings.Count(l, "[^")
	c.links += strings.Count(l, "](") + strings.Count(l, "][")
	c.delimiters += countDelimiters(l)
	containers, indent := prefix(l)
	return containers > maxContainers || indent > maxIndent || c.cells > maxCells ||
		c.definitions > maxDefinitions || c.links > maxLinks || c.delimiters > maxDelimiters
}

// prefix counts the container marks at the start of a line, and the white space between them in columns.
func prefix(l string) (containers, indent int) {
	const tab = 4
	for i := range len(l) {
		switch ch := l[i]; {
		case ch == ' ':
			indent++
		case ch == '\t':
			indent += tab
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

// countDelimiters counts the runs of characters that mark emphasis.
func countDelimiters(l string) int {
	count := 0
	for i := range len(l) {
		if strings.IndexByte("*_~", l[i]) >= 0 && (i == 0 || l[i] != l[i-1]) {
			count++
		}
	}
	return count
}
