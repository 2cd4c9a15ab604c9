package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"lyceum/internal/fault"
	"lyceum/web"
)

// TestStop: looking at a link that ends mails ends none; saying so does, also for a mail program that says it from anywhere.
func TestStop(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		method, token string
		status        int
		has           string
		ended         []string
	}{
		"looking":          {http.MethodGet, "good", 200, "when you pass", nil},
		"only the head":    {http.MethodHead, "good", 200, "", nil},
		"ending":           {http.MethodPost, "good", 200, "when you pass", []string{"good"}},
		"looking, too old": {http.MethodGet, "old", 404, "too old", nil},
		"ending, too old":  {http.MethodPost, "old", 404, "too old", nil},
		"too often":        {http.MethodPost, "often", 429, "too often", nil},
		"broken":           {http.MethodPost, "broken", 500, "Something went wrong", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ended []string
			look := func(_ context.Context, token string) (string, error) {
				switch token {
				case "good":
					return "when you pass " + hostile, nil
				case "old":
					return "", fault.New(fault.NotFound, "This link is too old.")
				case "often":
					return "", fault.New(fault.RateLimited, "That was too often.")
				default:
					return "", errors.New("the database is down")
				}
			}
			h := open(t, func(p *web.Pages) {
				p.StopPath, p.Stop = "/mail/stop/", look
				p.StopMail = func(ctx context.Context, token string) (string, error) {
					about, err := look(ctx, token)
					if err == nil {
						ended = append(ended, token)
					}
					return about, err
				}
			})
			r := httptest.NewRequestWithContext(t.Context(), tt.method, "/mail/stop/"+tt.token, strings.NewReader("List-Unsubscribe=One-Click"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if body := w.Body.String(); w.Code != tt.status || !strings.Contains(body, tt.has) || strings.Contains(body, "<b onmouseover") {
				t.Errorf("status %d, want %d with %q: %s", w.Code, tt.status, tt.has, body)
			}
			if !slices.Equal(ended, tt.ended) {
				t.Errorf("ended %v", ended)
			}
			if w.Code == http.StatusOK && w.Header().Get("X-Robots-Tag") != "noindex" {
				t.Error("search engines may list it")
			}
		})
	}
}
