package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"lyceum/cmd/lyceum/demo"
	"lyceum/internal/platform/local"
	"lyceum/internal/viewer"
)

// welcomeWidth is how wide the box is, borders included.
const welcomeWidth = 98

// welcome says on standard output where everything is and what to try first.
func (a *app) welcome(ctx context.Context, stack *local.Stack) {
	bold := term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == ""
	text := a.overview(ctx, stack.Choices, bold) + a.firstSteps(ctx)
	if _, err := os.Stdout.WriteString(text); err != nil {
		a.log.WarnContext(ctx, "welcome not printed", "err", err)
	}
}

// overview is the box: addresses, logins, and what was chosen for each dependency and why.
func (a *app) overview(ctx context.Context, choices []local.Choice, bold bool) string {
	b := &box{bold: bold}
	b.title("Lyceum is running")
	if a.seeded {
		a.sayDemo(ctx, b)
	} else {
		b.line("API", a.config.Public.Origin(a.config.Public.BaseDomain)+"/graphql")
		b.line("Operators", "http://"+a.config.HTTP.AdminAddr)
	}
	b.title("It stands on")
	for _, c := range choices {
		b.line(c.Need, strings.TrimSpace(fmt.Sprintf("%s (%s). %s", c.Chosen, c.Why, c.Limits)))
	}
	return b.String()
}

// sayDemo writes the addresses and the logins of the demo.
func (a *app) sayDemo(ctx context.Context, b *box) {
	var domains []string
	for i, t := range demo.Tenants() {
		label := ""
		if i == 0 {
			label = "Tenants"
		}
		b.line(label, fmt.Sprintf("%-36s %s", a.page(t.Slug, ""), t.Name))
		domains = append(domains, t.Slug+".example")
	}
	b.line("", fmt.Sprintf("%-36s acme, too, where *.localhost is not known", a.config.Public.Origin(a.config.Public.BaseDomain)))
	b.line("Learn", fmt.Sprintf("%-36s films, quizzes, certificates: the learner app", a.page("acme", "/learn/")))
	b.line("Upload", fmt.Sprintf("%-36s films and files, as an instructor", a.page("acme", "/upload")))
	b.line("GraphiQL", fmt.Sprintf("%-36s ask the API as anybody", a.page("acme", "/graphiql")))
	b.line("Operators", fmt.Sprintf("%-36s jobs and metrics, as %s", "http://"+a.config.HTTP.AdminAddr, demo.StaffEmail))
	if mails := a.mailboxPath(); mails != "" {
		b.line("Mails", fmt.Sprintf("%-36s that were not sent, for operators", "http://"+a.config.HTTP.AdminAddr+mails))
	}
	b.line("Verify", fmt.Sprintf("%-36s check a certificate by its code", a.page("acme", "/verify")))
	if address := a.certificateToShow(ctx); address != "" {
		b.line("Certificate", address)
	}
	b.title("Who you can be")
	b.line("Addresses", strings.Join(demo.Personas(), "@, ")+"@, each at "+strings.Join(domains, ", "))
	b.line("Password", demo.Password)
}

// certificateToShow is the address of a certificate of acme, "" when there is none.
func (a *app) certificateToShow(ctx context.Context) string {
	place, err := a.services.Directory.BySlug(ctx, "acme")
	if err != nil {
		return ""
	}
	address, err := a.demoCertificate(viewer.With(ctx, viewer.Of(place.Tenant)))
	if err != nil {
		a.log.WarnContext(ctx, "no certificate to show", "err", err)
	}
	return address
}

// firstSteps are commands that work when they are pasted; they stand outside the box for that.
func (a *app) firstSteps(ctx context.Context) string {
	if !a.seeded {
		return ""
	}
	token, err := a.demoToken(ctx)
	if err != nil {
		a.log.WarnContext(ctx, "no token to show", "err", err)
		return ""
	}
	return strings.NewReplacer(
		"$SERVER", a.config.Public.Origin(a.config.Public.BaseDomain), "$ACME", a.page("acme", ""), "$KEY", token, "$LYCEUM", os.Args[0],
	).Replace(`
Open $ACME and press “Attack acme”. Or ask as the admin of acme:

TOKEN=$KEY
curl -s $SERVER/graphql -H "Authorization: Bearer $TOKEN" \
  -H 'Content-Type: application/json' \
  -d '{"query":"{ viewer { user { name } } courses { nodes { slug title } } }"}'

Write a course and put it online:

$LYCEUM author init my-course --title='My first course'
LYCEUM_SERVER=$SERVER LYCEUM_TOKEN=$TOKEN $LYCEUM author push my-course --publish

Ctrl-C stops everything. What was stored stays until “$LYCEUM reset”.

`)
}

// demoToken opens a session of acme's admin.
func (a *app) demoToken(ctx context.Context) (string, error) {
	place, err := a.services.Directory.BySlug(ctx, "acme")
	if err != nil {
		return "", err
	}
	opened, err := demo.SignIn(ctx, a.services.Tenancy, place.Tenant, demo.Admin+"@acme.example")
	if err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return opened.Token, nil
}

// box is text between borders.
type box struct {
	bold bool
	rows []string
}

// labelWidth is the room for what stands left of the text.
const labelWidth = 13

// title begins a part.
func (b *box) title(text string) {
	if len(b.rows) > 0 {
		b.rows = append(b.rows, "")
	}
	b.rows = append(b.rows, "\x00"+text)
}

// line adds a text with a label, on as many rows as it needs.
func (b *box) line(label, text string) {
	for i, row := range wrap(text, welcomeWidth-4-labelWidth) {
		if i > 0 {
			label = ""
		}
		b.rows = append(b.rows, fmt.Sprintf("%-*s%s", labelWidth, label, row))
	}
}

// String draws the box.
func (b *box) String() string {
	rule := strings.Repeat("─", welcomeWidth-2)
	var out strings.Builder
	fmt.Fprintf(&out, "\n╭%s╮\n", rule)
	for _, row := range b.rows {
		text, isTitle := strings.CutPrefix(row, "\x00")
		padding := strings.Repeat(" ", max(0, welcomeWidth-4-utf8.RuneCountInString(text)))
		if isTitle && b.bold {
			text = "\x1b[1m" + text + "\x1b[0m"
		}
		fmt.Fprintf(&out, "│ %s%s │\n", text, padding)
	}
	fmt.Fprintf(&out, "╰%s╯\n", rule)
	return out.String()
}

// wrap breaks a text between words where it would be wider, and words that are wider themselves. Runs of
// blanks are kept, so that columns stay.
func wrap(text string, width int) []string {
	rows, row := []string{}, []rune{}
	for i, word := range strings.Split(text, " ") {
		if i > 0 && len(row)+1+utf8.RuneCountInString(word) > width {
			rows, row = append(rows, string(row)), row[:0]
		} else if i > 0 {
			row = append(row, ' ')
		}
		for row = append(row, []rune(word)...); len(row) > width; row = row[width:] {
			rows = append(rows, string(row[:width]))
		}
	}
	return append(rows, string(row))
}
