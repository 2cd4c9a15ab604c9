package auth

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"lyceum/internal/fault"
)

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	const ok = ""
	tests := map[string]struct{ password, want string }{
		"four words":              {"correct-horse-lyceum", ok},
		"of the demo":             {"lyceum-demo", ok},
		"ten characters":          {"x7&kPq02!m", ok},
		"not latin":               {"пароль для урока", ok},
		"ten chinese characters":  {"床前明月光疑是地上霜", ok},
		"with spaces":             {"a quiet river at noon", ok},
		"as long as allowed":      {strings.Repeat("river7-", 146), ok},
		"long digits and a word":  {"83748293748may92837465", ok},
		"empty":                   {"", tooShort},
		"nine characters":         {"x7&kPq02!", tooShort},
		"two wide characters":     {"床前床前床前床前床前床前", common},
		"nine wide characters":    {"床前明月光疑是地上", tooShort},
		"one byte too long":       {strings.Repeat("x7&kPq02", 128) + "!", tooLong},
		"with a line break":       {"correct\nhorse-lyceum", notText},
		"with NUL":                {"correct\x00horse-lyceum", notText},
		"not UTF-8":               {"correct\xffhorse-lyceum", notText},
		"common":                  {"password1234", common},
		"common in capitals":      {"PASSWORD1234", common},
		"common, disguised":       {"P@ssw0rd!!!", common},
		"common, decorated":       {"!!dragon2024!!", common},
		"common, one for i":       {"pr1nc3ss_99", common},
		"common, one for l":       {"1ovely.lady", ok},
		"common with separators":  {"i-love-you-123", common},
		"common, doubled":         {"passwordpassword", common},
		"digits in order":         {"1234567890", common},
		"digits backwards":        {"9876543210", common},
		"digits round the corner": {"6789012345", common},
		"keyboard row":            {"qwertyuiop", common},
		"keyboard rows":           {"asdfghjklzx", common},
		"alphabet":                {"cdefghijklmn", common},
		"one character":           {"aaaaaaaaaaaa", common},
		"short period":            {"abc1abc1abc1", common},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := CheckPassword("password", tt.password)
			if tt.want == ok {
				if err != nil {
					t.Errorf("CheckPassword(%q) = %v, want nil", tt.password, err)
				}
				return
			}
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != fault.BadInput || f.Violations[0].Field != "password" || f.Message != tt.want {
				t.Errorf("CheckPassword(%q) = %v, want %q", tt.password, err, tt.want)
			}
		})
	}
}

func TestCommonWordsAreWellFormed(t *testing.T) {
	t.Parallel()
	const fewest = 500
	words := strings.Fields(commonWords)
	if len(words) < fewest {
		t.Errorf("the list holds %d words, want at least %d", len(words), fewest)
	}
	if !slices.IsSorted(words) || len(slices.Compact(slices.Clone(words))) != len(words) {
		t.Error("the list is not sorted, or holds a word twice")
	}
	for _, word := range words {
		if word != strings.ToLower(word) {
			t.Errorf("%q is not in lower case", word)
		}
		if len(word) >= MinPasswordRunes && CheckPassword("password", word) == nil {
			t.Errorf("CheckPassword(%q) = nil, though it is on the list", word)
		}
	}
}

func FuzzCheckPassword(f *testing.F) {
	for _, seed := range []string{"", "lyceum-demo", "P@ssw0rd!!!", "\xff\xfe", "1111111111", "床前明月光"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, password string) {
		err := CheckPassword("password", password)
		if code := fault.CodeOf(err); err != nil && code != fault.BadInput {
			t.Errorf("CheckPassword(%q): code %q", password, code)
		}
		if err == nil && (len(password) > MaxPasswordBytes || utf8.RuneCountInString(password) < MinPasswordRunes || !utf8.ValidString(password)) {
			t.Errorf("CheckPassword allowed %q", password)
		}
		// Neither capitals nor saying it twice make a password harder to guess.
		lower := strings.ToLower(password)
		if again := CheckPassword("password", lower); len(lower) == len(password) && (again == nil) != (err == nil) {
			t.Errorf("CheckPassword(%q) = %v, and in lower case %v", password, err, again)
		}
		if repeated := strings.Repeat(string([]rune(password)[:min(utf8.RuneCountInString(password), shortPeriod)]), MinPasswordRunes); CheckPassword("password", repeated) == nil {
			t.Errorf("CheckPassword(%q) = nil", repeated)
		}
	})
}
