package catalog

import (
	"time"

	"github.com/google/uuid"
)

// CoursePublished says that a version of a course came into force.
type CoursePublished struct {
	ID     uuid.UUID `json:"id"`
	Tenant uuid.UUID `json:"tenant_id"`
	At     time.Time `json:"at"`
	Course uuid.UUID `json:"course_id"`
	// Version is the id of the course version.
	Version uuid.UUID `json:"version_id"`
}

// Kind implements pg.Event.
func (CoursePublished) Kind() string { return "catalog.course_published" }

// CourseUnpublished says that a course left the catalog.
type CourseUnpublished struct {
	ID     uuid.UUID `json:"id"`
	Tenant uuid.UUID `json:"tenant_id"`
	At     time.Time `json:"at"`
	Course uuid.UUID `json:"course_id"`
}

// Kind implements pg.Event.
func (CourseUnpublished) Kind() string { return "catalog.course_unpublished" }
