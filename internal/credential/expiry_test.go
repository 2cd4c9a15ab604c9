package credential

import (
	"testing"
	"time"

	"lyceum/internal/gen/ent"
)

func TestExpires(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	for name, tt := range map[string]struct {
		completed string
		months    int
		want      string // empty: for ever
	}{
		"for ever":                {"2025-03-14T15:09:26Z", 0, ""},
		"a month":                 {"2025-03-14T15:09:26Z", 1, "2025-04-14T23:59:59Z"},
		"a year":                  {"2025-03-14T15:09:26Z", 12, "2026-03-14T23:59:59Z"},
		"over new year":           {"2025-11-30T00:00:00Z", 3, "2026-02-28T23:59:59Z"},
		"into a leap year":        {"2027-08-31T12:00:00Z", 6, "2028-02-29T23:59:59Z"},
		"from a leap day":         {"2028-02-29T12:00:00Z", 12, "2029-02-28T23:59:59Z"},
		"from a month's end":      {"2025-01-31T23:59:59Z", 1, "2025-02-28T23:59:59Z"},
		"to a longer month":       {"2025-02-28T12:00:00Z", 1, "2025-03-28T23:59:59Z"},
		"the day is UTC's":        {"2025-03-15T01:00:00+02:00", 1, "2025-04-14T23:59:59Z"},
		"as long as there can be": {"2025-03-14T15:09:26Z", 600, "2075-03-14T23:59:59Z"},
	} {
		got := expires(at(tt.completed), tt.months)
		if tt.want == "" {
			if got != nil {
				t.Errorf("%s: until %v", name, got)
			}
			continue
		}
		if got == nil || !got.Equal(at(tt.want)) {
			t.Errorf("%s: until %v, want %s", name, got, tt.want)
		}
	}
}

func TestExpired(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, time.May, 15, 23, 59, 59, 0, time.UTC)
	for name, tt := range map[string]struct {
		until *time.Time
		now   time.Time
		want  bool
	}{
		"for ever":            {nil, end.AddDate(1000, 0, 0), false},
		"on its last day":     {&end, end, false},
		"on the day after":    {&end, end.Add(time.Second), true},
		"long before its end": {&end, end.AddDate(-1, 0, 0), false},
	} {
		if got := Expired(&ent.Certificate{ExpiresAt: tt.until}, tt.now); got != tt.want {
			t.Errorf("%s: expired is %t", name, got)
		}
	}
}
