package olx_test

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"lyceum/internal/author/olx"
	"lyceum/internal/fault"
)

// tight are limits that a test can exceed.
func tight() olx.Limits {
	l := olx.DefaultLimits()
	l.Bytes, l.FileBytes, l.Files, l.Ratio, l.Slack = 4<<20, 2<<20, 50, 20, 1<<20
	l.TextBytes, l.AllTextBytes, l.Depth, l.Nodes, l.AttrBytes = 64<<10, 128<<10, 20, 1000, 1000
	return l
}

// refused checks that an import is refused with one sentence, and that nothing is left of it.
func refused(t *testing.T, path, sentence string) {
	t.Helper()
	scratch, parent := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", scratch)
	_, err := olx.ToFolder(t.Context(), path, filepath.Join(parent, "course"), tight())
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.BadInput {
		t.Fatalf("ToFolder: %v, want BadInput", err)
	}
	if !strings.Contains(f.Message, sentence) || !strings.HasSuffix(f.Message, ".") {
		t.Errorf("message %q, want a sentence with %q", f.Message, sentence)
	}
	for _, dir := range []string{scratch, parent} {
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("left %v in %s, %v", entries, dir, err)
		}
	}
}

// item is an entry of an archive; a zero kind is a file.
type item struct {
	name string
	kind byte
	link string
	data string
}

// files are n items with the same data.
func files(n int, data string) []item {
	all := make([]item, 0, n)
	for i := range n {
		all = append(all, item{name: "d/" + strconv.Itoa(i), data: data})
	}
	return all
}

//nolint:paralleltest // TMPDIR belongs to the process
func TestHostileArchives(t *testing.T) {
	noise := strings.Repeat("not compressible at all? 0123456789 ", 1000)
	tests := map[string]struct {
		items    []item
		sentence string
	}{
		"up and out":          {[]item{{name: "../evil"}}, "leads out of the archive"},
		"up inside":           {[]item{{name: "course/../../evil"}}, "leads out of the archive"},
		"absolute":            {[]item{{name: "/etc/evil"}}, "is absolute"},
		"drive":               {[]item{{name: "C:/evil"}}, "is absolute"},
		"backslashes":         {[]item{{name: `..\evil`}}, "holds a backslash"},
		"control characters":  {[]item{{name: "a\nb"}}, "control characters"},
		"not UTF-8":           {[]item{{name: "a\xff"}}, "is not UTF-8"},
		"endless name":        {[]item{{name: strings.Repeat("a/", 300) + "b"}}, "is too long"},
		"a name twice":        {[]item{{name: "a"}, {name: "./a"}}, "holds “a” twice"},
		"file and folder":     {[]item{{name: "a"}, {name: "a/b"}}, "both as a file and as a folder"},
		"folder and file":     {[]item{{name: "a/b"}, {name: "a"}}, "both as a file and as a folder"},
		"symbolic link":       {[]item{{name: "a", kind: tar.TypeSymlink, link: "/etc"}}, "holds a link"},
		"hard link":           {[]item{{name: "a", kind: tar.TypeLink, link: "/etc/passwd"}}, "holds a link"},
		"device":              {[]item{{name: "a", kind: tar.TypeChar}}, "holds a device"},
		"pipe":                {[]item{{name: "a", kind: tar.TypeFifo}}, "holds a device"},
		"unknown kind":        {[]item{{name: "a", kind: 'Z'}}, "unknown kind"},
		"many files":          {files(60, "x"), "more than 50 files"},
		"a large file":        {[]item{{name: "a", data: shuffled(2<<20 + 1)}}, "too large"},
		"much in all":         {[]item{{name: "a", data: shuffled(2 << 20)}, {name: "b", data: shuffled(2 << 20)}, {name: "c", data: "x"}}, "more than 4 MB"},
		"a bomb":              {[]item{{name: "a", data: strings.Repeat("\x00", 1<<20+1)}}, "made to fill disks"},
		"a bomb of many":      {files(40, noise), "made to fill disks"},
		"no course":           {[]item{{name: "a/b.xml", data: "<a/>"}}, "it has no course.xml"},
		"course.xml too deep": {[]item{{name: "a/b/course.xml", data: "<a/>"}}, "it has no course.xml"},
		"two courses":         {[]item{{name: "a/course.xml", data: "<a/>"}, {name: "b/course.xml", data: "<a/>"}}, "it has no course.xml"},
		"nothing":             {nil, "it has no course.xml"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			archive := archiveOf(t, func(w *tar.Writer) {
				for _, i := range tt.items {
					put(t, w, tar.Header{Name: i.name, Typeflag: cmp.Or(i.kind, tar.TypeReg), Linkname: i.link}, i.data)
				}
			})
			refused(t, archive, tt.sentence)
		})
	}
}

// shuffled is text that does not compress.
func shuffled(n int) string {
	var b strings.Builder
	state := uint64(88172645463325252)
	for b.Len() < n {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		b.WriteByte(byte(state))
	}
	return b.String()
}

//nolint:paralleltest // TMPDIR belongs to the process
func TestHostileFiles(t *testing.T) {
	whole, err := os.ReadFile(packed(t, small(filler, export{"static/a": shuffled(100_000)})))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ data, sentence string }{
		"empty":        {"", "no .tar.gz archive"},
		"text":         {"hello", "no .tar.gz archive"},
		"zip":          {"PK\x03\x04", "no .tar.gz archive"},
		"cut":          {string(whole[:len(whole)/2]), "damaged"},
		"gzip of text": {gzipped(t, strings.Repeat("hello", 1000)), "damaged"},
		"goes on":      {gzipped(t, strings.Repeat("\x00", 2<<20)), "data follows its end"},
		"checksum":     {string(whole[:len(whole)-8]) + "xxxxxxxx", "damaged"},
		"flipped":      {string(whole[:len(whole)-40]) + "xxxx" + string(whole[len(whole)-36:]), "damaged"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.tar.gz")
			if err := os.WriteFile(file, []byte(tt.data), 0o600); err != nil {
				t.Fatal(err)
			}
			refused(t, file, tt.sentence)
		})
	}
}

//nolint:paralleltest // TMPDIR belongs to the process
func TestHostileExports(t *testing.T) {
	chapter := func(xml string) export { return export{"chapter/ch.xml": xml} }
	tests := map[string]struct {
		change   export
		sentence string
	}{
		"document type":   {chapter(`<!DOCTYPE chapter SYSTEM "http://evil.example/x.dtd"><chapter/>`), "declares a document type or entities"},
		"own entities":    {chapter(`<!DOCTYPE c [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><chapter display_name="&b;"/>`), "declares a document type or entities"},
		"file entity":     {chapter(`<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/passwd">]><chapter>&x;</chapter>`), "declares a document type or entities"},
		"unknown entity":  {chapter(`<chapter display_name="&evil;"/>`), "“chapter/ch.xml” is not well-formed"},
		"not well-formed": {chapter(`<chapter><sequential></chapter>`), "“chapter/ch.xml” is not well-formed"},
		"cut":             {chapter(`<chapter><sequential>`), "“chapter/ch.xml” is not well-formed"},
		"two roots":       {chapter(`<chapter/><chapter/>`), "one root element"},
		"nothing":         {chapter(``), "one root element"},
		"Latin-1":         {chapter("<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><chapter display_name=\"\xe9\"/>"), "not UTF-8"},
		"declared":        {chapter(`<?xml version="1.0" encoding="utf-16"?><chapter/>`), "not well-formed"},
		"UTF-16":          {chapter("\xff\xfe<\x00c\x00"), "not UTF-8"},
		"deep":            {chapter(strings.Repeat("<chapter>", 30) + strings.Repeat("</chapter>", 30)), "nests too deep"},
		"many elements":   {chapter(`<chapter>` + strings.Repeat("<a/>", 1001) + `</chapter>`), "too many elements"},
		"long attribute":  {chapter(`<chapter display_name="` + strings.Repeat("x", 1001) + `"/>`), "attribute that is too long"},
		"large file":      {chapter(`<chapter>` + strings.Repeat(" ", 64<<10) + `</chapter>`), "is too large"},
		"much text": {export{
			"course/run.xml": `<course><chapter url_name="ch"/><chapter url_name="c2"/><chapter url_name="c3"/></course>`,
			"chapter/ch.xml": `<chapter>` + strings.Repeat(" ", 60<<10) + `</chapter>`, "chapter/c2.xml": `<chapter>` + strings.Repeat(" ", 60<<10) + `</chapter>`,
			"chapter/c3.xml": `<chapter>` + strings.Repeat(" ", 60<<10) + `</chapter>`,
		}, "more than 0 MB of texts"},
		"no course element": {export{"course.xml": `<html/>`}, "does not hold a course"},
		"no course file":    {export{"course.xml": `<course url_name="other"/>`}, "the file of its course is missing"},
		"policy is no JSON": {export{"policies/run/policy.json": `{`}, "“policies/run/policy.json” is not well-formed JSON"},
		"policy is odd":     {export{"policies/run/policy.json": `[1]`}, "“policies/run/policy.json” is not well-formed JSON"},
		"page in Latin-1":   {export{"vertical/vt.xml": `<vertical><html url_name="h" filename="h"/></vertical>`, "html/h.html": "\xe9"}, "“html/h.html” is not UTF-8"},
		"page too deep":     {export{"vertical/vt.xml": `<vertical><html url_name="h" filename="h"/></vertical>`, "html/h.html": strings.Repeat("<div>", 600)}, "“html/h.html” nests too deep"},
		"nothing to learn":  {export{"vertical/vt.xml": `<vertical/>`}, "Nothing in this course can be carried over"},
		"circle":            {export{"vertical/vt.xml": `<vertical><vertical url_name="vt"/></vertical>`}, "Nothing in this course can be carried over"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := small(filler, tt.change)
			t.Run("folder", func(t *testing.T) { refused(t, folderOf(t, e), tt.sentence) })
			t.Run("archive", func(t *testing.T) { refused(t, packed(t, e), tt.sentence) })
		})
	}
}

// TestNamesOfBlocksLeadNowhere checks that ids and file names cannot read outside the export.
func TestNamesOfBlocksLeadNowhere(t *testing.T) {
	t.Parallel()
	lessons, report := unit(t, `<html url_name="../../etc/passwd"/><html url_name="up" filename="../../../../../../etc/passwd"/>`+
		`<html url_name="pic"><p>x<img src="/static/../../../../etc/passwd"/></p></html><video url_name="v" youtube_id_1_0="a" transcripts="{&quot;en&quot;: &quot;../../../etc/passwd&quot;}"/>`, nil)
	if lessons[0].Body.Source != "x" || len(lessons[1].Video.Captions) > 0 {
		t.Errorf("lessons: %+v", lessons)
	}
	for _, id := range []string{"../../etc/passwd", "up"} {
		if e := entry(t, report, id); e.Outcome != olx.Dropped {
			t.Errorf("%s: %s", id, e.Outcome)
		}
	}
}

func TestHostileFolders(t *testing.T) {
	t.Parallel()
	dir := folderOf(t, small(filler, nil))
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "static")); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	_, err := olx.Read(t.Context(), dir, olx.DefaultLimits())
	if fault.CodeOf(err) != fault.BadInput {
		t.Errorf("Read of a folder with a link: %v, want BadInput", err)
	}
	if _, err := olx.Read(t.Context(), filepath.Join(dir, "none"), olx.DefaultLimits()); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("Read of nothing: %v, want NotFound", err)
	}
}

func gzipped(t *testing.T, data string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
