package mail

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func now() time.Time { return time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC) }

func message() Message {
	return Message{
		ID:          MessageID("acme.example", "certificate.issued", "42", "ada"),
		From:        Address{Name: "Acme Academy", Email: "no-reply@acme.example"},
		To:          Address{Name: "Ada Lovelace", Email: "ada@acme.example"},
		Subject:     "Your certificate",
		Text:        "Dear Ada,\nit is here.\n",
		HTML:        "<p>Dear Ada,<br>it is here.</p>",
		Unsubscribe: "https://acme.example/unsubscribe?token=a%2Fb",
	}
}

// parse renders the message and reads it back as a mail program would.
func parse(t *testing.T, m Message) *netmail.Message {
	t.Helper()
	raw, err := render(m, now())
	if err != nil {
		t.Fatalf("render: %v", err)
	}
	parsed, err := netmail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatalf("read %q: %v", raw, err)
	}
	return parsed
}

func decoded(t *testing.T, header string) string {
	t.Helper()
	text, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		t.Fatalf("decode %q: %v", header, err)
	}
	return text
}

func TestRender(t *testing.T) {
	t.Parallel()
	m := message()
	m.ReplyTo = Address{Email: "help@acme.example"}
	header := parse(t, m).Header
	for name, want := range map[string]string{
		"Message-Id":            "<" + m.ID + ">",
		"Date":                  "Mon, 23 Nov 2026 09:30:00 +0000",
		"From":                  `"Acme Academy" <no-reply@acme.example>`,
		"To":                    `"Ada Lovelace" <ada@acme.example>`,
		"Reply-To":              `<help@acme.example>`,
		"Subject":               "Your certificate",
		"Auto-Submitted":        "auto-generated",
		"List-Unsubscribe":      "<https://acme.example/unsubscribe?token=a%2Fb>",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"User-Agent":            "",
		"X-Mailer":              "",
		"Bcc":                   "",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := header.Get("Content-Type"); !strings.HasPrefix(got, "multipart/alternative") {
		t.Errorf("Content-Type: %q", got)
	}
	m.HTML, m.Unsubscribe = "", "http://acme.localhost:8080/unsubscribe"
	header = parse(t, m).Header
	if got := header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain") {
		t.Errorf("Content-Type without HTML: %q", got)
	}
	if header.Get("List-Unsubscribe") != "<http://acme.localhost:8080/unsubscribe>" || header.Get("List-Unsubscribe-Post") != "" {
		t.Errorf("List-Unsubscribe without TLS: %q, %q", header.Get("List-Unsubscribe"), header.Get("List-Unsubscribe-Post"))
	}
}

func TestRenderUnicode(t *testing.T) {
	t.Parallel()
	m := message()
	m.To.Name, m.Subject, m.Text = "Zoë, 李 \"The Best\"", "شهادتك — Ваш сертификат 🎓 नमस्ते", "Привет\n.\nQUIT\n"
	header := parse(t, m).Header
	addresses, err := header.AddressList("To")
	if err != nil || len(addresses) != 1 || addresses[0].Name != m.To.Name || addresses[0].Address != m.To.Email {
		t.Errorf("To: %v, %v", addresses, err)
	}
	if got := decoded(t, header.Get("Subject")); got != m.Subject {
		t.Errorf("Subject: %q, want %q", got, m.Subject)
	}
}

func TestMessageID(t *testing.T) {
	t.Parallel()
	id := MessageID("acme.example", "a", "bc")
	if !regexp.MustCompile(`^[0-9a-f]{32}@acme\.example$`).MatchString(id) || id != MessageID("acme.example", "a", "bc") {
		t.Errorf("MessageID = %q", id)
	}
	for _, other := range []string{
		MessageID("acme.example", "ab", "c"), MessageID("acme.example", "abc"), MessageID("acme.example"),
		MessageID("acme.example", "a", "bc", ""), MessageID("globex.example", "a", "bc"), MessageID("acme.example", "1:a", "bc"),
	} {
		if other == id {
			t.Errorf("another occasion has the same id, %q", id)
		}
	}
}

// injections are endings that would begin a header, a recipient or a message of their own.
func injections() []string {
	return []string{
		"\r\nBcc: evil@example.com", "\nBcc: evil@example.com", "\rBcc: evil@example.com", "\r\n\r\n<p>hello</p>", "\x00Bcc: x", "\u2028Bcc: x",
		"\u0085Bcc: x", "\v\fBcc: x", "\r\n .\r\nMAIL FROM:<a@b.example>", "%0d%0aBcc: x\r\n", "=?utf-8?q?=0D=0ABcc:_x?=\r\n",
	}
}

// TestInjectionIntoText has names and subjects of people: they are cleaned.
func TestInjectionIntoText(t *testing.T) {
	t.Parallel()
	plain := slices.Sorted(mapKeys(parse(t, message()).Header))
	for _, evil := range injections() {
		for name, change := range map[string]func(*Message){
			"subject":   func(m *Message) { m.Subject += evil },
			"to name":   func(m *Message) { m.To.Name += evil },
			"from name": func(m *Message) { m.From.Name += evil },
			"text":      func(m *Message) { m.Text += evil },
			"HTML":      func(m *Message) { m.HTML += evil },
		} {
			m := message()
			change(&m)
			parsed := parse(t, m)
			if got := slices.Sorted(mapKeys(parsed.Header)); !slices.Equal(got, plain) {
				t.Errorf("%q in the %s: headers %q", evil, name, got)
			}
			for header, values := range parsed.Header {
				if len(values) != 1 || strings.ContainsAny(decoded(t, values[0]), "\r\n\x00\u2028\u0085") {
					t.Errorf("%q in the %s: %s: %q", evil, name, header, values)
				}
			}
		}
	}
}

func mapKeys(h netmail.Header) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range h {
			if !yield(name) {
				return
			}
		}
	}
}

// TestInjectionIntoAddress has what only machines write: it is refused.
func TestInjectionIntoAddress(t *testing.T) {
	t.Parallel()
	for _, evil := range injections() {
		for name, change := range map[string]func(*Message){
			"id":          func(m *Message) { m.ID += evil },
			"to":          func(m *Message) { m.To.Email += evil },
			"from":        func(m *Message) { m.From.Email += evil },
			"reply to":    func(m *Message) { m.ReplyTo.Email = m.To.Email + evil },
			"unsubscribe": func(m *Message) { m.Unsubscribe += evil },
		} {
			m := message()
			change(&m)
			if raw, err := render(m, now()); !errors.Is(err, ErrPermanent) {
				t.Errorf("%q in %s: %q, %v; want ErrPermanent", evil, name, raw, err)
			}
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Message){
		"nothing":                func(m *Message) { *m = Message{} },
		"no id":                  func(m *Message) { m.ID = "" },
		"id without domain":      func(m *Message) { m.ID = "abc" },
		"id with brackets":       func(m *Message) { m.ID = "<a@b.example>" },
		"id with two ats":        func(m *Message) { m.ID = "a@b@c.example" },
		"long id":                func(m *Message) { m.ID = strings.Repeat("a", 200) + "@b.example" },
		"no recipient":           func(m *Message) { m.To.Email = "" },
		"no sender":              func(m *Message) { m.From = Address{} },
		"no domain":              func(m *Message) { m.To.Email = "ada" },
		"two recipients":         func(m *Message) { m.To.Email = "a@b.example,c@d.example" },
		"name in the address":    func(m *Message) { m.To.Email = "Ada <ada@acme.example>" },
		"brackets":               func(m *Message) { m.To.Email = "<ada@acme.example>" },
		"quoted":                 func(m *Message) { m.To.Email = `"a b"@acme.example` },
		"quoted injection":       func(m *Message) { m.To.Email = `"a> RCPT TO:<x@y.example"@acme.example` },
		"comment":                func(m *Message) { m.To.Email = "ada(comment)@acme.example" },
		"literal":                func(m *Message) { m.To.Email = "ada@[127.0.0.1]" },
		"space":                  func(m *Message) { m.To.Email = "ada @acme.example" },
		"no-break space":         func(m *Message) { m.To.Email = "ada\u00a0@acme.example" },
		"right-to-left":          func(m *Message) { m.To.Email = "ada\u202e@acme.example" },
		"not UTF-8":              func(m *Message) { m.To.Email = "ada\xff@acme.example" },
		"long address":           func(m *Message) { m.To.Email = strings.Repeat("a", 250) + "@b.example" },
		"name only to reply to":  func(m *Message) { m.ReplyTo.Name = "Ada" },
		"no subject":             func(m *Message) { m.Subject = "" },
		"invisible subject":      func(m *Message) { m.Subject = " \r\n\t\x00" },
		"no text":                func(m *Message) { m.Text = " \n" },
		"unsubscribe by script":  func(m *Message) { m.Unsubscribe = "javascript:alert(1)" },
		"unsubscribe by mail":    func(m *Message) { m.Unsubscribe = "mailto:a@b.example" },
		"unsubscribe at no host": func(m *Message) { m.Unsubscribe = "https:///x" },
		"unsubscribe, two":       func(m *Message) { m.Unsubscribe = "https://a.example>,<https://b.example" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := message()
			change(&m)
			if err := m.Validate(); !errors.Is(err, ErrPermanent) {
				t.Errorf("Validate = %v, want ErrPermanent", err)
			}
		})
	}
	for name, change := range map[string]func(*Message){
		"as it is":           func(*Message) {},
		"no name":            func(m *Message) { m.To.Name = "" },
		"plus":               func(m *Message) { m.To.Email = "ada+lms@acme.example" },
		"apostrophe":         func(m *Message) { m.To.Email = "o'brien@acme.example" },
		"not ASCII":          func(m *Message) { m.To.Email = "zoë@bücher.example" },
		"text only":          func(m *Message) { m.HTML = "" },
		"no way to end them": func(m *Message) { m.Unsubscribe = "" },
		"long subject":       func(m *Message) { m.Subject = strings.Repeat("long ", 1000) },
	} {
		m := message()
		change(&m)
		if err := m.Validate(); err != nil {
			t.Errorf("Validate, %s: %v", name, err)
		}
	}
}

func TestCleanLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{"  a \t b\r\nc ", "a b c"},
		{"a\x00\x1b[31mb", "a [31mb"},
		{"\xffx", "\uFFFDx"},
		{"a\u202eb\u2066c", "a b c"},
		{"می\u200cخواهم", "می\u200cخواهم"},
		{"👩\u200d🚀", "👩\u200d🚀"},
		{"=?utf-8?q", "= ?utf-8?q"},
		{"1234567890", "1234567890"},
		{"12345678901", "123456789…"},
		{"日本語日本語日本語日本語", "日本語日本語日本語…"},
	} {
		if got := cleanLine(tt.text, 10); got != tt.want {
			t.Errorf("cleanLine(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestAddressString(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprint(Address{Name: "Ada", Email: "a@b.example"}, " ", Address{Email: "c@d.example"}); got != "Ada <a@b.example> c@d.example" {
		t.Errorf("addresses print as %q", got)
	}
}

func FuzzRender(f *testing.F) {
	f.Add("Subject", "Name", "ada@acme.example", "Text")
	for _, evil := range injections() {
		f.Add("s"+evil, "n"+evil, "ada@acme.example"+evil, "t"+evil)
	}
	f.Fuzz(func(t *testing.T, subject, name, email, text string) {
		m := message()
		m.Subject, m.To, m.Text = subject, Address{Name: name, Email: email}, text
		raw, err := render(m, now())
		if err != nil {
			return
		}
		r := bufio.NewReader(strings.NewReader(string(raw)))
		parsed, err := netmail.ReadMessage(r)
		if err != nil {
			t.Fatalf("read %q: %v", raw, err)
		}
		to, err := parsed.Header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Address != email {
			t.Errorf("To of %q: %v, %v", raw, to, err)
		}
		if _, has := parsed.Header["Bcc"]; has || len(parsed.Header) != 10 {
			t.Errorf("headers of %q: %v", raw, parsed.Header)
		}
		if _, err := io.Copy(io.Discard, parsed.Body); err != nil {
			t.Errorf("body of %q: %v", raw, err)
		}
	})
}
