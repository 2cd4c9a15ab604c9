// Package arch holds the tests of the rules that keep the parts of Lyceum apart: who imports whom, who
// writes which entity, where generated code lives, that every entity belongs to a tenant, and that no
// package keeps state of its own. It has no other code.
//
// Each rule is a function over a source tree. It runs on the repository, where it must find nothing, and
// on testdata/planted, a small tree with one violation of each kind, where it must find exactly those.
package arch
