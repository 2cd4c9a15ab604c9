package learning

import (
	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
)

// completingShare is the part of a video that has to be watched, in percent.
const completingShare = 80

// watchedEnough says whether so much of a video completes it. A video of unknown length is never completed
// by watching; its learner says when it is done.
func watchedEnough(watchedMS, durationMS int) bool {
	return durationMS > 0 && watchedMS*100 >= durationMS*completingShare
}

// earned are the lessons of which there is evidence enough, in the order of the course. Watched are the lengths of the
// unions of those that evidence came for, in milliseconds of video: no other lesson is looked at.
func earned(o *outline.Outline, watched map[uuid.UUID]int) []uuid.UUID {
	if len(watched) == 0 {
		return nil
	}
	var enough []uuid.UUID
	for _, lesson := range o.Lessons() {
		if length, played := watched[lesson.ID]; played && watchedEnough(length, lesson.DurationMS) {
			enough = append(enough, lesson.ID)
		}
	}
	return enough
}
