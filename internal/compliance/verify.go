package compliance

import (
	"bytes"
	"context"
	"fmt"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/auditentry"
)

// batch is how many entries are read at a time.
const batch = 1000

// link is where a chain stands: the number and the hash of an entry, or zero and the genesis before the first.
type link struct {
	seq  int
	hash []byte
}

// Verify walks the viewer's tenant's chain and returns how many entries of it are unbroken. The error says at
// which entry it breaks. Entries may be appended meanwhile.
func (s *Service) Verify(ctx context.Context) (int, error) {
	// The end is read before the entries: what is appended meanwhile lies behind it.
	end, err := s.end(ctx)
	if err != nil {
		return 0, err
	}
	at := link{hash: genesis()}
	for {
		entries, err := s.after(ctx, at.seq)
		if err != nil {
			return at.seq, err
		}
		for _, e := range entries {
			if err := follows(e, at, end); err != nil {
				return at.seq, err
			}
			at = link{seq: e.Seq, hash: e.Hash}
		}
		if len(entries) < batch {
			return at.seq, s.reaches(ctx, at, end)
		}
	}
}

func (s *Service) after(ctx context.Context, seq int) ([]*ent.AuditEntry, error) {
	entries, err := s.DB.AuditEntry.Query().
		Where(auditentry.SeqGT(seq)).Order(auditentry.BySeq()).Limit(batch).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return entries, nil
}

// follows makes sure that the entry comes behind the link, is as it was written, and is the end where the log
// says that it ends.
func follows(e *ent.AuditEntry, at, end link) error {
	switch {
	case e.Seq != at.seq+1:
		return fmt.Errorf("audit log: entry %d is missing", at.seq+1)
	case !bytes.Equal(e.Previous, at.hash):
		return fmt.Errorf("audit log: entry %d does not follow entry %d", e.Seq, at.seq)
	case !bytes.Equal(e.Hash, digest(e)):
		return fmt.Errorf("audit log: entry %d was changed", e.Seq)
	case e.Seq == end.seq && !bytes.Equal(e.Hash, end.hash):
		return fmt.Errorf("audit log: entry %d is not the one that the log ended with", e.Seq)
	default:
		return nil
	}
}

// reaches makes sure that the last entry is the end, or lies behind it because the end has moved: entries cut
// off or hung on show nowhere else.
func (s *Service) reaches(ctx context.Context, last, end link) error {
	if last.seq > end.seq {
		var err error
		if end, err = s.end(ctx); err != nil {
			return err
		}
		if last.seq <= end.seq {
			return nil
		}
	}
	if last.seq != end.seq {
		return fmt.Errorf("audit log: there are %d entries, and the log says that it has %d", last.seq, end.seq)
	}
	return nil
}

// end is where the log says that it ends.
func (s *Service) end(ctx context.Context) (link, error) {
	head, err := s.DB.AuditHead.Query().Only(ctx)
	if ent.IsNotFound(err) {
		return link{hash: genesis()}, nil
	} else if err != nil {
		return link{}, fmt.Errorf("find the end of the audit log: %w", err)
	}
	return link{seq: head.Seq, hash: head.Hash}, nil
}
