package engagement

import (
	"testing"
	"time"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	found, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestDaysAreThoseOfTheZone also where clocks are changed, and where a day was left out.
func TestDaysAreThoseOfTheZone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ zone, at, want string }{
		{"UTC", "2026-03-28T23:59:59Z", "2026-03-28"},
		{"Europe/Berlin", "2026-03-28T22:59:59Z", "2026-03-28"},
		{"Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29"},
		// The night of 23 hours, and the one of 25.
		{"Europe/Berlin", "2026-03-29T21:59:59Z", "2026-03-29"},
		{"Europe/Berlin", "2026-03-29T22:00:00Z", "2026-03-30"},
		{"Europe/Berlin", "2026-10-25T22:59:59Z", "2026-10-25"},
		{"Europe/Berlin", "2026-10-25T23:00:00Z", "2026-10-26"},
		{"America/New_York", "2026-11-02T04:59:59Z", "2026-11-01"},
		{"Pacific/Auckland", "2026-01-01T10:59:59Z", "2026-01-01"},
		{"Pacific/Auckland", "2026-01-01T11:00:00Z", "2026-01-02"},
		// There clocks are changed at midnight: the day begins at one.
		{"America/Santiago", "2026-09-06T04:00:00Z", "2026-09-06"},
		{"America/Santiago", "2026-09-06T03:59:59Z", "2026-09-05"},
		// Samoa had no 30th of December 2011.
		{"Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29"},
		{"Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31"},
		{"Asia/Kathmandu", "2026-05-01T18:14:59Z", "2026-05-01"},
		{"Asia/Kathmandu", "2026-05-01T18:15:00Z", "2026-05-02"},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := dayOf(at, zone(t, tt.zone)).date().Format(time.DateOnly); got != tt.want {
			t.Errorf("%s in %s is %s, want %s", tt.at, tt.zone, got, tt.want)
		}
	}
}

func TestStreaks(t *testing.T) {
	t.Parallel()
	const today = Day(100)
	for _, tt := range []struct {
		name             string
		days             []Day
		current, longest int
	}{
		{"none", nil, 0, 0},
		{"today", []Day{100}, 1, 1},
		{"yesterday", []Day{99}, 1, 1},
		{"two days ago", []Day{98}, 0, 1},
		{"a week until today", []Day{94, 95, 96, 97, 98, 99, 100}, 7, 7},
		{"a week until yesterday", []Day{93, 94, 95, 96, 97, 98, 99}, 7, 7},
		{"broken", []Day{90, 91, 92, 93, 97, 99, 100}, 2, 4},
		{"over", []Day{90, 91, 92, 93}, 0, 4},
		// Who flew west over the date line has learned tomorrow already.
		{"from tomorrow back", []Day{99, 100, 101}, 3, 3},
	} {
		if got := current(tt.days, today); got != tt.current {
			t.Errorf("%s: current %d, want %d", tt.name, got, tt.current)
		}
		if got := longest(tt.days); got != tt.longest {
			t.Errorf("%s: longest %d, want %d", tt.name, got, tt.longest)
		}
	}
}

// TestEveryNightOfAYear learns once a day, right before midnight, over both changes of the clocks: no day is lost and
// none counts twice.
func TestEveryNightOfAYear(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Chatham", "UTC"} {
		where := zone(t, name)
		var days []Day
		for night := range 365 {
			at := time.Date(2026, 1, 1+night, 23, 59, 59, 0, where)
			days = append(days, dayOf(at.UTC(), where))
			if again := dayOf(at.Add(-time.Hour).UTC(), where); again != days[night] {
				t.Errorf("%s: an hour before %s is another day", name, at)
			}
		}
		if got := longest(days); got != 365 {
			t.Errorf("%s: %d days in a row", name, got)
		}
	}
}
