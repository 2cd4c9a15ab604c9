package loader

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"

	"github.com/vikstrous/dataloadgen"
)

var errOdd = errors.New("odd")

// counting is a loader of numbers by their spelling, which remembers what it was asked for. There is nothing under "0",
// "13" is odd, and with "666" in a batch nothing is found.
func counting(asked *[][]string) *Loader[string, int] {
	return &Loader[string, int]{find: func(_ context.Context, keys []string) ([]int, []error) {
		*asked = append(*asked, slices.Clone(keys))
		if slices.Contains(keys, "666") {
			return nil, []error{errOdd}
		}
		values, errs := make([]int, len(keys)), make([]error, len(keys))
		for i, key := range keys {
			switch key {
			case "0":
				errs[i] = dataloadgen.ErrNotFound
			case "13":
				errs[i] = errOdd
			default:
				values[i], errs[i] = strconv.Atoi(key)
			}
		}
		return values, errs
	}}
}

// TestAhead: what was found ahead is known, with what went wrong, and never asked for again.
func TestAhead(t *testing.T) {
	t.Parallel()
	var asked [][]string
	l := counting(&asked)
	l.Ahead(t.Context(), []string{"1", "0", "1", "13"})
	l.Ahead(t.Context(), []string{"1", "2"})
	l.Ahead(t.Context(), []string{"2", "0"})
	if want := [][]string{{"1", "0", "13"}, {"2"}}; !slices.EqualFunc(asked, want, slices.Equal) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
	for key, want := range map[string]struct {
		value int
		err   error
	}{"1": {1, nil}, "2": {2, nil}, "0": {0, dataloadgen.ErrNotFound}, "13": {0, errOdd}} {
		if !l.Known(key) {
			t.Errorf("%s is not known", key)
		}
		for _, load := range []func() (int, error){
			func() (int, error) { return l.Load(t.Context(), key) }, l.LoadThunk(t.Context(), key),
		} {
			if value, err := load(); value != want.value || !errors.Is(err, want.err) {
				t.Errorf("%s: %d (%v), want %d (%v)", key, value, err, want.value, want.err)
			}
		}
	}
	if l.Known("3") || len(asked) != 2 {
		t.Errorf("3 is known, or what was known was asked for again: %q", asked)
	}
	if value, err := l.Load(t.Context(), "3"); value != 3 || err != nil {
		t.Errorf("3 is %d (%v)", value, err)
	}
}

// TestAheadOfMany: a statement takes so many keys, and what fails fails for those that went with it.
func TestAheadOfMany(t *testing.T) {
	t.Parallel()
	var asked [][]string
	l := counting(&asked)
	keys := make([]string, capacity+2)
	for i := range keys {
		keys[i] = strconv.Itoa(1000 + i)
	}
	keys[capacity+1] = "666"
	l.Ahead(t.Context(), keys)
	if len(asked) != 2 || len(asked[0]) != capacity {
		t.Fatalf("asked for %d batches", len(asked))
	}
	if _, err := l.Load(t.Context(), keys[0]); err != nil {
		t.Error(err)
	}
	for _, key := range keys[capacity:] {
		if _, err := l.Load(t.Context(), key); !errors.Is(err, errOdd) {
			t.Errorf("%s: %v, want the error of its batch", key, err)
		}
	}
}

// TestPrime: what was found in another way is known, unless somebody asked before.
func TestPrime(t *testing.T) {
	t.Parallel()
	var asked [][]string
	l := counting(&asked)
	l.Prime("1", 100)
	l.Prime("1", 200)
	if !l.Known("1") {
		t.Error("1 is not known")
	}
	before, err := l.Load(t.Context(), "2")
	if err != nil {
		t.Fatal(err)
	}
	l.Prime("2", 200)
	all, err := l.LoadAll(t.Context(), []string{"1", "2", "3"})
	if want := []int{100, before, 3}; err != nil || !slices.Equal(all, want) {
		t.Errorf("%v (%v), want %v", all, err, want)
	}
	if _, err := l.LoadAll(t.Context(), []string{"1", "13"}); !errors.Is(err, errOdd) {
		t.Errorf("%v, want that 13 is odd", err)
	}
}
