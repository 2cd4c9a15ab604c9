package push

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"lyceum/internal/author/course"
	"lyceum/internal/author/folder"
	"lyceum/internal/fault"
	"lyceum/internal/gen/authorapi"
)

// pulled is a draft as it came from the server.
type pulled struct {
	id     string
	course *course.Course
	// files are the assets by media path, captions the text tracks.
	files    map[string]remoteFile
	captions map[string]string
	// fetch gets an address, for as long as the pull lasts.
	fetch func(url string) (*http.Response, error)
}

type remoteFile struct {
	sum string
	// url is signed and short-lived.
	url string
}

func (p *pulled) digests() digests {
	sums := digests{}
	for path, file := range p.files {
		sums[path] = file.sum
	}
	return sums
}

// open gives the bytes of a media path: captions are at hand, files are fetched.
func (p *pulled) open(path string) (io.ReadCloser, error) {
	if vtt, ok := p.captions[path]; ok {
		return io.NopCloser(strings.NewReader(vtt)), nil
	}
	return nil, fmt.Errorf("there is no %s in this course", path)
}

// Open implements folder.Opener.
func (p *pulled) Open(path string) (io.ReadCloser, error) {
	file, found := p.files[path]
	if !found {
		return p.open(path)
	}
	response, err := p.fetch(file.url)
	if err != nil {
		return nil, fmt.Errorf("download %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("download %s: storage answered %s", path, response.Status), response.Body.Close())
	}
	return response.Body, nil
}

// Pull writes the draft into a new folder at dir.
func (c *Client) Pull(ctx context.Context, slug, dir string) (*course.Course, error) {
	p, err := c.pull(ctx, slug)
	if err != nil {
		return nil, err
	}
	if err := folder.Create(ctx, dir, p.course, p); err != nil {
		return nil, err
	}
	return p.course, nil
}

func (c *Client) pull(ctx context.Context, slug string) (*pulled, error) {
	draft, err := authorapi.Draft(ctx, c.api, slug)
	if err != nil {
		return nil, told(err)
	}
	if draft.CourseDraft == nil {
		return nil, errNoCourse(slug)
	}
	lessons, err := c.lessons(ctx, draft.CourseDraft)
	if err != nil {
		return nil, err
	}
	p := &pulled{id: draft.CourseDraft.Id, files: map[string]remoteFile{}, captions: map[string]string{}}
	p.fetch = func(url string) (*http.Response, error) { return c.fetch(ctx, url) }
	p.course = courseFrom(draft.CourseDraft)
	homes := map[string]int{}
	for i, m := range draft.CourseDraft.Modules {
		p.course.Modules = append(p.course.Modules, course.Module{
			Key: m.Key, Title: course.Line(m.Title), Summary: course.Block(m.Summary), Completion: policyFrom(m.Completion),
		})
		for _, l := range m.Lessons {
			homes[l.Key] = i
		}
	}
	for _, l := range p.lessons(lessons) {
		home := &p.course.Modules[homes[l.Key]]
		home.Lessons = append(home.Lessons, l)
	}
	return p, nil
}

// lessonsAtOnce is how many lessons are asked for at a time.
const lessonsAtOnce = 100

// lessons reads the lessons of the draft in their order, as many at a time as the server answers.
func (c *Client) lessons(ctx context.Context, d *authorapi.DraftCourseDraft) ([]*draftLesson, error) {
	var keys []string
	for _, m := range d.Modules {
		for _, l := range m.Lessons {
			keys = append(keys, l.Key)
		}
	}
	var all []*draftLesson
	for some := range slices.Chunk(keys, lessonsAtOnce) {
		found, err := c.lessonsNamed(ctx, d, some)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// lessonsNamed reads the lessons with the keys: in halves when the server says that they are too much for one answer, which
// is all that can be wrong with the question.
func (c *Client) lessonsNamed(ctx context.Context, d *authorapi.DraftCourseDraft, keys []string) ([]*draftLesson, error) {
	answer, err := authorapi.DraftLessons(ctx, c.api, d.Slug, keys)
	if err != nil {
		err = told(err)
		if half := len(keys) / 2; half > 0 && fault.CodeOf(err) == fault.BadInput {
			one, err := c.lessonsNamed(ctx, d, keys[:half])
			if err != nil {
				return nil, err
			}
			other, err := c.lessonsNamed(ctx, d, keys[half:])
			return append(one, other...), err
		}
		return nil, err
	}
	if answer.CourseDraft == nil || answer.CourseDraft.Revision != d.Revision {
		return nil, fault.New(fault.Conflict, "Somebody changed the course while it was read. Try again.")
	}
	var found []*draftLesson
	for _, m := range answer.CourseDraft.Modules {
		found = append(found, m.Lessons...)
	}
	return found, nil
}

// lessons are the lessons as a folder has them. What texts name is placed first, so that it keeps its names.
func (p *pulled) lessons(drafts []*draftLesson) []course.Lesson {
	before := map[string]beginnings{}
	for _, l := range drafts {
		before[l.Key] = p.attached(l)
	}
	lessons := make([]course.Lesson, 0, len(drafts))
	for _, l := range drafts {
		lessons = append(lessons, p.lesson(l, before[l.Key]))
	}
	return lessons
}

// fetch gets a file from storage.
func (c *Client) fetch(ctx context.Context, url string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("prepare request: %w", err)
	}
	response, err := c.files.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask storage: %w", err)
	}
	return response, nil
}

func courseFrom(d *authorapi.DraftCourseDraft) *course.Course {
	c := &course.Course{
		Slug: d.Slug, Title: course.Line(d.Title), Summary: course.Line(d.Summary), Description: course.Block(d.Description),
		Language: d.Language,
		Level:    course.Level(d.Level), Visibility: course.Visibility(d.Visibility),
		Categories: emptied(d.Categories), Tags: lines(d.Tags, strings.ToLower), Certificate: d.HasCertificate,
		CertificateMonths: d.CertificateMonths, Prerequisites: emptied(d.Prerequisites),
	}
	c.Completion = policyFrom(d.Completion)
	if d.Price != nil {
		c.Price = &course.Price{Amount: d.Price.Amount, Currency: d.Price.Currency}
	}
	return c
}

type (
	draftLesson   = authorapi.DraftLessonsCourseDraftModulesModuleDraftLessonsLessonDraft
	draftQuiz     = authorapi.DraftLessonsCourseDraftModulesModuleDraftLessonsLessonDraftQuizQuizDraft
	draftQuestion = authorapi.DraftLessonsCourseDraftModulesModuleDraftLessonsLessonDraftQuizQuizDraftQuestionsQuestionDraft
)

// beginnings are what stands before the names of a lesson's attachments in their media paths, by name.
type beginnings map[string]string

// attached places the lesson's attachments.
func (p *pulled) attached(d *draftLesson) beginnings {
	before := beginnings{}
	for _, a := range d.Attachments {
		path := p.place(d.Key, a.Name, remoteFile{a.Asset.Sha256, text(a.Asset.Url)})
		before[a.Name] = strings.TrimSuffix(path, a.Name)
	}
	return before
}

// place returns the media path of a file of the lesson: its name, behind the lesson's key where another file has it.
func (p *pulled) place(lesson, name string, file remoteFile) string {
	for {
		path := course.MediaDir + "/" + name
		other, taken := p.files[path]
		if !taken || other.sum == file.sum {
			p.files[path] = file
			return path
		}
		name = lesson + "-" + name
	}
}

func (p *pulled) lesson(d *draftLesson, before beginnings) course.Lesson {
	l := course.Lesson{
		Key: d.Key, Title: course.Line(d.Title), Section: course.Line(d.Section), Kind: course.LessonKind(d.Kind),
		Required: d.Required, Preview: d.Preview, Completion: course.Block(d.Completion),
		Body: fromServer(textFrom(d.BodyFormat, d.Body), before),
	}
	file := ""
	if d.Asset != nil {
		file = p.place(d.Key, course.MediaName(d.Asset.FileName), remoteFile{d.Asset.Sha256, text(d.Asset.Url)})
	}
	switch l.Kind {
	case course.VideoLesson:
		l.Video = p.video(d, file)
	case course.FileLesson:
		l.File = file
	case course.LinkLesson:
		l.URL = d.Url
	case course.QuizLesson:
		l.Quiz = quizFrom(d.Quiz, before)
	case course.ArticleLesson:
	}
	return l
}

func (p *pulled) video(d *draftLesson, file string) *course.Video {
	v := &course.Video{File: file, URL: d.Url, Duration: time.Duration(d.DurationMs) * time.Millisecond}
	for _, c := range d.Captions {
		path := fmt.Sprintf("%s/captions/%s.%s.vtt", course.MediaDir, d.Key, c.Locale)
		p.captions[path] = c.Vtt
		v.Captions = append(v.Captions, course.Caption{Locale: c.Locale, Label: course.Line(c.Label), File: path})
	}
	return v
}

func quizFrom(d *draftQuiz, before beginnings) *course.Quiz {
	if d == nil {
		return nil
	}
	q := &course.Quiz{
		PassMark: d.PassMark, AttemptsAllowed: number(d.AttemptsAllowed), Draw: number(d.Draw), Shuffle: d.Shuffle,
		TimeLimit: time.Duration(number(d.TimeLimitSeconds)) * time.Second,
	}
	for _, question := range d.Questions {
		q.Questions = append(q.Questions, questionFrom(question, before))
	}
	return q
}

func questionFrom(d *draftQuestion, before beginnings) course.Question {
	format := course.Format(d.Format)
	in := func(source string) string {
		return fromServer(textFrom(d.Format, source), before).Source
	}
	q := course.Question{
		Key: d.Key, Kind: course.QuestionKind(d.Kind), Format: format, Prompt: in(d.Prompt), Points: d.Points,
		Explanation: in(d.Explanation),
	}
	for _, hint := range d.Hints {
		q.Hints = append(q.Hints, in(hint))
	}
	for _, c := range d.Choices {
		q.Choices = append(q.Choices, course.Choice{Key: c.Key, Text: in(c.Text), Correct: c.Correct, Feedback: in(c.Feedback)})
	}
	if d.Numeric != nil {
		n, ok := course.ParseNumber(d.Numeric.Answer)
		if !ok {
			n = course.Number{Interval: &course.Interval{
				Min: d.Numeric.Min, Max: d.Numeric.Max, ExcludeMin: d.Numeric.ExcludeMin, ExcludeMax: d.Numeric.ExcludeMax,
			}}
		}
		q.Number = &n
	}
	if d.Text != nil {
		as := strings.ToLower
		if d.Text.CaseSensitive {
			as = strings.Clone
		}
		q.Accepted = &course.Accepted{Answers: lines(d.Text.Accepted, as), CaseSensitive: d.Text.CaseSensitive}
	}
	return q
}

// textFrom is the text in the form that a folder has it in: the server keeps what editors send, blank lines at the end and
// all. So it is with other texts, by course.Line and course.Block.
func textFrom(format authorapi.TextFormat, source string) course.Text {
	if course.Format(format) == course.HTML {
		return course.HTMLText(source)
	}
	return course.MarkdownText(source)
}

// lines are the texts of one line each, of those that are read as the same the first.
func lines(texts []string, as func(string) string) []string {
	var all []string
	seen := map[string]bool{}
	for _, text := range texts {
		line := course.Line(text)
		if read := as(line); !seen[read] {
			seen[read] = true
			all = append(all, line)
		}
	}
	return all
}

func number(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// emptied makes an empty list an absent one, as a folder has it.
func emptied(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}

// ensure that what is pulled can be written.
var _ folder.Opener = (*pulled)(nil)
