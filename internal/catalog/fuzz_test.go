package catalog

import (
	"strings"
	"testing"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/platform/input"
)

// FuzzFilter checks that a filter brought into its normal form stays as it is, and that no two filters share the name
// that their cursors are bound to.
func FuzzFilter(f *testing.F) {
	f.Add("knots", "sea \" LEVEL", "pt-br", "BEGINNER", true, "knots", "sea", "pt-BR", "BEGINNER", false)
	f.Add("", "", "i-klingon", "", false, "\\", "\"", "zh-cmn-Hans-CN", "ALL", true)
	f.Add("a\x00", "b\u2028c", "en-u-ca-buddhist-x-y", " ", false, "", "", "und", "", false)
	f.Fuzz(func(t *testing.T, category, tag, language, level string, free bool, category2, tag2, language2, level2 string, free2 bool) {
		one, oneErr := Filter{Category: category, Tag: tag, Language: language, Level: known(level), Free: &free}.normal()
		two, twoErr := Filter{Category: category2, Tag: tag2, Language: language2, Level: known(level2), Free: &free2}.normal()
		for _, err := range []error{oneErr, twoErr} {
			if err != nil && fault.CodeOf(err) != fault.BadInput {
				t.Fatalf("normal: %v, want BadInput", err)
			}
		}
		if oneErr != nil || twoErr != nil {
			return
		}
		if again, err := one.normal(); err != nil || again != one {
			t.Errorf("%+v is not normal: %+v (%v)", one, again, err)
		}
		if strings.ContainsAny(one.Category+one.Tag+one.Language, "\x00\n") || strings.ContainsAny(one.Language, "%_ ") {
			t.Errorf("%+v is a filter", one)
		}
		same := one.Category == two.Category && one.Tag == two.Tag && one.Language == two.Language && one.Level == two.Level && free == free2
		if (orderName(ByTitle, one) == orderName(ByTitle, two)) != same {
			t.Errorf("cursors of %+v and %+v are bound to %q and %q", one, two, orderName(ByTitle, one), orderName(ByTitle, two))
		}
	})
}

// known is a level as the edge lets it in.
func known(level string) outline.Level {
	for _, l := range outline.Level("").Values() {
		if l == level {
			return outline.Level(l)
		}
	}
	return ""
}

// FuzzCourseInput checks that what is taken for a course's own words is kept as it is the second time, and that a tag
// is never there twice.
func FuzzCourseInput(f *testing.F) {
	f.Add("knots", "Knots", "en", "sea", "Sea", "EUR", 100)
	f.Add("a-", "Kn\u2029ots", "pt-br", "\u0130", "i\u0307", "eur", -1)
	f.Add("a", " ", "x-private", "ss", "\u00df", "XXX", 1_000_000_001)
	f.Fuzz(func(t *testing.T, slug, title, language, tag, tag2, currency string, amount int) {
		in := CourseInput{Slug: slug, Title: title, Language: &language, Tags: []string{tag, tag2}, Price: &Price{Amount: amount, Currency: currency}}
		if err := checkInput(&in); err != nil {
			if fault.CodeOf(err) != fault.BadInput {
				t.Fatalf("check: %v", err)
			}
			return
		}
		before := *in.Language
		if err := checkInput(&in); err != nil || *in.Language != before {
			t.Errorf("checked twice, %q is %q (%v)", before, *in.Language, err)
		}
		if strings.EqualFold(tag, tag2) {
			t.Errorf("%q and %q are one tag", tag, tag2)
		}
		if amount < 0 || amount > maxAmount || (amount > 0 && len(currency) != 3) {
			t.Errorf("%d %q is a price", amount, currency)
		}
	})
}

func checkInput(in *CourseInput) error {
	var c input.Checker
	in.check(&c)
	return c.Err()
}
