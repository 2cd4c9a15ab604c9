package document

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// phrases are the fixed texts of a certificate in one language. Between certifies and completed stands the
// learner's name, after completed the course; no phrase depends on anybody's gender.
type phrases struct {
	tag         string // BCP 47
	rightToLeft bool
	title       string
	certifies   string
	completed   string
	issued      string
	expires     string
	instructor  string
	issuer      string
	code        string
	verify      string
	scan        string
	// date is the pattern of a date: %d, %m and %y stand for day, month and year.
	date     string
	firstDay string // how the first of a month is written, when not "1"
	months   [12]string
}

// phrasesFor returns the texts for the language of a BCP 47 tag, the English ones for a tag that is malformed or
// of another language.
func phrasesFor(locale string) phrases {
	all := languages()
	tag, err := language.Parse(locale)
	if err != nil {
		return all[0]
	}
	base, _ := tag.Base()
	for _, p := range all {
		if p.tag == base.String() {
			return p
		}
	}
	return all[0]
}

// formatDate writes the calendar day of t in its own time zone.
func (p phrases) formatDate(t time.Time) string {
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 && p.firstDay != "" {
		day = p.firstDay
	}
	return strings.NewReplacer("%d", day, "%m", p.months[t.Month()-1], "%y", strconv.Itoa(t.Year())).Replace(p.date)
}

// languages lists every translation; the first is the fallback.
func languages() []phrases {
	return []phrases{
		{
			tag:   "en",
			title: "Certificate of Completion", certifies: "This is to certify that",
			completed: "has successfully completed the course",
			issued:    "Date of issue", expires: "Valid until", instructor: "Instructor", issuer: "Issued by",
			code: "Certificate code", verify: "Verify at", scan: "Scan to verify", date: "%d %m %y",
			months: [12]string{
				"January", "February", "March", "April", "May", "June",
				"July", "August", "September", "October", "November", "December",
			},
		},
		{
			tag:   "de",
			title: "Abschlusszertifikat", certifies: "Hiermit wird bescheinigt, dass",
			completed: "den folgenden Kurs erfolgreich abgeschlossen hat",
			issued:    "Ausstellungsdatum", expires: "Gültig bis", instructor: "Kursleitung", issuer: "Ausgestellt von",
			code: "Zertifikatsnummer", verify: "Prüfen unter", scan: "Zum Prüfen scannen", date: "%d. %m %y",
			months: [12]string{
				"Januar", "Februar", "März", "April", "Mai", "Juni",
				"Juli", "August", "September", "Oktober", "November", "Dezember",
			},
		},
		{
			tag:   "es",
			title: "Certificado de finalización", certifies: "Se otorga el presente certificado a",
			completed: "por haber completado con éxito el curso",
			issued:    "Fecha de emisión", expires: "Válido hasta", instructor: "Docente", issuer: "Emitido por",
			code: "Código del certificado", verify: "Verificar en", scan: "Escanear para verificar", date: "%d de %m de %y",
			months: [12]string{
				"enero", "febrero", "marzo", "abril", "mayo", "junio",
				"julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
			},
		},
		{
			tag:   "fr",
			title: "Certificat de réussite", certifies: "Ce certificat est décerné à",
			completed: "pour avoir terminé avec succès le cours",
			issued:    "Date de délivrance", expires: "Valable jusqu’au", instructor: "Responsable du cours", issuer: "Délivré par",
			code: "Code du certificat", verify: "Vérifier sur", scan: "Scanner pour vérifier", date: "%d %m %y", firstDay: "1er",
			months: [12]string{
				"janvier", "février", "mars", "avril", "mai", "juin",
				"juillet", "août", "septembre", "octobre", "novembre", "décembre",
			},
		},
		{
			tag: "ar", rightToLeft: true,
			title: "شهادة إتمام", certifies: "تُمنح هذه الشهادة إلى",
			completed: "لإتمام المقرر التالي بنجاح",
			issued:    "تاريخ الإصدار", expires: "صالحة حتى", instructor: "المدرّب", issuer: "جهة الإصدار",
			code: "رمز الشهادة", verify: "التحقق عبر", scan: "امسح الرمز للتحقق", date: "%d %m %y",
			months: [12]string{
				"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو",
				"يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر",
			},
		},
		{
			tag: "he", rightToLeft: true,
			title: "תעודת סיום", certifies: "תעודה זו מוענקת ל־",
			completed: "על השלמת הקורס בהצלחה",
			issued:    "תאריך הנפקה", expires: "בתוקף עד", instructor: "הנחיית הקורס", issuer: "הונפק על ידי",
			code: "קוד התעודה", verify: "לאימות", scan: "סרקו לאימות", date: "%d %m %y",
			months: [12]string{
				"בינואר", "בפברואר", "במרץ", "באפריל", "במאי", "ביוני",
				"ביולי", "באוגוסט", "בספטמבר", "באוקטובר", "בנובמבר", "בדצמבר",
			},
		},
		{
			tag:   "hi",
			title: "समापन प्रमाणपत्र", certifies: "यह प्रमाणित किया जाता है कि",
			completed: "ने यह पाठ्यक्रम सफलतापूर्वक पूरा किया है",
			issued:    "जारी करने की तिथि", expires: "मान्यता की अंतिम तिथि", instructor: "प्रशिक्षक", issuer: "जारीकर्ता",
			code: "प्रमाणपत्र कोड", verify: "सत्यापन", scan: "सत्यापन के लिए स्कैन करें", date: "%d %m %y",
			months: [12]string{
				"जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून",
				"जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर",
			},
		},
	}
}
