package meilitest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

// said is an answer.
type said struct {
	status int
	body   any
}

func ok(body any) said { return said{http.StatusOK, body} }

// statuses of the codes that the double uses; the others are 400.
var statuses = map[string]int{
	"api_key_already_exists": http.StatusConflict, "api_key_not_found": http.StatusNotFound,
	"index_already_exists": http.StatusConflict, "index_not_found": http.StatusNotFound, "task_not_found": http.StatusNotFound,
	"invalid_api_key": http.StatusForbidden, "missing_authorization_header": http.StatusUnauthorized,
	"not_found": http.StatusNotFound, "too_many_search_requests": http.StatusServiceUnavailable,
	"no_space_left_on_device": http.StatusUnprocessableEntity,
}

// types of the codes that are no "invalid_request".
var types = map[string]string{
	"invalid_api_key": "auth", "missing_authorization_header": "auth",
	"too_many_search_requests": "system", "no_space_left_on_device": "system", "internal": "internal",
}

// refuse is the answer to what is not done.
func refuse(code, message string) said {
	status, known := statuses[code]
	if !known {
		status = http.StatusBadRequest
	}
	return said{status, fault(code, message)}
}

func fault(code, message string) map[string]any {
	kind := types[code]
	if kind == "" {
		kind = "invalid_request"
	}
	return map[string]any{
		"message": message, "code": code, "type": kind, "link": "https://docs.meilisearch.com/errors#" + code,
	}
}

func noIndex(uid string) said { return refuse("index_not_found", "Index `"+uid+"` not found.") }

func write(w http.ResponseWriter, a said) {
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(a.body)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
