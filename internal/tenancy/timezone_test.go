package tenancy

import "testing"

func TestZones(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"UTC": true, "Europe/Berlin": true, "America/Argentina/Buenos_Aires": true, "Asia/Kathmandu": true, "Etc/GMT+5": true,
		"": false, "Local": false, "local": false, "Mars/Olympus": false, "../etc/passwd": false, "/etc/localtime": false, "Europe/Berlin\x00": false,
		"Europe/Berlin ": false, "+02:00": false, "Europe\\Berlin": false, "Europe": false, "tzdata.zi": false, "zone.tab": false,
	} {
		if got := isZone(name); got != want {
			t.Errorf("isZone(%q) = %t", name, got)
		}
	}
}
