package catalog

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
)

// TestKeptWeight: a kept version is counted for hardly less than the memory it takes, or the bound would bound nothing; nor
// for much more, or the cache would turn away what there is room for.
//
//nolint:paralleltest // It reads how large the heap of the process is.
func TestKeptWeight(t *testing.T) {
	lessons := func(n int, each func(*outline.Lesson)) outline.Outline {
		var o outline.Outline
		for i := range n {
			if i%6 == 0 {
				o.Modules = append(o.Modules, outline.Module{ID: uuid.New(), Key: fmt.Sprintf("module-%d", i), Title: fmt.Sprintf("Module %d", i)})
			}
			m := &o.Modules[len(o.Modules)-1]
			l := outline.Lesson{ID: uuid.New(), Key: fmt.Sprintf("lesson-%d", i), Title: fmt.Sprintf("Lesson %d", i), Kind: outline.Article}
			each(&l)
			m.Lessons = append(m.Lessons, l)
		}
		return o
	}
	plain := func(*outline.Lesson) {}
	quiz := func(l *outline.Lesson) {
		l.Kind, l.Quiz = outline.Quiz, &outline.QuizSettings{PassMark: 60}
		for range 20 {
			l.Quiz.Questions = append(l.Quiz.Questions, uuid.New())
		}
	}
	for name, row := range map[string]ent.CourseVersion{
		"one lesson":    {Outline: lessons(1, plain)},
		"thirty":        {Outline: lessons(30, plain)},
		"hundreds":      {Outline: lessons(600, plain)},
		"quizzes":       {Outline: lessons(12, quiz)},
		"mostly a text": {Outline: lessons(6, plain), DescriptionHTML: strings.Repeat("<p>About knots.</p>", 500)},
	} {
		row.ID, row.TenantID, row.CourseID, row.Title, row.Tags = uuid.New(), uuid.New(), uuid.New(), "Knots", []string{"rope"}
		text, err := json.Marshal(&row)
		if err != nil {
			t.Fatal(err)
		}
		memory := weighed(t, text)
		if counted := keptFactor * len(text); 10*memory > 11*counted || counted > 4*memory {
			t.Errorf("%s: counted for %d bytes, takes %d", name, counted, memory)
		}
	}
}

// weighed returns how many bytes of heap a version takes that was decoded from the text.
func weighed(t *testing.T, text []byte) int {
	t.Helper()
	const many = 100
	least := 0
	for range 3 {
		courses := make([]*Course, many)
		before := heap()
		for i := range courses {
			row := &ent.CourseVersion{}
			if err := json.Unmarshal(text, row); err != nil {
				t.Fatal(err)
			}
			courses[i] = compiledCourse(row)
		}
		// What other goroutines do in the meantime comes on top: the least of a few is the truest.
		if took := (heap() - before) / many; least == 0 || took < least {
			least = took
		}
		runtime.KeepAlive(courses)
	}
	return least
}

// heap returns how many bytes live on the heap.
func heap() int {
	runtime.GC() //nolint:revive // what is garbage is not to be weighed
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
