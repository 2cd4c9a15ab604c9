package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/bench/load"
	"lyceum/internal/bench/question"
)

// deepStep is how many rows a page has on the way down, so that visitors of a tenant can share the way.
const deepStep = 100

// lister is a contender that pages through the long list by cursor.
type lister interface {
	Roster(v *question.Visitor, first int, after string) load.Request
}

// Deepen gives every visitor of the contender the cursor of its deep page, which lies as deep for all contenders.
func (c *Contender) Deepen(ctx context.Context) error {
	ways := map[uuid.UUID][]string{}
	for _, v := range c.Visitors {
		pages := v.Deep / deepStep
		switch speaker := c.Speaker.(type) {
		case lister:
			way, err := c.down(ctx, speaker, v, ways[v.Tenant], pages)
			if err != nil {
				return err
			}
			ways[v.Tenant] = way
			if pages > 0 {
				v.Cursor = way[pages-1]
			}
		case question.Limit:
			if err := c.position(ctx, speaker, v, pages*deepStep); err != nil {
				return err
			}
		}
	}
	return nil
}

// down follows the cursors until the way has so many pages.
func (c *Contender) down(ctx context.Context, speaker lister, v *question.Visitor, way []string, pages int) ([]string, error) {
	for len(way) < pages {
		after := ""
		if len(way) > 0 {
			after = way[len(way)-1]
		}
		_, body, err := c.once(ctx, speaker.Roster(v, deepStep, after))
		if err != nil {
			return nil, err
		}
		next, err := endCursor(body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name(), err)
		}
		way = append(way, next)
	}
	return way, nil
}

func endCursor(body []byte) (string, error) {
	var answer struct {
		Data struct {
			Enrollments struct {
				PageInfo struct {
					EndCursor string `json:"endCursor"`
				} `json:"pageInfo"`
			} `json:"enrollments"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", fmt.Errorf("read a page of the roster: %w", err)
	}
	if answer.Data.Enrollments.PageInfo.EndCursor == "" {
		return "", errors.New("the roster is shorter than it should be")
	}
	return answer.Data.Enrollments.PageInfo.EndCursor, nil
}

// position reads the values of the row before the deep page, for who compares with them.
func (c *Contender) position(ctx context.Context, speaker question.Limit, v *question.Visitor, deep int) error {
	v.DeepAt, v.DeepID = "infinity", uuid.Nil.String()
	if deep == 0 || speaker.Memory {
		return nil
	}
	_, body, err := c.once(ctx, speaker.Before(v, deep))
	if err != nil {
		return err
	}
	var row struct {
		At string `json:"at"`
		ID string `json:"id"`
	}
	if err := json.Unmarshal(body, &row); err != nil {
		return fmt.Errorf("read the row before the deep page: %w", err)
	}
	v.DeepAt, v.DeepID = row.At, row.ID
	return nil
}
