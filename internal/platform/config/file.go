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
	// Shown is what may be printed, as YAML takes it: secrets are masked.
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

// YAML prints the configuration as a file that Load takes, with a comment where each value was set. Secrets that
// did not come by reference are masked, and refused when the file is loaded.
func (c *Config) YAML() ([]byte, error) {
	root := &yaml.Node{Kind: yaml.MappingNode}
	for _, v := range c.Values() {
		var content yaml.Node
		if err := content.Encode(v.Shown); err != nil {
			return nil, fmt.Errorf("print %s: %w", v.Key, err)
		}
		parent, name := root, v.Key
		if section, rest, nested := strings.Cut(v.Key, "."); nested {
			parent, name = sectionOf(root, section), rest
		}
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: name}
		if v.Source != "" {
			key.HeadComment = "set by " + v.Source
		}
		parent.Content = append(parent.Content, key, &content)
	}
	text, err := yaml.Marshal(root)
	if err != nil {
		return nil, fmt.Errorf("print configuration: %w", err)
	}
	return text, nil
}

// sectionOf finds or makes a section of the file.
func sectionOf(root *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == name {
			return root.Content[i+1]
		}
	}
	section := &yaml.Node{Kind: yaml.MappingNode}
	root.Content = append(root.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, section)
	return section
}
