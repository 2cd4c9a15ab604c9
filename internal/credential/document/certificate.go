// Package document prints a certificate: a pure function from its facts to a PDF, the same bytes for the same
// facts in one build of the program. Names may be in Latin, Greek, Cyrillic, Arabic, Hebrew or Devanagari
// letters, mixed as they come; a letter of any other script shows as an empty box.
package document

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"lyceum/internal/credential/document/pdf"
	"lyceum/internal/fault"
)

// Certificate is what a certificate says.
type Certificate struct {
	// LearnerName is printed as the learner writes it. It must have a visible character.
	LearnerName string
	CourseTitle string
	TenantName  string
	// InstructorName is printed over the signature line; empty puts the tenant's name there.
	InstructorName string
	// Issued is printed as the day it is in its own time zone, and is the creation date of the file.
	Issued time.Time
	// Expires is the last day of validity; zero means for ever.
	Expires time.Time
	// Code identifies the certificate: printable ASCII.
	Code string
	// VerifyURL is where anybody can check the certificate: http or https, ASCII, at most 300 bytes.
	VerifyURL string
	// Locale is the BCP 47 tag of the fixed texts: ar, de, en, es, fr, he, hi and their regions. Others get English.
	Locale string
	// Accent is the tenant's colour as "#rrggbb"; empty means a dark blue.
	Accent string
	// Logo is a PNG or SVG file that readLogo accepts, or empty.
	Logo []byte
}

// Limits of what fits on a page, in characters; longer texts are cut with an ellipsis.
const (
	maxName   = 500
	maxTitle  = 500
	maxTenant = 120
	maxCode   = 64
	maxURL    = 300
)

// Render prints c as a PDF of one A4 page in landscape. It returns a *fault.Error with code BAD_USER_INPUT, naming
// every field at fault, when c cannot be printed; any other error is a defect of this package.
func Render(c Certificate) ([]byte, error) {
	return guard(c.cleaned().print)
}

// print checks and draws c.
func (c Certificate) print() ([]byte, error) {
	picture, err := c.check()
	if err != nil {
		return nil, err
	}
	faces, err := loadLibrary()
	if err != nil {
		return nil, fmt.Errorf("load fonts: %w", err)
	}
	p, err := newPage(c, picture, faces)
	if err != nil {
		return nil, fmt.Errorf("prepare certificate: %w", err)
	}
	return p.print()
}

// guard turns a panic of work into an error. Shaping is foreign code that is fed foreign text: a defect there
// must cost one certificate, not the worker.
func guard(work func() ([]byte, error)) (file []byte, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			file, err = nil, fmt.Errorf("print certificate: panic: %v", cause)
		}
	}()
	return work()
}

// cleaned returns c with texts that are fit to print.
func (c Certificate) cleaned() Certificate {
	c.LearnerName = shorten(clean(c.LearnerName), maxName)
	c.CourseTitle = shorten(clean(c.CourseTitle), maxTitle)
	c.TenantName = shorten(clean(c.TenantName), maxTenant)
	c.InstructorName = shorten(clean(c.InstructorName), maxTenant)
	c.Code = strings.TrimSpace(c.Code)
	if c.Accent == "" {
		c.Accent = defaultAccent
	}
	return c
}

// check reports everything that makes c unprintable, and returns its logo, nil when it has none.
func (c Certificate) check() (*logo, error) {
	var problems fault.Collector
	var picture *logo
	problems.Check(c.LearnerName != "", "learnerName", "The learner's name needs a visible character.")
	problems.Check(c.CourseTitle != "", "courseTitle", "The course title needs a visible character.")
	problems.Check(c.TenantName != "", "tenantName", "The tenant's name needs a visible character.")
	problems.Check(plausible(c.Issued), "issued", "The date of issue must lie between the years 1900 and 9999.")
	problems.Check(c.Expires.IsZero() || plausible(c.Expires) && c.Expires.After(c.Issued), "expires",
		"The certificate must expire after it was issued.")
	problems.Check(c.Code != "" && len(c.Code) <= maxCode && printableASCII(c.Code), "code",
		"The code must be 1 to 64 printable ASCII characters.")
	problems.Check(validAddress(c.VerifyURL), "verifyUrl", "The address must be an http or https URL of at most 300 ASCII characters.")
	if _, err := parseColor(c.Accent); err != nil {
		problems.Check(false, "accent", "The colour must have the form #rrggbb.")
	}
	if len(c.Logo) > 0 {
		var err error
		if picture, err = readLogo(c.Logo); err != nil {
			problems.Check(false, "logo", sentence(err))
		}
	}
	return picture, problems.Err()
}

func plausible(t time.Time) bool { return t.Year() >= 1900 && t.Year() <= 9999 }

func printableASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

func validAddress(address string) bool {
	if len(address) > maxURL || !printableASCII(address) || strings.Contains(address, " ") {
		return false
	}
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// meta describes the file.
func (c Certificate) meta(texts phrases) pdf.Meta {
	return pdf.Meta{
		Title:       fmt.Sprintf("%s: %s, %s", texts.title, c.CourseTitle, c.LearnerName),
		Author:      c.TenantName,
		Subject:     fmt.Sprintf("%s %s", texts.code, c.Code),
		Producer:    "Lyceum",
		Language:    texts.tag,
		RightToLeft: texts.rightToLeft,
		Created:     c.Issued,
	}
}
