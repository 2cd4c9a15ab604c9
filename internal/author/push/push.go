package push

import (
	"context"
	"fmt"

	"lyceum/internal/author/course"
	"lyceum/internal/author/folder"
	"lyceum/internal/gen/authorapi"
)

// Progress hears how far a push is. Begin says how many steps a phase has, Step that one is done, and Sent how many bytes
// of a file are on the server; it is called from one goroutine at a time for one file, and the number can go down.
type Progress interface {
	Begin(phase string, steps int)
	Step(phase, what string)
	Sent(file string, sent, size int64)
}

// Report says what a push did.
type Report struct {
	// Changes are what was sent.
	Changes []Change
	// Course is the id of the draft.
	Course string
}

// Push makes the draft on the server equal to the folder: files first, then what has changed of the course,
// its modules and its lessons, then their order; what the folder does not have is removed. Pushing twice
// sends nothing the second time.
func (c *Client) Push(ctx context.Context, f *folder.Folder, p Progress) (*Report, error) {
	files, err := digest(f.Course, f)
	if err != nil {
		return nil, err
	}
	local, err := localState(f.Course, files, f.Open)
	if err != nil {
		return nil, err
	}
	remote, err := c.remoteState(ctx, f.Course.Slug)
	if err != nil {
		return nil, err
	}
	changes := diff(local, remote)
	report := &Report{Changes: changes, Course: remote.id}
	if len(changes) == 0 {
		return report, nil
	}
	ids, err := c.upload(ctx, f, files, p)
	if err != nil {
		return nil, err
	}
	report.Course, err = c.apply(ctx, local, remote, changes, ids, p)
	return report, err
}

// apply sends the changes and returns the id of the draft.
func (c *Client) apply(
	ctx context.Context, local, remote *state, changes []Change, ids map[string]string, p Progress,
) (string, error) {
	id := remote.id
	p.Begin("changes", len(changes))
	for _, change := range changes {
		var err error
		switch change.What {
		case TheCourse:
			id, err = c.saveCourse(ctx, local)
		case AModule:
			err = c.saveModule(ctx, id, local.module(change.Key))
		case ALesson:
			err = c.saveLesson(ctx, id, *local.lessons[change.Key], ids)
		case TheOrder:
			err = c.arrange(ctx, id, local)
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", change, err)
		}
		p.Step("changes", change.String())
	}
	return id, nil
}

func (c *Client) saveCourse(ctx context.Context, local *state) (string, error) {
	answer, err := authorapi.SaveCourse(ctx, c.api, local.course)
	if err != nil {
		return "", told(err)
	}
	return answer.SaveCourse.Course.Id, nil
}

func (c *Client) saveModule(ctx context.Context, id string, m moduleState) error {
	_, err := authorapi.SaveModule(ctx, c.api, &authorapi.SaveModuleInput{
		CourseId: id, Key: m.key, Title: m.title, Summary: &m.summary, Completion: m.completion,
	})
	if err != nil {
		return told(err)
	}
	return nil
}

// saveLesson sends a lesson with the ids of its files in place of their digests.
func (c *Client) saveLesson(ctx context.Context, id string, in authorapi.SaveLessonInput, ids map[string]string) error {
	in.CourseId = id
	if in.AssetId != nil {
		asset := ids[*in.AssetId]
		in.AssetId = &asset
	}
	attached := make([]*authorapi.AttachmentInput, len(in.Attachments))
	for i, a := range in.Attachments {
		attached[i] = &authorapi.AttachmentInput{Name: a.Name, AssetId: ids[a.AssetId]}
	}
	in.Attachments = attached
	if _, err := authorapi.SaveLesson(ctx, c.api, &in); err != nil {
		return told(err)
	}
	return nil
}

func (c *Client) arrange(ctx context.Context, id string, local *state) error {
	in := &authorapi.ArrangeCourseInput{CourseId: id, Modules: []*authorapi.ArrangeModuleInput{}}
	for _, m := range local.modules {
		in.Modules = append(in.Modules, &authorapi.ArrangeModuleInput{Key: m.key, Lessons: m.lessons})
	}
	if _, err := authorapi.ArrangeCourse(ctx, c.api, in); err != nil {
		return told(err)
	}
	return nil
}

// Published is what publishing made.
type Published struct {
	Number, Lessons int
	// Created is false when there was nothing new.
	Created bool
}

// Publish makes a version of the draft with that slug and puts it in force.
func (c *Client) Publish(ctx context.Context, slug, note string) (*Published, error) {
	draft, err := authorapi.Draft(ctx, c.api, slug)
	if err != nil {
		return nil, told(err)
	}
	if draft.CourseDraft == nil {
		return nil, errNoCourse(slug)
	}
	answer, err := authorapi.PublishCourse(ctx, c.api, &authorapi.PublishCourseInput{
		CourseId: draft.CourseDraft.Id, Note: &note, ExpectedRevision: &draft.CourseDraft.Revision,
	})
	if err != nil {
		return nil, told(err)
	}
	p := answer.PublishCourse
	return &Published{Number: p.Version.Number, Lessons: p.Version.LessonCount, Created: p.Created}, nil
}

// courseInput is the course's own fields as the API takes them.
func courseInput(c *course.Course) *authorapi.SaveCourseInput {
	level, visibility := authorapi.CourseLevel(c.Level), authorapi.CourseVisibility(c.Visibility)
	in := &authorapi.SaveCourseInput{
		Slug: c.Slug, Title: c.Title, Summary: &c.Summary, Description: &c.Description, Language: &c.Language,
		Level: &level, Visibility: &visibility, Categories: filled(c.Categories), Tags: filled(c.Tags),
		HasCertificate: &c.Certificate, CertificateMonths: &c.CertificateMonths, Prerequisites: filled(c.Prerequisites),
		Completion: policyInput(c.Completion),
	}
	// An absent price would leave the old one: what is free says so.
	in.Price = &authorapi.PriceInput{}
	if c.Price != nil {
		in.Price = &authorapi.PriceInput{Amount: c.Price.Amount, Currency: c.Price.Currency}
	}
	return in
}

// filled makes an absent list an empty one: what the folder does not name is to be removed.
func filled(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
