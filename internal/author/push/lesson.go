// Package push carries courses between a folder and the server, through the public API: push, pull, and the
// difference between the two. Whatever has not changed is not sent.
package push

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"time"

	"lyceum/internal/author/caption"
	"lyceum/internal/author/course"
	"lyceum/internal/gen/authorapi"
)

// assetScheme begins the address of a file in texts on the server: "asset:" and its media path without
// "media/".
const assetScheme = "asset:"

// maxCaptionFile bounds a caption file, in bytes.
const maxCaptionFile = 4 << 20

// digests are the SHA-256 in hex of media files, by path.
type digests map[string]string

// lessonInput is the lesson as the API takes it. Where the API wants the id of an asset it has the digest
// of the file: push replaces it, and equal lessons have equal inputs on both sides.
func lessonInput(module string, l course.Lesson, files digests, open func(path string) (io.ReadCloser, error)) (*authorapi.SaveLessonInput, error) {
	body := toServer(l.Body)
	in := &authorapi.SaveLessonInput{
		ModuleKey: module, Key: l.Key, Title: l.Title, Kind: authorapi.LessonKind(l.Kind),
		Section: &l.Section, Required: &l.Required, Preview: &l.Preview,
		Body: &body.Source, BodyFormat: format(body.Format),
		Attachments: attachments(l, files),
	}
	in.Completion = ruleInput(l.Completion)
	if l.URL != "" {
		in.Url = &l.URL
	}
	if l.File != "" {
		in.AssetId = digestOf(files, l.File)
	}
	if l.Video != nil {
		if err := addVideo(in, l.Video, files, open); err != nil {
			return nil, err
		}
	}
	if l.Quiz != nil {
		in.Quiz = quizInput(l.Quiz)
	}
	return in, nil
}

func addVideo(in *authorapi.SaveLessonInput, v *course.Video, files digests, open func(path string) (io.ReadCloser, error)) error {
	if v.File != "" {
		in.AssetId = digestOf(files, v.File)
	}
	if v.URL != "" {
		in.Url = &v.URL
	}
	if ms := int(v.Duration / time.Millisecond); ms > 0 {
		in.DurationMs = &ms
	}
	for _, c := range v.Captions {
		vtt, err := readCaption(c.File, open)
		if err != nil {
			return err
		}
		in.Captions = append(in.Captions, &authorapi.CaptionInput{Locale: c.Locale, Label: &c.Label, Vtt: vtt})
	}
	return nil
}

// readCaption reads a caption file, in either notation, as the WebVTT that the server keeps.
func readCaption(file string, open func(path string) (io.ReadCloser, error)) (vtt string, err error) {
	reader, err := open(file)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	data, err := io.ReadAll(io.LimitReader(reader, maxCaptionFile))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	track, err := caption.Parse(data)
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return string(track.VTT()), nil
}

func quizInput(q *course.Quiz) *authorapi.QuizInput {
	in := &authorapi.QuizInput{
		PassMark: q.PassMark, Shuffle: &q.Shuffle,
		AttemptsAllowed: positive(q.AttemptsAllowed), TimeLimitSeconds: positive(int(q.TimeLimit / time.Second)), Draw: positive(q.Draw),
		Questions: []*authorapi.QuestionInput{},
	}
	for _, question := range q.Questions {
		in.Questions = append(in.Questions, questionInput(question))
	}
	return in
}

func questionInput(q course.Question) *authorapi.QuestionInput {
	text := func(source string) string { return toServer(course.Text{Format: q.Format, Source: source}).Source }
	explanation := text(q.Explanation)
	in := &authorapi.QuestionInput{
		Key: q.Key, Kind: authorapi.QuestionKind(q.Kind), Prompt: text(q.Prompt), Format: format(q.Format),
		Points: &q.Points, Explanation: &explanation,
	}
	for _, hint := range q.Hints {
		in.Hints = append(in.Hints, text(hint))
	}
	for _, choice := range q.Choices {
		feedback := text(choice.Feedback)
		in.Choices = append(in.Choices, &authorapi.ChoiceInput{
			Key: choice.Key, Text: text(choice.Text), Correct: &choice.Correct, Feedback: &feedback,
		})
	}
	if q.Number != nil {
		bounds := q.Number.Bounds()
		in.Numeric = &authorapi.NumericKeyInput{
			Answer: q.Number.String(), Min: bounds.Min, Max: bounds.Max,
			ExcludeMin: &bounds.ExcludeMin, ExcludeMax: &bounds.ExcludeMax,
		}
	}
	if q.Accepted != nil {
		in.Text = &authorapi.TextKeyInput{Accepted: q.Accepted.Answers, CaseSensitive: &q.Accepted.CaseSensitive}
	}
	return in
}

// attachments are the files that the lesson's texts link to, each once, by the name the server's texts use.
func attachments(l course.Lesson, files digests) []*authorapi.AttachmentInput {
	// A course of this lesson's texts alone knows which files they use; the lesson's own file is no
	// attachment.
	texts := l
	texts.File, texts.Video = "", nil
	one := course.Course{Modules: []course.Module{{Lessons: []course.Lesson{texts}}}}
	var all []*authorapi.AttachmentInput
	for _, file := range one.MediaPaths() {
		all = append(all, &authorapi.AttachmentInput{Name: strings.TrimPrefix(file, course.MediaDir+"/"), AssetId: files[file]})
	}
	return all
}

// toServer writes links to media the way the server reads them: media/a.png becomes asset:a.png.
func toServer(t course.Text) course.Text {
	return relink(t, course.MediaDir+"/", func(string) string { return assetScheme })
}

// fromServer is the way back. The media paths of attachments begin as before says, and those of other names with "media/".
func fromServer(t course.Text, before beginnings) course.Text {
	const usual = course.MediaDir + "/"
	return relink(t, assetScheme, func(rest string) string {
		name := strings.TrimPrefix(course.MediaPath(usual+rest), usual)
		return cmp.Or(before[name], usual)
	})
}

// relink replaces the beginning of every address that has it, and nothing else in the text: not what only reads like one,
// and not the same words inside an address that leads elsewhere. To is told the rest of the address, decoded as the text's
// reader understands it.
func relink(t course.Text, from string, to func(rest string) string) course.Text {
	pieces := strings.Split(t.Source, from)
	if len(pieces) == 1 {
		return t
	}
	// Each place where it stands gets a name, which is read as it is read because it ends with the same sign. Names that
	// links begin with stand where it is to be replaced.
	word, sign := unusedIn(t.Source), from[len(from)-1:]
	name := func(i int) string { return word + strconv.Itoa(i) }
	named := course.Text{Format: t.Format, Source: joined(pieces, func(i int) string { return name(i) + sign })}
	rests := map[string]string{}
	for _, link := range named.Links() {
		beginning, rest, _ := strings.Cut(link.Target, sign)
		rests[beginning] = rest
	}
	t.Source = joined(pieces, func(i int) string {
		if rest, isLink := rests[name(i)]; isLink {
			return to(rest)
		}
		return from
	})
	return t
}

// unusedIn returns a word that stands nowhere in the text.
func unusedIn(text string) string {
	word := "relink"
	for strings.Contains(text, word) {
		word += "k"
	}
	return word
}

// joined is the pieces with something between each two: what between says of the place, counted from 0.
func joined(pieces []string, between func(i int) string) string {
	var b strings.Builder
	for i, piece := range pieces {
		if i > 0 {
			b.WriteString(between(i - 1))
		}
		b.WriteString(piece)
	}
	return b.String()
}

func format(f course.Format) *authorapi.TextFormat {
	as := authorapi.TextFormatMarkdown
	if f == course.HTML {
		as = authorapi.TextFormatHtml
	}
	return &as
}

func digestOf(files digests, file string) *string {
	digest := files[path.Clean(file)]
	return &digest
}

func positive(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}
