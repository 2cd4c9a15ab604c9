package config

import (
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// value reads one setting into its place in a Config and prints it from there.
type value struct {
	kind    string // "duration"
	accepts string // what may be given, as a clause: "a duration such as 10s or 1h30m, from 1s to 1h"
	secret  bool
	// set takes what a source gave: a string, or what YAML makes of a scalar, a list or a mapping.
	set func(raw any) error
	// show returns what may be printed, as YAML would take it.
	show func() any
}

// nameOf is what identifies queues.
var nameOf = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// keyID is what identifies a signing key: it stands in signed URLs, between dots.
var keyID = regexp.MustCompile(`^[a-z0-9]{1,16}$`)

// hostOf is a host name of lower-case labels.
var hostOf = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// scalar returns a single thing as a string.
func scalar(raw any) (string, error) {
	switch v := raw.(type) {
	case string:
		return strings.TrimSpace(v), nil
	case bool, int, int64, uint64, float64:
		return fmt.Sprint(v), nil
	default:
		return "", fmt.Errorf("a single value is wanted, not a %T", raw)
	}
}

// list returns the items of a YAML list, or of a string with commas between them.
func list(raw any) ([]any, error) {
	switch v := raw.(type) {
	case []any:
		return v, nil
	case string:
		var items []any
		for item := range strings.SplitSeq(v, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
		return items, nil
	default:
		return nil, fmt.Errorf("a list is wanted, not a %T", raw)
	}
}

// parsed is a value that is written as one word and read by a function.
func parsed[T any](to *T, kind, accepts string, parse func(string) (T, error)) value {
	return value{
		kind: kind, accepts: accepts,
		set: func(raw any) error {
			text, err := scalar(raw)
			if err != nil {
				return err
			}
			*to, err = parse(text)
			return err
		},
		show: func() any { return *to },
	}
}

func text(to *string) value {
	return parsed(to, "text", "any text", func(s string) (string, error) { return s, nil })
}

func oneOf(to *string, words ...string) value {
	return parsed(to, "word", "one of "+strings.Join(words, ", "), func(s string) (string, error) {
		if !slices.Contains(words, s) {
			return "", fmt.Errorf("%q is not known", s)
		}
		return s, nil
	})
}

func integer(to *int, least, most int) value {
	return parsed(to, "integer", fmt.Sprintf("a number from %d to %d", least, most), func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil {
			return 0, fmt.Errorf("%q is not a whole number", s)
		}
		if n < least || n > most {
			return 0, fmt.Errorf("%d is out of range", n)
		}
		return n, nil
	})
}

func share(to *float64) value {
	return parsed(to, "number", "a number from 0 to 1", func(s string) (float64, error) {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is not a number", s)
		}
		if !(f >= 0 && f <= 1) { // NaN is neither.
			return 0, fmt.Errorf("%v is out of range", f)
		}
		return f, nil
	})
}

func duration(to *time.Duration, least, most time.Duration) value {
	accepts := fmt.Sprintf("a duration such as 250ms, 10s or 1h30m, from %v to %v", least, most)
	v := parsed(to, "duration", accepts, func(s string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		if err != nil {
			return 0, fmt.Errorf("%q is not a duration", s)
		}
		if d < least || d > most {
			return 0, fmt.Errorf("%v is out of range", d)
		}
		return d, nil
	})
	v.show = func() any { return to.String() }
	return v
}

// sizeUnits are the units of a size in bytes, longest name first.
func sizeUnits() []struct {
	name  string
	bytes int64
} {
	return []struct {
		name  string
		bytes int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}, {"", 1}}
}

// least is the smallest size that a setting takes, in bytes: nothing works with less.
const least = 1 << 10

func size(to *int64, most int64) value {
	accepts := fmt.Sprintf("a size such as 4096, 256KiB, 10MiB or 2GiB, from %s to %s", ShowSize(least), ShowSize(most))
	v := parsed(to, "size", accepts, func(s string) (int64, error) {
		n, err := ParseSize(s)
		if err != nil {
			return 0, err
		}
		if n < least || n > most {
			return 0, fmt.Errorf("%s is out of range", s)
		}
		return n, nil
	})
	v.show = func() any { return ShowSize(*to) }
	return v
}

// ParseSize reads a number of bytes such as 4096, 256KiB, 10MiB or 2GiB.
func ParseSize(s string) (int64, error) {
	for _, unit := range sizeUnits() {
		digits, ok := strings.CutSuffix(s, unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 0 || n > (1<<62)/unit.bytes {
			break
		}
		return n * unit.bytes, nil
	}
	return 0, fmt.Errorf("%q is not a size", s)
}

// ShowSize writes a number of bytes as ParseSize reads it, in the largest unit that fits.
func ShowSize(n int64) string {
	best := strconv.FormatInt(n, 10)
	for _, unit := range sizeUnits()[:3] {
		if n > 0 && n%unit.bytes == 0 {
			best = fmt.Sprintf("%d%s", n/unit.bytes, unit.name)
		}
	}
	return best
}

func address(to *string) value {
	return parsed(to, "address", "host:port or :port, with a port from 0 to 65535", func(s string) (string, error) {
		_, port, err := net.SplitHostPort(s)
		if err != nil {
			return "", fmt.Errorf("%q is not an address", s)
		}
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return "", fmt.Errorf("%q has no such port", s)
		}
		return s, nil
	})
}

func host(to *string) value {
	return parsed(to, "host", "a host name in lower case, such as learn.example.org", func(s string) (string, error) {
		if len(s) > 253 || !hostOf.MatchString(s) {
			return "", fmt.Errorf("%q is not a host name", s)
		}
		return s, nil
	})
}

// link is an address that holds no secret.
func link(to *string) value {
	return parsed(to, "URL", "a URL such as https://host:port", func(s string) (string, error) {
		u, err := parseURL(s, "http", "https")
		if err != nil {
			return "", fmt.Errorf("%q: %w", s, err)
		}
		if u.User != nil {
			return "", errors.New("it holds a password, which would be shown")
		}
		return s, nil
	})
}

// mailbox is the bare address of a mailbox.
func mailbox(to *string) value {
	return parsed(to, "address", "an address such as no-reply@example.org", func(s string) (string, error) {
		if at, err := netmail.ParseAddress(s); s != "" && (err != nil || at.Address != s) {
			return "", fmt.Errorf("%q is not a bare address", s)
		}
		return s, nil
	})
}

// parseURL reads a URL with a host and one of the schemes. Errors do not quote it.
func parseURL(s string, schemes ...string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return nil, errors.New("it is not a URL with a host")
	}
	if !slices.Contains(schemes, u.Scheme) {
		return nil, fmt.Errorf("the scheme %s is not known", strconv.Quote(u.Scheme))
	}
	return u, nil
}

func secret(to *Secret, env environment) value {
	return value{
		kind: "secret", secret: true,
		accepts: "env:NAME, file:/path or the secret itself",
		set: func(raw any) error {
			reference, err := scalar(raw)
			if err != nil {
				return err
			}
			*to, err = resolve(reference, env)
			return err
		},
		show: func() any { return to.String() },
	}
}

// secretURL is an address that holds a password.
func secretURL(to *Secret, env environment, schemes ...string) value {
	v := secret(to, env)
	v.kind = "secret URL"
	v.accepts = fmt.Sprintf("%s://user:password@host:port/..., env:NAME or file:/path", strings.Join(schemes, ":// or "))
	read := v.set
	v.set = func(raw any) error {
		if err := read(raw); err != nil {
			return err
		}
		if _, err := parseURL(to.Reveal(), schemes...); err != nil {
			*to = Secret{}
			return err
		}
		*to = to.showAddress()
		return nil
	}
	return v
}

// words is a list of texts, each of which must pass the check.
func words(to *[]string, accepts string, check func(string) error) value {
	return value{
		kind: "list", accepts: "a list of " + accepts,
		set: func(raw any) error {
			items, err := list(raw)
			if err != nil {
				return err
			}
			read := make([]string, 0, len(items))
			for _, item := range items {
				word, err := scalar(item)
				if err == nil {
					err = check(word)
				}
				if err != nil {
					return err
				}
				read = append(read, word)
			}
			*to = read
			return nil
		},
		show: func() any { return *to },
	}
}

// checkOrigin accepts what a browser sends as Origin.
func checkOrigin(s string) error {
	u, err := parseURL(s, "http", "https")
	if err != nil {
		return fmt.Errorf("%q: %w", s, err)
	}
	if u.Scheme+"://"+u.Host != s {
		return fmt.Errorf("%q has more than scheme, host and port", s)
	}
	return nil
}

func networks(to *[]netip.Prefix) value {
	var written []string
	v := words(&written, "networks such as 10.0.0.0/8", func(s string) error {
		if _, err := netip.ParsePrefix(s); err != nil {
			return fmt.Errorf("%q is not a network", s)
		}
		return nil
	})
	read := v.set
	v.set = func(raw any) error {
		if err := read(raw); err != nil {
			return err
		}
		*to = nil
		for _, s := range written {
			*to = append(*to, netip.MustParsePrefix(s).Masked())
		}
		return nil
	}
	v.show = func() any {
		shown := make([]string, 0, len(*to))
		for _, prefix := range *to {
			shown = append(shown, prefix.String())
		}
		return shown
	}
	return v
}

// leastKey is the length of the shortest signing key, in bytes: as long as what HMAC-SHA-256 puts out.
const leastKey = 32

func signingKeys(to *[]SigningKey, env environment) value {
	return value{
		kind: "keys", secret: true,
		accepts: fmt.Sprintf("a list of id and secret, current key first: id=env:NAME,old=file:/path; a secret has at least %d bytes", leastKey),
		set: func(raw any) error {
			items, err := list(raw)
			if err != nil {
				return err
			}
			keys := make([]SigningKey, 0, len(items))
			for _, item := range items {
				key, err := signingKey(item, env)
				if err != nil {
					return err
				}
				if slices.ContainsFunc(keys, func(k SigningKey) bool { return k.ID == key.ID }) {
					return fmt.Errorf("the id %q stands there twice", key.ID)
				}
				keys = append(keys, key)
			}
			*to = keys
			return nil
		},
		show: func() any {
			shown := make([]map[string]string, 0, len(*to))
			for _, key := range *to {
				shown = append(shown, map[string]string{"id": key.ID, "secret": key.Secret.String()})
			}
			return shown
		},
	}
}

// signingKey reads "id=reference", or a mapping with id and secret. Errors do not quote it.
func signingKey(item any, env environment) (SigningKey, error) {
	var id, reference string
	switch v := item.(type) {
	case string:
		id, reference, _ = strings.Cut(v, "=")
	case map[string]any:
		for field, content := range v {
			word, err := scalar(content)
			if err != nil {
				return SigningKey{}, fmt.Errorf("%s of a key: %w", field, err)
			}
			switch field {
			case "id":
				id = word
			case "secret":
				reference = word
			default:
				return SigningKey{}, fmt.Errorf("a key has no %q", field)
			}
		}
	default:
		return SigningKey{}, fmt.Errorf("a key is not a %T", item)
	}
	if !keyID.MatchString(id) {
		return SigningKey{}, errors.New("a key has no id of 1 to 16 lower-case letters and digits")
	}
	found, err := resolve(reference, env)
	if err != nil {
		return SigningKey{}, fmt.Errorf("key %s: %w", id, err)
	}
	if len(found.Reveal()) < leastKey {
		return SigningKey{}, fmt.Errorf("the secret of key %s has %d bytes", id, len(found.Reveal()))
	}
	return SigningKey{ID: id, Secret: found}, nil
}

// Queues says how many workers each queue has.
type Queues map[string]int

// queues reads a mapping, or "name=workers" items; a name alone gets *workers.
func queues(to *Queues, workers *int) value {
	return value{
		kind:    "queues",
		accepts: "a list of names, each with a number of workers from 1 to 1000 if it is not the usual one: default=8,media",
		set: func(raw any) error {
			found, err := readQueues(raw, *workers)
			if err != nil {
				return err
			}
			if len(found) == 0 {
				return errors.New("there is no queue in it")
			}
			*to = found
			return nil
		},
		show: func() any { return map[string]int(*to) },
	}
}

func readQueues(raw any, usual int) (Queues, error) {
	found := Queues{}
	add := func(name, count string) error {
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 || n > 1000 || !nameOf.MatchString(name) {
			return fmt.Errorf("%q with %q workers", name, count)
		}
		if _, twice := found[name]; twice {
			return fmt.Errorf("the queue %q stands there twice", name)
		}
		found[name] = n
		return nil
	}
	if mapping, ok := raw.(map[string]any); ok {
		for name, count := range mapping {
			if err := add(name, fmt.Sprint(count)); err != nil {
				return nil, err
			}
		}
		return found, nil
	}
	items, err := list(raw)
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		word, err := scalar(item)
		if err != nil {
			return nil, err
		}
		name, count, given := strings.Cut(word, "=")
		if !given {
			count = strconv.Itoa(usual)
		}
		if err := add(name, count); err != nil {
			return nil, err
		}
	}
	return found, nil
}
