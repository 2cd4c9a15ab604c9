package enrollment

import (
	"context"
	"fmt"
	"strconv"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	entcourse "lyceum/internal/gen/ent/course"
	"lyceum/internal/gen/ent/courseprogress"
	"lyceum/internal/gen/ent/courseversion"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentmigration"
	"lyceum/internal/gen/ent/lessonversion"
	"lyceum/internal/gen/ent/predicate"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// maxMapped is how many lessons one migration maps.
const maxMapped = 200

// Migration says which places of a course move to the version in force, and what becomes of their evidence.
type Migration struct {
	Course uuid.UUID
	// Places is NOT_STARTED for those without evidence, NOT_COMPLETED for all that are not completed.
	Places enrollmentmigration.Places
	// Mapping leads from lessons that the version does not have to those whose evidence theirs becomes, one to one.
	Mapping map[uuid.UUID]uuid.UUID
}

// StartMigration moves places of the course to the version in force, by a job that hears of it. Faults: Forbidden for
// learners; NotFound for a course that is not published; Conflict while another migration of the course runs; BadInput for
// a mapping that cannot be.
func (s *Service) StartMigration(ctx context.Context, m Migration) (*ent.EnrollmentMigration, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	who, err := policy.Signed(ctx)
	if err != nil {
		return nil, err
	}
	var made *ent.EnrollmentMigration
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		d, err := openDesk(ctx, tx, m.Course)
		if err != nil {
			return err
		}
		made, err = d.startMigration(ctx, who, m)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("start migration: %w", err)
	}
	return made, nil
}

func (d *desk) startMigration(ctx context.Context, who viewer.Viewer, m Migration) (*ent.EnrollmentMigration, error) {
	offer, err := offered(ctx, d.tx, m.Course)
	if err != nil {
		return nil, err
	}
	running, err := d.tx.EnrollmentMigration.Query().
		Where(enrollmentmigration.CourseID(m.Course), enrollmentmigration.StateEQ(enrollmentmigration.StateRUNNING)).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("find migrations: %w", err)
	}
	if running {
		return nil, fault.New(fault.Conflict, "The places of this course are moving already; wait until they have.")
	}
	if err := d.checkMapping(ctx, m.Mapping, offer.VersionID); err != nil {
		return nil, err
	}
	total, err := d.tx.Enrollment.Query().Where(behind(m.Course, offer.Number, m.Places)...).Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count places to move: %w", err)
	}
	made, err := d.tx.EnrollmentMigration.Create().
		SetCourseID(m.Course).SetVersionID(offer.VersionID).SetNumber(offer.Number).SetMapping(m.Mapping).SetPlaces(m.Places).SetStartedBy(who.User).
		SetTotal(total).SetReachedID(uuid.Nil).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("keep migration: %w", err)
	}
	entry := pg.Entry{Action: "enrollment.migration_started", Subject: gid.New(ent.GIDCourse, m.Course).String(), Data: map[string]string{
		"version": strconv.Itoa(offer.Number), "places": m.Places.String(), "total": strconv.Itoa(total), "mapped": strconv.Itoa(len(m.Mapping)),
	}}
	if err := d.tx.Record(ctx, entry); err != nil {
		return nil, fmt.Errorf("record migration: %w", err)
	}
	err = d.tx.Enqueue(ctx, MigrationStarted{
		ID: uuid.Must(uuid.NewV7()), Tenant: made.TenantID, At: d.now, Migration: made.ID, Course: made.CourseID,
	})
	if err != nil {
		return nil, fmt.Errorf("announce migration: %w", err)
	}
	return made, nil
}

// checkMapping refuses what does not lead, one to one, from lessons that the course had to lessons of the same kind that
// the version has: as NotFound for lessons that no version ever had.
func (d *desk) checkMapping(ctx context.Context, mapping map[uuid.UUID]uuid.UUID, version uuid.UUID) error {
	var c input.Checker
	c.Count("mapping", len(mapping), maxMapped)
	if err := c.Err(); err != nil || len(mapping) == 0 {
		return err
	}
	rows, err := d.tx.LessonVersion.Query().Where(lessonversion.CourseID(d.course)).
		Select(lessonversion.FieldLessonID, lessonversion.FieldVersionID, lessonversion.FieldKind).All(ctx)
	if err != nil {
		return fmt.Errorf("read lessons: %w", err)
	}
	here, ever := map[uuid.UUID]*ent.LessonVersion{}, map[uuid.UUID]*ent.LessonVersion{}
	for _, row := range rows {
		ever[row.LessonID] = row
		if row.VersionID == version {
			here[row.LessonID] = row
		}
	}
	taken := map[uuid.UUID]bool{}
	for from, to := range mapping {
		if ever[from] == nil || ever[to] == nil {
			return fault.New(fault.NotFound, "There is no such lesson.")
		}
		c.Check(here[from] == nil, "mapping", "A lesson that is mapped was in an older version, and is not in the one in force.")
		c.Check(here[to] != nil, "mapping", "A lesson that is mapped to is in the version in force.")
		c.Check(ever[from].Kind == ever[to].Kind, "mapping", "Lessons are mapped to others of their kind.")
		c.Check(!taken[to], "mapping", "No two lessons are mapped to the same one.")
		taken[to] = true
	}
	return c.Err()
}

// behind are the course's places in versions below the number that are not completed: pins move forward alone, and
// what is completed stays as it was.
func behind(course uuid.UUID, number int, which enrollmentmigration.Places) []predicate.Enrollment {
	older := func(s *sql.Selector) {
		versions := sql.Table(courseversion.Table)
		s.Where(sql.In(s.C(enrollment.FieldVersionID), sql.Select(versions.C(courseversion.FieldID)).From(versions).Where(sql.And(
			sql.ColumnsEQ(versions.C(courseversion.FieldTenantID), s.C(enrollment.FieldTenantID)),
			sql.EQ(versions.C(courseversion.FieldCourseID), course), sql.LT(versions.C(courseversion.FieldNumber), number),
		))))
	}
	through := func(s *sql.Selector) {
		begun := sql.Table(courseprogress.Table)
		of := sql.Select(begun.C(courseprogress.FieldID)).From(begun).Where(sql.And(
			sql.ColumnsEQ(begun.C(courseprogress.FieldTenantID), s.C(enrollment.FieldTenantID)),
			sql.ColumnsEQ(begun.C(courseprogress.FieldEnrollmentID), s.C(enrollment.FieldID)),
		))
		if which == enrollmentmigration.PlacesNOT_COMPLETED {
			of.Where(sql.NotNull(begun.C(courseprogress.FieldCompletedAt)))
		}
		s.Where(sql.Not(sql.Exists(of)))
	}
	return []predicate.Enrollment{enrollment.CourseID(course), enrollment.StateNEQ(completed), older, through}
}

// MigrationOf returns the newest migration of the course, nil when there was none. Faults: Forbidden for learners; NotFound.
func (s *Service) MigrationOf(ctx context.Context, course uuid.UUID) (*ent.EnrollmentMigration, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	known, err := s.DB.Course.Query().Where(entcourse.ID(course)).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("find course: %w", err)
	}
	if !known {
		return nil, errNoCourse()
	}
	found, err := s.DB.EnrollmentMigration.Query().Where(enrollmentmigration.CourseID(course)).
		Order(enrollmentmigration.ByID(sql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // there was none
	} else if err != nil {
		return nil, fmt.Errorf("find migration: %w", err)
	}
	return found, nil
}
