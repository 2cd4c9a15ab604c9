package credential_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/credential"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/certificate"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/blobtest"
	"lyceum/internal/platform/blob/file"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/tenancy/brand"
	"lyceum/internal/viewer"
)

var completed = time.Date(2025, 3, 14, 15, 9, 26, 0, time.UTC)

type fixture struct {
	*pgtest.Database

	acme, globex pgtest.Tenant
	store        *file.Store
	s            *credential.Service
}

func setup(t *testing.T) fixture {
	t.Helper()
	f := fixture{Database: pgtest.New(t), store: blobtest.Files(t)}
	f.acme, f.globex = pgtest.NewTenant(t, f.Database, "acme"), pgtest.NewTenant(t, f.Database, "globex")
	f.s = &credential.Service{DB: f.DB, Blobs: f.store, Page: func(slug, path string) string { return "https://" + slug + ".example" + path }}
	return f
}

// place enrolls the tenant's learner in a course of its own, with a certificate or without.
func (f fixture) place(t *testing.T, tenant pgtest.Tenant, withCertificate bool) *ent.Enrollment {
	t.Helper()
	ctx := tenant.System(t.Context())
	slug := "c" + uuid.NewString()
	const title = "Kaffee, in Theorie und Praxis"
	course := f.Course.Create().SetSlug(slug).SetTitle(title).SetInstructorID(tenant.Instructor).SaveX(ctx)
	version := f.CourseVersion.Create().SetCourseID(course.ID).SetNumber(1).SetSlug(slug).SetTitle(title).SetLanguage("de").
		SetInstructorID(tenant.Instructor).SetContentHash("x").SetOutline(outline.Outline{}).SetLessonCount(0).
		SetRequiredCount(0).SetDurationMs(0).SetPublishedBy(tenant.Instructor).SetCertificate(withCertificate).SaveX(ctx)
	return f.Enrollment.Create().SetLearnerID(tenant.Learner).SetCourseID(course.ID).SetVersionID(version.ID).
		SetSource(enrollment.SourceSTAFF).SetEnrolledBy(tenant.Instructor).SaveX(ctx)
}

func (f fixture) issue(ctx context.Context, id uuid.UUID) error {
	return f.Tx(ctx, func(tx *pg.Tx) error { return f.s.Issue(ctx, tx, id, completed) })
}

// issued makes a certificate of the tenant's learner.
func (f fixture) issued(t *testing.T, tenant pgtest.Tenant) *ent.Certificate {
	t.Helper()
	place := f.place(t, tenant, true)
	if err := f.issue(tenant.System(t.Context()), place.ID); err != nil {
		t.Fatal(err)
	}
	return f.Certificate.Query().Where(certificate.EnrollmentID(place.ID)).OnlyX(tenant.System(t.Context()))
}

func (f fixture) announced(kind string) (n int) {
	for _, event := range f.Events() {
		if event.Kind() == kind {
			n++
		}
	}
	return n
}

func (f fixture) recorded(action string) (n int) {
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

// race runs fn in n goroutines that start together and joins their errors.
func race(n int, fn func() error) error {
	start := make(chan struct{})
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			errs[i] = fn()
		})
	}
	close(start)
	group.Wait()
	return errors.Join(errs...)
}

func TestIssueStatesWhatIsTrue(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.System(t.Context())
	long := strings.Repeat("ज्ञ", 66) // 198 characters, 594 bytes
	f.User.UpdateOneID(f.acme.Learner).SetName(long).ExecX(ctx)
	c := f.issued(t, f.acme)
	if c.LearnerName != long || c.CourseTitle != "Kaffee, in Theorie und Praxis" || c.TenantName != "Acme" || c.Signatory != "Instructor" ||
		c.Locale != "de" || !c.CompletedAt.Equal(completed) || c.RevokedAt != nil || c.PdfKey != "" {
		t.Errorf("stated %+v", c)
	}
	if len(c.Code) != 26 || c.Code != strings.ToLower(c.Code) {
		t.Errorf("code %q", c.Code)
	}
	f.User.UpdateOneID(f.acme.Learner).SetName("Renamed").ExecX(ctx)
	f.Tenant.UpdateOneID(f.acme.ID).SetBranding(brand.Brand{Signatory: "Dr. Ünal"}).ExecX(ctx)
	if again := f.Certificate.GetX(ctx, c.ID); again.LearnerName != long || again.Signatory != "Instructor" {
		t.Errorf("what was stated changed: %+v", again)
	}
	if c := f.issued(t, f.acme); c.Signatory != "Dr. Ünal" || c.LearnerName != "Renamed" {
		t.Errorf("stated %+v", c)
	}
	if f.announced("credential.certificate_issued") != 2 || f.recorded("certificate.issued") != 2 {
		t.Errorf("events %v, audit log %v", f.Events(), f.Entries())
	}
	event := f.Events()[0].(credential.CertificateIssued)
	if event.Tenant != f.acme.ID || event.Certificate != c.ID || event.Learner != f.acme.Learner || event.Course != c.CourseID || event.ID == uuid.Nil {
		t.Errorf("event %+v", event)
	}
	body, err := json.Marshal(event)
	if err != nil || !strings.Contains(string(body), `"tenant_id":"`+f.acme.ID.String()) || strings.Contains(string(body), "ज्ञ") {
		t.Errorf("event %s (%v): ids only, and no personal data", body, err)
	}
}

// TestIssuedOnce delivers the same event sixteen times at once, and again later.
func TestIssuedOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	place := f.place(t, f.acme, true)
	ctx := f.acme.System(t.Context())
	if err := race(16, func() error { return f.issue(ctx, place.ID) }); err != nil {
		t.Fatal(err)
	}
	if err := f.issue(ctx, place.ID); err != nil {
		t.Fatal(err)
	}
	if n := f.Certificate.Query().CountX(ctx); n != 1 {
		t.Errorf("%d certificates, want 1", n)
	}
	if f.announced("credential.certificate_issued") != 1 || f.recorded("certificate.issued") != 1 {
		t.Errorf("announced %d times, recorded %d times, want once each", f.announced("credential.certificate_issued"), f.recorded("certificate.issued"))
	}
}

func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	foreign := f.place(t, f.globex, true)
	for name, id := range map[string]uuid.UUID{"unknown": uuid.New(), "globex's": foreign.ID} {
		wantCode(t, name, f.issue(f.acme.System(t.Context()), id), fault.NotFound)
	}
	plain := f.place(t, f.acme, false)
	if err := f.issue(f.acme.System(t.Context()), plain.ID); err != nil {
		t.Errorf("a course without a certificate: %v", err)
	}
	for _, tenant := range []pgtest.Tenant{f.acme, f.globex} {
		if n := f.Certificate.Query().CountX(tenant.System(t.Context())); n != 0 {
			t.Errorf("%s has %d certificates", tenant.Slug, n)
		}
	}
	if len(f.Events()) != 0 || len(f.Entries()) != 0 {
		t.Errorf("events %v, audit log %v", f.Events(), f.Entries())
	}
}

// read returns the stored document and its digest.
func (f fixture) read(t *testing.T, c *ent.Certificate) (content []byte, sum string) {
	t.Helper()
	key, err := blob.ParseKey(c.PdfKey)
	if err != nil {
		t.Fatal(err)
	}
	object, err := f.store.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = object.Close() }()
	content, err = io.ReadAll(object)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(content)
	return content, hex.EncodeToString(digest[:])
}

func (f fixture) documents(t *testing.T, tenant pgtest.Tenant) (n int) {
	t.Helper()
	all, err := blob.NewPrefix(tenant.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range f.store.List(t.Context(), all) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// TestPrintedOnce prints from sixteen sides at once, and again later.
func TestPrintedOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.System(t.Context())
	c := f.issued(t, f.acme)
	if url, err := f.s.PDF(ctx, c); err != nil || url != nil {
		t.Errorf("an address before the document: %v (%v)", url, err)
	}
	if err := race(16, func() error { return f.s.Print(ctx, c.ID) }); err != nil {
		t.Fatal(err)
	}
	if err := f.s.Print(ctx, c.ID); err != nil {
		t.Fatal(err)
	}
	if n := f.documents(t, f.acme); n != 1 {
		t.Errorf("%d documents, want 1", n)
	}
	c = f.Certificate.GetX(ctx, c.ID)
	content, sum := f.read(t, c)
	if !bytes.HasPrefix(content, []byte("%PDF-")) || c.PdfSha256 != sum || !strings.HasPrefix(c.PdfKey, "t/"+f.acme.ID.String()+"/") {
		t.Errorf("document at %s, digest %s, want %s", c.PdfKey, c.PdfSha256, sum)
	}
	url, err := f.s.PDF(f.acme.AsLearner(t.Context()), c)
	if err != nil || url == nil {
		t.Fatalf("address: %v (%v)", url, err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, *url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got, err := io.ReadAll(response.Body); err != nil || !bytes.Equal(got, content) || response.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("status %d, %d bytes (%v)", response.StatusCode, len(got), err)
	}
	if name := response.Header.Get("Content-Disposition"); !strings.Contains(name, "Kaffee") {
		t.Errorf("it is saved as %q", name)
	}
}

// mortal is a store whose caller dies when it has kept the bytes.
type mortal struct{ *file.Store }

var errKilled = errors.New("killed")

func (m mortal) Put(ctx context.Context, key blob.Key, body io.Reader, rule blob.PutRule) (blob.Info, error) {
	if _, err := m.Store.Put(ctx, key, body, rule); err != nil {
		return blob.Info{}, err
	}
	return blob.Info{}, errKilled
}

// TestPrintAfterDeath prints again when a worker was killed between keeping the document and saying so, though
// the tenant looks different by then.
func TestPrintAfterDeath(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.System(t.Context())
	c := f.issued(t, f.acme)
	dying := *f.s
	dying.Blobs = mortal{f.store}
	if err := dying.Print(ctx, c.ID); !errors.Is(err, errKilled) {
		t.Fatalf("print: %v, want death", err)
	}
	if c = f.Certificate.GetX(ctx, c.ID); c.PdfKey != "" {
		t.Fatal("the document is noted")
	}
	f.Tenant.UpdateOneID(f.acme.ID).SetBranding(brand.Brand{Accent: "#ff0000"}).ExecX(ctx)
	if err := f.s.Print(ctx, c.ID); err != nil {
		t.Fatal(err)
	}
	c = f.Certificate.GetX(ctx, c.ID)
	if _, sum := f.read(t, c); c.PdfSha256 != sum {
		t.Errorf("digest %s, want %s of what is kept", c.PdfSha256, sum)
	}
	if n := f.documents(t, f.acme); n != 1 {
		t.Errorf("%d documents, want 1", n)
	}
}

func TestPrintOfOthers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	theirs := f.issued(t, f.globex)
	for name, id := range map[string]uuid.UUID{"unknown": uuid.New(), "globex's": theirs.ID} {
		wantCode(t, name, f.s.Print(f.acme.System(t.Context()), id), fault.NotFound)
	}
	if f.documents(t, f.acme)+f.documents(t, f.globex) != 0 {
		t.Error("a document was made")
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	f := setup(t)
	mine, theirs := f.issued(t, f.acme), f.issued(t, f.globex)
	// Whoever holds the code may look: visitors, other learners, support.
	for name, ctx := range map[string]context.Context{
		"visitor": f.acme.Anonymous(t.Context()), "support": f.acme.AsSupport(t.Context()),
		"another learner": f.acme.As(t.Context(), uuid.New(), viewer.Learner),
	} {
		for _, code := range []string{mine.Code, strings.ToUpper(mine.Code), " " + mine.Code + "\n"} {
			if c, err := f.s.Verify(ctx, code); err != nil || c == nil || c.ID != mine.ID {
				t.Errorf("%s with %q: %v (%v)", name, code, c, err)
			}
		}
		for what, code := range map[string]string{
			"unknown": strings.Repeat("a", 26), "globex's": theirs.Code, "empty": "", "short": mine.Code[1:], "long": mine.Code + "a",
			"NUL": mine.Code[:25] + "\x00", "wildcard": strings.Repeat("%", 26), "huge": strings.Repeat("a", 1<<20),
			"not its alphabet": mine.Code[:25] + "1",
		} {
			if c, err := f.s.Verify(ctx, code); err != nil || c != nil {
				t.Errorf("%s with a code that is %s: %v (%v), want nothing", name, what, c, err)
			}
		}
	}
	counting, statements := pg.CountStatements(f.acme.Anonymous(t.Context()))
	if _, err := f.s.Verify(counting, "nonsense"); err != nil || statements.Load() != 0 {
		t.Errorf("%d statements for what is no code (%v)", statements.Load(), err)
	}
	if got := f.s.VerifyURL("acme", mine); got != "https://acme.example/verify/"+mine.Code {
		t.Errorf("page %s", got)
	}
}

func TestMine(t *testing.T) {
	t.Parallel()
	f := setup(t)
	first, second := f.issued(t, f.acme), f.issued(t, f.acme)
	f.issued(t, f.globex)
	found, err := f.s.Mine(f.acme.AsLearner(t.Context()))
	if err != nil || len(found) != 2 || found[0].ID != second.ID || found[1].ID != first.ID {
		t.Errorf("mine: %v (%v), want two, newest first", found, err)
	}
	if found, err := f.s.Mine(f.acme.AsAdmin(t.Context())); err != nil || len(found) != 0 {
		t.Errorf("the admin's own: %v (%v)", found, err)
	}
	_, err = f.s.Mine(f.acme.Anonymous(t.Context()))
	wantCode(t, "a visitor", err, fault.Unauthenticated)
}

// TestRevokedOnce revokes from eight sides at once, and again later with another reason.
func TestRevokedOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.AsInstructor(t.Context())
	c := f.issued(t, f.acme)
	reason := strings.Repeat("ü", 500)
	err := race(8, func() error { _, err := f.s.Revoke(ctx, c.ID, " "+reason+" "); return err })
	if err != nil {
		t.Fatal(err)
	}
	revoked, err := f.s.Revoke(f.acme.AsAdmin(t.Context()), c.ID, "Another reason.")
	if err != nil || revoked.RevokedAt == nil || revoked.RevocationReason != reason || *revoked.RevokedBy != f.acme.Instructor {
		t.Errorf("revoked %+v (%v), want the first one's reason", revoked, err)
	}
	if f.announced("credential.certificate_revoked") != 1 || f.recorded("certificate.revoked") != 1 {
		t.Errorf("announced %d times, recorded %d times, want once each", f.announced("credential.certificate_revoked"), f.recorded("certificate.revoked"))
	}
	if shown, err := f.s.Verify(f.acme.Anonymous(t.Context()), c.Code); err != nil || shown == nil || shown.RevokedAt == nil {
		t.Errorf("the public sees %+v (%v)", shown, err)
	}
}

func TestRevokeRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	mine, theirs := f.issued(t, f.acme), f.issued(t, f.globex)
	events, entries := len(f.Events()), len(f.Entries())
	for name, reason := range map[string]string{"none": "", "blank": " \t", "long": strings.Repeat("a", 501), "NUL": "a\x00"} {
		_, err := f.s.Revoke(f.acme.AsAdmin(t.Context()), mine.ID, reason)
		wantCode(t, name, err, fault.BadInput)
	}
	for name, id := range map[string]uuid.UUID{"unknown": uuid.New(), "globex's": theirs.ID} {
		_, err := f.s.Revoke(f.acme.AsAdmin(t.Context()), id, "Because.")
		wantCode(t, name, err, fault.NotFound)
	}
	for name, tt := range map[string]struct {
		ctx  context.Context
		want fault.Code
	}{
		"learner": {f.acme.AsLearner(t.Context()), fault.Forbidden}, "support": {f.acme.AsSupport(t.Context()), fault.Forbidden},
		"visitor": {f.acme.Anonymous(t.Context()), fault.Unauthenticated},
	} {
		_, err := f.s.Revoke(tt.ctx, mine.ID, "Because.")
		wantCode(t, name, err, tt.want)
	}
	if n := f.Certificate.Query().Where(certificate.RevokedAtNotNil()).CountX(f.globex.System(t.Context())); n != 0 {
		t.Error("globex's certificate was revoked")
	}
	if len(f.Events()) != events || len(f.Entries()) != entries {
		t.Errorf("something was announced or recorded: %v, %v", f.Events()[events:], f.Entries()[entries:])
	}
}
