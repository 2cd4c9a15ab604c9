package media_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/media"
	"lyceum/internal/viewer"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// bell is a bus inside this process.
type bell struct {
	mu        sync.Mutex
	listening map[uuid.UUID][]chan struct{}
}

func (b *bell) Wake(_ context.Context, _, id uuid.UUID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.listening[id] {
		select {
		case l <- struct{}{}:
		default:
		}
	}
}

func (b *bell) Listen(_ context.Context, _, id uuid.UUID) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := make(chan struct{}, 1)
	b.listening[id] = append(b.listening[id], l)
	return l
}

// gate lets everybody in until it is shut.
type gate struct{ shut chan struct{} }

func (g gate) Gone(context.Context, viewer.Viewer) <-chan struct{} { return g.shut }

func (g gate) close() { close(g.shut) }

// watched is a fixture whose films can be watched.
func watched(t *testing.T) (fixture, *maker, gate) {
	t.Helper()
	f, m := converting(t)
	g := gate{make(chan struct{})}
	f.s.Bus, f.s.Gate = &bell{listening: map[uuid.UUID][]chan struct{}{}}, g
	return f, m, g
}

// next is what the stream sends next, nil for its end.
func next(t *testing.T, stream <-chan *ent.Asset) *ent.Asset {
	t.Helper()
	select {
	case a := <-stream:
		return a
	case <-time.After(patience):
		t.Fatal("nothing came")
		return nil
	}
}

// TestWatch follows a film from before its bytes came until it is converted.
func TestWatch(t *testing.T) {
	t.Parallel()
	f, m, _ := watched(t)
	f.s.Look = time.Hour // what is missed by waking is not made good here
	a := f.film(t, f.acme, "watched")
	stream, err := f.s.Watch(f.acme.AsInstructor(t.Context()), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if first := next(t, stream); first.Conversion != asset.ConversionWAITING {
		t.Errorf("first %+v", first)
	}
	shown := make(chan struct{})
	m.before = func(work media.Work) error {
		work.Progress(50)
		<-shown // progress is written while the work goes on
		return nil
	}
	done := make(chan error, 1)
	go func() { done <- f.s.Convert(f.acme.System(context.WithoutCancel(t.Context())), a.ID, (&ends{}).finish) }()
	var seen []*ent.Asset
	for {
		now := next(t, stream)
		if now == nil {
			break
		}
		if now.Progress == 47 {
			close(shown)
		}
		seen = append(seen, now)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(seen); i++ {
		if seen[i].Progress < seen[i-1].Progress {
			t.Errorf("progress falls from %d to %d", seen[i-1].Progress, seen[i].Progress)
		}
	}
	if last := seen[len(seen)-1]; last.Conversion != asset.ConversionDONE || last.Progress != 100 || seen[0].Conversion != asset.ConversionRUNNING {
		t.Errorf("seen %+v, last %+v", seen[0], last)
	}
	again, err := f.s.Watch(f.acme.AsInstructor(t.Context()), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if only := next(t, again); only.Conversion != asset.ConversionDONE || next(t, again) != nil {
		t.Errorf("of a film that is converted: %+v, and no end", only)
	}
}

// TestWatchWithoutHints: what nobody wakes for is found by looking.
func TestWatchWithoutHints(t *testing.T) {
	t.Parallel()
	f, _, _ := watched(t)
	f.s.Look = 20 * time.Millisecond
	a := f.film(t, f.acme, "deaf")
	stream, err := f.s.Watch(f.acme.AsAdmin(t.Context()), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	next(t, stream)
	f.Asset.UpdateOne(a).SetProgress(12).ExecX(f.acme.System(t.Context()))
	if now := next(t, stream); now.Progress != 12 {
		t.Errorf("%+v", now)
	}
}

// TestWatchEndsWithItsSession: who is shut out is told nothing more, also when they do not read.
func TestWatchEndsWithItsSession(t *testing.T) {
	t.Parallel()
	for name, reads := range map[string]bool{"waiting": true, "slow reader": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _, g := watched(t)
			f.s.Look = 20 * time.Millisecond
			a := f.film(t, f.acme, "shut")
			stream, err := f.s.Watch(f.acme.AsInstructor(t.Context()), a.ID)
			if err != nil {
				t.Fatal(err)
			}
			if reads {
				next(t, stream)
			}
			g.close()
			deadline := time.After(patience)
			for open, received := true, 0; open; {
				select {
				case _, open = <-stream:
					if received++; open && (reads || received > 1) {
						t.Error("it was told more")
					}
				case <-deadline:
					t.Fatal("the stream did not end")
				}
			}
		})
	}
}

func TestWatchRefuses(t *testing.T) {
	t.Parallel()
	f, _, _ := watched(t)
	a := f.film(t, f.acme, "private")
	for name, tt := range map[string]struct {
		ctx  context.Context
		want fault.Code
	}{
		"a visitor":      {f.acme.Anonymous(t.Context()), fault.Unauthenticated},
		"a learner":      {f.acme.AsLearner(t.Context()), fault.Forbidden},
		"support":        {f.acme.AsSupport(t.Context()), fault.Forbidden},
		"another tenant": {f.globex.AsAdmin(t.Context()), fault.NotFound},
	} {
		_, err := f.s.Watch(tt.ctx, a.ID)
		wantCode(t, name+" watches", err, tt.want)
		_, err = f.s.Asset(tt.ctx, a.ID)
		wantCode(t, name+" asks", err, tt.want)
	}
}
