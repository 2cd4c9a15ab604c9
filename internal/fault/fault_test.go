package fault_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"lyceum/internal/fault"
)

func TestCodeOf(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		want fault.Code
	}{
		"nil":              {nil, ""},
		"fault":            {fault.New(fault.Conflict, "No."), fault.Conflict},
		"wrapped":          {fmt.Errorf("enroll: %w", fault.New(fault.NotFound, "No such course.")), fault.NotFound},
		"joined":           {errors.Join(io.EOF, fault.New(fault.RateLimited, "Wait.")), fault.RateLimited},
		"formatted":        {fault.Newf(fault.Forbidden, "Not %s.", "this"), fault.Forbidden},
		"any other":        {io.EOF, fault.Internal},
		"the outer counts": {fault.New(fault.BadInput, "No.").Because(fault.New(fault.Conflict, "No.")), fault.BadInput},
	} {
		if got := fault.CodeOf(tt.err); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestCauseIsKeptAndNotSaid(t *testing.T) {
	t.Parallel()
	f := fault.New(fault.Unavailable, "Come back.").After(time.Second).Because(io.ErrUnexpectedEOF)
	if !errors.Is(f, io.ErrUnexpectedEOF) || f.RetryAfter != time.Second {
		t.Errorf("%+v", f)
	}
	if !strings.Contains(f.Error(), "unexpected EOF") || strings.Contains(f.Message, "EOF") {
		t.Errorf("log line %q, message %q", f.Error(), f.Message)
	}
	if got := fault.New(fault.Conflict, "No.").Error(); got != "CONFLICT: No." {
		t.Errorf("without a cause: %q", got)
	}
}

func TestCollector(t *testing.T) {
	t.Parallel()
	var c fault.Collector
	c.Check(true, "a", "Fine.")
	if err := c.Err(); err != nil {
		t.Fatalf("nothing is wrong: %v", err)
	}
	c.Check(false, "b", "B is wrong.")
	one, ok := errors.AsType[*fault.Error](c.Err())
	if !ok || one.Code != fault.BadInput || one.Message != "B is wrong." || len(one.Violations) != 1 {
		t.Errorf("one violation: %+v", one)
	}
	c.Check(false, "c.0", "C is wrong.")
	two, ok := errors.AsType[*fault.Error](c.Err())
	if !ok || two.Message != "2 fields need correcting." || len(two.Violations) != 2 || two.Violations[1].Field != "c.0" {
		t.Errorf("two violations: %+v", two)
	}
	if invalid := fault.Invalid("d", "D is wrong."); invalid.Code != fault.BadInput || invalid.Violations[0].Field != "d" {
		t.Errorf("Invalid: %+v", invalid)
	}
}
