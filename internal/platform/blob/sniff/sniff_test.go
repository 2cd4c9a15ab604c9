package sniff_test

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"lyceum/internal/fault"
	"lyceum/internal/platform/blob/sniff"
)

func picture(t *testing.T, encode func(io.Writer, image.Image) error) string {
	t.Helper()
	var out bytes.Buffer
	if err := encode(&out, image.NewRGBA(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatalf("encode picture: %v", err)
	}
	return out.String()
}

func encodeJPEG(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, nil) }

func encodeGIF(w io.Writer, m image.Image) error { return gif.Encode(w, m, nil) }

func archive(t *testing.T, names ...string) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range names {
		f, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(f, "content")
		}
		if err != nil {
			t.Fatalf("write archive: %v", err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatalf("write archive: %v", err)
	}
	return out.String()
}

// mp4 returns the first box of a film, followed by noise.
func mp4(brand string) string {
	return "\x00\x00\x00\x18ftyp" + brand + "\x00\x00\x02\x00isomiso2" + noise(2000)
}

// noise returns bytes without an ASCII angle bracket.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(128 + r.IntN(128))
	}
	return string(out)
}

const webVTT = "WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n"

const plainSVG = `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">`

func svg(inner string) string { return plainSVG + inner + "</svg>" }

func deflate(t *testing.T, s string) string {
	t.Helper()
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	_, err := io.WriteString(z, s)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatalf("deflate: %v", err)
	}
	return out.String()
}

func pdf(inner string) string {
	return "%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + inner + "\ntrailer << /Root 1 0 R >>\n%%EOF\n"
}

func objectStream(dictionary, content string) string {
	return fmt.Sprintf("2 0 obj\n<< %s /Length %d >>\nstream\n%s\nendstream\nendobj", dictionary, len(content), content)
}

func inspect(t *testing.T, declared, content string) sniff.Report {
	t.Helper()
	report, err := sniff.Inspect(declared, strings.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatalf("Inspect: %v", err)
	}
	return report
}

func TestAcceptsWhatItIs(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ declared, content string }{
		"JPEG":                    {"image/jpeg", picture(t, encodeJPEG)},
		"PNG":                     {"image/png", picture(t, png.Encode)},
		"GIF":                     {"image/gif", picture(t, encodeGIF)},
		"WebP":                    {"image/webp", "RIFF\x24\x00\x00\x00WEBPVP8 " + noise(28)},
		"MP4":                     {"video/mp4", mp4("isom")},
		"MP4 with parameters":     {"video/mp4; codecs=avc1", mp4("mp42")},
		"M4A":                     {"audio/mp4", mp4("M4A ")},
		"QuickTime":               {"video/quicktime", mp4("qt  ")},
		"PDF":                     {"application/pdf", pdf("")},
		"PDF with objects":        {"application/pdf", pdf(objectStream("/Type /ObjStm /N 1", deflate(t, "3 0 << /Type /Page >>")))},
		"text":                    {"text/plain", "Dear learners,\n"},
		"text, capitals":          {"TEXT/PLAIN; charset=UTF-8", "Dear learners,\n"},
		"Markdown":                {"text/markdown", "# Title\n\nText with `<script>` in it.\n"},
		"CSV":                     {"text/csv", "a,b\n1,2\n3,4\n"},
		"WebVTT":                  {"text/vtt", webVTT},
		"SubRip":                  {"application/x-subrip", "1\n00:00:00,000 --> 00:00:02,000\nHello\n"},
		"ZIP":                     {"application/zip", archive(t, "a.txt")},
		"Word":                    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", archive(t, "[Content_Types].xml", "_rels/.rels", "word/document.xml")},
		"SVG":                     {"image/svg+xml", svg(`<path d="M0 0L9 9"/><use xlink:href="#a"/><rect fill="url(#g)"/>`)},
		"SVG with a link":         {"image/svg+xml", svg(`<a href="https://example.com/"><text>on and on</text></a>`)},
		"SVG with an image":       {"image/svg+xml", svg(`<image href="data:image/png;base64,AAAA"/>`)},
		"SVG with style":          {"image/svg+xml", svg(`<style>.a { fill: url("#g"); }</style><g class="a" style="fill:red"/>`)},
		"photo with a bracket":    {"image/jpeg", picture(t, encodeJPEG) + "<scriptless <htmlx <bodywork"},
		"film, markup far within": {"video/mp4", mp4("isom") + noise(1<<20) + "<script>" + noise(1<<20)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := inspect(t, tt.declared, tt.content)
			if err := report.Accept("file", sniff.Documents()); err != nil || len(report.Flags) != 0 {
				t.Errorf("Accept = %v; report %+v", err, report)
			}
		})
	}
}

func TestRefusesOtherTypes(t *testing.T) {
	t.Parallel()
	jpg := picture(t, encodeJPEG)
	for name, tt := range map[string]struct{ declared, content string }{
		"empty":                {"image/jpeg", ""},
		"no type":              {"", jpg},
		"not a type":           {"jpeg", jpg},
		"type not allowed":     {"text/html", "<!DOCTYPE html><html></html>"},
		"program":              {"application/octet-stream", "\x7fELF\x02\x01\x01" + noise(60)},
		"PNG as JPEG":          {"image/jpeg", picture(t, png.Encode)},
		"HTML as JPEG":         {"image/jpeg", "<!DOCTYPE html><html><script>alert(1)</script></html>"},
		"HTML as text":         {"text/plain", "<!DOCTYPE html><html><body>hi</body></html>"},
		"HTML as captions":     {"text/vtt", "<html><script>alert(1)</script></html>"},
		"SVG as PNG":           {"image/png", svg("")},
		"SVG as text":          {"text/plain", svg("")},
		"program as film":      {"video/mp4", "\x7fELF\x02\x01\x01" + noise(60)},
		"playlist as film":     {"video/mp4", "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\nhttp://127.0.0.1/\n"},
		"noise as film":        {"video/mp4", noise(500)},
		"ZIP as PDF":           {"application/pdf", archive(t, "a.txt")},
		"ZIP as picture":       {"image/png", archive(t, "a.txt")},
		"PDF as Word":          {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", pdf("")},
		"JPEG as ZIP":          {"application/zip", jpg},
		"JavaScript as text":   {"text/plain", "#!/usr/bin/env node\nconsole.log(1)\n"},
		"script as text":       {"text/plain", "#!/bin/sh\nrm -rf /\n"},
		"PHP as text":          {"text/plain", "<?php system($_GET['c']); ?>"},
		"PDF in a JPEG":        {"image/jpeg", jpg[:20] + "%PDF-1.4" + jpg[20:]},
		"one byte as a film":   {"video/mp4", "\x00"},
		"cut JPEG":             {"image/jpeg", jpg[:2]},
		"markup in parameters": {"image/jpeg; x=\"<script>\"", "<script>alert(1)</script>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := inspect(t, tt.declared, tt.content)
			err := report.Accept("file", sniff.Documents())
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != fault.BadInput || f.Violations[0].Field != "file" {
				t.Errorf("Accept = %v, want BadInput; report %+v", err, report)
			}
		})
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	jpg, gifs := picture(t, encodeJPEG), picture(t, encodeGIF)
	long := noise(1 << 20)
	for name, tt := range map[string]struct {
		declared, content string
		want              sniff.Flag
	}{
		"empty":                       {"image/jpeg", "", sniff.Empty},
		"HTML in a JPEG":              {"image/jpeg", jpg + "<html><body>", sniff.MarkupInMedia},
		"script in a JPEG":            {"image/jpeg", jpg[:20] + "<SCRIPT >alert(1)</SCRIPT>" + jpg[20:], sniff.MarkupInMedia},
		"script late in a JPEG":       {"image/jpeg", jpg + long + "<script>" + long, sniff.MarkupInMedia},
		"script in a PNG":             {"image/png", picture(t, png.Encode) + "<script\nsrc=x>", sniff.MarkupInMedia},
		"PHP in a GIF":                {"image/gif", gifs + "<?php system('id') ?>", sniff.MarkupInMedia},
		"SVG in a GIF":                {"image/gif", gifs + "<svg/onload=alert(1)>", sniff.MarkupInMedia},
		"HTML at the end of a film":   {"video/mp4", mp4("isom") + long + long + "<html>\n", sniff.MarkupInMedia},
		"HTML at the start of a film": {"video/mp4", mp4("isom") + "<html>\n" + long + long, sniff.MarkupInMedia},
		"GIF that is JavaScript":      {"image/gif", "GIF89a/*" + gifs[8:] + "*/=1;alert(1)", sniff.ScriptHeader},
		"JPEG that is JavaScript":     {"image/jpeg", "\xff\xd8\xff\xe0/*JFIF\x00" + jpg[11:] + "*/=alert(1)", sniff.ScriptHeader},
		"ZIP behind a GIF":            {"image/gif", gifs + archive(t, "evil.class"), sniff.AppendedArchive},
		"ZIP behind a PDF":            {"application/pdf", pdf("") + archive(t, "a"), sniff.AppendedArchive},
		"ZIP with a comment":          {"image/gif", gifs + strings.TrimSuffix(archive(t, "a"), "\x00\x00") + "\x05\x00hello", sniff.AppendedArchive},
		"PDF with JavaScript":         {"application/pdf", pdf("2 0 obj << /S /JavaScript /JS (app.alert(1)) >> endobj"), sniff.ActivePDF},
		"PDF, escaped name":           {"application/pdf", pdf("2 0 obj << /S /#4aava#53cript >> endobj"), sniff.ActivePDF},
		"PDF that starts programs":    {"application/pdf", pdf("2 0 obj << /S/Launch/F(cmd.exe) >> endobj"), sniff.ActivePDF},
		"PDF with attachments":        {"application/pdf", pdf("2 0 obj << /Type/EmbeddedFile >> endobj"), sniff.ActivePDF},
		"PDF, packed":                 {"application/pdf", pdf(objectStream("/Type/ObjStm", deflate(t, "3 0 << /S /JavaScript >>"))), sniff.ActivePDF},
		"PDF, packed, escaped":        {"application/pdf", pdf(objectStream("/Type/Obj#53tm", deflate(t, "3 0 << /S /JavaScript >>"))), sniff.ActivePDF},
		"PDF, packed unknown":         {"application/pdf", pdf(objectStream("/Type /ObjStm /Filter /LZWDecode", "garbage")), sniff.ActivePDF},
		"PDF, second packed":          {"application/pdf", pdf(objectStream("/Type /ObjStm", deflate(t, "3 0 <<>>")) + objectStream("/Type /ObjStm", deflate(t, "/RichMedia"))), sniff.ActivePDF},
		"PDF, packed bomb":            {"application/pdf", pdf(objectStream("/Type /ObjStm", deflate(t, strings.Repeat(" ", 40<<20)))), sniff.ActivePDF},
		"PDF, too large":              {"application/pdf", pdf(strings.Repeat(" ", 33<<20)), sniff.ActivePDF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := inspect(t, tt.declared, tt.content)
			if !slices.Equal(report.Flags, []sniff.Flag{tt.want}) {
				t.Errorf("flags %v, want %v; report %+v", report.Flags, tt.want, report)
			}
			err := report.Accept("file", sniff.Documents())
			if refused := err != nil; refused != (tt.want != sniff.ActivePDF) {
				t.Errorf("Accept = %v", err)
			}
		})
	}
}

func TestActiveSVG(t *testing.T) {
	t.Parallel()
	for name, inner := range map[string]string{
		"script":             `<script>alert(1)</script>`,
		"script, capitals":   `<SCRIPT href="x"/>`,
		"script, prefixed":   `<x:script xmlns:x="http://www.w3.org/2000/svg">alert(1)</x:script>`,
		"handler":            `<g onload="alert(1)"/>`,
		"handler, capitals":  `<g OnClick="alert(1)"/>`,
		"foreign content":    `<foreignObject><p/></foreignObject>`,
		"frame":              `<iframe src="https://example.com"/>`,
		"JavaScript link":    `<a href="javascript:alert(1)"/>`,
		"JavaScript, spaces": `<a href=" java&#9;script:alert(1)"/>`,
		"JavaScript, coded":  `<a href="&#106;avascript:alert(1)"/>`,
		"data link":          `<a href="data:text/html,&lt;script>"/>`,
		"nested drawing":     `<image href="data:image/svg+xml;base64,AAAA"/>`,
		"foreign image":      `<image href="https://tracker.example/a.png"/>`,
		"foreign use":        `<use xlink:href="https://example.com/a.svg#x"/>`,
		"animated link":      `<a><animate attributeName="xlink:href" values="#"/></a>`,
		"set handler":        `<set attributeName="onclick" to="alert(1)"/>`,
		"import":             `<style>@import "https://example.com/a.css";</style>`,
		"import in CDATA":    `<style><![CDATA[@import url(x)]]></style>`,
		"foreign font":       `<style>@font-face { src: url('https://example.com/f') }</style>`,
		"escaped style":      `<style>@\69mport "x"</style>`,
		"foreign fill":       `<rect style="fill: url( 'https://example.com/a' )"/>`,
		"unknown entity":     `<text>&xxe;</text>`,
		"not well-formed":    `<g><p></g>`,
		"cut":                `<g`,
		"stylesheet":         `<?xml-stylesheet href="a.css"?>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := inspect(t, "image/svg+xml", svg(inner))
			if !report.Has(sniff.ActiveSVG) || report.Accept("file", sniff.Images()) == nil {
				t.Errorf("report %+v, want ActiveSVG", report)
			}
		})
	}
	entity := `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + strings.TrimPrefix(svg("<text>&x;</text>"), `<?xml version="1.0"?>`)
	if report := inspect(t, "image/svg+xml", entity); !report.Has(sniff.ActiveSVG) {
		t.Errorf("entity: report %+v, want ActiveSVG", report)
	}
	if report := inspect(t, "image/svg+xml", svg(strings.Repeat(" ", 9<<20))); !report.Has(sniff.ActiveSVG) {
		t.Errorf("large: report %+v, want ActiveSVG", report)
	}
}

type brokenFile struct{ good int64 }

func (f brokenFile) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > f.good {
		return 0, io.ErrUnexpectedEOF
	}
	copy(p, "\xff\xd8\xff\xe0")
	return len(p), nil
}

func TestInspectReportsReadErrors(t *testing.T) {
	t.Parallel()
	for _, good := range []int64{0, 5000} {
		if report, err := sniff.Inspect("image/jpeg", brokenFile{good: good}, 1<<20); err == nil {
			t.Errorf("Inspect of a file that breaks at %d = %+v, want an error", good, report)
		}
	}
}

func FuzzInspect(f *testing.F) {
	for _, seed := range []string{
		"", "GIF89a/*", "%PDF-1.7\n1 0 obj <</Type/ObjStm>> stream\nx\x9c", svg("<g/>"), webVTT, "PK\x05\x06", "\xff\xd8\xff\xe0/*",
		svg("<style>@im<!-- -->port 'a'</style>"), svg("<style><g/>@import 'a'</style>"), svg("<style>a{}</style><g>@import</g>"),
	} {
		f.Add("image/svg+xml", []byte(seed))
		f.Add("image/jpeg", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, declared string, content []byte) {
		report, err := sniff.Inspect(declared, bytes.NewReader(content), int64(len(content)))
		if err != nil {
			t.Fatalf("Inspect: %v", err)
		}
		if report.Accept("file", sniff.Documents()) != nil {
			return
		}
		if !report.Matches || len(content) == 0 {
			t.Errorf("Accept let %+v pass", report)
		}
		if report.Declared == "image/svg+xml" {
			checkDrawing(t, content)
		}
		if major, _, _ := strings.Cut(report.Declared, "/"); major == "image" || major == "video" || major == "audio" {
			if report.Declared != "image/svg+xml" && bytes.Contains(bytes.ToLower(content[:min(len(content), 512)]), []byte("<script")) {
				t.Errorf("Accept let a %s pass that begins like a page: %q", report.Declared, content)
			}
		}
	})
}

// checkDrawing puts a drawing together as a browser does, element by element, and checks that nothing in it runs and
// nothing is fetched.
func checkDrawing(t *testing.T, content []byte) {
	t.Helper()
	type element struct {
		name string
		text strings.Builder
	}
	open := []*element{{}}
	for d := xml.NewDecoder(bytes.NewReader(content)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("Accept let %q pass: %v", content, err)
		}
		switch piece := token.(type) {
		case xml.StartElement:
			open = append(open, &element{name: strings.ToLower(piece.Name.Local)})
			if name := open[len(open)-1].name; name == "script" || name == "foreignobject" {
				t.Errorf("Accept let %q pass, which has <%s>", content, name)
			}
			for _, a := range piece.Attr {
				if key := strings.ToLower(a.Name.Local); strings.HasPrefix(key, "on") || strings.Contains(strings.ToLower(a.Value), "javascript:") {
					t.Errorf("Accept let %q pass, which has %s=%q", content, key, a.Value)
				}
			}
		case xml.CharData:
			open[len(open)-1].text.Write(piece)
		case xml.EndElement:
			last := open[len(open)-1]
			open = open[:len(open)-1]
			if rules := strings.ToLower(last.text.String()); last.name == "style" && (strings.Contains(rules, "@import") || strings.Contains(rules, "javascript:")) {
				t.Errorf("Accept let %q pass, whose style is %q", content, rules)
			}
		default: // Comments and the declaration do nothing.
		}
	}
}
