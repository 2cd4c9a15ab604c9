package markup

import (
	"bufio"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"pgregory.net/rapid"
)

func TestHTML(t *testing.T) {
	t.Parallel()
	const rel = ` rel="noopener nofollow ugc"`
	tests := map[string]struct{ in, want string }{
		"nothing":                {"", ""},
		"text":                   {"a < b & c > d \"e\"", "a &lt; b &amp; c &gt; d &#34;e&#34;"},
		"paragraphs":             {"<p>a</p>\n<p>b</p>", "<p>a</p>\n<p>b</p>"},
		"unclosed":               {"<div><p>a<ul><li>b", "<div><p>a</p><ul><li>b</li></ul></div>"},
		"stray end tags":         {"</div>a</p></b></ul>", "a"},
		"crossed inline":         {"<b>a<i>b</b>c</i>", "<b>a<i>b</i></b><i>c</i>"},
		"inline around blocks":   {"<b><p>a</p><p>b</p></b>c", "<p><b>a</b></p><p><b>b</b></p>c"},
		"inline in its block":    {"<p><b>a</p><p>b</p>", "<p><b>a</b></p><p>b</p>"},
		"block in paragraph":     {"<p>a<div>b</div>c</p>", "<p>a</p><div>b</div>c"},
		"heading in heading":     {"<h1>a<h2>b</h2></h1>", "<h1>a</h1><h2>b</h2>"},
		"link in link":           {`<a href="/a">a<a href="/b">b</a></a>`, `<a href="/a"` + rel + `>a</a><a href="/b"` + rel + `>b</a>`},
		"list without items":     {"<ul>a<p>b</p></ul>", "<ul><li>a<p>b</p></li></ul>"},
		"list in list":           {"<ul><ul><li>a</ul></ul>", "<ul><li><ul><li>a</li></ul></li></ul>"},
		"items without list":     {"<li>a<li>b", "<ul><li>a</li><li>b</li></ul>"},
		"item after block":       {"<ol><li><div>a<li>b</ol>", "<ol><li><div>a</div></li><li>b</li></ol>"},
		"definitions":            {"<dt>a<dd>b<p>c</p><dt>d", "<dl><dt>a</dt><dd>b<p>c</p></dd><dt>d</dt></dl>"},
		"table without rows":     {"<table>a</table>", "<table><tbody><tr><td>a</td></tr></tbody></table>"},
		"table, cells only":      {"<table><td>a<td>b<tr><th>c", "<table><tbody><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></tbody></table>"},
		"table in table":         {"<table><tr><table><tr><td>a</table>b</table>c", "<table><tbody><tr><td><table><tbody><tr><td>a</td></tr></tbody></table>b</td></tr></tbody></table>c"},
		"table with caption":     {"<table><caption>a<b>b</caption><thead><tr><th>c", "<table><caption>a<b>b</b></caption><thead><tr><th>c</th></tr></thead></table>"},
		"late caption":           {"<table><tr><td>a</td></tr><caption>b</caption></table>", "<table><tbody><tr><td>a</td></tr><tr><td>b</td></tr></tbody></table>"},
		"cells outside":          {"<td>a</td><tr>b</tr><caption>c</caption>", "abc"},
		"cell ends no outer":     {"<div><table><tr><td></div>a</table>b</div>", "<div><table><tbody><tr><td>a</td></tr></tbody></table>b</div>"},
		"attributes of cells":    {`<td>x<table><td colspan=2 rowspan=0x2 align=CENTER scope=row width=9>a`, `x<table><tbody><tr><td colspan="2" align="center" scope="row">a</td></tr></tbody></table>`},
		"pre":                    {"<pre>\n\n  a\n\n  b</pre>", "<pre>  a\n\n  b</pre>"},
		"code":                   {`<pre><code class="language-go evil language-c++">x := "y"</code></pre>`, `<pre><code class="language-go language-c++">x := &#34;y&#34;</code></pre>`},
		"classes":                {`<div class="note admin  warning note">a</div>`, `<div class="note warning">a</div>`},
		"identifiers":            {`<h2 id="top">a</h2><p id="top">b</p><a href="#top">c</a>`, `<h2 id="u-top">a</h2><p>b</p><a href="#u-top"` + rel + `>c</a>`},
		"identifier, any script": {`<h2 id="مقدمة">a</h2>`, `<h2 id="u-مقدمة">a</h2>`},
		"direction, language":    {`<p dir=RTL lang="ar">a</p><p dir=up lang="a b">b</p>`, `<p dir="rtl" lang="ar">a</p><p>b</p>`},
		"image":                  {`<img src=/a.png alt=" a  b " width=10 height=1e3 onerror=x>`, `<img src="/a.png" alt="a b" loading="lazy" width="10">`},
		"image, https":           {`<img src="https://a.example/b.png">`, `<img src="https://a.example/b.png" alt="" loading="lazy">`},
		"link, lesson":           {`<a href="lesson:the-bowline">x</a>`, `<a href="lesson:the-bowline" rel="noopener nofollow ugc">x</a>`},
		"image, lesson":          {`<img src="lesson:the-bowline" alt="x">`, `x`},
		"image, asset":           {`<img src="asset:01J9Z/x.png">`, `<img src="asset:01J9Z/x.png" alt="" loading="lazy">`},
		"image, http":            {`a<img src="http://a.example/b.png" alt="chart">b`, `a chart b`},
		"image with space":       {`<img src="/my pic.png" alt="">`, `<img src="/my%20pic.png" alt="" loading="lazy">`},
		"links": {
			`<a href="https://a.example" target=_blank rel=opener title=" t ">a</a><a href="mailto:a@b.example">b</a><a href="//c.example/d">c</a>`,
			`<a href="https://a.example"` + rel + ` title="t">a</a><a href="mailto:a@b.example"` + rel + `>b</a><a href="https://c.example/d"` + rel + `>c</a>`,
		},
		"link refused":        {`<a href="javascript:x">a</a> b`, `a b`},
		"media":               {`<video src=/a.mp4 controls><a href="/a.mp4">download</a></video>`, `<a href="/a.mp4"` + rel + `>download</a>`},
		"frame":               {`a<iframe src="https://a.example">inside</iframe>b`, "ab"},
		"hidden text":         {"a<script>b</script><style>c</style><title>d</title><script/>e</script>f", "af"},
		"sections":            {"<article><section>a</section><section class=note>b</section></article>", `<div><div>a</div><div class="note">b</div></div>`},
		"obsolete":            {"<center><font color=red><tt>a</tt> <strike>b</strike></font></center>", "<div><code>a</code> <s>b</s></div>"},
		"figure":              {`<figure><img src="/a.png" alt="a"><figcaption>b</figcaption></figure>`, `<figure><img src="/a.png" alt="a" loading="lazy"><figcaption>b</figcaption></figure>`},
		"details":             {"<details open=x><summary>a</summary>b</details>", `<details open=""><summary>a</summary>b</details>`},
		"ordered list":        {`<ol start="3" type="a" reversed><li value="7">a</li></ol>`, `<ol start="3" type="a" reversed=""><li value="7">a</li></ol>`},
		"meaningless spans":   {"<span>a</span><span lang=de>b</span>", `a<span lang="de">b</span>`},
		"empty inline":        {"a<b></b><i> </i>b", "a b"},
		"broken UTF-8":        {"a\xffb", "a\uFFFDb"},
		"controls":            {"a\x00b&#1;c&#13;d\r\ne", "abc\nd\ne"},
		"comments":            {"a<!-- b -->c<!doctype html>d<?x?>e", "acde"},
		"duplicate attribute": {`<a href="/a" href="javascript:x">b</a>`, `<a href="/a"` + rel + `>b</a>`},
		"rule":                {"<p>a<hr>b</p><ul><hr></ul>", "<p>a</p><hr>b<ul><li><hr></li></ul>"},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			got, err := Renderer{}.HTML(tt.in)
			if err != nil || got != tt.want {
				t.Errorf("HTML(%q)\n got %s\nwant %s (error %v)", tt.in, got, tt.want, err)
			}
			checkSafe(t, got)
		})
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	const rel = ` rel="noopener nofollow ugc"`
	tests := map[string]struct{ in, want string }{
		"nothing":       {"", ""},
		"emphasis":      {"*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <del>c</del> <code>d</code></p>"},
		"headings":      {"# Éa b!\n## Éa b?\n# !\n## مقدمة", `<h1 id="u-éa-b">Éa b!</h1>` + "\n" + `<h2 id="u-éa-b--2">Éa b?</h2>` + "\n" + `<h1 id="u-section">!</h1>` + "\n" + `<h2 id="u-مقدمة">مقدمة</h2>`},
		"table":         {"|a|b|\n|:-|-:|\n|c|d|", "<table>\n<thead>\n<tr>\n<th align=\"left\">a</th>\n<th align=\"right\">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td align=\"left\">c</td>\n<td align=\"right\">d</td>\n</tr>\n</tbody>\n</table>"},
		"autolinks":     {"https://a.example and www.b.example <mailto:c@d.example>", `<p><a href="https://a.example"` + rel + `>https://a.example</a> and <a href="http://www.b.example"` + rel + `>www.b.example</a> <a href="mailto:c@d.example"` + rel + `>mailto:c@d.example</a></p>`},
		"asset":         {"![a](asset:x/y.png \"t\")", `<p><img src="asset:x/y.png" alt="a" loading="lazy" title="t"></p>`},
		"dangerous":     {"[a](javascript:x) ![b](data:image/png;base64,AA)", `<p>a  b </p>`},
		"code block":    {"```go\nx := \"<b>\"\n```", "<pre><code class=\"language-go\">x := &#34;&lt;b&gt;&#34;\n</code></pre>"},
		"inline HTML":   {"a <kbd onclick=x>b</kbd> <u>c</u>", "<p>a <kbd>b</kbd> <u>c</u></p>"},
		"HTML block":    {"<details>\n<summary>a</summary>\n\n*b*\n\n</details>", "<details>\n<summary>a</summary>\n<p><em>b</em></p>\n</details>"},
		"HTML comment":  {"a\n\n<!-- b -->\n\nc", "<p>a</p>\n\n<p>c</p>"},
		"script":        {"<script>\nalert(1)\n</script>\n\na", "<p>a</p>"},
		"hard break":    {"a  \nb", "<p>a<br>\nb</p>"},
		"carriage":      {"# a\r\n\r\nb\rc", `<h1 id="u-a">a</h1>` + "\n<p>b\nc</p>"},
		"link to place": {"[a](#section)", `<p><a href="#u-section"` + rel + `>a</a></p>`},
		"footnote": {"a[^x]\n\n[^x]: b", `<p>a<sup id="u-fnref:1"><a href="#u-fn:1"` + rel + ` class="footnote-ref" role="doc-noteref">1</a></sup></p>` + "\n" +
			`<div class="footnotes" role="doc-endnotes">` + "\n<hr>\n<ol>\n" + `<li id="u-fn:1">` + "\n" + `<p>b&nbsp;<a href="#u-fnref:1"` + rel + ` class="footnote-backref" role="doc-backlink">↩︎</a></p>` + "\n</li>\n</ol>\n</div>"},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			got, err := Renderer{}.Markdown(tt.in)
			want := strings.ReplaceAll(tt.want, "&nbsp;", "\u00a0")
			if err != nil || got != want {
				t.Errorf("Markdown(%q)\n got %s\nwant %s (error %v)", tt.in, got, want, err)
			}
			checkSafe(t, got)
		})
	}
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	var asked []string
	r := Renderer{Rewrite: func(address string) (string, bool) {
		asked = append(asked, address)
		switch {
		case strings.HasPrefix(address, "asset:"):
			return "http://cdn.example/" + strings.TrimPrefix(address, "asset:") + "?sig=a%2Fb&exp=1", true
		case address == "/evil":
			return "javascript:alert(1)", true
		}
		return address, address != "/gone"
	}}
	got, err := r.Markdown("![a](asset:x.png) [b](asset:y.pdf) [c](/gone) ![d](/gone) [e](/evil) [f](#g) [h](https://i.example) [j](javascript:k)")
	want := `<p><img src="http://cdn.example/x.png?sig=a%2Fb&amp;exp=1" alt="a" loading="lazy"> ` +
		`<a href="http://cdn.example/y.pdf?sig=a%2Fb&amp;exp=1" rel="noopener nofollow ugc">b</a> c  d  e ` +
		`<a href="#u-g" rel="noopener nofollow ugc">f</a> <a href="https://i.example" rel="noopener nofollow ugc">h</a> j</p>`
	if err != nil || got != want {
		t.Errorf("got %s\nwant %s (error %v)", got, want, err)
	}
	if want := []string{"asset:x.png", "asset:y.pdf", "/gone", "/gone", "/evil", "https://i.example"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
}

// vectors reads the table of attacks.
func vectors(t testing.TB) []string {
	t.Helper()
	file, err := os.Open("testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var list []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		vector, err := strconv.Unquote(lines.Text())
		if err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		list = append(list, vector)
	}
	if len(list) < 150 {
		t.Fatalf("only %d vectors", len(list))
	}
	return list
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for _, vector := range vectors(t) {
		for _, source := range []string{vector, "<p>a " + vector + " b</p>", vector + vector, "<table><td>" + vector, "<pre>" + vector, `<a href="/x">` + vector} {
			checkBoth(t, source)
		}
	}
}

// reporter is what checks need of a test, be it of testing or of rapid.
type reporter interface {
	Helper()
	Failed() bool
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// checkBoth sends source through both entrances and checks what holds for every output.
func checkBoth(t reporter, source string) {
	t.Helper()
	for name, entrance := range map[string]func(string) (string, error){"HTML": Renderer{}.HTML, "Markdown": Renderer{}.Markdown} {
		output, err := entrance(source)
		if errors.Is(err, ErrTooComplex) || errors.Is(err, ErrTooLarge) {
			continue
		}
		if err != nil {
			t.Fatalf("%s(%q): %v", name, source, err)
		}
		checkSafe(t, output)
		if t.Failed() {
			t.Fatalf("%s(%q)", name, source)
		}
		again, err := Renderer{}.HTML(output)
		if errors.Is(err, ErrTooLarge) && len(output) > MaxBytes {
			continue
		}
		if err != nil || again != output {
			t.Fatalf("%s(%q) is no fixed point:\nonce  %q\ntwice %q (error %v)", name, source, output, again, err)
		}
	}
}

// checkSafe parses output the way browsers do, independently of how it was made, and checks that the tree is
// exactly what was written, stays inside of what is around it, and holds nothing but what is allowed.
func checkSafe(t reporter, output string) {
	t.Helper()
	const marker = "u-around"
	page, err := html.Parse(strings.NewReader(`<!doctype html><body><ul><li><div id="` + marker + `">` + output + `</div>after</li></ul>`))
	if err != nil {
		t.Fatalf("parse %q: %v", output, err)
	}
	var around *html.Node
	for node := range page.Descendants() {
		if node.Type == html.ElementNode && len(node.Attr) == 1 && node.Attr[0].Val == marker {
			around = node
		}
	}
	var written strings.Builder
	for child := range around.ChildNodes() {
		serialize(&written, child)
	}
	if want := sorted(output); written.String() != want {
		t.Errorf("a browser reads\n%s\nwhere\n%s\nwas written", written.String(), want)
	}
	if next := around.NextSibling; next == nil || next.Data != "after" || next.NextSibling != nil {
		t.Errorf("%q breaks out of what is around it", output)
	}
	for node := range around.Descendants() {
		checkNode(t, node)
	}
}

func checkNode(t reporter, node *html.Node) {
	t.Helper()
	if node.Type == html.TextNode {
		return
	}
	if node.Type != html.ElementNode || kindOf(node.Data) == 0 {
		t.Errorf("node %v %q", node.Type, node.Data)
	}
	active := strings.Fields("applet audio base button canvas embed form frame frameset iframe input link math meta noembed noscript object param " +
		"plaintext portal script select slot source style svg template textarea title track video xmp")
	if slices.Contains(active, node.Data) || node.Namespace != "" {
		t.Errorf("<%s> is active", node.Data)
	}
	allowed := strings.Fields("align alt class colspan dir height href id lang loading open rel reversed role rowspan scope src start title type value width")
	for _, a := range node.Attr {
		if !slices.Contains(allowed, a.Key) || a.Namespace != "" {
			t.Errorf("attribute %s of <%s>", a.Key, node.Data)
		}
		switch a.Key {
		case "href", "src":
			if scheme := schemeOf(a.Val); !slices.Contains([]string{"", "http", "https", "mailto", "tel", "asset", "lesson"}, scheme) ||
				a.Key == "src" && !slices.Contains([]string{"", "https", "asset"}, scheme) {
				t.Errorf("address %q", a.Val)
			}
		case "id":
			if !strings.HasPrefix(a.Val, "u-") {
				t.Errorf("identifier %q", a.Val)
			}
		}
	}
	if node.DataAtom == atom.A && !slices.Contains(node.Attr, html.Attribute{Key: "rel", Val: "noopener nofollow ugc"}) {
		t.Errorf("%s without rel", node.Data)
	}
}

// schemeOf finds the scheme of an address the way the URL standard does: leading controls and spaces, and tabs and
// line ends anywhere, do not count.
func schemeOf(address string) string {
	address = strings.TrimLeftFunc(address, func(r rune) bool { return r <= ' ' })
	address = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(address)
	scheme, _, found := strings.Cut(address, ":")
	if !found || strings.ContainsAny(scheme, "/?#") {
		return ""
	}
	return strings.ToLower(scheme)
}

// sorted writes output again with the attributes in alphabetical order, since the parser moves them about.
func sorted(output string) string {
	var out strings.Builder
	for tokens := html.NewTokenizer(strings.NewReader(output)); tokens.Next() != html.ErrorToken; {
		token := tokens.Token()
		sortAttributes(token.Attr)
		out.WriteString(token.String())
	}
	return out.String()
}

func sortAttributes(attributes []html.Attribute) {
	slices.SortFunc(attributes, func(a, b html.Attribute) int { return strings.Compare(a.Key, b.Key) })
}

// serialize writes a tree as the sanitiser does, with attributes in alphabetical order.
func serialize(out *strings.Builder, node *html.Node) {
	switch node.Type {
	case html.TextNode:
		out.WriteString(html.EscapeString(node.Data))
	case html.ElementNode:
		sortAttributes(node.Attr)
		token := html.Token{Type: html.StartTagToken, DataAtom: node.DataAtom, Data: node.Data, Attr: node.Attr}
		out.WriteString(token.String())
		for child := range node.ChildNodes() {
			serialize(out, child)
		}
		if k := kindOf(node.Data); k != voidInline && k != voidBlock {
			out.WriteString("</" + node.Data + ">")
		}
	default:
		fmt.Fprintf(out, "[node of type %d]", node.Type)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("a", MaxBytes+1)
	if _, err := (Renderer{}).HTML(large); !errors.Is(err, ErrTooLarge) {
		t.Errorf("HTML: %v", err)
	}
	if _, err := (Renderer{}).Markdown(large); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Markdown: %v", err)
	}
	for label, source := range map[string]string{
		"quotes":      strings.Repeat(">", 1000) + "a",
		"lists":       strings.Repeat("- ", 1000) + "a",
		"numbers":     strings.Repeat("1. ", 1000) + "a",
		"indents":     strings.Repeat(" ", 2000) + "- a",
		"wide tables": "|" + strings.Repeat("a|", 1000) + "\n|" + strings.Repeat("-|", 1000) + "\n" + strings.Repeat("a\n", 1000),
		"footnotes":   strings.Repeat("[^1]: a\n\n", 5000),
		"definitions": strings.Repeat("[a]: /b\n", 10_000),
		"links":       strings.Repeat("[a](", 10_000),
		"references":  strings.Repeat("[a][b]", 10_000),
		"delimiters":  strings.Repeat("*a_b~~c", 10_000),
	} {
		if _, err := (Renderer{}).Markdown(source); !errors.Is(err, ErrTooComplex) {
			t.Errorf("%s: %v, want ErrTooComplex", label, err)
		}
	}
}

// TestLimitsSpareRealText sees that the limits do not refuse what people write.
func TestLimitsSpareRealText(t *testing.T) {
	t.Parallel()
	for label, source := range map[string]string{
		"rule":       strings.Repeat("- ", 50),
		"long code":  "```c\n" + strings.Repeat("    *p++ = a[i](b) & ~_c; /* x_y */\n", 1000) + "```\n",
		"long table": "|a|b|c|\n|-|-|-|\n" + strings.Repeat("|*x*|[y](/z)|w|\n", 1500),
		"long prose": strings.Repeat("Some *text* with [a link](/x) and `code`, https://a.example and more.\n\n", 10_000),
		"notes":      strings.Repeat("a[^1] b[^2]\n\n", 1000) + "[^1]: x\n[^2]: y\n",
	} {
		if output, err := (Renderer{}).Markdown(source); err != nil || output == "" {
			t.Errorf("%s: %d bytes, error %v", label, len(output), err)
		}
	}
}

func TestNestingIsFlattened(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"div", "blockquote", "ul", "ul><li", "table><td", "details", "b", "i><b", "span lang=de"} {
		got, err := Renderer{}.HTML(strings.Repeat("<"+name+">", 20_000) + "deep")
		if depth := depthOf(got); err != nil || !strings.Contains(got, "deep") || depth < 10 || depth > maxBlocks+maxInlines+4 {
			t.Errorf("%s: %d levels, error %v", name, depth, err)
		}
		checkSafe(t, got)
	}
}

// depthOf counts the elements that are open at the same time.
func depthOf(output string) int {
	depth, deepest := 0, 0
	for tokens := html.NewTokenizer(strings.NewReader(output)); ; {
		switch tokens.Next() {
		case html.ErrorToken:
			return deepest
		case html.StartTagToken:
			depth++
		case html.EndTagToken:
			depth--
		default: // Text opens nothing.
		}
		deepest = max(deepest, depth)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"nothing":      {"", ""},
		"inline":       {"a<b>b</b>c <i>d</i>e", "abc de"},
		"blocks":       {"<h1>a</h1><p>b</p><div>c<div>d</div></div>e", "a\nb\nc\nd\ne"},
		"lists":        {"<ul><li>a</li><li>b</li></ul>", "a\nb"},
		"table":        {"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"},
		"breaks":       {"a<br>b<hr>c", "a\nb\nc"},
		"space":        {" a \n\t b&nbsp;c  ", "a b c"},
		"entities":     {"a &lt;b&gt; &amp; &eacute;", "a <b> & é"},
		"hidden":       {"a<script>b</script><style>c</style>d", "ad"},
		"images":       {`a<img alt="b c">d`, "a b c d"},
		"soft hyphens": {"a\u00ADb\u200Bc", "abc"},
		"obsolete":     {"a<font>b</font><section>c</section>", "ab\nc"},
		"broken":       {"<p>a<b", "a"},
		"joiners stay": {"می\u200Cخواهم", "می\u200Cخواهم"},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			if got := Text(tt.in); got != tt.want {
				t.Errorf("Text(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://a.example/b?c=d&e#f": "https://a.example/b?c=d&e#f", "HTTP://A.example": "http://A.example", "a/b.html": "a/b.html", "?q=a:b": "?q=a:b",
		"/a b": "/a%20b", "./a:b": "./a:b", "tel:+49-1": "tel:+49-1", "asset:x": "asset:x", "//a.example": "https://a.example",
		"": "", "a:b": "", "https:a": "", "https://": "", "https://u@a.example": "", "/\\a": "", "mailto:": "", "asset:/a": "", "http://[::1": "",
		"/" + strings.Repeat("a", maxAddress): "", "/%zz": "", "a\u0085b": "",
	} {
		got, ok := address(in, linkSchemes())
		if got != want || ok != (want != "") {
			t.Errorf("address(%q) = %q, %v, want %q", in, got, ok, want)
		}
		if ok {
			if _, err := url.Parse(got); err != nil {
				t.Errorf("address(%q): %v", in, err)
			}
		}
	}
}

// TestAnyOrderOfTags puts tags together at random, which reaches what damaged bytes do not: every pair of elements
// that a browser would rearrange.
func TestAnyOrderOfTags(t *testing.T) {
	t.Parallel()
	var pieces []string
	for name := range strings.FieldsSeq("a b i code span p h1 h2 pre summary caption dt dd dl div blockquote figure figcaption details " +
		"ul ol li table thead tbody tfoot tr td th section form select option script title svg math button font strike") {
		pieces = append(pieces, "<"+name+">", "</"+name+">")
	}
	pieces = append(pieces, "x", " ", "\n", "&lt;", "<br>", "<hr>", `<img src="/a">`, `<img alt="b">`, `<a href="/c">`, `<a href="x:y">`,
		`<p id="d">`, `<span lang="de">`, `<td colspan="2">`, "<!-- -->", "<p/>", "<pre>\n", "</br>", "</p>")
	piece := rapid.SampledFrom(pieces)
	rapid.Check(t, func(rt *rapid.T) {
		checkBoth(rt, strings.Join(rapid.SliceOfN(piece, 1, 60).Draw(rt, "source"), ""))
	})
}

func BenchmarkMarkdown(b *testing.B) {
	source := strings.Repeat("# Heading\n\nSome *text* with [a link](https://a.example) and `code`.\n\n- one\n- two\n\n|a|b|\n|-|-|\n|c|d|\n\n", 50)
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		if _, err := (Renderer{}).Markdown(source); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzHTML(f *testing.F) {
	for _, vector := range vectors(f) {
		f.Add(vector)
	}
	f.Fuzz(func(t *testing.T, source string) {
		checkBoth(t, source)
		if text := Text(source); strings.ContainsAny(text, "\t\r\x00") || strings.Contains(text, "  ") {
			t.Fatalf("Text(%q) = %q", source, text)
		}
	})
}
