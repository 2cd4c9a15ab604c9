package push

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"lyceum/internal/author/course"
	"lyceum/internal/author/folder"
	"lyceum/internal/fault"
	"lyceum/internal/gen/authorapi"
)

// state is a course on one side, in the form in which both sides can be compared.
type state struct {
	// id is the draft's on the server, "" when it has none.
	id      string
	course  *authorapi.SaveCourseInput
	modules []moduleState
	lessons map[string]*authorapi.SaveLessonInput
}

type moduleState struct {
	key, title, summary string
	completion          *authorapi.CompletionPolicyInput
	// lessons are the keys of its lessons, in order.
	lessons []string
}

func (s *state) module(key string) moduleState {
	for _, m := range s.modules {
		if m.key == key {
			return m
		}
	}
	return moduleState{}
}

func localState(c *course.Course, files digests, open func(path string) (io.ReadCloser, error)) (*state, error) {
	s := &state{course: courseInput(c), lessons: map[string]*authorapi.SaveLessonInput{}}
	for _, m := range c.Modules {
		home := moduleState{key: m.Key, title: m.Title, summary: m.Summary, completion: policyInput(m.Completion)}
		for _, l := range m.Lessons {
			in, err := lessonInput(m.Key, l, files, open)
			if err != nil {
				return nil, fmt.Errorf("lesson %s: %w", l.Key, err)
			}
			s.lessons[l.Key] = in
			home.lessons = append(home.lessons, l.Key)
		}
		s.modules = append(s.modules, home)
	}
	return s, nil
}

// remoteState reads the draft; a course that is not there has the zero state.
func (c *Client) remoteState(ctx context.Context, slug string) (*state, error) {
	pulled, err := c.pull(ctx, slug)
	if fault.CodeOf(err) == fault.NotFound {
		return &state{lessons: map[string]*authorapi.SaveLessonInput{}}, nil
	} else if err != nil {
		return nil, err
	}
	s, err := localState(pulled.course, pulled.digests(), pulled.open)
	if err != nil {
		return nil, err
	}
	s.id = pulled.id
	return s, nil
}

// What changed.
type What string

// The things of a course that are sent one by one.
const (
	TheCourse What = "course"
	AModule   What = "module"
	ALesson   What = "lesson"
	TheOrder  What = "order"
)

// How it changed.
type How string

// The ways of changing.
const (
	Added   How = "added"
	Changed How = "changed"
	Removed How = "removed"
)

// Change is one difference between the folder and the draft on the server.
type Change struct {
	What What
	How  How
	// Key is the module's or lesson's.
	Key string
}

// String says it in a few words.
func (c Change) String() string {
	if c.Key == "" {
		return fmt.Sprintf("%s %s", c.What, c.How)
	}
	return fmt.Sprintf("%s %s %s", c.What, c.Key, c.How)
}

// diff lists what has to be sent so that remote becomes local, in the order in which it has to be sent.
// What is removed is removed by the order.
func diff(local, remote *state) []Change {
	var changes []Change
	if remote.id == "" {
		changes = append(changes, Change{What: TheCourse, How: Added})
	} else if !same(local.course, asCourse(remote.course, local.course)) {
		changes = append(changes, Change{What: TheCourse, How: Changed})
	}
	for _, m := range local.modules {
		there := remote.module(m.key)
		if there.key == "" {
			changes = append(changes, Change{AModule, Added, m.key})
		} else if there.title != m.title || there.summary != m.summary || !same(m.completion, policyThere(m.completion, there.completion)) {
			changes = append(changes, Change{AModule, Changed, m.key})
		}
	}
	for _, m := range local.modules {
		for _, key := range m.lessons {
			there, found := remote.lessons[key]
			switch {
			case !found:
				changes = append(changes, Change{ALesson, Added, key})
			case !same(asLesson(there, local.lessons[key]), local.lessons[key]):
				changes = append(changes, Change{ALesson, Changed, key})
			}
		}
	}
	if !slices.EqualFunc(local.modules, remote.modules, sameOrder) {
		changes = append(changes, Change{What: TheOrder, How: Changed})
	}
	return changes
}

func sameOrder(a, b moduleState) bool { return a.key == b.key && slices.Equal(a.lessons, b.lessons) }

// same compares as the server would read it.
func same(a, b any) bool {
	one, errOne := json.Marshal(a)
	two, errTwo := json.Marshal(b)
	return errOne == nil && errTwo == nil && bytes.Equal(one, two)
}

// Diff lists what a push of the folder would send.
func (c *Client) Diff(ctx context.Context, local *course.Course, from folder.Opener) ([]Change, error) {
	files, err := digest(local, from)
	if err != nil {
		return nil, err
	}
	here, err := localState(local, files, from.Open)
	if err != nil {
		return nil, err
	}
	there, err := c.remoteState(ctx, local.Slug)
	if err != nil {
		return nil, err
	}
	changes := diff(here, there)
	for _, key := range slices.Sorted(maps.Keys(there.lessons)) {
		if here.lessons[key] == nil {
			changes = append(changes, Change{ALesson, Removed, key})
		}
	}
	return changes, nil
}

func errNoCourse(slug string) error {
	return fault.Newf(fault.NotFound, "There is no course called %s on the server.", slug)
}
