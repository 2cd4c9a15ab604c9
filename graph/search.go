package graph

import (
	"context"
	"strconv"
	"time"

	"lyceum/graph/loader"
	"lyceum/internal/catalog"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/model"
	"lyceum/search"
)

func (r queryResolver) Search(
	ctx context.Context, query string, first, offset *int, filter *model.SearchFilter,
) (*model.SearchResult, error) {
	limit, narrowed := search.DefaultLimit, value(filter)
	if first != nil {
		limit = *first
	}
	found, err := r.services.Search.Search(ctx, search.Query{
		Text: query, Limit: limit, Offset: value(offset),
		Language: value(narrowed.Language), Level: string(value(narrowed.Level)), Category: value(narrowed.Category),
	})
	if err != nil {
		return nil, err
	}
	hits, err := shown(ctx, found.Hits)
	if err != nil {
		return nil, err
	}
	return &model.SearchResult{Hits: hits, TotalCount: found.Total, Degraded: found.Degraded}, nil
}

// shown reads what was found again, as the viewer: a course that is not published any more, not listed, or not
// for the viewer, and a lesson that the version in force does not have, are left out.
func shown(ctx context.Context, hits []search.Hit) ([]*model.SearchHit, error) {
	courses := make([]func() (*catalog.Course, error), len(hits))
	for i, hit := range hits {
		courses[i] = loader.From(ctx).Published.LoadThunk(ctx, hit.Course)
	}
	readable := make([]*model.SearchHit, 0, len(hits))
	for i, hit := range hits {
		course, err := loader.Optional(courses[i]())
		if err != nil {
			return nil, err
		}
		if course == nil || course.Visibility == outline.Unlisted {
			continue
		}
		one := &model.SearchHit{Course: course, Title: hit.Title, Snippet: hit.Snippet, AtMs: hit.AtMs, Link: "/learn/courses/" + course.Slug}
		if hit.Lesson {
			if one.Lesson = course.Lesson(hit.ID); one.Lesson == nil {
				continue
			}
			one.Link += "/lessons/" + one.Lesson.GlobalID().String() + secondOf(hit.AtMs)
		}
		readable = append(readable, one)
	}
	return readable, nil
}

// secondOf is the query of an address at which a film begins then.
func secondOf(atMs *int) string {
	if atMs == nil {
		return ""
	}
	return "?t=" + strconv.Itoa(*atMs/int(time.Second/time.Millisecond))
}

func (r queryResolver) SearchToken(ctx context.Context) (*model.SearchToken, error) {
	token, err := r.services.Search.Token(ctx)
	if err != nil || token == nil {
		return nil, err
	}
	return &model.SearchToken{Token: token.Token, ExpiresAt: token.ExpiresAt, Host: token.Host, Index: token.Index}, nil
}
