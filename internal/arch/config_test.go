package arch

import (
	"go/types"
	"maps"
	"slices"
	"testing"

	"golang.org/x/tools/go/packages"
)

// configPath is the package of the settings.
const configPath = module + "internal/platform/config"

// readInside are settings that the package of the settings reads itself, each with its reason.
var readInside = map[string]string{
	"Jobs.Workers": "completes Jobs.Queues",
	"Public.Port":  "stands in public addresses",
}

// unreadSettings names the settings that no other package looks at: whoever sets one is deceived.
func unreadSettings(pkgs []*packages.Package) []string {
	settings := map[types.Object]string{}
	for _, pkg := range pkgs {
		if pkg.PkgPath == configPath {
			collectSettings(pkg.Types.Scope().Lookup("Config").Type(), "", settings)
		}
	}
	for _, pkg := range pkgs {
		if pkg.PkgPath == configPath {
			continue
		}
		for _, used := range pkg.TypesInfo.Uses {
			delete(settings, used)
		}
	}
	return slices.Collect(maps.Values(settings))
}

// collectSettings notes the exported fields of the struct and of the structs in it, each by its path.
func collectSettings(t types.Type, prefix string, settings map[types.Object]string) {
	fields, ok := t.Underlying().(*types.Struct)
	if !ok {
		return
	}
	for field := range fields.Fields() {
		if !field.Exported() {
			continue
		}
		settings[field] = prefix + field.Name()
		if named, ok := field.Type().(*types.Named); ok && named.Obj().Pkg() == field.Pkg() {
			collectSettings(named, prefix+field.Name()+".", settings)
		}
	}
}

func TestEverySettingIsRead(t *testing.T) {
	t.Parallel()
	unread := unreadSettings(typed(t, oursTyped))
	for setting, reason := range readInside {
		if !slices.Contains(unread, setting) {
			t.Errorf("%s is excused (%s) but need not be", setting, reason)
		}
	}
	var found []string
	for _, setting := range unread {
		if readInside[setting] == "" {
			found = append(found, setting)
		}
	}
	expect(t, found)
}
