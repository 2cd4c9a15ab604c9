package config

import (
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
)

// masked is what is shown in place of a secret.
const masked = "********"

// secretLimit is the size of the largest secret that is read from a file, in bytes.
const secretLimit = 64 << 10

// Secret is a value that is used but never shown: printing, logging and encoding give its mask. The zero Secret
// is not set.
type Secret struct {
	// A pointer, because package fmt prints the unexported fields of a struct as they are.
	value *string
	shown string
}

// NewSecret keeps a value secret.
func NewSecret(value string) Secret { return Secret{value: &value, shown: masked} }

// Reveal returns the value itself, "" when the secret is not set.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsSet reports whether there is a value.
func (s Secret) IsSet() bool { return s.value != nil && *s.value != "" }

// String returns the mask: the reference that the value came from, or an address without its user and password,
// or stars; "" when the secret is not set.
func (s Secret) String() string { return s.shown }

// GoString returns the mask, for %#v.
func (s Secret) GoString() string { return fmt.Sprintf("config.Secret(%q)", s.shown) }

// LogValue returns the mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.shown) }

// MarshalText returns the mask, for JSON and everything that encodes texts.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.shown), nil }

// MarshalYAML returns the mask.
func (s Secret) MarshalYAML() (any, error) { return s.shown, nil }

// environment looks up variables.
type environment func(name string) (string, bool)

// resolve finds the secret that a reference leads to: "env:NAME", "file:/path" (one trailing line break is not
// part of it), or the text itself. "literal:" marks a text that begins like a reference. Errors do not quote it.
func resolve(reference string, env environment) (Secret, error) {
	kind, rest, found := strings.Cut(reference, ":")
	switch {
	case reference == masked:
		return Secret{}, fmt.Errorf("%s is how a secret is printed, not the secret", masked)
	case found && kind == "env":
		value, ok := env(rest)
		if !ok || value == "" {
			return Secret{}, fmt.Errorf("the environment variable %s is not set", rest)
		}
		return Secret{value: &value, shown: reference}, nil
	case found && kind == "file":
		value, err := readSecret(rest)
		if err != nil {
			return Secret{}, err
		}
		return Secret{value: &value, shown: reference}, nil
	case found && kind == "literal":
		return NewSecret(rest), nil
	default:
		return NewSecret(reference), nil
	}
}

func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > secretLimit {
		return "", fmt.Errorf("%s is not a file of at most %d bytes", path, secretLimit)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if value == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return value, nil
}

// showAddress masks an address so that one still sees where it leads: user, password and query are left out.
func (s Secret) showAddress() Secret {
	u, err := url.Parse(s.Reveal())
	if s.shown != masked || err != nil || u.Host == "" {
		return s
	}
	who := ""
	if u.User != nil {
		who = masked + "@"
	}
	s.shown = fmt.Sprintf("%s://%s%s%s", u.Scheme, who, u.Host, u.EscapedPath())
	return s
}

// SigningKey is one key for the signatures of URLs, cursors and the like.
type SigningKey struct {
	// ID travels with a signature, to say which key made it: 1 to 32 letters, digits, "-" or "_".
	ID string
	// Secret is at least 32 bytes long.
	Secret Secret
}
