package olx

import (
	"regexp"
	"slices"
	"strings"

	"lyceum/internal/author/course"
	"lyceum/internal/author/markup"
)

// jumpScheme begins the address of a block while lessons have no keys yet.
const jumpScheme = "jump:"

// pages cleans the pages of the export.
func (c *converter) pages() *markup.Cleaner { return &markup.Cleaner{Link: c.link} }

// Where addresses hold the name of a static file, and the id of a block.
var (
	staticPattern = regexp.MustCompile(`^/?static/(.+)$`)
	assetPattern  = regexp.MustCompile(`asset-v1:[^/]*\+type@asset\+block@([^/]+)$`)
	oldPattern    = regexp.MustCompile(`/c4x/[^/]+/[^/]+/asset/([^/]+)$`)
	jumpPattern   = regexp.MustCompile(`/jump_to(?:_id)?/(?:.*(?:block@|/))?([^/@]+)/?$`)
	warePattern   = regexp.MustCompile(`/courseware/(.+?)/?$`)
)

// link gives the address in the course for one in the export.
func (c *converter) link(_ markup.Use, address string) (string, bool) {
	if strings.HasPrefix(address, "//") {
		address = "https:" + address
	}
	bare, _, _ := strings.Cut(address, "#")
	bare, _, _ = strings.Cut(bare, "?")
	if file := c.staticFile(bare); file != "" {
		media, ok := c.media.put(file)
		return course.MediaAddress(media), ok
	}
	if id := c.jumpTarget(bare); id != "" {
		return jumpScheme + id, true
	}
	if course.IsOutside(address) {
		return address, true
	}
	return "", false
}

// staticFile returns the static file that an address names, or "".
func (c *converter) staticFile(address string) string {
	for _, pattern := range []*regexp.Regexp{staticPattern, assetPattern, oldPattern} {
		if m := pattern.FindStringSubmatch(address); m != nil {
			return c.media.find(m[1])
		}
	}
	return ""
}

// jumpTarget returns the id of the block that an address leads to, or "".
func (c *converter) jumpTarget(address string) string {
	if m := jumpPattern.FindStringSubmatch(address); m != nil {
		return m[1]
	}
	if m := warePattern.FindStringSubmatch(address); m != nil {
		parts := strings.Split(m[1], "/")
		for _, part := range slices.Backward(parts) {
			if c.knows(part) {
				return part
			}
		}
	}
	if !strings.ContainsAny(address, "/:") && c.knows(address) {
		return address
	}
	return ""
}

func (c *converter) knows(id string) bool { return c.tree.byID[id] != nil }
