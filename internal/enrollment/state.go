package enrollment

import (
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
)

// act is what can happen to a place.
type act int

const (
	// take: the learner enrolls, or staff assign the course.
	take act = iota
	// giveUp: the learner withdraws, or staff withdraw them.
	giveUp
	// complete: the course has been completed.
	complete
)

// absent is the state of a place that was never taken.
const absent enrollment.State = ""

// transitions is the whole life of a place: state before, act, state after. What is not in it is refused.
//
//   - A place that is taken twice, given up twice or completed twice stays as it is.
//   - A learner who withdrew may return.
//   - What was completed cannot be given up any more.
//   - A course may turn out completed just after its learner withdrew, because completion arrives by a
//     job; what the learner did counts.
var transitions = map[enrollment.State]map[act]enrollment.State{
	absent: {
		take: enrollment.StateACTIVE,
	},
	enrollment.StateACTIVE: {
		take:     enrollment.StateACTIVE,
		giveUp:   enrollment.StateWITHDRAWN,
		complete: enrollment.StateCOMPLETED,
	},
	enrollment.StateCOMPLETED: {
		take:     enrollment.StateCOMPLETED,
		complete: enrollment.StateCOMPLETED,
	},
	enrollment.StateWITHDRAWN: {
		take:     enrollment.StateACTIVE,
		giveUp:   enrollment.StateWITHDRAWN,
		complete: enrollment.StateCOMPLETED,
	},
}

// next returns the state after the act, or a fault: NotFound for a place that was never taken, Conflict
// when its state does not allow the act.
func next(from enrollment.State, a act) (enrollment.State, error) {
	to, ok := transitions[from][a]
	switch {
	case ok:
		return to, nil
	case from == absent:
		return absent, errNoPlace()
	default:
		return absent, fault.New(fault.Conflict, "The course is completed; its place cannot be given up any more.")
	}
}

// stateOf is the state of a place, which is nil before it was ever taken.
func stateOf(place *ent.Enrollment) enrollment.State {
	if place == nil {
		return absent
	}
	return place.State
}

func errNoPlace() error { return fault.New(fault.NotFound, "There is no such enrollment.") }
