package demo

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/certificate"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/pg"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
	"lyceum/web"
)

// Attack lets the admin of one tenant go after what belongs to another, with every means that an insider
// or a careless developer has. It is safe to use by several goroutines at once: they take turns.
type Attack struct {
	Tenancy   *tenancy.Service
	Directory *tenancy.Directory
	DB        *pg.DB
	// Origin is the public address of a tenant by its slug.
	Origin func(slug string) string
	// Transport reaches those addresses.
	Transport http.RoundTripper
	// Victim and Intruder are slugs.
	Victim, Intruder string

	turn   sync.Mutex
	tokens map[string]string
}

// Run tries everything once and reports what came of it, in the order in which it was tried. What the
// intruder must not get, the owner gets in the same run; else the attempt is void. The error says that an
// attempt could not be made at all.
func (a *Attack) Run(ctx context.Context) ([]web.Attempt, error) {
	a.turn.Lock()
	defer a.turn.Unlock()
	r, err := a.prepare(ctx)
	if err != nil {
		return nil, err
	}
	var attempts []web.Attempt
	for _, try := range breakIns() {
		tried, err := try(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("attack %s: %w", a.Victim, err)
		}
		attempts = append(attempts, tried...)
	}
	return attempts, nil
}

// raid is one run: who attacks whom, and what there is to be had.
type raid struct {
	db *pg.DB
	// victim and intruder are slugs, owner and thief the tenants' admins at the API.
	victim, intruder string
	owner, thief     caller
	// ofVictim and ofIntruder are the tenants' ids.
	ofVictim, ofIntruder uuid.UUID
	// ownerID and thiefID are those admins as users.
	ownerID, thiefID uuid.UUID
	bait             bait
}

// bait is something of the victim's of each kind.
type bait struct {
	certificate *ent.Certificate
	learner     *ent.User
	// file is the key of a file in storage.
	file string
}

func (b bait) course() string { return gid.New(ent.GIDCourse, b.certificate.CourseID).String() }

func (b bait) enrollment() string {
	return gid.New(ent.GIDEnrollment, b.certificate.EnrollmentID).String()
}

// secrets are words that stand in what is the victim's and nowhere else.
func (b bait) secrets() []string {
	return []string{b.certificate.CourseTitle, b.learner.Name, b.learner.Email}
}

func (a *Attack) prepare(ctx context.Context) (*raid, error) {
	victim, err := a.Directory.BySlug(ctx, a.Victim)
	if err != nil {
		return nil, err
	}
	intruder, err := a.Directory.BySlug(ctx, a.Intruder)
	if err != nil {
		return nil, err
	}
	r := &raid{db: a.DB, victim: a.Victim, intruder: a.Intruder, ofVictim: victim.Tenant, ofIntruder: intruder.Tenant}
	if r.owner, r.ownerID, err = a.admin(ctx, victim); err != nil {
		return nil, err
	}
	if r.thief, r.thiefID, err = a.admin(ctx, intruder); err != nil {
		return nil, err
	}
	r.bait, err = r.lay(as(ctx, r.ofVictim))
	return r, err
}

// as returns the context of work for a tenant.
func as(ctx context.Context, tenant uuid.UUID) context.Context {
	return viewer.With(ctx, viewer.Operator(tenant, command+" attack"))
}

// admin returns the tenant's admin at the API. Tokens are kept from run to run, as long as they are good.
func (a *Attack) admin(ctx context.Context, of tenancy.Place) (caller, uuid.UUID, error) {
	c := caller{http: &http.Client{Transport: a.Transport}, origin: a.Origin(of.Slug), token: a.tokens[of.Slug]}
	if v, err := a.Tenancy.Authenticate(ctx, c.token); err == nil {
		return c, v.User, nil
	}
	opened, err := SignIn(ctx, a.Tenancy, of.Tenant, Admin+"@"+of.Slug+".example")
	if err != nil {
		return caller{}, uuid.Nil, err
	}
	if a.tokens == nil {
		a.tokens = map[string]string{}
	}
	a.tokens[of.Slug], c.token = opened.Token, opened.Token
	return c, opened.User.ID, nil
}

// lay chooses what to go after.
func (r *raid) lay(ctx context.Context) (b bait, err error) {
	b.certificate, err = r.db.Certificate.Query().Order(certificate.ByID()).First(ctx)
	if err != nil {
		return bait{}, r.nothing(err)
	}
	b.learner, err = r.db.User.Get(ctx, b.certificate.LearnerID)
	if err != nil {
		return bait{}, r.nothing(err)
	}
	file, err := r.db.Asset.Query().Where(asset.StatusEQ(asset.StatusREADY)).Order(asset.ByID()).First(ctx)
	if err != nil {
		return bait{}, r.nothing(err)
	}
	b.file = file.BlobKey
	return b, nil
}

func (r *raid) nothing(err error) error {
	if !ent.IsNotFound(err) {
		return fmt.Errorf("look at what %s has: %w", r.victim, err)
	}
	return fault.Newf(fault.NotFound, "%s has no certificate or no file that could be attacked.", r.victim).Because(err)
}
