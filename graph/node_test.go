package graph_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/platform/gid"
	"lyceum/internal/viewer"
)

// TestNodeIsForItsViewers asks for one thing of each type as those who may see it, and as those who may not,
// for whom it does not exist.
func TestNodeIsForItsViewers(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	ids := someNodes(t, a)
	ctx := t.Context()
	admin, teacher, learner, visitor := a.acme.AsAdmin(ctx), a.acme.AsInstructor(ctx), a.acme.AsLearner(ctx), a.acme.Anonymous(ctx)
	tests := map[string]struct{ sees, blind []context.Context }{
		"tenant":       {sees: []context.Context{admin, learner, visitor}},
		"learner":      {sees: []context.Context{admin, teacher, learner}, blind: []context.Context{visitor}},
		"session":      {sees: []context.Context{learner}, blind: []context.Context{admin, teacher, visitor}},
		"key":          {sees: []context.Context{teacher}, blind: []context.Context{admin, learner, visitor}},
		"asset":        {sees: []context.Context{admin, teacher}, blind: []context.Context{learner, visitor}},
		"notification": {sees: []context.Context{learner}, blind: []context.Context{admin, visitor}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := map[string]any{"id": ids[name].String()}
			for _, ctx := range tt.sees {
				same(t, a.must(t, ctx, `query($id: ID!) { node(id: $id) { id } }`, id), ids[name].String(), "node", "id")
			}
			for _, ctx := range append(tt.blind, a.globex.AsAdmin(t.Context()), a.globex.Anonymous(t.Context())) {
				same(t, a.must(t, ctx, `query($id: ID!) { node(id: $id) { id } }`, id), nil, "node")
			}
		})
	}
}

// someNodes makes one thing of each type in acme.
func someNodes(t *testing.T, a *api) map[string]gid.ID {
	t.Helper()
	ctx := a.acme.System(t.Context())
	session, err := a.db.Session.Create().
		SetUserID(a.acme.Learner).SetTokenHash([]byte("s")).SetExpiresAt(time.Now().Add(time.Hour)).Save(ctx)
	if err != nil {
		t.Fatal(err)
	}
	key, err := a.db.APIKey.Create().
		SetUserID(a.acme.Instructor).SetName("report").SetTokenHash([]byte("k")).SetHint("abcd").
		SetScopes([]viewer.Scope{viewer.ScopeRead}).Save(ctx)
	if err != nil {
		t.Fatal(err)
	}
	file, err := a.db.Asset.Create().
		SetOwnerID(a.acme.Instructor).SetKind(asset.KindDOCUMENT).SetFileName("plan.pdf").SetContentType("application/pdf").
		SetSize(7).SetSha256(strings.Repeat("a", 64)).SetBlobKey("t/x/y").Save(ctx)
	if err != nil {
		t.Fatal(err)
	}
	told, err := a.db.Notification.Create().
		SetUserID(a.acme.Learner).SetSeq(1).SetKind(notification.KindENROLLED).SetTitle("Hello").SetSubjectID(a.acme.Learner).Save(ctx)
	if err != nil {
		t.Fatal(err)
	}
	learner, err := a.db.User.Get(ctx, a.acme.Learner)
	if err != nil {
		t.Fatal(err)
	}
	tenant, err := a.db.Tenant.Get(ctx, a.acme.ID)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]gid.ID{
		"tenant": tenant.GlobalID(), "learner": learner.GlobalID(), "session": session.GlobalID(), "key": key.GlobalID(),
		"asset": file.GlobalID(), "notification": told.GlobalID(),
	}
}
