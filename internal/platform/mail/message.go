// Package mail sends messages, by SMTP or into a directory that a page of the developer's shows.
//
// Whatever a message holds, it cannot add a header, a recipient or a second message: names and subjects are
// cleaned, and addresses, ids and links that are not what they should be are refused.
package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
)

const (
	maxAddressBytes = 254 // RFC 5321 §4.5.3.1.3
	maxIDBytes      = 200
	maxURLBytes     = 1000
	maxNameRunes    = 100
	maxSubjectRunes = 250
)

// ErrPermanent is returned when sending the same message again cannot help: it is not well-formed, or the server
// has refused it or its recipient for good. Any other error is worth another try, later.
var ErrPermanent = errors.New("mail cannot be delivered")

// Sender sends one message. When the same message was sent before, which may have happened although there was an error, the
// recipient can tell by its ID; a Sender cannot.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Address is a mailbox with the name of its owner.
type Address struct {
	// Name is any text, or empty.
	Name string `json:"name,omitempty"`
	// Email is the bare address: "ada@acme.example".
	Email string `json:"email"`
}

// String returns the address as it is written for people.
func (a Address) String() string {
	if a.Name == "" {
		return a.Email
	}
	return a.Name + " <" + a.Email + ">"
}

// Message is one message to one recipient.
type Message struct {
	// ID becomes the Message-ID, without the angle brackets: "…@acme.example". Make it with MessageID, so that two attempts at
	// one message are recognised as one.
	ID   string  `json:"id"`
	From Address `json:"from"`
	To   Address `json:"to"`
	// ReplyTo is where answers go, if not to From.
	ReplyTo Address `json:"replyTo,omitzero"`
	Subject string  `json:"subject"`
	// Text is the message, and HTML, if not empty, the same with formatting.
	Text string `json:"text"`
	HTML string `json:"html,omitempty"`
	// Unsubscribe, if not empty, is the http(s) URL that ends messages like this one. Under https a POST to it does so
	// without asking (RFC 8058).
	Unsubscribe string `json:"unsubscribe,omitempty"`
	// Label sorts what a Sink keeps. It is not sent.
	Label string `json:"label,omitempty"`
}

// MessageID returns the ID of the message about this occasion, such as an event and its recipient: always the same for the
// same occasion. The domain is the sender's.
func MessageID(domain string, occasion ...string) string {
	h := sha256.New()
	for _, part := range occasion {
		// The length in front keeps ("a", "bc") apart from ("ab", "c").
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16]) + "@" + domain
}

// Validate returns nil for a message that can be sent, else every reason against it, as ErrPermanent.
func (m Message) Validate() error {
	reasons := []error{checkID(m.ID), checkAddress("From", m.From), checkAddress("To", m.To)}
	if m.ReplyTo != (Address{}) {
		reasons = append(reasons, checkAddress("Reply-To", m.ReplyTo))
	}
	if cleanLine(m.Subject, maxSubjectRunes) == "" {
		reasons = append(reasons, errors.New("no subject"))
	}
	if strings.TrimSpace(m.Text) == "" {
		reasons = append(reasons, errors.New("no text"))
	}
	if m.Unsubscribe != "" {
		reasons = append(reasons, checkUnsubscribe(m.Unsubscribe))
	}
	if err := errors.Join(reasons...); err != nil {
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	return nil
}

func checkID(id string) error {
	left, domain, _ := strings.Cut(id, "@")
	if len(id) > maxIDBytes || !isDotAtom(left) || !isDotAtom(domain) {
		return fmt.Errorf("%.50q is no message id", id)
	}
	return nil
}

// atoms are the characters of an id's parts: fewer than RFC 5322 §3.2.3 allows.
const atoms = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_+"

// isDotAtom reports whether the text is of such characters, in parts between single dots.
func isDotAtom(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.Trim(part, atoms) != "" {
			return false
		}
	}
	return true
}

// checkAddress allows one bare address, and none that needs quotes: nobody has one, and they hide things.
func checkAddress(field string, a Address) error {
	if len(a.Email) > maxAddressBytes {
		return fmt.Errorf("%s: an address of %d bytes", field, len(a.Email))
	}
	parsed, err := netmail.ParseAddress(a.Email)
	odd := strings.ContainsFunc(a.Email, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(`"<>(),;:\[]`, r)
	})
	if err != nil || odd || parsed.Address != a.Email || parsed.Name != "" || !utf8.ValidString(a.Email) {
		return fmt.Errorf("%s: %.50q is no address", field, a.Email)
	}
	return nil
}

func checkUnsubscribe(raw string) error {
	u, err := url.Parse(raw)
	odd := strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' || r == ',' })
	if err != nil || odd || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || len(raw) > maxURLBytes {
		return fmt.Errorf("%.50q is no link to unsubscribe", raw)
	}
	return nil
}

// cleanLine makes one line of a text: what is not printed becomes a space, spaces are joined, and a long text is cut.
func cleanLine(s string, longest int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || unicode.In(r, unicode.Join_Control) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(s, "\uFFFD"))
	// "=?" would begin an encoded word (RFC 2047), and mail programs decode those that a person has typed, too.
	s = strings.ReplaceAll(s, "=?", "= ?")
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return string(runes)
}

// compose returns the message in the library's form.
func compose(m Message, now time.Time) (*gomail.Msg, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.SetMessageIDWithValue(m.ID)
	msg.SetDateWithValue(now)
	msg.FromMailAddress(mailbox(m.From))
	msg.ToMailAddress(mailbox(m.To))
	if m.ReplyTo != (Address{}) {
		msg.ReplyToMailAddress(mailbox(m.ReplyTo))
	}
	msg.Subject(cleanLine(m.Subject, maxSubjectRunes))
	// RFC 3834: nobody's absence notice should answer this.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	if m.Unsubscribe != "" {
		msg.SetListUnsubscribe(m.Unsubscribe)
		if strings.HasPrefix(m.Unsubscribe, "https://") {
			msg.SetListUnsubscribePost()
		}
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

// mailbox is an address as the library writes it. A backslash in a name becomes the wide one, which looks alike: the
// standard library lets the narrow one stand bare in an encoded word, where RFC 2047 §5.3 forbids it in names.
func mailbox(a Address) *netmail.Address {
	name := strings.ReplaceAll(cleanLine(a.Name, maxNameRunes), `\`, "\uFF3C")
	return &netmail.Address{Name: name, Address: a.Email}
}

// render returns the message as it goes over the wire.
func render(m Message, now time.Time) ([]byte, error) {
	msg, err := compose(m, now)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if _, err := msg.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	return out.Bytes(), nil
}
