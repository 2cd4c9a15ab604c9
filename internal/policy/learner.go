package policy

import (
	"context"

	"lyceum/internal/viewer"
)

// Learning returns the viewer when they are signed in and can take courses: everybody but support, who
// change nothing. The faults are Unauthenticated and Forbidden.
func Learning(ctx context.Context) (viewer.Viewer, error) {
	v, err := Signed(ctx)
	if err != nil {
		return viewer.Viewer{}, err
	}
	if !v.Is(viewer.Learner, viewer.Instructor, viewer.TenantAdmin) {
		return viewer.Viewer{}, errRole()
	}
	return v, nil
}
