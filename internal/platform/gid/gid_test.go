package gid_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/platform/gid"
)

func TestKnownSpellings(t *testing.T) {
	t.Parallel()
	// The examples of the TypeID specification (valid.json), without their prefixes.
	for spelling, id := range map[string]string{
		"00000000000000000000000000": "00000000-0000-0000-0000-000000000000",
		"00000000000000000000000001": "00000000-0000-0000-0000-000000000001",
		"0000000000000000000000000g": "00000000-0000-0000-0000-000000000010",
		"00000000000000000000000010": "00000000-0000-0000-0000-000000000020",
		"7zzzzzzzzzzzzzzzzzzzzzzzzz": "ffffffff-ffff-ffff-ffff-ffffffffffff",
		"01h455vb4pex5vsknk084sn02q": "01890a5d-ac96-774b-bcce-b302099a8057",
	} {
		u := uuid.MustParse(id)
		if got := gid.Encode(u); got != spelling {
			t.Errorf("%s is written %s, want %s", id, got, spelling)
		}
		if got, err := gid.Decode(spelling); err != nil || got != u {
			t.Errorf("%s reads %s (%v), want %s", spelling, got, err, id)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const good = "crs_01h455vb4pex5vsknk084sn02q"
	if id, err := gid.Parse(good); err != nil || id.String() != good || id.Type != "crs" {
		t.Fatalf("%s: %v (%v)", good, id, err)
	}
	for name, bad := range map[string]string{
		"empty":            "",
		"no type":          "01h455vb4pex5vsknk084sn02q",
		"empty type":       "_01h455vb4pex5vsknk084sn02q",
		"short type":       "cr_01h455vb4pex5vsknk084sn02q",
		"long type":        "crse_01h455vb4pex5vsknk084sn02q",
		"upper-case type":  "CRS_01h455vb4pex5vsknk084sn02q",
		"short":            "crs_01h455vb4pex5vsknk084sn02",
		"long":             "crs_01h455vb4pex5vsknk084sn02qq",
		"over 128 bits":    "crs_81h455vb4pex5vsknk084sn02q",
		"upper case":       "crs_01H455VB4PEX5VSKNK084SN02Q",
		"letter i":         "crs_0ih455vb4pex5vsknk084sn02q",
		"letter u":         "crs_0uh455vb4pex5vsknk084sn02q",
		"a UUID":           "crs_01890a5d-ac96-774b-bcce-b302099a8057",
		"blank behind":     good + " ",
		"NUL inside":       "crs_01h455vb4pex5vsknk084sn02\x00",
		"two bytes in one": "crs_01h455vb4pex5vsknk084sn0é",
		"very long":        strings.Repeat("crs_", 100_000),
	} {
		if id, err := gid.Parse(bad); !errors.Is(err, gid.ErrMalformed) || id != (gid.ID{}) {
			t.Errorf("%s: %v (%v), want ErrMalformed", name, id, err)
		}
	}
}

func TestGraphQLAndJSON(t *testing.T) {
	t.Parallel()
	id := gid.New("usr", uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057"))
	var out bytes.Buffer
	id.MarshalGQL(&out)
	inJSON, err := json.Marshal(id)
	if want := `"usr_01h455vb4pex5vsknk084sn02q"`; err != nil || out.String() != want || string(inJSON) != want {
		t.Errorf("GraphQL %s, JSON %s (%v)", out.String(), inJSON, err)
	}
	var back gid.ID
	if err := back.UnmarshalGQL("usr_01h455vb4pex5vsknk084sn02q"); err != nil || back != id {
		t.Errorf("read back %v (%v)", back, err)
	}
	for _, bad := range []any{nil, 7, true, "usr_", json.Number("1")} {
		if err := back.UnmarshalGQL(bad); !errors.Is(err, gid.ErrMalformed) {
			t.Errorf("%v: %v, want ErrMalformed", bad, err)
		}
	}
	if (gid.ID{}).String() != "" {
		t.Error("no id has a spelling")
	}
}

func TestOrderIsThatOfUUIDs(t *testing.T) {
	t.Parallel()
	earlier := uuid.Must(uuid.NewV7())
	for range 1000 {
		later := uuid.Must(uuid.NewV7())
		if gid.Encode(earlier) >= gid.Encode(later) {
			t.Fatalf("%s sorts behind %s", earlier, later)
		}
		earlier = later
	}
}

// FuzzParse holds Parse against arithmetic: an id is three letters, and its UUID as a number in base 32. Each id
// has one spelling.
func FuzzParse(f *testing.F) {
	f.Add("crs_01h455vb4pex5vsknk084sn02q")
	f.Add("crs_7zzzzzzzzzzzzzzzzzzzzzzzzz")
	f.Add("crs_8zzzzzzzzzzzzzzzzzzzzzzzzz")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := gid.Parse(s)
		var read gid.ID
		if again := read.UnmarshalGQL(s); (again == nil) != (err == nil) || read != id {
			t.Errorf("%q: Parse says %v (%v), UnmarshalGQL %v (%v)", s, id, err, read, again)
		}
		want, isID := byArithmetic(s)
		if isID != (err == nil) || id != want {
			t.Fatalf("Parse(%q) = %v (%v), want %v (an id: %t)", s, id, err, want, isID)
		}
		if err != nil {
			if !errors.Is(err, gid.ErrMalformed) {
				t.Errorf("Parse(%q): %v, want ErrMalformed", s, err)
			}
			return
		}
		var written strings.Builder
		id.MarshalGQL(&written)
		if id.String() != s || written.String() != `"`+s+`"` {
			t.Errorf("%q reads as an id that is written %q and %s: two spellings of one id", s, id.String(), &written)
		}
	})
}

// byArithmetic reads an id without any bit of the package's own.
func byArithmetic(s string) (gid.ID, bool) {
	form := regexp.MustCompile(`^([a-z]{3})_([0-7][0-9a-hjkmnp-tv-z]{25})$`).FindStringSubmatch(s)
	if form == nil {
		return gid.ID{}, false
	}
	number := new(big.Int)
	for _, c := range form[2] {
		digit := strings.IndexRune("0123456789abcdefghjkmnpqrstvwxyz", c)
		number.Add(number.Lsh(number, 5), big.NewInt(int64(digit)))
	}
	id := gid.ID{Type: form[1]}
	number.FillBytes(id.UUID[:])
	return id, true
}
