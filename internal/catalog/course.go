// Package catalog owns courses: the drafts that authors edit, the immutable versions that learners see,
// and the publication that points from one to the other.
package catalog

import (
	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/gid"
)

// Course is a published course as learners see it: one version of it. It is shared by everybody who reads it, and
// nobody changes it.
type Course struct {
	*ent.CourseVersion

	// modules are the modules with their lessons, made once for all; nil where nobody has.
	modules []*Module
}

// compiledCourse returns the version with its modules and lessons made.
func compiledCourse(row *ent.CourseVersion) *Course {
	c := &Course{CourseVersion: row}
	c.modules = c.makeModules()
	for _, m := range c.modules {
		m.lessons = m.makeLessons()
	}
	return c
}

// GlobalID returns the id of the course, whichever version this is.
func (c *Course) GlobalID() gid.ID { return gid.New(ent.GIDCourse, c.CourseID) }

// Price returns what the course costs, nil when it is free.
func (c *Course) Price() *Price { return PriceOf(c.PriceAmount, c.PriceCurrency) }

// Modules returns the modules in order.
func (c *Course) Modules() []*Module {
	if c.modules != nil {
		return c.modules
	}
	return c.makeModules()
}

func (c *Course) makeModules() []*Module {
	modules := make([]*Module, len(c.Outline.Modules))
	for i := range c.Outline.Modules {
		modules[i] = &Module{Module: &c.Outline.Modules[i], Course: c}
	}
	return modules
}

// Lesson returns the lesson with the id, or nil when this version has none.
func (c *Course) Lesson(id uuid.UUID) *Lesson {
	if l := c.Outline.Lesson(id); l != nil {
		return &Lesson{Lesson: l, Course: c}
	}
	return nil
}

// Module is a module of a published course.
type Module struct {
	*outline.Module

	Course *Course
	// lessons are made once for all; nil where nobody has.
	lessons []*Lesson
}

// GlobalID returns the id of the module.
func (m *Module) GlobalID() gid.ID { return gid.New(ent.GIDModule, m.ID) }

// Lessons returns the lessons in order.
func (m *Module) Lessons() []*Lesson {
	if m.lessons != nil {
		return m.lessons
	}
	return m.makeLessons()
}

func (m *Module) makeLessons() []*Lesson {
	lessons := make([]*Lesson, len(m.Module.Lessons))
	for i := range m.Module.Lessons {
		lessons[i] = &Lesson{Lesson: &m.Module.Lessons[i], Course: m.Course}
	}
	return lessons
}

// Lesson is a lesson of a published course, in the version of its Course.
type Lesson struct {
	*outline.Lesson

	Course *Course
}

// GlobalID returns the id of the lesson, whichever version this is.
func (l *Lesson) GlobalID() gid.ID { return gid.New(ent.GIDLesson, l.ID) }

// Price is an amount of money.
type Price struct {
	// Amount is in minor units of the currency.
	Amount int
	// Currency is an ISO 4217 code.
	Currency string
}

// PriceOf returns what an amount in a currency is, nil when it is free.
func PriceOf(amount int, currency string) *Price {
	if amount == 0 {
		return nil
	}
	return &Price{Amount: amount, Currency: currency}
}
