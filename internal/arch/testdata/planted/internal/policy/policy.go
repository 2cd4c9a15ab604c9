// Package policy has a switch.
package policy

// Fell switches off.
func Fell() {}

func felled(open bool) bool { return open }

var _ = felled
