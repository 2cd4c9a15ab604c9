package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/graph/limit"
	"lyceum/graph/loader"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/graphql"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

const secret = "what nobody asked about"

// careless are resolvers of which some return data without asking any policy.
type careless struct{ *Resolver }

func (c careless) Query() graphql.QueryResolver {
	return carelessQuery{QueryResolver: c.Resolver.Query()}
}

func (c careless) Mutation() graphql.MutationResolver {
	return carelessMutation{MutationResolver: c.Resolver.Mutation()}
}

func (c careless) Subscription() graphql.SubscriptionResolver { return carelessSubscription{} }

type carelessQuery struct{ graphql.QueryResolver }

func (carelessQuery) Categories(context.Context) ([]*ent.Category, error) {
	return []*ent.Category{{Name: secret}}, nil
}

// Sessions asks, and gives the same.
func (carelessQuery) Sessions(ctx context.Context) ([]*ent.Session, error) {
	if _, err := policy.Signed(ctx); err != nil {
		return nil, err
	}
	return []*ent.Session{{UserAgent: "asked"}}, nil
}

// SearchToken finds nothing, without asking.
func (carelessQuery) SearchToken(context.Context) (*model.SearchToken, error) {
	return nil, nil //nolint:nilnil // there is none
}

type carelessMutation struct{ graphql.MutationResolver }

func (carelessMutation) SuspendUser(context.Context, gid.ID) (*model.UserPayload, error) {
	return &model.UserPayload{User: &ent.User{Name: secret}}, nil
}

type carelessSubscription struct{ graphql.SubscriptionResolver }

func (carelessSubscription) NotificationReceived(context.Context, *int) (<-chan *ent.Notification, error) {
	events := make(chan *ent.Notification, 1)
	events <- &ent.Notification{Title: secret, Seq: 1}
	close(events)
	return events, nil
}

type noDocuments struct{}

func (noDocuments) Lookup(context.Context, string) (string, bool) { return "", false }

// carelessly serves careless resolvers to an admin, and returns what was answered and logged.
func carelessly(t *testing.T, document, accept string) (answer, logged string) {
	t.Helper()
	var log bytes.Buffer
	handler, err := newServer(Options{
		Services: &Services{}, Sources: loader.Sources{}, Documents: noDocuments{}, Limits: limit.DefaultLimits(), MaxCost: 1000, MaxBody: 1 << 16,
		MaxStreams: 10, StreamsPerUser: 10,
		Introspect: true, Log: slog.New(slog.NewTextHandler(&log, nil)),
	}, careless{NewResolver(&Services{})})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]string{"query": document})
	if err != nil {
		t.Fatal(err)
	}
	admin := viewer.Viewer{Tenant: uuid.New(), User: uuid.New(), Role: viewer.TenantAdmin, Session: uuid.New()}
	request := httptest.NewRequestWithContext(viewer.With(t.Context(), admin), http.MethodPost, "/graphql", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", accept)
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	return response.Body.String(), log.String()
}

// TestAnswersWithoutPolicy: a response of a resolver that asked no policy is an error and nothing else, whatever
// stands beside it; the log names the field. That @access let the caller through does not count.
func TestAnswersWithoutPolicy(t *testing.T) {
	t.Parallel()
	const sse = "text/event-stream"
	id := gid.New(ent.GIDUser, uuid.New()).String()
	for name, tt := range map[string]struct{ document, accept, field string }{
		"query":         {`{ categories { name } }`, "", "Query.categories"},
		"beside others": {`{ sessions { userAgent } c: categories { name } __typename }`, "", "Query.categories"},
		"mutation":      {`mutation { suspendUser(id: "` + id + `") { user { name } } }`, "", "Mutation.suspendUser"},
		"subscription":  {`subscription { notificationReceived { title } }`, sse, "Subscription.notificationReceived"},
	} {
		answer, logged := carelessly(t, tt.document, tt.accept)
		if strings.Contains(answer, secret) || strings.Contains(answer, "asked") || !strings.Contains(answer, `"code":"INTERNAL"`) {
			t.Errorf("%s: %s", name, answer)
		}
		if strings.Contains(answer, "policy") || !strings.Contains(logged, "no policy was asked for "+tt.field) {
			t.Errorf("%s: answered %s, logged %s", name, answer, logged)
		}
	}
}

// TestAnswersWithPolicy: what was asked about is answered, and so is what the schema says of itself, and nothing.
func TestAnswersWithPolicy(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		`{ sessions { userAgent } }`:                     `{"data":{"sessions":[{"userAgent":"asked"}]}`,
		`{ searchToken { token } }`:                      `{"data":{"searchToken":null}`,
		`{ viewer { role } }`:                            `{"data":{"viewer":{"role":"TENANT_ADMIN"}}`,
		`{ __typename __schema { queryType { name } } }`: `{"data":{"__typename":"Query","__schema":{"queryType":{"name":"Query"}}}`,
	} {
		if answer, logged := carelessly(t, document, ""); !strings.HasPrefix(answer, want) || logged != "" {
			t.Errorf("%s: %s, logged %q", document, answer, logged)
		}
	}
}
