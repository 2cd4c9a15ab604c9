package mail

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
)

const (
	sinkDirMode  = 0o700
	sinkFileMode = 0o600
	sinkSuffix   = ".json"
)

// Stored is a message that a Sink has kept.
type Stored struct {
	// ID names the stored message: a UUID.
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Message Message   `json:"message"`
	// Raw is the message as it would have gone over the wire.
	Raw string `json:"raw"`
}

// Sink keeps the last messages in a directory instead of sending them. Several processes may use one directory.
type Sink struct {
	root *os.Root
	keep int
}

var _ Sender = (*Sink)(nil)

// OpenSink returns a sink that keeps so many messages, at least one, in the directory, which it makes if need be. Close
// it.
func OpenSink(dir string, keep int) (*Sink, error) {
	if keep < 1 {
		return nil, fmt.Errorf("open mail sink: cannot keep %d messages", keep)
	}
	if err := os.MkdirAll(dir, sinkDirMode); err != nil {
		return nil, fmt.Errorf("make mail sink: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open mail sink: %w", err)
	}
	return &Sink{root: root, keep: keep}, nil
}

// Close releases the directory.
func (s *Sink) Close() error {
	if err := s.root.Close(); err != nil {
		return fmt.Errorf("close mail sink: %w", err)
	}
	return nil
}

// Send implements Sender: it keeps the message, and refuses what the SMTP sender would refuse.
func (s *Sink) Send(ctx context.Context, m Message) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("keep mail: %w", err)
	}
	now := time.Now().UTC()
	raw, err := render(m, now)
	if err != nil {
		return err
	}
	// A version 7 UUID begins with the time, so that names sort by age.
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("name mail: %w", err)
	}
	text, err := json.Marshal(Stored{ID: id.String(), At: now, Message: m, Raw: string(raw)})
	if err != nil {
		return fmt.Errorf("encode mail: %w", err)
	}
	if err := s.write(id.String(), text); err != nil {
		return err
	}
	return s.prune()
}

// write makes the file appear whole.
func (s *Sink) write(id string, text []byte) error {
	unfinished := id + ".tmp"
	err := s.root.WriteFile(unfinished, text, sinkFileMode)
	if err == nil {
		err = s.root.Rename(unfinished, id+sinkSuffix)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep mail: %w", err), s.root.RemoveAll(unfinished))
	}
	return nil
}

// prune removes the oldest messages beyond the number to keep.
func (s *Sink) prune() error {
	ids, err := s.ids()
	if err != nil {
		return err
	}
	for _, id := range ids[min(s.keep, len(ids)):] {
		if err := s.root.Remove(id + sinkSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove old mail: %w", err)
		}
	}
	return nil
}

// ids returns the names of what is stored, newest first.
func (s *Sink) ids() ([]string, error) {
	entries, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("list mail: %w", err)
	}
	var ids []string
	for _, entry := range entries {
		if id, found := strings.CutSuffix(entry.Name(), sinkSuffix); found && isStoredID(id) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Compare(b, a) })
	return ids, nil
}

// List returns what is kept, newest first.
func (s *Sink) List(ctx context.Context) ([]Stored, error) {
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	kept := make([]Stored, 0, len(ids))
	for _, id := range ids {
		stored, err := s.Get(ctx, id)
		if fault.CodeOf(err) == fault.NotFound {
			continue // Another process has pruned it meanwhile.
		}
		if err != nil {
			return nil, err
		}
		kept = append(kept, stored)
	}
	return kept, nil
}

// Get returns a message that is kept. The error is fault.NotFound for any other id.
func (s *Sink) Get(ctx context.Context, id string) (Stored, error) {
	if err := ctx.Err(); err != nil {
		return Stored{}, fmt.Errorf("read mail: %w", err)
	}
	if !isStoredID(id) {
		return Stored{}, fault.New(fault.NotFound, "No such message.")
	}
	text, err := s.root.ReadFile(id + sinkSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return Stored{}, fault.New(fault.NotFound, "No such message.").Because(err)
	}
	if err != nil {
		return Stored{}, fmt.Errorf("read mail: %w", err)
	}
	var stored Stored
	if err := json.Unmarshal(text, &stored); err != nil {
		return Stored{}, fmt.Errorf("decode mail: %w", err)
	}
	return stored, nil
}

// isStoredID reports whether the text is a UUID in its only spelling.
func isStoredID(id string) bool {
	parsed, err := uuid.Parse(id)
	return err == nil && parsed.String() == id
}
