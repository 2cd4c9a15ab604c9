package push

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/fault"
)

// shelf is a server with one course, that answers with no more than so many lessons at a time.
type shelf struct {
	modules [][]string // keys of lessons
	most    int
	// edited counts the questions after which somebody else edits the course.
	edited int

	asked []int // how many lessons each time
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		OperationName string `json:"operationName"`
		Variables     struct {
			Keys []string `json:"keys"`
		} `json:"variables"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	keys := in.Variables.Keys
	if in.OperationName == "DraftLessons" {
		s.asked = append(s.asked, len(keys))
	}
	if len(keys) > s.most {
		_, _ = fmt.Fprint(w, `{"errors":[{"message":"The answer would hold too much text.","extensions":{"code":"BAD_USER_INPUT"}}],"data":{"courseDraft":null}}`)
		return
	}
	revision := 7
	if s.edited > 0 && len(s.asked) > s.edited {
		revision++
	}
	var modules []string
	for i, all := range s.modules {
		var lessons []string
		for _, key := range all {
			if keys == nil || slices.Contains(keys, key) {
				lessons = append(lessons, fmt.Sprintf(`{"key":%q,"title":%q,"kind":"LINK"}`, key, key))
			}
		}
		modules = append(modules, fmt.Sprintf(`{"key":"m%d","title":"M","lessons":[%s]}`, i, strings.Join(lessons, ",")))
	}
	_, _ = fmt.Fprintf(w, `{"data":{"courseDraft":{"id":"x","slug":"big","revision":%d,"modules":[%s]}}}`, revision, strings.Join(modules, ","))
}

// newShelf has a course of four modules: of 70, 0, 150 and 20 lessons.
func newShelf(most int) *shelf {
	s := &shelf{most: most}
	for i, n := range []int{70, 0, 150, 20} {
		var keys []string
		for j := range n {
			keys = append(keys, fmt.Sprintf("l%d-%d", i, j))
		}
		s.modules = append(s.modules, keys)
	}
	return s
}

func (s *shelf) pull(t *testing.T) (*pulled, error) {
	t.Helper()
	server := httptest.NewServer(s)
	defer server.Close()
	return NewClient(server.URL, "", http.DefaultTransport).pull(t.Context(), "big")
}

// TestLargeCoursesArePulledWhole reads a course of which the server shows a part at a time.
func TestLargeCoursesArePulledWhole(t *testing.T) {
	t.Parallel()
	for most, asked := range map[int][]int{
		1000: {100, 100, 40},
		60:   {100, 50, 50, 100, 50, 50, 40},
		40:   {100, 50, 25, 25, 50, 25, 25, 100, 50, 25, 25, 50, 25, 25, 40},
	} {
		s := newShelf(most)
		p, err := s.pull(t)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range p.course.Modules {
			var keys []string
			for _, l := range m.Lessons {
				keys = append(keys, l.Key)
			}
			if diff := cmp.Diff(s.modules[i], keys); diff != "" {
				t.Errorf("at most %d at a time, module %d: %s", most, i, diff)
			}
		}
		if diff := cmp.Diff(asked, s.asked); diff != "" {
			t.Errorf("at most %d at a time: %s", most, diff)
		}
	}
}

func TestPullSaysWhatKeepsItFrom(t *testing.T) {
	t.Parallel()
	if _, err := newShelf(0).pull(t); fault.CodeOf(err) != fault.BadInput || !strings.Contains(err.Error(), "too much text") {
		t.Errorf("a lesson that is too large by itself: %v", err)
	}
	edited := newShelf(1000)
	edited.edited = 1
	if _, err := edited.pull(t); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a course that is edited meanwhile: %v", err)
	}
}
