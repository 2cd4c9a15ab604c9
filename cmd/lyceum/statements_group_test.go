package main

import (
	"fmt"
	"maps"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/viewer"
)

// groups are so many groups that the learner is in, and one more, in which a crowd is with them.
func (s *school) groups(t *testing.T) []string {
	t.Helper()
	crowd := []string{s.idOf(t, s.learner)}
	for range many {
		crowd = append(crowd, s.idOf(t, s.signIn(t, s.person(t, viewer.Learner))))
	}
	var ids []string
	for i := range many + 1 {
		id := s.group(t, fmt.Sprint("group-", i))
		ids = append(ids, id)
		members := crowd
		if i > 0 {
			members = crowd[:2]
		}
		s.must(t, s.admin, s.documents.Text("add-group-members"), map[string]any{"groupId": id, "userIds": members}, &struct{}{})
	}
	return ids
}

func (s *school) group(t *testing.T, key string) string {
	t.Helper()
	var saved struct {
		SaveGroup struct{ Group struct{ ID string } }
	}
	s.must(t, s.admin, s.documents.Text("save-group"), map[string]any{"key": key, "name": "Group " + key}, &saved)
	return saved.SaveGroup.Group.ID
}

// idOf is who holds the token.
func (s *school) idOf(t *testing.T, token string) string {
	t.Helper()
	var me struct {
		Viewer struct{ User struct{ ID string } }
	}
	s.must(t, token, `{ viewer { user { id } } }`, nil, &me)
	return me.Viewer.User.ID
}

// withGroups adds how the documents of groups are asked.
func (s *school) withGroups(t *testing.T, asks map[string]asking) map[string]asking {
	t.Helper()
	ids := s.groups(t)
	page := func(token string, more map[string]any) asking {
		return func(_ *testing.T, n int) asked {
			variables := map[string]any{"first": n}
			maps.Copy(variables, more)
			return asked{token, variables}
		}
	}
	people := func(t *testing.T, n int) []string {
		t.Helper()
		var all []string
		for range n {
			all = append(all, s.idOf(t, s.signIn(t, s.person(t, viewer.Learner))))
		}
		return all
	}
	asks["groups"] = page(s.instructor, nil)
	asks["my-groups"] = page(s.learner, nil)
	asks["group"] = page(s.instructor, map[string]any{"groupId": ids[0]})
	asks["group-leaderboard"] = page(s.learner, map[string]any{"groupId": ids[0], "period": "ALL"})
	asks["save-group"] = func(*testing.T, int) asked {
		return asked{s.admin, map[string]any{"key": "g" + uuid.NewString()[:8], "name": "Group"}}
	}
	asks["archive-group"] = func(t *testing.T, _ int) asked {
		t.Helper()
		return asked{s.admin, map[string]any{"groupId": s.group(t, "g"+uuid.NewString()[:8])}}
	}
	asks["add-group-members"] = func(t *testing.T, n int) asked {
		t.Helper()
		return asked{s.admin, map[string]any{"groupId": s.group(t, "g"+uuid.NewString()[:8]), "userIds": people(t, n)}}
	}
	asks["remove-group-members"] = func(t *testing.T, n int) asked {
		t.Helper()
		request := map[string]any{"groupId": s.group(t, "g"+uuid.NewString()[:8]), "userIds": people(t, n)}
		s.must(t, s.admin, s.documents.Text("add-group-members"), request, &struct{}{})
		return asked{s.admin, request}
	}
	return asks
}
