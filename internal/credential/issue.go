package credential

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/certificate"
	"lyceum/internal/platform/pg"
)

// Issue states that the enrollment's learner completed its course at that time, unless that is stated
// already or the course has no certificate.
func (s *Service) Issue(ctx context.Context, tx *pg.Tx, enrollment uuid.UUID, completedAt time.Time) error {
	place, err := takeTurn(ctx, tx, enrollment)
	if err != nil {
		return err
	}
	issued, err := tx.Certificate.Query().Where(certificate.EnrollmentID(enrollment)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for certificate: %w", err)
	}
	if issued {
		return nil
	}
	version, err := tx.CourseVersion.Get(ctx, place.VersionID)
	if err != nil {
		return fmt.Errorf("find course version: %w", err)
	}
	if !version.Certificate {
		return nil
	}
	stated, err := state(ctx, tx, place, version, completedAt)
	if err != nil {
		return err
	}
	if err := tx.Enqueue(ctx, CertificateIssued{about(ctx, stated)}); err != nil {
		return err
	}
	return tx.Record(ctx, pg.Entry{Action: "certificate.issued", Subject: stated.GlobalID().String()})
}

// takeTurn makes two deliveries of the same event wait for each other, and returns the enrollment. The row
// itself is another context's to lock.
func takeTurn(ctx context.Context, tx *pg.Tx, id uuid.UUID) (*ent.Enrollment, error) {
	const lock = `SELECT pg_advisory_xact_lock(hashtextextended('certificate ' || $1::text, 0))`
	if _, err := tx.Exec(ctx, lock, id); err != nil {
		return nil, fmt.Errorf("lock enrollment: %w", err)
	}
	place, err := tx.Enrollment.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, "There is no such enrollment.")
	} else if err != nil {
		return nil, fmt.Errorf("find enrollment: %w", err)
	}
	return place, nil
}

// state writes down what is true now: names may change later, the certificate does not.
func state(
	ctx context.Context, tx *pg.Tx, place *ent.Enrollment, version *ent.CourseVersion, completedAt time.Time,
) (*ent.Certificate, error) {
	learner, err := tx.User.Get(ctx, place.LearnerID)
	if err != nil {
		return nil, fmt.Errorf("find learner: %w", err)
	}
	tenant, err := tx.Tenant.Get(ctx, place.TenantID)
	if err != nil {
		return nil, fmt.Errorf("find tenant: %w", err)
	}
	signatory := tenant.Branding.Signatory
	if signatory == "" {
		instructor, err := tx.User.Get(ctx, version.InstructorID)
		if err != nil {
			return nil, fmt.Errorf("find instructor: %w", err)
		}
		signatory = instructor.Name
	}
	stated, err := tx.Certificate.Create().
		SetEnrollmentID(place.ID).SetLearnerID(learner.ID).SetCourseID(place.CourseID).SetVersionID(version.ID).
		SetCode(newCode()).SetLearnerName(learner.Name).SetCourseTitle(version.Title).
		SetTenantName(tenant.Name).SetSignatory(signatory).SetLocale(version.Language).
		SetCompletedAt(completedAt).SetNillableExpiresAt(expires(completedAt, version.CertificateMonths)).
		Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("state certificate: %w", err)
	}
	return stated, nil
}

// The shape of a code: 26 characters of base32 (RFC 4648, in lower case) with 130 random bits.
const (
	codeLength   = 26
	codeAlphabet = "abcdefghijklmnopqrstuvwxyz234567"
)

func newCode() string { return strings.ToLower(rand.Text()) }

// readCode returns the code that somebody has typed or scanned, and whether it can be one.
func readCode(typed string) (string, bool) {
	code := strings.ToLower(strings.TrimSpace(typed))
	return code, len(code) == codeLength && strings.Trim(code, codeAlphabet) == ""
}
