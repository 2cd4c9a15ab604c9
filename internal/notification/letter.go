package notification

import (
	"embed"
	"fmt"
	"html/template"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

//go:embed letter.html
var letterFile embed.FS

var letterTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.ParseFS(letterFile, "letter.html")
})

// said is what a mail says, in text and in HTML alike.
type said struct {
	Phrases phrases
	// Tenant and Reader are names.
	Tenant, Reader, Title, Body string
	// Link leads to what it is about, or is empty; Stop ends mails of the kind; Settings is where all kinds are.
	Link, Stop, Settings string
	LogoURL              string
	Accent               accent
}

// phrases are what every mail says, in one language.
type phrases struct {
	// Tag is the language's, for readers aloud.
	Tag                              string
	Hello, Open, Why, Stop, Settings string
}

func phrasesIn(locale string) phrases {
	if base, _ := language.Make(locale).Base(); base.String() == "de" {
		return phrases{
			Tag: "de", Hello: "Hallo %s,", Open: "Ansehen", Why: "Du bekommst diese Mail, weil du bei %s lernst oder lehrst.",
			Stop: "Keine Mails dieser Art mehr", Settings: "Mails einstellen",
		}
	}
	return phrases{
		Tag: "en", Hello: "Hello %s,", Open: "Have a look", Why: "You get this mail because you learn or teach at %s.",
		Stop: "No more mails like this", Settings: "Choose your mails",
	}
}

// Greeting begins the mail.
func (s said) Greeting() string { return fmt.Sprintf(s.Phrases.Hello, line(s.Reader)) }

// Why says why one gets it.
func (s said) Why() string { return fmt.Sprintf(s.Phrases.Why, line(s.Tenant)) }

// line keeps a name on its line.
func line(name string) string { return strings.Join(strings.Fields(name), " ") }

func (s said) text() string {
	parts := []string{s.Greeting(), line(s.Title) + "\n" + s.Body}
	if s.Link != "" {
		parts = append(parts, s.Phrases.Open+":\n"+s.Link)
	}
	parts = append(parts, "-- \n"+s.Why()+"\n"+s.Phrases.Stop+": "+s.Stop+"\n"+s.Phrases.Settings+": "+s.Settings)
	return strings.Join(parts, "\n\n") + "\n"
}

func (s said) html() (string, error) {
	t, err := letterTemplate()
	if err != nil {
		return "", fmt.Errorf("read letter: %w", err)
	}
	var out strings.Builder
	if err := t.Execute(&out, s); err != nil {
		return "", fmt.Errorf("write letter: %w", err)
	}
	return out.String(), nil
}

// accent is a tenant's colour, and the one of black and white that can be read on it.
type accent struct{ Ground, Ink string }

// defaultAccent is Lyceum's own.
const defaultAccent = "#1e3a8a"

var hexColour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func accentOf(hex string) accent {
	if !hexColour.MatchString(hex) {
		hex = defaultAccent
	}
	// Black and white contrast alike with a luminance of 0.179 (WCAG 2.1).
	const middle = 0.179
	if luminance(hex) > middle {
		return accent{Ground: hex, Ink: "#000000"}
	}
	return accent{Ground: hex, Ink: "#ffffff"}
}

// luminance is the relative luminance of "#rrggbb", 0 to 1 (WCAG 2.1).
func luminance(hex string) float64 {
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		part, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			return 0 // It was matched; there is no such digit.
		}
		c := float64(part) / math.MaxUint8
		if c <= 0.04045 {
			sum += weight * c / 12.92
		} else {
			sum += weight * math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return sum
}
