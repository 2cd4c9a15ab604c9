package folder

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// entry is a name in a list that gives an order, and the line it stands on.
type entry struct {
	name string
	line int
}

// order reads the list of names below key, which is no field of the model.
func (o *object) order(key string) []entry {
	var entries []entry
	for _, n := range o.items(key, key) {
		entries = append(entries, entry{name: strings.TrimSuffix(n.Value, "/"), line: o.doc.line(n)})
	}
	return entries
}

var numberPattern = regexp.MustCompile(`^([0-9]{1,6})[-_. ]+(.+)$`)

// numbered splits a name into its number and the rest.
func numbered(name string) (number int, rest string, ok bool) {
	m := numberPattern.FindStringSubmatch(name)
	if m == nil {
		return 0, name, false
	}
	number, err := strconv.Atoi(m[1])
	return number, m[2], err == nil
}

// keyOf is the key that the name of a file or directory stands for when the file does not say one.
func keyOf(name string) string {
	_, rest, _ := numbered(name)
	return strings.TrimSuffix(strings.TrimSuffix(rest, ".md"), ".yaml")
}

// inOrder puts the names of a directory in order: as listed below key in file, or else by number. It tells
// of names that have no place, and keeps them, so that their own mistakes are told too.
func (r *reader) inOrder(dir, file, key string, names []string, list []entry) []string {
	if list != nil {
		return r.asListed(dir, file, key, names, list)
	}
	first := map[int]string{}
	for _, name := range names {
		number, _, ok := numbered(name)
		switch {
		case !ok:
			r.book.add(join(dir, name), 0, "Begin the name with a number, as in “01-%s”, or list it under %s in %s.", name, quoted(key), file)
		case first[number] != "":
			r.book.add(join(dir, name), 0, "%s has the same number: give one of them another.", quoted(first[number]))
		default:
			first[number] = name
		}
	}
	slices.SortStableFunc(names, func(a, b string) int {
		i, _, _ := numbered(a)
		j, _, _ := numbered(b)
		return i - j
	})
	return names
}

func (r *reader) asListed(dir, file, key string, names []string, list []entry) []string {
	var ordered []string
	for _, e := range list {
		switch {
		case !slices.Contains(names, e.name):
			r.book.add(file, e.line, "%s is listed but not there.%s", quoted(e.name), didYouMean(e.name, names))
		case slices.Contains(ordered, e.name):
			r.book.add(file, e.line, "%s is listed twice.", quoted(e.name))
		default:
			ordered = append(ordered, e.name)
		}
	}
	for _, name := range names {
		if !slices.Contains(ordered, name) {
			r.book.add(join(dir, name), 0, "This is not listed under %s in %s.", quoted(key), file)
			ordered = append(ordered, name)
		}
	}
	return ordered
}
