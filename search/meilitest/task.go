package meilitest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// task is something that is to be done, or was.
type task struct {
	uid                           int
	kind, index, status           string
	details                       map[string]any
	problem                       map[string]any
	enqueued, started, finishedAt string
	run                           func() (code, message string)
}

// enqueue takes a note of a task. What run returns is the error it ends with, if there is one.
func (s *Server) enqueue(kind, index string, details map[string]any, run func() (code, message string)) said {
	t := &task{uid: len(s.tasks), kind: kind, index: index, status: "enqueued", details: details, enqueued: now(), run: run}
	s.tasks = append(s.tasks, t)
	return said{202, map[string]any{
		"taskUid": t.uid, "indexUid": orNull(index), "status": t.status, "type": kind, "enqueuedAt": t.enqueued,
	}}
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// stir tells the worker that there may be something to do.
func (s *Server) stir() {
	select {
	case s.wake <- struct{}{}:
	default: // it was told already
	}
}

// work does the tasks, one after the other, in the order in which they came.
func (s *Server) work() {
	for {
		select {
		case <-s.wake:
		case <-s.ended:
			return
		}
		for s.step() {
		}
	}
}

// step does the next task and reports whether there was one.
func (s *Server) step() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused || s.done == len(s.tasks) {
		return false
	}
	t := s.tasks[s.done]
	s.done++
	t.started = now()
	code, message := s.failing, "The double was told to fail."
	if code == "" {
		code, message = t.run()
	}
	t.status, t.finishedAt = "succeeded", now()
	if code != "" {
		t.status, t.problem = "failed", fault(code, message)
	}
	return true
}

func (t *task) view() map[string]any {
	view := map[string]any{
		"uid": t.uid, "batchUid": nil, "indexUid": orNull(t.index), "status": t.status, "type": t.kind, "canceledBy": nil,
		"details": t.details, "error": nil, "duration": nil, "enqueuedAt": t.enqueued,
		"startedAt": orNull(t.started), "finishedAt": orNull(t.finishedAt),
	}
	if t.problem != nil {
		view["error"] = t.problem
	}
	if t.finishedAt != "" {
		view["batchUid"], view["duration"] = t.uid, "PT0.000123456S"
	}
	return view
}

func (s *Server) getTask(_ call, name string) said {
	uid, err := strconv.Atoi(name)
	if err != nil || uid < 0 || uid >= len(s.tasks) {
		return refuse("task_not_found", "Task `"+name+"` not found.")
	}
	return ok(s.tasks[uid].view())
}

func (s *Server) listTasks(c call, _ string) said {
	limit := number(c, "limit", 20)
	statuses := wordsIn(c, "statuses")
	for _, status := range statuses {
		if !slices.Contains([]string{"enqueued", "processing", "succeeded", "failed", "canceled"}, status) {
			return refuse("invalid_task_statuses", "`"+status+"` is not a valid task status.")
		}
	}
	indexes, kinds := wordsIn(c, "indexUids"), wordsIn(c, "types")
	var all []any
	for _, t := range slices.Backward(s.tasks) {
		if among(statuses, t.status) && among(indexes, t.index) && among(kinds, t.kind) {
			all = append(all, t.view())
		}
	}
	return ok(map[string]any{"results": window(all, 0, limit), "limit": limit, "from": nil, "next": nil, "total": len(all)})
}

func wordsIn(c call, name string) []string {
	return strings.FieldsFunc(c.URL.Query().Get(name), func(r rune) bool { return r == ',' })
}

// among reports whether the word is one of those that are looked for, if any are.
func among(wanted []string, word string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, word)
}

// quoted is a value as JSON text.
func quoted(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(encoded)
}
