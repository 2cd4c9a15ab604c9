package document

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"rsc.io/qr"

	"lyceum/internal/fault"
)

const maxFileSize = 200 << 10

// sample is a certificate with nothing unusual about it, changed by the given functions.
func sample(changes ...func(*Certificate)) Certificate {
	c := Certificate{
		LearnerName:    "Amelia Fernández",
		CourseTitle:    "Safe Handling of Industrial Robots",
		TenantName:     "Acme Academy",
		InstructorName: "Dr. Jonas Weber",
		Issued:         time.Date(2026, time.May, 15, 22, 30, 0, 0, time.FixedZone("CEST", 7200)),
		Code:           "LYC-7Q4M-2XKD-9TBH",
		VerifyURL:      "https://acme.example/verify/LYC-7Q4M-2XKD-9TBH",
		Locale:         "en",
	}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func name(s string) func(*Certificate)   { return func(c *Certificate) { c.LearnerName = s } }
func title(s string) func(*Certificate)  { return func(c *Certificate) { c.CourseTitle = s } }
func locale(s string) func(*Certificate) { return func(c *Certificate) { c.Locale = s } }

// render renders c and checks what holds for every certificate.
func render(t *testing.T, c Certificate) []byte {
	t.Helper()
	file, err := Render(c)
	if err != nil {
		t.Fatalf("Render: %v", err)
	}
	if !bytes.HasPrefix(file, []byte("%PDF-1.7\n")) || !bytes.HasSuffix(file, []byte("%%EOF\n")) {
		t.Fatal("Render: the result is not a PDF file")
	}
	if len(file) > maxFileSize {
		t.Fatalf("Render: %d bytes, want at most %d", len(file), maxFileSize)
	}
	return file
}

// poppler runs a program of the poppler suite on file and returns what it prints.
func poppler(t *testing.T, file []byte, program string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s of poppler-utils is not installed", program)
	}
	input := filepath.Join(t.TempDir(), "certificate.pdf")
	if err := os.WriteFile(input, file, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, complaints bytes.Buffer
	args = append(args, input)
	if program == "pdftotext" {
		args = append(args, "-") // the others print unless told a file
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v: %s", program, err, complaints.String())
	}
	if complaints.Len() > 0 {
		t.Fatalf("%s complains: %s", program, complaints.String())
	}
	return out.String()
}

func TestRenderText(t *testing.T) {
	t.Parallel()
	expiring := func(c *Certificate) { c.Expires = c.Issued.AddDate(1, 0, 0) }
	tests := map[string]struct {
		facts Certificate
		want  []string
	}{
		"english": {sample(), []string{
			"Certificate of Completion", "This is to certify that", "Amelia Fernández", "Safe Handling of Industrial Robots",
			"15 May 2026", "Dr. Jonas Weber", "LYC-7Q4M-2XKD-9TBH", "https://acme.example/verify/LYC-7Q4M-2XKD-9TBH",
		}},
		"german":           {sample(locale("de-CH"), expiring), []string{"Abschlusszertifikat", "15. Mai 2026", "15. Mai 2027", "Gültig bis"}},
		"spanish":          {sample(locale("es-419")), []string{"Certificado de finalización", "15 de mayo de 2026"}},
		"french":           {sample(locale("fr")), []string{"Certificat de réussite", "15 mai 2026"}},
		"arabic":           {sample(locale("ar-EG"), name("أميرة الفاسي")), []string{"شهادة إتمام", "أميرة الفاسي", "مايو"}},
		"hebrew":           {sample(locale("he"), name("נעה בן דוד")), []string{"תעודת סיום", "נעה בן דוד"}},
		"hindi":            {sample(locale("hi"), name("ऋत्विका क्षत्रिय")), []string{"समापन प्रमाणपत्र", "ऋत्विका क्षत्रिय"}},
		"unknown language": {sample(locale("nl")), []string{"Certificate of Completion"}},
		"malformed locale": {sample(locale("!!")), []string{"Certificate of Completion"}},
		"mixed scripts":    {sample(name("Amira أميرة Łukasiewicz")), []string{"Amira", "أميرة", "Łukasiewicz"}},
		"ligatures":        {sample(name("Effie Fflûr Offiler")), []string{"Effie Fflûr Offiler"}},
		"greek, cyrillic":  {sample(name("Αλέξανδρος Нгуен Thị Hồng")), []string{"Αλέξανδρος Нгуен Thị Hồng"}},
		"no instructor":    {sample(func(c *Certificate) { c.InstructorName = "" }), []string{"Issued by"}},
		"override":         {sample(name("Ann\u202Egpj.exe\u2066 Lee\u0007")), []string{"Anngpj.exe Lee"}},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			text := withoutMarks(poppler(t, render(t, tt.facts), "pdftotext"))
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("text lacks %q:\n%s", want, text)
				}
			}
		})
	}
}

// withoutMarks removes the directional marks that pdftotext adds.
func withoutMarks(s string) string {
	return strings.NewReplacer("\u200E", "", "\u200F", "", "\u202A", "", "\u202B", "", "\u202C", "").Replace(s)
}

func TestRenderIsDeterministic(t *testing.T) {
	t.Parallel()
	facts := sample(locale("ar"), name("Amira أميرة ऋत्विका 🎉"), func(c *Certificate) { c.Logo = picture(t, 400, 90, noise) })
	want := render(t, facts)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if got, err := Render(facts); err != nil || !bytes.Equal(got, want) {
				t.Errorf("Render gave other bytes for the same facts (error %v)", err)
			}
		})
	}
	group.Wait()
	if bytes.Equal(want, render(t, sample())) {
		t.Error("Render gave the same bytes for other facts")
	}
}

func TestRenderStaysInsideTheFrame(t *testing.T) {
	t.Parallel()
	long := func(c *Certificate) {
		c.LearnerName = strings.Repeat("Wolfeschlegelsteinhausenbergerdorff ", 20)
		c.CourseTitle = strings.Repeat("A", 600)
		c.InstructorName = strings.Repeat("Very ", 80)
		c.TenantName = strings.Repeat("Academy ", 40)
		c.Code = strings.Repeat("W", 64)
		c.VerifyURL = "https://acme.example/" + strings.Repeat("verify/", 39)
		c.Expires = c.Issued.AddDate(1, 0, 0)
	}
	tests := map[string]Certificate{
		"usual": sample(), "long": sample(long), "long, right to left": sample(long, locale("ar")),
		"long arabic": sample(long, name(strings.Repeat("عبدالرحمن بن ", 40)), locale("ar")),
		"long hindi":  sample(long, name(strings.Repeat("श्रीमती क्षत्रिय ", 40)), locale("hi")),
		"tall marks":  sample(name(strings.Repeat("Ẫ̂̂̂̂̂̂", 30))),
	}
	word := regexp.MustCompile(`<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">`)
	for label, facts := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			const frame = 17.5
			words := word.FindAllStringSubmatch(poppler(t, render(t, facts), "pdftotext", "-bbox"), -1)
			if len(words) < 10 {
				t.Fatalf("found %d words", len(words))
			}
			for _, w := range words {
				x0, y0, x1, y1 := millimetres(t, w[1]), millimetres(t, w[2]), millimetres(t, w[3]), millimetres(t, w[4])
				if x0 < frame || y0 < frame || x1 > pageWidth-frame || y1 > pageHeight-frame {
					t.Errorf("a word at %.1f–%.1f, %.1f–%.1f mm leaves the frame", x0, x1, y0, y1)
				}
			}
		})
	}
}

func millimetres(t *testing.T, points string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(points, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v * 25.4 / 72
}

func TestRenderQRCode(t *testing.T) {
	t.Parallel()
	facts := sample()
	const dpi = 400
	out := poppler(t, render(t, facts), "pdftoppm", "-r", strconv.Itoa(dpi), "-png", "-gray")
	page, err := png.Decode(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(facts.VerifyURL, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	const size, x0, top = 30.0, 249 - 15.0, 43.5 + 15
	module := size / float64(code.Size+8)
	for row := -4; row < code.Size+4; row++ {
		for column := -4; column < code.Size+4; column++ {
			x := (x0 + (float64(column)+4.5)*module) * dpi / 25.4
			y := (pageHeight - top + (float64(row)+4.5)*module) * dpi / 25.4
			gray, _ := color.GrayModel.Convert(page.At(int(x), int(y))).(color.Gray)
			if black := gray.Y < 128; black != code.Black(column, row) {
				t.Fatalf("module %d, %d is black: %v, want %v", column, row, black, !black)
			}
		}
	}
}

func TestRenderHostileNames(t *testing.T) {
	t.Parallel()
	for label, text := range map[string]string{
		"controls":         "A\x00n\x1bn\x7f\u0085a",
		"overrides":        "\u202EevE\u202C \u2067x\u2069 \u200F\u061C",
		"emoji":            "👩‍👩‍👧‍👦 🇩🇪 👍🏽 ☃️",
		"five hundred":     strings.Repeat("x", 500),
		"five thousand":    strings.Repeat("név ", 5000),
		"unbreakable rtl":  strings.Repeat("محمد", 300),
		"marks only":       strings.Repeat("\u0301", 300),
		"zalgo":            "Z" + strings.Repeat("\u0316\u0301", 100),
		"broken UTF-8":     "Jos\xe9 \xff\xfe",
		"private use":      "\uE000\U000F0000",
		"noncharacters":    "a\uFFFEb\U0010FFFF",
		"other scripts":    "小林 さくら 김민준 ประเทศไทย",
		"PDF syntax":       `(\) endstream endobj <</JS (app.alert(1))>> ]TJ ET`,
		"half a syllable":  "\u093F\u094D",
		"joiners":          "\u200D\u200Cक्\u200Dष \u200C",
		"mathematical":     "𝓐𝓶𝓮𝓵𝓲𝓪 ＦＵＬＬ ﷺ ﬃ",
		"arabic letter":    "\uFEFF\uFDFD",
		"digits and signs": "١٢٣ + 45% (٦٧) [א] ¿?",
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			file := render(t, sample(name(text), title(text)))
			if info := poppler(t, file, "pdfinfo"); !regexp.MustCompile(`(?m)^JavaScript: +no$`).MatchString(info) {
				t.Errorf("the file is more than a page: %s", info)
			}
			poppler(t, file, "pdftotext")
		})
	}
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*Certificate)
		fields []string
	}{
		"empty name":       {name(""), []string{"learnerName"}},
		"invisible name":   {name("\u202E\u200B\u00AD \u3164\t"), []string{"learnerName"}},
		"empty title":      {title(" "), []string{"courseTitle"}},
		"no tenant":        {func(c *Certificate) { c.TenantName = "" }, []string{"tenantName"}},
		"no date":          {func(c *Certificate) { c.Issued = time.Time{} }, []string{"issued"}},
		"absurd date":      {func(c *Certificate) { c.Issued = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC) }, []string{"issued"}},
		"expired at once":  {func(c *Certificate) { c.Expires = c.Issued }, []string{"expires"}},
		"no code":          {func(c *Certificate) { c.Code = " " }, []string{"code"}},
		"code beyond":      {func(c *Certificate) { c.Code = strings.Repeat("A", 65) }, []string{"code"}},
		"foreign code":     {func(c *Certificate) { c.Code = "КОД" }, []string{"code"}},
		"no address":       {func(c *Certificate) { c.VerifyURL = "" }, []string{"verifyUrl"}},
		"script address":   {func(c *Certificate) { c.VerifyURL = "javascript:alert(1)" }, []string{"verifyUrl"}},
		"relative address": {func(c *Certificate) { c.VerifyURL = "/verify/1" }, []string{"verifyUrl"}},
		"hostless address": {func(c *Certificate) { c.VerifyURL = "https:///x" }, []string{"verifyUrl"}},
		"long address":     {func(c *Certificate) { c.VerifyURL = "https://a/" + strings.Repeat("x", 300) }, []string{"verifyUrl"}},
		"colour name":      {func(c *Certificate) { c.Accent = "red" }, []string{"accent"}},
		"colour, not hex":  {func(c *Certificate) { c.Accent = "#+12345" }, []string{"accent"}},
		"not a logo":       {func(c *Certificate) { c.Logo = []byte("GIF89a") }, []string{"logo"}},
		"several": {func(c *Certificate) { *c = Certificate{Accent: "x"} }, []string{
			"learnerName", "courseTitle", "tenantName", "issued", "code", "verifyUrl", "accent",
		}},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			file, err := Render(sample(tt.change))
			var problem *fault.Error
			if !errors.As(err, &problem) || problem.Code != fault.BadInput || file != nil {
				t.Fatalf("Render: %d bytes, error %v, want only a fault of bad input", len(file), err)
			}
			var fields []string
			for _, violation := range problem.Violations {
				fields = append(fields, violation.Field)
			}
			if strings.Join(fields, " ") != strings.Join(tt.fields, " ") {
				t.Errorf("fields %v, want %v", fields, tt.fields)
			}
		})
	}
}

// TestGuard sees that a defect becomes an error.
func TestGuard(t *testing.T) {
	t.Parallel()
	_, err := guard(func() ([]byte, error) { panic("broken font") })
	if err == nil || fault.CodeOf(err) != fault.Internal || !strings.Contains(err.Error(), "broken font") {
		t.Errorf("guard: %v, want an internal error that names the cause", err)
	}
}

func noise(int, int) color.Color {
	return color.NRGBA{R: uint8(rand.Uint32()), G: uint8(rand.Uint32()), B: uint8(rand.Uint32()), A: uint8(rand.Uint32())}
}

// picture is a PNG file.
func picture(t *testing.T, width, height int, pixel func(x, y int) color.Color) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.Set(x, y, pixel(x, y))
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRenderLogo(t *testing.T) {
	t.Parallel()
	red := func(int, int) color.Color { return color.NRGBA{R: 0xFF, A: 0xFF} }
	for label, logo := range map[string][]byte{
		"png":   picture(t, 300, 80, red),
		"noise": picture(t, 500, 480, noise),
		"thin":  picture(t, 2000, 8, red),
		"tall":  picture(t, 8, 2000, red),
		"svg":   []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 10"><rect width="30" height="10" fill="#f00"/></svg>`),
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			file := render(t, sample(func(c *Certificate) { c.Logo = logo }))
			page, err := png.Decode(strings.NewReader(poppler(t, file, "pdftoppm", "-r", "72", "-png")))
			if err != nil {
				t.Fatal(err)
			}
			if label == "noise" {
				return
			}
			x, y := int(math.Round(pageWidth/2*72/25.4)), int(math.Round((pageHeight-180.5)*72/25.4))
			if r, g, b, _ := page.At(x, y).RGBA(); r>>8 < 0xC0 || g>>8 > 0x60 || b>>8 > 0x60 {
				t.Errorf("where the logo should be is #%02x%02x%02x", r>>8, g>>8, b>>8)
			}
		})
	}
}

func TestReadLogo(t *testing.T) {
	t.Parallel()
	gray := func(int, int) color.Color { return color.Gray{Y: 9} }
	tests := map[string]struct {
		data []byte
		want string // part of the error, empty for none
	}{
		"png":           {picture(t, 64, 64, gray), ""},
		"too small":     {picture(t, 7, 64, gray), "7 by 64"},
		"too large":     {picture(t, 2049, 8, gray), "2049 by 8"},
		"cut off":       {picture(t, 64, 64, gray)[:60], "cannot be read"},
		"header only":   {[]byte("\x89PNG\r\n\x1a\n"), "cannot be read"},
		"a gigantic":    {bytes.Repeat([]byte("x"), maxLogoBytes+1), "larger than 1 MiB"},
		"jpeg":          {[]byte("\xFF\xD8\xFF\xE0"), "neither"},
		"html":          {[]byte("<html>"), "neither"},
		"svg with text": {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><text>x</text></svg>`), "<text>"},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			_, err := readLogo(tt.data)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("readLogo: %v, want %q", err, tt.want)
			}
		})
	}
}

func BenchmarkRender(b *testing.B) {
	facts := sample(locale("ar"))
	for b.Loop() {
		if _, err := Render(facts); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzRender(f *testing.F) {
	f.Add("Amelia Fernández", "Robots", "Acme", "en", "#1f3a68", []byte(nil))
	f.Add("أميرة \u202E ऋत्विका", "מבוא ל־Python 3", "小林", "ar-EG", "#ffffff", []byte("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"))
	f.Add(strings.Repeat("क्ष", 200), "\u200D(\\)", "A", "x-y", "", []byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, learner, course, tenant, language, accent string, logo []byte) {
		facts := sample(name(learner), title("C"+course), locale(language))
		facts.TenantName, facts.Logo = "T"+tenant, logo
		if _, err := parseColor(accent); err == nil {
			facts.Accent = accent
		}
		file, err := Render(facts)
		if err != nil {
			if fault.CodeOf(err) != fault.BadInput {
				t.Fatalf("Render: %v", err)
			}
			return
		}
		if len(file) > maxFileSize && len(logo) == 0 {
			t.Fatalf("Render: %d bytes", len(file))
		}
		again, err := Render(facts)
		if err != nil || !bytes.Equal(file, again) {
			t.Fatalf("Render gave other bytes the second time (error %v)", err)
		}
		if !utf8.ValidString(facts.cleaned().LearnerName) {
			t.Fatal("cleaning left broken UTF-8")
		}
	})
}
