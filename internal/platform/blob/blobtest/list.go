package blobtest

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
)

func (s *suite) keys(t *testing.T, prefix blob.Prefix) []string {
	t.Helper()
	var keys []string
	for entry, err := range s.store.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("List(%s): %v", prefix, err)
		}
		if entry.Size != int64(len("content")) || entry.Created.IsZero() {
			t.Errorf("List gives %+v", entry)
		}
		keys = append(keys, strings.TrimPrefix(entry.Key.String(), newPrefix(t, prefix.Tenant()).String()))
	}
	slices.Sort(keys)
	return keys
}

// plant gives two tenants the same objects.
func (s *suite) plant(t *testing.T) (mine, theirs uuid.UUID) {
	t.Helper()
	mine, theirs = uuid.New(), uuid.New()
	for _, tenant := range []uuid.UUID{mine, theirs} {
		for _, path := range []string{"a/1", "a/2", "a/b/3", "ab/4", "a-b", "c"} {
			s.put(t, newKey(t, tenant, strings.Split(path, "/")...), "content")
		}
	}
	return mine, theirs
}

func (s *suite) list(t *testing.T) {
	mine, _ := s.plant(t)
	for name, tt := range map[string]struct {
		prefix []string
		want   []string
	}{
		"tenant":  {nil, []string{"a-b", "a/1", "a/2", "a/b/3", "ab/4", "c"}},
		"folder":  {[]string{"a"}, []string{"a/1", "a/2", "a/b/3"}},
		"deeper":  {[]string{"a", "b"}, []string{"a/b/3"}},
		"nothing": {[]string{"x"}, nil},
		"object":  {[]string{"c"}, nil},
	} {
		if got := s.keys(t, newPrefix(t, mine, tt.prefix...)); !slices.Equal(got, tt.want) {
			t.Errorf("List of the %s = %v, want %v", name, got, tt.want)
		}
	}
	for _, err := range s.store.List(t.Context(), newPrefix(t, mine)) {
		if err != nil {
			t.Errorf("List: %v", err)
		}
		break // A caller may stop at any entry.
	}
}

func (s *suite) deletePrefix(t *testing.T) {
	mine, theirs := s.plant(t)
	if err := s.store.DeletePrefix(t.Context(), newPrefix(t, mine, "a")); err != nil {
		t.Fatalf("DeletePrefix: %v", err)
	}
	if got, want := s.keys(t, newPrefix(t, mine)), []string{"a-b", "ab/4", "c"}; !slices.Equal(got, want) {
		t.Errorf("left after DeletePrefix of a folder: %v, want %v", got, want)
	}
	if err := s.store.DeletePrefix(t.Context(), newPrefix(t, mine)); err != nil {
		t.Fatalf("DeletePrefix: %v", err)
	}
	if got := s.keys(t, newPrefix(t, mine)); len(got) != 0 {
		t.Errorf("left after DeletePrefix of the tenant: %v", got)
	}
	if got := s.keys(t, newPrefix(t, theirs)); len(got) != 6 {
		t.Errorf("the other tenant is left with %v", got)
	}
}
