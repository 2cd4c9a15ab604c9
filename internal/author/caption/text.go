package caption

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// tagPattern is anything that a player could take for a tag.
var tagPattern = regexp.MustCompile(`</?[A-Za-z0-9][^<>]*>`)

// overridePattern is how Advanced SubStation formatting looks when it leaks into SubRip: {\an8}.
var overridePattern = regexp.MustCompile(`\{\\[^{}]*\}`)

// sanitise turns the text of a cue into safe WebVTT cue text. SubRip knows no speakers, so v is a tag in
// WebVTT only.
func sanitise(text string, web bool) string {
	if !web {
		text = overridePattern.ReplaceAllString(text, "")
	}
	var b strings.Builder
	var open []string
	at := 0
	for _, span := range tagPattern.FindAllStringIndex(text, -1) {
		writeEscaped(&b, text[at:span[0]])
		open = writeTag(&b, text[span[0]:span[1]], open, web)
		at = span[1]
	}
	writeEscaped(&b, text[at:])
	for _, name := range slices.Backward(open) {
		b.WriteString("</" + name + ">")
	}
	return tidyLines(b.String())
}

// writeTag writes the tag when it is allowed and closes what it closes. open is the stack of open tags.
func writeTag(b *strings.Builder, tag string, open []string, web bool) []string {
	body := strings.TrimSpace(strings.Trim(tag, "<>"))
	name, closing := strings.CutPrefix(body, "/")
	name, annotation, _ := strings.Cut(name, " ")
	name, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(name)), ".")
	if !allowed(name, web) {
		return open
	}
	if closing {
		return closeTag(b, name, open)
	}
	open = append(open, name)
	if speaker := speakerName(annotation); name == "v" && speaker != "" {
		b.WriteString("<v " + speaker + ">")
		return open
	}
	if name == "v" {
		return open[:len(open)-1]
	}
	b.WriteString("<" + name + ">")
	return open
}

// closeTag closes name and everything opened inside it; a tag that was never opened closes nothing.
func closeTag(b *strings.Builder, name string, open []string) []string {
	depth := -1
	for i, n := range open {
		if n == name {
			depth = i
		}
	}
	if depth < 0 {
		return open
	}
	for i := len(open) - 1; i >= depth; i-- {
		b.WriteString("</" + open[i] + ">")
	}
	return open[:depth]
}

func allowed(name string, web bool) bool {
	switch name {
	case "b", "i", "u":
		return true
	case "ruby", "rt", "v":
		return web
	default:
		return false
	}
}

func speakerName(s string) string {
	return escape(strings.Join(strings.Fields(clean(html.UnescapeString(s))), " "))
}

// writeEscaped writes text as cue text: entities are read once and written once, so that doing it again
// changes nothing.
func writeEscaped(b *strings.Builder, text string) {
	b.WriteString(escape(clean(html.UnescapeString(text))))
}

// escape writes the three characters that mean something in cue text. "-->" would begin a cue.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// clean drops control characters and keeps line breaks.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', r == '\u00a0', r == '\u2028', r == '\u2029', r == '\u0085':
			return ' '
		case unicode.IsControl(r), r == '\ufeff', r == unicode.ReplacementChar:
			return -1
		default:
			return r
		}
	}, s)
}

// tidyLines trims every line and drops empty ones, which would end the cue.
func tidyLines(s string) string {
	var kept []string
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.Join(strings.Fields(line), " ")
		if tagPattern.ReplaceAllString(line, "") == "" {
			if len(kept) > 0 {
				kept[len(kept)-1] += line
				continue
			}
			if line == "" {
				continue
			}
		}
		kept = append(kept, line)
	}
	joined := strings.Join(kept, "\n")
	if strings.TrimSpace(tagPattern.ReplaceAllString(joined, "")) == "" {
		return ""
	}
	return joined
}

// plain is cue text without its markup; a speaker's name leads what they say.
func plain(text string) string {
	text = tagPattern.ReplaceAllStringFunc(text, func(tag string) string {
		if name, isVoice := strings.CutPrefix(tag, "<v "); isVoice {
			return strings.TrimSuffix(name, ">") + ": "
		}
		return ""
	})
	return strings.TrimSpace(html.UnescapeString(text))
}
