package media

import (
	"context"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/pg"
)

// ConversionAsked says that a film or a sound waits to be converted.
type ConversionAsked struct {
	ID     uuid.UUID `json:"id"`
	Tenant uuid.UUID `json:"tenant_id"`
	At     time.Time `json:"at"`
	Asset  uuid.UUID `json:"asset_id"`
}

var _ pg.Event = ConversionAsked{}

// Kind implements pg.Event.
func (ConversionAsked) Kind() string { return "media.conversion_asked" }

// ask announces that the asset waits to be converted.
func ask(ctx context.Context, tx *pg.Tx, a *ent.Asset) error {
	return tx.Enqueue(ctx, ConversionAsked{
		ID: uuid.Must(uuid.NewV7()), Tenant: a.TenantID, At: time.Now().UTC(), Asset: a.ID,
	})
}

// CaptionsChanged says that other captions of a film are in force.
type CaptionsChanged struct {
	ID     uuid.UUID `json:"id"`
	Tenant uuid.UUID `json:"tenant_id"`
	At     time.Time `json:"at"`
	Asset  uuid.UUID `json:"asset_id"`
}

var _ pg.Event = CaptionsChanged{}

// Kind implements pg.Event.
func (CaptionsChanged) Kind() string { return "media.captions_changed" }

// UploadArrived says that all parts of a large file are there and are to be checked.
type UploadArrived struct {
	ID     uuid.UUID `json:"id"`
	Tenant uuid.UUID `json:"tenant_id"`
	At     time.Time `json:"at"`
	Asset  uuid.UUID `json:"asset_id"`
}

var _ pg.Event = UploadArrived{}

// Kind implements pg.Event.
func (UploadArrived) Kind() string { return "media.upload_arrived" }
