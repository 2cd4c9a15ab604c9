package course

import (
	"net/url"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
	"golang.org/x/net/html"

	"lyceum/internal/author/markup"
)

// LessonScheme begins the address of another lesson of the same course: "lesson:the-bowline".
const LessonScheme = "lesson:"

// Link is an address that a text points to.
type Link struct {
	// Target is the address as the text's reader understands it, with entities and escapes decoded.
	Target string
	// Offset is where the address stands in the source, or 0 when it cannot be told.
	Offset int
}

// Links returns what the text links to or shows, in order of appearance. A text that Check refuses as
// tangled has none.
func (t Text) Links() []Link {
	var targets []string
	switch t.Format {
	case Markdown:
		if !markup.IsTangled(t.Source) {
			targets = markdownTargets(t.Source)
		}
	case HTML:
		targets = htmlTargets(t.Source)
	}
	links := make([]Link, 0, len(targets))
	for _, target := range targets {
		links = append(links, Link{Target: target, Offset: max(0, strings.Index(t.Source, target))})
	}
	return links
}

func markdownTargets(source string) []string {
	data := []byte(source)
	doc := goldmark.DefaultParser().Parse(text.NewReader(data))
	var targets []string
	// Walk fails only when its callback does.
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			targets = append(targets, string(n.Destination))
		case *ast.Image:
			targets = append(targets, string(n.Destination))
		case *ast.AutoLink:
			if n.AutoLinkType == ast.AutoLinkURL {
				targets = append(targets, string(n.URL(data)))
			}
		}
		return ast.WalkContinue, nil
	})
	return targets
}

func htmlTargets(source string) []string {
	var targets []string
	z := html.NewTokenizer(strings.NewReader(source))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		if token.Type != html.StartTagToken && token.Type != html.SelfClosingTagToken {
			continue
		}
		for _, attr := range token.Attr {
			if slices.Contains([]string{"href", "src", "poster", "data"}, attr.Key) {
				targets = append(targets, strings.TrimSpace(attr.Val))
			}
		}
	}
	return targets
}

// MediaPath returns the media path that an address names, decoded, or "".
func MediaPath(target string) string {
	if !strings.HasPrefix(target, MediaDir+"/") {
		return ""
	}
	path, _, _ := strings.Cut(target, "#")
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return ""
	}
	return decoded
}

// MediaAddress returns the address by which a text names a media path: the path with blanks and other
// characters that end an address escaped.
func MediaAddress(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// linkProblem says what is wrong with an address, or "".
func linkProblem(target string, lessons map[string]bool) string {
	switch {
	case target == "", strings.HasPrefix(target, "#"):
		return ""
	case strings.HasPrefix(target, MediaDir+"/"):
		return mediaTargetProblem(target)
	case strings.HasPrefix(target, LessonScheme):
		key, _, _ := strings.Cut(strings.TrimPrefix(target, LessonScheme), "#")
		if !lessons[key] {
			return "links to the lesson " + quote(key) + ", which is not in this course"
		}
		return ""
	case IsOutside(target):
		return ""
	default:
		return "links to " + quote(target) + ": use https://…, mailto:…, media/… or lesson:the-key"
	}
}

func mediaTargetProblem(target string) string {
	path := MediaPath(target)
	if path == "" {
		return "links to " + quote(target) + ", which is not a well-formed address"
	}
	if problem := MediaPathProblem(path); problem != "" {
		return "links to " + quote(path) + ": " + problem
	}
	return ""
}

// IsOutside tells whether target is an absolute address of a kind that texts may link to.
func IsOutside(target string) bool {
	u, err := url.Parse(target)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https":
		return u.Host != ""
	case "mailto", "tel":
		return u.Opaque != ""
	default:
		return false
	}
}

// isWeb tells whether s is an http or https address.
func isWeb(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && len(s) <= maxURL
}
