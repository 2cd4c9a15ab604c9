package enrollment

import (
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentchange"
)

// act is what can happen to a place; the history of the place keeps it by this name.
type act = enrollmentchange.Act

// The acts. Whether somebody is asked to pay or queued is decided when they enroll or are admitted: see enter.
const (
	// enroll: the learner takes the place up; admit: somebody else gives it to them.
	enroll = enrollmentchange.ActENROLLED
	admit  = enrollmentchange.ActADMITTED
	invite = enrollmentchange.ActINVITED
	// charge: the course has a price, and nothing says that it was paid; queue: all seats are taken.
	charge = enrollmentchange.ActASKED_TO_PAY
	queue  = enrollmentchange.ActQUEUED
	// promote: a seat became free.
	promote  = enrollmentchange.ActPROMOTED
	complete = enrollmentchange.ActCOMPLETED
	// giveUp: the learner withdraws, or staff withdraw them.
	giveUp  = enrollmentchange.ActWITHDREW
	decline = enrollmentchange.ActDECLINED
	// expire and revoke: the last grant ended, by time or by staff.
	expire = enrollmentchange.ActEXPIRED
	revoke = enrollmentchange.ActREVOKED
	// migrate changes the version and not the state: it is in no table.
	migrate = enrollmentchange.ActMIGRATED
)

const (
	// absent is the state of a place that was never taken.
	absent     enrollment.State = ""
	invited                     = enrollment.StateINVITED
	pending                     = enrollment.StatePENDING_PAYMENT
	waitlisted                  = enrollment.StateWAITLISTED
	active                      = enrollment.StateACTIVE
	completed                   = enrollment.StateCOMPLETED
	expired                     = enrollment.StateEXPIRED
	withdrawn                   = enrollment.StateWITHDRAWN
	revoked                     = enrollment.StateREVOKED
)

// transitions is the whole life of a place: state before, act, state after. What is not in it is refused.
//
//   - What is so already stays so: asking twice, giving up twice, completing twice.
//   - Who withdrew, or whose time ran out, may come back. Whose access staff ended comes back through staff.
//   - What was completed stays completed, whatever becomes of the reasons for which it was begun.
//   - A course may turn out completed when its learner is not in any more, because completion arrives by a job;
//     what the learner did counts.
var transitions = map[enrollment.State]map[act]enrollment.State{
	absent: {enroll: active, admit: active, invite: invited, charge: pending, queue: waitlisted},
	invited: {
		enroll: active, admit: active, invite: invited, queue: waitlisted,
		complete: completed, giveUp: withdrawn, decline: withdrawn, expire: expired, revoke: revoked,
	},
	pending: {
		enroll: active, admit: active, invite: invited, charge: pending, queue: waitlisted,
		complete: completed, giveUp: withdrawn,
	},
	waitlisted: {
		enroll: waitlisted, admit: waitlisted, promote: active,
		complete: completed, giveUp: withdrawn, expire: expired, revoke: revoked,
	},
	active: {
		enroll: active, admit: active,
		complete: completed, giveUp: withdrawn, expire: expired, revoke: revoked,
	},
	completed: {enroll: completed, admit: completed, complete: completed, expire: completed, revoke: completed},
	expired: {
		enroll: active, admit: active, invite: invited, charge: pending, queue: waitlisted,
		complete: completed,
	},
	withdrawn: {
		enroll: active, admit: active, invite: invited, charge: pending, queue: waitlisted,
		complete: completed, giveUp: withdrawn, decline: withdrawn, expire: withdrawn, revoke: withdrawn,
	},
	revoked: {admit: active, invite: invited, queue: waitlisted, complete: completed},
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
		return absent, fault.New(fault.Conflict, refusal(from, a))
	}
}

// refusal says why the state does not allow the act.
func refusal(from enrollment.State, a act) string {
	switch {
	case from == revoked && a == enroll:
		return "Your access to this course was ended by its staff; ask them."
	case from == completed && a == giveUp:
		return "The course is completed; its place cannot be given up any more."
	case a == invite:
		return "This learner has a place in the course already, or waits for one."
	case a == decline:
		return "There is no invitation to answer."
	default:
		return "This place is " + described(from) + "; that does not go with it."
	}
}

// described names the state in a sentence.
func described(state enrollment.State) string {
	words := map[enrollment.State]string{
		invited: "an invitation", pending: "waiting for a payment", waitlisted: "on the waiting list", active: "taken up",
		completed: "completed", expired: "expired", withdrawn: "given up", revoked: "ended by staff",
	}
	return words[state]
}

// stateOf is the state of a place, which is nil before it was ever taken.
func stateOf(place *ent.Enrollment) enrollment.State {
	if place == nil {
		return absent
	}
	return place.State
}

func errNoPlace() error { return fault.New(fault.NotFound, "There is no such enrollment.") }
