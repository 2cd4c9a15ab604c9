package enrollment

import (
	"testing"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/enrollment"
)

func TestNext(t *testing.T) {
	t.Parallel()
	const (
		active    = enrollment.StateACTIVE
		completed = enrollment.StateCOMPLETED
		withdrawn = enrollment.StateWITHDRAWN
	)
	for _, tt := range []struct {
		from enrollment.State
		act  act
		to   enrollment.State
		code fault.Code
	}{
		{absent, take, active, ""},
		{absent, giveUp, absent, fault.NotFound},
		{absent, complete, absent, fault.NotFound},
		{active, take, active, ""},
		{active, giveUp, withdrawn, ""},
		{active, complete, completed, ""},
		{completed, take, completed, ""},
		{completed, giveUp, absent, fault.Conflict},
		{completed, complete, completed, ""},
		{withdrawn, take, active, ""},
		{withdrawn, giveUp, withdrawn, ""},
		{withdrawn, complete, completed, ""},
	} {
		to, err := next(tt.from, tt.act)
		if to != tt.to || fault.CodeOf(err) != tt.code {
			t.Errorf("next(%q, %d) = %q, %q; want %q, %q", tt.from, tt.act, to, fault.CodeOf(err), tt.to, tt.code)
		}
	}
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		terms terms
		says  string
	}{
		"nothing asked": {terms{}, ""},
		"priced":        {terms{price: 100}, "This course has a price and cannot be bought here yet; ask the staff to assign it to you."},
		"one before":    {terms{unmet: []string{"“A”"}}, "Complete these courses first: “A”."},
		"two before":    {terms{unmet: []string{"“A”", "“B”"}}, "Complete these courses first: “A”; “B”."},
		"not offered": {
			terms{hidden: 1}, "This course asks for a course that is not offered at present; ask the staff to assign it to you.",
		},
		"both": {
			terms{unmet: []string{"“A”"}, hidden: 1},
			"Complete these courses first: “A”. One more is not offered at present; ask the staff.",
		},
	} {
		err := admit(tt.terms)
		if tt.says == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if want := string(fault.Conflict) + ": " + tt.says; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}
