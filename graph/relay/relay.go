// Package relay has the shapes of Relay connections: one generic page, and a named type for each
// connection of the schema.
package relay

import (
	"lyceum/internal/catalog"
	"lyceum/internal/engagement"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/page"
	"lyceum/internal/tenancy"
)

// Node is anything with a global id.
type Node interface{ GlobalID() gid.ID }

// Edge is one node and its place.
type Edge[T any] struct {
	Cursor string
	Node   T
}

// PageInfo says where a page lies in its connection.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

// Page is one page of a connection.
type Page[T any] struct {
	Edges    []Edge[T]
	PageInfo PageInfo
}

// Nodes returns the nodes without their places.
func (p *Page[T]) Nodes() []T {
	nodes := make([]T, len(p.Edges))
	for i, e := range p.Edges {
		nodes[i] = e.Node
	}
	return nodes
}

// From gives a page of rows the shape of a connection.
func From[T any](p page.Page[T]) Page[T] {
	edges := make([]Edge[T], len(p.Rows))
	for i, row := range p.Rows {
		edges[i] = Edge[T]{Cursor: p.Cursors[i], Node: row}
	}
	info := PageInfo{HasNextPage: p.HasNext, HasPreviousPage: p.HasPrevious}
	if n := len(edges); n > 0 {
		info.StartCursor, info.EndCursor = &edges[0].Cursor, &edges[n-1].Cursor
	}
	return Page[T]{Edges: edges, PageInfo: info}
}

// The connections and edges of schema.graphql.
type (
	// CourseConnection pages through the catalog.
	CourseConnection struct {
		Page[*catalog.Course]
		// Filter is what totalCount counts by, only when it is asked for.
		Filter catalog.Filter
	}
	// CourseEdge is one course of the catalog.
	CourseEdge = Edge[*catalog.Course]

	// CourseDraftConnection pages through drafts.
	CourseDraftConnection struct{ Page[*ent.Course] }
	// CourseDraftEdge is one draft.
	CourseDraftEdge = Edge[*ent.Course]

	// UserConnection pages through the tenant's people.
	UserConnection struct{ Page[*ent.User] }
	// UserEdge is one person.
	UserEdge = Edge[*ent.User]

	// GroupConnection pages through groups of people.
	GroupConnection struct{ Page[*ent.Group] }
	// GroupEdge is one group.
	GroupEdge = Edge[*ent.Group]

	// GroupMemberConnection pages through those who are in a group.
	GroupMemberConnection struct{ Page[*tenancy.Member] }
	// GroupMemberEdge is one of them.
	GroupMemberEdge = Edge[*tenancy.Member]

	// CaptionRevisionConnection pages through what was done to a film's captions.
	CaptionRevisionConnection struct{ Page[*ent.CaptionRevision] }
	// CaptionRevisionEdge is one edit.
	CaptionRevisionEdge = Edge[*ent.CaptionRevision]

	// SupportGrantConnection pages through what support was let in for.
	SupportGrantConnection struct{ Page[*ent.SupportGrant] }
	// SupportGrantEdge is one grant.
	SupportGrantEdge = Edge[*ent.SupportGrant]

	// LearningPathConnection pages through learning paths.
	LearningPathConnection struct{ Page[*ent.LearningPath] }
	// LearningPathEdge is one learning path.
	LearningPathEdge = Edge[*ent.LearningPath]

	// PathEnrollmentConnection pages through places on learning paths.
	PathEnrollmentConnection struct{ Page[*ent.PathEnrollment] }
	// PathEnrollmentEdge is one place on a learning path.
	PathEnrollmentEdge = Edge[*ent.PathEnrollment]

	// EnrollmentConnection pages through enrollments.
	EnrollmentConnection struct{ Page[*ent.Enrollment] }
	// EnrollmentEdge is one enrollment.
	EnrollmentEdge = Edge[*ent.Enrollment]

	// NotificationConnection pages through an inbox.
	NotificationConnection struct{ Page[*ent.Notification] }
	// NotificationEdge is one notification.
	NotificationEdge = Edge[*ent.Notification]

	// LeaderboardConnection pages through those who have points.
	LeaderboardConnection struct {
		Page[*engagement.Row]
		// Self is where the viewer stands, nil without points.
		Self   *engagement.Standing
		Hidden bool
	}
	// LeaderboardEdge is one line of a leaderboard.
	LeaderboardEdge = Edge[*engagement.Row]

	// AuditConnection pages through the audit log.
	AuditConnection struct{ Page[*ent.AuditEntry] }
	// AuditEdge is one entry of the audit log.
	AuditEdge = Edge[*ent.AuditEntry]
)
