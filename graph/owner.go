package graph

import (
	"reflect"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
)

// ownerOf says whose an object of the answer is: for fields that a person sees of themselves. Objects come as
// gqlgen keeps them: behind a pointer more in a list, and inside an interface below `node`.
func ownerOf(object any) (uuid.UUID, bool) {
	for at := reflect.ValueOf(object); at.IsValid(); at = at.Elem() {
		if at.Kind() != reflect.Pointer && at.Kind() != reflect.Interface {
			break
		}
		if at.IsNil() {
			break
		}
		if owner, owned := owned(at.Interface()); owned {
			return owner, true
		}
	}
	return uuid.Nil, false
}

func owned(object any) (uuid.UUID, bool) {
	switch o := object.(type) {
	case *ent.User:
		return o.ID, true
	case *ent.Attempt:
		return o.LearnerID, true
	case *ent.Certificate:
		return o.LearnerID, true
	case *ent.Enrollment:
		return o.LearnerID, true
	default:
		return uuid.Nil, false
	}
}
