package olx

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"lyceum/internal/fault"
)

// inMemory is an export of files held in memory.
func inMemory(files map[string]string) *export {
	fsys := fstest.MapFS{}
	e := &export{name: "fuzz", limits: DefaultLimits(), fsys: fsys, files: map[string]int64{}, touched: map[string]bool{}}
	for name, data := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(data)}
		e.files[name] = int64(len(data))
	}
	return e
}

// FuzzConvert feeds what a vertical holds, a page and the settings of the course. Whatever is accepted is a
// well-formed course, and every block stands in the report once.
func FuzzConvert(f *testing.F) {
	const page = `<html url_name="page" filename="page"/>`
	f.Add(page, `<p>Hi <a href="/jump_to_id/page">x</a><img src="/static/a b.png"></p><script></script>`, `{"vertical/vt": {"display_name": "N"}}`)
	f.Add(page+`<video url_name="v" youtube="1.00:x" transcripts="{&quot;en&quot;: &quot;t.srt&quot;}" start_time="00:01:00"><source src="/static/film.mp4"/></video>`, `<p>x</p>`, `{}`)
	f.Add(`<problem url_name="p" weight="3" max_attempts="2"><p>a</p><multiplechoiceresponse><label>b</label><choicegroup><choice correct="true">c<choicehint>d</choicehint></choice>`+
		`<choice>e</choice></choicegroup><solution><p>f</p></solution></multiplechoiceresponse><demandhint><hint>g</hint></demandhint></problem>`, ``, `{}`)
	f.Add(`<problem url_name="p"><table><tr><th>a</th><th>b</th></tr><tr><td>c</td><td><optionresponse><optioninput options="('d','e')" correct="d"/></optionresponse></td></tr></table>`+
		`<stringresponse answer="x|y" type="ci regexp"/><numericalresponse answer="[1,2)"><responseparam default="1%"/></numericalresponse></problem>`, ``, `{}`)
	f.Add(`<library_content url_name="l" max_count="1"><problem url_name="p"><choiceresponse><checkboxgroup><choice correct="true">a</choice><choice>b</choice></checkboxgroup></choiceresponse></problem></library_content>`, ``, `{}`)
	f.Add(`<openassessment url_name="o"><prompts><prompt><description>a</description></prompt></prompts></openassessment><poll question="q" answers="[[1,{}]]"/><annotatable><annotation title="t">x</annotation></annotatable>`+
		`<split_test><vertical><html>a</html></vertical><vertical/></split_test>`, ``, `{"course/run": {"display_name": ["x"], "language": 1}}`)
	f.Fuzz(func(t *testing.T, vertical, page, policy string) {
		e := inMemory(map[string]string{
			"course.xml":     `<course url_name="run"/>`,
			"course/run.xml": `<course display_name="C"><chapter url_name="ch"><sequential url_name="sq"><vertical url_name="vt">` + vertical + `</vertical></sequential></chapter></course>`,
			"html/page.html": page, "about/overview.html": page, "policies/run/policy.json": policy,
			"static/a b.png": "x", "static/film.mp4": "x", "static/t.srt": "1\n00:00:01,000 --> 00:00:02,000\nHi\n",
		})
		result, err := convert(t.Context(), e)
		if err != nil {
			if fault.CodeOf(err) != fault.BadInput || strings.Contains(err.Error(), "validate imported course") {
				t.Fatalf("convert: %v %+v", err, err)
			}
			return
		}
		t2, _, err := readTree(e)
		if err != nil {
			t.Fatalf("readTree: %v", err)
		}
		if len(result.Report.Blocks) != len(t2.all) {
			t.Fatalf("%d blocks, and %d in the report", len(t2.all), len(result.Report.Blocks))
		}
		for _, path := range result.Course.MediaPaths() {
			file, err := result.Open(path)
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			if err := file.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
		}
		if _, err := result.Report.JSON(); err != nil {
			t.Fatalf("JSON: %v", err)
		}
		result.Report.Markdown()
	})
}

// FuzzUnpack feeds tar archives. Whatever is unpacked is files and folders, and no more than the limits allow.
func FuzzUnpack(f *testing.F) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []tar.Header{
		{Name: "course/", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "course/course.xml", Typeflag: tar.TypeReg, Size: 5},
		{Name: "../x", Typeflag: tar.TypeReg, Size: 5},
		{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "/etc"},
	} {
		if err := w.WriteHeader(&h); err != nil {
			f.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte("<a/>\n")); err != nil {
				f.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:2048])
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := DefaultLimits()
		limits.Bytes, limits.Files = 1<<20, 20
		root, err := os.OpenRoot(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := root.Close(); err != nil {
				t.Error(err)
			}
		}()
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		if _, err := z.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := unpack(t.Context(), &zipped, root, limits); err != nil && fault.CodeOf(err) != fault.BadInput {
			t.Fatalf("unpack: %v", err)
		}
		var total int64
		err = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if !d.IsDir() && !d.Type().IsRegular() {
				t.Fatalf("%s is %v", path, d.Type())
			}
			info, err := d.Info()
			if err == nil && !d.IsDir() {
				total += info.Size()
			}
			return err
		})
		if err != nil || total > limits.Bytes+(64<<10) {
			t.Fatalf("unpacked %d bytes, %v", total, err)
		}
	})
}
