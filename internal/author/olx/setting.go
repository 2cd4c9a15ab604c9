package olx

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// maxExcerpt bounds how much of a text a report repeats.
const maxExcerpt = 2000

// excerpt shortens a text for the report.
func excerpt(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// settingText writes a value of a policy file as the attributes of an element have it.
func settingText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		data, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(data)
	}
}

// isUnset tells whether a setting says nothing.
func isUnset(value string) bool {
	switch value = strings.TrimSpace(value); value {
	case "", "null", "None", "[]", "{}", `""`, "false", "False":
		return true
	}
	var parsed any
	if value[0] != '{' && value[0] != '[' || json.Unmarshal([]byte(value), &parsed) != nil {
		return false
	}
	return isHollow(parsed)
}

// isHollow tells whether a value holds nothing but empty values.
func isHollow(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			if !isHollow(inner) {
				return false
			}
		}
		return true
	case []any:
		return !slices.ContainsFunc(v, func(inner any) bool { return !isHollow(inner) })
	case string:
		return v == ""
	case bool:
		return !v
	default:
		return v == nil
	}
}

// isInternal tells whether a setting is the export's own book-keeping, or says how an editor showed the
// block to its author.
func isInternal(name string) bool {
	switch name {
	case "url_name", "slug", "org", "course", "display_name", "filename", "editor", "markdown", "xml_attributes", "xblock-family",
		"static_asset_path", "data_dir", "children", "upstream", "upstream_version", "upstream_version_declined",
		"upstream_version_available", "upstream_display_name", "copied_from_block", "copied_from_version", "tags-v1",
		"use_latex_compiler", "course_edit_method", "show_in_read_only_mode":
		return true
	default:
		return false
	}
}

// isSecret tells whether a setting may hold a password or key, so that reports must not repeat it.
func isSecret(name string) bool {
	return slices.ContainsFunc([]string{"passport", "secret", "password", "token", "key", "credential"}, func(part string) bool {
		return strings.Contains(strings.ToLower(name), part)
	})
}

// settingLosses are sentences about the settings of a block that nothing was made of. carried are those
// that something was.
func settingLosses(b *block, carried ...string) []string {
	lost := settings(b, carried...)
	if len(lost) == 0 {
		return nil
	}
	return []string{"Settings that did not come along: " + strings.Join(lost, ", ") + "."}
}

// settings describes the settings of a block, without those that say nothing, and those in except.
func settings(b *block, except ...string) []string {
	var all []string
	for _, name := range sortedKeys(b.attrs) {
		value := b.attrs[name]
		if !isInternal(name) && !isUnset(value) && !slices.Contains(except, name) {
			all = append(all, describeSetting(name, value))
		}
	}
	return all
}

func describeSetting(name, value string) string {
	if isSecret(name) {
		return name + " (its value is secret)"
	}
	return name + " = " + excerpt(strings.Join(strings.Fields(value), " "), 500)
}

// quote puts something from the export into a sentence.
func quote(s string) string { return "“" + excerpt(s, 200) + "”" }
