package config

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// survey walks a file that parses. It returns the line of every key that is a setting, and a problem, with the
// line as its source (":12"), for every one that is not.
func survey(text []byte, settings []setting) (map[string]int, []Problem) {
	s := surveyor{lines: map[string]int{}, keys: make([]string, 0, len(settings))}
	for _, setting := range settings {
		s.keys = append(s.keys, setting.Key)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, []Problem{{Message: err.Error()}}
	}
	for _, root := range document.Content {
		s.walk("", root)
	}
	return s.lines, s.problems
}

type surveyor struct {
	keys     []string
	lines    map[string]int
	problems []Problem
}

func (s *surveyor) walk(section string, mapping *yaml.Node) {
	if mapping.Kind == yaml.AliasNode {
		mapping = mapping.Alias
	}
	if mapping.Kind != yaml.MappingNode {
		if mapping.Tag != "!!null" { // An empty section sets nothing.
			s.complain(section, mapping.Line, "it is a section; "+s.below(section))
		}
		return
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		name, content := mapping.Content[i], mapping.Content[i+1]
		key := strings.TrimPrefix(section+"."+name.Value, ".")
		switch {
		case slices.Contains(s.keys, key):
			s.lines[key] = name.Line
		case s.isSection(key):
			s.walk(key, content)
		default:
			s.complain(key, name.Line, "there is no such key; "+s.below(section))
		}
	}
}

func (s *surveyor) complain(key string, line int, message string) {
	s.problems = append(s.problems, Problem{Key: key, Source: fmt.Sprintf(":%d", line), Message: message})
}

func (s *surveyor) isSection(key string) bool {
	return slices.ContainsFunc(s.keys, func(known string) bool { return strings.HasPrefix(known, key+".") })
}

// below says what stands in a section, "" being the whole file.
func (s *surveyor) below(section string) string {
	var names []string
	for _, key := range s.keys {
		rest, inside := strings.CutPrefix("."+key, strings.TrimSuffix("."+section, ".")+".")
		if name, _, _ := strings.Cut(rest, "."); inside && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return "give " + strings.Join(names, ", ")
}

// Value is what one key is set to.
type Value struct {
	Key string
	// Shown is what may be printed: secrets are masked.
	Shown any
	// Source is where it was set: a variable, a flag, or a file and line; empty for the default.
	Source string
}

// Values lists every key with its value, in the order of Describe.
func (c *Config) Values() []Value {
	values := make([]Value, 0, len(c.settings))
	for _, s := range c.settings {
		values = append(values, Value{Key: s.Key, Shown: s.value.show(), Source: c.sources[s.Key]})
	}
	return values
}
