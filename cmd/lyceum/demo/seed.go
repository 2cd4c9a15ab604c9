package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"lyceum/docs/operations"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/staff"
	"lyceum/internal/gen/ent/supportgrant"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/pg"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

// command is the name under which the audit log shows what is done here without a person.
const command = "demo"

// Services are what the demo asks of the stack.
type Services struct {
	Provisioner *tenancy.Provisioner
	Tenancy     *tenancy.Service
	DB          *pg.DB
	// Origin is the public address of a tenant by its slug: "http://acme.localhost:8080".
	Origin func(slug string) string
	// Base is the domain that tenants are subdomains of.
	Base string
	// Open starts API and workers on this machine and returns where the API listens. It is called at most
	// once, when something is missing that only they can make; stop is called before Seed returns.
	Open func(ctx context.Context) (addr string, stop func(context.Context) error, err error)
	Log  *slog.Logger
}

// Seed makes what is missing of the demo: tenants, people, courses, and what learners have done in them. A
// second run finds nothing to do, and a run that was cut short is taken up where it ended. What visitors
// have changed since stays changed.
func Seed(ctx context.Context, s Services) error {
	known, err := s.Provisioner.Tenants(ctx)
	if err != nil {
		return err
	}
	documents, err := operations.Load()
	if err != nil {
		return fmt.Errorf("load documents: %w", err)
	}
	if err := s.hire(ctx); err != nil {
		return err
	}
	var rooms []*room
	for _, t := range Tenants() {
		r := &room{Services: s, Tenant: t, id: known[t.Slug], documents: documents, tokens: map[string]string{}}
		if err := r.settle(ctx); err != nil {
			return fmt.Errorf("demo tenant %s: %w", t.Slug, err)
		}
		rooms = append(rooms, r)
	}
	return fill(ctx, s, rooms)
}

// hire adds the member of the platform's staff.
func (s Services) hire(ctx context.Context) error {
	there, err := s.DB.Staff.Query().Where(staff.Email(StaffEmail)).Exist(viewer.AsPlatform(ctx))
	if err != nil {
		return fmt.Errorf("look for platform staff: %w", err)
	}
	if there {
		return nil
	}
	return s.Provisioner.CreateStaff(ctx, StaffEmail, staffName, Password)
}

// fill brings in what comes through the API, which is opened only when there is anything to do.
func fill(ctx context.Context, s Services, rooms []*room) (err error) {
	for _, r := range rooms {
		if err := r.look(ctx); err != nil {
			return fmt.Errorf("demo tenant %s: %w", r.Slug, err)
		}
	}
	if !slices.ContainsFunc(rooms, func(r *room) bool { return r.unfurnished() }) {
		return nil
	}
	addr, stop, err := s.Open(ctx)
	if err != nil {
		return fmt.Errorf("open the API for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, stop(context.WithoutCancel(ctx))) }()
	transport := Through(addr, s.Base)
	defer transport.CloseIdleConnections()
	for _, r := range rooms {
		r.http = &http.Client{Transport: transport}
		if err := r.furnish(ctx); err != nil {
			return fmt.Errorf("demo tenant %s: %w", r.Slug, err)
		}
	}
	return nil
}

// room is one tenant while it is being filled.
type room struct {
	Services
	Tenant

	id        uuid.UUID
	documents *operations.Documents
	http      *http.Client
	// tokens are those of the people who have signed in, by mailbox.
	tokens map[string]string
	// missing are the courses that were never published, undone the studies that have not come as far as
	// they should.
	missing []string
	undone  []study
	// closed says that no grant lets the support people in, pathless that the learning path was never made, groupless that
	// the group was not.
	closed, pathless, groupless bool
}

// unfurnished reports whether there is anything to do through the API.
func (r *room) unfurnished() bool {
	return len(r.missing) > 0 || len(r.undone) > 0 || r.closed || r.pathless || r.groupless
}

// settle makes the tenant and its people.
func (r *room) settle(ctx context.Context) error {
	if r.id == uuid.Nil {
		if err := r.found(ctx); err != nil {
			return err
		}
	}
	ctx = r.operator(ctx)
	there, err := r.DB.User.Query().Select(user.FieldEmail).All(ctx)
	if err != nil {
		return fmt.Errorf("list people: %w", err)
	}
	for _, p := range r.People {
		email := r.Email(p.Mailbox)
		if slices.ContainsFunc(there, func(u *ent.User) bool { return u.Email == email }) {
			continue
		}
		if _, err := r.Tenancy.CreateUser(ctx, tenancy.NewUser{Email: email, Name: p.Name, Role: p.Role, Password: Password}); err != nil {
			return err
		}
	}
	return nil
}

// found makes the tenant with its admin.
func (r *room) found(ctx context.Context) (err error) {
	admin := r.People[0]
	r.id, err = r.Provisioner.Create(ctx, tenancy.NewTenant{
		Slug: r.Slug, Name: r.Name, Kind: r.Kind, Locale: r.Locale, Branding: r.Brand,
		Admin: tenancy.NewUser{Email: r.Email(admin.Mailbox), Name: admin.Name, Password: Password},
	})
	if err != nil {
		return err
	}
	r.Log.InfoContext(ctx, "demo tenant made", "tenant", r.Slug, "name", r.Name)
	return nil
}

// operator is the context in which the demo itself looks at the tenant.
func (r *room) operator(ctx context.Context) context.Context {
	return viewer.With(ctx, viewer.Operator(r.id, command))
}

// look finds out what has to be done.
func (r *room) look(ctx context.Context) error {
	ctx = r.operator(ctx)
	if err := r.lookForCourses(ctx); err != nil {
		return err
	}
	if err := r.lookForPath(ctx); err != nil {
		return err
	}
	if err := r.lookForGroup(ctx); err != nil {
		return err
	}
	for _, s := range r.studies {
		done, err := r.isDone(ctx, s)
		if err != nil {
			return err
		}
		if !done {
			r.undone = append(r.undone, s)
		}
	}
	open, err := r.DB.SupportGrant.Query().
		Where(supportgrant.RevokedAtIsNil(), supportgrant.ExpiresAtGT(time.Now())).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for a support grant: %w", err)
	}
	r.closed = !open
	return nil
}

// furnish does it.
func (r *room) furnish(ctx context.Context) error {
	for _, slug := range r.missing {
		if err := r.publish(ctx, slug); err != nil {
			return fmt.Errorf("course %s: %w", slug, err)
		}
	}
	if err := r.offerPath(ctx); err != nil {
		return err
	}
	if err := r.gather(ctx); err != nil {
		return err
	}
	for _, s := range r.undone {
		if err := r.learn(ctx, s); err != nil {
			return fmt.Errorf("%s in course %s: %w", s.learner, s.course, err)
		}
	}
	return r.letSupportIn(ctx)
}

// letSupportIn has the admin grant support for as long as a grant lasts, so that the demo's support people have
// something to look at.
func (r *room) letSupportIn(ctx context.Context) error {
	if !r.closed {
		return nil
	}
	admin, err := r.as(ctx, Admin)
	if err != nil {
		return err
	}
	variables := map[string]any{"reason": "To look around in the demo.", "minutes": 240}
	if err := admin.run(ctx, r.documents.Text("grant-support"), variables, &struct{}{}); err != nil {
		return fmt.Errorf("grant support: %w", err)
	}
	return nil
}

// as returns a caller who is signed in. Signing in goes past the API, whose limit on tries is meant for
// people at the door.
func (r *room) as(ctx context.Context, mailbox string) (caller, error) {
	if r.tokens[mailbox] == "" {
		opened, err := SignIn(ctx, r.Tenancy, r.id, r.Email(mailbox))
		if err != nil {
			return caller{}, err
		}
		r.tokens[mailbox] = opened.Token
	}
	return caller{http: r.http, origin: r.Origin(r.Slug), token: r.tokens[mailbox]}, nil
}

// SignIn opens a session with the demo's password. Everybody comes from a place of their own, so that the
// limit on tries from one address holds nobody up, and takes nothing from the visitors' allowance.
func SignIn(ctx context.Context, sessions *tenancy.Service, tenant uuid.UUID, email string) (*tenancy.Opened, error) {
	from := tenancy.Origin{IP: command + " " + email, UserAgent: "lyceum " + command}
	opened, err := sessions.SignIn(ctx, tenant, email, Password, from)
	if err != nil {
		return nil, fmt.Errorf("sign %s in: %w", email, err)
	}
	return opened, nil
}
