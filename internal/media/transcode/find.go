package transcode

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Tools are the programs that convert, as found on this machine.
type Tools struct {
	// FFmpeg and FFprobe are absolute paths.
	FFmpeg, FFprobe string
	// Version is ffmpeg's own word, such as "5.1.9-0+deb12u1".
	Version string
	// Lacks names the encoders and filters that ffmpeg was built without and that are needed.
	Lacks []string
	// ToneMap reports whether films with a high dynamic range are brought down to what every screen shows.
	ToneMap bool
	// Isolated reports whether processes run without a network.
	Isolated bool
}

// ErrNoTools is returned where there is no ffmpeg that can be used: uploads are passed through as they are.
var ErrNoTools = errors.New("no ffmpeg")

// Usable returns nil, or ErrNoTools and what is missing.
func (t Tools) Usable() error {
	if len(t.Lacks) > 0 {
		return fmt.Errorf("%w that can be used: %s %s was built without %s", ErrNoTools, t.FFmpeg, t.Version, strings.Join(t.Lacks, ", "))
	}
	return nil
}

// findTime is how long a program may take to say what it is.
const findTime = 20 * time.Second

// Find locates ffmpeg and ffprobe, at the given paths or else on the PATH, and asks what they can do. The error is
// ErrNoTools when they are not there.
func Find(ctx context.Context, ffmpeg, ffprobe string) (Tools, error) {
	t := Tools{}
	var err, failed error
	t.FFmpeg, err = locate(ffmpeg, "ffmpeg")
	failed = errors.Join(failed, err)
	t.FFprobe, err = locate(ffprobe, "ffprobe")
	failed = errors.Join(failed, err)
	if failed != nil {
		return Tools{}, fmt.Errorf("%w: %w", ErrNoTools, failed)
	}
	version, err := t.ask(ctx, "-version")
	if err != nil {
		return Tools{}, err
	}
	t.Version = parseVersion(version)
	encoders, err := t.ask(ctx, "-hide_banner", "-encoders")
	if err != nil {
		return Tools{}, err
	}
	filters, err := t.ask(ctx, "-hide_banner", "-filters")
	if err != nil {
		return Tools{}, err
	}
	t.Lacks = slices.Concat(
		missing(encoders, "libx264", "aac", "mjpeg", "webvtt"),
		missing(filters, "scale", "fps", "tpad", "tile", "thumbnail", "yadif", "aresample", "apad"),
	)
	t.ToneMap = len(missing(filters, "zscale", "tonemap")) == 0
	t.Isolated = t.canIsolate(ctx)
	return t, nil
}

// locate returns the absolute path of a program.
func locate(given, name string) (string, error) {
	found, err := exec.LookPath(cmp.Or(given, name))
	if err != nil {
		return "", fmt.Errorf("look for %s: %w", name, err)
	}
	path, err := filepath.Abs(found)
	if err != nil {
		return "", fmt.Errorf("look for %s: %w", name, err)
	}
	return path, nil
}

// ask returns what ffmpeg answers.
func (t Tools) ask(ctx context.Context, args ...string) (string, error) {
	r := Runner{Tools: t, Limits: DefaultLimits()}
	out := &limited{most: 1 << 20}
	if err := r.run(ctx, process{tool: t.FFmpeg, args: args, wall: findTime, out: out}); err != nil {
		return "", fmt.Errorf("%w: ask %s: %w", ErrNoTools, strings.Join(args, " "), err)
	}
	return out.String(), nil
}

// canIsolate tries: containers and kernels differ in whom they let make a namespace.
func (t Tools) canIsolate(ctx context.Context) bool {
	if !canIsolate {
		return false
	}
	t.Isolated = true
	_, err := t.ask(ctx, "-version")
	return err == nil
}

// parseVersion reads "ffmpeg version 5.1.9 Copyright …".
func parseVersion(text string) string {
	words := strings.Fields(text)
	if len(words) < 3 || words[1] != "version" {
		return ""
	}
	return words[2]
}

// missing returns the names that do not stand in the second column of a list of ffmpeg's.
func missing(list string, names ...string) []string {
	has := map[string]bool{}
	for line := range strings.Lines(list) {
		if words := strings.Fields(line); len(words) > 1 {
			has[words[1]] = true
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return has[name] })
}

// Unprivileged returns the account that processes should run as: nil for an ordinary user, and for root the first
// of the named users that the machine knows. The error says that root knows none of them.
func Unprivileged(names ...string) (*Account, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // There is nothing to change to.
	}
	for _, name := range names {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, failedUser := strconv.ParseUint(found.Uid, 10, 32)
		gid, failedGroup := strconv.ParseUint(found.Gid, 10, 32)
		if err := errors.Join(failedUser, failedGroup); err != nil {
			return nil, fmt.Errorf("read account of %s: %w", name, err)
		}
		return &Account{UID: uint32(uid), GID: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("started as root, and none of the users %q exists to run ffmpeg as", names)
}
