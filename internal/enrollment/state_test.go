package enrollment

import (
	"testing"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/enrollment"
)

// lifeRefused stands for what is refused.
const lifeRefused = enrollment.State("refused")

func TestNext(t *testing.T) {
	t.Parallel()
	const no = lifeRefused
	acts := []act{enroll, admit, invite, charge, queue, promote, complete, giveUp, decline, expire, revoke}
	for from, row := range map[enrollment.State][]enrollment.State{
		absent:     {active, active, invited, pending, waitlisted, no, no, no, no, no, no},
		invited:    {active, active, invited, no, waitlisted, no, completed, withdrawn, withdrawn, expired, revoked},
		pending:    {active, active, invited, pending, waitlisted, no, completed, withdrawn, no, no, no},
		waitlisted: {waitlisted, waitlisted, no, no, no, active, completed, withdrawn, no, expired, revoked},
		active:     {active, active, no, no, no, no, completed, withdrawn, no, expired, revoked},
		completed:  {completed, completed, no, no, no, no, completed, no, no, completed, completed},
		expired:    {active, active, invited, pending, waitlisted, no, completed, no, no, no, no},
		withdrawn:  {active, active, invited, pending, waitlisted, no, completed, withdrawn, withdrawn, withdrawn, withdrawn},
		revoked:    {no, active, invited, no, waitlisted, no, completed, no, no, no, no},
	} {
		for i, want := range row {
			to, err := next(from, acts[i])
			switch code := fault.CodeOf(err); {
			case want != no && (to != want || err != nil):
				t.Errorf("next(%q, %s) = %q, %v; want %q", from, acts[i], to, err, want)
			case want == no && from == absent && code != fault.NotFound:
				t.Errorf("next(%q, %s): %v, want not found", from, acts[i], err)
			case want == no && from != absent && code != fault.Conflict:
				t.Errorf("next(%q, %s): %v, want a conflict", from, acts[i], err)
			}
		}
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		unmet unmet
		says  string
	}{
		"nothing asked": {unmet{}, ""},
		"one before":    {unmet{titles: []string{"“A”"}}, "Complete these courses first: “A”."},
		"two before":    {unmet{titles: []string{"“A”", "“B”"}}, "Complete these courses first: “A”; “B”."},
		"not offered": {
			unmet{hidden: 1}, "This course asks for a course that is not offered at present; ask the staff to assign it to you.",
		},
		"both": {
			unmet{titles: []string{"“A”"}, hidden: 1},
			"Complete these courses first: “A”. One more is not offered at present; ask the staff.",
		},
	} {
		err := tt.unmet.refuse()
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
