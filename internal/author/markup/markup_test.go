package markup_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"lyceum/internal/author/markup"
)

func parse(t *testing.T, source string) *markup.Doc {
	t.Helper()
	doc, err := (&markup.Cleaner{}).Parse(source)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return doc
}

func TestClean(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"boxes are unwrapped": {
			`<div class="a"><div><p>One <b>bold</b></p></div>two<span> three</span></div>`,
			"<p>One <strong>bold</strong></p>\n<p>two three</p>",
		},
		"blanks move out of emphasis":   {`<p><em>your </em>own</p>`, "<p><em>your</em> own</p>"},
		"neighbouring emphasis joins":   {`<p><b>a</b><strong> b</strong></p>`, "<p><strong>a</strong> <strong>b</strong></p>"},
		"empty blocks vanish":           {`<p> &nbsp;</p><div><p></p></div><h2> </h2><ul><li></li></ul><p>x</p>`, "<p>x</p>"},
		"line breaks at the ends":       {`<p><br>a<br/> b<br></p>`, "<p>a<br>b</p>"},
		"no-break spaces":               {`<p>a&nbsp;&nbsp;b c&nbsp;!</p>`, "<p>a b c\u00a0!</p>"},
		"scripts, styles, controls":     {`<script>x</script><style>y</style><p onclick="z">a<button>b</button></p>`, "<p>a</p>"},
		"hidden":                        {`<div style="display: none"><p>a</p></div><p hidden>b</p><p>c</p>`, "<p>c</p>"},
		"a list in a list's list":       {`<ul><li>a</li><ul><li>b</li></ul></ul>`, "<ul>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>"},
		"one paragraph in an item":      {`<ol start="3"><li><p>a</p></li></ol>`, "<ol start=\"3\">\n<li>a</li>\n</ol>"},
		"pictures":                      {`<p><img src=x alt="a  b" width=3 title=t></p>`, `<p><img src="x" alt="a b" title="t"></p>`},
		"icons":                         {`<p><span class="material-symbols-outlined">menu_book</span>Docs <i class="material-icons">check</i></p>`, "<p>Docs ✓</p>"},
		"table":                         {`<table><tr><th>a<td colspan=2><p>b</p></tr></table><table><tr><td> </table>`, "<table>\n<tbody>\n<tr>\n<th>a</th>\n<td colspan=\"2\">b</td>\n</tr>\n</tbody>\n</table>"},
		"embedded film":                 {`<iframe src="https://v.example/1" title="Film"></iframe>`, `<p><a href="https://v.example/1">Film</a></p>`},
		"code keeps its blanks":         {"<pre>\n a\n  b</pre>", "<pre><code> a\n  b\n</code></pre>"},
		"unknown elements":              {`<google-sheets><foo>a</foo></google-sheets>`, "<p>a</p>"},
		"a link around blocks":          {`<a href="https://x.example/"><div>a</div><div>b</div></a>`, `<p><a href="https://x.example/">a b</a></p>`},
		"an attribute that breaks out":  {`<img src='x" onerror="y' alt="&quot;&gt;<b>">`, `<p><img src="x&quot; onerror=&quot;y" alt="&quot;&gt;&lt;b&gt;"></p>`},
		"emphasis around a picture":     {`<strong><img src=x></strong>`, `<p><img src="x" alt=""></p>`},
		"definition list":               {`<dl><dt>a</dt><dd><p>b</p></dd></dl>`, "<dl>\n<dt>a</dt>\n<dd>b</dd>\n</dl>"},
		"a comment":                     {`a<!-- b -->c`, "<p>ac</p>"},
		"a heading that is a picture":   {`<h2><img src=x alt=a></h2>`, `<p><img src="x" alt="a"></p>`},
		"a picture beside the text":     {`<p><img src=x style="float: left">Text <img src=y> more</p>`, "<p><img src=\"x\" alt=\"\"></p>\n<p>Text <img src=\"y\" alt=\"\"> more</p>"},
		"twice as bold":                 {"<p><b>a <b>b</b><i><b>c</b></i></b></p>", "<p><strong>a b<em>c</em></strong></p>"},
		"a heading in bold":             {"<h2><b>a <i>b</i></b></h2>", "<h2>a <em>b</em></h2>"},
		"summary of details":            {`<details><summary>More</summary>text</details>`, "<p><strong>More</strong></p>\n<p>text</p>"},
		"blanks between inline strands": {"<p>a <b> b</b> \n c</p>", "<p>a <strong>b</strong> c</p>"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, parse(t, tt.in).HTML()); diff != "" {
				t.Errorf("HTML (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLost(t *testing.T) {
	t.Parallel()
	cleaner := &markup.Cleaner{Link: func(use markup.Use, address string) (string, bool) {
		return "media/" + address, use != markup.Embed && address != "bad"
	}}
	doc, err := cleaner.Parse(`<p class=a style=b onclick=c>x<script></script><link rel=stylesheet><input>` +
		`<svg></svg><i hidden>h</i></p><iframe src=f></iframe><a href=bad>text</a><a href=good>text</a><img src=bad>`)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	want := markup.Lost{
		Scripts: 2, Styles: 1, Controls: 1, Hidden: 1, Styled: 1, Graphics: 1,
		Links: []string{"f", "bad", "bad"},
	}
	if diff := cmp.Diff(want, doc.Lost); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	if want := "<p>x</p>\n<p>text<a href=\"media/good\">text</a></p>"; doc.HTML() != want {
		t.Errorf("HTML: %s, want %s", doc.HTML(), want)
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in, want string
		inexact  bool
	}{
		"paragraphs":            {in: "<p>One <b>bold</b> and <i>more</i>.</p><p>Two<br>lines</p>", want: "One **bold** and *more*.\n\nTwo\\\nlines"},
		"a heading with a sign": {in: "<h4>+ a</h4><h5>1. b</h5>", want: "#### + a\n\n##### 1. b"},
		"headings":              {in: "<h2>A <em>b</em></h2><p>c</p>", want: "## A *b*\n\nc"},
		"lists": {
			in:   "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul><p>x</p><ol start=3><li>d</li></ol>",
			want: "- a\n  - b\n- c\n\nx\n\n3. d",
		},
		"a list of paragraphs": {in: "<ul><li><p>a</p><p>b</p></li><li>c</li></ul>", want: "- a\n\n  b\n\n- c"},
		"links and pictures": {
			in:   `<p><a href="https://a.example/x_y">t</a> <a href="https://b.example/">https://b.example/</a> <img src="media/a%20b.png" alt="p [q]" title='t "u"'></p>`,
			want: `[t](https://a.example/x_y) <https://b.example/> ![p [q]](media/a%20b.png "t \"u\"")`,
		},
		"code":                    {in: "<p><code>a`b</code></p><pre><code>x *y*\n</code></pre>", want: "``a`b``\n\n```\nx *y*\n```"},
		"quotation and rule":      {in: "<blockquote><p>a</p><p>b</p></blockquote><hr>", want: "> a\n>\n> b\n\n---"},
		"text that looks special": {in: "<p>1. a</p><p># b</p><p>- c</p><p>2 * 3 &lt;b&gt; snake_case _x_ \\(y\\)</p>", want: "1\\. a\n\n\\# b\n\n\\- c\n\n2 \\* 3 \\<b> snake_case \\_x\\_ \\\\(y\\\\)"},
		"text that looks linked":  {in: "<p>[a](b) &amp;amp; !</p>", want: `\[a\]\(b\) \&amp; \!`},
		"a table is not Markdown": {in: "<table><tr><td>a</td><td>b</td></tr></table>", want: `- a \| b`, inexact: true},
		"nor is a raised figure":  {in: "<p>x<sup>2</sup></p>", want: "x2", inexact: true},
		"two lists side by side":  {in: "<ul><li>a</li></ul><ul><li>b</li></ul>", want: "- a\n\n- b", inexact: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, exact := parse(t, tt.in).Markdown()
			if exact == tt.inexact {
				t.Errorf("exact: %v, want %v", exact, !tt.inexact)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Markdown (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTangledPagesStayHTML(t *testing.T) {
	t.Parallel()
	for _, sign := range []string{"[a](", "_a*", "![", "`"} {
		doc := parse(t, "<p>"+strings.Repeat(sign, 60_000)+"</p>")
		if source, exact := doc.Markdown(); exact || !markup.IsTangled(source) {
			t.Errorf("%q: exact %v", sign, exact)
		}
	}
	if markup.IsTangled(strings.Repeat("[a](b) *c*\n\n"+strings.Repeat("-", 150)+"\n\n", 50_000)) {
		t.Error("a long text of short paragraphs is called tangled")
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	doc := parse(t, `<h2>A</h2><p>b <img src=x alt="picture"></p><ul><li>c<ul><li>d</li></ul></li></ul><table><tr><td>e</td><td>f</td></tr></table>`)
	want := "A\nb picture\nc\nd\ne | f"
	if got := doc.Text(); got != want {
		t.Errorf("Text: %q, want %q", got, want)
	}
	if !doc.HasMedia() || doc.IsEmpty() || !parse(t, "<p> </p>").IsEmpty() {
		t.Error("HasMedia or IsEmpty is wrong")
	}
	doc.DropLeading("a")
	if strings.HasPrefix(doc.Text(), "A") {
		t.Errorf("DropLeading left %q", doc.Text())
	}
}

func TestParseRefusesDeepNesting(t *testing.T) {
	t.Parallel()
	if _, err := (&markup.Cleaner{}).Parse(strings.Repeat("<div>", 10_000)); err == nil {
		t.Error("Parse accepted 10,000 nested elements")
	}
}

// checkQuiet parses a cleaned page the way browsers do, and checks that nothing in it does anything.
func checkQuiet(t *testing.T, cleaned string) {
	t.Helper()
	page, err := html.Parse(strings.NewReader("<!doctype html><body><article>" + cleaned + "</article>"))
	if err != nil {
		t.Fatalf("parse %q: %v", cleaned, err)
	}
	elements := strings.Fields("html head body article a blockquote br code dd dl dt em h1 h2 h3 h4 h5 h6 hr img li ol p pre s " +
		"strong sub sup table tbody td tfoot th thead tr ul")
	attributes := strings.Fields("alt colspan href rowspan src start title class")
	for node := range page.Descendants() {
		if node.Type == html.ElementNode && (node.Namespace != "" || !slices.Contains(elements, node.Data)) {
			t.Fatalf("<%s> remains in %s", node.Data, cleaned)
		}
		if node.Type == html.CommentNode {
			t.Fatalf("a comment remains in %s", cleaned)
		}
		for _, a := range node.Attr {
			if !slices.Contains(attributes, a.Key) {
				t.Fatalf("<%s %s> remains in %s", node.Data, a.Key, cleaned)
			}
		}
	}
}

// FuzzParse checks that cleaning is idempotent, leaves nothing active, and that Markdown called exact is.
func FuzzParse(f *testing.F) {
	f.Add(`<div class="a"><p>One <b>bold</b></p>two<span> three</span><br></div><ul><li>a<li><p>b<p>c</ul>`)
	f.Add(`<table><tr><th>a<td colspan=2>b</table><pre> x</pre><dl><dt>t<dd>d</dl><h1>h</h1><hr>`)
	f.Add("<p>1. a</p># <a href='x y'>b*c_d</a> `e` &amp;amp; <img src=x alt='[q]'><script>y</script>")
	f.Add(`<svg><script>x</script></svg><math><mi>a</mi></math><iframe src=javascript:x></iframe>`)
	f.Fuzz(func(t *testing.T, source string) {
		doc, err := (&markup.Cleaner{}).Parse(source)
		if err != nil {
			return
		}
		first := doc.HTML()
		checkQuiet(t, first)
		again, err := (&markup.Cleaner{}).Parse(first)
		if err != nil {
			t.Fatalf("Parse of our own HTML: %v", err)
		}
		if second := again.HTML(); second != first {
			t.Fatalf("cleaning twice differs:\n%q\n%q", first, second)
		}
		doc.Markdown()
		doc.Text()
	})
}
