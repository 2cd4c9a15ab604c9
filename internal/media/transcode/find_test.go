package transcode

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	t.Parallel()
	whole := tool(t, `case "$*" in
	-version) echo "ffmpeg version 7.1-test Copyright";;
	*-encoders) printf ' V....D libx264  H.264\n A....D aac  AAC\n V....D mjpeg  x\n S..... webvtt  x\n';;
	*-filters) printf ' ... %s V->V x\n' scale fps tpad tile thumbnail yadif aresample apad zscale tonemap;;
	esac`)
	found, err := Find(t.Context(), whole, whole)
	if err != nil || found.Version != "7.1-test" || !found.ToneMap || found.Usable() != nil || found.FFmpeg != whole {
		t.Errorf("a whole one: %+v (%v)", found, err)
	}
	poor := tool(t, `case "$*" in
	-version) echo "ffmpeg version n6.0 Copyright";;
	*-encoders) printf ' V..... libx265 x\n A....D aac  AAC\n V....D mjpeg  libx264\n S..... webvtt  x\n';;
	*-filters) printf ' ... %s V->V x\n' scale fps tpad tile thumbnail yadif aresample apad;;
	esac`)
	found, err = Find(t.Context(), poor, poor)
	if err != nil || found.ToneMap || strings.Join(found.Lacks, " ") != "libx264" {
		t.Errorf("one without libx264: %+v (%v)", found, err)
	}
	if err := found.Usable(); !errors.Is(err, ErrNoTools) || !strings.Contains(err.Error(), "without libx264") {
		t.Errorf("usable: %v", err)
	}
	for name, paths := range map[string][2]string{
		"not there":     {t.TempDir() + "/ffmpeg", whole},
		"no ffprobe":    {whole, t.TempDir() + "/ffprobe"},
		"does not work": {tool(t, "exit 1"), whole},
	} {
		if _, err := Find(t.Context(), paths[0], paths[1]); !errors.Is(err, ErrNoTools) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = (&Job{Runner: &Runner{Tools: found}, Dir: t.TempDir()}).Run(t.Context())
	if !errors.Is(err, ErrNoTools) {
		t.Errorf("a job with it: %v", err)
	}
}

func TestUnprivileged(t *testing.T) {
	t.Parallel()
	a, err := Unprivileged("no-such-user-here", "nobody")
	if os.Geteuid() != 0 {
		if a != nil || err != nil {
			t.Errorf("an ordinary user becomes %+v (%v)", a, err)
		}
		return
	}
	if err != nil || a == nil || a.UID == 0 || a.GID == 0 {
		t.Errorf("root becomes %+v (%v)", a, err)
	}
	if _, err := Unprivileged("no-such-user-here"); err == nil {
		t.Error("root found a user that is not there")
	}
}
