package pathway

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/course"
	"lyceum/internal/gen/ent/learningpath"
	"lyceum/internal/gen/ent/pathcourse"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

const (
	// maxPaths bounds what a tenant defines, maxCourses what one path consists of: who gets on to it is given places in
	// all of them in one transaction.
	maxPaths   = 1000
	maxCourses = 30
	maxTitle   = 300
	// maxDescription is in bytes.
	maxDescription = 8 << 10
	maxDueDays     = 3650
)

// Part is one course of a path, as its author lists it.
type Part struct {
	Course uuid.UUID
	// Required is whether it counts towards completing the path.
	Required bool
}

// Definition is a path as its author writes it.
type Definition struct {
	// Slug names it for good.
	Slug, Title string
	// Description is plain text.
	Description string
	// Courses are in their order.
	Courses []Part
	// Need and Count say how many of the required courses complete it.
	Need  outline.Need
	Count int
	// Ordered opens a course when the required ones before it are completed.
	Ordered bool
	// SelfEnroll lets learners get on by themselves.
	SelfEnroll bool
	Visibility outline.Visibility
	// DueDays is after how many days it is due, unless somebody says otherwise; nil for never.
	DueDays *int
	// ExpectedRevision is the revision that was edited, 0 for a path that is not there yet; nil does not ask.
	ExpectedRevision *int
}

// required is how many of the courses count.
func (d Definition) required() int {
	n := 0
	for _, part := range d.Courses {
		if part.Required {
			n++
		}
	}
	return n
}

func (d Definition) check() error {
	var c input.Checker
	c.Key("slug", d.Slug)
	c.Line("title", d.Title, 1, maxTitle)
	c.Text("description", d.Description, maxDescription)
	c.Count("courses", len(d.Courses), maxCourses)
	seen := map[uuid.UUID]bool{}
	for i, part := range d.Courses {
		c.Check(!seen[part.Course], input.Path("courses", i, "courseId"), "This course is in the list twice.")
		seen[part.Course] = true
	}
	if d.DueDays != nil {
		c.Between("dueDays", *d.DueDays, 1, maxDueDays)
	}
	if d.Need == outline.NeedAtLeast {
		c.Check(d.Count >= 1 && d.Count <= d.required(), "count", "Write a whole number from 1 to how many courses are required.")
	} else {
		c.Check(d.Count == 0, "count", "Only AT_LEAST has a count.")
	}
	return c.Err()
}

// Save adds the path as a draft, or changes the one with its slug. A change of one that is published holds at once: learners
// who are on it get what is new, and keep what they were given; nobody who has completed it loses that. Faults:
// Unauthenticated and Forbidden; BadInput; NotFound for a course; Conflict for another revision, for too many paths, and for
// a published path that would require nothing.
func (s *Service) Save(ctx context.Context, d Definition) (*ent.LearningPath, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	var saved *ent.LearningPath
	err := s.settle(ctx, func(tx *pg.Tx) error {
		path, err := tx.LearningPath.Query().Where(learningpath.Slug(d.Slug)).ForUpdate().Only(ctx)
		switch {
		case ent.IsNotFound(err):
			saved, err = add(ctx, tx, d)
		case err != nil:
			return fmt.Errorf("find learning path: %w", err)
		default:
			saved, err = change(ctx, tx, path, d)
		}
		if err != nil {
			return err
		}
		if err := putCourses(ctx, tx, saved, d.Courses); err != nil {
			return err
		}
		return edited(ctx, tx, "pathway.saved", saved)
	})
	if err != nil {
		return nil, fmt.Errorf("save learning path: %w", err)
	}
	return saved, nil
}

func add(ctx context.Context, tx *pg.Tx, d Definition) (*ent.LearningPath, error) {
	if err := atRevision(d.ExpectedRevision, 0); err != nil {
		return nil, err
	}
	n, err := tx.LearningPath.Query().Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count learning paths: %w", err)
	}
	if n >= maxPaths {
		return nil, fault.Newf(fault.Conflict, "There are %d learning paths already.", n)
	}
	create := tx.LearningPath.Create().SetSlug(d.Slug)
	d.put(create.Mutation())
	path, err := create.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("add learning path: %w", err)
	}
	return path, nil
}

func change(ctx context.Context, tx *pg.Tx, path *ent.LearningPath, d Definition) (*ent.LearningPath, error) {
	if err := atRevision(d.ExpectedRevision, path.Revision); err != nil {
		return nil, err
	}
	if path.State == learningpath.StatePUBLISHED && d.required() == 0 {
		return nil, errRequiresNothing()
	}
	update := tx.LearningPath.UpdateOne(path).AddRevision(1)
	d.put(update.Mutation())
	if d.DueDays == nil {
		update.ClearDueDays()
	}
	changed, err := update.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("change learning path: %w", err)
	}
	return changed, nil
}

// put writes the path's own fields.
func (d Definition) put(m *ent.LearningPathMutation) {
	m.SetTitle(strings.TrimSpace(d.Title))
	m.SetDescription(d.Description)
	m.SetNeed(d.Need)
	m.SetNeedCount(d.Count)
	m.SetOrdered(d.Ordered)
	m.SetSelfEnroll(d.SelfEnroll)
	m.SetVisibility(d.Visibility)
	if d.DueDays != nil {
		m.SetDueDays(*d.DueDays)
	}
}

// putCourses replaces what the path consists of.
func putCourses(ctx context.Context, tx *pg.Tx, path *ent.LearningPath, parts []Part) error {
	ids := make([]uuid.UUID, len(parts))
	for i, part := range parts {
		ids[i] = part.Course
	}
	known, err := tx.Course.Query().Where(course.IDIn(ids...)).Count(ctx)
	if err != nil {
		return fmt.Errorf("find courses: %w", err)
	}
	if known != len(ids) {
		return fault.New(fault.NotFound, "There is no such course.")
	}
	if _, err := tx.PathCourse.Delete().Where(pathcourse.PathID(path.ID)).Exec(ctx); err != nil {
		return fmt.Errorf("remove courses: %w", err)
	}
	if len(parts) == 0 {
		return nil
	}
	fresh := make([]*ent.PathCourseCreate, len(parts))
	for i, part := range parts {
		fresh[i] = tx.PathCourse.Create().SetPathID(path.ID).SetCourseID(part.Course).SetPosition(i).SetRequired(part.Required)
	}
	if err := tx.PathCourse.CreateBulk(fresh...).Exec(ctx); err != nil {
		return fmt.Errorf("add courses: %w", err)
	}
	return nil
}

// Publish offers the path to learners. One that is offered already stays so. Faults: Unauthenticated and Forbidden; NotFound;
// Conflict when it requires nothing, or one of its courses is not published.
func (s *Service) Publish(ctx context.Context, id uuid.UUID) (*ent.LearningPath, error) {
	return s.turn(ctx, id, learningpath.StatePUBLISHED, "pathway.published", func(tx *pg.Tx, path *ent.LearningPath) error {
		return publishable(ctx, tx, path)
	})
}

// Archive takes the path out of the lists, and lets nobody else on to it. Who is on it goes on. Faults: Unauthenticated and
// Forbidden; NotFound.
func (s *Service) Archive(ctx context.Context, id uuid.UUID) (*ent.LearningPath, error) {
	return s.turn(ctx, id, learningpath.StateARCHIVED, "pathway.archived", func(*pg.Tx, *ent.LearningPath) error { return nil })
}

// turn brings the path into the state.
func (s *Service) turn(
	ctx context.Context, id uuid.UUID, to learningpath.State, action string, check func(tx *pg.Tx, path *ent.LearningPath) error,
) (*ent.LearningPath, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	var path *ent.LearningPath
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		found, err := tx.LearningPath.Query().Where(learningpath.ID(id)).ForUpdate().Only(ctx)
		if ent.IsNotFound(err) {
			return errNoPath()
		} else if err != nil {
			return fmt.Errorf("find learning path: %w", err)
		}
		if path = found; path.State == to {
			return nil
		}
		if err := check(tx, path); err != nil {
			return err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		update := tx.LearningPath.UpdateOne(path).SetState(to).AddRevision(1)
		if to == learningpath.StatePUBLISHED && path.PublishedAt == nil {
			update.SetPublishedAt(now)
		}
		if path, err = update.Save(ctx); err != nil {
			return fmt.Errorf("turn learning path: %w", err)
		}
		return edited(ctx, tx, action, path)
	})
	if err != nil {
		return nil, fmt.Errorf("turn learning path %s: %w", to, err)
	}
	return path, nil
}

// publishable refuses a path that nobody could complete.
func publishable(ctx context.Context, tx *pg.Tx, path *ent.LearningPath) error {
	parts, err := tx.PathCourse.Query().Where(pathcourse.PathID(path.ID)).All(ctx)
	if err != nil {
		return fmt.Errorf("read courses of learning path: %w", err)
	}
	required, ids := 0, make([]uuid.UUID, len(parts))
	for i, part := range parts {
		ids[i] = part.CourseID
		if part.Required {
			required++
		}
	}
	if required == 0 {
		return errRequiresNothing()
	}
	offers, err := tx.Publication.Query().Where(publication.CourseIDIn(ids...)).Count(ctx)
	if err != nil {
		return fmt.Errorf("count published courses: %w", err)
	}
	if offers < len(ids) {
		return fault.Newf(fault.Conflict, "%d of its courses are not published; publish them first, or leave them out.", len(ids)-offers)
	}
	return nil
}

func errRequiresNothing() error {
	return fault.New(fault.Conflict, "A learning path that is published requires a course at least.")
}

// atRevision refuses an edit of another revision than the author has seen.
func atRevision(expected *int, is int) error {
	if expected != nil && *expected != is {
		return fault.Newf(fault.Conflict, "The learning path is at revision %d, not %d; read it again.", is, *expected)
	}
	return nil
}

// edited keeps a record of what an author did, and has learners on the path follow it.
func edited(ctx context.Context, tx *pg.Tx, action string, path *ent.LearningPath) error {
	err := tx.Record(ctx, pg.Entry{
		Action: action, Subject: path.GlobalID().String(),
		Data: map[string]string{"slug": path.Slug, "revision": strconv.Itoa(path.Revision), "state": path.State.String()},
	})
	if err != nil || path.State == learningpath.StateDRAFT {
		return err
	}
	return tx.Enqueue(ctx, PathChanged{ID: uuid.Must(uuid.NewV7()), Tenant: path.TenantID, At: time.Now().UTC(), Path: path.ID})
}
