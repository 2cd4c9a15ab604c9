// Package credential owns certificates: one for each completed course, stated once, shown to anybody who
// holds its code, and revoked by saying so.
package credential

import (
	"context"
	"io"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// pdfLife is how long the address of a document is good for.
const pdfLife = 15 * time.Minute

// Store is what credential asks of blob storage.
type Store interface {
	Put(ctx context.Context, key blob.Key, body io.Reader, rule blob.PutRule) (blob.Info, error)
	Stat(ctx context.Context, key blob.Key) (blob.Info, error)
	PresignDownload(ctx context.Context, key blob.Key, rule blob.DownloadRule) (string, error)
}

// Service is the credential context.
type Service struct {
	DB    *pg.DB
	Blobs Store
	// Page returns the public address of a tenant's path, such as "/verify/abc".
	Page func(tenantSlug, path string) string
}

// event is what all events of this context carry.
type event struct {
	ID          uuid.UUID `json:"id"`
	Tenant      uuid.UUID `json:"tenant_id"`
	At          time.Time `json:"at"`
	Certificate uuid.UUID `json:"certificate_id"`
	Learner     uuid.UUID `json:"learner_id"`
	Course      uuid.UUID `json:"course_id"`
}

// Once implements pg.Single: a certificate is issued once, and revoked once.
func (e event) Once() string { return e.Certificate.String() }

// CertificateIssued is announced once for each certificate.
type CertificateIssued struct{ event }

// Kind implements pg.Event.
func (CertificateIssued) Kind() string { return "credential.certificate_issued" }

// CertificateRevoked is announced once for each certificate that is revoked.
type CertificateRevoked struct{ event }

// Kind implements pg.Event.
func (CertificateRevoked) Kind() string { return "credential.certificate_revoked" }

func about(ctx context.Context, c *ent.Certificate) event {
	return event{
		ID: uuid.Must(uuid.NewV7()), Tenant: viewer.Tenant(ctx), At: time.Now(),
		Certificate: c.ID, Learner: c.LearnerID, Course: c.CourseID,
	}
}
