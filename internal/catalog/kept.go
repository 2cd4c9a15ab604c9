package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/cache"
	"lyceum/internal/viewer"
)

const (
	// keptLife is how long a version is kept: it never changes, but its tenant may go.
	keptLife = time.Hour
	// keptMissing is how long it is remembered that there is no such version.
	keptMissing = 30 * time.Second
	// keptFactor is what a version weighs in memory for each byte of its JSON: 0.6 to 2.0, the shorter its texts the more.
	keptFactor = 2
)

// Kept keeps published versions with their outlines: in this process, in front of Redis, in front of Postgres. It does
// not ask who may read them: Versions does, each time.
type Kept struct{ layers *cache.Layers[*Course] }

// NewKept returns an empty Kept of at most so many bytes. Without a client, or a meter, it does without.
func NewKept(bytes int64, client *cache.Client, meter cache.Meter) (*Kept, error) {
	layers, err := cache.NewLayers(cache.LayersConfig[*Course]{
		Bytes: bytes, Life: keptLife, Missing: keptMissing, Factor: keptFactor, Client: client, Meter: meter,
		Encode: func(c *Course) ([]byte, error) { return json.Marshal(c.CourseVersion) },
		Decode: func(text []byte) (*Course, error) {
			row := &ent.CourseVersion{}
			if err := json.Unmarshal(text, row); err != nil {
				return nil, fmt.Errorf("decode version: %w", err)
			}
			return compiledCourse(row), nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("keep versions: %w", err)
	}
	return &Kept{layers}, nil
}

// versions returns those of the versions that there are in the viewer's tenant.
func (k *Kept) versions(
	ctx context.Context, ids []uuid.UUID, read func(context.Context, []uuid.UUID) ([]*Course, error),
) ([]*Course, error) {
	tenant := viewer.Tenant(ctx)
	keys := make([]cache.Key, 0, len(ids))
	byKey := make(map[cache.Key]uuid.UUID, len(ids))
	for _, id := range ids {
		key := cache.NewKey(tenant, "version", id.String())
		if _, twice := byKey[key]; twice {
			continue
		}
		byKey[key] = id
		keys = append(keys, key)
	}
	found, err := k.layers.Get(ctx, keys, func(ctx context.Context, absent []cache.Key) (map[cache.Key]cache.Entry[*Course], error) {
		wanted := make([]uuid.UUID, len(absent))
		for i, key := range absent {
			wanted[i] = byKey[key]
		}
		courses, err := read(ctx, wanted)
		entries := make(map[cache.Key]cache.Entry[*Course], len(courses))
		for _, c := range courses {
			// Under the key of its own tenant, whoever asked: what a wall let through is not kept for this one.
			entries[cache.NewKey(c.TenantID, "version", c.ID.String())] = cache.Entry[*Course]{Value: c}
		}
		return entries, err
	})
	if err != nil {
		return nil, fmt.Errorf("read kept versions: %w", err)
	}
	courses := make([]*Course, 0, len(found))
	for _, c := range found {
		courses = append(courses, c)
	}
	return courses, nil
}
