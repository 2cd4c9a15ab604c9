package transcode

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lyceum/internal/platform/blob/sniff"
)

// claims are the media types that a source may be uploaded as, and the demuxer that each must turn out to be for.
var claims = map[string]string{
	"video/mp4": "mov", "video/quicktime": "mov", "audio/mp4": "mov",
	"video/webm": "matroska", "video/x-matroska": "matroska", "audio/webm": "matroska",
	"audio/mpeg": "mp3", "audio/aac": "aac", "audio/ogg": "ogg", "audio/wav": "wav", "audio/flac": "flac",
}

// ContentTypes returns the media types of what can be converted.
func ContentTypes() []string {
	var all []string
	for contentType := range claims {
		all = append(all, contentType)
	}
	slices.Sort(all)
	return all
}

// Admit looks at a local file that claims to be of a media type, from cheap to dear: its size and first bytes,
// its header, its packets. It returns what the file holds, or a fault.BadInput with a sentence that says why the
// file is refused. Any other error says nothing about the file.
func (r *Runner) Admit(ctx context.Context, path, contentType string) (*Source, error) {
	if err := Look(path, contentType, r.Limits); err != nil {
		return nil, err
	}
	s, err := r.Probe(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := Accept(s, contentType, r.Limits); err != nil {
		return nil, err
	}
	if err := r.Measure(ctx, path, s); err != nil {
		return nil, err
	}
	return s, AcceptMeasured(s, r.Limits)
}

// Look checks that path is a regular file of an allowed size, whose first bytes are of the media type and which
// is nothing else besides. The error is a fault.BadInput, or the reader's.
func Look(path, contentType string, l Limits) (err error) {
	file, info, err := open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if info.Size() > l.Bytes {
		return refuse(fmt.Sprintf("The file has more than %d bytes.", l.Bytes))
	}
	report, err := sniff.Inspect(contentType, file, info.Size())
	if err != nil {
		return fmt.Errorf("inspect source: %w", err)
	}
	return report.Accept("file", ContentTypes())
}

// Accept judges what a header says: the container is the one that the media type names, and what is in it can be
// shown and does not ask for more than the limits. The error is a fault.BadInput.
func Accept(s *Source, contentType string, l Limits) error {
	want, known := claims[contentType]
	switch {
	case !known:
		return refuse(fmt.Sprintf("Files of the type %q cannot be converted.", contentType))
	case s.Container != want:
		return refuse(fmt.Sprintf("The file says that it is %s, but inside it is %s.", contentType, s.Container))
	case s.Bytes <= 0:
		return refuse("The file is empty.")
	case s.Attachments > 0:
		return refuse("The file has other files attached to it. Export it again without.")
	case s.streams() > l.Streams:
		return refuse(fmt.Sprintf("The file has more than %d tracks.", l.Streams))
	case len(s.Video) == 0 && len(s.Audio) == 0:
		return refuse("The file holds no picture and no sound.")
	case len(s.Video) == 0 && strings.HasPrefix(contentType, "video/"):
		return refuse("The film has no picture. Upload it as a sound.")
	case s.Claimed > l.Duration:
		return refuse(tooLong(l))
	}
	for _, v := range s.Video {
		if err := acceptVideo(v, l); err != nil {
			return err
		}
	}
	for _, a := range s.Audio {
		if err := acceptAudio(a); err != nil {
			return err
		}
	}
	return nil
}

func tooLong(l Limits) string {
	return fmt.Sprintf("The file lasts longer than %s.", l.Duration)
}

func acceptVideo(v Video, l Limits) error {
	long, short := max(v.Width, v.Height), min(v.Width, v.Height)
	coded := max(v.CodedWidth, v.CodedHeight)
	switch {
	case !slices.Contains(decoders, v.Codec):
		return refuse(fmt.Sprintf("Pictures of the format %q cannot be converted.", v.Codec))
	case v.CodedWidth <= 0 || v.CodedHeight <= 0:
		return refuse("The picture has no size.")
	case long > l.Side || coded > l.Side || v.Width*v.Height > l.Pixels || v.CodedWidth*v.CodedHeight > l.Pixels:
		return refuse(fmt.Sprintf("The picture is larger than 4K: it has %d by %d pixels.", v.Width, v.Height))
	case short < l.Least || min(v.CodedWidth, v.CodedHeight) < l.Least:
		return refuse(fmt.Sprintf("The picture is too small to be seen: it has %d by %d pixels.", v.Width, v.Height))
	case long > l.Aspect*short:
		return refuse(fmt.Sprintf("The picture is more than %d times longer than it is wide.", l.Aspect))
	default:
		return nil
	}
}

// The sound that is accepted: up to third-order ambisonics, and every rate that recorders have.
const (
	maxChannels = 16
	leastRate   = 4000
	mostRate    = 192_000
)

func acceptAudio(a Audio) error {
	switch {
	case !slices.Contains(decoders, a.Codec):
		return refuse(fmt.Sprintf("Sound of the format %q cannot be converted.", a.Codec))
	case a.Channels < 1 || a.Channels > maxChannels:
		return refuse(fmt.Sprintf("The sound has %d channels; up to %d can be converted.", a.Channels, maxChannels))
	case a.SampleRate < leastRate || a.SampleRate > mostRate:
		return refuse(fmt.Sprintf("The sound has %d samples a second.", a.SampleRate))
	default:
		return nil
	}
}

// AcceptMeasured judges what was found by reading the whole file: that there is something, that it does not end
// long before the header says, and that it is not endless. The error is a fault.BadInput.
func AcceptMeasured(s *Source, l Limits) error {
	switch {
	case s.Duration <= 0:
		return refuse("The file lasts no time.")
	case s.Duration > l.Duration:
		return refuse(tooLong(l))
	case s.truncated():
		return refuse(fmt.Sprintf("The file is cut off: it should last %s, and ends after %s.",
			s.Claimed.Round(time.Second), s.Duration.Round(time.Second)))
	default:
		return nil
	}
}

// truncated reports whether a tenth of what the header claims is not there, and more than two seconds. Sounds
// without an index only guess.
func (s *Source) truncated() bool {
	if s.Container != "mov" && s.Container != "matroska" {
		return false
	}
	return s.Duration < s.Claimed-s.Claimed/10-2*time.Second
}
