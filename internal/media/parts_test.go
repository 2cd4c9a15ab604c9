package media_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/media"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/pgtest"
)

const part = 64 << 10

// long is a text of a little more than five parts.
func long(seed string) []byte {
	return []byte(strings.Repeat(seed+" and so on.\n", 5*part/(len(seed)+12)+10))
}

// large announces a text that is sent in parts.
func (f fixture) large(t *testing.T, ctx context.Context, content []byte) *ent.Asset {
	t.Helper()
	f.s.PartSize = part
	a, ticket, err := f.s.Request(ctx, upload(asset.KindDOCUMENT, "long.txt", "text/plain", content))
	if err != nil || ticket != nil || a.PartSize != part {
		t.Fatalf("announce: %+v, ticket %v (%v)", a, ticket, err)
	}
	return a
}

func piece(content []byte, number int) []byte {
	return content[(number-1)*part : min(number*part, len(content))]
}

func (f fixture) sign(t *testing.T, ctx context.Context, a *ent.Asset, content []byte, number int) blob.UploadTicket {
	t.Helper()
	tickets, err := f.s.SignParts(ctx, a.ID, []media.PartAsked{{Number: number, SHA256: digest(piece(content, number))}})
	if err != nil || len(tickets) != 1 || tickets[0].Number != number {
		t.Fatalf("sign part %d: %+v (%v)", number, tickets, err)
	}
	return tickets[0].Ticket
}

func (f fixture) sendPart(t *testing.T, ctx context.Context, a *ent.Asset, content []byte, number int) {
	t.Helper()
	ticket := f.sign(t, ctx, a, content, number)
	if status := send(t, &ticket, piece(content, number)); status/100 != 2 {
		t.Fatalf("part %d: status %d", number, status)
	}
}

func TestPartsResume(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx, content := f.acme.AsInstructor(t.Context()), long("resumed")
	a := f.large(t, ctx, content)
	count, waits := media.Sending(a)
	if !waits || count != 6 {
		t.Fatalf("%d parts, waits %t", count, waits)
	}
	for _, number := range []int{4, 1, 4} { // a part can come twice
		f.sendPart(t, ctx, a, content, number)
	}
	_, err := f.s.Complete(ctx, a.ID)
	wantCode(t, "complete too early", err, fault.Conflict)
	if err == nil || !strings.Contains(err.Error(), "2, 3, 5, 6") {
		t.Errorf("what is missing is not named: %v", err)
	}

	// A client that knows nothing any more asks as it did at first.
	again := f.large(t, ctx, content)
	there, err := f.s.Received(ctx, again)
	if err != nil || again.ID != a.ID || len(there) != 2 || there[0].Number != 1 || there[1].Number != 4 {
		t.Fatalf("asked again: %s for %s, parts %+v (%v)", again.ID, a.ID, there, err)
	}
	var group sync.WaitGroup
	for _, number := range []int{2, 3, 5, 6} {
		group.Go(func() { f.sendPart(t, ctx, a, content, number) })
	}
	group.Wait()
	for range 2 { // again changes nothing
		waiting, err := f.s.Complete(ctx, a.ID)
		if err != nil || waiting.Status != asset.StatusCHECKING {
			t.Fatalf("complete: %+v (%v)", waiting, err)
		}
	}
	system := f.acme.System(t.Context())
	for range 2 { // the job may run twice
		if err := f.s.Check(system, a.ID); err != nil {
			t.Fatalf("check: %v", err)
		}
	}
	done := f.Asset.GetX(system, a.ID)
	if done.Status != asset.StatusREADY || done.ExpiresAt != nil {
		t.Fatalf("checked: %s %q", done.Status, done.Failure)
	}
	url, err := f.s.URL(ctx, done)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, body := fetch(t, *url); digest(body) != digest(content) {
		t.Error("the file is not what was sent")
	}
	_, err = f.s.SignParts(ctx, a.ID, []media.PartAsked{{Number: 1, SHA256: digest(content)}})
	wantCode(t, "a part of a finished upload", err, fault.Conflict)
}

// TestForgottenCheck: an upload that nobody checks is checked when its owner comes back with the file, and not asked for with
// every look.
func TestForgottenCheck(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx, system, content := f.acme.AsInstructor(t.Context()), f.acme.System(t.Context()), long("forgotten")
	a := f.large(t, ctx, content)
	for number := range 6 {
		f.sendPart(t, ctx, a, content, number+1)
	}
	if _, err := f.s.Complete(ctx, a.ID); err != nil {
		t.Fatal(err)
	}
	asked := func(when string, want int) {
		t.Helper()
		if again := f.large(t, ctx, content); again.ID != a.ID || again.Status != asset.StatusCHECKING {
			t.Errorf("%s: %s is %s, want %s to be checked", when, again.ID, again.Status, a.ID)
		}
		n := 0
		for _, event := range f.Events() {
			if _, arrived := event.(media.UploadArrived); arrived {
				n++
			}
		}
		if n != want {
			t.Errorf("%s: a check was asked for %d times, want %d", when, n, want)
		}
	}
	asked("at once", 1)
	f.Asset.UpdateOneID(a.ID).SetUpdatedAt(time.Now().Add(-3 * time.Hour)).ExecX(system)
	asked("after three hours", 2)
	asked("right after that", 2)
	if err := f.s.Check(system, a.ID); err != nil || f.Asset.GetX(system, a.ID).Status != asset.StatusREADY {
		t.Errorf("it cannot be checked any more: %v", err)
	}
}

func TestPartsRefuse(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx, content := f.acme.AsInstructor(t.Context()), long("refused")
	small, _ := f.request(t, ctx, upload(asset.KindIMAGE, "p.png", "image/png", picture(t, 1)))
	a := f.large(t, ctx, content)
	good := media.PartAsked{Number: 1, SHA256: digest(piece(content, 1))}
	for name, tt := range map[string]struct {
		ctx   context.Context
		id    uuid.UUID
		parts []media.PartAsked
		want  fault.Code
	}{
		"none":              {ctx, a.ID, nil, fault.BadInput},
		"33":                {ctx, a.ID, make([]media.PartAsked, 33), fault.BadInput},
		"number 0":          {ctx, a.ID, []media.PartAsked{{Number: 0, SHA256: good.SHA256}}, fault.BadInput},
		"number below":      {ctx, a.ID, []media.PartAsked{{Number: -1, SHA256: good.SHA256}}, fault.BadInput},
		"number 7 of 6":     {ctx, a.ID, []media.PartAsked{{Number: 7, SHA256: good.SHA256}}, fault.BadInput},
		"twice":             {ctx, a.ID, []media.PartAsked{good, good}, fault.BadInput},
		"no digest":         {ctx, a.ID, []media.PartAsked{{Number: 1}}, fault.BadInput},
		"zero digest":       {ctx, a.ID, []media.PartAsked{{Number: 1, SHA256: strings.Repeat("0", 64)}}, fault.BadInput},
		"not hex":           {ctx, a.ID, []media.PartAsked{{Number: 1, SHA256: strings.Repeat("z", 64)}}, fault.BadInput},
		"unknown":           {ctx, uuid.New(), []media.PartAsked{good}, fault.NotFound},
		"sent in one piece": {ctx, small.ID, []media.PartAsked{good}, fault.Conflict},
		"of globex":         {f.globex.AsAdmin(t.Context()), a.ID, []media.PartAsked{good}, fault.NotFound},
		"a colleague's":     {f.acme.As(t.Context(), uuid.New(), "INSTRUCTOR"), a.ID, []media.PartAsked{good}, fault.NotFound},
		"a learner":         {f.acme.AsLearner(t.Context()), a.ID, []media.PartAsked{good}, fault.Forbidden},
		"a visitor":         {f.acme.Anonymous(t.Context()), a.ID, []media.PartAsked{good}, fault.Unauthenticated},
	} {
		_, err := f.s.SignParts(tt.ctx, tt.id, tt.parts)
		wantCode(t, name, err, tt.want)
	}
	if got := f.Asset.GetX(f.acme.System(t.Context()), a.ID); got.UploadID != "" {
		t.Error("a refused request began the upload")
	}
	ticket := f.sign(t, ctx, a, content, 1)
	if status := send(t, &ticket, piece(content, 2)); status/100 == 2 {
		t.Errorf("other bytes than announced: status %d", status)
	}
	if _, err := f.s.SignParts(f.acme.AsAdmin(t.Context()), a.ID, []media.PartAsked{good}); err != nil {
		t.Errorf("an admin signs a part: %v", err)
	}
}

// TestWrongWholeIsRejected sends parts that are what they claim to be, of a file that is not.
func TestWrongWholeIsRejected(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx, content := f.acme.AsInstructor(t.Context()), long("announced")
	a := f.large(t, ctx, content)
	other := []byte(strings.ToUpper(string(content)))
	for number := range 6 {
		f.sendPart(t, ctx, a, other, number+1)
	}
	if _, err := f.s.Complete(ctx, a.ID); err != nil {
		t.Fatal(err)
	}
	if err := f.s.Check(f.acme.System(t.Context()), a.ID); err != nil {
		t.Fatal(err)
	}
	got := f.Asset.GetX(f.acme.System(t.Context()), a.ID)
	if got.Status != asset.StatusREJECTED || got.Failure != "The file does not have the announced content." {
		t.Errorf("%s: %s", got.Status, got.Failure)
	}
	if n := f.Usage.Query().CountX(f.acme.System(t.Context())); n != 0 {
		t.Errorf("%d rows account for a rejected file", n)
	}
}

// TestLostPartsAreRejected has the storage lose an upload between its end and its check.
func TestLostPartsAreRejected(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx, content := f.acme.AsInstructor(t.Context()), long("lost")
	a := f.large(t, ctx, content)
	for number := range 6 {
		f.sendPart(t, ctx, a, content, number+1)
	}
	if _, err := f.s.Complete(ctx, a.ID); err != nil {
		t.Fatal(err)
	}
	if err := f.store.AbortParts(t.Context(), keyOf(t, a)); err != nil {
		t.Fatal(err)
	}
	if err := f.s.Check(f.acme.System(t.Context()), a.ID); err != nil {
		t.Fatal(err)
	}
	if got := f.Asset.GetX(f.acme.System(t.Context()), a.ID); got.Status != asset.StatusREJECTED {
		t.Errorf("%s: %s", got.Status, got.Failure)
	}
}

func keyOf(t *testing.T, a *ent.Asset) blob.Key {
	t.Helper()
	key, err := blob.ParseKey(a.BlobKey)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestSweepParts removes an upload that nobody goes on with, and none that somebody does.
func TestSweepParts(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx, system := f.acme.AsInstructor(t.Context()), f.acme.System(t.Context())
	left, running := f.large(t, ctx, long("left")), f.large(t, ctx, long("running"))
	f.sendPart(t, ctx, left, long("left"), 1)
	f.sendPart(t, ctx, running, long("running"), 1)
	began := f.Asset.GetX(system, left.ID)
	f.Asset.Update().SetExpiresAt(time.Now().Add(-2 * time.Hour)).ExecX(system)
	f.sign(t, ctx, running, long("running"), 2) // going on puts its end off
	if n, err := f.s.Sweep(system); err != nil || n != 1 {
		t.Fatalf("sweep: %d (%v), want one", n, err)
	}
	if _, err := f.store.Parts(t.Context(), keyOf(t, left), began.UploadID); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("the parts of what was swept: %v", err)
	}
	now := f.Asset.GetX(system, running.ID)
	if parts, err := f.s.Received(ctx, now); err != nil || len(parts) != 1 {
		t.Errorf("the running upload has the parts %v (%v)", parts, err)
	}
	_, err := f.s.SignParts(ctx, left.ID, []media.PartAsked{{Number: 1, SHA256: digest(long("left"))}})
	wantCode(t, "a part of what was swept", err, fault.NotFound)
}

// TestSweepAndRenewRace: an upload whose client asks for addresses at the moment of the sweep is there or gone, whole.
func TestSweepAndRenewRace(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx, system := f.acme.AsInstructor(t.Context()), f.acme.System(t.Context())
	for range 8 {
		content := long(uuid.NewString())
		a := f.large(t, ctx, content)
		f.sendPart(t, ctx, a, content, 1)
		f.Asset.UpdateOneID(a.ID).SetExpiresAt(time.Now().Add(-2 * time.Hour)).ExecX(system)
		var group sync.WaitGroup
		var renewed error
		group.Go(func() {
			_, renewed = f.s.SignParts(ctx, a.ID, []media.PartAsked{{Number: 2, SHA256: digest(piece(content, 2))}})
		})
		group.Go(func() {
			if _, err := f.s.Sweep(system); err != nil {
				t.Errorf("sweep: %v", err)
			}
		})
		group.Wait()
		now, err := f.Asset.Get(system, a.ID)
		switch {
		case renewed == nil && err != nil:
			t.Errorf("a renewed upload was swept: %v", err)
		case renewed == nil:
			if parts, err := f.s.Received(ctx, now); err != nil || len(parts) != 1 {
				t.Errorf("a renewed upload has the parts %v (%v)", parts, err)
			}
		case fault.CodeOf(renewed) != fault.NotFound:
			t.Errorf("renew: %v", renewed)
		}
	}
}

// TestQuotaRace announces from 32 sides what fits seven times.
func TestQuotaRace(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const size, fits = 1000, 7
	for name, bound := range map[string]func(){
		"of the tenant": func() { f.s.Quota, f.s.QuotaPerUser = fits*size+size/2, 0 },
		"of a person":   func() { f.s.Quota, f.s.QuotaPerUser = 0, fits*size+size/2 },
	} {
		bound()
		f.Asset.Delete().ExecX(f.acme.System(t.Context()))
		errs := make([]error, 32)
		start := make(chan struct{})
		var group sync.WaitGroup
		for i := range errs {
			group.Go(func() {
				<-start
				u := upload(asset.KindIMAGE, "p.png", "image/png", picture(t, uint8(i)))
				u.Size = size
				_, _, errs[i] = f.s.Request(f.acme.AsInstructor(t.Context()), u)
			})
		}
		close(start)
		group.Wait()
		admitted := 0
		for _, err := range errs {
			if err == nil {
				admitted++
				continue
			}
			wantCode(t, name, err, fault.Conflict)
			if !strings.Contains(err.Error(), "500 bytes") {
				t.Errorf("%s: how much is left is not said: %v", name, err)
			}
		}
		if admitted != fits {
			t.Errorf("%s: %d of 32 were admitted, want %d", name, admitted, fits)
		}
	}
	if _, _, err := f.s.Request(f.globex.AsInstructor(t.Context()), upload(asset.KindIMAGE, "p.png", "image/png", picture(t, 1))); err != nil {
		t.Errorf("globex pays for acme: %v", err)
	}
}

// TestQuotaOfTenant: the tenant's row wins over the setting.
func TestQuotaOfTenant(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.s.Quota, f.s.QuotaPerUser = 1<<30, 1<<30
	ctx := f.acme.AsInstructor(t.Context())
	set := func(tenant, user int64) {
		f.Tenant.UpdateOneID(f.acme.ID).SetStorageQuota(tenant).SetStorageQuotaUser(user).ExecX(f.acme.System(t.Context()))
	}
	u := upload(asset.KindIMAGE, "p.png", "image/png", picture(t, 1))
	set(0, 1<<30)
	_, _, err := f.s.Request(ctx, u)
	wantCode(t, "a tenant without storage", err, fault.Conflict)
	set(1<<30, u.Size-1)
	_, _, err = f.s.Request(ctx, u)
	wantCode(t, "a person without storage", err, fault.Conflict)
	set(u.Size, u.Size)
	if _, _, err := f.s.Request(ctx, u); err != nil {
		t.Errorf("exactly what fits: %v", err)
	}
	usage, err := f.s.Usage(f.acme.AsAdmin(t.Context()), nil)
	if err != nil || usage.Used != u.Size || usage.Quota != u.Size || usage.Mine != 0 || usage.QuotaPerUser != u.Size {
		t.Errorf("usage: %+v (%v)", usage, err)
	}
}

// nothingLeft fails when the tenant's directory has a file.
func nothingLeft(t *testing.T, f fixture, tenant pgtest.Tenant) {
	t.Helper()
	prefix, err := blob.NewPrefix(tenant.ID)
	if err != nil {
		t.Fatal(err)
	}
	for entry, err := range f.store.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s is left", entry.Key)
	}
}
