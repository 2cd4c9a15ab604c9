package markup

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// converter is the Markdown engine; it keeps nothing between calls.
var converter = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
			extension.Strikethrough, extension.Linkify, extension.Footnote,
		),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
		// Goldmark stays in its safe mode, so its own checks of links hold; only the HTML in the text is
		// passed on, to be sanitised with everything else.
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(rawHTML{}, 100))),
	)
})

// convert renders Markdown to HTML that has yet to be sanitised.
func convert(source string) (string, error) {
	var out bytes.Buffer
	context := parser.NewContext(parser.WithIDs(&slugs{used: map[string]int{}}))
	if err := converter().Convert([]byte(source), &out, parser.WithContext(context)); err != nil {
		return "", fmt.Errorf("convert Markdown: %w", err)
	}
	return out.String(), nil
}

// rawHTML renders the HTML within Markdown as it is.
type rawHTML struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (rawHTML) RegisterFuncs(registry renderer.NodeRendererFuncRegisterer) {
	registry.Register(ast.KindHTMLBlock, func(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
		block, ok := node.(*ast.HTMLBlock)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		writeSegments(w, source, block.Lines())
		if block.HasClosure() {
			_, _ = w.Write(block.ClosureLine.Value(source))
		}
		return ast.WalkContinue, nil
	})
	registry.Register(ast.KindRawHTML, func(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
		if raw, ok := node.(*ast.RawHTML); ok && entering {
			writeSegments(w, source, raw.Segments)
		}
		return ast.WalkSkipChildren, nil
	})
}

// writeSegments copies pieces of the source. A write error shows when the engine flushes its buffer.
func writeSegments(w util.BufWriter, source []byte, segments *text.Segments) {
	for i := range segments.Len() {
		segment := segments.At(i)
		_, _ = w.Write(segment.Value(source))
	}
}

// slugs makes identifiers from headings in any script.
type slugs struct{ used map[string]int }

// Generate implements parser.IDs.
func (s *slugs) Generate(value []byte, _ ast.NodeKind) []byte {
	slug := slugOf(string(value))
	n := s.used[slug]
	s.used[slug]++
	if n == 0 {
		return []byte(slug)
	}
	// The double hyphen cannot come from a heading, so that no two identifiers are the same.
	return []byte(slug + "--" + strconv.Itoa(n+1))
}

// Put implements parser.IDs.
func (s *slugs) Put(value []byte) { s.used[string(value)]++ }

// slugOf keeps letters and digits, in lower case, and joins words by single hyphens.
func slugOf(heading string) string {
	const limit = 60 // characters
	var slug []rune
	for _, r := range strings.ToLower(heading) {
		switch {
		case len(slug) >= limit:
		case unicode.In(r, unicode.L, unicode.M, unicode.N):
			slug = append(slug, r)
		case len(slug) > 0 && slug[len(slug)-1] != '-':
			slug = append(slug, '-')
		}
	}
	if result := strings.TrimRight(string(slug), "-"); result != "" {
		return result
	}
	return "section"
}
