package pathway

import (
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/pathenrollment"
)

// act is what can happen to a place in a path.
type act string

const (
	// enroll: the learner takes it up; assign: staff give it to them.
	enroll act = "enroll"
	assign act = "assign"
	// complete: enough of the required courses are completed.
	complete act = "complete"
	// giveUp: the learner leaves, or staff take them off; revoke: staff end it, and only staff open it again.
	giveUp act = "give up"
	revoke act = "revoke"
)

const (
	// absent is the state of a place that was never taken.
	absent    pathenrollment.State = ""
	active                         = pathenrollment.StateACTIVE
	completed                      = pathenrollment.StateCOMPLETED
	withdrawn                      = pathenrollment.StateWITHDRAWN
	revoked                        = pathenrollment.StateREVOKED
)

// transitions is the whole life of a place in a path: state before, act, state after. What is not in it is refused.
//
//   - What is so already stays so.
//   - Who left may come back. Whose place staff ended comes back through staff.
//   - What was completed stays completed, whatever becomes of the path.
//   - Who is not on the way does not arrive: courses completed meanwhile count when they come back.
var transitions = map[pathenrollment.State]map[act]pathenrollment.State{
	absent:    {enroll: active, assign: active},
	active:    {enroll: active, assign: active, complete: completed, giveUp: withdrawn, revoke: revoked},
	completed: {enroll: completed, assign: completed, complete: completed, revoke: completed},
	withdrawn: {enroll: active, assign: active, giveUp: withdrawn, revoke: withdrawn},
	revoked:   {assign: active, revoke: revoked},
}

// next returns the state after the act, or a fault: NotFound for a place that was never taken, Conflict when its state
// does not allow the act.
func next(from pathenrollment.State, a act) (pathenrollment.State, error) {
	to, ok := transitions[from][a]
	switch {
	case ok:
		return to, nil
	case from == absent:
		return absent, errNoPlace()
	case from == completed:
		return absent, fault.New(fault.Conflict, "The learning path is completed; its place cannot be given up any more.")
	case from == revoked && a == enroll:
		return absent, fault.New(fault.Conflict, "Your place in this learning path was ended by its staff; ask them.")
	default:
		return absent, fault.New(fault.Conflict, "This place in the learning path has ended.")
	}
}

// stateOf is the state of a place, which is nil before it was ever taken.
func stateOf(place *ent.PathEnrollment) pathenrollment.State {
	if place == nil {
		return absent
	}
	return place.State
}

func errNoPlace() error {
	return fault.New(fault.NotFound, "There is no such place in a learning path.")
}

func errNoPath() error { return fault.New(fault.NotFound, "There is no such learning path.") }
