package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"lyceum/internal/author/folder"
	"lyceum/internal/author/push"
	"lyceum/internal/gen/ent/course"
	"lyceum/internal/gen/ent/courseversion"
)

// lookForCourses notes the courses that were never published. One that was, and has been changed or taken
// out of the catalog since, is somebody's decision.
func (r *room) lookForCourses(ctx context.Context) error {
	for _, slug := range r.Courses {
		found, err := r.DB.Course.Query().Where(course.Slug(slug)).IDs(ctx)
		if err != nil {
			return fmt.Errorf("look for course %s: %w", slug, err)
		}
		published, err := r.DB.CourseVersion.Query().Where(courseversion.CourseIDIn(found...)).Exist(ctx)
		if err != nil {
			return fmt.Errorf("look for versions of %s: %w", slug, err)
		}
		if !published {
			r.missing = append(r.missing, slug)
		}
	}
	return nil
}

// publish puts a course online as its instructor would: with `lyceum author push --publish`.
func (r *room) publish(ctx context.Context, slug string) (err error) {
	author, err := r.as(ctx, Instructor)
	if err != nil {
		return err
	}
	f, remove, err := open(ctx, r.Slug, slug)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), remove()) }()
	client := push.NewClient(author.origin, author.token, author.http.Transport)
	if _, err := client.Push(ctx, f, silent{}); err != nil {
		return err
	}
	published, err := client.Publish(ctx, slug, "First edition")
	if err != nil {
		return err
	}
	r.Log.InfoContext(ctx, "demo course published", "tenant", r.Slug, "course", slug, "lessons", published.Lessons)
	return nil
}

// open writes an embedded folder to disk, where the authoring client reads it. The caller closes it and
// removes what was written.
func open(ctx context.Context, tenant, slug string) (f *folder.Folder, remove func() error, err error) {
	source, err := fs.Sub(courses, path.Join("courses", tenant, slug))
	if err != nil {
		return nil, nil, fmt.Errorf("find embedded course: %w", err)
	}
	dir, err := os.MkdirTemp("", "lyceum-demo-")
	if err != nil {
		return nil, nil, fmt.Errorf("make folder: %w", err)
	}
	remove = func() error { return os.RemoveAll(dir) }
	if err := os.CopyFS(dir, source); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("write folder: %w", err), remove())
	}
	f, err = folder.Read(ctx, dir)
	if err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	return f, remove, nil
}

// silent hears progress and says nothing.
type silent struct{}

// Begin implements push.Progress.
func (silent) Begin(string, int) {}

// Step implements push.Progress.
func (silent) Step(string, string) {}

// Sent implements push.Progress.
func (silent) Sent(string, int64, int64) {}
