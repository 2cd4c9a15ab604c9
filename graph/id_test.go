package graph

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"entgo.io/ent/privacy"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/gid"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

// TestIDsCarryTheirType: an id of another type is answered like one that never existed.
func TestIDsCarryTheirType(t *testing.T) {
	t.Parallel()
	user := gid.New(ent.GIDUser, uuid.New())
	if got, err := idOf(user, ent.GIDUser); err != nil || got != user.UUID {
		t.Errorf("idOf: %s (%v)", got, err)
	}
	for _, typ := range []string{ent.GIDSession, "", "xyz"} {
		got, err := idOf(user, typ)
		if fault.CodeOf(err) != fault.NotFound || got != uuid.Nil {
			t.Errorf("as %q: %s (%v), want NotFound", typ, got, err)
		}
	}
	if got, err := optionalID(nil, ent.GIDUser); got != nil || err != nil {
		t.Errorf("absent: %v (%v)", got, err)
	}
	if got, err := optionalID(&user, ent.GIDUser); err != nil || *got != user.UUID {
		t.Errorf("optionalID: %v (%v)", got, err)
	}
	if _, err := optionalID(&user, ent.GIDSession); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("optional, of another type: %v", err)
	}
}

func TestNotificationIDs(t *testing.T) {
	t.Parallel()
	mine, other := gid.New(ent.GIDNotification, uuid.New()), gid.New(ent.GIDUser, uuid.New())
	if got := notificationIDs(nil); got != nil {
		t.Errorf("absent is the whole inbox, not %v", got)
	}
	if got := notificationIDs([]*gid.ID{&other}); got == nil || len(got) != 0 {
		t.Errorf("ids of other types: %v, want none, which is not the whole inbox", got)
	}
	if got := notificationIDs([]*gid.ID{&other, &mine}); len(got) != 1 || got[0] != mine.UUID {
		t.Errorf("mixed: %v", got)
	}
}

func TestValue(t *testing.T) {
	t.Parallel()
	if value[string](nil) != "" || value(new(7)) != 7 {
		t.Error("value does not read through a pointer")
	}
}

// TestClassify reports a denied row as missing.
func TestClassify(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		want fault.Code
	}{
		"missing":        {fmt.Errorf("find: %w", &ent.NotFoundError{}), fault.NotFound},
		"denied":         {fmt.Errorf("find: %w", privacy.Denyf("no")), fault.NotFound},
		"something else": {io.ErrUnexpectedEOF, ""},
	} {
		got := classify(tt.err)
		if (got == nil) != (tt.want == "") || (got != nil && (got.Code != tt.want || !errors.Is(got, tt.err))) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestStreamOwner(t *testing.T) {
	t.Parallel()
	user := uuid.New()
	signed := viewer.With(t.Context(), viewer.Viewer{Tenant: uuid.New(), User: user, Role: viewer.Learner})
	visitor := WithRequest(viewer.With(t.Context(), viewer.Of(uuid.New())), Request{Origin: tenancy.Origin{IP: "192.0.2.1"}})
	if got := streamOwner(signed); got != user.String() {
		t.Errorf("a user's streams are counted under %q", got)
	}
	if got := streamOwner(visitor); got != "visitor 192.0.2.1" {
		t.Errorf("a visitor's streams are counted under %q", got)
	}
	if got := requestOf(t.Context()); got != (Request{}) {
		t.Errorf("outside of a request: %+v", got)
	}
}
