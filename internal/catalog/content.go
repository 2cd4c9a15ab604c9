package catalog

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/lessonversion"
	"lyceum/internal/viewer"
)

// LessonRef names a lesson in one version of a course.
type LessonRef struct {
	Version, Course, Lesson uuid.UUID
	// Preview lessons are open to everybody who sees the course.
	Preview bool
}

// Ref names the lesson.
func (l *Lesson) Ref() LessonRef {
	return LessonRef{Version: l.Course.ID, Course: l.Course.CourseID, Lesson: l.ID, Preview: l.Preview}
}

// Content is what there is to learn in a lesson, for somebody who may.
type Content struct {
	// HTML is sanitised; addresses of files in it are signed and short-lived.
	HTML     string
	Captions []outline.Caption
	// URL is the address of a link, or of a video that lies elsewhere.
	URL string
	// File is the video or file; nil when the lesson has none.
	File *Address
}

// Contents opens the lessons that the viewer may learn from: staff all, who is enrolled the lessons of the
// version that is pinned, everybody the previews of courses that they see. For each lesson there is a
// content or an error; Forbidden says to enroll, Unauthenticated to sign in. It costs at most five
// statements, however many lessons there are.
func (s *Service) Contents(ctx context.Context, refs []LessonRef) ([]*Content, []error) {
	contents, errs := make([]*Content, len(refs)), make([]error, len(refs))
	open, err := s.open(ctx, refs)
	if err == nil {
		err = s.read(ctx, refs, open, contents)
	}
	v, _ := viewer.From(ctx)
	for i, ref := range refs {
		switch {
		case err != nil:
			errs[i] = err
		case !open[ref] && !v.SignedIn():
			errs[i] = fault.New(fault.Unauthenticated, "Sign in and enroll to open this lesson.")
		case !open[ref]:
			errs[i] = fault.New(fault.Forbidden, "Enroll to open this lesson.")
		case contents[i] == nil:
			errs[i] = fault.New(fault.NotFound, "There is no such lesson.")
		}
	}
	return contents, errs
}

// open decides which of the lessons the viewer may learn from.
func (s *Service) open(ctx context.Context, refs []LessonRef) (map[LessonRef]bool, error) {
	open := make(map[LessonRef]bool, len(refs))
	if v, _ := viewer.From(ctx); v.Staff() || v.Is(viewer.Support) {
		for _, ref := range refs {
			open[ref] = true
		}
		return open, nil
	}
	if err := s.openPinned(ctx, refs, open); err != nil {
		return nil, err
	}
	return open, s.openPreviews(ctx, refs, open)
}

// openPinned opens what the viewer's own places give. A place gives a lesson in every version when it
// gives it in the one that it pins.
func (s *Service) openPinned(ctx context.Context, refs []LessonRef, open map[LessonRef]bool) error {
	pins, err := s.pinned(ctx, distinct(refs, func(r LessonRef) uuid.UUID { return r.Course }))
	if err != nil {
		return err
	}
	var elsewhere []LessonRef
	for _, ref := range refs {
		pin, enrolled := pins[ref.Course]
		switch {
		case enrolled && pin == ref.Version:
			open[ref] = true
		case enrolled:
			elsewhere = append(elsewhere, ref)
		}
	}
	if len(elsewhere) == 0 {
		return nil
	}
	// Lesson versions are hidden from learners; that these exist is all that is asked.
	rows, err := s.DB.LessonVersion.Query().
		Where(
			lessonversion.VersionIDIn(slices.Collect(maps.Values(pins))...),
			lessonversion.LessonIDIn(distinct(elsewhere, func(r LessonRef) uuid.UUID { return r.Lesson })...),
		).
		Select(lessonversion.FieldVersionID, lessonversion.FieldLessonID).
		All(viewer.WholeTenant(ctx))
	if err != nil {
		return fmt.Errorf("look into pinned versions: %w", err)
	}
	for _, ref := range elsewhere {
		open[ref] = slices.ContainsFunc(rows, func(row *ent.LessonVersion) bool {
			return row.VersionID == pins[ref.Course] && row.LessonID == ref.Lesson
		})
	}
	return nil
}

// openPreviews opens previews of published courses that the viewer sees.
func (s *Service) openPreviews(ctx context.Context, refs []LessonRef, open map[LessonRef]bool) error {
	previews := slices.DeleteFunc(slices.Clone(refs), func(r LessonRef) bool { return open[r] || !r.Preview })
	if len(previews) == 0 {
		return nil
	}
	seen, err := s.Publications(ctx, distinct(previews, func(r LessonRef) uuid.UUID { return r.Course }))
	if err != nil {
		return err
	}
	for _, ref := range previews {
		open[ref] = slices.ContainsFunc(seen, func(p *ent.Publication) bool { return p.CourseID == ref.Course })
	}
	return nil
}

func distinct(refs []LessonRef, id func(LessonRef) uuid.UUID) []uuid.UUID {
	ids := make(map[uuid.UUID]bool, len(refs))
	for _, ref := range refs {
		ids[id(ref)] = true
	}
	return slices.Collect(maps.Keys(ids))
}

// read fills in the contents of the open lessons, with all addresses signed at once.
func (s *Service) read(ctx context.Context, refs []LessonRef, open map[LessonRef]bool, contents []*Content) error {
	opened := slices.DeleteFunc(slices.Clone(refs), func(r LessonRef) bool { return !open[r] })
	if len(opened) == 0 {
		return nil
	}
	// Learners come through the rule above, not through the policy.
	rows, err := s.DB.LessonVersion.Query().
		Where(
			lessonversion.VersionIDIn(distinct(opened, func(r LessonRef) uuid.UUID { return r.Version })...),
			lessonversion.LessonIDIn(distinct(opened, func(r LessonRef) uuid.UUID { return r.Lesson })...),
		).
		All(viewer.WholeTenant(ctx))
	if err != nil {
		return fmt.Errorf("read lessons: %w", err)
	}
	addresses, err := s.addresses(ctx, rows)
	if err != nil {
		return err
	}
	for i, ref := range refs {
		for _, row := range rows {
			if open[ref] && row.VersionID == ref.Version && row.LessonID == ref.Lesson {
				contents[i] = contentOf(row, addresses)
			}
		}
	}
	return nil
}

func contentOf(row *ent.LessonVersion, addresses map[uuid.UUID]Address) *Content {
	c := &Content{HTML: linked(row.BodyHTML, row.Assets, addresses), Captions: row.Captions, URL: row.URL}
	if row.AssetID != nil {
		if address, ok := addresses[*row.AssetID]; ok {
			c.File = &address
		}
	}
	return c
}

// linked puts signed addresses in the place of names.
func linked(html string, files map[string]uuid.UUID, addresses map[uuid.UUID]Address) string {
	return outline.LinkFiles(html, func(name string) (string, bool) {
		address, ok := addresses[files[name]]
		return address.URL, ok
	})
}

// addresses signs every file that the lessons link to or consist of.
func (s *Service) addresses(ctx context.Context, rows []*ent.LessonVersion) (map[uuid.UUID]Address, error) {
	ids := map[uuid.UUID]bool{}
	for _, row := range rows {
		if row.AssetID != nil {
			ids[*row.AssetID] = true
		}
		for _, id := range row.Assets {
			ids[id] = true
		}
	}
	if len(ids) == 0 {
		return map[uuid.UUID]Address{}, nil
	}
	addresses, err := s.Files.Addresses(ctx, slices.Collect(maps.Keys(ids)))
	return addresses, wrap("sign addresses", err)
}
