// Package transcode turns an uploaded film or sound into what people stream: HLS with fragmented MP4 segments, a
// ladder of renditions that never exceeds the source, captions, a poster and a storyboard. It works on local
// files only and knows nothing of tenants, jobs or blob storage.
//
// The converter is ffmpeg, a program of a million lines of C that reads files from strangers. It is therefore
// started with everything taken away that it does not need: see Runner.
//
// A Job does the work in steps. Each step writes whole or not at all, and is remembered, so that a job that was
// killed goes on where it stood and ends with the same files.
package transcode

import (
	"time"

	"lyceum/internal/fault"
)

// Limits bound what is accepted and what is spent on it.
type Limits struct {
	// Bytes and Duration are of the largest and the longest source.
	Bytes    int64
	Duration time.Duration
	// Side is the longest side of a picture, Least the shortest, Pixels the largest area, Aspect how many times
	// a picture may be longer than it is wide.
	Side, Least, Pixels, Aspect int
	// Streams is how many tracks of all kinds a source may have, Tracks how many of sound, and how many of
	// subtitles, are converted.
	Streams, Tracks int
	// Packets is how many packets a source may consist of.
	Packets int

	// Memory is the address space of one process, in bytes.
	Memory int64
	// File is the largest file that a process may write, Output the most that one step may, in bytes.
	File, Output int64
	// Factor and Allowance are how long a process may take: so many times the duration of what it works on, and
	// that much besides.
	Factor    int
	Allowance time.Duration
}

// DefaultLimits are generous to films of a school and strict to everything else: six hours, 20 GB, 4K.
func DefaultLimits() Limits {
	return Limits{
		Bytes: 20 << 30, Duration: 6 * time.Hour,
		Side: 4096, Least: 16, Pixels: 4096 * 2304, Aspect: 8,
		Streams: 32, Tracks: 8, Packets: 8_000_000,
		Memory: 4 << 30, File: 4 << 30, Output: 40 << 30,
		Factor: 2, Allowance: 5 * time.Minute,
	}
}

// wall is how long a process may work on so much of a film.
func (l Limits) wall(d time.Duration) time.Duration { return time.Duration(l.Factor)*d + l.Allowance }

// refuse is a verdict on the source: converting it again would end the same way.
func refuse(message string) *fault.Error { return fault.Invalid("file", message) }
