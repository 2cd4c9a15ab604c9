package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/catalog"
	"lyceum/internal/fault"
)

func TestSaveCategory(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsAdmin(t.Context())
	made := must(d.SaveCategory(ctx, catalog.CategoryInput{Slug: "sailing", Name: "Sailing", Position: new(2)}))(t)
	kept := must(d.SaveCategory(ctx, catalog.CategoryInput{Slug: "sailing", Name: "Segeln"}))(t)
	if kept.ID != made.ID || kept.Name != "Segeln" || kept.Position != 2 {
		t.Errorf("a renamed category: %v", kept)
	}
	must(d.SaveCategory(ctx, catalog.CategoryInput{Slug: "first", Name: "First"}))(t)
	must(d.SaveCategory(d.globex.AsAdmin(t.Context()), catalog.CategoryInput{Slug: "theirs", Name: "Theirs"}))(t)
	_, err := d.SaveCategory(ctx, catalog.CategoryInput{Slug: "Sailing", Position: new(-1)})
	expect(t, err, fault.BadInput, "slug", "name", "position")
	var slugs []string
	for _, c := range must(d.Categories(d.acme.Anonymous(t.Context())))(t) {
		slugs = append(slugs, c.Slug)
	}
	if diff := cmp.Diff([]string{"first", "sailing"}, slugs); diff != "" {
		t.Error(diff)
	}
}
