package postgres

import "golang.org/x/text/language"

// simple is the dictionary that knows no language: it keeps words as they are.
const simple = "lyceum_simple"

// dictionaries maps languages to the text search configurations that the migrations make.
var dictionaries = map[string]string{
	"ar": "lyceum_arabic", "ca": "lyceum_catalan", "da": "lyceum_danish", "de": "lyceum_german",
	"el": "lyceum_greek", "en": "lyceum_english", "es": "lyceum_spanish", "eu": "lyceum_basque",
	"fi": "lyceum_finnish", "fr": "lyceum_french", "ga": "lyceum_irish", "hi": "lyceum_hindi",
	"hu": "lyceum_hungarian", "hy": "lyceum_armenian", "id": "lyceum_indonesian", "it": "lyceum_italian",
	"lt": "lyceum_lithuanian", "nb": "lyceum_norwegian", "ne": "lyceum_nepali", "nl": "lyceum_dutch",
	"nn": "lyceum_norwegian", "no": "lyceum_norwegian", "pt": "lyceum_portuguese", "ro": "lyceum_romanian",
	"ru": "lyceum_russian", "sr": "lyceum_serbian", "sv": "lyceum_swedish", "ta": "lyceum_tamil",
	"tr": "lyceum_turkish", "yi": "lyceum_yiddish",
}

// dictionary returns the text search configuration for a language.
func dictionary(tag string) string {
	base, confidence := language.Make(tag).Base()
	if name, ok := dictionaries[base.String()]; ok && confidence >= language.High {
		return name
	}
	return simple
}
