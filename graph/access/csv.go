package access

import (
	"encoding/csv"
	"fmt"
	"io"

	"github.com/google/uuid"

	"lyceum/internal/viewer"
)

// Column is a kind of caller in the matrix.
type Column struct {
	Name   string
	Viewer viewer.Viewer
}

// Columns are the callers of the matrix: each is somebody signed in, except the first. Keys are an admin's.
func Columns() []Column {
	tenant, user := uuid.Max, uuid.Max
	as := func(role viewer.Role) viewer.Viewer {
		return viewer.Viewer{Tenant: tenant, User: user, Role: role, Session: uuid.Max}
	}
	key := func(scope viewer.Scope) viewer.Viewer {
		return viewer.Viewer{Tenant: tenant, User: user, Role: viewer.TenantAdmin, APIKey: uuid.Max, Scopes: []viewer.Scope{scope}}
	}
	helping := as(viewer.Support)
	helping.Grant = uuid.Max
	return []Column{
		{"anonymous", viewer.Of(tenant)},
		{"learner", as(viewer.Learner)},
		{"instructor", as(viewer.Instructor)},
		{"tenant admin", as(viewer.TenantAdmin)},
		{"support without grant", as(viewer.Support)},
		{"support with grant", helping},
		{"key READ", key(viewer.ScopeRead)},
		{"key WRITE", key(viewer.ScopeWrite)},
		{"key PERSISTED", key(viewer.ScopePersisted)},
	}
}

// Cell is what a caller meets at a field of something that is not their own: "allow", or the code.
func (m *Matrix) Cell(field Field, v viewer.Viewer) string {
	a := Access{Matrix: m}
	if refused := a.refusal(v, field, nil); refused != nil {
		return string(refused.Code)
	}
	return Allow
}

// Allow is the cell of a caller who may.
const Allow = "allow"

// notes stand above the table.
var notes = []string{
	"Who may select which field, from @access in schema.graphql. Generated: run make generate.",
	"A cell is what a caller meets at a field: allow, or the code of the refusal. Behind allow, scope and policies say which rows there are.",
	"scope: SELF the viewer's own; COURSE a learner's own, staff those of the tenant; TENANT what the tenant shows to the role; PLATFORM asked before a tenant is known.",
	"k12: in a school, STAFF_ONLY is refused to all but instructors and admins, and MASKED shows initials to them.",
	"Keys are those of a tenant admin; a PERSISTED key runs persisted documents only.",
	"SuperAdmin is platform staff, who sign in on the admin listener. GraphQL knows no such role: no tenant's data is theirs here.",
}

// Write writes the matrix as CSV, with comments that begin with "#".
func (m *Matrix) Write(w io.Writer) error {
	for _, note := range notes {
		if _, err := fmt.Fprintln(w, "# "+note); err != nil {
			return fmt.Errorf("write access matrix: %w", err)
		}
	}
	table := csv.NewWriter(w)
	header := []string{"field", "scope", "support", "k12"}
	for _, column := range Columns() {
		header = append(header, column.Name)
	}
	rows := [][]string{header}
	for _, field := range m.fields {
		rule := m.Rules[field]
		row := []string{field.String(), string(rule.Scope), string(rule.Support), string(rule.K12)}
		for _, column := range Columns() {
			row = append(row, m.Cell(field, column.Viewer))
		}
		rows = append(rows, row)
	}
	if err := table.WriteAll(rows); err != nil {
		return fmt.Errorf("write access matrix: %w", err)
	}
	return nil
}
