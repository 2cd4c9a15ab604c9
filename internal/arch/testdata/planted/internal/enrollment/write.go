// Package enrollment plants writes of entities that it does not own.
package enrollment

import "lyceum/internal/gen/ent"

// Read is allowed.
func Read(c *ent.Client) string { return c.Course.Get().Title }

// Query is allowed too, and so is prose that says to update courses.
const Query = "select id from courses where title = 'Please update courses.'"

func Write(c *ent.Client) {
	pass(nil)
	c.Course.Create()
	later := c.Course.Update
	_ = later
	exec(`
		insert into courses (id) values ($1)`)
	exec("update " +
		"courses" +
		" c set title = $1")

	var unlisted = c.Ghost
	unlisted.Delete()
}

func pass(_ *ent.CourseCreate) {}

func exec(string) {}
