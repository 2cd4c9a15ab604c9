package outline_test

import (
	"testing"

	"lyceum/internal/catalog/outline"
)

func TestFileName(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"asset:plan.pdf":             "plan.pdf",
		"asset:media/my%20plan.pdf":  "media/my plan.pdf",
		"asset:%C3%A9t%C3%A9.png":    "été.png",
		"asset:plan.pdf#page=2":      "plan.pdf",
		"asset:plan.pdf?download=1":  "plan.pdf",
		"asset:":                     "",
		"asset:%zz":                  "",
		"asset:#page=2":              "",
		"https://example.org/a:b":    "",
		"media/plan.pdf":             "",
		"https://example.org/asset:": "",
	} {
		name, ok := outline.FileName(address)
		if name != want && ok || ok != (want != "") {
			t.Errorf("FileName(%q) = %q, %t, want %q", address, name, ok, want)
		}
	}
}

func TestLessonKey(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"lesson:film":      "film",
		"lesson:film#knot": "film",
		"lesson:":          "",
	} {
		if key, ok := outline.LessonKey(address); key != want || !ok {
			t.Errorf("LessonKey(%q) = %q, %t, want %q", address, key, ok, want)
		}
	}
	if _, ok := outline.LessonKey("https://example.org/lesson:film"); ok {
		t.Error("an address elsewhere is taken for a lesson")
	}
}

func TestLinkFiles(t *testing.T) {
	t.Parallel()
	addresses := map[string]string{
		"plan.pdf": `https://files.example/plan.pdf?sig=a&exp="1"`,
		"été.png":  "/files/1",
	}
	for name, tt := range map[string]struct{ html, want string }{
		"image":          {`<img src="asset:%C3%A9t%C3%A9.png" alt="x">`, `<img src="/files/1" alt="x">`},
		"link, escaped":  {`<a href="asset:plan.pdf">p</a>`, `<a href="https://files.example/plan.pdf?sig=a&amp;exp=&#34;1&#34;">p</a>`},
		"place in file":  {`<a href="asset:%C3%A9t%C3%A9.png#page=2">p</a>`, `<a href="/files/1#page=2">p</a>`},
		"missing":        {`<a href="asset:gone.pdf" rel="nofollow">p</a>`, `<a rel="nofollow">p</a>`},
		"undecodable":    {`<img src="asset:%zz">`, `<img>`},
		"escaped in it":  {`<img src="asset:a&amp;b"><img src="asset:plan.pdf">`, `<img><img src="https://files.example/plan.pdf?sig=a&amp;exp=&#34;1&#34;">`},
		"in text":        {`<p>src=&#34;asset:plan.pdf&#34; asset:plan.pdf</p>`, `<p>src=&#34;asset:plan.pdf&#34; asset:plan.pdf</p>`},
		"in description": {`<img alt=" src=&#34;asset:plan.pdf&#34;">`, `<img alt=" src=&#34;asset:plan.pdf&#34;">`},
		"elsewhere":      {`<a href="https://example.org/asset:plan.pdf">p</a>`, `<a href="https://example.org/asset:plan.pdf">p</a>`},
	} {
		got := outline.LinkFiles(tt.html, func(name string) (string, bool) {
			address, ok := addresses[name]
			return address, ok
		})
		if got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tt.want)
		}
	}
}
