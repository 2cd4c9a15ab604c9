package main

import (
	"os"
	"testing"
)

// runsLyceum makes the test binary be lyceum itself, so that a test can start processes of it without linking again.
const runsLyceum = "LYCEUM_TEST_IS_LYCEUM"

func TestMain(m *testing.M) {
	if os.Getenv(runsLyceum) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}
