package olx

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"lyceum/internal/author/course"
)

// Outcome says what became of something in the export.
type Outcome string

// The outcomes.
const (
	// Carried: it is in the course.
	Carried Outcome = "CARRIED"
	// Approximated: it is in the course, and works or looks otherwise.
	Approximated Outcome = "APPROXIMATED"
	// KeptAsText: what it said is in the course, what it did is not.
	KeptAsText Outcome = "KEPT_AS_TEXT"
	// Dropped: it is not in the course.
	Dropped Outcome = "DROPPED"
)

// Report says what became of everything in an export.
type Report struct {
	// Source is the name of the archive or folder.
	Source string `json:"source"`
	// Course is the title.
	Course string `json:"course"`
	Totals Totals `json:"totals"`
	// Blocks has an entry for each block of the export, once: chapters, sequentials, verticals, and all that
	// is in them, in the order of the course.
	Blocks []Entry `json:"blocks"`
	// Settings are things of the course as a whole that did not come along.
	Settings []Entry `json:"settings"`
	// Files has an entry for each static file.
	Files []Entry `json:"files"`
}

// Totals counts what the course has.
type Totals struct {
	Modules   int                         `json:"modules"`
	Lessons   map[course.LessonKind]int   `json:"lessons"`
	Questions map[course.QuestionKind]int `json:"questions"`
	// Media counts files, Captions those among them that are captions.
	Media    int `json:"media"`
	Captions int `json:"captions"`
}

// Entry says what became of one thing.
type Entry struct {
	// Chapter, Sequential and Vertical are the display names of what the thing stands in.
	Chapter    string `json:"chapter,omitempty"`
	Sequential string `json:"sequential,omitempty"`
	Vertical   string `json:"vertical,omitempty"`
	// Kind is the export's word for it: "html", "problem", "static file".
	Kind string `json:"kind"`
	// ID is the block's url_name, or a file's path.
	ID string `json:"id"`
	// Name is the display name, when it has one.
	Name    string  `json:"name,omitempty"`
	Outcome Outcome `json:"outcome"`
	// Target is where it went: "module:key", "lesson:key" or a media path.
	Target string `json:"target,omitempty"`
	// Losses are sentences about what is missing or different.
	Losses []string `json:"losses,omitempty"`
	// Text is what it said, when that is nowhere in the course.
	Text string `json:"text,omitempty"`
}

// IsLoss tells whether something did not come along whole.
func (e Entry) IsLoss() bool { return e.Outcome != Carried || len(e.Losses) > 0 }

// Losses returns the entries that need an author's eye: blocks first, then settings, then files.
func (r *Report) Losses() []Entry {
	all := slices.Concat(r.Blocks, r.Settings, r.Files)
	return slices.DeleteFunc(all, func(e Entry) bool { return !e.IsLoss() })
}

// JSON returns the report as JSON.
func (r *Report) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode report: %w", err)
	}
	return append(data, '\n'), nil
}

// Markdown returns the report for people: what came along in numbers, and then everything that did not,
// with equal losses under one heading.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Import of %s\n\nRead from `%s`.\n\n", escape(r.Course), strings.ReplaceAll(r.Source, "`", "'"))
	r.writeTotals(&b)
	headings := []struct {
		outcome Outcome
		title   string
	}{
		{Dropped, "Not carried over"},
		{KeptAsText, "Kept as text"},
		{Approximated, "Works or looks otherwise"},
		{Carried, "Carried over, with small losses"},
	}
	for _, h := range headings {
		writeSection(&b, h.title, slices.DeleteFunc(r.Losses(), func(e Entry) bool { return e.Outcome != h.outcome }))
	}
	return b.String()
}

func (r *Report) writeTotals(b *strings.Builder) {
	fmt.Fprintf(b, "The course has %d modules and %d files, of which %d are captions.\n\n", r.Totals.Modules, r.Totals.Media, r.Totals.Captions)
	b.WriteString("| Lessons | |\n|---|---|\n")
	for _, kind := range []course.LessonKind{course.ArticleLesson, course.VideoLesson, course.QuizLesson, course.FileLesson, course.LinkLesson} {
		if n := r.Totals.Lessons[kind]; n > 0 {
			fmt.Fprintf(b, "| %s | %d |\n", strings.ToLower(string(kind)), n)
		}
	}
	b.WriteString("\n| Questions | |\n|---|---|\n")
	for _, kind := range []course.QuestionKind{course.SingleChoice, course.MultipleChoice, course.Numeric, course.ShortText} {
		if n := r.Totals.Questions[kind]; n > 0 {
			fmt.Fprintf(b, "| %s | %d |\n", strings.ReplaceAll(strings.ToLower(string(kind)), "_", " "), n)
		}
	}
	counts := map[Outcome]int{}
	for _, e := range r.Blocks {
		counts[e.Outcome]++
	}
	fmt.Fprintf(b, "\nOf %d blocks, %d came along, %d work or look otherwise, %d are kept as text, and %d did not come along.\n",
		len(r.Blocks), counts[Carried], counts[Approximated], counts[KeptAsText], counts[Dropped])
}

// writeSection writes the entries, those of the same kind that lost the same together.
func writeSection(b *strings.Builder, title string, entries []Entry) {
	if len(entries) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n", title)
	groups := map[string][]Entry{}
	var order []string
	for _, e := range entries {
		heading := fmt.Sprintf("**%s**: %s\n", escape(e.Kind), escape(strings.Join(e.Losses, " ")))
		if e.Text != "" && !e.isBrief() {
			heading += quoted(e.Text)
		}
		if groups[heading] == nil {
			order = append(order, heading)
		}
		groups[heading] = append(groups[heading], e)
	}
	// What happened once deserves a look before what happened everywhere.
	slices.SortStableFunc(order, func(x, y string) int { return cmp.Compare(len(groups[x]), len(groups[y])) })
	for _, heading := range order {
		fmt.Fprintf(b, "\n%s\n", heading)
		for _, e := range groups[heading] {
			b.WriteString("- " + e.line() + "\n")
		}
	}
}

// line is where the thing stood, and where it went.
func (e Entry) line() string {
	var place []string
	for _, name := range []string{e.Chapter, e.Sequential, e.Vertical, e.Name} {
		if name != "" {
			place = append(place, escape(name))
		}
	}
	line := strings.Join(place, " › ")
	if e.ID != "" {
		line = strings.TrimSpace(line + " `" + strings.ReplaceAll(e.ID, "`", "'") + "`")
	}
	if e.Target != "" {
		line += " → " + e.Target
	}
	if e.Text != "" && e.isBrief() {
		line += ": " + escape(e.Text)
	}
	return line
}

// isBrief tells whether what the thing said fits on its line: settings of the course do.
func (e Entry) isBrief() bool {
	return e.Chapter == "" && len(e.Text) <= 500 && !strings.Contains(e.Text, "\n")
}

// quoted is what something said, as a quotation.
func quoted(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, "> "+escape(line))
	}
	return "\n" + strings.Join(lines, "\\\n") + "\n"
}

// escape makes a text mean only itself in Markdown.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, "|", `\|`, "&", "&amp;").Replace(s)
}
