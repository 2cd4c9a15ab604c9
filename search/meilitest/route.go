package meilitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxBody is Meilisearch's limit of a payload.
const maxBody = 100 << 20

// call is a request that may be made: it was let in.
type call struct {
	*http.Request

	body []byte
	// rules are what the token adds to every search.
	rules []any
}

// endpoint is what a path leads to.
type endpoint struct {
	method  string
	path    *regexp.Regexp
	action  string
	handler func(s *Server, c call, name string) said
}

// at matches a path in which * stands for a name.
func at(method, path, action string, handler func(*Server, call, string) said) endpoint {
	pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(path), `\*`, `([^/]+)`) + "$"
	return endpoint{method, regexp.MustCompile(pattern), action, handler}
}

// endpoints are all that the double has. They run under the server's lock.
var endpoints = []endpoint{
	at("GET", "/health", "", func(*Server, call, string) said { return ok(map[string]any{"status": "available"}) }),
	at("GET", "/indexes", "indexes.get", (*Server).listIndexes),
	at("POST", "/indexes", "indexes.create", (*Server).createIndex),
	at("GET", "/indexes/*", "indexes.get", (*Server).getIndex),
	at("DELETE", "/indexes/*", "indexes.delete", (*Server).deleteIndex),
	at("GET", "/indexes/*/settings", "settings.get", (*Server).getSettings),
	at("PATCH", "/indexes/*/settings", "settings.update", (*Server).updateSettings),
	at("POST", "/indexes/*/documents", "documents.add", (*Server).addDocuments),
	at("POST", "/indexes/*/documents/fetch", "documents.get", (*Server).fetchDocuments),
	at("POST", "/indexes/*/documents/delete", "documents.delete", (*Server).deleteDocuments),
	at("POST", "/indexes/*/search", "search", (*Server).search),
	at("POST", "/swap-indexes", "indexes.swap", (*Server).swapIndexes),
	at("GET", "/tasks", "tasks.get", (*Server).listTasks),
	at("GET", "/tasks/*", "tasks.get", (*Server).getTask),
	at("POST", "/keys", "keys.create", (*Server).createKey),
	at("GET", "/keys/*", "keys.get", (*Server).getKey),
	at("DELETE", "/keys/*", "keys.delete", (*Server).deleteKey),
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		write(w, refuse("payload_too_large", "The provided payload reached the size limit."))
		return
	}
	for _, e := range endpoints {
		names := e.path.FindStringSubmatch(r.URL.Path)
		if names == nil || e.method != r.Method {
			continue
		}
		write(w, s.answer(e, call{Request: r, body: body}, strings.Join(names[1:], "")))
		s.stir()
		return
	}
	write(w, refuse("not_found", "The double does not know "+r.Method+" "+r.URL.Path))
}

func (s *Server) answer(e endpoint, c call, name string) said {
	s.mu.Lock()
	defer s.mu.Unlock()
	index := ""
	if strings.HasPrefix(c.URL.Path, "/indexes/") {
		index = name
	}
	rules, refused := s.admit(c.Request, e.action, index)
	if refused != nil {
		return *refused
	}
	c.rules = rules
	done := e.handler(s, c, name)
	if done.body != nil {
		// Under the lock: what is said may change afterwards.
		done.body = json.RawMessage(quoted(done.body))
	}
	return done
}

// decode reads the body into v. Fields that v does not have are refused, as Meilisearch does.
func (c call) decode(v any) *said {
	decoder := json.NewDecoder(bytes.NewReader(c.body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(v)
	var (
		syntax *json.SyntaxError
		typed  *json.UnmarshalTypeError
		answer said
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		answer = refuse("malformed_payload", "The json payload provided is malformed. `"+err.Error()+"`.")
	case errors.As(err, &typed):
		answer = refuse("bad_request", "Invalid value type: "+err.Error())
	default:
		answer = refuse("bad_request", "Unknown field: "+err.Error())
	}
	return &answer
}

func (s *Server) listIndexes(c call, _ string) said {
	limit, offset := number(c, "limit", 20), number(c, "offset", 0)
	var all []any
	for _, uid := range sortedKeys(s.indexes) {
		all = append(all, s.indexes[uid].info(uid))
	}
	return ok(map[string]any{"results": window(all, offset, limit), "offset": offset, "limit": limit, "total": len(all)})
}

// number reads a parameter of the query.
func number(c call, name string, fallback int) int {
	n, err := strconv.Atoi(c.URL.Query().Get(name))
	if err != nil {
		return fallback
	}
	return n
}

// window is a part of a list, never null.
func window[T any](all []T, offset, limit int) []T {
	from := min(offset, len(all))
	return append([]T{}, all[from:min(from+limit, len(all))]...)
}

var indexName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,400}$`)

func (s *Server) createIndex(c call, _ string) said {
	var in struct {
		UID        string  `json:"uid"`
		PrimaryKey *string `json:"primaryKey"`
	}
	if refused := c.decode(&in); refused != nil {
		return *refused
	}
	if !indexName.MatchString(in.UID) {
		return refuse("invalid_index_uid", "`"+in.UID+"` is not a valid index uid.")
	}
	details := map[string]any{"primaryKey": in.PrimaryKey}
	return s.enqueue("indexCreation", in.UID, details, func() (string, string) {
		if s.indexes[in.UID] != nil {
			return "index_already_exists", "Index `" + in.UID + "` already exists."
		}
		s.indexes[in.UID] = newIndex(in.PrimaryKey)
		return "", ""
	})
}

func (s *Server) getIndex(_ call, uid string) said {
	if s.indexes[uid] == nil {
		return noIndex(uid)
	}
	return ok(s.indexes[uid].info(uid))
}

func (s *Server) deleteIndex(_ call, uid string) said {
	details := map[string]any{"deletedDocuments": 0}
	return s.enqueue("indexDeletion", uid, details, func() (string, string) {
		held := s.indexes[uid]
		if held == nil {
			return "index_not_found", "Index `" + uid + "` not found."
		}
		details["deletedDocuments"] = len(held.documents)
		delete(s.indexes, uid)
		return "", ""
	})
}

func (s *Server) swapIndexes(c call, _ string) said {
	var swaps []struct {
		Indexes []string `json:"indexes"`
		Rename  bool     `json:"rename"`
	}
	if refused := c.decode(&swaps); refused != nil {
		return *refused
	}
	var seen []string
	for _, swap := range swaps {
		if len(swap.Indexes) != 2 {
			return refuse("invalid_swap_indexes", "Two indexes must be given for each swap.")
		}
		for _, uid := range swap.Indexes {
			if slices.Contains(seen, uid) {
				return refuse("invalid_swap_duplicate_index_found", "Indexes must be declared only once during a swap.")
			}
			seen = append(seen, uid)
		}
	}
	return s.enqueue("indexSwap", "", map[string]any{"swaps": swaps}, func() (string, string) {
		for _, uid := range seen {
			if s.indexes[uid] == nil {
				return "index_not_found", "Index `" + uid + "` not found."
			}
		}
		for _, swap := range swaps {
			a, b := swap.Indexes[0], swap.Indexes[1]
			s.indexes[a], s.indexes[b] = s.indexes[b], s.indexes[a]
		}
		return "", ""
	})
}
