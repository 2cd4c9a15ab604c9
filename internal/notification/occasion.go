package notification

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/platform/pg"
)

// Assigned tells a learner that somebody gave them a course.
func (s *Service) Assigned(ctx context.Context, tx *pg.Tx, enrollment uuid.UUID) error {
	return s.aboutEnrollment(ctx, tx, enrollment, enrollment, notification.KindENROLLED)
}

// Invited tells a learner that they are invited to a course. Who declined may be invited again, by another invitation.
func (s *Service) Invited(ctx context.Context, tx *pg.Tx, enrollment, invitation uuid.UUID) error {
	return s.aboutEnrollment(ctx, tx, enrollment, invitation, notification.KindINVITED)
}

// Promoted tells a learner who waited that a seat became free for them. They may wait again, and get another promotion.
func (s *Service) Promoted(ctx context.Context, tx *pg.Tx, enrollment, promotion uuid.UUID) error {
	return s.aboutEnrollment(ctx, tx, enrollment, promotion, notification.KindPROMOTED)
}

// Achieved tells a learner that they earned an achievement.
func (s *Service) Achieved(ctx context.Context, tx *pg.Tx, learner, achievement uuid.UUID) error {
	earned, err := tx.Achievement.Get(ctx, achievement)
	if err != nil {
		return gone(err, "achievement")
	}
	locale, err := localeOf(ctx, tx, learner)
	if err != nil {
		return err
	}
	return s.deliver(ctx, tx, note{
		user: learner, kind: notification.KindACHIEVEMENT_EARNED, subject: achievement,
		text: write(locale, notification.KindACHIEVEMENT_EARNED, earned.Title), link: "/my",
	})
}

// CourseCompleted congratulates a learner.
func (s *Service) CourseCompleted(ctx context.Context, tx *pg.Tx, enrollment uuid.UUID) error {
	return s.aboutEnrollment(ctx, tx, enrollment, enrollment, notification.KindCOURSE_COMPLETED)
}

// CertificateIssued tells a learner where the certificate is.
func (s *Service) CertificateIssued(ctx context.Context, tx *pg.Tx, certificate uuid.UUID) error {
	return s.aboutCertificate(ctx, tx, certificate, notification.KindCERTIFICATE_ISSUED)
}

// CertificateRevoked tells a learner that a certificate is not valid any more.
func (s *Service) CertificateRevoked(ctx context.Context, tx *pg.Tx, certificate uuid.UUID) error {
	return s.aboutCertificate(ctx, tx, certificate, notification.KindCERTIFICATE_REVOKED)
}

func (s *Service) aboutEnrollment(ctx context.Context, tx *pg.Tx, id, subject uuid.UUID, kind notification.Kind) error {
	enrollment, err := tx.Enrollment.Get(ctx, id)
	if err != nil {
		return gone(err, "enrollment")
	}
	version, err := tx.CourseVersion.Get(ctx, enrollment.VersionID)
	if err != nil {
		return gone(err, "course")
	}
	locale, err := localeOf(ctx, tx, enrollment.LearnerID)
	if err != nil {
		return err
	}
	return s.deliver(ctx, tx, note{
		user: enrollment.LearnerID, kind: kind, subject: subject,
		text: write(locale, kind, version.Title), link: "/courses/" + version.Slug,
	})
}

func (s *Service) aboutCertificate(ctx context.Context, tx *pg.Tx, id uuid.UUID, kind notification.Kind) error {
	certificate, err := tx.Certificate.Get(ctx, id)
	if err != nil {
		return gone(err, "certificate")
	}
	locale, err := localeOf(ctx, tx, certificate.LearnerID)
	if err != nil {
		return err
	}
	return s.deliver(ctx, tx, note{
		user: certificate.LearnerID, kind: kind, subject: id,
		text: write(locale, kind, certificate.CourseTitle), link: "/verify/" + certificate.Code,
	})
}

// PathAssigned tells a learner that somebody put them on a learning path.
func (s *Service) PathAssigned(ctx context.Context, tx *pg.Tx, enrollment uuid.UUID) error {
	return s.aboutPath(ctx, tx, enrollment, notification.KindPATH_ASSIGNED)
}

// PathCompleted congratulates a learner.
func (s *Service) PathCompleted(ctx context.Context, tx *pg.Tx, enrollment uuid.UUID) error {
	return s.aboutPath(ctx, tx, enrollment, notification.KindPATH_COMPLETED)
}

func (s *Service) aboutPath(ctx context.Context, tx *pg.Tx, id uuid.UUID, kind notification.Kind) error {
	place, err := tx.PathEnrollment.Get(ctx, id)
	if err != nil {
		return gone(err, "place in a learning path")
	}
	path, err := tx.LearningPath.Get(ctx, place.PathID)
	if err != nil {
		return gone(err, "learning path")
	}
	locale, err := localeOf(ctx, tx, place.LearnerID)
	if err != nil {
		return err
	}
	return s.deliver(ctx, tx, note{
		user: place.LearnerID, kind: kind, subject: id, text: write(locale, kind, path.Title), link: "/paths/" + path.Slug,
	})
}

// localeOf is the language the user reads, or the tenant's.
func localeOf(ctx context.Context, tx *pg.Tx, user uuid.UUID) (string, error) {
	reader, err := tx.User.Get(ctx, user)
	if err != nil {
		return "", gone(err, "user")
	}
	if reader.Locale != "" {
		return reader.Locale, nil
	}
	tenant, err := tx.Tenant.Get(ctx, reader.TenantID)
	if err != nil {
		return "", gone(err, "tenant")
	}
	return tenant.Locale, nil
}

// gone turns a missing row into a fault: what is gone cannot be told of, and trying again will not help.
func gone(err error, what string) error {
	if ent.IsNotFound(err) {
		return fault.Newf(fault.NotFound, "There is no such %s any more.", what).Because(err)
	}
	return fmt.Errorf("find %s: %w", what, err)
}
