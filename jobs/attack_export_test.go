package jobs

import (
	"reflect"

	"github.com/riverqueue/river"
)

// Registered returns the arguments of every kind that there is a worker for, as new pointers, by kind.
func Registered() map[string]reflect.Value {
	found := map[string]reflect.Value{}
	kinds := reflect.ValueOf(workers(Services{})).Elem().FieldByName("workersMap")
	for _, kind := range kinds.MapKeys() {
		found[kind.String()] = reflect.New(kinds.MapIndex(kind).FieldByName("jobArgs").Elem().Type())
	}
	return found
}

// AcrossTenants reports whether jobs of the kind belong to no tenant.
func AcrossTenants(kind string) bool { return acrossTenants(kind) }

// Periodic returns what is inserted again and again.
func Periodic() []*river.PeriodicJob { return periodic() }
