package notification

import (
	"bytes"
	"context"
	"encoding/base64"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

func as(ctx context.Context, tenant pgtest.Tenant, user uuid.UUID) context.Context {
	return viewer.With(ctx, viewer.Viewer{Tenant: tenant.ID, User: user, Role: viewer.Learner})
}

// unwanted are the kinds that the user wants no mail about.
func (f fixture) unwanted(t *testing.T, ctx context.Context) []notification.Kind {
	t.Helper()
	all, err := f.s.MailPreferences(ctx)
	if err != nil || len(all) != len(kinds()) {
		t.Fatalf("%d preferences, %v", len(all), err)
	}
	var off []notification.Kind
	for _, p := range all {
		if !p.Wanted {
			off = append(off, p.Kind)
		}
	}
	return off
}

func TestMailPreferences(t *testing.T) {
	t.Parallel()
	f := setup(t)
	mine, other := as(t.Context(), f.acme, f.acme.Learner), as(t.Context(), f.acme, f.acme.Instructor)
	if off := f.unwanted(t, mine); off != nil {
		t.Errorf("to begin with, %v are unwanted", off)
	}
	err := race(8, func(int) error {
		_, err := f.s.SetMailPreference(mine, notification.KindENROLLED, false)
		return err
	})
	if err != nil {
		t.Errorf("eight times at once: %v", err)
	}
	now, err := f.s.SetMailPreference(mine, notification.KindCERTIFICATE_REVOKED, false)
	want := []MailPreference{
		{notification.KindENROLLED, false},
		{notification.KindINVITED, true},
		{notification.KindPROMOTED, true},
		{notification.KindCOURSE_COMPLETED, true},
		{notification.KindCERTIFICATE_ISSUED, true},
		{notification.KindCERTIFICATE_REVOKED, false},
		{notification.KindPATH_ASSIGNED, true},
		{notification.KindPATH_COMPLETED, true},
		{notification.KindACHIEVEMENT_EARNED, true},
	}
	if diff := cmp.Diff(want, now); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if off := f.unwanted(t, other); off != nil {
		t.Errorf("somebody else wants no %v", off)
	}
	if _, err := f.s.SetMailPreference(mine, notification.KindENROLLED, true); err != nil {
		t.Error(err)
	}
	if off := f.unwanted(t, mine); len(off) != 1 {
		t.Errorf("in the end %v are unwanted", off)
	}
	_, err = f.s.SetMailPreference(mine, "SPAM", false)
	wantCode(t, "a kind that there is not", err, fault.BadInput)
	_, err = f.s.SetMailPreference(viewer.With(t.Context(), viewer.Of(f.acme.ID)), notification.KindENROLLED, false)
	wantCode(t, "a visitor's wish", err, fault.Unauthenticated)
	_, err = f.s.MailPreferences(viewer.With(t.Context(), viewer.Of(f.acme.ID)))
	wantCode(t, "a visitor's preferences", err, fault.Unauthenticated)
}

func TestStopMail(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.mailing()
	visitor := func(tenant pgtest.Tenant) context.Context { return viewer.With(t.Context(), viewer.Of(tenant.ID)) }
	token := f.s.Post.stopToken(f.acme.ID, f.acme.Learner, notification.KindENROLLED)
	if kind, err := f.s.Stop(visitor(f.acme), token); err != nil || kind != notification.KindENROLLED {
		t.Errorf("looking at the link: %s, %v", kind, err)
	}
	if off := f.unwanted(t, as(t.Context(), f.acme, f.acme.Learner)); off != nil {
		t.Errorf("looking at the link ended %v", off)
	}
	for range 2 {
		if kind, err := f.s.StopMail(visitor(f.acme), token); err != nil || kind != notification.KindENROLLED {
			t.Errorf("following the link: %s, %v", kind, err)
		}
	}
	if off := f.unwanted(t, as(t.Context(), f.acme, f.acme.Learner)); len(off) != 1 || off[0] != notification.KindENROLLED {
		t.Errorf("the link ended %v", off)
	}
	if off := f.unwanted(t, as(t.Context(), f.acme, f.acme.Instructor)); off != nil {
		t.Errorf("the link ended somebody else's %v", off)
	}
	_, err := f.s.StopMail(visitor(f.globex), token)
	wantCode(t, "in globex", err, fault.NotFound)
}

// TestStopTokens: every flipped bit, another key, and anything else is no token; an older key's is.
func TestStopTokens(t *testing.T) {
	t.Parallel()
	old, young := bytes.Repeat([]byte("o"), 32), bytes.Repeat([]byte("y"), 32)
	tenant, person := uuid.New(), uuid.New()
	token := Post{Keys: [][]byte{old}}.stopToken(tenant, person, notification.KindENROLLED)
	rotated := Post{Keys: [][]byte{young, old}}
	if user, kind, ok := rotated.readStop(tenant, token); !ok || user != person || kind != notification.KindENROLLED {
		t.Errorf("an older key's token: %s, %s, %t", user, kind, ok)
	}
	if _, _, ok := (Post{Keys: [][]byte{young}}).readStop(tenant, token); ok {
		t.Error("a key that was taken away still signs")
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * len(raw) {
		flipped := bytes.Clone(raw)
		flipped[bit/8] ^= 1 << (bit % 8)
		if _, _, ok := rotated.readStop(tenant, base64.RawURLEncoding.EncodeToString(flipped)); ok {
			t.Errorf("with bit %d flipped it is still a token", bit)
		}
	}
	odd := Post{Keys: [][]byte{old}}.stopToken(tenant, person, "SPAM")
	for name, bad := range map[string]string{
		"nothing": "", "a word": "stop", "padding": token + "=", "half": token[:len(token)/2], "more": token + "AA", "a kind that there is not": odd,
		"a line": token + "\n",
	} {
		if _, _, ok := rotated.readStop(tenant, bad); ok {
			t.Errorf("%s is a token", name)
		}
	}
}

func TestAccents(t *testing.T) {
	t.Parallel()
	for hex, ink := range map[string]string{
		"#ffffff": "#000000", "#000000": "#ffffff", "#1e3a8a": "#ffffff", "#ffcc00": "#000000", "#0f766e": "#ffffff", "": "#ffffff", "red": "#ffffff",
	} {
		if got := accentOf(hex); got.Ink != ink {
			t.Errorf("on %q: %+v", hex, got)
		}
	}
	if got := accentOf("red; background: url(x)"); got.Ground != defaultAccent {
		t.Errorf("a colour that is none: %+v", got)
	}
}
