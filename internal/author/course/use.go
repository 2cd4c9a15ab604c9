package course

import "slices"

// MediaPaths returns the media paths that the course uses, sorted, each once.
func (c *Course) MediaPaths() []string {
	used := map[string]bool{}
	for _, use := range c.MediaUses() {
		used[use.File] = true
	}
	paths := make([]string, 0, len(used))
	for path := range used {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// MediaUse is a place that needs a file.
type MediaUse struct {
	// Path, Text and Offset are those of a Finding.
	Path   string
	Text   string
	Offset int
	// File is the media path.
	File string
}

// MediaUses returns every place of the course that names a media path, in the order of its fields.
func (c *Course) MediaUses() []MediaUse {
	u := &uses{}
	u.text("description", textOf(Markdown, c.Description))
	for i, m := range c.Modules {
		for j, l := range m.Lessons {
			u.lesson(at("modules", i, "lessons", j), l)
		}
	}
	return u.found
}

// uses collects the media paths that a course names.
type uses struct{ found []MediaUse }

func (u *uses) file(path, file string) {
	if file != "" {
		u.found = append(u.found, MediaUse{Path: path, File: file})
	}
}

func (u *uses) text(path string, t Text) {
	for _, link := range t.Links() {
		if file := MediaPath(link.Target); file != "" {
			u.found = append(u.found, MediaUse{Path: path, Text: t.Source, Offset: link.Offset, File: file})
		}
	}
}

func (u *uses) lesson(path string, l Lesson) {
	u.text(at(path, "body"), l.Body)
	u.file(at(path, "file"), l.File)
	if l.Video != nil {
		u.file(at(path, "video.file"), l.Video.File)
		for i, c := range l.Video.Captions {
			u.file(at(path, "video.captions", i, "file"), c.File)
		}
	}
	if l.Quiz == nil {
		return
	}
	for i, q := range l.Quiz.Questions {
		u.question(at(path, "quiz.questions", i), q)
	}
}

func (u *uses) question(path string, q Question) {
	u.text(at(path, "prompt"), textOf(q.Format, q.Prompt))
	for i, c := range q.Choices {
		u.text(at(path, "choices", i, "text"), textOf(q.Format, c.Text))
		u.text(at(path, "choices", i, "feedback"), textOf(q.Format, c.Feedback))
	}
	u.text(at(path, "explanation"), textOf(q.Format, q.Explanation))
	for i, hint := range q.Hints {
		u.text(at(path, "hints", i), textOf(q.Format, hint))
	}
}
