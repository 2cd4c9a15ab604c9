package question

import (
	"net/url"
	"strconv"

	"lyceum/internal/bench/load"
)

// The names of what a server could do at best.
const (
	HandWritten = "SQL written by hand"
	FromMemory  = "bytes from memory"
)

// Limit asks the server of package limit.
type Limit struct {
	Port int
	// Memory asks for the bytes that it holds, whatever the question.
	Memory bool
}

// Name implements Speaker.
func (l Limit) Name() string {
	if l.Memory {
		return FromMemory
	}
	return HandWritten
}

// Ask implements Speaker. The cursor of a visitor is a time and an id, with a line break between.
func (l Limit) Ask(question string, v *Visitor, n int) load.Request {
	if l.Memory {
		if question != "W1" {
			return nil
		}
		return l.get("GET", "/bytes")
	}
	switch question {
	case "W1":
		return l.get("GET", l.statement("W1", v))
	case "W2":
		return l.get("GET", l.statement("W2", v, v.CourseSlug, v.Learner.String()))
	case "W3":
		return l.get("GET", l.statement("W3", v, v.Learner.String()))
	case "W4":
		return l.get("POST", l.commit(v, n))
	case "W5":
		return l.get("GET", l.statement("W5", v, v.LongCourse.String(), v.DeepAt, v.DeepID))
	default:
		return nil
	}
}

// Before asks for the last of the first n rows of the long list.
func (l Limit) Before(v *Visitor, n int) load.Request {
	return l.get("GET", l.statement("deep", v, v.LongCourse.String(), strconv.Itoa(n-1)))
}

func (l Limit) statement(name string, v *Visitor, args ...string) string {
	return "/sql/" + name + "?" + url.Values{"tenant": {v.Tenant.String()}, "a": args}.Encode()
}

func (l Limit) commit(v *Visitor, n int) string {
	from, to := segment(n)
	return "/commit?" + url.Values{
		"tenant": {v.Tenant.String()}, "enrollment": {v.Enrollment.String()}, "learner": {v.Learner.String()},
		"lesson": {v.Lessons[n%len(v.Lessons)].String()}, "from": {strconv.Itoa(from)}, "to": {strconv.Itoa(to)},
	}.Encode()
}

func (l Limit) get(method, target string) load.Request {
	headers := ""
	if method == "POST" {
		headers = "Content-Length: 0\r\n"
	}
	return request(method, target, "127.0.0.1:"+strconv.Itoa(l.Port), headers, nil)
}
