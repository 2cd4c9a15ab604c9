package catalog

import (
	"slices"
	"strings"

	"golang.org/x/text/currency"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/input"
)

// The bounds of what a course says about itself.
const (
	maxTitle       = 300
	maxSummary     = 1000
	maxDescription = 64 << 10
	maxTag         = 100
	maxNames       = 50
	// maxAmount keeps a mistyped price out: ten million of a currency with cents.
	maxAmount = 1_000_000_000
	// maxMonths is fifty years.
	maxMonths = 600
)

// CourseInput is what an author says about a course itself. Fields that are nil keep what they are; in a
// new course they begin with their defaults.
type CourseInput struct {
	// Slug is the course's identity: it creates a course or finds the one to change.
	Slug  string
	Title string
	// Summary is one or two sentences of plain text, Description is Markdown.
	Summary, Description *string
	// Language is a BCP 47 tag.
	Language *string
	Level    *outline.Level
	// Categories are slugs.
	Categories, Tags []string
	Visibility       *outline.Visibility
	// Price with an amount of zero makes the course free.
	Price       *Price
	Certificate *bool
	// CertificateMonths is how long a certificate is good; 0 is for ever.
	CertificateMonths *int
	// Completion says which modules complete the course; all of them, and nothing more, is the default.
	Completion *outline.Policy
	// Prerequisites are slugs of courses.
	Prerequisites []string
	// ExpectedRevision is what the draft must be at; 0 says that there is none yet, nil does not care.
	ExpectedRevision *int
}

// listing is what a draft says about itself: two drafts with the same listing differ in their outline only.
type listing struct {
	Title, Summary, Description, Language string
	Level                                 outline.Level
	Categories, Tags                      []string
	Visibility                            outline.Visibility
	PriceAmount                           int
	PriceCurrency                         string
	Certificate                           bool
	CertificateMonths                     int
	// Completion is nil for the default.
	Completion *outline.Policy
}

// unsaid is the listing of a course about which nothing was said.
func unsaid() listing {
	return listing{
		Language: "en", Level: outline.All, Visibility: outline.Public, Certificate: true,
		Categories: []string{}, Tags: []string{},
	}
}

func listingOf(c *ent.Course) listing {
	return listing{
		Title: c.Title, Summary: c.Summary, Description: c.Description, Language: c.Language,
		Level: c.Level, Categories: c.Categories, Tags: c.Tags, Visibility: c.Visibility,
		PriceAmount: c.PriceAmount, PriceCurrency: c.PriceCurrency, Certificate: c.Certificate,
		CertificateMonths: c.CertificateMonths,
		Completion:        c.Completion,
	}
}

// with returns the listing changed by what the input says.
func (l listing) with(in *CourseInput) listing {
	l.Title = in.Title
	set(&l.Summary, in.Summary)
	set(&l.Description, in.Description)
	set(&l.Language, in.Language)
	set(&l.Level, in.Level)
	set(&l.Visibility, in.Visibility)
	set(&l.Certificate, in.Certificate)
	set(&l.CertificateMonths, in.CertificateMonths)
	if in.Completion != nil {
		l.Completion = normalPolicy(in.Completion)
	}
	if in.Categories != nil {
		l.Categories = in.Categories
	}
	if in.Tags != nil {
		l.Tags = in.Tags
	}
	if in.Price != nil {
		l.PriceAmount, l.PriceCurrency = in.Price.Amount, in.Price.Currency
	}
	if l.PriceAmount == 0 {
		l.PriceCurrency = ""
	}
	return l
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// put writes the listing into a draft that is created or changed.
func (l listing) put(m *ent.CourseMutation) {
	m.SetTitle(l.Title)
	m.SetSummary(l.Summary)
	m.SetDescription(l.Description)
	m.SetLanguage(l.Language)
	m.SetLevel(l.Level)
	m.SetCategories(l.Categories)
	m.SetTags(l.Tags)
	m.SetVisibility(l.Visibility)
	m.SetPriceAmount(l.PriceAmount)
	m.SetPriceCurrency(l.PriceCurrency)
	m.SetCertificate(l.Certificate)
	m.SetCertificateMonths(l.CertificateMonths)
	if l.Completion == nil {
		m.ClearCompletion()
	} else {
		m.SetCompletion(l.Completion)
	}
}

// check records everything that is wrong with the input by itself, and brings it into the form in which
// it is kept.
func (in *CourseInput) check(c *input.Checker) {
	c.Key("slug", in.Slug)
	c.Line("title", in.Title, 1, maxTitle)
	if in.Summary != nil {
		c.Line("summary", *in.Summary, 0, maxSummary)
	}
	if in.Description != nil {
		c.Text("description", *in.Description, maxDescription)
	}
	if in.Language != nil {
		tag := checkLanguage(c, "language", *in.Language)
		in.Language = &tag
	}
	if in.Level != nil {
		c.Check(slices.Contains(in.Level.Values(), string(*in.Level)), "level", "The level is BEGINNER, INTERMEDIATE, ADVANCED or ALL.")
	}
	if in.Visibility != nil {
		c.Check(slices.Contains(in.Visibility.Values(), string(*in.Visibility)), "visibility", "The visibility is PUBLIC, MEMBERS or UNLISTED.")
	}
	if in.CertificateMonths != nil {
		c.Between("certificateMonths", *in.CertificateMonths, 0, maxMonths)
	}
	checkSlugs(c, "categories", in.Categories)
	checkSlugs(c, "prerequisites", in.Prerequisites)
	if i := slices.Index(in.Prerequisites, in.Slug); i >= 0 {
		c.Fail(input.Path("prerequisites", i), "A course cannot be its own prerequisite.")
	}
	checkTags(c, in.Tags)
	checkPrice(c, in.Price)
	checkPolicy(c, in.Completion)
}

func checkSlugs(c *input.Checker, field string, slugs []string) {
	c.Count(field, len(slugs), maxNames)
	for i, slug := range slugs {
		c.Key(input.Path(field, i), slug)
		c.Check(slices.Index(slugs, slug) == i, input.Path(field, i), "This stands here twice.")
	}
}

func checkTags(c *input.Checker, tags []string) {
	c.Count("tags", len(tags), maxNames)
	seen := map[string]bool{}
	for i, tag := range tags {
		c.Line(input.Path("tags", i), tag, 1, maxTag)
		folded := strings.ToLower(tag)
		c.Check(!seen[folded], input.Path("tags", i), "This stands here twice.")
		seen[folded] = true
	}
}

func checkPrice(c *input.Checker, p *Price) {
	if p == nil || p.Amount == 0 {
		return
	}
	c.Between("price.amount", p.Amount, 0, maxAmount)
	unit, err := currency.ParseISO(p.Currency)
	c.Check(err == nil && unit.String() == p.Currency, "price.currency", "Write an ISO 4217 currency code, such as EUR, USD or JPY.")
}
