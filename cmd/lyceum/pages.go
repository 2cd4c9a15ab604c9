package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"time"

	"lyceum/cmd/lyceum/demo"
	"lyceum/docs/operations"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/certificate"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/gen/graphql"
	"lyceum/internal/notification"
	"lyceum/internal/platform/gid"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
	"lyceum/web"
)

// pages are what the pages show.
func (a *app) pages() web.Pages {
	return web.Pages{
		Tenant: a.tenantOnPage, Certificate: a.certificateOnPage, Examples: a.examples,
		Schema: schemaText(), Origins: a.otherOrigins(), Demo: a.demoOnPage(), Log: a.log,
		StopPath: notification.StopPath, Stop: a.stopOnPage(a.services.Notification.Stop),
		StopMail: a.stopOnPage(a.services.Notification.StopMail),
	}
}

// otherOrigins are the hosts besides a tenant's own from which its pages load: where files are stored, where films
// are served, and the search engine as browsers reach it.
func (a *app) otherOrigins() []string {
	files := cmp.Or(a.config.Blob.PublicEndpoint, a.config.Blob.Endpoint, a.config.Public.Origin(a.config.Public.BaseDomain))
	var origins []string
	for _, address := range []string{files, a.config.Media.URL, cmp.Or(a.config.Search.PublicURL, a.config.Search.URL)} {
		if at, err := url.Parse(address); err == nil && at.Host != "" {
			origins = append(origins, at.Scheme+"://"+at.Host)
		}
	}
	return origins
}

// schemaText is schema.graphql, as the server was built with it.
func schemaText() string {
	return graphql.NewExecutableSchema(graphql.Config{}).Schema().Query.Position.Src.Input
}

func (a *app) tenantOnPage(ctx context.Context) (*web.Tenant, error) {
	t, err := a.services.Tenancy.Tenant(ctx)
	if err != nil {
		return nil, err
	}
	return &web.Tenant{Slug: t.Slug, Name: t.Name, Locale: t.Locale, Accent: t.Branding.Accent, LogoURL: t.Branding.LogoURL}, nil
}

func (a *app) certificateOnPage(ctx context.Context, code string) (*web.Certificate, error) {
	if err := a.services.TryCode(ctx); err != nil {
		return nil, err
	}
	c, err := a.services.Credential.Verify(ctx, code)
	if err != nil || c == nil {
		return nil, err
	}
	t, err := a.services.Tenancy.Tenant(ctx)
	if err != nil {
		return nil, err
	}
	return &web.Certificate{
		Code: c.Code, LearnerName: c.LearnerName, CourseTitle: c.CourseTitle, TenantName: c.TenantName,
		CompletedAt: c.CompletedAt, IssuedAt: c.IssuedAt, ExpiresAt: c.ExpiresAt, RevokedAt: c.RevokedAt,
		URL: a.services.Credential.VerifyURL(t.Slug, c),
	}, nil
}

// demoOnPage is nil unless this is a local stack with demo data.
func (a *app) demoOnPage() *web.Demo {
	if !a.seeded || !a.local() {
		return nil
	}
	attack := &demo.Attack{
		Tenancy: a.services.Tenancy, Directory: a.services.Directory, DB: a.db,
		Origin:    func(slug string) string { return a.page(slug, "") },
		Transport: demo.Through(a.loopback(), a.config.Public.BaseDomain), Victim: "acme", Intruder: "globex",
	}
	d := &web.Demo{
		Password: demo.Password, AdminURL: "http://" + a.config.HTTP.AdminAddr, Staff: demo.StaffEmail,
		Certificate: a.demoCertificate, Attack: attack.Run,
	}
	if mails := a.mailboxPath(); mails != "" {
		d.MailsURL = d.AdminURL + mails
	}
	for _, t := range demo.Tenants() {
		d.Tenants = append(d.Tenants, web.Place{
			Slug: t.Slug, Name: t.Name, URL: a.page(t.Slug, ""), About: t.About, Accent: t.Brand.Accent,
		})
		d.Logins = append(d.Logins, logins(t)...)
	}
	return d
}

func logins(t demo.Tenant) []web.Login {
	roles := map[viewer.Role]string{
		viewer.Learner: "learner", viewer.Instructor: "instructor", viewer.TenantAdmin: "admin", viewer.Support: "support, reads only",
	}
	var all []web.Login
	for _, mailbox := range demo.Personas() {
		for _, p := range t.People {
			if p.Mailbox == mailbox {
				all = append(all, web.Login{Tenant: t.Slug, Email: t.Email(mailbox), Name: p.Name, Role: roles[p.Role]})
			}
		}
	}
	return all
}

// loopback is where this process reaches its own API.
func (a *app) loopback() string {
	host, port, err := net.SplitHostPort(a.config.HTTP.Addr)
	if ip := net.ParseIP(host); err != nil || host == "" || (ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return net.JoinHostPort(host, port)
}

// inTenant is the context in which the pages look for something to show of the request's tenant.
func inTenant(ctx context.Context) context.Context {
	return viewer.With(ctx, viewer.Operator(viewer.Tenant(ctx), "dev pages"))
}

// demoCertificate is the address of a certificate of the tenant, "" when it has none that is valid.
func (a *app) demoCertificate(ctx context.Context) (string, error) {
	ctx = inTenant(ctx)
	found, err := a.db.Certificate.Query().
		Where(certificate.RevokedAtIsNil()).Order(certificate.ByID()).First(ctx)
	if ent.IsNotFound(err) {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("find a certificate: %w", err)
	}
	tenant, err := a.services.Tenancy.Tenant(ctx)
	if err != nil {
		return "", err
	}
	return a.services.Credential.VerifyURL(tenant.Slug, found), nil
}

// examples are GraphiQL's tabs. In the demo their variables name things that are there.
func (a *app) examples(ctx context.Context) ([]web.Example, error) {
	documents, err := operations.Load()
	if err != nil {
		return nil, fmt.Errorf("load examples: %w", err)
	}
	var s samples
	if a.seeded && a.local() {
		if s, err = a.samples(inTenant(ctx)); err != nil {
			return nil, err
		}
	}
	tabs := []struct {
		document  string
		variables map[string]any
	}{
		{"catalog", map[string]any{"first": 5}},
		{"course", map[string]any{"slug": s.slug}},
		{"search", map[string]any{"query": s.word}},
		{"lesson", map[string]any{"courseId": s.course, "id": s.lesson}},
		{"dashboard", map[string]any{"first": 10}},
		{"start-attempt", map[string]any{"enrollmentId": s.enrollment, "lessonId": s.quiz}},
		{"notification-received", map[string]any{"after": 0}},
		{"course-draft", map[string]any{"slug": s.slug}},
		{"roster", map[string]any{"courseId": s.course, "first": 10}},
		{"audit-log", map[string]any{"first": 20}},
		{"verify-certificate", map[string]any{"code": s.code}},
	}
	var all []web.Example
	for _, tab := range tabs {
		variables, err := json.MarshalIndent(tab.variables, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("write variables: %w", err)
		}
		all = append(all, web.Example{Text: documents.Text(tab.document), Variables: string(variables)})
	}
	return all, nil
}

// samples are things of a tenant that the examples ask for; ids are global ids.
type samples struct {
	slug, word, course, lesson, quiz, enrollment, code string
}

// samples looks at the tenant's learner, who has a place in a course.
func (a *app) samples(ctx context.Context) (samples, error) {
	var s samples
	place, err := a.samplePlace(ctx)
	if err != nil || place == nil {
		return s, err
	}
	offer, err := a.db.Publication.Query().Where(publication.CourseID(place.CourseID)).Only(ctx)
	if ent.IsNotFound(err) {
		return s, nil
	} else if err != nil {
		return s, fmt.Errorf("find a course: %w", err)
	}
	version, err := a.db.CourseVersion.Get(ctx, place.VersionID)
	if err != nil {
		return s, fmt.Errorf("find a course version: %w", err)
	}
	s.slug, s.course = offer.Slug, gid.New(ent.GIDCourse, place.CourseID).String()
	s.enrollment = place.GlobalID().String()
	for _, l := range version.Outline.Lessons() {
		id := gid.New(ent.GIDLesson, l.ID).String()
		switch {
		case l.Quiz != nil && s.quiz == "":
			s.quiz = id
		case s.lesson == "":
			s.lesson, s.word = id, l.Title
		}
	}
	stated, err := a.db.Certificate.Query().Where(certificate.RevokedAtIsNil()).Order(certificate.ByID()).First(ctx)
	if err == nil {
		s.code = stated.Code
	} else if !ent.IsNotFound(err) {
		return s, fmt.Errorf("find a certificate: %w", err)
	}
	return s, nil
}

// samplePlace is the first place of the tenant's learner, nil when there is none.
func (a *app) samplePlace(ctx context.Context) (*ent.Enrollment, error) {
	t, err := a.services.Tenancy.Tenant(ctx)
	if err != nil {
		return nil, err
	}
	learners, err := a.db.User.Query().Where(user.Email(demo.Learner + "@" + t.Slug + ".example")).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("find a learner: %w", err)
	}
	place, err := a.db.Enrollment.Query().
		Where(enrollment.LearnerIDIn(learners...), enrollment.StateEQ(enrollment.StateACTIVE)).
		Order(enrollment.ByID()).First(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // there is none
	} else if err != nil {
		return nil, fmt.Errorf("find a place: %w", err)
	}
	return place, nil
}

// staffDoor guards the pages of the admin listener.
func (a *app) staffDoor() web.Staff {
	sessions := a.services.Tenancy
	return web.Staff{
		Home: consolePath + "/", Mails: a.mailboxPath(), Log: a.log,
		SignIn: func(ctx context.Context, email, password, ip, agent string) (string, time.Time, error) {
			return sessions.SignInStaff(ctx, email, password, tenancy.Origin{IP: ip, UserAgent: agent})
		},
		Check: func(ctx context.Context, token string) error {
			_, err := sessions.Staff(ctx, token)
			return err
		},
		SignOut: sessions.SignOutStaff,
	}
}
