package media_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/captionrevision"
	"lyceum/internal/gen/ent/renditionset"
	"lyceum/internal/media"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pgtest"
)

func spoken(text string) string {
	return "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n" + text + "\n"
}

func edit(locale, text string) media.CaptionEdit {
	return media.CaptionEdit{Locale: locale, Content: spoken(text)}
}

// streamed is a film that was converted.
func (f fixture) streamed(t *testing.T, name string) *ent.Asset {
	t.Helper()
	a := f.film(t, f.acme, name)
	if err := f.s.Convert(f.acme.System(t.Context()), a.ID, new(ends).finish); err != nil {
		t.Fatal(err)
	}
	return f.now(t, a)
}

// history is what was done to the film's captions in a language, the newest first: number, text, and what it brought back.
func (f fixture) history(t *testing.T, a *ent.Asset, locale string) []string {
	t.Helper()
	rows, err := f.s.CaptionRevisions(f.acme.AsInstructor(t.Context()), a.ID, locale, page.Request{First: 100})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, r := range rows.Rows {
		line := fmt.Sprint(r.Number, " ", r.Locale, " ", strings.TrimSpace(strings.TrimPrefix(r.Vtt, "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n")))
		if r.RevertOf != nil {
			line += fmt.Sprint(" of ", *r.RevertOf)
		}
		all = append(all, line)
	}
	return all
}

func TestCaptionRevisions(t *testing.T) {
	t.Parallel()
	f, _ := converting(t)
	a, ctx := f.film(t, f.acme, "captioned"), f.acme.AsInstructor(t.Context())
	none, first := 0, 1
	steps := []func() (*media.Captioned, error){
		func() (*media.Captioned, error) {
			return f.s.SaveCaptions(ctx, a.ID, media.CaptionEdit{Locale: "EN", Content: "1\n00:00:01,000 --> 00:00:02,000\n<script>one</script>\n", Expected: &none})
		},
		func() (*media.Captioned, error) { return f.s.SaveCaptions(ctx, a.ID, edit("en", "one")) }, // as it is
		func() (*media.Captioned, error) {
			return f.s.SaveCaptions(ctx, a.ID, media.CaptionEdit{Locale: "en", Content: spoken("two"), Expected: &first})
		},
		func() (*media.Captioned, error) { return f.s.SaveCaptions(ctx, a.ID, edit("pt-br", "um")) },
		func() (*media.Captioned, error) { return f.s.RevertCaptions(ctx, a.ID, "en", 1) },
		func() (*media.Captioned, error) { return f.s.RevertCaptions(ctx, a.ID, "en", 3) }, // in force
		func() (*media.Captioned, error) { return f.s.RemoveCaptions(ctx, a.ID, "en") },
		func() (*media.Captioned, error) { return f.s.RemoveCaptions(ctx, a.ID, "en") }, // gone
		func() (*media.Captioned, error) { return f.s.RevertCaptions(ctx, a.ID, "en", 2) },
	}
	for i, number := range []int{1, 1, 2, 1, 3, 3, 4, 4, 5} {
		done, err := steps[i]()
		if err != nil || done.Revision.Number != number || done.Asset.ID != a.ID || *done.Revision.AuthorID != f.acme.Instructor {
			t.Fatalf("step %d: %+v (%v), want number %d", i, done, err, number)
		}
	}
	if got, want := f.history(t, a, "en"), []string{"5 en two of 2", "4 en ", "3 en one of 1", "2 en two", "1 en one"}; !slices.Equal(got, want) {
		t.Errorf("history %q, want %q", got, want)
	}
	if got := f.history(t, a, ""); len(got) != 6 {
		t.Errorf("history of all languages: %q", got)
	}
	if saved, told := f.recorded("asset.captions_"), f.told(); saved != 6 || told != 6 {
		t.Errorf("%d edits stand in the audit log and %d were announced, want 6", saved, told)
	}
	f.captionsAreKept(t)
}

// recorded counts the entries of the audit log whose action begins like this, told how often captions changed.
func (f fixture) recorded(action string) int {
	n := 0
	for _, entry := range f.Entries() {
		if strings.HasPrefix(entry.Action, action) {
			n++
		}
	}
	return n
}

func (f fixture) told() int {
	n := 0
	for _, event := range f.Events() {
		if _, changed := event.(media.CaptionsChanged); changed {
			n++
		}
	}
	return n
}

// captionsAreKept tries to change and to remove a revision, as the application's role.
func (f fixture) captionsAreKept(t *testing.T) {
	t.Helper()
	for _, statement := range []string{
		`UPDATE caption_revisions SET vtt = '' WHERE tenant_id = $1`, `DELETE FROM caption_revisions WHERE tenant_id = $1`,
	} {
		if _, err := f.Exec(f.acme.System(t.Context()), statement, f.acme.ID); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v, want permission denied", statement, err)
		}
	}
}

func TestCaptionsRefuse(t *testing.T) {
	t.Parallel()
	f, _ := converting(t)
	a, still := f.film(t, f.acme, "refused"), f.ready(t, f.acme, 1)
	ctx := f.acme.AsInstructor(t.Context())
	if _, err := f.s.SaveCaptions(ctx, a.ID, edit("en", "one")); err != nil {
		t.Fatal(err)
	}
	zero, below := 0, -1
	save := func(id uuid.UUID, e media.CaptionEdit) func(context.Context) error {
		return func(ctx context.Context) error { _, err := f.s.SaveCaptions(ctx, id, e); return err }
	}
	revert := func(locale string, number int) func(context.Context) error {
		return func(ctx context.Context) error { _, err := f.s.RevertCaptions(ctx, a.ID, locale, number); return err }
	}
	remove := func(locale string) func(context.Context) error {
		return func(ctx context.Context) error { _, err := f.s.RemoveCaptions(ctx, a.ID, locale); return err }
	}
	for name, tt := range map[string]struct {
		try  func(context.Context) error
		want fault.Code
	}{
		"no language":           {save(a.ID, edit("klingonesque!", "x")), fault.BadInput},
		"und":                   {save(a.ID, edit("und", "x")), fault.BadInput},
		"prose":                 {save(a.ID, media.CaptionEdit{Locale: "en", Content: "Dear reader,"}), fault.BadInput},
		"too long":              {save(a.ID, edit("en", strings.Repeat("x\n", 1<<19))), fault.BadInput},
		"too long once written": {save(a.ID, media.CaptionEdit{Locale: "en", Content: strings.Repeat("00:01.0 --> 00:02.0\n&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&\n\n", 15_000)}), fault.BadInput},
		"a label of two lines":  {save(a.ID, media.CaptionEdit{Locale: "en", Label: "a\nb", Content: spoken("x")}), fault.BadInput},
		"a number below zero":   {save(a.ID, media.CaptionEdit{Locale: "en", Content: spoken("x"), Expected: &below}), fault.BadInput},
		"edited meanwhile":      {save(a.ID, media.CaptionEdit{Locale: "en", Content: spoken("x"), Expected: &zero}), fault.Conflict},
		"of a picture":          {save(still.ID, edit("en", "x")), fault.BadInput},
		"of nothing":            {save(uuid.New(), edit("en", "x")), fault.NotFound},
		"revision of nothing":   {revert("en", 9), fault.NotFound},
		"revision elsewhere":    {revert("fr", 1), fault.NotFound},
		"revert no language":    {revert("", 1), fault.BadInput},
		"remove what is not":    {remove("fr"), fault.NotFound},
		"remove no language":    {remove("e"), fault.BadInput},
	} {
		wantCode(t, name, tt.try(ctx), tt.want)
	}
	for name, ctx := range map[string]context.Context{"a learner": f.acme.AsLearner(t.Context()), "a visitor": f.acme.Anonymous(t.Context())} {
		for i, try := range []func(context.Context) error{save(a.ID, edit("en", "x")), revert("en", 1), remove("en")} {
			if err := try(ctx); fault.CodeOf(err) != fault.Forbidden && fault.CodeOf(err) != fault.Unauthenticated {
				t.Errorf("%s does %d: %v", name, i, err)
			}
		}
	}
	for i, try := range []func(context.Context) error{save(a.ID, edit("en", "x")), revert("en", 1), remove("en")} {
		if err := try(f.globex.AsInstructor(t.Context())); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("another tenant does %d: %v", i, err)
		}
	}
	if got := f.history(t, a, ""); !slices.Equal(got, []string{"1 en one"}) {
		t.Errorf("history %q", got)
	}
}

// object reads what is stored under a name of the asset.
func (f fixture) object(t *testing.T, a *ent.Asset, name string) string {
	t.Helper()
	for entry, err := range f.store.List(t.Context(), prefixOf(t, a)) {
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(entry.Key.String(), "/"+name) {
			continue
		}
		object, err := f.store.Open(t.Context(), entry.Key)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(object)
		if err := errors.Join(err, object.Close()); err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	t.Fatalf("%s is not stored", name)
	return ""
}

// layIs lays the captions that are in force and fails unless players are told of these languages.
func (f fixture) laid(t *testing.T, a *ent.Asset, locales ...string) *ent.Asset {
	t.Helper()
	for range 2 { // delivered twice
		if err := f.s.LayCaptions(f.acme.System(t.Context()), a.ID); err != nil {
			t.Fatal(err)
		}
	}
	now := f.now(t, a)
	var told []string
	for _, c := range now.Playback.Captions {
		told = append(told, c.Locale)
	}
	if !slices.Equal(told, locales) {
		t.Errorf("players are told of %q, want %q", told, locales)
	}
	return now
}

// TestLayCaptions edits the captions of a film that is streamed: the film is not converted again, its new playlist has
// the new captions, the old one stays as it was, and what nobody plays any more is swept.
func TestLayCaptions(t *testing.T) {
	t.Parallel()
	f, m := converting(t)
	m.captions = spoken("ein")
	a := f.streamed(t, "laid")
	ctx, before := f.acme.AsInstructor(t.Context()), f.files(t, a)
	if now := f.laid(t, a, "de"); now.Playback.Play != "master.m3u8" {
		t.Errorf("nobody edited anything: %+v", now.Playback)
	}
	if _, err := f.s.SaveCaptions(ctx, a.ID, edit("en", "one")); err != nil {
		t.Fatal(err)
	}
	first := f.laid(t, a, "de", "en")
	if list := f.object(t, a, first.Playback.Play); !strings.Contains(list, `LANGUAGE="en"`) || !strings.Contains(list, `LANGUAGE="de"`) {
		t.Errorf("the playlist:\n%s", list)
	}
	if vtt := f.object(t, a, first.Playback.Captions[1].File); vtt != spoken("one") {
		t.Errorf("the captions are %q", vtt)
	}
	if _, err := f.s.SaveCaptions(ctx, a.ID, edit("en", "two")); err != nil {
		t.Fatal(err)
	}
	second := f.laid(t, a, "de", "en")
	if second.Playback.Play == first.Playback.Play || second.Playback.Set != first.Playback.Set || m.runs != 1 {
		t.Errorf("%+v after %+v and %d conversions", second.Playback, first.Playback, m.runs)
	}
	f.object(t, a, first.Playback.Play) // who plays it goes on
	if _, err := f.s.RemoveCaptions(ctx, a.ID, "en"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.s.SaveCaptions(ctx, a.ID, edit("de", "eins")); err != nil {
		t.Fatal(err)
	}
	third := f.laid(t, a, "de")
	if vtt := f.object(t, a, third.Playback.Captions[0].File); vtt != spoken("eins") || !third.Playback.Captions[0].Default {
		t.Errorf("in the place of the film's own: %q, %+v", vtt, third.Playback.Captions)
	}
	f.agesSets(t)
	if n, err := f.s.SweepSets(f.acme.System(t.Context())); n != 2 || err != nil {
		t.Errorf("%d sets were swept (%v), want the first two captions", n, err)
	}
	for _, name := range f.files(t, a) {
		if !slices.Contains(before, name) && !strings.Contains(name, strings.TrimSuffix(third.Playback.Play, ".m3u8")) {
			t.Errorf("%s is left", name)
		}
	}
	f.object(t, a, third.Playback.Play)
}

// TestLayCaptionsBesideAnEmptyTrack: a track inside the film without a cue keeps no others from those who play it, whether they
// were edited before the film was converted or after.
func TestLayCaptionsBesideAnEmptyTrack(t *testing.T) {
	t.Parallel()
	f, m := converting(t)
	m.captions = "WEBVTT\n"
	ctx := f.acme.AsInstructor(t.Context())
	after := f.streamed(t, "after")
	if _, err := f.s.SaveCaptions(ctx, after.ID, edit("en", "one")); err != nil {
		t.Fatal(err)
	}
	f.laid(t, after, "en")
	before := f.film(t, f.acme, "before")
	if _, err := f.s.SaveCaptions(ctx, before.ID, edit("en", "one")); err != nil {
		t.Fatal(err)
	}
	if err := f.s.Convert(f.acme.System(t.Context()), before.ID, new(ends).finish); err != nil {
		t.Fatal(err)
	}
	f.laid(t, before, "en")
}

// agesSets makes all sets older than a day.
func (f fixture) agesSets(t *testing.T) {
	t.Helper()
	if _, err := pgtest.Superuser(t, f.Database).Exec(t.Context(), `UPDATE rendition_sets SET updated_at = now() - interval '25 hours'`); err != nil {
		t.Fatal(err)
	}
}

// TestCaptionsOfUploads: a film that is played as it was uploaded has captions, too.
func TestCaptionsOfUploads(t *testing.T) {
	t.Parallel()
	f, _ := converting(t)
	f.s.Converter = nil
	a := f.film1(t, f.acme, asset.KindAUDIO, "s.wav", "audio/wav", []byte("RIFF\x24\x08\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"+strings.Repeat("\x00", 2100)))
	ctx := f.acme.AsInstructor(t.Context())
	if _, err := f.s.SaveCaptions(ctx, a.ID, edit("en", "early")); err != nil {
		t.Fatal(err)
	}
	if err := f.s.LayCaptions(f.acme.System(t.Context()), a.ID); err != nil || f.now(t, a).Playback != nil {
		t.Fatalf("before it is looked at: %v", err)
	}
	if err := f.s.Convert(f.acme.System(t.Context()), a.ID, new(ends).finish); err != nil {
		t.Fatal(err)
	}
	now := f.laid(t, a, "en")
	addresses, err := f.s.Addresses(f.acme.AsLearner(t.Context()), []uuid.UUID{a.ID})
	if err != nil || now.Conversion != asset.ConversionPASSED_THROUGH {
		t.Fatalf("%+v (%v)", now, err)
	}
	p := addresses[a.ID].Playback
	if p == nil || p.HLSURL != "" || len(p.Captions) != 1 || !strings.HasSuffix(p.Captions[0].URL, "/"+a.ID.String()+"/"+now.Playback.Captions[0].File) {
		t.Errorf("a learner gets %+v", p)
	}
	if staff, err := f.s.Playback(ctx, now); staff != nil || err != nil {
		t.Errorf("staff are told of a stream: %+v (%v)", staff, err)
	}
}

// TestConvertAgain: a film plays on while it is converted again; the new set takes the captions along, and the old one
// is swept a day later.
func TestConvertAgain(t *testing.T) {
	t.Parallel()
	f, m := converting(t)
	m.captions = spoken("ein")
	a := f.streamed(t, "again")
	ctx, system := f.acme.AsInstructor(t.Context()), f.acme.System(t.Context())
	if _, err := f.s.SaveCaptions(ctx, a.ID, edit("en", "one")); err != nil {
		t.Fatal(err)
	}
	old := f.laid(t, a, "de", "en")
	m.variant = "newer"
	for range 2 {
		asked, err := f.s.ConvertAgain(ctx, a.ID)
		if err != nil || asked.Conversion != asset.ConversionWAITING || asked.Tries != 0 {
			t.Fatalf("%+v (%v)", asked, err)
		}
	}
	if n := f.recorded("asset.conversion_asked"); n != 1 {
		t.Errorf("%d entries in the audit log, want 1", n)
	}
	if meanwhile, err := f.s.Playback(ctx, f.now(t, a)); err != nil || meanwhile == nil || !strings.HasSuffix(meanwhile.HLSURL, old.Playback.Play) {
		t.Errorf("meanwhile %+v (%v)", meanwhile, err)
	}
	if err := f.s.Convert(system, a.ID, new(ends).finish); err != nil {
		t.Fatal(err)
	}
	now := f.now(t, a)
	if now.Conversion != asset.ConversionDONE || now.Playback.Set == old.Playback.Set || m.runs != 2 || len(now.Playback.Captions) != 2 {
		t.Fatalf("%+v of %+v", now.Playback, now)
	}
	f.object(t, a, old.Playback.Set+"/"+old.Playback.Play)
	f.agesSets(t)
	if n, err := f.s.SweepSets(system); n != 2 || err != nil {
		t.Errorf("%d sets were swept (%v), want the old one and its captions", n, err)
	}
	for _, name := range f.files(t, a) {
		if !strings.HasPrefix(name, now.Playback.Set+"/") {
			t.Errorf("%s is left", name)
		}
	}
	f.adopted(t, a)
	f.failsAgain(t, m, now)
}

// adopted: the captions inside the film became a revision that nobody wrote.
func (f fixture) adopted(t *testing.T, a *ent.Asset) {
	t.Helper()
	own := f.CaptionRevision.Query().Where(captionrevision.AssetID(a.ID), captionrevision.Locale("de")).OnlyX(f.acme.System(t.Context()))
	if own.AuthorID != nil || own.Number != 1 || own.Vtt != spoken("ein") || own.CueCount != 1 || own.Label != "Deutsch" {
		t.Errorf("the film's own captions: %+v", own)
	}
}

// failsAgain converts a film again that is found broken this time: what there is plays on.
func (f fixture) failsAgain(t *testing.T, m *maker, a *ent.Asset) {
	t.Helper()
	m.before = func(media.Work) error { return fault.Invalid("file", "The film is broken.") }
	if _, err := f.s.ConvertAgain(f.acme.AsInstructor(t.Context()), a.ID); err != nil {
		t.Fatal(err)
	}
	if err := f.s.Convert(f.acme.System(t.Context()), a.ID, new(ends).finish); err != nil {
		t.Fatal(err)
	}
	now := f.now(t, a)
	if now.Conversion != asset.ConversionFAILED || now.Status != asset.StatusREADY || now.Failure == "" || now.Playback.Play != a.Playback.Play {
		t.Errorf("after a failure: %+v", now)
	}
	ready := f.RenditionSet.Query().Where(renditionset.StatusEQ(renditionset.StatusREADY)).OnlyX(f.acme.System(t.Context()))
	if ready.Name != now.Playback.Set {
		t.Errorf("the set in force is %s, played is %s", ready.Name, now.Playback.Set)
	}
}

func TestConvertAgainRefuses(t *testing.T) {
	t.Parallel()
	f, _ := converting(t)
	a, still := f.film(t, f.acme, "refused"), f.ready(t, f.acme, 2)
	_, err := f.s.ConvertAgain(f.acme.AsInstructor(t.Context()), still.ID)
	wantCode(t, "a picture", err, fault.BadInput)
	_, err = f.s.ConvertAgain(f.globex.AsInstructor(t.Context()), a.ID)
	wantCode(t, "another tenant", err, fault.NotFound)
	_, err = f.s.ConvertAgain(f.acme.AsLearner(t.Context()), a.ID)
	wantCode(t, "a learner", err, fault.Forbidden)
	if now, err := f.s.ConvertAgain(f.acme.AsInstructor(t.Context()), a.ID); err != nil || now.Conversion != asset.ConversionWAITING {
		t.Errorf("under way already: %+v (%v)", now, err)
	}
	if n := f.recorded("asset.conversion_asked"); n != 0 {
		t.Errorf("%d entries in the audit log for nothing", n)
	}
}
