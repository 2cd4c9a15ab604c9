package olx_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/author/course"
	"lyceum/internal/author/folder"
	"lyceum/internal/author/olx"
	"lyceum/internal/fault"
)

// export is an export as files; pages of more than one vertical are rarely needed.
type export map[string]string

// small returns an export with one vertical that holds what is given, and more files.
func small(vertical string, more export) export {
	e := export{
		"course.xml":               `<course url_name="run" org="O" course="C"/>`,
		"course/run.xml":           `<course display_name="Small" language="en"><chapter url_name="ch"/></course>`,
		"chapter/ch.xml":           `<chapter display_name="Chapter"><sequential url_name="sq"/></chapter>`,
		"sequential/sq.xml":        `<sequential display_name="Sequence"><vertical url_name="vt"/></sequential>`,
		"vertical/vt.xml":          `<vertical display_name="Unit">` + vertical + `</vertical>`,
		"policies/run/policy.json": `{}`,
	}
	maps.Copy(e, more)
	return e
}

// folderOf writes the export as a folder.
func folderOf(t *testing.T, e export) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range e {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// archiveOf writes tar entries as an archive.
func archiveOf(t *testing.T, write func(w *tar.Writer)) string {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	w := tar.NewWriter(zipped)
	write(w)
	if err := errors.Join(w.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "export.tar.gz")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func closed(t *testing.T, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func put(t *testing.T, w *tar.Writer, header tar.Header, data string) {
	t.Helper()
	header.Size, header.Mode = int64(len(data)), 0o644
	if err := w.WriteHeader(&header); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, data); err != nil {
		t.Fatal(err)
	}
}

// packed writes the export as an archive, below a folder as the platform does.
func packed(t *testing.T, e export) string {
	t.Helper()
	return archiveOf(t, func(w *tar.Writer) {
		for name, data := range e {
			put(t, w, tar.Header{Name: "course/" + name, Typeflag: tar.TypeReg}, data)
		}
	})
}

func read(t *testing.T, path string) *olx.Import {
	t.Helper()
	got, err := olx.Read(t.Context(), path, olx.DefaultLimits())
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	t.Cleanup(func() {
		if err := got.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return got
}

// unit imports a vertical, and returns its lessons and the report.
func unit(t *testing.T, vertical string, more export) ([]course.Lesson, *olx.Report) {
	t.Helper()
	got := read(t, folderOf(t, small(vertical, more)))
	return got.Course.Modules[0].Lessons, got.Report
}

// entry returns the entry of a block.
func entry(t *testing.T, r *olx.Report, id string) olx.Entry {
	t.Helper()
	for _, e := range slices.Concat(r.Blocks, r.Settings, r.Files) {
		if e.ID == id {
			return e
		}
	}
	t.Fatalf("%s is not in the report", id)
	return olx.Entry{}
}

// filler keeps a vertical from being empty.
const filler = `<html url_name="filler"><p>Read this.</p></html>`

func TestOutline(t *testing.T) {
	t.Parallel()
	e := small("", export{
		"course/run.xml":     `<course display_name="Small" language="de"><chapter url_name="ch"/><chapter url_name="hidden"/><chapter url_name="empty"/></course>`,
		"chapter/hidden.xml": `<chapter display_name="Hidden" visible_to_staff_only="true"><sequential url_name="secret"><html url_name="s1"><p>x</p></html></sequential></chapter>`,
		"chapter/empty.xml":  `<chapter display_name="Empty"><sequential url_name="void" display_name="Void"/></chapter>`,
		"sequential/sq.xml": `<sequential display_name="Sequence" due="2030-01-01" graded="true"><vertical url_name="vt"/>` +
			`<html url_name="loose"><p>Loose</p></html><vertical url_name="gone"/><vertical url_name="vt2" display_name="Second"><html url_name="h3" display_name="Three"><p>c</p></html></vertical></sequential>`,
		"vertical/vt.xml": `<vertical display_name="Unit"><html url_name="h1" display_name="One"/><html url_name="h2"><p>b</p></html>` +
			`<video url_name="v1" display_name="Film" youtube_id_1_0="abc"/><html url_name="h4" display_name="After"><p>d</p></html>` +
			`<html url_name="h5"><h3>Heading</h3><p>e</p></html><problem url_name="p1" display_name="Sum"><numericalresponse answer="2"><label>1+1?</label></numericalresponse></problem></vertical>`,
		"html/h1.xml":                      `<html filename="h1" display_name="One"/>`,
		"html/h1.html":                     `<p>a</p>`,
		"html/orphan.xml":                  `<html filename="orphan"/>`,
		"drafts/vertical/d.xml":            `<vertical/>`,
		"policies/run/policy.json":         `{"course/run": {"display_name": "From policy", "start": "2031-01-01"}, "vertical/vt2": {"display_name": "Renamed"}}`,
		"policies/run/grading_policy.json": `{"GRADER": [{"type": "Exam", "weight": 1}], "GRADE_CUTOFFS": {"A": 0.9, "Pass": 0.6}}`,
		"about/overview.html":              `<h2>About</h2><p>Good.</p>`, "about/short_description.html": "Short.\n",
	})
	for name, path := range map[string]string{"folder": folderOf(t, e), "archive": packed(t, e)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := read(t, path)
			want := &course.Course{
				Slug: "from-policy", Title: "From policy", Summary: "Short.", Description: "## About\n\nGood.", Language: "de",
				Level: course.AllLevels, Visibility: course.Public, Certificate: true,
				Modules: []course.Module{{Key: "chapter", Title: "Chapter", Lessons: []course.Lesson{
					{Key: "unit", Title: "Unit", Section: "Sequence", Kind: course.ArticleLesson, Required: true, Body: course.MarkdownText("a\n\nb")},
					{Key: "film", Title: "Film", Section: "Sequence", Kind: course.VideoLesson, Required: true, Video: &course.Video{URL: "https://www.youtube.com/watch?v=abc"}},
					{Key: "after", Title: "After", Section: "Sequence", Kind: course.ArticleLesson, Required: true, Body: course.MarkdownText("d\n\n### Heading\n\ne")},
					{Key: "sum", Title: "Sum", Section: "Sequence", Kind: course.QuizLesson, Required: true, Quiz: &course.Quiz{PassMark: 60, Questions: []course.Question{{
						Key: "sum", Kind: course.Numeric, Format: course.Markdown, Prompt: "1+1?", Points: 1, Number: &course.Number{Answer: 2},
					}}}},
					{Key: "sequence", Title: "Sequence", Section: "Sequence", Kind: course.ArticleLesson, Required: true, Body: course.MarkdownText("Loose")},
					{Key: "renamed", Title: "Renamed", Section: "Sequence", Kind: course.ArticleLesson, Required: true, Body: course.MarkdownText("c")},
				}}},
			}
			if diff := cmp.Diff(want, got.Course); diff != "" {
				t.Errorf("course (-want +got):\n%s", diff)
			}
			checkOutlineReport(t, got.Report)
		})
	}
}

func checkOutlineReport(t *testing.T, r *olx.Report) {
	t.Helper()
	wants := map[string]struct {
		outcome olx.Outcome
		target  string
		loss    string
	}{
		"run":                   {olx.Carried, "course:from-policy", ""},
		"ch":                    {olx.Carried, "module:chapter", ""},
		"sq":                    {olx.Carried, "lesson:unit", "Settings that did not come along: due = 2030-01-01."},
		"vt":                    {olx.Carried, "lesson:unit", ""},
		"h4":                    {olx.Carried, "lesson:after", ""},
		"p1":                    {olx.Carried, "lesson:sum", ""},
		"gone":                  {olx.Dropped, "", "Its file is not in the export."},
		"hidden":                {olx.Dropped, "", "Only staff could see it."},
		"s1":                    {olx.Dropped, "", "Only staff could see it."},
		"void":                  {olx.Dropped, "", "Nothing in it could be carried over."},
		"empty":                 {olx.Dropped, "", "Nothing in it could be carried over."},
		"html/orphan.xml":       {olx.Dropped, "", "Nothing in the course leads to this file."},
		"drafts/vertical/d.xml": {olx.Dropped, "", "It is a draft that was not published."},
		"start":                 {olx.Dropped, "", "Courses begin when they are published."},
		"grading_policy.json":   {olx.Approximated, "", "Each graded quiz is passed by itself, with 60% of its points; weights of assignments are gone."},
	}
	for id, want := range wants {
		e := entry(t, r, id)
		if e.Outcome != want.outcome || e.Target != want.target || strings.Join(e.Losses, " ") != want.loss {
			t.Errorf("%s: %s %q %q, want %s %q %q", id, e.Outcome, e.Target, e.Losses, want.outcome, want.target, want.loss)
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		page    string
		want    string // "": dropped
		outcome olx.Outcome
		loss    string
	}{
		"prose":            {`<p>Hi</p>`, "Hi", olx.Carried, ""},
		"static file":      {`<p><img src="/static/My_file.png" alt="p"></p>`, "![p](media/My_file.png)", olx.Carried, ""},
		"static, escaped":  {`<p><a href="/static/My%20file.png?x#y">p</a></p>`, "[p](media/My_file.png)", olx.Carried, ""},
		"asset key":        {`<p><img src="/asset-v1:O+C+R+type@asset+block@My_file.png"></p>`, "![](media/My_file.png)", olx.Carried, ""},
		"courseware asset": {`<p><img src="/assets/courseware/v1/0a/asset-v1:O+C+R+type@asset+block/My_file.png"></p>`, "", olx.Dropped, "It shows only things that did not come along"},
		"courseware asset with block": {
			`<p><img src="/assets/courseware/v1/0a/asset-v1:O+C+R+type@asset+block@My_file.png"></p>`, "![](media/My_file.png)", olx.Carried, "",
		},
		"old asset":        {`<p><img src="https://studio.example/c4x/O/C/asset/My_file.png"></p>`, "![](media/My_file.png)", olx.Carried, ""},
		"jump to id":       {`<p><a href="/jump_to_id/other">o</a></p>`, "[o](lesson:other)", olx.Carried, ""},
		"jump to key":      {`<p><a href="/courses/course-v1:O+C+R/jump_to/block-v1:O+C+R+type@vertical+block@other">o</a></p>`, "[o](lesson:other)", olx.Carried, ""},
		"jump to sequence": {`<p><a href="/jump_to_id/sq">o</a></p>`, "[o](lesson:unit)", olx.Carried, ""},
		"jump to a dropped block": {
			`<p><a href="/jump_to_id/talk">o</a></p>`, "[o](lesson:other)", olx.Carried, "",
		},
		"courseware":        {`<p><a href="/courses/O/C/R/courseware/ch/sq/">o</a></p>`, "[o](lesson:unit)", olx.Carried, ""},
		"bare id":           {`<p><a href="other">o</a></p>`, "[o](lesson:other)", olx.Carried, ""},
		"jump nowhere":      {`<p><a href="/jump_to_id/nowhere">o</a></p>`, "o", olx.Carried, "A link to the block nowhere is gone, its text remains."},
		"foreign":           {`<p><a href="//cdn.example/x">o</a> <a href="mailto:a@b.example">m</a></p>`, "[o](https://cdn.example/x) [m](mailto:a@b.example)", olx.Carried, ""},
		"script address":    {`<p><a href="javascript:alert(1)">o</a></p>`, "o", olx.Approximated, "A link to “javascript:alert(1)” is gone, or what was shown from there."},
		"data address":      {`<p>x<img src="data:image/png;base64,AAAA"></p>`, "x", olx.Approximated, "A link to “data:image/png;base64,AAAA” is gone"},
		"file not there":    {`<p>x <img src="/static/none.png"></p>`, "x", olx.Approximated, "A link to “/static/none.png” is gone"},
		"site page":         {`<p><a href="/courses/wiki">o</a></p>`, "o", olx.Approximated, "A link to “/courses/wiki” is gone"},
		"web page of files": {`<p>x</p><iframe src="/static/app.html"></iframe>`, "x", olx.Approximated, "A link to “/static/app.html” is gone"},
		"document":          {`<object data="/static/paper.pdf" title="Paper"></object>`, "[Paper](media/paper.pdf)", olx.Approximated, "What was embedded from “/static/paper.pdf” became a link."},
		"scripts only":      {`<script>x</script><style>y</style>`, "", olx.Dropped, "It holds only scripts and style sheets."},
		"nothing":           {` `, "", olx.Dropped, "It is empty."},
		"buttons only":      {`<button>x</button>`, "", olx.Dropped, "It holds only buttons and input fields."},
		"widget":            {`<p>Useful?</p><button onclick="x()">yes</button>`, "", olx.Dropped, "It is a widget with buttons, run by scripts."},
		"prose with button": {
			`<p>` + strings.Repeat("word ", 30) + `</p><button onclick="x()">yes</button>`, strings.TrimSpace(strings.Repeat("word ", 30)), olx.Approximated,
			"Its buttons and input fields are gone.",
		},
		"large widget": {`<script>x</script><p>` + strings.Repeat("word ", 20_000) + `</p>`, "", olx.Dropped, "It is a large widget run by scripts."},
		"endless page": {`<p>` + strings.Repeat("word ", 60_000) + `</p>`, "", olx.Dropped, "It is too long for a page."},
		"a table":      {`<table><tr><td>a</td><td>b</td></tr></table>`, "<table>\n<tbody>\n<tr>\n<td>a</td>\n<td>b</td>\n</tr>\n</tbody>\n</table>", olx.Carried, ""},
		"nests deep":   {strings.Repeat("<b><i>", 100) + "x", "**_x_**", olx.Carried, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lessons, report := unit(t, `<html url_name="page"/><discussion url_name="sep"/><html url_name="filler2"><p>Z</p></html>`, export{
				"html/page.xml": `<html filename="page"/>`, "html/page.html": tt.page,
				"static/My file.png": "x", "static/app.html": "<script>", "static/paper.pdf": "x",
				"sequential/sq.xml":  `<sequential display_name="Sequence"><vertical url_name="vt"/><vertical url_name="other"/></sequential>`,
				"vertical/other.xml": `<vertical display_name="Other"><html url_name="o1"><p>x</p></html><discussion url_name="talk"/></vertical>`,
			})
			body := strings.TrimSuffix(strings.TrimSuffix(lessons[0].Body.Source, "Z"), "\n\n")
			body = strings.TrimSuffix(body, "\n<p>Z</p>")
			if body != tt.want {
				t.Errorf("body %q, want %q", body, tt.want)
			}
			e := entry(t, report, "page")
			if e.Outcome != tt.outcome || !strings.Contains(strings.Join(e.Losses, " "), tt.loss) || tt.loss == "" && len(e.Losses) > 0 {
				t.Errorf("report: %s %q, want %s %q", e.Outcome, e.Losses, tt.outcome, tt.loss)
			}
		})
	}
}

func TestVideos(t *testing.T) {
	t.Parallel()
	srt := "1\n00:00:01,000 --> 00:00:02,000\nHello\n"
	files := export{
		"static/film.mp4": "x", "static/en.srt": srt, "static/bad.srt": "no cues", "static/latin.srt": "\xff", "static/notes.pdf": "x",
		"static/subs_old.srt.sjson": `{"start": [1000, 2500], "end": [2000, 3000], "text": ["One", "Two"]}`, "static/vid-fr.srt": srt,
	}
	tests := map[string]struct {
		video    string
		want     *course.Video // nil: dropped
		body     string
		losses   []string
		captions map[string]string
	}{
		"YouTube":        {video: `<video url_name="v" youtube="0.75:slow,1.00:id1"/>`, want: &course.Video{URL: "https://www.youtube.com/watch?v=id1"}},
		"file of export": {video: `<video url_name="v" html5_sources="[&quot;/static/film.mp4&quot;]"/>`, want: &course.Video{File: "media/film.mp4"}},
		"file of that name": {
			video: `<video url_name="v"><source src="https://cdn.example/a/film.mp4"/></video>`, want: &course.Video{File: "media/film.mp4"},
			losses: []string{"It was played from “https://cdn.example/a/film.mp4”; the export has a file of that name, which is played instead."},
		},
		"elsewhere before YouTube": {
			video: `<video url_name="v" youtube_id_1_0="id1"><source src="https://cdn.example/b.webm"/><source src="https://cdn.example/b.mp4"/></video>`,
			want:  &course.Video{URL: "https://cdn.example/b.mp4"},
			losses: []string{
				"Another source of the film is left out: “https://cdn.example/b.webm”.", "Another source of the film is left out: “https://www.youtube.com/watch?v=id1”.",
			},
		},
		"encoded": {
			video: `<video url_name="v"><video_asset duration="90.5"><encoded_video profile="desktop_mp4" url="https://cdn.example/c.mp4"/></video_asset></video>`,
			want:  &course.Video{URL: "https://cdn.example/c.mp4", Duration: 90_500 * time.Millisecond},
		},
		"clip": {
			video: `<video url_name="v" youtube_id_1_0="id1" start_time="00:01:30" end_time="00:02:00"/>`,
			want:  &course.Video{URL: "https://www.youtube.com/watch?v=id1&t=90s"}, losses: []string{"It was shown from 00:01:30 to 00:02:00; the whole film is shown."},
		},
		"no address":     {video: `<video url_name="v" display_name="x"/>`, losses: []string{"It names no address from which it could be played."}},
		"local address":  {video: `<video url_name="v"><source src="/etc/passwd"/></video>`, losses: []string{"Its address cannot be reached from outside: “/etc/passwd”."}},
		"script address": {video: `<video url_name="v"><source src="javascript:x"/></video>`, losses: []string{"Its address cannot be reached from outside: “javascript:x”."}},
		"transcripts": {
			video:    `<video url_name="v" youtube_id_1_0="a" sub="old" edx_video_id="vid" transcripts="{&quot;en&quot;: &quot;en.srt&quot;, &quot;de&quot;: &quot;bad.srt&quot;, &quot;xx-!&quot;: &quot;en.srt&quot;}"><transcript language="es" src="none.srt"/><video_asset><transcripts><transcript language_code="fr"/></transcripts></video_asset><transcript language="pt_br" src="latin.srt"/></video>`,
			want:     &course.Video{URL: "https://www.youtube.com/watch?v=a", Captions: []course.Caption{{Locale: "en", File: "media/unit.en.vtt"}, {Locale: "fr", File: "media/unit.fr.vtt"}}},
			losses:   []string{"A transcript cannot be read: bad.srt.", "A transcript in an unknown language is left out: static/en.srt.", "A transcript is not in the export: none.srt.", "A transcript cannot be read: latin.srt."},
			captions: map[string]string{"media/unit.en.vtt": "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nHello\n"},
		},
		"old transcript": {
			video:    `<video url_name="v" youtube_id_1_0="a" sub="old"/>`,
			want:     &course.Video{URL: "https://www.youtube.com/watch?v=a", Captions: []course.Caption{{Locale: "en", File: "media/unit.en.vtt"}}},
			captions: map[string]string{"media/unit.en.vtt": "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nOne\n\n00:00:02.500 --> 00:00:03.000\nTwo\n"},
		},
		"handouts": {
			video: `<video url_name="v" youtube_id_1_0="a" handout="/asset-v1:O+C+R+type@asset+block@notes.pdf" track="/static/none.pdf"/>`,
			want:  &course.Video{URL: "https://www.youtube.com/watch?v=a"}, body: "- [notes.pdf](media/notes.pdf)", losses: []string{"A file to download is not in the export: “/static/none.pdf”."},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folderOf(t, small(tt.video, files))
			if tt.want == nil {
				dir = folderOf(t, small(tt.video+filler, files))
			}
			got := read(t, dir)
			lesson := got.Course.Modules[0].Lessons[0]
			if diff := cmp.Diff(tt.want, lesson.Video); diff != "" {
				t.Errorf("video (-want +got):\n%s", diff)
			}
			if tt.want != nil && lesson.Body.Source != tt.body {
				t.Errorf("body %q, want %q", lesson.Body.Source, tt.body)
			}
			if diff := cmp.Diff(tt.losses, entry(t, got.Report, "v").Losses, cmp.Transformer("nil", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
				t.Errorf("losses (-want +got):\n%s", diff)
			}
			for path, want := range tt.captions {
				f, err := got.Open(path)
				if err != nil {
					t.Fatalf("Open: %v", err)
				}
				data, err := io.ReadAll(f)
				if err := errors.Join(err, f.Close()); err != nil || string(data) != want {
					t.Errorf("%s: %q, %v, want %q", path, data, err, want)
				}
			}
		})
	}
}

func TestOtherBlocks(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		block   string
		outcome olx.Outcome
		loss    string
		body    string
	}{
		"discussion": {`<discussion url_name="b" discussion_category="Cat"/>`, olx.Dropped, "Discussions are not imported.", ""},
		"lti":        {`<lti_consumer url_name="b" lti_1p3_tool_key="secret123" launch_url="https://x.example"/>`, olx.Dropped, "Tools of other sites (LTI) are not imported.", ""},
		"unheard of": {`<zooming_image url_name="b"><regions/></zooming_image>`, olx.Dropped, "Blocks of the kind zooming_image are not imported.", ""},
		"poll": {
			`<poll url_name="b" question="Which?" answers="[[&quot;a&quot;, {&quot;label&quot;: &quot;This&quot;}], [&quot;b&quot;, {&quot;label&quot;: &quot;That&quot;}]]"/>`, olx.KeptAsText,
			"nobody can vote", "Which?\n\n- This\n- That",
		},
		"survey": {
			`<survey url_name="b" questions="[[&quot;q&quot;, {&quot;label&quot;: &quot;Good?&quot;}]]" answers="[[&quot;Y&quot;, &quot;Yes&quot;], [&quot;N&quot;, &quot;No&quot;]]"/>`, olx.KeptAsText,
			"nobody can answer", "- Good? (Yes, No)",
		},
		"broken poll": {`<poll url_name="b" answers="nonsense"/>`, olx.Dropped, "It is empty.", ""},
		"open response": {
			`<openassessment url_name="b" prompts_type="html"><prompts><prompt><description>&lt;p&gt;Write &lt;b&gt;it&lt;/b&gt;.&lt;/p&gt;</description></prompt></prompts>` +
				`<rubric><criterion><label>Clear</label><prompt>Is it?</prompt></criterion></rubric></openassessment>`, olx.KeptAsText, "nobody can hand in", "Write **it**.\n\n- Clear: Is it?",
		},
		"annotations": {
			`<annotatable url_name="b"><p>A <annotation title="T" body="B">word</annotation>.</p></annotatable>`, olx.KeptAsText, "numbered notes", "A word [1].\n\n1. T: B",
		},
		"staff only": {`<html url_name="b" visible_to_staff_only="true"><p>secret</p></html>`, olx.Dropped, "Only staff could see it.", ""},
		"cohort":     {`<html url_name="b" group_access="{&quot;1&quot;: [2]}"><p>x</p></html>`, olx.Approximated, "It was for one group of learners, and is shown to all.", "x"},
		"conditional": {
			`<conditional url_name="b" sources_tag="x"><html url_name="in"><p>x</p></html></conditional>`, olx.Approximated, "Its content is shown to everybody, always.", "x",
		},
		"experiment": {
			`<split_test url_name="b"><vertical url_name="g1"><html url_name="i1"><p>first</p></html></vertical><vertical url_name="g2"><html url_name="i2"><p>second</p></html></vertical></split_test>`,
			olx.Approximated, "Everybody is shown what the first group", "first",
		},
		"twice": {`<html url_name="same" display_name="x"><p>x</p></html><html url_name="same"/>`, "", "", "x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lessons, report := unit(t, tt.block+filler, nil)
			want := strings.TrimPrefix(tt.body+"\n\nRead this.", "\n\n")
			if lessons[0].Body.Source != want {
				t.Errorf("body %q, want %q", lessons[0].Body.Source, want)
			}
			if tt.outcome == "" {
				return
			}
			e := entry(t, report, "b")
			if e.Outcome != tt.outcome || !strings.Contains(strings.Join(e.Losses, " "), tt.loss) {
				t.Errorf("report: %s %q, want %s %q", e.Outcome, e.Losses, tt.outcome, tt.loss)
			}
			if strings.Contains(report.Markdown(), "secret123") {
				t.Error("the report shows a secret")
			}
		})
	}
}

func TestPool(t *testing.T) {
	t.Parallel()
	problem := func(id string) string {
		return `<problem url_name="` + id + `"><numericalresponse answer="1"><label>` + id + `?</label></numericalresponse></problem>`
	}
	lessons, report := unit(t, problem("before")+`<library_content url_name="lib" max_count="2" source_library_id="library-v1:O+L">`+
		problem("p1")+`<html url_name="note"><p>Note</p></html>`+problem("p2")+problem("p3")+`</library_content>`+problem("after"), nil)
	var got []string
	for _, l := range lessons {
		got = append(got, string(l.Kind)+" "+l.Title)
	}
	if diff := cmp.Diff([]string{"QUIZ Unit: Quiz", "ARTICLE Unit", "QUIZ Unit: Quiz (2)", "QUIZ Unit: Quiz (3)"}, got); diff != "" {
		t.Fatalf("lessons (-want +got):\n%s", diff)
	}
	pool := lessons[2].Quiz
	if pool.Draw != 2 || len(pool.Questions) != 3 {
		t.Errorf("draws %d of %d questions, want 2 of 3", pool.Draw, len(pool.Questions))
	}
	for id, target := range map[string]string{"lib": "lesson:unit-quiz-2", "p2": "lesson:unit-quiz-2", "note": "lesson:unit", "after": "lesson:unit-quiz-3"} {
		if e := entry(t, report, id); e.Target != target {
			t.Errorf("%s went to %s, want %s", id, e.Target, target)
		}
	}
}

func TestToFolder(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	dir := filepath.Join(parent, "course")
	source := folderOf(t, small(`<html url_name="h"><p><img src="/static/a b.png" alt=""/></p></html><discussion url_name="d"/>`, export{"static/a b.png": "picture"}))
	report, err := olx.ToFolder(t.Context(), source, dir, olx.DefaultLimits())
	if err != nil {
		t.Fatalf("ToFolder: %v", err)
	}
	f, err := folder.Read(t.Context(), dir)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	defer closed(t, f)
	if f.Course.Title != "Small" || len(f.Unused) > 0 || len(f.Media) != 1 || f.Media[0].Path != "media/a_b.png" {
		t.Errorf("folder: %q, media %v, unused %v", f.Course.Title, f.Media, f.Unused)
	}
	data, err := os.ReadFile(filepath.Join(dir, "import-report.md"))
	if err != nil || string(data) != report.Markdown() || !strings.Contains(string(data), "Discussions are not imported.") {
		t.Errorf("report: %v\n%s", err, data)
	}
	if _, err := olx.ToFolder(t.Context(), source, dir, olx.DefaultLimits()); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("ToFolder over a folder: %v, want Conflict", err)
	}
	_, err = olx.ToFolder(t.Context(), folderOf(t, export{"course.xml": "<x/>"}), filepath.Join(parent, "other"), olx.DefaultLimits())
	if fault.CodeOf(err) != fault.BadInput {
		t.Errorf("ToFolder of nothing: %v, want BadInput", err)
	}
	entries, err := os.ReadDir(parent)
	if err != nil || len(entries) != 1 {
		t.Errorf("left %v, %v", entries, err)
	}
}

// unpacked writes the entries of a trusted archive as a folder, and returns the course in it.
func unpacked(t *testing.T, archive string) string {
	t.Helper()
	file, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, file)
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for r := tar.NewReader(unzipped); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return filepath.Join(dir, "course")
		}
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, filepath.FromSlash(header.Name))
		if header.Typeflag == tar.TypeDir {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
