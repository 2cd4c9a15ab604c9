package main

import (
	"encoding/json"
	"testing"
)

// TestForeignCursorFailsItsOwnPage: the pages of members that an answer has are found together, and a cursor of another
// group fails the page that it was given for, and no other.
func TestForeignCursorFailsItsOwnPage(t *testing.T) {
	t.Parallel()
	s := openSchool(t, t.TempDir())
	s.admin = s.signIn(t, "admin@school.example")
	one, other := s.group(t, "one"), s.group(t, "other")
	for _, id := range []string{one, other} {
		s.must(t, s.admin, s.documents.Text("add-group-members"), map[string]any{"groupId": id, "userIds": []string{s.idOf(t, s.admin)}}, &struct{}{})
	}
	var there struct {
		Group struct {
			Members struct{ Edges []struct{ Cursor string } }
		}
	}
	s.must(t, s.admin, `query($g: ID!) { group(id: $g) { members { edges { cursor } } } }`, map[string]any{"g": other}, &there)
	const both = `query($g: ID!, $a: Cursor!) { group(id: $g) { good: members { nodes { since } } bad: members(after: $a) { nodes { since } } } }`
	response := s.send(t, both, asked{s.admin, map[string]any{"g": one, "a": there.Group.Members.Edges[0].Cursor}})
	defer func() { _ = response.Body.Close() }()
	type people struct{ Nodes []struct{ Since string } }
	var answer struct {
		Data   struct{ Group struct{ Good, Bad *people } }
		Errors []struct{ Extensions struct{ Code string } }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Errors) != 1 || answer.Errors[0].Extensions.Code != "BAD_USER_INPUT" || answer.Data.Group.Bad != nil {
		t.Errorf("the page behind the foreign cursor: %+v, %+v", answer.Data.Group.Bad, answer.Errors)
	}
	if good := answer.Data.Group.Good; good == nil || len(good.Nodes) != 1 {
		t.Errorf("the page beside it: %+v", good)
	}
}
