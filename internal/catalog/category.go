package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/category"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
)

const (
	maxCategoryName = 200
	maxPosition     = 1_000_000
)

// CategoryInput is what staff say about a category. A nil Position keeps what it is, or is 0.
type CategoryInput struct {
	Slug, Name string
	Position   *int
}

// Categories returns the tenant's categories by position, then name.
func (s *Service) Categories(ctx context.Context) ([]*ent.Category, error) {
	rows, err := s.DB.Category.Query().Order(category.ByPosition(), category.ByName(), category.ByID()).All(ctx)
	return rows, wrap("list categories", err)
}

// CategoriesBySlug returns those of the categories that exist.
func (s *Service) CategoriesBySlug(ctx context.Context, slugs []string) ([]*ent.Category, error) {
	rows, err := s.DB.Category.Query().Where(category.SlugIn(slugs...)).All(ctx)
	return rows, wrap("find categories", err)
}

// SaveCategory creates the category with the slug, or changes its name and position. Saving what is there already
// changes nothing.
func (s *Service) SaveCategory(ctx context.Context, in CategoryInput) (*ent.Category, error) {
	if _, err := mayAuthor(ctx); err != nil {
		return nil, err
	}
	var c input.Checker
	c.Key("slug", in.Slug)
	c.Line("name", in.Name, 1, maxCategoryName)
	if in.Position != nil {
		c.Between("position", *in.Position, 0, maxPosition)
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	var saved *ent.Category
	err := s.retryTaken(ctx, func(tx *pg.Tx) error {
		row, err := tx.Category.Query().Where(category.Slug(in.Slug)).ForUpdate().Only(ctx)
		switch {
		case ent.IsNotFound(err):
			saved, err = tx.Category.Create().SetSlug(in.Slug).SetName(in.Name).SetNillablePosition(in.Position).Save(ctx)
		case err == nil && row.Name == in.Name && (in.Position == nil || *in.Position == row.Position):
			saved = row
			return nil
		case err == nil:
			saved, err = tx.Category.UpdateOne(row).SetName(in.Name).SetNillablePosition(in.Position).Save(ctx)
		}
		if err != nil {
			return fmt.Errorf("save category: %w", err)
		}
		return wrap("record category", tx.Record(ctx, pg.Entry{Action: "category.saved", Subject: saved.GlobalID().String()}))
	})
	return saved, err
}

// makeCategories makes the categories that do not exist yet, each named after its slug.
func makeCategories(ctx context.Context, tx *pg.Tx, slugs []string) error {
	if len(slugs) == 0 {
		return nil
	}
	there, err := tx.Category.Query().Where(category.SlugIn(slugs...)).Select(category.FieldSlug).Strings(ctx)
	if err != nil {
		return fmt.Errorf("find categories: %w", err)
	}
	var fresh []*ent.CategoryCreate
	// One order for everybody: two that make the same categories wait for each other, and never in a ring.
	for _, slug := range slices.Sorted(slices.Values(slugs)) {
		if !slices.Contains(there, slug) {
			fresh = append(fresh, tx.Category.Create().SetSlug(slug).SetName(nameFor(slug)))
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return wrap("make categories", tx.Category.CreateBulk(fresh...).Exec(ctx))
}

// nameFor is "Data science" for "data-science".
func nameFor(slug string) string {
	words := strings.ReplaceAll(slug, "-", " ")
	first, size := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(first)) + words[size:]
}
