package question_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/bench/dataset"
	"lyceum/internal/bench/question"
)

func TestEveryRequestCanBeRead(t *testing.T) {
	t.Parallel()
	v := &question.Visitor{Visit: dataset.Visit{
		Tenant: uuid.New(), Slug: "company-1", CourseSlug: "course-1", Lessons: []uuid.UUID{uuid.New()}, LearnerToken: "token",
	}, Cursor: "cursor", DeepAt: "infinity", ETag: `"tag"`}
	for _, speaker := range []question.Speaker{
		question.Lyceum{Called: "Lyceum", Port: 80}, question.PostGraphile{Port: 80}, question.Limit{Port: 80}, question.Limit{Port: 80, Memory: true},
	} {
		asked := 0
		for _, q := range question.All() {
			message := speaker.Ask(q.Name, v, 3)
			if message == nil {
				continue
			}
			asked++
			request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(message)))
			if err != nil {
				t.Errorf("%s of %s: %v", q.Name, speaker.Name(), err)
				continue
			}
			body, err := io.ReadAll(request.Body)
			if err != nil || int64(len(body)) != request.ContentLength || (len(body) > 0 && !json.Valid(body)) {
				t.Errorf("%s of %s: body %q of %d bytes: %v", q.Name, speaker.Name(), body, request.ContentLength, err)
			}
		}
		if asked == 0 || speaker.Ask("W9", v, 0) != nil {
			t.Errorf("%s is asked %d questions, or one that there is not", speaker.Name(), asked)
		}
	}
}

func TestValuesDoNotDependOnShape(t *testing.T) {
	t.Parallel()
	ours, err := question.Values([]byte(`{"data":{"courses":{"nodes":[{"title":"b","n":1},{"title":"a","n":2}]}}}`), []string{"title", "n"})
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := question.Values([]byte(`[{"title":"a","x":{"n":"2"}},{"title":"b","x":{"n":"1"}}]`), []string{"title", "n"})
	if err != nil || !slices.Equal(ours, theirs) {
		t.Errorf("%q and %q, %v", ours, theirs, err)
	}
	for _, body := range []string{`{"data":null}`, `nonsense`, ``} {
		if got, err := question.Values([]byte(body), []string{"title"}); err == nil {
			t.Errorf("%q holds %q", body, got)
		}
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		body   string
		good   bool
	}{
		"answer":           {http.StatusOK, `{"data":{"errors":1}}`, true},
		"not modified":     {http.StatusNotModified, ``, true},
		"error":            {http.StatusOK, `{"errors":[{"message":"no"}],"data":null}`, false},
		"error at the end": {http.StatusOK, `{"data":null,"errors":[{"message":"no"}]}`, false},
		"refused":          {http.StatusForbidden, `{}`, false},
	} {
		if err := question.Accept(tt.status, []byte(tt.body)); (err == nil) != tt.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}
