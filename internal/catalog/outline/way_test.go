package outline

import (
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"
)

// chapter is a module of so many required lessons.
func chapter(lessons int, policy *Policy) Module {
	m := Module{ID: uuid.New(), Completion: policy}
	for range lessons {
		m.Lessons = append(m.Lessons, Lesson{ID: uuid.New(), Kind: Article, Required: true})
	}
	return m
}

func TestWay(t *testing.T) {
	t.Parallel()
	any1, two := &Policy{Need: NeedAny}, &Policy{Need: NeedAtLeast, Count: 2}
	for name, tt := range map[string]struct {
		course  *Policy
		modules []Module
		// done are lessons by module, from the first.
		done []int
		// required and left are of the course; way are the modules that are gone, by place.
		required, left int
		way            []int
	}{
		"nothing to do":            {nil, nil, nil, 0, 0, nil},
		"all of all":               {nil, []Module{chapter(3, nil), chapter(2, nil)}, []int{1, 0}, 5, 4, []int{0, 1}},
		"one through":              {nil, []Module{chapter(3, nil), chapter(2, nil)}, []int{3, 1}, 5, 1, []int{1}},
		"any module":               {any1, []Module{chapter(3, nil), chapter(2, nil)}, nil, 2, 2, []int{1}},
		"the one begun":            {any1, []Module{chapter(3, nil), chapter(2, nil)}, []int{2, 0}, 2, 1, []int{0}},
		"any, and it is done":      {any1, []Module{chapter(3, nil), chapter(2, nil)}, []int{0, 2}, 2, 0, nil},
		"two of three":             {two, []Module{chapter(1, nil), chapter(9, nil), chapter(2, nil)}, nil, 3, 3, []int{0, 2}},
		"two of three, one done":   {two, []Module{chapter(1, nil), chapter(9, nil), chapter(2, nil)}, []int{0, 9, 0}, 3, 1, []int{0}},
		"any lesson":               {nil, []Module{chapter(3, any1), chapter(2, nil)}, nil, 3, 3, []int{0, 1}},
		"any lesson done":          {nil, []Module{chapter(3, any1), chapter(2, nil)}, []int{1, 0}, 3, 2, []int{1}},
		"two lessons":              {nil, []Module{chapter(5, two)}, []int{1}, 2, 1, []int{0}},
		"more lessons than needed": {nil, []Module{chapter(5, two)}, []int{4}, 2, 0, nil},
		"any of an empty module":   {any1, []Module{chapter(0, any1), chapter(2, nil)}, nil, 2, 2, []int{1}},
	} {
		o := &Outline{Completion: tt.course, Modules: tt.modules}
		done := map[uuid.UUID]bool{}
		for m, n := range tt.done {
			for l := range n {
				done[tt.modules[m].Lessons[l].ID] = true
			}
		}
		if o.Required() != tt.required || o.Left(done) != tt.left {
			t.Errorf("%s: %d of %d left, want %d of %d", name, o.Left(done), o.Required(), tt.left, tt.required)
		}
		way := o.Way(done)
		same := len(way) == len(tt.way)
		for i := range min(len(way), len(tt.way)) {
			same = same && way[i].ID == tt.modules[tt.way[i]].ID
		}
		if !same {
			t.Errorf("%s: the way goes through %d modules, want %v", name, len(way), tt.way)
		}
	}
	m := chapter(3, nil)
	if m.Left(map[uuid.UUID]bool{m.ID: true}) != 0 {
		t.Error("a module that was completed needs lessons")
	}
}

// TestWayOnlyShrinks completes lesson after lesson of random courses: what is left never grows, and in the end it is
// nothing.
func TestWayOnlyShrinks(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	policy := func() *Policy {
		return []*Policy{nil, {Need: NeedAll}, {Need: NeedAny}, {Need: NeedAtLeast, Count: 1 + r.IntN(3)}}[r.IntN(4)]
	}
	for range 300 {
		o := &Outline{Completion: policy()}
		var lessons []uuid.UUID
		for range 1 + r.IntN(4) {
			o.Modules = append(o.Modules, chapter(1+r.IntN(4), policy()))
		}
		for _, l := range o.Lessons() {
			lessons = append(lessons, l.ID)
		}
		r.Shuffle(len(lessons), func(i, j int) { lessons[i], lessons[j] = lessons[j], lessons[i] })
		done := map[uuid.UUID]bool{}
		before := o.Required()
		for _, id := range lessons {
			done[id] = true
			if now := o.Left(done); now > before {
				t.Fatalf("one lesson more, and %d lessons are left instead of %d", now, before)
			} else {
				before = now
			}
		}
		if before != 0 {
			t.Fatalf("everything is done, and %d lessons are left", before)
		}
	}
}
