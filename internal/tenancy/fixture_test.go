package tenancy_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/platform/auth"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

const (
	password = "correct horse battery"
	idle     = time.Hour
	absolute = 24 * time.Hour
)

// passwordHash is hashed once for all tests: it is meant to be slow.
var passwordHash = sync.OnceValues(func() (string, error) { return hasher().Hash(context.Background(), password) }) //nolint:forbidigo // it outlives the test that asks first

// hasher is patient: many tests hash at the same time.
func hasher() *auth.Hasher { return auth.NewHasherWith(0, time.Minute) }

// tries counts what the limiter was asked, and refuses when it is told to.
type tries struct {
	mu     sync.Mutex
	asked  []string
	refuse bool
}

// SignIn implements tenancy.Limiter.
func (l *tries) SignIn(_ context.Context, tenant uuid.UUID, email, ip string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, tenant.String()+" "+email+" "+ip)
	if l.refuse {
		return fault.New(fault.RateLimited, "Too many tries.").After(time.Minute)
	}
	return nil
}

type fixture struct {
	*pgtest.Database

	acme, globex pgtest.Tenant
	tries        *tries
	s            *tenancy.Service
}

// setup makes two tenants whose users all have the same password.
func setup(t *testing.T) fixture {
	t.Helper()
	f := fixture{Database: pgtest.New(t), tries: &tries{}}
	f.acme, f.globex = pgtest.NewTenant(t, f.Database, "acme"), pgtest.NewTenant(t, f.Database, "globex")
	f.s = &tenancy.Service{DB: f.DB, Hasher: hasher(), Limiter: f.tries, Idle: idle, Absolute: absolute}
	hash, err := passwordHash()
	if err != nil {
		t.Fatal(err)
	}
	for _, tenant := range []pgtest.Tenant{f.acme, f.globex} {
		f.User.Update().SetPasswordHash(hash).ExecX(tenant.System(t.Context()))
	}
	return f
}

// signIn opens a session for somebody of the tenant, such as "learner".
func (f fixture) signIn(t *testing.T, tenant pgtest.Tenant, name string) *tenancy.Opened {
	t.Helper()
	opened, err := f.s.SignIn(t.Context(), tenant.ID, name+"@"+tenant.Slug+".example", password, tenancy.Origin{IP: "192.0.2.1", UserAgent: "test"})
	if err != nil {
		t.Fatalf("sign in: %v", err)
	}
	return opened
}

// as authenticates with the token and returns a context of its viewer.
func (f fixture) as(t *testing.T, token string) context.Context {
	t.Helper()
	v, err := f.s.Authenticate(t.Context(), token)
	if err != nil {
		t.Fatalf("authenticate: %v", err)
	}
	return viewer.With(t.Context(), v)
}

// age makes the rows of the tenant older, by SQL: the database's clock decides.
func (f fixture) age(t *testing.T, tenant pgtest.Tenant, statement string, args ...any) {
	t.Helper()
	if _, err := f.Exec(tenant.System(t.Context()), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// recorded reports whether the audit log was told of the action.
func (f fixture) recorded(action string) int {
	n := 0
	for _, entry := range f.Entries() {
		if entry.Action == action {
			n++
		}
	}
	return n
}

func wantCode(t *testing.T, what string, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("%s: %q (%v), want %q", what, got, err, want)
	}
}

// wantViolations fails unless exactly these fields are wrong.
func wantViolations(t *testing.T, what string, err error, fields ...string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Code != fault.BadInput {
		t.Errorf("%s: %v, want BadInput", what, err)
		return
	}
	var got []string
	for _, violation := range f.Violations {
		got = append(got, violation.Field)
	}
	slices.Sort(got)
	slices.Sort(fields)
	if !slices.Equal(got, fields) {
		t.Errorf("%s: violations of %v, want %v", what, got, fields)
	}
}

// race runs fn in n goroutines that start together, and returns the errors.
func race(n int, fn func(i int) error) []error {
	start := make(chan struct{})
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	group.Wait()
	return errs
}

// count says how many of the errors have each code; "" is success.
func count(errs []error) map[fault.Code]int {
	codes := map[fault.Code]int{}
	for _, err := range errs {
		codes[fault.CodeOf(err)]++
	}
	return codes
}
