package answer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/internal/platform/cache"
	"lyceum/internal/viewer"
)

// Price is what a kept answer costs.
const Price = 1

// maxPlans is of how many documents it is remembered for how long their answers may be kept.
const maxPlans = 10_000

// Answer is what a query was answered: its data alone, without errors and extensions. It is shared and never changes.
type Answer struct {
	// Data is the JSON of the data.
	Data []byte
	// Tag is the ETag of the data, with quotes.
	Tag string
	// Until is when it is not to be shown any more.
	Until time.Time
}

func newAnswer(data []byte, until time.Time) *Answer {
	sum := sha256.Sum256(data)
	const tagBytes = 16
	return &Answer{Data: data, Tag: `"` + base64.RawURLEncoding.EncodeToString(sum[:tagBytes]) + `"`, Until: until}
}

// Epochs says how often what a tenant shows has changed; *epoch.Epochs does.
type Epochs interface {
	Of(ctx context.Context, tenant uuid.UUID) (int64, error)
}

// Config says what a Cache is made of.
type Config struct {
	// Bytes bounds what the process keeps.
	Bytes int64
	// Client is Redis, nil when there is none.
	Client *cache.Client
	Epochs Epochs
	Hints  Hints
	// Generation tells builds apart that may answer the same question differently.
	Generation string
	// Meter may be nil.
	Meter cache.Meter
	// Charge takes what a kept answer costs from whoever asks, as an operation's price is taken. It returns what is left,
	// nil where nothing is counted.
	Charge func(ctx context.Context) (remaining *int, err error)
	// MaxCost is what one operation may cost; kept answers say it too.
	MaxCost int
	// Host is the tenant's name by which the request asks, "" for an address that names no tenant.
	Host func(ctx context.Context) string
}

// Cache keeps answers in the process, in front of Redis.
type Cache struct {
	Config

	layers *cache.Layers[*Answer]
	plans  *otter.Cache[document, Plan]
}

// New returns an empty cache.
func New(c Config) (*Cache, error) {
	layers, err := cache.NewLayers(cache.LayersConfig[*Answer]{
		Bytes: c.Bytes, Life: maxHint, Missing: time.Second,
		Encode: encode, Decode: decode, Client: c.Client, Meter: c.Meter,
	})
	if err != nil {
		return nil, fmt.Errorf("make answer cache: %w", err)
	}
	plans := otter.Must(&otter.Options[document, Plan]{MaximumSize: maxPlans})
	return &Cache{Config: c, layers: layers, plans: plans}, nil
}

// untilBytes is the length of the time that stands before the data in Redis.
const untilBytes = 8

func encode(a *Answer) ([]byte, error) {
	frame := binary.BigEndian.AppendUint64(make([]byte, 0, untilBytes+len(a.Data)), uint64(a.Until.UnixMilli()))
	return append(frame, a.Data...), nil
}

var errFrame = errors.New("answer: the stored answer is no answer")

func decode(frame []byte) (*Answer, error) {
	if len(frame) < untilBytes || !bytes.HasPrefix(frame[untilBytes:], []byte("{")) {
		return nil, errFrame
	}
	until := time.UnixMilli(int64(binary.BigEndian.Uint64(frame)))
	return newAnswer(bytes.Clone(frame[untilBytes:]), until), nil
}

// Question is a request whose answer may be kept.
type Question struct {
	cache    *Cache
	key      cache.Key
	document document
}

// Ask returns the question that the request is, nil when its answer cannot be kept: it is asked by somebody who is
// signed in, of whom answers may show more, or different things. It is asked before the document is looked at.
func (c *Cache) Ask(ctx context.Context, text, operation string, variables map[string]any) *Question {
	v, known := viewer.From(ctx)
	if c == nil || !known || !everyone(ctx, v) || text == "" {
		return nil
	}
	doc := documentOf(text, operation)
	if plan, seen := c.plans.GetIfPresent(doc); seen && !plan.Keeps() {
		return nil
	}
	// The epoch is read before anything that the answer is made of: what changes meanwhile is kept under a number that
	// is over by then.
	number, err := c.Epochs.Of(ctx, v.Tenant)
	if err != nil {
		return nil
	}
	key, err := Subject{
		Tenant: v.Tenant, Epoch: number, Role: v.Role, School: v.School, Host: c.Host(ctx),
		Text: text, Operation: operation, Variables: variables,
	}.key(c.Generation)
	if err != nil || key.IsZero() {
		return nil
	}
	return &Question{cache: c, key: key, document: doc}
}

// everyone reports whether the viewer is any visitor, and sees what any visitor sees.
func everyone(ctx context.Context, v viewer.Viewer) bool {
	return v.Is(viewer.Anonymous) && !v.SignedIn() && v.APIKey == uuid.Nil && v.Session == uuid.Nil && !viewer.SeesWholeTenant(ctx)
}

// Planned reports whether it is known already that the answer may be kept.
func (q *Question) Planned() bool {
	if q == nil {
		return false
	}
	plan, _ := q.cache.plans.GetIfPresent(q.document)
	return plan.Keeps()
}

// Plan remembers and returns for how long answers to the operation may be kept.
func (q *Question) Plan(operation *ast.OperationDefinition) Plan {
	if q == nil {
		return Plan{}
	}
	plan := q.cache.Hints.Plan(operation)
	q.cache.plans.Set(q.document, plan)
	return plan
}

// Kept returns the answer if this process keeps it.
func (q *Question) Kept() (*Answer, bool) { return q.cache.layers.Peek(q.key) }

// ErrNotKept is returned for an answer that may not be kept: it has errors.
var ErrNotKept = errors.New("answer: not kept")

// Found is data that was found, and for how long it may be kept.
type Found struct {
	Data []byte
	Plan Plan
}

// Get returns the answer, from the process, from Redis, or by find. Of those who ask at the same time one finds it; when
// find fails its error is everybody's who waits.
func (q *Question) Get(ctx context.Context, find func(ctx context.Context) (Found, error)) (*Answer, error) {
	values, err := q.cache.layers.Get(ctx, []cache.Key{q.key}, func(ctx context.Context, keys []cache.Key) (map[cache.Key]cache.Entry[*Answer], error) {
		found, err := find(ctx)
		if err != nil {
			return nil, err
		}
		if !found.Plan.Keeps() || !bytes.HasPrefix(found.Data, []byte("{")) {
			return nil, ErrNotKept
		}
		// The buffer is its maker's.
		kept := newAnswer(bytes.Clone(found.Data), time.Now().Add(found.Plan.MaxAge))
		return map[cache.Key]cache.Entry[*Answer]{keys[0]: {Value: kept, Life: found.Plan.MaxAge}}, nil
	})
	if err != nil {
		return nil, fmt.Errorf("get answer: %w", err)
	}
	answer, ok := values[q.key]
	if !ok {
		return nil, ErrNotKept
	}
	return answer, nil
}

// Charge takes what a kept answer costs.
func (q *Question) Charge(ctx context.Context) (remaining *int, err error) {
	return q.cache.Charge(ctx)
}
