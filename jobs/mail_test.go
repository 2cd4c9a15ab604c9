package jobs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/enrollment"
	"lyceum/internal/platform/mail"
	"lyceum/internal/platform/pgtest"
	"lyceum/jobs"
)

// mailing are the services with an outbox that can be looked into.
func (f fixture) mailing() (jobs.Services, *outbox) {
	with, sent := services(f.db, f.store), &outbox{}
	with.Notification.Post = post(sent)
	return with, sent
}

// assign gives the tenant's learner a course, of which they are to be told.
func (f fixture) assign(t *testing.T, tenant pgtest.Tenant) {
	t.Helper()
	p := f.publish(t, tenant)
	f.announce(t, tenant, enrollment.EnrollmentActivated{
		ID: uuid.New(), Tenant: tenant.ID, At: time.Now(), Enrollment: p.enrollment.ID, Learner: tenant.Learner, Course: p.course,
		ByStaff: true,
	})
}

// TestMailQueueAlone tells two people of two tenants by workers that share nothing but Postgres: one works on the queue
// of mail alone, as `lyceum work --queues=mail` does.
func TestMailQueueAlone(t *testing.T) {
	t.Parallel()
	f := setup(t)
	with, sent := f.mailing()
	f.assign(t, f.acme)
	f.assign(t, f.globex)
	others, alone := options(), options()
	delete(others.Queues, jobs.QueueMail)
	alone.Queues = map[string]int{jobs.QueueMail: 2}
	f.work(t, services(f.db, f.store), others)
	eventually(t, "both told", func() bool { return len(f.jobs(t, "mail.notification")) == 2 })
	for _, job := range f.jobs(t, "mail.notification") {
		if job.State != rivertype.JobStateAvailable || job.Queue != jobs.QueueMail {
			t.Errorf("before its worker came, the mail was %s in %s", job.State, job.Queue)
		}
		if strings.Contains(job.Args, "@") || strings.Contains(job.Args, "Learner") {
			t.Errorf("the job knows whom it is for: %s", job.Args)
		}
	}
	f.work(t, with, alone)
	f.allIn(t, rivertype.JobStateCompleted)
	to := map[string]int{}
	for _, m := range sent.all() {
		to[m.To.Email]++
	}
	for _, tenant := range []pgtest.Tenant{f.acme, f.globex} {
		address := f.User.GetX(tenant.System(t.Context()), tenant.Learner).Email
		if to[address] == 0 {
			t.Errorf("%s got no mail: %v", tenant.Slug, to)
		}
	}
	if n := len(sent.all()); n != 2 {
		t.Errorf("%d mails, want one each", n)
	}
}

// TestRefusedMail: what is refused for good is given up, all else is tried again; neither error keeps the address.
func TestRefusedMail(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		forGood bool
		reply   string
		want    rivertype.JobState
	}{
		"for good": {true, "550 5.1.1 <%s>: no such mailbox", rivertype.JobStateCancelled},
		"for now":  {false, "451 4.7.1 <%s>: come back later", rivertype.JobStateRetryable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			with, sent := f.mailing()
			address := f.User.GetX(f.acme.System(t.Context()), f.acme.Learner).Email
			no := fmt.Errorf(tt.reply, address)
			if tt.forGood {
				no = fmt.Errorf("%w: %w", mail.ErrPermanent, no)
			}
			sent.refuse(no)
			f.assign(t, f.acme)
			f.work(t, with, options())
			eventually(t, "the mail refused", func() bool {
				tried := f.jobs(t, "mail.notification")
				return len(tried) == 1 && tried[0].State == tt.want
			})
			job := f.jobs(t, "mail.notification")[0]
			if !strings.Contains(job.Errors, "(address)") || strings.Contains(job.Errors, address) {
				t.Errorf("the job keeps: %s", job.Errors)
			}
		})
	}
}
