package meilitest

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
)

// index is documents and how they are searched.
type index struct {
	primaryKey       *string
	created, updated string
	documents        []*document
	settings         map[string]any
}

// document is what was put, and its words.
type document struct {
	id     string
	fields map[string]any
}

func newIndex(primaryKey *string) *index {
	return &index{primaryKey: primaryKey, created: now(), updated: now(), settings: defaults()}
}

// defaults are the settings of a new index.
func defaults() map[string]any {
	var settings map[string]any
	const text = `{
		"displayedAttributes": ["*"], "searchableAttributes": ["*"], "filterableAttributes": [], "sortableAttributes": [],
		"rankingRules": ["words", "typo", "proximity", "attributeRank", "sort", "wordPosition", "exactness"],
		"stopWords": [], "nonSeparatorTokens": [], "separatorTokens": [], "dictionary": [], "synonyms": {},
		"distinctAttribute": null, "proximityPrecision": "byWord",
		"typoTolerance": {
			"enabled": true, "minWordSizeForTypos": {"oneTypo": 5, "twoTypos": 9}, "disableOnWords": [],
			"disableOnAttributes": [], "disableOnNumbers": false
		},
		"faceting": {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "alpha"}},
		"pagination": {"maxTotalHits": 1000}, "embedders": {}, "searchCutoffMs": null, "localizedAttributes": null,
		"facetSearch": true, "prefixSearch": "indexingTime"
	}`
	if err := json.Unmarshal([]byte(text), &settings); err != nil {
		panic("meilitest: must decode the settings: " + err.Error())
	}
	return settings
}

func (i *index) info(uid string) map[string]any {
	return map[string]any{"uid": uid, "primaryKey": i.primaryKey, "createdAt": i.created, "updatedAt": i.updated}
}

// names are a setting that is a list of names.
func (i *index) names(setting string) []string {
	var names []string
	values, _ := i.settings[setting].([]any)
	for _, value := range values {
		if name, ok := value.(string); ok {
			names = append(names, name)
		}
	}
	return names
}

// has reports whether the setting, a list of names, has the name or a star.
func (i *index) has(setting, name string) bool {
	names := i.names(setting)
	return slices.Contains(names, name) || slices.Contains(names, "*")
}

func (s *Server) getSettings(_ call, uid string) said {
	if s.indexes[uid] == nil {
		return noIndex(uid)
	}
	return ok(s.indexes[uid].settings)
}

func (s *Server) updateSettings(c call, uid string) said {
	var changes map[string]any
	if refused := c.decode(&changes); refused != nil {
		return *refused
	}
	known := defaults()
	for name := range changes {
		if _, ok := known[name]; !ok {
			return refuse("bad_request", "Unknown field `"+name+"`")
		}
	}
	return s.enqueue("settingsUpdate", uid, changes, func() (string, string) {
		held := s.ensure(uid, nil)
		for name, value := range changes {
			if value == nil {
				value = known[name]
			}
			held.settings[name] = merged(held.settings[name], value)
		}
		held.updated = now()
		return "", ""
	})
}

// merged lays the fields of an object over those that there are; other values take the place of what was.
func merged(was, value any) any {
	before, isObject := was.(map[string]any)
	after, same := value.(map[string]any)
	if !isObject || !same {
		return value
	}
	both := maps.Clone(before)
	for name, field := range after {
		both[name] = merged(before[name], field)
	}
	return both
}

// ensure returns the index, and makes it when it is not there: without settings, as Meilisearch does.
func (s *Server) ensure(uid string, primaryKey *string) *index {
	if s.indexes[uid] == nil {
		s.indexes[uid] = newIndex(primaryKey)
	}
	return s.indexes[uid]
}

var documentID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,511}$`)

func (s *Server) addDocuments(c call, uid string) said {
	if len(c.body) == 0 {
		return refuse("missing_payload", "A json payload is missing.")
	}
	var given []map[string]any
	if refused := c.decode(&given); refused != nil {
		return *refused
	}
	primaryKey := "id"
	if name := c.URL.Query().Get("primaryKey"); name != "" {
		primaryKey = name
	}
	details := map[string]any{"receivedDocuments": len(given), "indexedDocuments": 0}
	return s.enqueue("documentAdditionOrUpdate", uid, details, func() (string, string) {
		for _, fields := range given {
			if fields[primaryKey] == nil {
				return "missing_document_id", "Document doesn't have a `" + primaryKey + "` attribute: `" + quoted(fields) + "`."
			}
			if !documentID.MatchString(idOf(fields, primaryKey)) {
				return "invalid_document_id", "Document identifier `" + quoted(fields[primaryKey]) + "` is invalid. A document identifier " +
					"can be of type integer or string, only composed of alphanumeric characters (a-z A-Z 0-9), hyphens (-) and " +
					"underscores (_), and can not be more than 511 bytes."
			}
		}
		held := s.ensure(uid, &primaryKey)
		for _, fields := range given {
			held.put(idOf(fields, primaryKey), fields)
		}
		held.updated, details["indexedDocuments"] = now(), len(given)
		return "", ""
	})
}

// idOf is the document's id, empty when it is no text.
func idOf(fields map[string]any, primaryKey string) string {
	id, _ := fields[primaryKey].(string)
	return id
}

// put replaces the document with the id, whole, or adds one.
func (i *index) put(id string, fields map[string]any) {
	for _, d := range i.documents {
		if d.id == id {
			d.fields = fields
			return
		}
	}
	i.documents = append(i.documents, &document{id: id, fields: fields})
}

func (s *Server) deleteDocuments(c call, uid string) said {
	var in struct {
		Filter any `json:"filter"`
	}
	if refused := c.decode(&in); refused != nil {
		return *refused
	}
	if in.Filter == nil {
		return refuse("missing_document_filter", "Missing field `filter`")
	}
	parsed, err := parse(in.Filter)
	if err != nil {
		return refuse("invalid_document_filter", err.Error())
	}
	details := map[string]any{"providedIds": 0, "deletedDocuments": 0, "originalFilter": quoted(in.Filter)}
	return s.enqueue("documentDeletion", uid, details, func() (string, string) {
		held := s.indexes[uid]
		if held == nil {
			return "index_not_found", "Index `" + uid + "` not found."
		}
		if err := held.filterable(parsed); err != nil {
			return "invalid_document_filter", "Index `" + uid + "`: " + err.Error()
		}
		before := len(held.documents)
		held.documents = slices.DeleteFunc(held.documents, func(d *document) bool { return parsed.matches(d.fields) })
		held.updated, details["deletedDocuments"] = now(), before-len(held.documents)
		return "", ""
	})
}

func (s *Server) fetchDocuments(c call, uid string) said {
	in := struct {
		Offset          int      `json:"offset"`
		Limit           int      `json:"limit"`
		Fields          []string `json:"fields"`
		Filter          any      `json:"filter"`
		RetrieveVectors bool     `json:"retrieveVectors"`
	}{Limit: 20}
	if refused := c.decode(&in); refused != nil {
		return *refused
	}
	held := s.indexes[uid]
	if held == nil {
		return noIndex(uid)
	}
	parsed, err := parse(in.Filter)
	if err == nil {
		err = held.filterable(parsed)
	}
	if err != nil {
		return refuse("invalid_document_filter", err.Error())
	}
	// What is not displayed is shown here: whoever gets here may see documents.
	var found []map[string]any
	for _, d := range held.documents {
		if parsed.matches(d.fields) {
			found = append(found, some(d.fields, in.Fields))
		}
	}
	return ok(map[string]any{
		"results": window(found, in.Offset, in.Limit), "offset": in.Offset, "limit": in.Limit, "total": len(found),
	})
}

// some are the fields with these names, or all.
func some(fields map[string]any, names []string) map[string]any {
	if len(names) == 0 {
		return fields
	}
	kept := map[string]any{}
	for _, name := range names {
		if value, ok := fields[name]; ok {
			kept[name] = value
		}
	}
	return kept
}
