package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/language"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// DefaultLimit is how many hits a search returns that does not say.
const DefaultLimit = 20

// The bounds of a search.
const (
	maxLimit  = 50
	maxOffset = MaxTotal - maxLimit
	maxText   = 200
)

// ErrDown is returned by a Remote that was not asked, because it did not answer before.
var ErrDown = errors.New("search engine is down")

// Service is search.
type Service struct {
	DB *pg.DB
	// Local is the engine in Postgres. It is kept up to date always, and answers when Remote does not.
	Local Store
	// Remote is nil when Postgres searches alone.
	Remote Remote
	// Log is told when Remote does not answer; nil is told nothing.
	Log *slog.Logger
}

// Result is what a search found.
type Result struct {
	Found

	// Degraded is true when Local answered in place of Remote.
	Degraded bool
}

// Search finds what the viewer may find. A query without words finds nothing. The error is a BadInput fault
// when the query cannot be asked.
func (s *Service) Search(ctx context.Context, q Query) (Result, error) {
	q, err := checked(ctx, q)
	if err != nil || !strings.ContainsFunc(q.Text, isWord) {
		return Result{}, err
	}
	if s.Remote != nil {
		found, err := s.askRemote(ctx, q)
		if err == nil {
			return Result{Found: found}, nil
		}
		if ctx.Err() != nil {
			return Result{}, fmt.Errorf("search: %w", err) // nobody waits for another answer
		}
		s.complain(ctx, err)
	}
	found, err := s.Local.Query(ctx, q)
	if err != nil {
		return Result{}, fmt.Errorf("search: %w", err)
	}
	return Result{Found: found, Degraded: s.Remote != nil}, nil
}

func (s *Service) complain(ctx context.Context, err error) {
	// Of an engine that is left alone, what made it down was said.
	if s.Log != nil && !errors.Is(err, ErrDown) {
		s.Log.WarnContext(ctx, "search engine does not answer, Postgres does", "err", err)
	}
}

// askRemote lets Remote find, and shows what Local holds of it: a text that is not ours is never shown.
func (s *Service) askRemote(ctx context.Context, q Query) (Found, error) {
	found, err := s.Remote.Query(ctx, q)
	if err != nil {
		return Found{}, fmt.Errorf("ask search engine: %w", err)
	}
	shown, err := s.Local.Show(ctx, q, found.Hits)
	if err != nil {
		return Found{}, fmt.Errorf("show hits: %w", err)
	}
	return Found{Hits: withMarks(shown, found.Hits), Total: found.Total}, nil
}

// withMarks takes over the titles in which Remote marked words, for it knows better what it found; but only
// where the text under the marks is the one that is shown.
func withMarks(shown, found []Hit) []Hit {
	titles := make(map[uuid.UUID]string, len(found))
	for _, hit := range found {
		titles[hit.ID] = hit.Title
	}
	for i, hit := range shown {
		if title := titles[hit.ID]; strings.Contains(title, MarkStart) && withoutMarks(title) == withoutMarks(hit.Title) {
			shown[i].Title = title
		}
	}
	return shown
}

func withoutMarks(text string) string {
	return strings.NewReplacer(MarkStart, "", MarkEnd, "").Replace(text)
}

// checked returns the query as engines may be asked it.
func checked(ctx context.Context, q Query) (Query, error) {
	v, err := policy.Present(ctx)
	if err != nil {
		return Query{}, fmt.Errorf("search: %w", err)
	}
	q.Members = v.SignedIn() || v.Is(viewer.System)
	q.Reader, q.Staff = v.User, v.Staff() || v.Granted()
	q.Text = strings.Join(strings.Fields(q.Text), " ")
	var c input.Checker
	c.Check(utf8.ValidString(q.Text) && !strings.ContainsFunc(q.Text, unicode.IsControl), "query",
		"Write one line of text, without control characters.")
	c.Check(utf8.RuneCountInString(q.Text) <= maxText, "query", "Look for at most 200 characters.")
	c.Between("first", q.Limit, 1, maxLimit)
	c.Between("offset", q.Offset, 0, maxOffset)
	if q.Language != "" {
		q.Language = canonical(&c, "filter.language", q.Language)
	}
	if q.Level != "" {
		c.Check(slices.Contains(outline.Level("").Values(), q.Level), "filter.level",
			"The level is BEGINNER, INTERMEDIATE, ADVANCED or ALL.")
	}
	if q.Category != "" {
		c.Key("filter.category", q.Category)
	}
	return q, c.Err()
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func canonical(c *input.Checker, field, tag string) string {
	parsed, err := language.Parse(tag)
	c.Check(err == nil && parsed != language.Und && len(parsed.String()) <= maxLanguage, field,
		"Write a language code, such as en, pt-BR or ar.")
	return parsed.String()
}

// maxLanguage is the length of the longest language tag (RFC 5646, section 4.4.1).
const maxLanguage = 35

// Token lets the viewer's search box ask the engine directly. It is nil when there is no engine to ask. The
// error is an Unavailable fault when the engine must be asked for a key first and does not answer.
func (s *Service) Token(ctx context.Context) (*Token, error) {
	if s.Remote == nil {
		return nil, nil //nolint:nilnil // Postgres is not for browsers
	}
	v, err := policy.Present(ctx)
	if err != nil {
		return nil, fmt.Errorf("token for search: %w", err)
	}
	token, err := s.Remote.Token(ctx, v.SignedIn())
	if err != nil {
		return nil, fault.New(fault.Unavailable, "The search engine does not answer; use `search` meanwhile.").Because(err)
	}
	return &token, nil
}

// Ping returns nil when the engine that should answer does.
func (s *Service) Ping(ctx context.Context) error {
	if s.Remote != nil {
		return s.Remote.Ping(ctx)
	}
	return s.Local.Ping(ctx)
}
