package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

const (
	// prefix begins the names of our own variables.
	prefix = "LYCEUM_"
	// fileVariable and fileFlag name the file; without them it is defaultFile, if that exists.
	fileVariable = prefix + "CONFIG"
	fileFlag     = "config"
	defaultFile  = "lyceum.yaml"
)

// Sources are where settings come from, besides their defaults.
type Sources struct {
	// File is a YAML file. Empty takes the flag --config, then LYCEUM_CONFIG, then lyceum.yaml if there is one.
	File string
	// Environ holds NAME=value texts; nil is the environment of the process.
	Environ []string
	// Flags are those that Flags registered, after parsing; nil means none.
	Flags *pflag.FlagSet
}

// Problem is one mistake.
type Problem struct {
	// Key is the setting, dotted; empty when it is about a whole source.
	Key string
	// Source is where it was set: a variable, a flag, or a file and line; empty when nobody set it.
	Source string
	// Message says what is wrong and what would be accepted. It never quotes a secret.
	Message string
}

// String puts the problem on one line.
func (p Problem) String() string {
	switch {
	case p.Key == "":
		return fmt.Sprintf("%s: %s", p.Source, p.Message)
	case p.Source == "":
		return fmt.Sprintf("%s: %s", p.Key, p.Message)
	default:
		return fmt.Sprintf("%s (%s): %s", p.Key, p.Source, p.Message)
	}
}

// MistakesError are all that is wrong with a configuration. It is the error of Load and Require.
type MistakesError []Problem

// Error lists the mistakes, one a line.
func (m MistakesError) Error() string {
	if len(m) == 1 {
		return "configuration: " + m[0].String()
	}
	lines := make([]string, 0, len(m)+1)
	lines = append(lines, fmt.Sprintf("configuration: %d mistakes", len(m)))
	for _, p := range m {
		lines = append(lines, "  "+p.String())
	}
	return strings.Join(lines, "\n")
}

// Flags registers --config and a flag for each of the keys; without keys, for every key that may have one.
// Unknown keys are a mistake of the program and panic.
func Flags(flags *pflag.FlagSet, keys ...string) {
	flags.String(fileFlag, "", "file with settings (YAML; default "+defaultFile+" if there is one)")
	wanted := slices.Clone(keys)
	for _, s := range Describe() {
		if s.Flag == "" || len(keys) > 0 && !slices.Contains(wanted, s.Key) {
			continue
		}
		wanted = slices.DeleteFunc(wanted, func(key string) bool { return key == s.Key })
		flags.String(s.Flag, s.Default, s.Doc)
	}
	if len(wanted) > 0 {
		panic(fmt.Sprintf("config: no flags for %q", wanted))
	}
}

// Load reads the settings: defaults, then the file, the environment and flags, each stronger than the one
// before; an empty variable counts as unset. The error is MistakesError, with everything that is wrong.
func Load(from Sources) (*Config, error) {
	if from.Environ == nil {
		from.Environ = os.Environ()
	}
	l := newLoader(from)
	l.file()
	l.environment()
	l.flags()
	l.read()
	if len(l.mistakes) > 0 {
		return nil, l.mistakes
	}
	l.config.complete()
	return l.config, nil
}

// Require returns MistakesError for those of the keys that are not set. It panics for a key that does not exist.
func (c *Config) Require(keys ...string) error {
	var missing MistakesError
	for _, key := range keys {
		at := slices.IndexFunc(c.settings, func(s setting) bool { return s.Key == key })
		if at < 0 {
			panic(fmt.Sprintf("config: no key %q", key))
		}
		s := c.settings[at]
		if s.Default == "" && c.sources[key] == "" {
			missing = append(missing, Problem{
				Key: key, Message: fmt.Sprintf("it is not set; give %s, for instance in %s", s.Accepts, s.Env[len(s.Env)-1]),
			})
		}
	}
	if len(missing) > 0 {
		return missing
	}
	return nil
}

// Given reports whether somebody has set the key.
func (c *Config) Given(key string) bool { return c.sources[key] != "" }

// loader gathers what the sources say about each key.
type loader struct {
	from     Sources
	values   *koanf.Koanf
	config   *Config
	mistakes MistakesError
}

func newLoader(from Sources) *loader {
	l := &loader{from: from, values: koanf.New("."), config: &Config{sources: map[string]string{}}}
	l.config.settings = l.config.bind(l.lookUp)
	return l
}

func (l *loader) lookUp(name string) (string, bool) {
	for _, entry := range slices.Backward(l.from.Environ) {
		if key, value, ok := strings.Cut(entry, "="); ok && key == name {
			return value, true
		}
	}
	return "", false
}

func (l *loader) mistakef(key, source, format string, args ...any) {
	l.mistakes = append(l.mistakes, Problem{Key: key, Source: source, Message: fmt.Sprintf(format, args...)})
}

// add puts a source over those before it, and remembers which keys it sets.
func (l *loader) add(source string, provider koanf.Provider, where func(key string) string) {
	layer := koanf.New(".")
	if err := layer.Load(provider, nil); err != nil {
		l.mistakef("", source, "%v", err)
		return
	}
	for _, s := range l.config.settings {
		raw := layer.Get(s.Key)
		if raw == nil {
			continue // An empty line in the file, or nothing at all.
		}
		l.config.sources[s.Key] = where(s.Key)
		if err := l.values.Set(s.Key, raw); err != nil {
			l.mistakef(s.Key, where(s.Key), "%v", err)
		}
	}
}

// path returns the file to read and whether somebody named it.
func (l *loader) path() (string, bool) {
	if l.from.File != "" {
		return l.from.File, true
	}
	if l.from.Flags != nil {
		if flag := l.from.Flags.Lookup(fileFlag); flag != nil && flag.Value.String() != "" {
			return flag.Value.String(), true
		}
	}
	if named, _ := l.lookUp(fileVariable); named != "" {
		return named, true
	}
	return defaultFile, false
}

func (l *loader) file() {
	path, named := l.path()
	text, err := os.ReadFile(path)
	if !named && errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		l.mistakef("", path, "it cannot be read: %v", err)
		return
	}
	content, err := yaml.Parser().Unmarshal(text)
	if err != nil {
		l.mistakef("", path, "it is not a YAML mapping: %v", err)
		return
	}
	places, unknown := survey(text, l.config.settings)
	for _, p := range unknown {
		p.Source = path + p.Source
		l.mistakes = append(l.mistakes, p)
	}
	l.add(path, confmap.Provider(content, "."), func(key string) string {
		return fmt.Sprintf("%s:%d", path, places[key])
	})
}

func (l *loader) environment() {
	keys, sources := map[string]string{}, map[string]string{}
	for _, s := range l.config.settings {
		for _, name := range slices.Backward(s.Env) {
			keys[name] = s.Key
			if value, _ := l.lookUp(name); value != "" {
				sources[s.Key] = name // The strongest comes last.
			}
		}
	}
	l.add("environment", env.Provider(".", env.Opt{
		EnvironFunc: func() []string { return l.from.Environ },
		TransformFunc: func(name, value string) (string, any) {
			key := keys[name]
			if value == "" || sources[key] != name {
				return "", nil
			}
			return key, expand(name, value)
		},
	}), func(key string) string { return sources[key] })
	for _, entry := range l.from.Environ {
		name, _, _ := strings.Cut(entry, "=")
		known := keys[name] != "" || name == fileVariable || strings.HasPrefix(name, prefix+"TEST_")
		if strings.HasPrefix(name, prefix) && !known {
			l.config.Unused = append(l.config.Unused, name)
		}
	}
	slices.Sort(l.config.Unused)
	l.config.Unused = slices.Compact(l.config.Unused)
}

// expand makes addresses of the variables that give a port alone.
func expand(name, value string) string {
	switch name {
	case "PORT":
		return ":" + value
	case "ADMIN_PORT":
		return "127.0.0.1:" + value
	default:
		return value
	}
}

func (l *loader) flags() {
	if l.from.Flags == nil {
		return
	}
	names, keys := map[string]string{}, map[string]string{}
	for _, s := range l.config.settings {
		if s.Flag != "" {
			names[s.Key], keys[s.Flag] = "--"+s.Flag, s.Key
		}
	}
	l.add("flags", posflag.ProviderWithFlag(l.from.Flags, ".", l.values, func(flag *pflag.Flag) (string, any) {
		if !flag.Changed {
			return "", nil
		}
		return keys[flag.Name], flag.Value.String()
	}), func(key string) string { return names[key] })
}

// read gives every key its value, and checks what no key alone can tell.
func (l *loader) read() {
	wrong := map[string]bool{}
	for _, s := range l.config.settings {
		raw := any(s.Default)
		if source := l.config.sources[s.Key]; source != "" {
			raw = l.values.Get(s.Key)
		}
		if raw == "" && s.Default == "" {
			delete(l.config.sources, s.Key)
			continue // Optional, and left out.
		}
		if err := s.value.set(raw); err != nil {
			wrong[s.Key] = true
			l.mistakef(s.Key, l.config.sources[s.Key], "%v; give %s", err, s.Accepts)
			l.fallBack(s)
		}
	}
	for _, p := range l.config.validate() {
		if !wrong[p.Key] {
			l.mistakes = append(l.mistakes, p)
		}
	}
}

// fallBack gives a key its default, so that checks across keys do not stumble over a mistake that is reported
// already.
func (l *loader) fallBack(s setting) {
	if s.Default == "" {
		return
	}
	if err := s.value.set(s.Default); err != nil {
		panic(fmt.Sprintf("config: default of %s: %v", s.Key, err))
	}
}

// variableOf is the name of the variable for a key: LYCEUM_HTTP_ADDR for http.addr.
func variableOf(key string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// flagOf is the name of the flag for a key: http-addr for http.addr.
func flagOf(key string) string {
	if key == "jobs.queues" {
		return "queues" // As in: lyceum work --queues=media.
	}
	return strings.NewReplacer(".", "-", "_", "-").Replace(key)
}
