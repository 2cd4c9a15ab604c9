package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestMediaWorkerUnit lets systemd read the unit, and looks for what keeps ffmpeg in.
func TestMediaWorkerUnit(t *testing.T) {
	t.Parallel()
	const unit = "../docs/media-worker/lyceum-media.service"
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "DynamicUser=yes", "PrivateDevices=yes", "MemoryMax=6G",
	} {
		if !slices.Contains(strings.Split(string(text), "\n"), line) {
			t.Errorf("the unit has no %s", line)
		}
	}
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze on PATH: the unit was read as a text")
	}
	// What it starts is installed elsewhere.
	here := filepath.Join(t.TempDir(), "lyceum-media.service")
	mine := regexp.MustCompile(`/usr/local/bin/lyceum`).ReplaceAllString(string(text), running.Binary)
	if err := os.WriteFile(here, []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), program, "verify", "--man=no", here).CombinedOutput(); err != nil || strings.Contains(string(out), here) {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// TestMediaWorkerCompose reads the compose file, and looks for what keeps ffmpeg in.
func TestMediaWorkerCompose(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/media-worker/compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			Command  []string
			ReadOnly bool     `yaml:"read_only"`
			CapDrop  []string `yaml:"cap_drop"`
			Limit    string   `yaml:"mem_limit"`
			Volumes  []struct{ Source, Target string }
		}
		Volumes map[string]any
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	media, found := file.Services["media"]
	if !found || !slices.Equal(media.Command, []string{"work", "--queues=media=1"}) || !media.ReadOnly || !slices.Equal(media.CapDrop, []string{"ALL"}) ||
		media.Limit == "" {
		t.Errorf("the service is %+v", media)
	}
	for _, volume := range media.Volumes {
		if _, declared := file.Volumes[volume.Source]; !declared {
			t.Errorf("there is no volume %s", volume.Source)
		}
	}
}
