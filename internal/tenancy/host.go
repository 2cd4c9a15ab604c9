package tenancy

import (
	"net/netip"
	"strings"
)

// The longest host name and label, from RFC 1035 §2.3.4.
const (
	maxHost  = 253
	maxLabel = 63
)

// cleanHost reads a Host header into one spelling: a name in lower case or an address, without port, brackets
// and trailing dot. It returns false for what is neither.
func cleanHost(host string) (string, bool) {
	if literal, ok := strings.CutPrefix(host, "["); ok {
		address, port, closed := strings.Cut(literal, "]")
		ip, err := netip.ParseAddr(address)
		return ip.String(), closed && isPort(port) && err == nil && ip.Is6() && ip.Zone() == ""
	}
	name, port, found := strings.Cut(host, ":")
	if found && !isPort(":"+port) {
		return "", false
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if len(name) > maxHost {
		return "", false
	}
	for label := range strings.SplitSeq(name, ".") {
		if !isLabel(label) {
			return "", false
		}
	}
	return name, true
}

// isPort reports whether the text is what may follow a host: nothing, or a colon and at most five digits.
func isPort(s string) bool {
	digits, colon := strings.CutPrefix(s, ":")
	return s == "" || (colon && len(digits) <= 5 && strings.Trim(digits, "0123456789") == "")
}

// isLabel reports whether the text is one label of a host name, in lower case.
func isLabel(s string) bool {
	return s != "" && len(s) <= maxLabel && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" &&
		s[0] != '-' && s[len(s)-1] != '-'
}

// isAddress reports whether a clean host is an IP address.
func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
