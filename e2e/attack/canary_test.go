package attack_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/e2e/attack"
	"lyceum/internal/platform/gid"
)

const secret = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"

// TestScannerFinds hides a marker and an id in every way that a server might write them.
func TestScannerFinds(t *testing.T) {
	t.Parallel()
	id := uuid.MustParse("0199c0de-1234-7abc-8def-0123456789ab")
	s := attack.NewScanner()
	s.Marker("marker", secret)
	s.ID("row", id)
	for text, want := range map[string]string{
		secret: "marker", id.String(): "row", hex.EncodeToString(id[:]): "row", gid.New("crs", id).String(): "row",
	} {
		for name, spelled := range spellings(text) {
			if found := s.Scan([]byte(spelled)); len(found) != 1 || found[0].Name != want {
				t.Errorf("%s of %q: found %v, want %s", name, text, found, want)
			}
		}
	}
	for name, spelled := range spellings(string(id[:])) {
		if found := s.Scan([]byte(spelled)); strings.HasPrefix(name, "base64") && (len(found) != 1 || found[0].Name != "row") {
			t.Errorf("%s of an id's bytes: found %v", name, found)
		}
	}
}

// spellings are the text in the middle of others, encoded in every way.
func spellings(text string) map[string]string {
	all := map[string]string{
		"plain":         "title: " + text + ".",
		"upper case":    "title: " + strings.ToUpper(text) + ".",
		"alone":         text,
		"hex":           "ab" + hex.EncodeToString([]byte(text)) + "cd",
		"upper hex":     strings.ToUpper(hex.EncodeToString([]byte(text))),
		"JSON escapes":  escaped(text, `\u%04x`),
		"URL escapes":   escaped(text, "%%%02X"),
		"query string":  "https://x.example/?q=" + url.QueryEscape("a b "+text),
		"HTML escapes":  escaped(text, "&#%d;"),
		"in JSON":       mustJSON(map[string]any{"a": []string{"b\n" + text}}),
		"after unicode": "İİİİ " + text,
	}
	for prefix := range 3 {
		padded := strings.Repeat("x", prefix) + text + "trailing"
		all[fmt.Sprint("base64 after ", prefix)] = base64.StdEncoding.EncodeToString([]byte(padded))
		all[fmt.Sprint("base64url after ", prefix)] = base64.RawURLEncoding.EncodeToString([]byte(padded))
		all[fmt.Sprint("base64 ending after ", prefix)] = base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\xff", prefix) + text))
	}
	return all
}

func escaped(text, format string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

func mustJSON(v any) string {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(body)
}

// TestScannerStaysCalm gives the scanner what is like the marker and is not it.
func TestScannerStaysCalm(t *testing.T) {
	t.Parallel()
	s := attack.NewScanner()
	s.Marker("marker", secret)
	id := uuid.Must(uuid.NewV7())
	s.ID("row", id)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(strings.Repeat("something else ", 100)))
	_ = z.Close()
	for name, text := range map[string]string{
		"nothing":            "",
		"short":              "0f1e",
		"all but one":        secret[:31],
		"all but the first":  secret[1:],
		"its end":            "zzzz" + secret[16:],
		"an id of that time": uuid.Must(uuid.NewV7()).String(),
		"something packed":   packed.String(),
	} {
		if found := s.Scan([]byte(text)); len(found) > 0 {
			t.Errorf("%s: found %v", name, found)
		}
	}
}

// TestScannerForgivesWhatWasSent counts what an attacker sent only where it stands in another form or place.
func TestScannerForgivesWhatWasSent(t *testing.T) {
	t.Parallel()
	s := attack.NewScanner()
	s.Marker("marker", secret)
	slug := "course-" + secret
	if found := s.Scan([]byte(`{"slug":"`+slug+`"}`), slug); len(found) != 0 {
		t.Errorf("an echo counts: %v", found)
	}
	if found := s.Scan([]byte(`{"slug":"`+slug+`","title":"Title `+secret+`"}`), slug); len(found) != 1 {
		t.Errorf("what stands beside the echo does not count: %v", found)
	}
	if found := s.Scan([]byte(secret), "0f1e"); len(found) != 1 {
		t.Errorf("something short that was sent hides the marker: %v", found)
	}
}
