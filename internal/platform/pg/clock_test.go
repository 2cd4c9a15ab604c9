package pg_test

import "time"

func expiry() time.Time { return time.Now().Add(time.Hour) }
