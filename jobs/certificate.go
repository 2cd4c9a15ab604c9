package jobs

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"lyceum/internal/platform/pg"
)

// IssueCertificate states that the enrollment's course was completed.
type IssueCertificate struct {
	Tenant     uuid.UUID `json:"tenant_id"`
	Enrollment uuid.UUID `json:"enrollment_id"`
	At         time.Time `json:"at"`
}

// Kind implements river.JobArgs.
func (IssueCertificate) Kind() string { return "certificate.issue" }

func issueCertificate(s Services) river.Worker[IssueCertificate] {
	return effect[IssueCertificate]{db: s.DB, do: func(ctx context.Context, tx *pg.Tx, a IssueCertificate) error {
		return s.Credential.Issue(ctx, tx, a.Enrollment, a.At)
	}}
}

// PrintCertificate makes the certificate's document.
type PrintCertificate struct {
	Tenant      uuid.UUID `json:"tenant_id"`
	Certificate uuid.UUID `json:"certificate_id"`
}

// Kind implements river.JobArgs.
func (PrintCertificate) Kind() string { return "certificate.print" }

func printCertificate(s Services) river.Worker[PrintCertificate] {
	return action[PrintCertificate]{do: func(ctx context.Context, a PrintCertificate) error {
		return s.Credential.Print(ctx, a.Certificate)
	}}
}
