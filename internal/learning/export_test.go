package learning

// The bounds of the group commit.
const (
	MaxGroup = maxGroup
	MaxQueue = maxQueue
)

// Waiting is how many batches wait for the next group.
func (s *Service) Waiting() int { return s.waiting() }
