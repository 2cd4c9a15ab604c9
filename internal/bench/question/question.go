// Package question holds what the contenders of a measurement are asked: the same of each, in its own words.
package question

import (
	"encoding/json"
	"fmt"
	"strconv"

	"lyceum/internal/bench/dataset"
	"lyceum/internal/bench/load"
)

// Question is one workload.
type Question struct {
	// Name is short: "W1". About says what is asked.
	Name, About string
	// Writes is set when answering changes rows, so that answers cannot be compared.
	Writes bool
	// Keys name the fields whose values have to be the same, whoever answers.
	Keys []string
}

// All lists the questions in the order in which they are asked.
func All() []Question {
	return []Question{
		{Name: "W1", About: "catalog page: 20 courses, instructor, modules, lessons", Keys: []string{"title", "name", "summary"}},
		{Name: "W2", About: "course page: outline, my enrollment, my progress", Keys: []string{"title", "watchedMs", "completedLessons"}},
		{Name: "W3", About: "my dashboard: 20 enrollments, course, progress", Keys: []string{"title", "completedLessons", "requiredLessons"}},
		{Name: "W4", About: "progress batch, acknowledged when durable", Writes: true},
		{Name: "W5", About: "deep page of 20 enrollments, learner and course", Keys: []string{"name", "email", "title"}},
		{Name: "W6", About: "search by the words of a title", Keys: []string{"title"}},
		{Name: "W7", About: "public catalog, not modified", Keys: []string{}},
	}
}

// Speaker puts questions to one kind of contender.
type Speaker interface {
	// Name is the contender's.
	Name() string
	// Ask writes the question for a visit; n counts what is asked, so that writes differ. It returns nil for a question
	// that this contender is not asked.
	Ask(question string, v *Visitor, n int) load.Request
}

// Visitor is a visit, and where this contender's deep page begins.
type Visitor struct {
	dataset.Visit
	// Cursor leads to the deep page. DeepAt and DeepID are the values of the row before it, for contenders without cursors.
	Cursor, DeepAt, DeepID string
	// ETag is the tag of the public catalog, of contenders that have one.
	ETag string
}

// request writes a message of HTTP/1.1; headers end with CRLF each.
func request(method, target, host, headers string, body []byte) load.Request {
	head := method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + headers
	if body != nil {
		head += "Content-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n"
	}
	return load.Request(append([]byte(head+"\r\n"), body...))
}

// operation is the body of a GraphQL request.
func operation(document string, variables map[string]any) []byte {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		// Variables are strings, numbers and lists of them.
		panic(fmt.Sprintf("question: must encode variables: %v", err))
	}
	return body
}

// segment is the n-th stretch that is played of a video, in milliseconds: half a minute each, and again from the
// beginning after five minutes.
func segment(n int) (from, to int) {
	const length, stretches = 30_000, 10
	from = n % stretches * length
	return from, from + length
}
