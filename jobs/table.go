package jobs

import (
	"fmt"

	"github.com/riverqueue/river"

	"lyceum/internal/assessment"
	"lyceum/internal/catalog"
	"lyceum/internal/credential"
	"lyceum/internal/engagement"
	"lyceum/internal/enrollment"
	"lyceum/internal/learning"
	"lyceum/internal/media"
	"lyceum/internal/notification"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/pg"
)

// subscribers is the table of who hears which event: one job for each, so that each is tried again alone.
// An event that nobody hears stands here too; one that does not is an error.
func subscribers(event pg.Event) ([]river.JobArgs, error) {
	switch e := event.(type) {
	case catalog.CoursePublished:
		return []river.JobArgs{SyncCourse{Tenant: e.Tenant, Course: e.Course}, ReviewPaths{Tenant: e.Tenant, Course: e.Course}}, nil
	case catalog.CourseUnpublished:
		return []river.JobArgs{SyncCourse{Tenant: e.Tenant, Course: e.Course}}, nil

	case learning.ModuleCompleted:
		// Nothing follows but that live streams are told (live.go): deeds, facts and certificates are of lessons and courses.
		return nil, nil

	case media.ConversionAsked:
		return []river.JobArgs{ConvertAsset{Tenant: e.Tenant, Asset: e.Asset}}, nil
	case media.CaptionsChanged:
		return []river.JobArgs{LayCaptions{Tenant: e.Tenant, Asset: e.Asset}, SyncFilm{Tenant: e.Tenant, Asset: e.Asset}}, nil

	case media.UploadArrived:
		return []river.JobArgs{CheckUpload{Tenant: e.Tenant, Asset: e.Asset}}, nil

	case learning.LessonCompleted:
		return []river.JobArgs{
			CreditDeed{Tenant: e.Tenant, Event: e.ID},
			CountFact{Tenant: e.Tenant, Event: e.ID},
		}, nil
	case learning.CourseCompleted:
		return []river.JobArgs{
			FinishEnrollment{Tenant: e.Tenant, Enrollment: e.Enrollment, At: e.At},
			IssueCertificate{Tenant: e.Tenant, Enrollment: e.Enrollment, At: e.At},
			NotifyCompleted{Tenant: e.Tenant, Enrollment: e.Enrollment},
			CreditDeed{Tenant: e.Tenant, Event: e.ID},
			CountFact{Tenant: e.Tenant, Event: e.ID},
		}, nil
	case assessment.AttemptGraded:
		return []river.JobArgs{CreditDeed{Tenant: e.Tenant, Event: e.ID}}, nil

	case credential.CertificateIssued:
		return []river.JobArgs{
			PrintCertificate{Tenant: e.Tenant, Certificate: e.Certificate},
			NotifyIssued{Tenant: e.Tenant, Certificate: e.Certificate},
			CountFact{Tenant: e.Tenant, Event: e.ID},
		}, nil
	case credential.CertificateRevoked:
		return []river.JobArgs{NotifyRevoked{Tenant: e.Tenant, Certificate: e.Certificate}}, nil

	case engagement.AchievementEarned:
		return []river.JobArgs{NotifyAchieved{Tenant: e.Tenant, Learner: e.Learner, Achievement: e.Achievement}}, nil

	case notification.Told:
		return []river.JobArgs{MailNotification{Tenant: e.Tenant, Notification: e.Notification}}, nil

	default:
		return ofPlaces(event)
	}
}

// ofPlaces is the table's part about places in courses and on learning paths.
func ofPlaces(event pg.Event) ([]river.JobArgs, error) {
	switch e := event.(type) {
	case enrollment.EnrollmentActivated:
		count := CountFact{Tenant: e.Tenant, Event: e.ID}
		if e.Promoted {
			return []river.JobArgs{count, NotifyPromoted{Tenant: e.Tenant, Enrollment: e.Enrollment, Event: e.ID}}, nil
		}
		if e.ByStaff {
			return []river.JobArgs{count, NotifyAssigned{Tenant: e.Tenant, Enrollment: e.Enrollment}}, nil
		}
		return []river.JobArgs{count}, nil
	case enrollment.MigrationStarted:
		return []river.JobArgs{MigratePlaces{Tenant: e.Tenant, Migration: e.Migration}}, nil
	case enrollment.EnrollmentChanged:
		if e.Invited {
			return []river.JobArgs{NotifyInvited{Tenant: e.Tenant, Enrollment: e.Enrollment, Event: e.ID}}, nil
		}
		if e.Completed {
			return []river.JobArgs{AdvancePaths{Tenant: e.Tenant, Learner: e.Learner}}, nil
		}
		return nil, nil
	case enrollment.TermsSaved:
		return []river.JobArgs{ReviewPaths{Tenant: e.Tenant, Course: e.Course}}, nil
	case pathway.PathEnrolled:
		if !e.ByStaff {
			return nil, nil
		}
		return []river.JobArgs{NotifyPathAssigned{Tenant: e.Tenant, Enrollment: e.Enrollment}}, nil
	case pathway.PathCompleted:
		return []river.JobArgs{NotifyPathCompleted{Tenant: e.Tenant, Enrollment: e.Enrollment}}, nil
	case pathway.PathLeft:
		// What the path gave was taken in the same transaction.
		return nil, nil
	case pathway.PathChanged:
		return []river.JobArgs{ReviewPath{Tenant: e.Tenant, Path: e.Path}}, nil

	default:
		return nil, fmt.Errorf("jobs: the table does not know the event %s", event.Kind())
	}
}
