package tenancy

import (
	"context"
	"fmt"
	"time"
	_ "time/tzdata" // the zones, wherever the server runs

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// maxZone is the longest name of a time zone, in bytes.
const maxZone = 64

// SetTimeZone keeps where the viewer's days begin, and returns it. Faults: Unauthenticated; Forbidden; BadInput.
func (s *Service) SetTimeZone(ctx context.Context, name string) (string, error) {
	who, err := policy.Learning(ctx)
	if err != nil {
		return "", err
	}
	if !isZone(name) {
		return "", fault.Invalid("timeZone", "A time zone is named as the IANA does: Europe/Berlin.")
	}
	// Nobody but Lyceum itself and admins change users.
	ctx = viewer.With(ctx, viewer.Job(who.Tenant, "set time zone"))
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		if err := tx.User.UpdateOneID(who.User).SetTimeZone(name).Exec(ctx); err != nil {
			return fmt.Errorf("keep time zone: %w", err)
		}
		return tx.Record(ctx, pg.Entry{Action: "user.time_zone_set", Subject: gid.New(ent.GIDUser, who.User).String(), By: who})
	})
	return name, err
}

// isZone reports whether the name is a zone's: not "Local", which is the server's.
func isZone(name string) bool {
	if name == "" || name == "Local" || len(name) > maxZone {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}
