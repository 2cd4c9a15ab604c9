package olx_test

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/author/course"
	"lyceum/internal/author/folder"
	"lyceum/internal/author/olx"
)

// demo returns the path of a real export: the demonstration course of Open edX. The test is skipped, with a
// message, on machines that do not have it.
func demo(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("LYCEUM_TEST_DATA")
	if dir == "" {
		dir = "../../../../shared/data"
	}
	file := filepath.Join(dir, "olx", "open-edx-demo-course.tar.gz")
	if _, err := os.Stat(file); err != nil {
		t.Skipf("the demonstration course is not here: put it at %s, or set LYCEUM_TEST_DATA to the folder that holds olx/", file)
	}
	return file
}

func TestDemoCourse(t *testing.T) {
	t.Parallel()
	got := read(t, demo(t))
	wantTotals := olx.Totals{
		Modules: 6,
		Lessons: map[course.LessonKind]int{course.ArticleLesson: 67, course.VideoLesson: 11, course.QuizLesson: 9},
		Questions: map[course.QuestionKind]int{
			course.SingleChoice: 18, course.MultipleChoice: 2, course.Numeric: 3, course.ShortText: 2,
		},
		Media: 59, Captions: 6,
	}
	if diff := cmp.Diff(wantTotals, got.Report.Totals); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	outcomes := func(entries []olx.Entry) map[string]map[olx.Outcome]int {
		counts := map[string]map[olx.Outcome]int{}
		for _, e := range entries {
			if counts[e.Kind] == nil {
				counts[e.Kind] = map[olx.Outcome]int{}
			}
			counts[e.Kind][e.Outcome]++
		}
		return counts
	}
	wantBlocks := map[string]map[olx.Outcome]int{
		"course": {olx.Carried: 1}, "chapter": {olx.Carried: 6}, "sequential": {olx.Carried: 17}, "vertical": {olx.Carried: 58},
		"html":            {olx.Carried: 135, olx.Approximated: 9, olx.Dropped: 122},
		"video":           {olx.Carried: 9, olx.Approximated: 2},
		"problem":         {olx.Carried: 15, olx.Approximated: 3, olx.KeptAsText: 1, olx.Dropped: 10},
		"library_content": {olx.Approximated: 1}, "annotatable": {olx.KeptAsText: 1}, "openassessment": {olx.KeptAsText: 2},
		"poll": {olx.KeptAsText: 1}, "survey": {olx.KeptAsText: 1}, "discussion": {olx.Dropped: 1}, "drag-and-drop-v2": {olx.Dropped: 1},
		"done": {olx.Dropped: 1}, "edx_sga": {olx.Dropped: 1}, "lti": {olx.Dropped: 2}, "staffgradedxblock": {olx.Dropped: 1},
	}
	if diff := cmp.Diff(wantBlocks, outcomes(got.Report.Blocks)); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	wantFiles := map[string]map[olx.Outcome]int{"static file": {olx.Carried: 59, olx.Dropped: 65}}
	if diff := cmp.Diff(wantFiles, outcomes(got.Report.Files)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if n := len(got.Report.Settings); n != 19 {
		t.Errorf("settings: %d entries, want 19", n)
	}
}

// element is any XML element: the test reads the export by itself, to know what there is to account for.
type element struct {
	XMLName  xml.Name   `xml:""`
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []element  `xml:",any"`
}

func (e element) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// blocksBelow lists the blocks of an unpacked export, as "kind/id".
func blocksBelow(t *testing.T, dir string, pointer element) []string {
	t.Helper()
	kind, id := pointer.XMLName.Local, pointer.attr("url_name")
	found := []string{kind + "/" + id}
	data, err := os.ReadFile(filepath.Join(dir, kind, id+".xml"))
	if err == nil {
		if err := xml.Unmarshal(data, &pointer); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Contains([]string{"course", "chapter", "sequential", "vertical", "library_content"}, kind) {
		return found
	}
	for _, child := range pointer.Children {
		if child.XMLName.Local != "wiki" {
			found = append(found, blocksBelow(t, dir, child)...)
		}
	}
	return found
}

// TestDemoAccount checks that every block and every static file of the export stands in the report, once:
// as carried to a place that exists, or with a reason.
func TestDemoAccount(t *testing.T) {
	t.Parallel()
	dir := unpacked(t, demo(t))
	got := read(t, dir)
	data, err := os.ReadFile(filepath.Join(dir, "course.xml"))
	if err != nil {
		t.Fatal(err)
	}
	var pointer element
	if err := xml.Unmarshal(data, &pointer); err != nil {
		t.Fatal(err)
	}
	want := blocksBelow(t, dir, pointer)
	places := map[string]bool{"course:" + got.Course.Slug: true}
	for _, m := range got.Course.Modules {
		places["module:"+m.Key] = true
		for _, l := range m.Lessons {
			places["lesson:"+l.Key] = true
		}
	}
	var blocks []string
	for _, e := range got.Report.Blocks {
		blocks = append(blocks, e.Kind+"/"+e.ID)
		if e.Outcome == olx.Dropped {
			if e.Target != "" || len(e.Losses) == 0 {
				t.Errorf("%s/%s was dropped to %q, for %q", e.Kind, e.ID, e.Target, e.Losses)
			}
		} else if !places[e.Target] {
			t.Errorf("%s/%s went to %q, which does not exist", e.Kind, e.ID, e.Target)
		}
		if e.Outcome != olx.Carried && len(e.Losses) == 0 {
			t.Errorf("%s/%s is %s for no reason", e.Kind, e.ID, e.Outcome)
		}
	}
	if len(want) < 400 {
		t.Errorf("the test found only %d blocks", len(want))
	}
	if diff := cmp.Diff(sortedCopy(want), sortedCopy(blocks)); diff != "" {
		t.Errorf("blocks (-in the export +in the report):\n%s", diff)
	}
	statics, err := filepath.Glob(filepath.Join(dir, "static", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range statics {
		statics[i] = "static/" + filepath.Base(file)
	}
	var files []string
	for _, e := range got.Report.Files {
		files = append(files, e.ID)
	}
	if diff := cmp.Diff(sortedCopy(statics), sortedCopy(files)); diff != "" {
		t.Errorf("static files (-in the export +in the report):\n%s", diff)
	}
}

func sortedCopy(s []string) []string { return slices.Sorted(slices.Values(s)) }

// TestDemoFolder checks the course as its new author finds it: a folder that reads without mistakes, with
// links that lead somewhere, the right answers right, and transcripts that can be searched.
func TestDemoFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "demo")
	report, err := olx.ToFolder(t.Context(), demo(t), dir, olx.DefaultLimits())
	if err != nil {
		t.Fatalf("ToFolder: %v", err)
	}
	f, err := folder.Read(t.Context(), dir)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	defer closed(t, f)
	if len(f.Unused) > 0 || len(f.Media) != report.Totals.Media {
		t.Errorf("%d media files, of which unused: %v", len(f.Media), f.Unused)
	}
	lessons := map[string]course.Lesson{}
	for _, m := range f.Course.Modules {
		for _, l := range m.Lessons {
			lessons[l.Key] = l
		}
	}
	answers := map[string]string{
		"single-select-multiple-choice-problems-quiz": "a e", "multi-select-multiple-choice-problems-quiz": "ac bde",
		"dropdown-problems-quiz": "b b b a c d d c a", "identify-the-fish": "b", "randomized-content-quiz": "b c a a c 12",
		"numerical-input-problems-quiz": "600 ± 5 2",
	}
	for key, want := range answers {
		if got := rightAnswers(lessons[key]); got != want {
			t.Errorf("%s: the right answers are %q, want %q", key, got, want)
		}
	}
	if quiz := lessons["randomized-content-quiz"].Quiz; quiz == nil || quiz.Draw != 2 {
		t.Errorf("the pool draws %+v, want 2", quiz)
	}
	links := 0
	for _, l := range lessons {
		for _, link := range l.Body.Links() {
			if strings.HasPrefix(link.Target, course.LessonScheme) {
				links++
			}
		}
	}
	if links != 48 {
		t.Errorf("%d links between lessons, want 48", links)
	}
	spanish, err := os.ReadFile(filepath.Join(dir, "media", "the-reach-of-the-open-edx-platform-2023.es.vtt"))
	if err != nil || !strings.Contains(string(spanish), "vicepresidente de ingeniería") {
		t.Errorf("the Spanish transcript: %v", err)
	}
	if strings.Contains(report.Markdown(), "811a447706c152588c436ee13addeeb889e7f256033679408737bd5bc4118225") {
		t.Error("the report shows a secret of the course's settings")
	}
}

// rightAnswers writes the right answers of a quiz: keys of choices, and numbers.
func rightAnswers(l course.Lesson) string {
	if l.Quiz == nil {
		return "no quiz"
	}
	var all []string
	for _, q := range l.Quiz.Questions {
		answer := ""
		for _, c := range q.Choices {
			if c.Correct {
				answer += c.Key
			}
		}
		if q.Number != nil {
			answer = q.Number.String()
		}
		all = append(all, answer)
	}
	return strings.Join(all, " ")
}
