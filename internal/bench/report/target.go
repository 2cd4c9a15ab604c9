package report

// Target is a ratio of throughputs that one contender is to reach against another.
type Target struct {
	Question  string  `json:"question"`
	Contender string  `json:"contender"`
	Against   string  `json:"against"`
	AtLeast   float64 `json:"at_least"`
}

// Check is a target and what was reached; Reached is 0 when one of both was not measured.
type Check struct {
	Target

	Reached float64 `json:"reached"`
	Met     bool    `json:"met"`
}

// Check holds the rows against the targets.
func (r *Report) Check(targets []Target) {
	r.Targets = nil
	for _, t := range targets {
		ours, theirs := r.find(t.Question, t.Contender), r.find(t.Question, t.Against)
		if ours == nil || theirs == nil || theirs.PerSecond == 0 {
			r.Targets = append(r.Targets, Check{Target: t})
			continue
		}
		reached := ours.PerSecond / theirs.PerSecond
		r.Targets = append(r.Targets, Check{Target: t, Reached: reached, Met: reached >= t.AtLeast})
	}
}
