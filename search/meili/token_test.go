package meili_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/meilisearch/meilisearch-go"

	"lyceum/search"
	"lyceum/search/meili"
	"lyceum/search/meilitest"
)

// box is a search box with a token.
func (in instance) box(token search.Token) meilisearch.IndexManager {
	return meilisearch.New(token.Host, meilisearch.WithAPIKey(token.Token), meilisearch.DisableRetries()).Index(token.Index)
}

func mustToken(t *testing.T, ctx context.Context, engine *meili.Engine, members bool) search.Token {
	t.Helper()
	token, err := engine.Token(ctx, members)
	if err != nil {
		t.Fatalf("Token: %v", err)
	}
	return token
}

// TestToken checks what a search box can and cannot do.
func TestToken(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	engine := in.open(t)
	acme, globex := uuid.New(), uuid.New()
	course, theirCourse := uuid.New(), uuid.New()
	open, closed := lesson(course, "Open light"), lesson(course, "Closed light")
	closed.Visibility = "MEMBERS"
	mustPut(t, as(t, acme), engine, course, open, closed)
	mustPut(t, as(t, globex), engine, theirCourse, lesson(theirCourse, "Foreign light"))

	visitor, member := mustToken(t, as(t, acme), engine, false), mustToken(t, as(t, acme), engine, true)
	if left := time.Until(member.ExpiresAt); left > 15*time.Minute || left < 14*time.Minute {
		t.Errorf("the token lives for %s, want 15 minutes", left)
	}
	if member.Host != in.url || member.Index != in.index {
		t.Errorf("the token is for %s of %s, want %s of %s", member.Index, member.Host, in.index, in.url)
	}
	for name, tt := range map[string]struct {
		token   search.Token
		filters []any
		want    []string
	}{
		"visitor": {visitor, []any{
			nil, "visibility EXISTS", "visibility = MEMBERS OR visibility = PUBLIC",
			[]any{[]any{"visibility = MEMBERS", "visibility = PUBLIC"}},
			fmt.Sprintf("tenant_id = '%s' OR tenant_id = '%s'", acme, globex), fmt.Sprintf("NOT tenant_id = '%s' OR tenant_id EXISTS", acme),
		}, []string{"Open light"}},
		"visitor who asks for more": {visitor, []any{
			"visibility = MEMBERS", fmt.Sprintf("tenant_id = '%s'", globex), fmt.Sprintf("tenant_id != '%s'", acme),
		}, nil},
		"member":                   {member, []any{nil, "tenant_id EXISTS"}, []string{"Closed light", "Open light"}},
		"member who asks for more": {member, []any{fmt.Sprintf("tenant_id = '%s'", globex)}, nil},
	} {
		for _, filter := range tt.filters {
			response, err := in.box(tt.token).SearchWithContext(t.Context(), "light", &meilisearch.SearchRequest{Filter: filter})
			if err != nil {
				t.Errorf("%s, filter %v: %v", name, filter, err)
				continue
			}
			if got := shown(response.Hits); !slices.Equal(got, tt.want) {
				t.Errorf("%s, filter %v: finds %v, want %v", name, filter, got, tt.want)
			}
		}
	}
	for _, filter := range []string{"visibility = PUBLIC) OR (visibility EXISTS", "' OR tenant_id EXISTS", "version = 1"} {
		if _, err := in.box(visitor).SearchWithContext(t.Context(), "light", &meilisearch.SearchRequest{Filter: filter}); err == nil {
			t.Errorf("filter %q: no error", filter)
		}
	}
	checkShown(t, in.box(member))
	checkForbidden(t, in, member)
}

func shown(hits meilisearch.Hits) []string {
	var titles []string
	for _, hit := range hits {
		titles = append(titles, strings.Trim(string(hit["title"]), `"`))
	}
	slices.Sort(titles)
	return titles
}

// checkShown looks for what a search box must not see of a document: the lesson itself, and who may find it.
func checkShown(t *testing.T, box meilisearch.IndexManager) {
	t.Helper()
	response, err := box.SearchWithContext(t.Context(), "light", &meilisearch.SearchRequest{
		AttributesToRetrieve: []string{"*", "body", "tenant_id", "visibility"}, AttributesToHighlight: []string{"*"},
	})
	if err != nil || len(response.Hits) == 0 {
		t.Fatalf("search: %+v (%v), want hits", response, err)
	}
	for _, hit := range response.Hits {
		for _, hidden := range []string{"body", "tenant_id", "visibility", "edition", "id", "version"} {
			if value, ok := hit[hidden]; ok {
				t.Errorf("a hit shows %s: %.80s", hidden, value)
			}
			if strings.Contains(string(hit["_formatted"]), `"`+hidden+`"`) {
				t.Errorf("a hit shows %s, marked", hidden)
			}
		}
		for _, wanted := range []string{"course", "lesson", "title", "course_title"} {
			if len(hit[wanted]) == 0 {
				t.Errorf("a hit does not show %s", wanted)
			}
		}
	}
}

// checkForbidden tries everything but searching.
func checkForbidden(t *testing.T, in instance, token search.Token) {
	t.Helper()
	client := meilisearch.New(in.url, meilisearch.WithAPIKey(token.Token), meilisearch.DisableRetries())
	index := client.Index(in.index)
	for name, attempt := range map[string]func() error{
		"documents": func() error { return index.GetDocuments(nil, &meilisearch.DocumentsResult{}) },
		"settings":  func() error { _, err := index.GetSettings(); return err },
		"adding":    func() error { _, err := index.AddDocuments([]map[string]any{{"id": "x"}}, nil); return err },
		"deleting":  func() error { _, err := index.DeleteDocumentsByFilter("visibility EXISTS", nil); return err },
		"tasks":     func() error { _, err := client.GetTasks(nil); return err },
		"indexes":   func() error { _, err := client.ListIndexes(nil); return err },
		"another":   func() error { _, err := client.Index("other").Search("x", &meilisearch.SearchRequest{}); return err },
	} {
		if err := attempt(); err == nil {
			t.Errorf("%s: a search box may", name)
		}
	}
}

// TestTokensShareAKey checks that many who ask at once are given tokens of one key.
func TestTokensShareAKey(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	engines := []*meili.Engine{in.open(t), in.open(t)}
	for _, engine := range engines {
		mustPut(t, as(t, uuid.New()), engine, uuid.New()) // the index is there
	}
	errs := make([]error, 16)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = engines[i%2].Token(as(t, uuid.New()), i%3 == 0) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("Token %d: %v", i, err)
		}
	}
}

// TestTokenWhileDown checks that a token needs Meilisearch the first time only.
func TestTokenWhileDown(t *testing.T) {
	t.Parallel()
	in := newDouble(t)
	ctx := as(t, uuid.New())
	warm, cold := in.open(t), in.open(t)
	mustToken(t, ctx, warm, true)
	in.double.Set(meilitest.Refusing)
	mustToken(t, ctx, warm, true)
	if _, err := cold.Token(ctx, true); err == nil {
		t.Error("a token without a key: no error")
	}
	in.double.Set(meilitest.Up)
	mustToken(t, ctx, cold, true)
	if _, err := warm.Token(t.Context(), true); err == nil {
		t.Error("a token without a tenant: no error")
	}
}

// TestChangedKey checks that a key that can do more than search is not signed with.
func TestChangedKey(t *testing.T) {
	t.Parallel()
	in := newDouble(t)
	engine := in.open(t)
	mustToken(t, as(t, uuid.New()), engine, true)
	keyUID := in.double.KeyUIDs()[0]
	if _, err := in.client().DeleteKey(keyUID); err != nil {
		t.Fatalf("delete key: %v", err)
	}
	if _, err := in.client().CreateKey(&meilisearch.Key{UID: keyUID, Actions: []string{"*"}, Indexes: []string{"*"}}); err != nil {
		t.Fatalf("create key: %v", err)
	}
	if _, err := in.open(t).Token(as(t, uuid.New()), true); err == nil {
		t.Error("a token signed with a key that may do everything: no error")
	}
}
