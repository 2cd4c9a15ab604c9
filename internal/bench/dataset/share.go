package dataset

import "fmt"

// share is what one tenant has of everything.
type share struct {
	// n counts tenants from 1.
	n int
	// The numbers of its users begin at userFrom: one admin, then the instructors, then the learners.
	userFrom, users, instructors int
	courseFrom, courses          int
	// places is how many courses each learner is enrolled in.
	places int
}

// The least that a tenant has: an admin, an instructor and learners; and some courses to choose from.
const (
	leastUsers   = 5
	leastCourses = 4
	// usersPerInstructor is how many people one instructor teaches.
	usersPerInstructor = 50
)

func (s share) slug() string { return fmt.Sprintf("company-%d", s.n) }

func (s share) learners() int { return s.users - s.instructors - 1 }

// learner is the number of the i-th learner.
func (s share) learner(i int) int { return s.userFrom + 1 + s.instructors + i%s.learners() }

// tenants shares the size out by Zipf's law.
func (s Size) tenants() []share {
	var weights float64
	for n := 1; n <= s.Tenants; n++ {
		weights += 1 / float64(n)
	}
	all := make([]share, s.Tenants)
	user, course := 1, 1
	for i := range all {
		part := 1 / float64(i+1) / weights
		t := share{
			n: i + 1, userFrom: user, courseFrom: course,
			users: max(int(part*float64(s.Users)), leastUsers), courses: max(int(part*float64(s.Courses)), leastCourses),
		}
		t.instructors = max(t.users/usersPerInstructor, 1)
		t.places = min(s.Enrollments/s.Users, t.courses)
		user, course = user+t.users, course+t.courses
		all[i] = t
	}
	return all
}
