package present

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// maxMessage bounds what is said about a document, in bytes: names in it are its author's.
const maxMessage = 300

// suggestion is what gqlparser adds to some messages; it tells the schema to those who may not read it.
var suggestion = regexp.MustCompile(` ?Did you mean .*`)

// protocolError presents an error about the request itself, which came with its code: of gqlgen's parser
// or validator, or of the edge's own checks. Values are cut out of the text, names are left in.
func protocolError(found *gqlerror.Error, code string) *gqlerror.Error {
	message := found.Message
	switch {
	case code == errcode.ParseFailed:
		message = syntaxError(message)
	case len(found.Path) > 1 && found.Path[0] == ast.PathName("variable"):
		message = variableError(found.Path[1:], message)
	case found.Rule == "ValuesOfCorrectType":
		message = valueError(message)
	case strings.HasPrefix(message, "operation ") && strings.HasSuffix(message, " not found"):
		message = "The document has no operation of that name, or needs one to be named."
	}
	return &gqlerror.Error{
		Err:        found.Err,
		Message:    shorten(suggestion.ReplaceAllString(message, "")),
		Locations:  found.Locations,
		Extensions: map[string]any{keyCode: code},
	}
}

// syntaxError keeps what the parser expected and where, and drops what it found.
func syntaxError(message string) string {
	message, _, _ = strings.Cut(message, ", found ")
	if !strings.HasPrefix(message, `Expected "`) { // a keyword of GraphQL is quoted there
		if at := strings.IndexAny(message, `":`); at >= 0 {
			message = message[:at]
		}
	}
	return "Syntax error: " + strings.Trim(message, " .") + "."
}

// variableError says which variable is wrong, and how, without its value.
func variableError(path ast.Path, message string) string {
	if at := strings.LastIndex(message, " is not a valid "); at >= 0 {
		message = message[at+1:]
	}
	if strings.HasPrefix(message, "strconv.") || strings.HasPrefix(message, "cannot use value ") {
		message = "is not a number that fits"
	}
	if kinds, found := strings.CutPrefix(message, "cannot use "); found {
		got, wanted, _ := strings.Cut(kinds, " as ")
		message = fmt.Sprintf("must be of type %s, not %s", wanted, got)
	}
	return fmt.Sprintf("Variable $%s %s.", shorten(dotted(path)), message)
}

// valueError says what a literal should have been, without the literal.
func valueError(message string) string {
	if at := strings.LastIndex(message, ` does not exist in "`); at >= 0 {
		return "The value" + message[at:]
	}
	for _, separator := range []string{": ", ", found "} {
		if before, _, found := strings.Cut(message, separator); found {
			return before + "."
		}
	}
	return message
}

// dotted writes a path as in "input.modules.0.title".
func dotted(path ast.Path) string {
	var b strings.Builder
	for i, element := range path {
		if i > 0 {
			b.WriteByte('.')
		}
		fmt.Fprint(&b, element)
	}
	return b.String()
}

// shorten cuts a text to maxMessage, between characters.
func shorten(text string) string {
	if len(text) <= maxMessage {
		return text
	}
	cut := maxMessage
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
