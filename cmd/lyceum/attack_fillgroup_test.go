//go:build attack

package main

import (
	"testing"

	"github.com/google/uuid"

	"lyceum/e2e/attack"
	"lyceum/internal/platform/gid"
)

// gather puts the admin and the learner into two groups, and archives a third.
func (f *filling) gather(t *testing.T) {
	t.Helper()
	f.texts["Group.key"] = "group-" + f.marker
	for _, key := range []string{f.texts["Group.key"], "other-group-" + f.marker} {
		id := f.group(t, key)
		f.join(t, id, "admin")
		f.join(t, id, "learner")
		f.remember(t, "Group", id)
	}
	gone := f.group(t, "gone-"+f.marker)
	f.do(t, "admin", `mutation($g: ID!) { archiveGroup(groupId: $g) { group { id } } }`, input{"g": gone}, nil)
	f.remember(t, "Group", gone)
}

func (f *filling) group(t *testing.T, key string) string {
	t.Helper()
	var saved struct {
		SaveGroup struct{ Group struct{ ID string } }
	}
	f.do(t, "admin", `mutation($k: String!, $n: String!) { saveGroup(input: {key: $k, name: $n}) { group { id } } }`,
		input{"k": key, "n": f.secret("Group")}, &saved)
	return saved.SaveGroup.Group.ID
}

func (f *filling) join(t *testing.T, group, persona string) {
	t.Helper()
	f.do(t, "admin", `mutation($g: ID!, $u: [ID!]!) { addGroupMembers(groupId: $g, userIds: $u) { changedCount } }`,
		input{"g": group, "u": []any{gid.New("usr", f.people[persona]).String()}}, nil)
}

// onGroup is done to a group made for it, in which these personas are.
func (f *filling) onGroup(argument string, personas ...string) func(*testing.T) scene {
	return func(t *testing.T) scene {
		t.Helper()
		group := f.group(t, "fresh-"+uuid.NewString()[:8])
		for _, persona := range personas {
			f.join(t, group, persona)
		}
		return scene{with: attack.Registry{argument: attack.Always(group)}}
	}
}
