// Package demo fills a local stack with three tenants that feel lived in, and lets one of them attack
// another for all to see.
//
// Everything but the tenants and their people comes in through the public API: courses are pushed by the
// authoring client from folders that are embedded here, and learners learn with the ready documents of
// docs/operations. Whatever is there already is left alone.
package demo

import (
	"embed"

	"lyceum/internal/gen/ent/tenant"
	"lyceum/internal/tenancy/brand"
	"lyceum/internal/viewer"
)

// Password is everybody's.
const Password = "lyceum-demo" //nolint:gosec // the demo tenants' password is printed on their page

// StaffEmail signs in on the admin listener.
const StaffEmail = "staff@lyceum.example"

const staffName = "Olga Sorensen"

// courses holds one authoring folder for each course: courses/<tenant>/<slug>.
//
//go:embed courses
var courses embed.FS

// Tenant is one of the demo tenants.
type Tenant struct {
	Slug, Name string
	// About is what there is to see, in a sentence.
	About string
	Kind  tenant.Kind
	// Locale is a BCP 47 tag.
	Locale string
	Brand  brand.Brand
	// People have the admin first, who comes with the tenant.
	People []Person
	// Courses are slugs, those that others require before them.
	Courses []string

	studies []study
	// path is the tenant's learning path, if it has one.
	path way
	// team is its group of people.
	team team
}

// Person is a user of a demo tenant.
type Person struct {
	// Mailbox is the address up to the at sign.
	Mailbox string
	Name    string
	Role    viewer.Role
}

// Email is the person's address in the tenant.
func (t *Tenant) Email(mailbox string) string { return mailbox + "@" + t.Slug + ".example" }

// The mailboxes that every demo tenant has, one for each role.
const (
	Admin      = "admin"
	Instructor = "instructor"
	Learner    = "learner"
	Support    = "support"
)

// Personas are those mailboxes, in the order in which they are best tried.
func Personas() []string { return []string{Learner, Instructor, Admin, Support} }

// Tenants returns the demo tenants.
func Tenants() []Tenant { return []Tenant{acme(), globex(), springfield()} }

func acme() Tenant {
	return Tenant{
		Slug: "acme", Name: "Acme Coffee Roasters", Kind: tenant.KindCOMPANY, Locale: "en",
		About: "A company. Coffee and fire safety in English, data protection in German.",
		Brand: brand.Brand{Accent: "#7c2d12", Signatory: "Ingrid Halvorsen, People and Learning"},
		People: []Person{
			{Admin, "Ingrid Halvorsen", viewer.TenantAdmin},
			{Instructor, "Tomás Rivera", viewer.Instructor},
			{Learner, "Amina Yusuf", viewer.Learner},
			{Support, "Leo Becker", viewer.Support},
			{"mei.tanaka", "Mei Tanaka", viewer.Learner},
			{"jonas.weber", "Jonas Weber", viewer.Learner},
			{"priya.nair", "Priya Nair", viewer.Learner},
		},
		Courses: []string{"coffee-basics", "fire-safety", "datenschutz-im-alltag"},
		studies: []study{
			{learner: Learner, course: "coffee-basics", lessons: everything},
			{learner: Learner, course: "fire-safety", lessons: 3},
			{learner: Learner, course: "datenschutz-im-alltag", assigned: true},
			{learner: "mei.tanaka", course: "coffee-basics", lessons: everything, revoked: "Issued for the wrong cohort; the course is being retaken."},
			{learner: "mei.tanaka", course: "fire-safety", lessons: everything},
			{learner: "jonas.weber", course: "datenschutz-im-alltag", lessons: 4, assigned: true},
			{learner: "jonas.weber", course: "coffee-basics", lessons: 2},
			{learner: "priya.nair", course: "coffee-basics"},
		},
		path: way{
			slug: "first-weeks", title: "Your first weeks", about: "What everybody at Acme learns first: our coffee, and what to do when it burns.",
			required: []string{"coffee-basics", "fire-safety"}, optional: []string{"datenschutz-im-alltag"},
		},
		team: team{key: "roastery", name: "The roastery", mailboxes: []string{Learner, "mei.tanaka", "jonas.weber"}},
	}
}

func globex() Tenant {
	return Tenant{
		Slug: "globex", Name: "Globex Analytics", Kind: tenant.KindCOMPANY, Locale: "en",
		About: "A company. Two SQL courses; the second asks for the first.",
		Brand: brand.Brand{Accent: "#0f766e", Signatory: "Claire Fontaine, Chief Data Officer"},
		People: []Person{
			{Admin, "Claire Fontaine", viewer.TenantAdmin},
			{Instructor, "Daniel Okafor", viewer.Instructor},
			{Learner, "Sofia Marchetti", viewer.Learner},
			{Support, "Ravi Menon", viewer.Support},
			{"layla.mansour", "ليلى منصور", viewer.Learner},
			{"henrik.lund", "Henrik Lund", viewer.Learner},
		},
		Courses: []string{"sql-first-steps", "sql-joins"},
		studies: []study{
			{learner: "layla.mansour", course: "sql-first-steps", lessons: everything},
			{learner: Learner, course: "sql-first-steps", lessons: 4},
			{learner: "henrik.lund", course: "sql-first-steps", lessons: 1},
			{learner: "layla.mansour", course: "sql-joins", lessons: 2},
		},
		team: team{key: "reporting", name: "Reporting", mailboxes: []string{Learner, "layla.mansour"}},
	}
}

func springfield() Tenant {
	return Tenant{
		Slug: "springfield", Name: "Springfield International School", Kind: tenant.KindSCHOOL, Locale: "en",
		About: "A K-12 school. Photosynthesis in English, fractions in German.",
		Brand: brand.Brand{Accent: "#6d28d9", Signatory: "Margaret Lindqvist, Head of School"},
		People: []Person{
			{Admin, "Margaret Lindqvist", viewer.TenantAdmin},
			{Instructor, "Samuel Ortiz", viewer.Instructor},
			{Learner, "Emma Novak", viewer.Learner},
			{Support, "Peter Lang", viewer.Support},
			{"noah.fischer", "Noah Fischer", viewer.Learner},
			{"aisha.rahman", "Aisha Rahman", viewer.Learner},
		},
		Courses: []string{"photosynthesis", "bruchrechnen"},
		studies: []study{
			{learner: Learner, course: "photosynthesis", lessons: 3},
			{learner: "noah.fischer", course: "bruchrechnen", lessons: everything},
			{learner: "aisha.rahman", course: "photosynthesis", lessons: everything},
			{learner: "aisha.rahman", course: "bruchrechnen", lessons: 3, assigned: true},
		},
		team: team{key: "class-7b", name: "Class 7b", mailboxes: []string{Learner, "noah.fischer", "aisha.rahman"}},
	}
}
