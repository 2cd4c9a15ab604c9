package meili

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/text/language"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/gid"
	"lyceum/search"
)

// document is what the index holds of a search.Document. Settings say which fields are searched, filtered
// by, and shown.
type document struct {
	// ID is the key in the index. It starts with the tenant, so that nobody writes over another's document.
	ID         string    `json:"id"`
	TenantID   uuid.UUID `json:"tenant_id"`
	CourseID   uuid.UUID `json:"course_id"`
	DocumentID uuid.UUID `json:"document_id"`
	IsLesson   bool      `json:"is_lesson"`
	Version    int       `json:"version"`
	// Edition is the same in all documents of a course that were put together, and differs from others.
	Edition string `json:"edition"`
	// Course and Lesson are ids in the API, for search boxes.
	Course string `json:"course"`
	Lesson string `json:"lesson,omitempty"`

	Title       string `json:"title"`
	CourseTitle string `json:"course_title"`
	Summary     string `json:"summary"`
	Body        string `json:"body"`

	Language string `json:"language"`
	// Languages are the language and what it is a variety of: "pt-BR" and "pt".
	Languages   []string `json:"languages"`
	Level       string   `json:"level"`
	Categories  []string `json:"categories"`
	Visibility  string   `json:"visibility"`
	PublishedAt int64    `json:"published_at"`
}

func documentOf(tenant uuid.UUID, d search.Document) document {
	made := document{
		ID: tenant.String() + "_" + d.ID.String(), TenantID: tenant, CourseID: d.Course, DocumentID: d.ID,
		IsLesson: d.Lesson, Version: d.Version, Course: gid.New(ent.GIDCourse, d.Course).String(),
		Title: d.Title, CourseTitle: d.CourseTitle, Summary: d.Summary, Body: textOf(d),
		Language: d.Language, Languages: varieties(d.Language), Level: d.Level,
		Categories: append([]string{}, d.Categories...), Visibility: d.Visibility, PublishedAt: d.PublishedAt.Unix(),
	}
	if d.Lesson {
		made.Lesson = gid.New(ent.GIDLesson, d.ID).String()
	}
	return made
}

// textOf is what is searched and not shown: the body, and what is said in a film.
func textOf(d search.Document) string {
	d.Summary = "" // it is searched by itself
	return d.Text()
}

// varieties returns the tag and all that it is a variety of.
func varieties(tag string) []string {
	found := []string{tag}
	for i := len(tag) - 1; i > 0; i-- {
		if tag[i] == '-' {
			found = append(found, tag[:i])
		}
	}
	if base, confidence := language.Make(tag).Base(); confidence == language.Exact && base.String() != found[len(found)-1] {
		found = append(found, base.String())
	}
	return found
}

// documentsOf returns the documents with their edition.
func documentsOf(tenant uuid.UUID, documents []search.Document) ([]document, string, error) {
	made := make([]document, len(documents))
	hash := sha256.New()
	for i, d := range documents {
		made[i] = documentOf(tenant, d)
		if err := json.NewEncoder(hash).Encode(made[i]); err != nil {
			return nil, "", fmt.Errorf("encode document: %w", err)
		}
	}
	edition := hex.EncodeToString(hash.Sum(nil)[:16])
	for i := range made {
		made[i].Edition = edition
	}
	return made, edition, nil
}
