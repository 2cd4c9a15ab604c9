package notification

import (
	"fmt"

	"golang.org/x/text/language"

	"lyceum/internal/gen/ent/notification"
)

// text is what a note says.
type text struct{ title, body string }

// write says it in the reader's language, or in English.
func write(locale string, kind notification.Kind, about string) text {
	phrases := english()
	if base, _ := language.Make(locale).Base(); base.String() == "de" {
		phrases = german()
	}
	p := phrases[kind]
	return text{title: fmt.Sprintf(p.title, about), body: p.body}
}

func english() map[notification.Kind]text {
	return map[notification.Kind]text{
		notification.KindENROLLED:            {"You have been given “%s”", "Start whenever you like; your progress is kept."},
		notification.KindINVITED:             {"You are invited to “%s”", "Accept the invitation on the page of the course, or decline it there."},
		notification.KindPROMOTED:            {"A seat in “%s” is yours", "You were on the waiting list, and a seat became free. Start whenever you like."},
		notification.KindCOURSE_COMPLETED:    {"You completed “%s”", "Well done. If the course has a certificate, it is on its way."},
		notification.KindCERTIFICATE_ISSUED:  {"Your certificate for “%s” is ready", "Anybody can check it at its address."},
		notification.KindCERTIFICATE_REVOKED: {"Your certificate for “%s” was revoked", "Its page says so; ask your instructor why."},
		notification.KindPATH_ASSIGNED:       {"You have been put on the learning path “%s”", "Its courses are open to you; start whenever you like."},
		notification.KindPATH_COMPLETED:      {"You completed the learning path “%s”", "Well done: you have come all the way."},
		notification.KindACHIEVEMENT_EARNED:  {"You earned “%s”", "It stands among your achievements."},
	}
}

func german() map[notification.Kind]text {
	return map[notification.Kind]text{
		notification.KindENROLLED:            {"Dir wurde „%s“ zugewiesen", "Fang an, wann du willst; dein Fortschritt bleibt erhalten."},
		notification.KindINVITED:             {"Du bist zu „%s“ eingeladen", "Auf der Seite des Kurses kannst du die Einladung annehmen oder ablehnen."},
		notification.KindPROMOTED:            {"Du hast einen Platz in „%s“", "Du standest auf der Warteliste, und ein Platz ist frei geworden. Fang an, wann du willst."},
		notification.KindCOURSE_COMPLETED:    {"Du hast „%s“ abgeschlossen", "Glückwunsch. Gibt es ein Zertifikat, ist es unterwegs."},
		notification.KindCERTIFICATE_ISSUED:  {"Dein Zertifikat für „%s“ ist da", "Unter seiner Adresse kann es jeder prüfen."},
		notification.KindCERTIFICATE_REVOKED: {"Dein Zertifikat für „%s“ wurde widerrufen", "Seine Seite sagt es; frag deine Lehrkraft nach dem Grund."},
		notification.KindPATH_ASSIGNED:       {"Dir wurde der Lernpfad „%s“ zugewiesen", "Seine Kurse stehen dir offen; fang an, wann du willst."},
		notification.KindPATH_COMPLETED:      {"Du hast den Lernpfad „%s“ abgeschlossen", "Glückwunsch: Du bist den ganzen Weg gegangen."},
		notification.KindACHIEVEMENT_EARNED:  {"Du hast die Auszeichnung „%s“ bekommen", "Sie steht bei deinen Auszeichnungen."},
	}
}
