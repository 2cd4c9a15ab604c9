// Package viewer says who is asking. Every context, policy and job reads it from the context.Context;
// nothing else carries identity.
package viewer

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Role is what a viewer may do inside its tenant.
type Role string

// The roles of the role matrix. Anonymous is a viewer who is not signed in: it has a tenant (from the
// host name) and sees what the tenant shows to the public.
const (
	Anonymous   Role = "ANONYMOUS"
	Learner     Role = "LEARNER"
	Instructor  Role = "INSTRUCTOR"
	TenantAdmin Role = "TENANT_ADMIN"
	Support     Role = "SUPPORT"
	// System is Lyceum itself: a job, or a command run by an operator. It acts inside one tenant.
	System Role = "SYSTEM"
)

// Values lists the roles that a user can be given, for the database schema.
func (Role) Values() []string {
	return []string{string(Learner), string(Instructor), string(TenantAdmin), string(Support)}
}

// Scope limits what an API key may do. A session has no scopes and is limited by its role alone.
type Scope string

// The scopes an API key can hold.
const (
	ScopeRead      Scope = "READ"      // any query its owner may run
	ScopeWrite     Scope = "WRITE"     // any mutation its owner may run
	ScopePersisted Scope = "PERSISTED" // persisted documents only: the analyst's key
)

// Viewer is one caller, in one tenant. The zero Viewer is nobody.
type Viewer struct {
	// Tenant is the only tenant this viewer can touch.
	Tenant uuid.UUID
	// User is the signed-in person, or uuid.Nil for Anonymous and System.
	User uuid.UUID
	Role Role
	// Session is the session that signed the request, or uuid.Nil.
	Session uuid.UUID
	// Rotation is how often that session's token had been replaced when it signed the request.
	Rotation int
	// APIKey is the key that signed the request, or uuid.Nil.
	APIKey uuid.UUID
	// Scopes are the API key's; nil for sessions.
	Scopes []Scope
	// School says that the tenant is a K-12 school, whose rules of privacy are stricter.
	School bool
	// Grant is the admin's leave that is in force for a Support viewer, or uuid.Nil.
	Grant uuid.UUID
	// Name tells System viewers apart in the audit log: the job kind or the command.
	Name string
}

// Of returns an anonymous viewer of the tenant.
func Of(tenant uuid.UUID) Viewer { return Viewer{Tenant: tenant, Role: Anonymous} }

// Job returns the viewer under which a job of the named kind works for the tenant.
func Job(tenant uuid.UUID, kind string) Viewer {
	return Viewer{Tenant: tenant, Role: System, Name: kind}
}

// Operator returns the viewer under which a command works for the tenant.
func Operator(tenant uuid.UUID, command string) Viewer {
	return Viewer{Tenant: tenant, Role: System, Name: "lyceum " + command}
}

// SignedIn reports whether a person or a key stands behind the viewer.
func (v Viewer) SignedIn() bool { return v.User != uuid.Nil }

// Is reports whether the viewer has one of the roles.
func (v Viewer) Is(roles ...Role) bool { return slices.Contains(roles, v.Role) }

// Staff reports whether the viewer runs the tenant's teaching: instructors, admins, and the system.
func (v Viewer) Staff() bool { return v.Is(Instructor, TenantAdmin, System) }

// Granted reports whether the viewer is support with a grant in force: without one support reads nothing but
// itself.
func (v Viewer) Granted() bool { return v.Is(Support) && v.Grant != uuid.Nil }

// Can reports whether the viewer's key, if it is one, holds the scope.
func (v Viewer) Can(s Scope) bool { return v.APIKey == uuid.Nil || slices.Contains(v.Scopes, s) }

// Initials is how a name is shown to those who are not to know it: "A. L." for "Ada Lovelace".
func Initials(name string) string {
	var letters []string
	for word := range strings.FieldsSeq(name) {
		first, _ := utf8.DecodeRuneInString(word)
		letters = append(letters, string(first)+".")
	}
	return strings.Join(letters, " ")
}

type (
	viewerKey      struct{}
	wholeTenantKey struct{}
	platformKey    struct{}
)

// With puts the viewer into the context. Whatever an earlier viewer was allowed beyond its role is over:
// WholeTenant and AsPlatform are dropped.
func With(ctx context.Context, v Viewer) context.Context {
	if SeesWholeTenant(ctx) {
		ctx = context.WithValue(ctx, wholeTenantKey{}, false)
	}
	if IsPlatform(ctx) {
		ctx = context.WithValue(ctx, platformKey{}, false)
	}
	return context.WithValue(ctx, viewerKey{}, v)
}

// From returns the viewer of the context, and whether there is one that belongs to a tenant.
func From(ctx context.Context) (Viewer, bool) {
	v, ok := ctx.Value(viewerKey{}).(Viewer)
	return v, ok && v.Tenant != uuid.Nil
}

// Tenant returns the tenant of the context's viewer, or uuid.Nil.
func Tenant(ctx context.Context) uuid.UUID {
	v, _ := From(ctx)
	return v.Tenant
}

// WholeTenant lifts the rules of roles and of own rows for one read that needs all rows of the viewer's
// tenant, such as counting the taken seats, or grading an attempt. It cannot widen beyond the tenant: tenant
// isolation does not ask for it. Writing it does not widen at all.
func WholeTenant(ctx context.Context) context.Context {
	return context.WithValue(ctx, wholeTenantKey{}, true)
}

// SeesWholeTenant reports whether WholeTenant is in force.
func SeesWholeTenant(ctx context.Context) bool {
	whole, _ := ctx.Value(wholeTenantKey{}).(bool)
	return whole
}

// AsPlatform marks the context as work of the platform itself, outside every tenant: finding platform
// staff and their sessions. It opens the platform's own tables and no tenant's.
func AsPlatform(ctx context.Context) context.Context {
	return context.WithValue(ctx, platformKey{}, true)
}

// IsPlatform reports whether AsPlatform is in force.
func IsPlatform(ctx context.Context) bool {
	platform, _ := ctx.Value(platformKey{}).(bool)
	return platform
}
