package input_test

import (
	"errors"
	"strings"
	"testing"

	"lyceum/internal/fault"
	"lyceum/internal/platform/input"
)

func TestChecker(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		check func(c *input.Checker)
		good  bool
	}{
		"key":                      {func(c *input.Checker) { c.Key("f", "where-to-2") }, true},
		"key of 100 letters":       {func(c *input.Checker) { c.Key("f", strings.Repeat("k", 100)) }, true},
		"key of 101 letters":       {func(c *input.Checker) { c.Key("f", strings.Repeat("k", 101)) }, false},
		"no key":                   {func(c *input.Checker) { c.Key("f", "") }, false},
		"capital in key":           {func(c *input.Checker) { c.Key("f", "Knots") }, false},
		"two hyphens in key":       {func(c *input.Checker) { c.Key("f", "a--b") }, false},
		"line end behind key":      {func(c *input.Checker) { c.Key("f", "knots\n") }, false},
		"line":                     {func(c *input.Checker) { c.Line("f", "Où va-t-on ?", 1, 300) }, true},
		"line counted in letters":  {func(c *input.Checker) { c.Line("f", strings.Repeat("ह", 300), 1, 300) }, true},
		"line too long":            {func(c *input.Checker) { c.Line("f", strings.Repeat("ह", 301), 1, 300) }, false},
		"empty line":               {func(c *input.Checker) { c.Line("f", "", 1, 300) }, false},
		"empty line where allowed": {func(c *input.Checker) { c.Line("f", "", 0, 300) }, true},
		"blank line":               {func(c *input.Checker) { c.Line("f", " \u00a0", 1, 300) }, false},
		"two lines":                {func(c *input.Checker) { c.Line("f", "a\nb", 1, 300) }, false},
		"two lines, Unicode's way": {func(c *input.Checker) { c.Line("f", "a\u2028b", 1, 300) }, false},
		"two paragraphs":           {func(c *input.Checker) { c.Line("f", "a\u2029b", 1, 300) }, false},
		"NUL in line":              {func(c *input.Checker) { c.Line("f", "a\x00b", 1, 300) }, false},
		"broken UTF-8 in line":     {func(c *input.Checker) { c.Line("f", "a\xff", 1, 300) }, false},
		"text":                     {func(c *input.Checker) { c.Text("f", "a\n\tb\r\n", 10) }, true},
		"empty text":               {func(c *input.Checker) { c.Text("f", "", 10) }, true},
		"text too long":            {func(c *input.Checker) { c.Text("f", strings.Repeat("a", 11), 10) }, false},
		"NUL in text":              {func(c *input.Checker) { c.Text("f", "a\x00", 10) }, false},
		"nothing said":             {func(c *input.Checker) { c.Said("f", " \n", 10) }, false},
		"something said":           {func(c *input.Checker) { c.Said("f", "a", 10) }, true},
		"as many as allowed":       {func(c *input.Checker) { c.Count("f", 3, 3) }, true},
		"too many":                 {func(c *input.Checker) { c.Count("f", 4, 3) }, false},
		"in bounds":                {func(c *input.Checker) { c.Between("f", 100, 0, 100) }, true},
		"below bounds":             {func(c *input.Checker) { c.Between("f", -1, 0, 100) }, false},
		"address":                  {func(c *input.Checker) { c.Web("f", "https://example.org/a?b=c") }, true},
		"address without host":     {func(c *input.Checker) { c.Web("f", "https:///a") }, false},
		"address of a script":      {func(c *input.Checker) { c.Web("f", "javascript:alert(1)") }, false},
		"address with a password":  {func(c *input.Checker) { c.Web("f", "https://a:b@example.org") }, false},
		"relative address":         {func(c *input.Checker) { c.Web("f", "//example.org") }, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c input.Checker
			tt.check(&c)
			err := c.Err()
			if (err == nil) != tt.good {
				t.Fatalf("err = %v, want good: %t", err, tt.good)
			}
			var f *fault.Error
			if !tt.good && (!errors.As(err, &f) || f.Code != fault.BadInput || f.Violations[0].Field != "f") {
				t.Errorf("err = %#v, want a violation of f", err)
			}
		})
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	if got := input.Path("quiz.questions", 3, "prompt"); got != "quiz.questions.3.prompt" {
		t.Errorf("Path = %q", got)
	}
}
