package e2e

import (
	"encoding/json"
	"os"
	"testing"
)

// TestPathsInTheApp goes along a learning path in a browser: it gets on, completes the first course, finds the second one
// open, completes it too and has arrived; it gets on to another path and leaves it.
func TestPathsInTheApp(t *testing.T) {
	browser := chromium(t)
	pictures, err := os.MkdirTemp("", "lyceum-paths-") //nolint:usetesting // they are for people to look at afterwards
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("pictures are in %s", pictures)
	c := campusOf(t, "acme")
	_, learner := c.person(t, "LEARNER")
	first, second := c.small(t, "step-one"), c.small(t, "step-two")
	paths := map[string]any{}
	for name, ordered := range map[string]bool{"along": true, "left": false} {
		in := input{"slug": name + "-" + c.tag, "title": "Path " + name + " " + c.tag, "description": "Two steps.", "ordered": ordered, "courses": []any{
			input{"courseId": first["id"]}, input{"courseId": second["id"]},
		}}
		data := c.run(t, c.instructor, `mutation($i: SaveLearningPathInput!) { saveLearningPath(input: $i) { path { id slug title } } }`, input{"i": in})
		path := dig[map[string]any](t, data, "saveLearningPath", "path")
		c.run(t, c.instructor, `mutation($p: ID!) { publishLearningPath(id: $p) { path { state } } }`, input{"p": path["id"]})
		paths[name] = path
	}
	told, err := json.Marshal(map[string]any{"paths": paths, "first": first, "second": second})
	if err != nil {
		t.Fatal(err)
	}
	node(t, "browser", []string{"paths.mjs", pictures}, "CHROMIUM="+browser, "ACME="+running.URL("acme"), "STORY="+string(told),
		"LEARNER="+c.ask(t, learner, `{ viewer { user { email } } }`, nil, "viewer", "user", "email"))
}
