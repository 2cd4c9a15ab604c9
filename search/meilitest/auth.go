package meilitest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// key is an API key.
type key struct {
	uid               string
	name, description *string
	actions, indexes  []string
	expires           *time.Time
	created           string
}

// value is what requests carry: it follows from the master key and the uid.
func (s *Server) value(uid string) string {
	mac := hmac.New(sha256.New, []byte(s.MasterKey))
	mac.Write([]byte(uid))
	return hex.EncodeToString(mac.Sum(nil))
}

func (k *key) allows(action, index string) bool {
	if k.expires != nil && time.Now().After(*k.expires) {
		return false
	}
	group, _, _ := strings.Cut(action, ".")
	may := slices.Contains(k.actions, "*") || slices.Contains(k.actions, action) || slices.Contains(k.actions, group+".*")
	return may && (index == "" || covers(k.indexes, index))
}

// covers reports whether one of the patterns is the index, or begins it before a star.
func covers(patterns []string, index string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		prefix, star := strings.CutSuffix(p, "*")
		return p == index || star && strings.HasPrefix(index, prefix)
	})
}

// admit decides whether the request may do the action. The rules are filters that its token adds.
func (s *Server) admit(r *http.Request, action, index string) (rules []any, refused *said) {
	if action == "" {
		return nil, nil
	}
	header := r.Header.Get("Authorization")
	token, bearer := strings.CutPrefix(header, "Bearer ")
	if !bearer {
		answer := refuse("missing_authorization_header",
			"The Authorization header is missing. It must use the bearer authorization method.")
		return nil, &answer
	}
	if token == s.MasterKey {
		return nil, nil
	}
	for uid, k := range s.keys {
		if hmac.Equal([]byte(token), []byte(s.value(uid))) && k.allows(action, index) {
			return nil, nil
		}
	}
	// Tokens are good for searching only.
	if rules, valid := s.rulesOf(token, index); valid && action == "search" {
		return rules, nil
	}
	answer := refuse("invalid_api_key", "The provided API key is invalid.")
	return nil, &answer
}

// claims are what a tenant token says.
type claims struct {
	APIKeyUID   string          `json:"apiKeyUid"`
	SearchRules json.RawMessage `json:"searchRules"`
	Expires     *int64          `json:"exp"`
}

// rulesOf verifies a tenant token, and returns the filters for the index.
func (s *Server) rulesOf(token, index string) (rules []any, valid bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, false
	}
	var header struct {
		Alg string `json:"alg"`
	}
	var c claims
	signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil || !decodePart(parts[0], &header) || !decodePart(parts[1], &c) || header.Alg != "HS256" {
		return nil, false
	}
	k := s.keys[c.APIKeyUID]
	mac := hmac.New(sha256.New, []byte(s.value(c.APIKeyUID)))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	switch {
	case k == nil, !hmac.Equal(mac.Sum(nil), signature), !k.allows("search", index):
		return nil, false
	case c.Expires != nil && time.Now().Unix() > *c.Expires:
		return nil, false
	}
	return ruleFor(c.SearchRules, index)
}

func decodePart(part string, v any) bool {
	decoded, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(decoded, v) == nil
}

// ruleFor finds the rule for the index: in a list of indexes, or a map from them to filters.
func ruleFor(encoded json.RawMessage, index string) (rules []any, valid bool) {
	var names []string
	if json.Unmarshal(encoded, &names) == nil {
		return nil, covers(names, index)
	}
	var filters map[string]*struct {
		Filter any `json:"filter"`
	}
	if json.Unmarshal(encoded, &filters) != nil {
		return nil, false
	}
	for pattern, rule := range filters {
		if !covers([]string{pattern}, index) {
			continue
		}
		if rule == nil || rule.Filter == nil {
			return nil, true
		}
		return []any{rule.Filter}, true
	}
	return nil, false
}

// actions are those that the double has endpoints for.
var actions = []string{
	"*", "search", "documents.*", "documents.add", "documents.get", "documents.delete", "indexes.*", "indexes.create",
	"indexes.get", "indexes.update", "indexes.delete", "indexes.swap", "settings.*", "settings.get", "settings.update",
	"tasks.*", "tasks.get", "keys.get", "keys.create", "keys.update", "keys.delete",
}

func (s *Server) createKey(c call, _ string) said {
	var in struct {
		UID         string          `json:"uid"`
		Name        *string         `json:"name"`
		Description *string         `json:"description"`
		Actions     []string        `json:"actions"`
		Indexes     []string        `json:"indexes"`
		ExpiresAt   json.RawMessage `json:"expiresAt"`
	}
	if refused := c.decode(&in); refused != nil {
		return *refused
	}
	if in.ExpiresAt == nil {
		return refuse("missing_api_key_expires_at", "Missing field `expiresAt`")
	}
	for _, action := range in.Actions {
		if !slices.Contains(actions, action) {
			return refuse("invalid_api_key_actions", "Unknown value `"+action+"` at `.actions[0]`")
		}
	}
	made := &key{
		uid: in.UID, name: in.Name, description: in.Description, actions: in.Actions, indexes: in.Indexes, created: now(),
	}
	if made.uid == "" {
		made.uid = uuid.NewString()
	}
	if err := json.Unmarshal(in.ExpiresAt, &made.expires); err != nil {
		return refuse("invalid_api_key_expires_at", "`"+string(in.ExpiresAt)+"` is not a valid date.")
	}
	if s.keys[made.uid] != nil {
		return refuse("api_key_already_exists", "`uid` field value `"+made.uid+"` is already an existing API key.")
	}
	s.keys[made.uid] = made
	return said{http.StatusCreated, s.view(made)}
}

func (s *Server) view(k *key) map[string]any {
	return map[string]any{
		"uid": k.uid, "key": s.value(k.uid), "name": k.name, "description": k.description, "actions": k.actions,
		"indexes": k.indexes, "expiresAt": k.expires, "createdAt": k.created, "updatedAt": k.created,
	}
}

func (s *Server) getKey(_ call, uid string) said {
	if s.keys[uid] == nil {
		return refuse("api_key_not_found", "API key `"+uid+"` not found.")
	}
	return ok(s.view(s.keys[uid]))
}

func (s *Server) deleteKey(_ call, uid string) said {
	if s.keys[uid] == nil {
		return refuse("api_key_not_found", "API key `"+uid+"` not found.")
	}
	delete(s.keys, uid)
	return said{http.StatusNoContent, nil}
}
