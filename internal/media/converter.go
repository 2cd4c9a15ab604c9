package media

import (
	"context"
	"fmt"

	"lyceum/internal/media/transcode"
)

// Converter makes what people stream.
type Converter interface {
	// Convert works in a directory, and goes on where an earlier call with the same one stopped. The error is
	// transcode.ErrNoTools where nothing can be converted, a fault.BadInput for a file that is to blame, and a
	// fault.Conflict while another process works in the directory.
	Convert(ctx context.Context, work Work) (*transcode.Result, error)
}

// Work is one file to convert.
type Work struct {
	// Dir is kept between attempts. Source is the file, and ContentType what it was uploaded as.
	Dir, Source, ContentType string
	// Progress is told the percent of the work that is done, from one goroutine at a time.
	Progress func(percent int)
}

// FFmpeg converts with the programs that Find locates, once they are needed.
type FFmpeg struct {
	Find func(ctx context.Context) (*transcode.Runner, error)
}

// Convert implements Converter.
func (f FFmpeg) Convert(ctx context.Context, work Work) (*transcode.Result, error) {
	runner, err := f.Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("find ffmpeg: %w", err)
	}
	job := transcode.Job{
		Runner: runner, Dir: work.Dir, Source: work.Source, ContentType: work.ContentType,
		Progress: func(p transcode.Progress) { work.Progress(p.Percent) },
	}
	result, err := job.Run(ctx)
	if err != nil {
		return nil, fmt.Errorf("transcode: %w", err)
	}
	return result, nil
}
