package demo

import (
	"errors"
	"io/fs"
	"slices"
	"testing"

	"lyceum/internal/author/course"
	"lyceum/internal/fault"
	"lyceum/internal/platform/auth"
	"lyceum/internal/viewer"
)

func TestCoursesReadWithoutMistakes(t *testing.T) {
	t.Parallel()
	for _, tenant := range Tenants() {
		for _, slug := range tenant.Courses {
			t.Run(slug, func(t *testing.T) {
				t.Parallel()
				checkCourse(t, readCourse(t, tenant.Slug, slug))
			})
		}
	}
}

// readCourse returns an embedded course and fails on every mistake in it.
func readCourse(t *testing.T, tenant, slug string) *course.Course {
	t.Helper()
	f, remove, err := open(t.Context(), tenant, slug)
	if err != nil {
		t.Fatalf("read: %v", mistakes(err))
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if err := remove(); err != nil {
			t.Error(err)
		}
	}()
	if len(f.Unused) > 0 {
		t.Errorf("no lesson uses %v", f.Unused)
	}
	if f.Course.Slug != slug {
		t.Errorf("slug is %q", f.Course.Slug)
	}
	return f.Course
}

func mistakes(err error) any {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Violations
	}
	return err
}

// checkCourse holds a course to what every demo course is to show.
func checkCourse(t *testing.T, c *course.Course) {
	t.Helper()
	lessons, questions := map[course.LessonKind]int{}, map[course.QuestionKind]int{}
	previews := 0
	for _, m := range c.Modules {
		for _, l := range m.Lessons {
			lessons[l.Kind]++
			if l.Preview {
				previews++
			}
			if l.Quiz == nil {
				continue
			}
			for _, q := range l.Quiz.Questions {
				questions[q.Kind]++
				if q.Explanation == "" {
					t.Errorf("question %s of lesson %s explains nothing", q.Key, l.Key)
				}
			}
		}
	}
	if previews != 1 {
		t.Errorf("%d lessons can be previewed, want 1", previews)
	}
	for _, kind := range []course.LessonKind{course.ArticleLesson, course.QuizLesson, course.LinkLesson} {
		if lessons[kind] == 0 {
			t.Errorf("there is no lesson of kind %s", kind)
		}
	}
	for _, kind := range []course.QuestionKind{course.SingleChoice, course.MultipleChoice, course.Numeric, course.ShortText} {
		if questions[kind] == 0 {
			t.Errorf("there is no question of kind %s", kind)
		}
	}
	if !c.Certificate || c.Price != nil || len(c.Categories) == 0 || len(c.Tags) == 0 || c.Summary == "" || c.Description == "" {
		t.Error("the course is not free with a certificate, a category, tags, a summary and a description")
	}
}

func TestCoursesAsAWhole(t *testing.T) {
	t.Parallel()
	languages, films := map[string]int{}, 0
	for _, tenant := range Tenants() {
		for i, slug := range tenant.Courses {
			c := readCourse(t, tenant.Slug, slug)
			languages[c.Language]++
			for _, required := range c.Prerequisites {
				if !slices.Contains(tenant.Courses[:i], required) {
					t.Errorf("%s asks for %s, which does not come before it", slug, required)
				}
			}
			films += filmsWithCaptions(c)
		}
	}
	if languages["en"] < 2 || languages["de"] < 2 || films < 3 {
		t.Errorf("languages %v and %d films with captions in two languages, want two of en and de and 3 films", languages, films)
	}
}

func filmsWithCaptions(c *course.Course) int {
	films := 0
	for _, m := range c.Modules {
		for _, l := range m.Lessons {
			if l.Video != nil && l.Video.File != "" && l.Video.Duration > 0 && len(l.Video.Captions) >= 2 {
				films++
			}
		}
	}
	return films
}

func TestMediaIsSmall(t *testing.T) {
	t.Parallel()
	const most, mostFile = 2 << 20, 400 << 10
	var total int64
	err := fs.WalkDir(courses, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		total += info.Size()
		if info.Size() > mostFile {
			t.Errorf("%s has %d bytes", path, info.Size())
		}
		return nil
	})
	if err != nil || total > most {
		t.Errorf("the courses have %d bytes, want at most %d; err %v", total, most, err)
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	if err := auth.CheckPassword("password", Password); err != nil {
		t.Errorf("the demo's password: %v", err)
	}
	want := map[string]viewer.Role{
		Admin: viewer.TenantAdmin, Instructor: viewer.Instructor, Learner: viewer.Learner, Support: viewer.Support,
	}
	for _, tenant := range Tenants() {
		roles := map[string]viewer.Role{}
		for _, p := range tenant.People {
			roles[p.Mailbox] = p.Role
		}
		for mailbox, role := range want {
			if roles[mailbox] != role {
				t.Errorf("%s is %q, want %q", tenant.Email(mailbox), roles[mailbox], role)
			}
		}
		if tenant.People[0].Mailbox != Admin {
			t.Errorf("the first of %s is %s, want the admin", tenant.Slug, tenant.People[0].Mailbox)
		}
		for _, s := range tenant.studies {
			if roles[s.learner] != viewer.Learner || !slices.Contains(tenant.Courses, s.course) {
				t.Errorf("%s has no learner %s or no course %s", tenant.Slug, s.learner, s.course)
			}
		}
	}
}
