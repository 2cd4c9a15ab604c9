package meilitest_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/search/meilitest"
)

// record writes down what the server at MEILI_URL answers. Give it one that is empty.
var record = flag.Bool("record", false, "record the exchanges anew from the server at MEILI_URL")

// recording is where the answers of a real server are kept.
const recording = "testdata/exchanges.json"

// answer is what a server said, without what differs every time.
type answer struct {
	Status int `json:"status"`
	Body   any `json:"body,omitempty"`
	// Task is how the task ended that the request began.
	Task any `json:"task,omitempty"`
}

// TestAnswersLikeTheServer has the conversation that was recorded with a real server.
func TestAnswersLikeTheServer(t *testing.T) {
	t.Parallel()
	encoded, err := os.ReadFile(recording)
	if err != nil {
		t.Fatal(err)
	}
	recorded := map[string]answer{}
	if err := json.Unmarshal(encoded, &recorded); err != nil {
		t.Fatal(err)
	}
	server := meilitest.New(t)
	c := &conversation{t: t, url: server.URL, master: server.MasterKey}
	for name, got := range c.all() {
		if diff := cmp.Diff(recorded[name], got); diff != "" {
			t.Errorf("%s: the double differs from what was recorded (-recorded +double):\n%s", name, diff)
		}
	}
}

// TestRecordingIsTrue has the conversation with the server at MEILI_URL.
func TestRecordingIsTrue(t *testing.T) {
	t.Parallel()
	url := os.Getenv("MEILI_URL")
	if url == "" {
		t.Skip("MEILI_URL names no Meilisearch")
	}
	got := (&conversation{t: t, url: url, master: os.Getenv("MEILI_MASTER_KEY")}).all()
	if *record {
		encoded, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(recording, append(encoded, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	encoded, err := os.ReadFile(recording)
	if err != nil {
		t.Fatal(err)
	}
	recorded := map[string]answer{}
	if err := json.Unmarshal(encoded, &recorded); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(recorded, got); diff != "" {
		t.Errorf("the server differs from what was recorded (-recorded +server):\n%s", diff)
	}
}

// conversation is the script, spoken to one server.
type conversation struct {
	t           *testing.T
	url, master string
	answers     map[string]answer
	// searchKey is the value of the key that the script makes.
	searchKey string
}

// Names that the script uses.
const (
	shelf  = "recorded_shelf"
	spare  = "recorded_spare"
	keyUID = "6a1c3f52-3c1b-4c61-9f3a-2f6d8b1f0a77"
)

func (c *conversation) all() map[string]answer {
	c.answers = map[string]answer{}
	c.indexes()
	c.documents()
	c.searches()
	c.filters()
	c.keys()
	c.tokens()
	c.swap()
	c.refusals()
	c.end()
	return c.answers
}

func (c *conversation) indexes() {
	c.as("index/missing", "GET", "/indexes/"+shelf, "master", nil)
	c.as("index/create", "POST", "/indexes", "master", obj{"uid": shelf, "primaryKey": "id"})
	c.as("index/create-again", "POST", "/indexes", "master", obj{"uid": shelf, "primaryKey": "id"})
	c.as("index/bad-uid", "POST", "/indexes", "master", obj{"uid": "no spaces"})
	c.as("index/get", "GET", "/indexes/"+shelf, "master", nil)
	c.as("settings/default", "GET", "/indexes/"+shelf+"/settings", "master", nil)
	c.as("settings/filter-before", "POST", "/indexes/"+shelf+"/search", "master", obj{"q": "x", "filter": "tenant = a"})
	c.as("settings/set", "PATCH", "/indexes/"+shelf+"/settings", "master", obj{
		"searchableAttributes": list{"title", "body"},
		"filterableAttributes": list{"tenant", "level", "categories", "visibility"},
		"displayedAttributes":  list{"id", "title", "level", "categories"},
		"sortableAttributes":   list{"at"},
		"rankingRules":         list{"words", "typo", "proximity", "attribute", "sort", "exactness", "at:desc"},
		"stopWords":            list{},
		"separatorTokens":      list{"<", ">"},
		"typoTolerance": obj{
			"enabled": true, "minWordSizeForTypos": obj{"oneTypo": 5, "twoTypos": 9},
			"disableOnWords": list{}, "disableOnAttributes": list{}, "disableOnNumbers": true,
		},
		"pagination":     obj{"maxTotalHits": 5},
		"faceting":       obj{"maxValuesPerFacet": 100, "sortFacetValuesBy": obj{"*": "alpha"}},
		"searchCutoffMs": 150,
	})
	c.as("settings/get", "GET", "/indexes/"+shelf+"/settings", "master", nil)
	c.as("settings/unknown", "PATCH", "/indexes/"+shelf+"/settings", "master", obj{"wallpaper": "blue"})
}

func (c *conversation) documents() {
	add := "/indexes/" + shelf + "/documents?primaryKey=id"
	c.as("documents/add", "POST", add, "master", list{
		obj{"id": "a_1", "tenant": "a", "title": "Photosynthesis", "body": "Chlorophyll absorbs light. Water is split.", "level": "BEGINNER", "categories": list{"botany", "light"}, "visibility": "PUBLIC", "at": 100},
		obj{"id": "a_2", "tenant": "a", "title": "Light and shadow", "body": "A lamp casts a shadow of the plant.", "level": "ADVANCED", "categories": list{"physics"}, "visibility": "MEMBERS", "at": 200},
		obj{"id": "b_1", "tenant": "b", "title": "Light of others", "body": "secret", "level": "BEGINNER", "categories": list{}, "visibility": "PUBLIC", "at": 300},
		obj{"id": "a_3", "tenant": "a", "title": "Cafés of Vienna", "body": "The café is near <b>the</b> opera.", "level": "ALL", "categories": list{"it's"}, "visibility": "PUBLIC", "at": 400},
		obj{"id": "a_4", "tenant": "a", "title": "Kubernetes in practice", "body": "Pods, nodes and state-of-the-art clusters. It's O'Neill's.", "level": "ALL", "categories": list{"computing"}, "visibility": "PUBLIC", "at": 500},
		obj{"id": "a_5", "tenant": "a", "title": "The plant, part 2", "body": "Light light light. The light of the plant.", "level": "BEGINNER", "categories": list{"botany"}, "visibility": "PUBLIC", "at": 600},
		obj{"id": "a_6", "tenant": "a", "title": "История России", "body": "Москва зимой", "level": "ALL", "categories": list{}, "visibility": "PUBLIC", "at": 700},
	})
	c.as("documents/bad-id", "POST", add, "master", list{obj{"id": "no spaces", "title": "x"}})
	c.as("documents/no-id", "POST", add, "master", list{obj{"title": "x"}})
	c.as("documents/fetch", "POST", "/indexes/"+shelf+"/documents/fetch", "master",
		obj{"filter": list{"tenant = 'a'"}, "fields": list{"id", "tenant", "at"}, "limit": 2, "offset": 1})
	c.as("documents/fetch-bad-filter", "POST", "/indexes/"+shelf+"/documents/fetch", "master", obj{"filter": "title = x"})
	c.as("documents/replace", "POST", add, "master", list{obj{"id": "a_6", "tenant": "a", "title": "История", "at": 1}})
	c.as("documents/replaced", "POST", "/indexes/"+shelf+"/documents/fetch", "master", obj{"filter": "at EXISTS"})
	c.as("documents/replaced-whole", "POST", "/indexes/"+shelf+"/documents/fetch", "master", obj{"filter": "tenant = a AND level NOT EXISTS"})
	c.as("documents/delete", "POST", "/indexes/"+shelf+"/documents/delete", "master", obj{"filter": list{"tenant = 'a'", "level NOT EXISTS"}})
	c.as("documents/delete-bad-filter", "POST", "/indexes/"+shelf+"/documents/delete", "master", obj{"filter": "title = x"})
	c.as("documents/delete-malformed-filter", "POST", "/indexes/"+shelf+"/documents/delete", "master", obj{"filter": "title ="})
	c.as("documents/delete-no-filter", "POST", "/indexes/"+shelf+"/documents/delete", "master", obj{})
	c.as("documents/count", "POST", "/indexes/"+shelf+"/documents/fetch", "master", obj{"limit": 0})
}

func (c *conversation) searches() {
	marked := obj{"attributesToHighlight": list{"title"}, "highlightPreTag": "⟦", "highlightPostTag": "⟧", "matchingStrategy": "all"}
	for _, q := range []string{
		"light", "LIGHT", "photosynthesis", "photosyn", "photosyntesis", `"photosyntesis"`, "light plant", "plant light", `"light of"`, `"of light"`,
		"light -shadow", `light -"the plant"`, "-light", "cafe", "CAFÉS", "kuberntes", "kubernetse", "lihgt", "lmap", "lam", "zzz", "state-of-the-art",
		"o'neill", "the", "plant water", "li", "other", "part 2", "opera", "b", "light of the plant", `"lamp casts" shadow`, `light "`, `" light`, "- light", "light -",
		"shadow lamp", "pods cluster", "россии", "История",
	} {
		c.search("search/"+q, q, marked)
	}
	for _, q := range []string{"plant water", "light zzz", "zzz light"} {
		c.search("search-last/"+q, q, obj{})
	}
	c.search("search/nothing", "", obj{})
	c.search("search/signs", "!!!", obj{})
	c.search("search/page", "light", obj{"limit": 1, "offset": 1})
	c.search("search/past-the-end", "light", obj{"limit": 5, "offset": 4})
	c.search("search/hidden", "lamp", obj{"attributesToRetrieve": list{"id", "tenant", "body"}})
	c.search("search/hidden-marks", "lamp", obj{"attributesToHighlight": list{"*"}})
	c.search("search/facets", "light", obj{"facets": list{"level", "categories"}})
	c.search("search/bad-facet", "light", obj{"facets": list{"title"}})
	c.search("search/unknown-field", "light", obj{"wallpaper": 1})
	c.search("search/bad-limit", "light", obj{"limit": -1})
	c.search("search/bad-strategy", "light", obj{"matchingStrategy": "most"})
	c.search("search/hybrid-null", "light", obj{"hybrid": nil})
}

func (c *conversation) filters() {
	for _, filter := range []any{
		"tenant = b", "tenant = 'b'", `tenant = "b"`, "tenant=b",
		list{"tenant = b"},
		list{"tenant = a", "level = ADVANCED"},
		list{list{"level = ADVANCED", "tenant = b"}, "visibility = PUBLIC"},
		"tenant != a", "NOT tenant = a", "tenant IN [b]", "tenant IN ['a', 'b']",
		"tenant NOT IN ['a']", "tenant = a AND level = ADVANCED OR tenant = b", "(tenant = b OR tenant = a) AND level = ADVANCED", "tenant EXISTS",
		"level NOT EXISTS", "tenant = A", "categories = light", `categories = 'it\'s'`, `categories = "it's"`, "level IN []", "",
		list{},
		"tenant = ", "tenant", "= a", "tenant = a b", "tenant = 'a' OR", "OR tenant = a", "tenant = 'a' tenant = 'b'", "(tenant = a", "tenant = a)",
		"tenant IN ['a'", "tenant IN 'a'", "title = x", "tenant = 'a' AND title = 'x'", "tenant == a", "tenant = AND", 7,
		list{7},
	} {
		encoded, err := json.Marshal(filter)
		if err != nil {
			c.t.Fatal(err)
		}
		c.search("filter/"+string(encoded), "light", obj{"filter": filter, "attributesToRetrieve": list{"id"}})
	}
}

func (c *conversation) keys() {
	c.as("keys/missing", "GET", "/keys/"+keyUID, "master", nil)
	body := obj{"uid": keyUID, "name": "Recorded", "description": "For the recording", "actions": list{"search"}, "indexes": list{shelf}, "expiresAt": nil}
	made := c.as("keys/create", "POST", "/keys", "master", body)
	c.searchKey, _ = made["key"].(string)
	c.as("keys/create-again", "POST", "/keys", "master", body)
	c.as("keys/bad-action", "POST", "/keys", "master", obj{"actions": list{"sing"}, "indexes": list{shelf}, "expiresAt": nil})
	c.as("keys/no-expiry", "POST", "/keys", "master", obj{"actions": list{"search"}, "indexes": list{shelf}})
	c.as("keys/get", "GET", "/keys/"+keyUID, "master", nil)
	c.as("keys/by-search-key", "GET", "/keys/"+keyUID, "search", nil)
	c.as("keys/search", "POST", "/indexes/"+shelf+"/search", "search", obj{"q": "cafe"})
	c.as("keys/other-index", "POST", "/indexes/"+spare+"/search", "search", obj{"q": "cafe"})
	c.as("keys/other-action", "GET", "/indexes/"+shelf+"/settings", "search", nil)
	c.as("keys/tasks", "GET", "/tasks?limit=1", "search", nil)
}

func (c *conversation) tokens() {
	rules := func(filter any) any { return obj{shelf: obj{"filter": filter}} }
	soon, past := time.Now().Add(time.Hour).Unix(), time.Now().Add(-time.Minute).Unix()
	flipped := c.token("HS256", c.searchKey, rules("tenant = a"), soon)
	last := flipped[len(flipped)-1]
	other := byte('A')
	if last == 'A' {
		other = 'Q'
	}
	tokens := map[string]string{
		"good":             c.token("HS256", c.searchKey, rules("tenant = a"), soon),
		"other-tenant":     c.token("HS256", c.searchKey, rules("tenant = b"), soon),
		"no-expiry":        c.token("HS256", c.searchKey, rules("tenant = b"), 0),
		"list":             c.token("HS256", c.searchKey, list{shelf}, soon),
		"null-rule":        c.token("HS256", c.searchKey, obj{shelf: nil}, soon),
		"star":             c.token("HS256", c.searchKey, obj{"*": obj{"filter": "tenant = b"}}, soon),
		"expired":          c.token("HS256", c.searchKey, rules("tenant = a"), past),
		"other-index":      c.token("HS256", c.searchKey, obj{spare: obj{}}, soon),
		"forged":           c.token("HS256", "not the key", rules("tenant = a"), soon),
		"master":           c.token("HS256", c.master, rules("tenant = a"), soon),
		"no-algorithm":     c.token("none", "", rules("tenant = a"), soon),
		"bad-filter":       c.token("HS256", c.searchKey, rules("title = x"), soon),
		"malformed-filter": c.token("HS256", c.searchKey, rules("tenant ="), soon),
		"last-letter":      flipped[:len(flipped)-1] + string(other),
		"cut":              flipped[:len(flipped)-4],
		"no-rules":         c.token("HS256", c.searchKey, nil, soon),
	}
	for name, token := range tokens {
		c.as("token/"+name, "POST", "/indexes/"+shelf+"/search", token, obj{"q": "light", "attributesToRetrieve": list{"id"}})
	}
	good := tokens["good"]
	for name, filter := range map[string]any{
		"narrowed": "level = ADVANCED", "widened": "tenant = b", "injected": "tenant = a OR tenant = b", "list": list{list{"tenant = a", "tenant = b"}},
		"negated": "NOT tenant = a", "commented": "tenant = b) OR (tenant = b",
	} {
		c.as("token-filter/"+name, "POST", "/indexes/"+shelf+"/search", good, obj{"q": "light", "filter": filter, "attributesToRetrieve": list{"id"}})
	}
	c.as("token-facets", "POST", "/indexes/"+shelf+"/search", good, obj{"q": "", "facets": list{"tenant"}, "limit": 0})
	c.as("token-documents", "POST", "/indexes/"+shelf+"/documents/fetch", good, obj{})
	c.as("token-settings", "GET", "/indexes/"+shelf+"/settings", good, nil)
}

func (c *conversation) swap() {
	c.as("swap/missing", "POST", "/swap-indexes", "master", list{obj{"indexes": list{shelf, spare}, "rename": false}})
	c.as("swap/create", "POST", "/indexes", "master", obj{"uid": spare, "primaryKey": "id"})
	c.as("swap/twice", "POST", "/swap-indexes", "master", list{obj{"indexes": list{shelf, shelf}, "rename": false}})
	c.as("swap/one", "POST", "/swap-indexes", "master", list{obj{"indexes": list{shelf}, "rename": false}})
	c.as("swap/swap", "POST", "/swap-indexes", "master", list{obj{"indexes": list{shelf, spare}, "rename": false}})
	c.as("swap/search", "POST", "/indexes/"+spare+"/search", "master", obj{"q": "cafe"})
	c.as("swap/search-old", "POST", "/indexes/"+shelf+"/search", "master", obj{"q": "cafe"})
	c.as("swap/back", "POST", "/swap-indexes", "master", list{obj{"indexes": list{spare, shelf}, "rename": false}})
}

func (c *conversation) refusals() {
	c.as("refusal/no-key", "GET", "/indexes/"+shelf, "", nil)
	c.as("refusal/bad-key", "GET", "/indexes/"+shelf, "wrong", nil)
	c.as("refusal/no-index", "POST", "/indexes/nowhere/search", "master", obj{"q": "x"})
	c.as("refusal/no-index-settings", "GET", "/indexes/nowhere/settings", "master", nil)
	c.as("refusal/no-index-documents", "POST", "/indexes/nowhere/documents/fetch", "master", obj{})
	c.as("refusal/no-index-delete", "DELETE", "/indexes/nowhere", "master", nil)
	c.as("refusal/no-index-delete-documents", "POST", "/indexes/nowhere/documents/delete", "master", obj{"filter": "a = b"})
	c.as("refusal/no-task", "GET", "/tasks/4000000000", "master", nil)
	c.as("refusal/no-body", "POST", "/indexes/"+shelf+"/documents", "master", raw(""))
	c.as("refusal/no-json", "POST", "/indexes/"+shelf+"/documents", "master", raw("[{"))
	c.as("refusal/no-json-search", "POST", "/indexes/"+shelf+"/search", "master", raw("{"))
	c.as("refusal/list-search", "POST", "/indexes/"+shelf+"/search", "master", list{})
	c.as("health", "GET", "/health", "", nil)
}

func (c *conversation) end() {
	c.as("tasks/failed", "GET", "/tasks?limit=1&indexUids="+spare+"&statuses=failed,canceled&types=documentAdditionOrUpdate,documentDeletion", "master", nil)
	c.as("tasks/open", "GET", "/tasks?limit=1&indexUids="+spare+"&statuses=enqueued,processing&types=documentAdditionOrUpdate,documentDeletion", "master", nil)
	c.as("tasks/bad-status", "GET", "/tasks?statuses=lost", "master", nil)
	c.as("end/delete", "DELETE", "/indexes/"+shelf, "master", nil)
	c.as("end/delete-spare", "DELETE", "/indexes/"+spare, "master", nil)
	c.as("end/delete-key", "DELETE", "/keys/"+keyUID, "master", nil)
	c.as("end/deleted-key", "GET", "/keys/"+keyUID, "master", nil)
}

type (
	obj  = map[string]any
	list = []any
	raw  string
)

func (c *conversation) search(name, q string, with obj) {
	body := obj{"q": q}
	maps.Copy(body, with)
	c.as(name, "POST", "/indexes/"+shelf+"/search", "master", body)
}

// as sends a request with a key, waits for the task that it begins, if it does, and keeps the answer.
func (c *conversation) as(name, method, path, key string, body any) obj {
	c.t.Helper()
	switch key {
	case "master":
		key = c.master
	case "search":
		key = c.searchKey
	}
	status, said := c.send(method, path, key, body)
	kept := answer{Status: status, Body: scrub(said)}
	begun, _ := said.(obj)
	if uid, ok := begun["taskUid"]; ok && status == http.StatusAccepted {
		kept.Task = scrub(c.task(uid))
	}
	if _, ok := c.answers[name]; ok {
		c.t.Fatalf("%s is said twice", name)
	}
	c.answers[name] = kept
	return begun
}

func (c *conversation) task(uid any) any {
	c.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		_, said := c.send(http.MethodGet, fmt.Sprintf("/tasks/%.0f", uid), c.master, nil)
		if task, _ := said.(obj); task["status"] != "enqueued" && task["status"] != "processing" {
			return said
		}
		<-time.After(5 * time.Millisecond)
	}
	c.t.Fatalf("task %v does not end", uid)
	return nil
}

func (c *conversation) send(method, path, key string, body any) (int, any) {
	c.t.Helper()
	var payload io.Reader = http.NoBody
	if text, ok := body.(raw); ok {
		payload = strings.NewReader(string(text))
	} else if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		payload = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, payload)
	if err != nil {
		c.t.Fatal(err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	encoded, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if len(encoded) == 0 {
		return response.StatusCode, nil
	}
	var said any
	if err := json.Unmarshal(encoded, &said); err != nil {
		c.t.Fatalf("%s %s: %q is no JSON", method, path, encoded)
	}
	return response.StatusCode, said
}

// token makes a tenant token; 0 is no expiry.
func (c *conversation) token(algorithm, secret string, rules any, expires int64) string {
	claims := obj{"apiKeyUid": keyUID, "searchRules": rules}
	if expires != 0 {
		claims["exp"] = expires
	}
	if rules == nil {
		delete(claims, "searchRules")
	}
	encode := func(v any) string {
		encoded, err := json.Marshal(v)
		if err != nil {
			c.t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(encoded)
	}
	signed := encode(obj{"typ": "JWT", "alg": algorithm}) + "." + encode(claims)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	if algorithm == "none" {
		return signed + "."
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// volatile are the fields that differ every time.
var volatile = regexp.MustCompile(`^(uid|taskUid|batchUid|key|from|next|processingTimeMs|requestUid|duration|enqueuedAt|startedAt|finishedAt|createdAt|updatedAt)$`)

// wordy are refusals whose message explains a mistake of the caller, in words that a double need not know.
var wordy = regexp.MustCompile(`^(invalid_.*filter|bad_request|malformed_payload|invalid_search_.*|invalid_api_key.*|invalid_index_uid|invalid_task_statuses|invalid_swap_.*|invalid_settings.*|missing_api_key_.*|missing_payload)$`)

// scrub takes out what differs every time, and the words of explanations.
func scrub(value any) any {
	switch v := value.(type) {
	case obj:
		code, _ := v["code"].(string)
		kept := obj{}
		for key, field := range v {
			switch {
			case key == "uid" && fmt.Sprintf("%T", field) == "string":
				kept[key] = field
			case volatile.MatchString(key):
			case key == "message" && wordy.MatchString(code):
			default:
				kept[key] = scrub(field)
			}
		}
		return kept
	case list:
		kept := make(list, len(v))
		for i, item := range v {
			kept[i] = scrub(item)
		}
		return kept
	default:
		return value
	}
}
