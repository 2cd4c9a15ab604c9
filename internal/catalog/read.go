package catalog

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqljson"
	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/courseversion"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/predicate"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// Order is how the catalog is sorted.
type Order string

// The orders of the catalog: the newest publication first, or by title.
const (
	Newest  Order = "NEWEST"
	ByTitle Order = "TITLE"
)

// Filter narrows the catalog. Zero fields do not narrow.
type Filter struct {
	// Category is a category's slug.
	Category string
	Tag      string
	// Language is a BCP 47 tag; "en" also finds "en-GB".
	Language string
	Level    outline.Level
	// Free narrows to free courses, or to priced ones; nil to neither.
	Free *bool
}

// normal returns the filter with the language in canonical form, or a BadInput fault.
func (f Filter) normal() (Filter, error) {
	var c input.Checker
	c.Line("filter.category", f.Category, 0, input.MaxKey)
	c.Line("filter.tag", f.Tag, 0, maxTag)
	if f.Language != "" {
		f.Language = checkLanguage(&c, "filter.language", f.Language)
	}
	return f, c.Err()
}

// listed are the publications that the filter leaves and that a list may show at all. What the viewer's
// role hides is the policy's matter.
func (s *Service) listed(f Filter) *ent.PublicationQuery {
	query := s.DB.Publication.Query().Where(publication.VisibilityNEQ(outline.Unlisted))
	if f.Category != "" {
		query.Where(holds(publication.FieldCategories, f.Category))
	}
	if f.Tag != "" {
		query.Where(holds(publication.FieldTags, f.Tag))
	}
	if f.Language != "" {
		query.Where(publication.Or(publication.Language(f.Language), publication.LanguageHasPrefix(f.Language+"-")))
	}
	if f.Level != "" {
		query.Where(publication.LevelEQ(f.Level))
	}
	switch {
	case f.Free == nil:
	case *f.Free:
		query.Where(publication.PriceAmount(0))
	default:
		query.Where(publication.PriceAmountGT(0))
	}
	return query
}

// holds says that a list of strings in a JSON column holds the value.
func holds(column, value string) func(*sql.Selector) {
	return func(q *sql.Selector) { q.Where(sqljson.ValueContains(q.C(column), value)) }
}

// Courses returns a page of the catalog: published courses that the viewer may see, without the unlisted
// ones. It costs two statements, whatever the page's size.
func (s *Service) Courses(ctx context.Context, request page.Request, f Filter, order Order) (page.Page[*Course], error) {
	var none page.Page[*Course]
	f, err := f.normal()
	if err != nil {
		return none, err
	}
	query, name := s.listed(f), orderName(order, f)
	if err := sorted(query, request, order, name); err != nil {
		return none, err
	}
	rows, err := query.Limit(request.Limit()).All(ctx)
	if err != nil {
		return none, fmt.Errorf("list courses: %w", err)
	}
	cut := page.Of(rows, request, name, func(p *ent.Publication) []any { return position(p, order) })
	courses, err := s.inForce(ctx, cut.Rows)
	if err != nil {
		return none, err
	}
	return page.Page[*Course]{Rows: courses, Cursors: cut.Cursors, HasNext: cut.HasNext, HasPrevious: cut.HasPrevious}, nil
}

// orderName binds cursors to the order and the filter.
func orderName(order Order, f Filter) string {
	free := "any"
	if f.Free != nil {
		free = strconv.FormatBool(*f.Free)
	}
	return fmt.Sprintf("courses %s %q %q %s %s %s", order, f.Category, f.Tag, f.Language, f.Level, free)
}

// position is where a publication stands in the order.
func position(p *ent.Publication, order Order) []any {
	if order == ByTitle {
		return []any{p.Title, p.ID}
	}
	return []any{p.PublishedAt, p.ID}
}

// sorted puts the query into the order, behind the request's cursor.
func sorted(query *ent.PublicationQuery, request page.Request, order Order, name string) error {
	var id uuid.UUID
	if order == ByTitle {
		var title string
		further, err := request.Position(name, &title, &id)
		if further {
			query.Where(func(q *sql.Selector) {
				q.Where(sql.CompositeGT([]string{q.C(publication.FieldTitle), q.C(publication.FieldID)}, title, id))
			})
		}
		query.Order(publication.ByTitle(), publication.ByID())
		return wrap("read cursor", err)
	}
	var at time.Time
	further, err := request.Position(name, &at, &id)
	if further {
		query.Where(func(q *sql.Selector) {
			q.Where(sql.CompositeLT([]string{q.C(publication.FieldPublishedAt), q.C(publication.FieldID)}, at, id))
		})
	}
	query.Order(publication.ByPublishedAt(sql.OrderDesc()), publication.ByID(sql.OrderDesc()))
	return wrap("read cursor", err)
}

// Count returns how many courses the catalog has under the filter, for this viewer.
func (s *Service) Count(ctx context.Context, f Filter) (int, error) {
	f, err := f.normal()
	if err != nil {
		return 0, err
	}
	n, err := s.listed(f).Count(ctx)
	return n, wrap("count courses", err)
}

// Versions returns the versions with these ids, in any order. It is the one place that reads what a
// version holds: a version never changes, so it may be kept for ever.
func (s *Service) Versions(ctx context.Context, ids []uuid.UUID) ([]*Course, error) {
	if s.Kept == nil {
		return s.readVersions(ctx, ids)
	}
	// What is kept is for those alone who may read it: the policy is asked as if it were read.
	if err := courseversion.Policy.EvalQuery(ctx, s.DB.CourseVersion.Query()); err != nil {
		return nil, fmt.Errorf("read versions: %w", err)
	}
	// What is found is kept for everybody, and so is that there is no such version: a standby may not have it yet.
	return s.Kept.versions(pg.Fresh(ctx), ids, s.readVersions)
}

func (s *Service) readVersions(ctx context.Context, ids []uuid.UUID) ([]*Course, error) {
	rows, err := s.DB.CourseVersion.Query().Where(courseversion.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read versions: %w", err)
	}
	courses := make([]*Course, len(rows))
	for i, row := range rows {
		courses[i] = compiledCourse(row)
	}
	return courses, nil
}

// Publications returns the pointers of those of the courses that are published and that the viewer may
// see, listed or not.
func (s *Service) Publications(ctx context.Context, courses []uuid.UUID) ([]*ent.Publication, error) {
	rows, err := s.DB.Publication.Query().Where(publication.CourseIDIn(courses...)).All(ctx)
	return rows, wrap("find publications", err)
}

// inForce returns the courses that the publications point at, in their order.
func (s *Service) inForce(ctx context.Context, publications []*ent.Publication) ([]*Course, error) {
	if len(publications) == 0 {
		return []*Course{}, nil
	}
	ids := make([]uuid.UUID, len(publications))
	for i, p := range publications {
		ids[i] = p.VersionID
	}
	versions, err := s.Versions(ctx, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[uuid.UUID]*Course, len(versions))
	for _, v := range versions {
		found[v.ID] = v
	}
	courses := make([]*Course, len(publications))
	for i, p := range publications {
		if courses[i] = found[p.VersionID]; courses[i] == nil {
			return nil, fmt.Errorf("publication %s points at no version", p.ID)
		}
	}
	return courses, nil
}

// Course returns the published course with the id, listed or not, in the version in force. The error is a
// NotFound fault when there is none that the viewer may see.
func (s *Service) Course(ctx context.Context, id uuid.UUID) (*Course, error) {
	return s.one(ctx, publication.CourseID(id))
}

// CourseBySlug is Course by slug.
func (s *Service) CourseBySlug(ctx context.Context, slug string) (*Course, error) {
	return s.one(ctx, publication.Slug(slug))
}

func (s *Service) one(ctx context.Context, which predicate.Publication) (*Course, error) {
	pointer, err := s.DB.Publication.Query().Where(which).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, noCourse()
	} else if err != nil {
		return nil, fmt.Errorf("find publication: %w", err)
	}
	courses, err := s.inForce(ctx, []*ent.Publication{pointer})
	if err != nil {
		return nil, err
	}
	return courses[0], nil
}

// Lesson returns one lesson of a course, in the version that the viewer's enrollment pins, else in the one
// in force. The error is a NotFound fault.
func (s *Service) Lesson(ctx context.Context, courseID, lessonID uuid.UUID) (*Lesson, error) {
	course, err := s.courseFor(ctx, courseID)
	if err != nil {
		return nil, err
	}
	if l := course.Lesson(lessonID); l != nil {
		return l, nil
	}
	return nil, fault.New(fault.NotFound, "The course has no such lesson.")
}

// courseFor is the course in the version that the viewer learns from.
func (s *Service) courseFor(ctx context.Context, id uuid.UUID) (*Course, error) {
	pinned, err := s.pinned(ctx, []uuid.UUID{id})
	if err != nil {
		return nil, err
	}
	version, enrolled := pinned[id]
	if !enrolled {
		return s.Course(ctx, id)
	}
	versions, err := s.Versions(ctx, []uuid.UUID{version})
	if err != nil {
		return nil, err
	}
	if len(versions) == 0 {
		return nil, noCourse()
	}
	return versions[0], nil
}

// pinned maps those of the courses in which the viewer has a place to the version that the place pins.
func (s *Service) pinned(ctx context.Context, courses []uuid.UUID) (map[uuid.UUID]uuid.UUID, error) {
	v, _ := viewer.From(ctx)
	if !v.SignedIn() {
		return map[uuid.UUID]uuid.UUID{}, nil
	}
	// Staff see everybody's places, and learn from their own like others.
	rows, err := s.DB.Enrollment.Query().
		Where(
			enrollment.LearnerID(v.User),
			enrollment.CourseIDIn(courses...),
			enrollment.StateIn(enrollment.StateACTIVE, enrollment.StateCOMPLETED),
		).
		Select(enrollment.FieldCourseID, enrollment.FieldVersionID).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find enrollments: %w", err)
	}
	pins := make(map[uuid.UUID]uuid.UUID, len(rows))
	for _, row := range rows {
		pins[row.CourseID] = row.VersionID
	}
	return pins, nil
}
