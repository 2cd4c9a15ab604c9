package assessment

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/fault"
)

func TestGradeChoices(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		kind    quiz.Kind
		correct []string
		chosen  []string
		want    bool
	}{
		"the one":              {quiz.SingleChoice, []string{"a"}, []string{"a"}, true},
		"another one":          {quiz.SingleChoice, []string{"a"}, []string{"b"}, false},
		"none":                 {quiz.SingleChoice, []string{"a"}, nil, false},
		"the one and another":  {quiz.SingleChoice, []string{"a"}, []string{"a", "b"}, false},
		"the one, no key":      {quiz.SingleChoice, nil, []string{"a"}, false},
		"all":                  {quiz.MultipleChoice, []string{"a", "b"}, []string{"b", "a"}, true},
		"one of two":           {quiz.MultipleChoice, []string{"a", "b"}, []string{"a"}, false},
		"one too many":         {quiz.MultipleChoice, []string{"a", "b"}, []string{"a", "b", "c"}, false},
		"one of two, twice":    {quiz.MultipleChoice, []string{"a", "b"}, []string{"a", "a"}, false},
		"nothing, and rightly": {quiz.MultipleChoice, nil, nil, true},
		"something, wrongly":   {quiz.MultipleChoice, nil, []string{"a"}, false},
		"an unknown kind":      {"ESSAY", []string{"a"}, []string{"a"}, false},
	} {
		if got := grade(tt.kind, quiz.Key{Correct: tt.correct}, quiz.Response{Choices: tt.chosen}); got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
}

func TestParseNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"12": 12, "-0.5": -0.5, "+3": 3, "0,5": 0.5, "1,000": 1, ".5": 0.5, "5.": 5, ",25": 0.25, "\u22127": -7,
		"6.02e23": 6.02e23, "6,02E+23": 6.02e23, "1e-3": 0.001, "007": 7, "1e-999": 0,
	} {
		if got, ok := parseNumber(text); !ok || got != want {
			t.Errorf("%q: %g, %t; want %g", text, got, ok, want)
		}
	}
	if got, ok := parseNumber("\t12 "); !ok || got != 12 {
		t.Errorf("12 between white space: %g, %t", got, ok)
	}
	for _, text := range []string{
		"", " ", "x", "1.2.3", "1,000.5", "1.000,5", "1 000", "1_000", "0x10", "inf", "-Inf", "NaN", "1e", "e5", "--1", "1e999", "-1e999",
		".", ",", "-", "1/2", "12px", "1e1.5", "١٢", strings.Repeat("1", maxNumber+1),
	} {
		if got, ok := parseNumber(text); ok {
			t.Errorf("%q was read as %g", text, got)
		}
	}
}

func TestGradeNumber(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		key  quiz.NumericKey
		text string
		want bool
	}{
		"exact":                    {quiz.NumericKey{Min: 42, Max: 42}, "42", true},
		"exact, missed":            {quiz.NumericKey{Min: 42, Max: 42}, "42.0001", false},
		"exact fraction":           {quiz.NumericKey{Min: 0.1, Max: 0.1}, "0,1", true},
		"lower bound":              {quiz.NumericKey{Min: 1, Max: 2}, "1", true},
		"upper bound":              {quiz.NumericKey{Min: 1, Max: 2}, "2", true},
		"below":                    {quiz.NumericKey{Min: 1, Max: 2}, "0.999", false},
		"above":                    {quiz.NumericKey{Min: 1, Max: 2}, "2.001", false},
		"lower bound excluded":     {quiz.NumericKey{Min: 1, Max: 2, ExcludeMin: true}, "1", false},
		"upper bound excluded":     {quiz.NumericKey{Min: 1, Max: 2, ExcludeMax: true}, "2", false},
		"inside excluded bounds":   {quiz.NumericKey{Min: 1, Max: 2, ExcludeMin: true, ExcludeMax: true}, "1.5", true},
		"a bound that was rounded": {quiz.NumericKey{Min: 0.6, Max: math.Nextafter(0.8, 0)}, "0.8", true},
		"huge":                     {quiz.NumericKey{Min: 6e23, Max: 6.1e23}, "6.02e23", true},
		"tiny":                     {quiz.NumericKey{Min: 1e-20, Max: 2e-20}, "1.5e-20", true},
		"tiny, missed":             {quiz.NumericKey{Min: 1e-20, Max: 2e-20}, "3e-20", false},
		"zero":                     {quiz.NumericKey{}, "-0", true},
		"no number":                {quiz.NumericKey{Min: -1, Max: 1}, "zero", false},
		"nothing":                  {quiz.NumericKey{Min: -1, Max: 1}, "", false},
	} {
		if got := grade(quiz.Numeric, quiz.Key{Numeric: &tt.key}, quiz.Response{Number: tt.text}); got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
	if grade(quiz.Numeric, quiz.Key{}, quiz.Response{Number: "1"}) {
		t.Error("a number is right without a key")
	}
}

func TestGradeText(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		accepted []string
		exact    bool
		text     string
		want     bool
	}{
		"as it stands":          {[]string{"Paris"}, false, "Paris", true},
		"another case":          {[]string{"Paris"}, false, "pARIS", true},
		"another case, exactly": {[]string{"Paris"}, true, "pARIS", false},
		"exactly":               {[]string{"Paris"}, true, " Paris ", true},
		"white space":           {[]string{"New York"}, false, "\tnew \u00a0 york\n", true},
		"no white space":        {[]string{"New York"}, false, "newyork", false},
		"another form":          {[]string{"Caf\u00e9"}, false, "cafe\u0301", true},
		"another form, exactly": {[]string{"Cafe\u0301"}, true, "Caf\u00e9", true},
		"sharp s":               {[]string{"Straße"}, false, "STRASSE", true},
		"final sigma":           {[]string{"ΟΔΟΣ"}, false, "οδος", true},
		"the second":            {[]string{"H2O", "water"}, false, "Water", true},
		"none of them":          {[]string{"H2O", "water"}, false, "ice", false},
		"nothing":               {[]string{"", " "}, false, " ", false},
		"nothing is accepted":   {nil, false, "x", false},
	} {
		key := quiz.TextKey{Accepted: tt.accepted, CaseSensitive: tt.exact}
		if got := grade(quiz.ShortText, quiz.Key{Text: &key}, quiz.Response{Text: tt.text}); got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
	if grade(quiz.ShortText, quiz.Key{}, quiz.Response{Text: "x"}) {
		t.Error("a text is right without a key")
	}
}

func TestPasses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		score, most float64
		mark        int
		want        bool
	}{
		{7, 10, 70, true}, {6, 10, 70, false}, {2, 3, 66, true}, {2, 3, 67, false}, {0, 10, 0, true}, {10, 10, 100, true}, {9, 10, 100, false},
	} {
		if got := passes(tt.score, tt.most, tt.mark); got != tt.want {
			t.Errorf("%g of %g with a pass mark of %d %%: %t, want %t", tt.score, tt.most, tt.mark, got, tt.want)
		}
	}
}

// TestGradeIsTotal grades anything at all: it gives an answer, and twice the same.
func TestGradeIsTotal(t *testing.T) {
	t.Parallel()
	kinds := append(quiz.Kind("").Values(), "", "ESSAY")
	keys := rapid.SliceOf(rapid.StringOf(rapid.RuneFrom([]rune("abc"))))
	rapid.Check(t, func(t *rapid.T) {
		kind := quiz.Kind(rapid.SampledFrom(kinds).Draw(t, "kind"))
		key := quiz.Key{Correct: keys.Draw(t, "correct")}
		if rapid.Bool().Draw(t, "numeric") {
			key.Numeric = &quiz.NumericKey{
				Min: rapid.Float64().Draw(t, "min"), Max: rapid.Float64().Draw(t, "max"),
				ExcludeMin: rapid.Bool().Draw(t, "exclude min"), ExcludeMax: rapid.Bool().Draw(t, "exclude max"),
			}
		}
		if rapid.Bool().Draw(t, "text") {
			key.Text = &quiz.TextKey{Accepted: rapid.SliceOf(rapid.String()).Draw(t, "accepted"), CaseSensitive: rapid.Bool().Draw(t, "case")}
		}
		response := quiz.Response{
			Choices: keys.Draw(t, "choices"), Number: rapid.String().Draw(t, "number"), Text: rapid.String().Draw(t, "said"),
		}
		first := grade(kind, key, response)
		if first != grade(kind, key, response) {
			t.Fatal("graded twice, and differently")
		}
		if kind == quiz.MultipleChoice {
			slices.Reverse(response.Choices)
			if first != grade(kind, key, response) {
				t.Fatal("the order of choices matters")
			}
		}
	})
}

// TestAcceptedIsRight answers with what the author accepts.
func TestAcceptedIsRight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		accepted := rapid.SliceOfN(rapid.String(), 1, 5).Draw(t, "accepted")
		said := rapid.SampledFrom(accepted).Draw(t, "said")
		key := quiz.TextKey{Accepted: accepted, CaseSensitive: rapid.Bool().Draw(t, "case")}
		if got, want := gradeText(key, "  "+said+"\n"), strings.TrimSpace(said) != ""; got != want {
			t.Fatalf("%q: %t, want %t", said, got, want)
		}
	})
}

func FuzzParseNumber(f *testing.F) {
	for _, seed := range []string{"", "12", "-0,5", "6.02e23", "1e999", "0x1p-2", "1_000", "\u22127", "٣٫١٤", "+.e+"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, ok := parseNumber(text)
		if !ok {
			return
		}
		if math.IsNaN(value) || math.IsInf(value, 0) {
			t.Fatalf("%q was read as %g", text, value)
		}
		if again, ok := parseNumber(" " + text); len(text) < maxNumber && (!ok || again != value) {
			t.Fatalf("a space before %q changed %g to %g", text, value, again)
		}
		if !gradeNumber(quiz.NumericKey{Min: value, Max: value}, text) {
			t.Fatalf("%q is not what it is", text)
		}
	})
}

func TestFits(t *testing.T) {
	t.Parallel()
	offered := []string{"a", "b"}
	for name, tt := range map[string]struct {
		kind     quiz.Kind
		response quiz.Response
		good     bool
	}{
		"nothing":                 {quiz.SingleChoice, quiz.Response{}, true},
		"one":                     {quiz.SingleChoice, quiz.Response{Choices: []string{"b"}}, true},
		"two of one":              {quiz.SingleChoice, quiz.Response{Choices: []string{"a", "b"}}, false},
		"another's":               {quiz.SingleChoice, quiz.Response{Choices: []string{"c"}}, false},
		"two":                     {quiz.MultipleChoice, quiz.Response{Choices: []string{"b", "a"}}, true},
		"twice":                   {quiz.MultipleChoice, quiz.Response{Choices: []string{"a", "a"}}, false},
		"a great many":            {quiz.MultipleChoice, quiz.Response{Choices: make([]string, 100_000)}, false},
		"a number for a choice":   {quiz.MultipleChoice, quiz.Response{Number: "1"}, false},
		"a text for a choice":     {quiz.SingleChoice, quiz.Response{Text: "a"}, false},
		"a number":                {quiz.Numeric, quiz.Response{Number: "1,5"}, true},
		"no number yet":           {quiz.Numeric, quiz.Response{}, true},
		"not a number":            {quiz.Numeric, quiz.Response{Number: "one"}, false},
		"a choice for a number":   {quiz.Numeric, quiz.Response{Choices: []string{"a"}}, false},
		"a text":                  {quiz.ShortText, quiz.Response{Text: "où"}, true},
		"a long text":             {quiz.ShortText, quiz.Response{Text: strings.Repeat("x", maxResponse+1)}, false},
		"a text Postgres refuses": {quiz.ShortText, quiz.Response{Text: "a\x00b"}, false},
		"a text that is none":     {quiz.ShortText, quiz.Response{Text: "a\xff"}, false},
		"a number for a text":     {quiz.ShortText, quiz.Response{Number: "1"}, false},
	} {
		err := fits(tt.kind, offered, tt.response)
		if good := err == nil; good != tt.good || (!good && fault.CodeOf(err) != fault.BadInput) {
			t.Errorf("%s: %v, want good: %t", name, err, tt.good)
		}
	}
}
