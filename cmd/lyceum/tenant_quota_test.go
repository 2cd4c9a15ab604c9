package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lyceum/internal/gen/ent/auditentry"
	"lyceum/internal/platform/pgtest"
)

// TestTenantQuota sets and shows bounds as an operator does, and finds in the audit log what changed.
func TestTenantQuota(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	settings := filepath.Join(t.TempDir(), "lyceum.yaml")
	yaml := fmt.Sprintf("database: {migrate_url: 'literal:%s'}\nlimit: {storage: 3GiB, storage_user: 1GiB}\n", d.OwnerURL)
	if err := os.WriteFile(settings, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, error) {
		var said bytes.Buffer
		root := newRoot()
		root.SetOut(&said)
		root.SetErr(&said)
		root.SetArgs(append([]string{"tenant", "quota", "--config=" + settings}, args...))
		err := root.ExecuteContext(t.Context())
		return said.String(), err
	}
	for _, step := range []struct {
		args []string
		want string
	}{
		{[]string{"acme"}, "storage\t3GiB (the setting)\nstorage-user\t1GiB (the setting)\n"},
		{[]string{"acme", "--storage=500GiB"}, "storage\t500GiB (its own)\nstorage-user\t1GiB (the setting)\n"},
		{[]string{"acme", "--storage-user=0"}, "storage\t500GiB (its own)\nstorage-user\t0 (its own)\n"},
		{[]string{"acme", "--storage=default", "--storage-user=7MiB"}, "storage\t3GiB (the setting)\nstorage-user\t7MiB (its own)\n"},
		{[]string{"acme"}, "storage\t3GiB (the setting)\nstorage-user\t7MiB (its own)\n"},
	} {
		if said, err := run(step.args...); err != nil || said != step.want {
			t.Errorf("%v: %v, %q", step.args, err, said)
		}
	}
	for name, args := range map[string][]string{
		"a tenant that is not there": {"nobody", "--storage=1GiB"}, "no size": {"acme", "--storage=much"},
		"below zero": {"acme", "--storage=-1"}, "beyond counting": {"acme", "--storage-user=9999999999GiB"}, "an empty size": {"acme", "--storage="},
		"no tenant": {}, "two tenants": {"acme", "globex"},
	} {
		if said, err := run(args...); err == nil {
			t.Errorf("%s: %q", name, said)
		}
	}
	entries := d.AuditEntry.Query().Order(auditentry.BySeq()).AllX(acme.System(t.Context()))
	if len(entries) != 3 {
		t.Fatalf("%d entries in the audit log, want one for each change", len(entries))
	}
	for i, want := range []map[string]string{
		{"storage": "536870912000", "storageUser": ""}, {"storage": "536870912000", "storageUser": "0"}, {"storage": "", "storageUser": "7340032"},
	} {
		if e := entries[i]; e.Action != "tenant.quota_changed" || !maps.Equal(e.Data, want) || !strings.Contains(e.Actor, "lyceum tenant quota") {
			t.Errorf("entry %d: %+v", i, e)
		}
	}
}
