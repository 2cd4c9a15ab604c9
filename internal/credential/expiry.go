package credential

import (
	"time"

	"lyceum/internal/gen/ent"
)

// expires returns the last moment at which a certificate is good that is good for so many months from the day of
// completion: the end of the day with the same number, by UTC, or of the month's last day where there is no such day.
// It is nil when months is 0: the certificate is good for ever.
func expires(completed time.Time, months int) *time.Time {
	if months == 0 {
		return nil
	}
	year, month, day := completed.UTC().Date()
	last := time.Date(year, month+time.Month(months)+1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -1)
	end := last.AddDate(0, 0, min(day, last.Day())-last.Day()+1).Add(-time.Second)
	return &end
}

// Expired reports whether the certificate was good until a day that has passed now.
func Expired(c *ent.Certificate, now time.Time) bool {
	return c.ExpiresAt != nil && now.After(*c.ExpiresAt)
}
