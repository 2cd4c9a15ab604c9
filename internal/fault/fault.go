// Package fault names what a client may be told about a failure, and nothing else.
//
// A *Error carries a sentence written for the caller and a code from a closed set. Any other error is
// internal: it is logged once, and the caller learns only that something broke, with a trace id.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Code tells a client program what kind of failure this is. The set is closed: clients switch over it.
type Code string

// The codes a client can meet in errors[].extensions.code.
const (
	// Unauthenticated: no valid session or key came with the request.
	Unauthenticated Code = "UNAUTHENTICATED"
	// Forbidden: the viewer is known and may not do this.
	Forbidden Code = "FORBIDDEN"
	// NotFound: there is no such thing, or none that the viewer may see.
	NotFound Code = "NOT_FOUND"
	// BadInput: an argument is wrong; Violations says which and why.
	BadInput Code = "BAD_USER_INPUT"
	// Conflict: the state of the thing does not allow this now.
	Conflict Code = "CONFLICT"
	// RateLimited: too many requests; RetryAfter says when to come back.
	RateLimited Code = "RATE_LIMITED"
	// Unavailable: something we depend on is down; the same request may succeed later.
	Unavailable Code = "UNAVAILABLE"
	// Internal: our mistake. Never made by hand: it is what an unknown error becomes.
	Internal Code = "INTERNAL"
)

// Violation is one thing wrong with the input.
type Violation struct {
	// Field is the path inside the input, dotted: "modules.0.title".
	Field string `json:"field"`
	// Message is a full sentence that says what would be accepted.
	Message string `json:"message"`
}

// Error is a failure the caller is told about.
type Error struct {
	Code       Code
	Message    string
	Violations []Violation
	// RetryAfter is how long to wait before trying again; zero when there is nothing to say.
	RetryAfter time.Duration

	cause error
}

// New returns a fault with a code and a full sentence for the caller.
func New(code Code, message string) *Error { return &Error{Code: code, Message: message} }

// Newf is New with formatting; arguments must be fit for the caller to read.
func Newf(code Code, format string, args ...any) *Error {
	return New(code, fmt.Sprintf(format, args...))
}

// Invalid returns a BadInput fault about one field.
func Invalid(field, message string) *Error {
	return &Error{Code: BadInput, Message: message, Violations: []Violation{{Field: field, Message: message}}}
}

// Because records the error that led to this one. It is logged, never shown.
func (e *Error) Because(cause error) *Error {
	e.cause = cause
	return e
}

// After records when the caller may try again.
func (e *Error) After(wait time.Duration) *Error {
	e.RetryAfter = wait
	return e
}

// Error implements error with the caller's sentence and, for logs, the cause.
func (e *Error) Error() string {
	if e.cause == nil {
		return fmt.Sprintf("%s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("%s: %s (%v)", e.Code, e.Message, e.cause)
}

// Unwrap gives the recorded cause.
func (e *Error) Unwrap() error { return e.cause }

// CodeOf returns the code of the fault in err, Internal for any other error, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if f, ok := errors.AsType[*Error](err); ok {
		return f.Code
	}
	return Internal
}

// Collector gathers the violations of one input, so that the caller hears of all of them at once.
type Collector struct{ violations []Violation }

// Check records a violation of field unless ok.
func (c *Collector) Check(ok bool, field, message string) {
	if !ok {
		c.violations = append(c.violations, Violation{Field: field, Message: message})
	}
}

// Err returns nil when nothing was recorded, else one BadInput fault with every violation.
func (c *Collector) Err() error {
	switch len(c.violations) {
	case 0:
		return nil
	case 1:
		return &Error{Code: BadInput, Message: c.violations[0].Message, Violations: c.violations}
	default:
		return &Error{
			Code:       BadInput,
			Message:    fmt.Sprintf("%d fields need correcting.", len(c.violations)),
			Violations: c.violations,
		}
	}
}
