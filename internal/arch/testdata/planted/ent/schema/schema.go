// Package schema plants entities without a tenant.
package schema

import "lyceum/internal/platform/pg/ent"

type Owned struct{}

type Stamped struct{}

// Course does it right.
type Course struct{ ent.Schema }

func (Course) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}, Stamped{}} }

// Domain is global.
type Domain struct{ ent.Schema }

// Bare has no mixin.
type Bare struct{ ent.Schema }

// Second embeds Owned, but too late.
type Second struct{ ent.Schema }

func (Second) Mixin() []ent.Mixin { return []ent.Mixin{Stamped{}, Owned{}} }

// Hidden does not say plainly what it embeds.
type Hidden struct{ ent.Schema }

func (Hidden) Mixin() []ent.Mixin { return mixins() }

func mixins() []ent.Mixin { return []ent.Mixin{Owned{}} }

// NotAnEntity embeds nothing of ent's.
type NotAnEntity struct{ Owned }
