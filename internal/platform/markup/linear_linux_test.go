package markup

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hostile are repetitions that make careless parsers slow.
func hostile() map[string]string {
	return map[string]string{
		"div": "<div>", "b": "<b>", "font": "<font size=1>", "a": `<a href="/x">`, "b and p": "<b><p>", "end tags": "</p></b></div>",
		"li": "<ul><li>", "table": "<table><tr><td>", "td": "<table><td>", "tables, text": "<table>a", "less": "<", "comment": "<!--", "amp": "&", "entity": "&#x41", "quote": `<a title="`,
		"attributes": "<p a=b ", "cdata": "<![CDATA[", "script": "<script>", "title": "<title>", "svg": "<svg><math>", "ids": `<p id="x">`, "select": "<select><option>",
		"formatting": "<b><i><u><s><em>", "misnested": "<b><i></b></i>", "links, blocks": `<a href="https://a.example/` + strings.Repeat("x", 500) + `"><div>a</div>`,
		"md bracket": "[", "md link": "[a](", "md image": "![", "md star": "*a ", "md stars": "**a*b", "md under": "_a", "md tick": "`a``", "md tilde": "~~a", "md lt": "<a ",
		"md quote": "> > a\n", "md list": "- a\n", "md nested": "- a\n  - b\n", "md ref": "[a]: /b\n", "md refs": "[a][b]\n", "md footnote": "[^a]: b\n\n[^a]\n\n", "md rows": "|a|b|\n|-|-|\n",
		"md row": "|a", "md setext": "a\n-\n", "md fence": "```\n", "md heading": "# a\n", "md same": "#\n", "md url": "http://a.example/(", "md mail": "a@b.", "md www": "www.", "md html": "<div>\n\n",
		"md entity": "&amp", "md escape": `\`, "md mixed": "*a_b~~c", "md notes": "[^a] [^b] [^c]\n", "md hard": "a  \n", "md colon": ":", "md emph": "*_", "md nul": "\x00", "md wide": "𝒜", "md tabs": "\t", "md paren": "[a](((", "md title": "[a](b \"",
	}
}

func TestHostileInputTakesLinearTime(t *testing.T) {
	t.Parallel()
	const size, factor = 16 << 10, 4
	for label, unit := range hostile() {
		small := strings.Repeat(unit, size/len(unit)+1)[:size]
		large := strings.Repeat(unit, factor*size/len(unit)+1)[:factor*size]
		for name, entrance := range map[string]func(string) (string, error){
			"HTML": Renderer{}.HTML, "Markdown": Renderer{}.Markdown,
			"Text": func(source string) (string, error) { return Text(source), nil },
		} {
			output, err := entrance(large)
			if err != nil && !errors.Is(err, ErrTooComplex) {
				t.Errorf("%s, %s: %v", label, name, err)
			}
			if len(output) > 40*len(large) {
				t.Errorf("%s, %s: %d bytes became %d", label, name, len(large), len(output))
			}
			if slow := outgrows(entrance, small, large); slow != "" {
				t.Errorf("%s, %s: %s", label, name, slow)
			}
		}
	}
}

// outgrows says by how much the time for large exceeds what the time for small explains, when it is noticeable. Of
// several measurements the shortest counts.
func outgrows(entrance func(string) (string, error), small, large string) string {
	const attempts, noticeable, allowed = 5, 100 * time.Millisecond, 12 // of 16 that a square would need
	short, long := processorTime(entrance, small), processorTime(entrance, large)
	for range attempts {
		if long < noticeable || long < allowed*short {
			return ""
		}
		short, long = min(short, processorTime(entrance, small)), min(long, processorTime(entrance, large))
	}
	return fmt.Sprintf("%v for %d bytes, %v for %d", short, len(small), long, len(large))
}

// processorTime is what this thread spends, however busy the machine is. Only Linux counts by thread.
func processorTime(entrance func(string) (string, error), source string) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	started := threadTime()
	_, _ = entrance(source)
	return threadTime() - started
}

func threadTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
