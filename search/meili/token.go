package meili

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/meilisearch/meilisearch-go"

	"lyceum/search"
)

const (
	// tokenLife is how long a search box may ask: a token cannot be taken back.
	tokenLife = 15 * time.Minute
	// tokenWait bounds how long a request waits for the key.
	tokenWait = 2 * time.Second
)

// Token implements search.Remote. The token is signed with a key that can search this index and do nothing
// else, and carries the filter that Meilisearch puts to every question. Settings come first: with a filter by
// what cannot be filtered by, no question would be answered.
func (e *Engine) Token(ctx context.Context, members bool) (search.Token, error) {
	tenant, err := tenantOf(ctx)
	if err != nil {
		return search.Token{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, tokenWait)
	defer cancel()
	if err := e.Ready(ctx); err != nil {
		return search.Token{}, err
	}
	key, err := e.searchKey(ctx)
	if err != nil {
		return search.Token{}, err
	}
	expires := time.Now().Add(tokenLife).UTC().Truncate(time.Second)
	rules := map[string]any{e.index: map[string]any{"filter": strings.Join(visible(tenant, members), " AND ")}}
	token, err := e.client.GenerateTenantToken(key.UID, rules, &meilisearch.TenantTokenOptions{APIKey: key.Key, ExpiresAt: expires})
	if err != nil {
		return search.Token{}, fmt.Errorf("sign token: %w", err)
	}
	return search.Token{Token: token, ExpiresAt: expires, Host: e.host, Index: e.index}, nil
}

// searchKey returns the key that tokens are signed with, as it was found once.
func (e *Engine) searchKey(ctx context.Context) (*meilisearch.Key, error) {
	if key := e.key.Load(); key != nil {
		return key, nil
	}
	err := e.together(ctx, "find key of", func(ctx context.Context) error {
		key, err := e.findKey(ctx)
		if err == nil {
			e.key.Store(key)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return e.key.Load(), nil
}

// keyUID is the same in every process, and for every master key: Meilisearch derives the key from both.
func (e *Engine) keyUID() string {
	return uuid.NewHash(sha256.New(), uuid.NameSpaceOID, []byte("lyceum search key for "+e.index), 4).String()
}

// findKey finds the key or makes it.
func (e *Engine) findKey(ctx context.Context) (*meilisearch.Key, error) {
	key, err := e.client.GetKeyWithContext(ctx, e.keyUID())
	if err != nil {
		if err = failed("look for key", err); !refusedWith(err, "api_key_not_found") {
			return nil, err
		}
		key, err = e.createKey(ctx)
	}
	if err != nil {
		return nil, err
	}
	if !slices.Equal(key.Actions, []string{"search"}) || !slices.Equal(key.Indexes, []string{e.index}) || key.Key == "" {
		return nil, errors.New("the key for search boxes was changed: it may do more, or less, than search this index; delete it")
	}
	return key, nil
}

func (e *Engine) createKey(ctx context.Context) (*meilisearch.Key, error) {
	key, err := e.client.CreateKeyWithContext(ctx, &meilisearch.Key{
		UID: e.keyUID(), Name: "Lyceum search boxes", Description: "Signs the tokens of search boxes.",
		Actions: []string{"search"}, Indexes: []string{e.index},
	})
	if err == nil {
		return key, nil
	}
	if err = failed("create key", err); !refusedWith(err, "api_key_already_exists") {
		return nil, err
	}
	// Another process was first.
	if key, err = e.client.GetKeyWithContext(ctx, e.keyUID()); err != nil {
		return nil, failed("look for key", err)
	}
	return key, nil
}
