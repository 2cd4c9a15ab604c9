package meili_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/meilisearch/meilisearch-go"

	"lyceum/search"
)

// foreignTitle is in what the victim has in the index.
const foreignTitle = "Foreign light"

// ask asks with a bearer as whoever writes their own search box does, and returns all that comes back.
func ask(t *testing.T, in instance, bearer, method, path, body string) (status int, said string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, in.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+bearer)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "" // no client sends such a header
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// tokenParts are the header and the claims of a token.
func tokenParts(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no token", token)
	}
	for i, into := range []*map[string]any{&header, &claims} {
		decoded, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(decoded, into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

func part(t *testing.T, v any) string {
	t.Helper()
	encoded, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(encoded)
}

// sign signs what it is given.
func sign(t *testing.T, header, claims map[string]any, secret string, with func() hash.Hash) string {
	t.Helper()
	signed := part(t, header) + "." + part(t, claims)
	code := hmac.New(with, []byte(secret))
	_, _ = code.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(code.Sum(nil))
}

// with returns a copy of the map in which the name has the value; nil takes it out.
func with(m map[string]any, name string, value any) map[string]any {
	copied := maps.Clone(m)
	copied[name] = value
	if value == nil {
		delete(copied, name)
	}
	return copied
}

// TestAttackTokens makes of the token of a tenant's member whatever can be made without the key: none finds a document
// of another tenant, and what is not the token as it was made finds nothing at all.
func TestAttackTokens(t *testing.T) {
	t.Parallel()
	in := newDouble(t)
	engine := in.open(t)
	us, them := uuid.New(), uuid.New()
	ours, theirs := uuid.New(), uuid.New()
	mustPut(t, as(t, us), engine, ours, lesson(ours, "Own light"))
	mustPut(t, as(t, them), engine, theirs, lesson(theirs, foreignTitle))
	token := mustToken(t, as(t, us), engine, true).Token
	foreign := mustToken(t, as(t, them), engine, true).Token
	header, claims := tokenParts(t, token)
	_, foreignClaims := tokenParts(t, foreign)
	path := "/indexes/" + in.index + "/search"
	if status, said := ask(t, in, token, http.MethodPost, path, `{"q":"light"}`); status != http.StatusOK || !strings.Contains(said, "Own light") || strings.Contains(said, foreignTitle) {
		t.Fatalf("the token as it was made: %d %s", status, said)
	}

	wide := map[string]any{in.index: map[string]any{"filter": "tenant_id EXISTS"}}
	key := in.otherKey(t)
	parts, foreignParts := strings.Split(token, "."), strings.Split(foreign, ".")
	uid, _ := claims["apiKeyUid"].(string)
	forged := map[string]string{
		"no signature":                    parts[0] + "." + parts[1] + ".",
		"two parts":                       parts[0] + "." + parts[1],
		"the signature of another":        parts[0] + "." + parts[1] + "." + foreignParts[2],
		"the claims of another":           parts[0] + "." + foreignParts[1] + "." + parts[2],
		"a padded signature":              token + "=",
		"the signature twice":             token + "." + parts[2],
		"the uid of the key":              uid,
		"an empty token":                  "",
		"wider, signed with the uid":      sign(t, header, with(claims, "searchRules", wide), uid, sha256.New),
		"wider, signed with nothing":      sign(t, header, with(claims, "searchRules", wide), "", sha256.New),
		"wider, signed with the name":     sign(t, header, with(claims, "searchRules", wide), "Lyceum search boxes", sha256.New),
		"wider, signed with another key":  sign(t, header, with(claims, "searchRules", wide), key.Key, sha256.New),
		"wider, not signed anew":          parts[0] + "." + part(t, with(claims, "searchRules", wide)) + "." + parts[2],
		"all indexes, not signed anew":    parts[0] + "." + part(t, with(claims, "searchRules", []string{"*"})) + "." + parts[2],
		"no rules, not signed anew":       parts[0] + "." + part(t, with(claims, "searchRules", nil)) + "." + parts[2],
		"no end, not signed anew":         parts[0] + "." + part(t, with(claims, "exp", nil)) + "." + parts[2],
		"a later end, not signed anew":    parts[0] + "." + part(t, with(claims, "exp", time.Now().Add(24*time.Hour).Unix())) + "." + parts[2],
		"another key's uid":               parts[0] + "." + part(t, with(claims, "apiKeyUid", key.UID)) + "." + parts[2],
		"another key's uid, signed by it": sign(t, header, with(with(claims, "apiKeyUid", key.UID), "searchRules", wide), key.Key, sha256.New),
		"the master key's name":           parts[0] + "." + part(t, with(claims, "apiKeyUid", "")) + "." + parts[2],
		"the victim's claims, own secret": sign(t, header, foreignClaims, uid, sha256.New),
	}
	for _, none := range []string{"none", "None", "NONE", "nOnE", ""} {
		forged["the algorithm "+none] = part(t, with(header, "alg", none)) + "." + part(t, with(claims, "searchRules", wide)) + "."
		forged["the algorithm "+none+", with a signature"] = part(t, with(header, "alg", none)) + "." + part(t, with(claims, "searchRules", wide)) + "." + parts[2]
	}
	forged["a longer hash, signed with the uid"] = sign(t, with(header, "alg", "HS512"), with(claims, "searchRules", wide), uid, sha512.New)
	forged["a public key"] = sign(t, with(header, "alg", "RS256"), with(claims, "searchRules", wide), uid, sha256.New)
	for what, forged := range forged {
		if status, said := ask(t, in, forged, http.MethodPost, path, `{"q":"light"}`); status == http.StatusOK || strings.Contains(said, "light") {
			t.Errorf("%s: %d %s", what, status, said)
		}
	}
	flipped := 0
	for i := range len(token) {
		for bit := range 8 {
			changed := []byte(token)
			changed[i] ^= 1 << bit
			if status, said := ask(t, in, string(changed), http.MethodPost, path, `{"q":"light"}`); status == http.StatusOK {
				t.Errorf("byte %d, bit %d flipped: %s", i, bit, said)
			}
			flipped++
		}
	}
	checkExpired(t, in, us)
	asked := checkWidened(t, in, token, us, them)
	t.Logf("%d forged tokens and %d flipped bits refused, %d wider questions answered with the tenant's own", len(forged), flipped, asked)
}

// otherKey is a key that may search another index.
func (in instance) otherKey(t *testing.T) *meilisearch.Key {
	t.Helper()
	made, err := in.client().CreateKey(&meilisearch.Key{UID: uuid.NewString(), Actions: []string{"search"}, Indexes: []string{"other"}})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// checkExpired signs with the right key, for a time that is over.
func checkExpired(t *testing.T, in instance, tenant uuid.UUID) {
	t.Helper()
	for _, uid := range in.double.KeyUIDs() {
		key, err := in.client().GetKey(uid)
		if err != nil {
			t.Fatal(err)
		}
		rules := map[string]any{in.index: map[string]any{"filter": fmt.Sprintf("tenant_id = '%s'", tenant)}}
		claims := map[string]any{"apiKeyUid": key.UID, "searchRules": rules, "exp": time.Now().Add(-time.Minute).Unix()}
		token := sign(t, map[string]any{"alg": "HS256", "typ": "JWT"}, claims, key.Key, sha256.New)
		if status, said := ask(t, in, token, http.MethodPost, "/indexes/"+in.index+"/search", `{"q":"light"}`); status == http.StatusOK {
			t.Errorf("an expired token: %s", said)
		}
	}
}

// checkWidened asks with a good token for more than it gives, in everything that a question can say.
func checkWidened(t *testing.T, in instance, token string, us, them uuid.UUID) (asked int) {
	t.Helper()
	for _, filter := range []string{
		`"tenant_id EXISTS"`, `"tenant_id = '` + them.String() + `'"`, `"tenant_id = '` + us.String() + `' OR tenant_id EXISTS"`,
		`["tenant_id EXISTS", ["tenant_id = '` + them.String() + `'", "tenant_id EXISTS"]]`, `"NOT tenant_id = '` + us.String() + `'"`,
		`"visibility = PUBLIC) OR (tenant_id EXISTS"`, `"' OR tenant_id EXISTS"`, `[[]]`, `[]`, `null`, `""`, `1`, `{}`, `"tenant_id IN ['` + them.String() + `']"`,
	} {
		for _, rest := range []string{
			``, `, "facets": ["*"]`, `, "facets": ["tenant_id", "categories", "language"]`, `, "attributesToRetrieve": ["*"]`,
			`, "attributesToHighlight": ["*"], "showMatchesPosition": true`, `, "attributesToSearchOn": ["tenant_id"]`, `, "sort": ["tenant_id:asc"]`,
			`, "offset": 0, "limit": 1000`, `, "page": 1, "hitsPerPage": 1000`, `, "distinct": "tenant_id"`, `, "showRankingScoreDetails": true`,
		} {
			for _, q := range []string{"light", "foreign", ""} {
				status, said := ask(t, in, token, http.MethodPost, "/indexes/"+in.index+"/search", `{"q":"`+q+`","filter":`+filter+rest+`}`)
				if strings.Contains(said, foreignTitle) || status == http.StatusOK && strings.Contains(said, them.String()) {
					t.Errorf("filter %s%s: %s", filter, rest, said)
				}
				asked++
			}
		}
	}
	// Other doors of the same server.
	for path, body := range map[string]string{
		"POST /multi-search":                                 `{"queries":[{"indexUid":"` + in.index + `","q":"light","filter":"tenant_id EXISTS"}]}`,
		"POST /indexes/" + in.index + "/facet-search":        `{"facetName":"tenant_id","facetQuery":""}`,
		"POST /indexes/" + in.index + "/similar":             `{"id":"` + them.String() + `"}`,
		"POST /indexes/" + in.index + "/documents/fetch":     `{}`,
		"GET /indexes/" + in.index + "/documents":            ``,
		"GET /indexes/" + in.index + "/stats":                ``,
		"GET /stats":                                         ``,
		"GET /keys":                                          ``,
		"GET /tasks":                                         ``,
		"GET /indexes":                                       ``,
		"POST /dumps":                                        ``,
		"PATCH /indexes/" + in.index + "/settings":           `{"filterableAttributes":[]}`,
		"DELETE /indexes/" + in.index:                        ``,
		"POST /keys":                                         `{"actions":["*"],"indexes":["*"],"expiresAt":null}`,
		"GET /indexes/" + in.index + "/search?q=foreign":     ``,
		"GET /indexes/../indexes/" + in.index + "/documents": ``,
	} {
		method, path, _ := strings.Cut(path, " ")
		status, said := ask(t, in, token, method, path, body)
		if strings.Contains(said, foreignTitle) || status < 300 && !strings.Contains(path, "search") {
			t.Errorf("%s %s: %d %s", method, path, status, said)
		}
		asked++
	}
	return asked
}

// TestAttackTokenForNobody: a token is for the tenant of the context, and for nothing that comes with it.
func TestAttackTokenForNobody(t *testing.T) {
	t.Parallel()
	in := newDouble(t)
	engine := in.open(t)
	for what, ctx := range map[string]context.Context{"nobody": t.Context(), "the nil tenant": as(t, uuid.Nil)} {
		if token, err := engine.Token(ctx, true); err == nil {
			t.Errorf("%s: %+v", what, token)
		}
		if found, err := engine.Query(ctx, search.Query{Text: "light", Limit: 1}); err == nil {
			t.Errorf("%s: %+v", what, found)
		}
		if held, err := engine.Held(ctx); err == nil {
			t.Errorf("%s: %+v", what, held)
		}
		if err := put(ctx, engine, uuid.New(), lesson(uuid.New(), "x")); err == nil {
			t.Errorf("%s puts a document", what)
		}
	}
	if n := len(in.double.Documents(in.index)); n != 0 {
		t.Errorf("%d documents of nobody", n)
	}
}
