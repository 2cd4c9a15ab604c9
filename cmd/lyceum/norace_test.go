//go:build !race

package main

// raceFactor is how much longer the race detector makes everything; tests of time allow for it.
const raceFactor = 1
