package olx

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"lyceum/internal/author/course"
	"lyceum/internal/author/markup"
)

// about fills the course's own fields.
func (c *converter) about() error {
	b := c.root
	c.course.Title = titled(b, "Imported course")
	slug := course.Keyed(c.course.Title)
	if slug == "" {
		slug = course.Keyed(b.attrs["course"])
	}
	if slug == "" {
		slug = "imported-course"
	}
	c.course.Slug = slug
	c.course.Level, c.course.Visibility, c.course.Certificate = course.AllLevels, course.Public, true
	c.course.Language = languageOf(b.attrs["language"])
	if c.course.Language == "" {
		c.course.Language = "en"
		c.setting("language", b.attrs["language"], Approximated, "The export names no language that is known; English is assumed.", "")
	}
	summary, err := c.aboutPage("short_description")
	if err != nil {
		return err
	}
	c.course.Summary = limitTo(summary.Text(), 1000)
	overview, err := c.aboutPage("overview")
	if err != nil {
		return err
	}
	return c.describe(overview)
}

// describe makes the description, which is Markdown, of the overview page.
func (c *converter) describe(overview *markup.Doc) error {
	lost := overview.Relink(func(address string) (string, bool) {
		return address, !strings.HasPrefix(address, jumpScheme)
	})
	source, exact := overview.Markdown()
	_, losses := losses(overview.Lost)
	if !exact {
		losses = append(losses, "Its tables became lists, and figures set high or low stand in line.")
	}
	for _, address := range lost {
		losses = append(losses, "A link to "+address+" is gone, its text remains.")
	}
	if len(source) > 60<<10 {
		c.setting("about page", "about/overview.html", Dropped, "It is too long for a description.", overview.Text())
		return nil
	}
	c.course.Description = course.Block(source)
	if len(losses) > 0 {
		c.setting("about page", "about/overview.html", Approximated, strings.Join(losses, " "), "")
	}
	return nil
}

// aboutPage reads a page about the course; one that is not there is empty.
func (c *converter) aboutPage(name string) (*markup.Doc, error) {
	return c.htmlFile("about/" + name + ".html")
}

func (c *converter) htmlFile(file string) (*markup.Doc, error) {
	if !c.export.has(file) {
		return &markup.Doc{}, nil
	}
	data, err := c.export.read(file)
	if err != nil {
		return nil, err
	}
	doc, err := c.pages().Parse(string(data))
	if err != nil {
		return nil, refuse("The page “%s” nests too deep.", file).Because(err)
	}
	return doc, nil
}

func limitTo(s string, most int) string {
	runes := []rune(course.Line(s))
	if len(runes) <= most {
		return string(runes)
	}
	return course.Line(string(runes[:most-1])) + "…"
}

// setting reports something of the course as a whole.
func (c *converter) setting(kind, id string, outcome Outcome, loss, text string) {
	c.report.Settings = append(c.report.Settings, Entry{
		Kind: kind, ID: id, Outcome: outcome, Losses: []string{loss}, Text: excerpt(text, maxExcerpt),
	})
}

// rest reports everything of the export that is no block of the course: its settings, its other pages, its
// files.
func (c *converter) rest() error {
	for _, steps := range []func() error{c.courseSettings, c.extras, c.otherPages, c.leftovers} {
		if err := steps(); err != nil {
			return err
		}
	}
	c.styling()
	c.staticFiles()
	return nil
}

// isPresumed tells whether a setting of the course says what every export says, or what has become of it.
func isPresumed(name string) bool {
	return slices.Contains([]string{"language", "advanced_modules", "cert_html_view_enabled", "start", "display_name"}, name)
}

func (c *converter) courseSettings() error {
	for _, name := range sortedKeys(c.root.attrs) {
		value := c.root.attrs[name]
		if isInternal(name) || isPresumed(name) || isUnset(value) {
			continue
		}
		c.setting("course setting", name, Dropped, "It has no counterpart here.", valueText(name, value))
	}
	if start := c.root.attrs["start"]; !isUnset(start) {
		c.setting("course setting", "start", Dropped, "Courses begin when they are published.", start)
	}
	if len(c.policy.Graders) > 0 || len(c.policy.Cutoffs) > 0 {
		var weights []string
		for _, g := range c.policy.Graders {
			weights = append(weights, fmt.Sprintf("%s: %g%%", g.Type, g.Weight*100))
		}
		loss := fmt.Sprintf("Each graded quiz is passed by itself, with %d%% of its points; weights of assignments are gone.", c.policy.passMark())
		c.setting("grading policy", "grading_policy.json", Approximated, loss, strings.Join(weights, "\n"))
	}
	return nil
}

// valueText is the value of a setting as a report may show it.
func valueText(name, value string) string {
	if isSecret(name) {
		return "(secret, not shown)"
	}
	return excerpt(value, 500)
}

// extras reports elements of the course that are no blocks: wikis, textbooks.
func (c *converter) extras() error {
	for _, n := range c.tree.extras {
		id := n.attr("slug")
		if id == "" {
			id = n.attr("title")
		}
		c.setting(n.name, id, Dropped, "It has no counterpart here.", "")
	}
	return nil
}

// otherPages reports the pages about the course, its news and handouts.
func (c *converter) otherPages() error {
	for _, file := range slices.Concat(c.export.below("about"), c.export.below("info"), c.export.below("tabs")) {
		if c.export.touched[file] || path.Ext(file) != ".html" {
			continue
		}
		doc, err := c.htmlFile(file)
		if err != nil {
			return err
		}
		if !doc.IsEmpty() {
			c.setting("page", file, Dropped, "Courses have no such page here.", doc.Text())
		}
	}
	var updates []struct {
		Content string `json:"content"`
		Status  string `json:"status"`
	}
	const file = "info/updates.items.json"
	if err := c.export.json(file, &updates); err != nil {
		return err
	}
	for _, u := range updates {
		if u.Status == "deleted" {
			continue
		}
		doc, err := c.pages().Parse(u.Content)
		if err != nil {
			return refuse("The page “%s” nests too deep.", file).Because(err)
		}
		c.setting("news", file, Dropped, "News are not imported.", doc.Text())
	}
	return nil
}

// leftovers reports files that nothing in the course led to: drafts, blocks that were taken out.
func (c *converter) leftovers() error {
	for _, file := range sortedKeys(c.export.files) {
		if c.export.touched[file] || strings.HasPrefix(file, staticDir) || isBookkeeping(file) || c.isPointed(file) {
			continue
		}
		loss := "Nothing in the course leads to this file."
		if strings.HasPrefix(file, "drafts/") {
			loss = "It is a draft that was not published."
		}
		c.report.Files = append(c.report.Files, Entry{Kind: "file", ID: file, Outcome: Dropped, Losses: []string{loss}})
	}
	return nil
}

// isBookkeeping tells whether a file lists what the export holds anyway.
func isBookkeeping(file string) bool {
	return strings.HasPrefix(file, "policies/") || strings.HasPrefix(file, "assets/") || file == "README.md" || strings.HasPrefix(file, "LICENSE")
}

// isPointed tells whether a file belongs to a block that is settled already, as those do that only staff
// could see: their pages are never read.
func (c *converter) isPointed(file string) bool {
	for _, b := range c.tree.all {
		if name := b.def.attr("filename"); name != "" && file == "html/"+strings.ReplaceAll(name, ":", "/")+".html" {
			return true
		}
	}
	return false
}

// styling reports what pages lost everywhere alike.
func (c *converter) styling() {
	if c.styled > 0 {
		c.setting("styling", "class, style", Approximated,
			fmt.Sprintf("Colours, boxes and positions of %d elements in %d blocks are gone; headings, lists, tables and emphasis remain.", c.styled, c.styledBlocks), "")
	}
	if c.icons > 0 {
		c.setting("styling", "icon font", Approximated,
			fmt.Sprintf("%d pictograms of an icon font are gone; ticks and crosses became ✓ and ✗.", c.icons), "")
	}
}

// staticFiles reports what became of each static file.
func (c *converter) staticFiles() {
	used := map[string]bool{}
	for _, media := range c.course.MediaPaths() {
		used[media] = true
	}
	for _, file := range sortedKeys(c.export.files) {
		if !strings.HasPrefix(file, staticDir) {
			continue
		}
		e := Entry{Kind: "static file", ID: file, Outcome: Carried}
		media, turned := c.media.paths[file], c.media.turned[file]
		switch {
		case used[media]:
			e.Target = media
		case turned != "":
			e.Target = turned
		case isActive(file):
			e.Outcome, e.Losses = Dropped, []string{"It is a script, style sheet, font or web page, which lessons do not run."}
		default:
			e.Outcome, e.Losses = Dropped, []string{"Nothing in the course shows it."}
		}
		c.report.Files = append(c.report.Files, e)
	}
}
