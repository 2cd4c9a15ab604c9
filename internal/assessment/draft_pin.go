package assessment

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/question"
	"lyceum/internal/gen/ent/questionversion"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/markup"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// Pin makes immutable versions of the lessons' draft questions and returns them by lesson; a lesson
// without questions is absent. A question whose content has a version already keeps it, so that pinning
// again writes nothing. The caller holds the lock of the course.
func (*Service) Pin(ctx context.Context, tx *pg.Tx, lessons []uuid.UUID) (map[uuid.UUID]quiz.Pinned, error) {
	rows, err := tx.Question.Query().Where(question.LessonIDIn(lessons...)).Order(question.ByPosition()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read questions: %w", err)
	}
	contents, err := freezeAll(rows)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	versions, err := keepVersions(ctx, tx, rows, contents)
	if err != nil {
		return nil, err
	}
	pinned := make(map[uuid.UUID]quiz.Pinned, len(lessons))
	for i, row := range rows {
		p := pinned[row.LessonID]
		p.Versions = append(p.Versions, versions[i])
		p.Links = append(p.Links, contents[i].links...)
		pinned[row.LessonID] = p
	}
	return pinned, nil
}

// Drafted returns, by lesson, the versions that Pin would return for the draft questions. Nothing is written: a question
// whose content has no version yet stands for itself, by an id that no version has.
func (s *Service) Drafted(ctx context.Context, lessons []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	rows, err := s.DB.Question.Query().Where(question.LessonIDIn(lessons...)).Order(question.ByPosition()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read questions: %w", err)
	}
	contents, err := freezeAll(rows)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	there, err := versionsOf(ctx, s.DB.QuestionVersion, rows)
	if err != nil {
		return nil, err
	}
	drafted := make(map[uuid.UUID][]uuid.UUID, len(lessons))
	for i, row := range rows {
		version, exists := there[versionKey{row.ID, contents[i].hash()}]
		if !exists {
			version = uuid.Must(uuid.NewV7())
		}
		drafted[row.LessonID] = append(drafted[row.LessonID], version)
	}
	return drafted, nil
}

// content is everything that a question version holds.
type content struct {
	Kind        quiz.Kind     `json:"kind"`
	Prompt      string        `json:"prompt"`
	Choices     []quiz.Choice `json:"choices"`
	Key         quiz.Key      `json:"key"`
	Points      int           `json:"points"`
	Explanation string        `json:"explanation"`
	Hints       []string      `json:"hints"`

	// links are the addresses in it.
	links []string
}

// hash is the SHA-256 of the content in hex.
func (c *content) hash() string {
	body, err := json.Marshal(c)
	if err != nil {
		// The content came from JSON columns and validated input: it always encodes.
		panic("assessment: must encode a question: " + err.Error())
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func freezeAll(rows []*ent.Question) ([]*content, error) {
	var c input.Checker
	contents := make([]*content, len(rows))
	for i, row := range rows {
		frozen, err := freeze(row)
		if err != nil {
			c.Fail(input.Path("questions", row.Key), "The question cannot be shown: %v.", err)
		}
		contents[i] = frozen
	}
	return contents, c.Err()
}

// freeze renders a question. The error is one of package markup.
func freeze(q *ent.Question) (*content, error) {
	r := &renderer{format: q.Format}
	c := &content{
		Kind: q.Kind, Prompt: r.html(q.Prompt), Points: q.Points, Explanation: r.html(q.Explanation),
		Choices: make([]quiz.Choice, len(q.Choices)), Hints: make([]string, len(q.Hints)),
		Key: quiz.Key{Numeric: q.Numeric, Text: q.Text},
	}
	for i, choice := range q.Choices {
		c.Choices[i] = quiz.Choice{Key: choice.Key, HTML: r.html(choice.Text)}
		if choice.Correct {
			c.Key.Correct = append(c.Key.Correct, choice.Key)
		}
		if choice.Feedback != "" {
			if c.Key.Feedback == nil {
				c.Key.Feedback = map[string]string{}
			}
			c.Key.Feedback[choice.Key] = r.html(choice.Feedback)
		}
	}
	// Hints are plain text.
	for i, hint := range q.Hints {
		c.Hints[i] = markup.Text(r.html(hint))
	}
	c.links = r.links
	return c, r.err
}

// renderer renders the texts of one question, and keeps the first error and the addresses in them.
type renderer struct {
	format outline.Format
	links  []string
	err    error
}

func (r *renderer) html(source string) string {
	render := markup.Renderer{Rewrite: r.note}
	convert := render.Markdown
	if r.format == outline.HTML {
		convert = render.HTML
	}
	safe, err := convert(source)
	if r.err == nil {
		r.err = err
	}
	return safe
}

// note keeps every address as it is.
func (r *renderer) note(address string) (string, bool) {
	r.links = append(r.links, address)
	return address, true
}

// keepVersions returns the id of the version of each content, making those that do not exist.
func keepVersions(ctx context.Context, tx *pg.Tx, rows []*ent.Question, contents []*content) ([]uuid.UUID, error) {
	there, err := versionsOf(ctx, tx.QuestionVersion, rows)
	if err != nil {
		return nil, err
	}
	versions := make([]uuid.UUID, len(rows))
	var fresh []*ent.QuestionVersionCreate
	for i, row := range rows {
		hash := contents[i].hash()
		id, exists := there[versionKey{row.ID, hash}]
		if !exists {
			id = uuid.Must(uuid.NewV7())
			fresh = append(fresh, createVersion(tx, row, contents[i]).SetID(id).SetContentHash(hash))
		}
		versions[i] = id
	}
	return versions, insertVersions(ctx, tx, fresh)
}

// versionKey is what a question version is found by.
type versionKey struct {
	question uuid.UUID
	hash     string
}

// versionsOf returns the ids of all versions of the lessons' questions.
func versionsOf(ctx context.Context, db *ent.QuestionVersionClient, rows []*ent.Question) (map[versionKey]uuid.UUID, error) {
	lessons := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		lessons[i] = row.LessonID
	}
	slices.SortFunc(lessons, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	there, err := db.Query().
		Where(questionversion.LessonIDIn(slices.Compact(lessons)...)).
		Select(questionversion.FieldQuestionID, questionversion.FieldContentHash).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find question versions: %w", err)
	}
	ids := make(map[versionKey]uuid.UUID, len(there))
	for _, v := range there {
		ids[versionKey{v.QuestionID, v.ContentHash}] = v.ID
	}
	return ids, nil
}

func createVersion(tx *pg.Tx, q *ent.Question, c *content) *ent.QuestionVersionCreate {
	return tx.QuestionVersion.Create().
		SetQuestionID(q.ID).
		SetLessonID(q.LessonID).
		SetKind(c.Kind).
		SetPromptHTML(c.Prompt).
		SetChoices(c.Choices).
		SetAnswerKey(c.Key).
		SetPoints(c.Points).
		SetExplanationHTML(c.Explanation).
		SetHints(c.Hints)
}

// perInsert keeps a statement below the 65,535 parameters that the protocol allows.
const perInsert = 1000

func insertVersions(ctx context.Context, tx *pg.Tx, fresh []*ent.QuestionVersionCreate) error {
	for batch := range slices.Chunk(fresh, perInsert) {
		if err := tx.QuestionVersion.CreateBulk(batch...).Exec(ctx); err != nil {
			return fmt.Errorf("keep question versions: %w", err)
		}
	}
	return nil
}
