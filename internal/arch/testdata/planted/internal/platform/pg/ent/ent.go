// Package ent stands for entgo.io/ent.
package ent

type Schema struct{}

type Mixin any
