// Die App auf Deutsch.

/** @type {Record<keyof typeof import('./en.js').default, string>} */
export default {
  nav: 'Hauptmenü', skip: 'Zum Inhalt', close: 'Schließen', again: 'Noch einmal versuchen', yes: 'Ja', no: 'Nein', progress: 'Fortschritt',
  toCatalog: 'Zum Katalog', footer: 'Lernen bei {tenant}, mit Lyceum.',
  offline: 'Sie sind offline. Was Sie ansehen und beantworten, bleibt hier und wird gesendet, sobald die Verbindung wieder da ist.',
  'missing.title': 'Hier ist nichts', missing: 'Diese Adresse führt nirgendwohin. Vielleicht ist sie vertippt, oder die Seite ist umgezogen.',

  seconds: '{n} s', 'seconds.one': '{n} s', 'seconds.other': '{n} s',
  minutes: '{n} Min.', 'minutes.one': '{n} Min.', 'minutes.other': '{n} Min.',
  hours: '{n} Std.', 'hours.one': '{n} Std.', 'hours.other': '{n} Std.',
  lessons: '{n} Lektionen', 'lessons.one': '{n} Lektion', 'lessons.other': '{n} Lektionen',

  signIn: 'Anmelden', signOut: 'Abmelden', 'signIn.title': 'Bei {tenant} anmelden', 'signIn.email': 'E-Mail-Adresse', 'signIn.password': 'Passwort',

  catalog: 'Katalog', 'catalog.title': 'Was möchten Sie lernen?', 'catalog.search': 'Kurse und Lektionen suchen', 'catalog.results': 'Ergebnisse',
  'catalog.category': 'Thema', 'catalog.level': 'Niveau', 'catalog.language': 'Sprache', 'catalog.any': 'alle', 'catalog.free': 'Kostenlos',
  'catalog.courses': '{n} Kurse', 'catalog.courses.one': '{n} Kurs', 'catalog.courses.other': '{n} Kurse',
  'catalog.hits': '{n} Treffer', 'catalog.hits.one': '{n} Treffer', 'catalog.hits.other': '{n} Treffer',
  'catalog.degraded': 'Die Suchmaschine ist gerade nicht da; es können weniger Treffer sein als sonst.',
  'catalog.nothing': 'Nichts gefunden. Versuchen Sie weniger oder andere Wörter, oder nehmen Sie einen Filter weg.', 'catalog.lessonOf': 'Lektion in {course}',
  'catalog.said': 'Gesagt bei {at}', 'catalog.more': 'Mehr Kurse zeigen', 'catalog.pages': 'Seiten', 'catalog.previous': 'Zurück', 'catalog.next': 'Weiter', 'catalog.page': 'Seite {page} von {last}',
  'level.BEGINNER': 'Einstieg', 'level.INTERMEDIATE': 'Mittel', 'level.ADVANCED': 'Fortgeschritten', 'level.ALL': 'Alle Niveaus',

  'kind.VIDEO': 'Film', 'kind.ARTICLE': 'Artikel', 'kind.QUIZ': 'Quiz', 'kind.FILE': 'Datei', 'kind.LINK': 'Link',
  'state.NOT_STARTED': 'Nicht begonnen', 'state.IN_PROGRESS': 'Begonnen', 'state.COMPLETED': 'Abgeschlossen',
  'outline.optional': 'freiwillig', 'outline.preview': 'offen für alle', 'outline.locked': 'Offen, sobald Sie einen Platz haben',

  'course.by': 'Mit {name}', 'course.about': 'Über diesen Kurs', 'course.outline': 'Inhalt', 'course.yours': 'Ihr Platz',
  'course.before': 'Zuerst abschließen:', 'course.signIn': 'Anmelden und Platz nehmen', 'course.enroll': 'Platz nehmen',
  'course.start': 'Beginnen', 'course.continue': 'Weiterlernen', 'course.next': 'Als Nächstes: {title}', 'course.done': '{done} von {of} Pflichtlektionen abgeschlossen',
  'course.due': 'Fällig am {date}', 'course.completed': 'Abgeschlossen', 'course.certificateComes': 'Ihr Zertifikat wird erstellt. Sie bekommen eine Nachricht.',
  'course.lessons': 'Lektionen', 'course.films': 'Filme', 'course.certificate': 'Zertifikat', 'course.version': 'Fassung',
  certificate: 'Zertifikat',

  my: 'Mein Lernen', 'my.active': 'Begonnen', 'my.done': 'Abgeschlossen', 'my.certificates': 'Zertifikate',
  engagement: 'Dranbleiben', 'engagement.points': '{n} Punkte', 'engagement.points.one': '{n} Punkt', 'engagement.points.other': '{n} Punkte',
  'engagement.week': '{points} diese Woche', 'engagement.streak': '{n} Tage in Folge', 'engagement.streak.one': '{n} Tag in Folge',
  'engagement.streak.other': '{n} Tage in Folge', 'engagement.achievements': 'Auszeichnungen', 'engagement.board': 'Bestenliste dieser Woche',
  'engagement.somebody': 'Jemand', 'engagement.hidden': 'Sie stehen in keiner Bestenliste.',
  'my.nothing': 'Sie haben noch keine Kurse.', 'my.completedOn': 'Abgeschlossen am {date}', 'my.revoked': 'Dieses Zertifikat wurde widerrufen.', 'my.pdf': 'PDF herunterladen',

  inbox: 'Nachrichten', 'inbox.unread': 'ungelesen', 'inbox.live': 'Neue Nachrichten erscheinen von selbst.', 'inbox.notLive': 'Verbindung wird hergestellt…',
  'inbox.readAll': 'Alle als gelesen markieren', 'inbox.older': 'Ältere zeigen', 'inbox.nothing': 'Noch nichts. Was in Ihren Kursen geschieht, steht dann hier.', 'inbox.new': 'Neu',
  mail: 'Wählen, worüber Sie E-Mails bekommen', 'mail.about': 'Hier steht alles, was immer Sie wählen.', 'mail.kept': 'Ihre Wahl ist gespeichert.',
  'mail.ENROLLED': 'Mir wurde ein Kurs zugewiesen', 'mail.COURSE_COMPLETED': 'Ich habe einen Kurs abgeschlossen',
  'mail.CERTIFICATE_ISSUED': 'Ein Zertifikat liegt bereit', 'mail.CERTIFICATE_REVOKED': 'Ein Zertifikat wurde zurückgezogen',

  'lesson.onwards': 'Lektionen davor und danach', 'lesson.previous': 'Zurück', 'lesson.next': 'Weiter: {title}', 'lesson.toCourse': 'Zurück zum Kurs',
  'lesson.completed': 'Lektion abgeschlossen', 'lesson.locked': 'Diese Lektion ist offen, wenn Sie einen Platz im Kurs haben.',
  'lesson.courseCompleted': 'Sie haben „{title}“ abgeschlossen.', 'lesson.read': 'Ich habe das gelesen', 'lesson.used': 'Ich habe das benutzt', 'lesson.watched': 'Ich habe das angesehen',
  'lesson.download': '{name} herunterladen ({size})', 'lesson.open': '{host} öffnen',

  'player.label': 'Player: {title}', 'player.seek': 'Stelle', 'player.position': '{at} von {of}', 'player.speed': 'Tempo', 'player.captions': 'Untertitel',
  'player.sounds': 'Gesprochene Sprache', 'player.captionsOff': 'Aus', 'player.play': 'Abspielen', 'player.pause': 'Anhalten', 'player.again': 'Noch einmal abspielen', 'player.mute': 'Ton aus', 'player.unmute': 'Ton an',
  'player.muted': 'Ton aus', 'player.unmuted': 'Ton an', 'player.captionsAreOn': 'Untertitel an', 'player.captionsAreOff': 'Untertitel aus',
  'player.noCaptions': 'Dieser Film hat keine Untertitel.', 'player.speedIs': 'Tempo {rate}', 'player.resumed': 'Sie waren bei {at}.', 'player.fromStart': 'Von vorn',
  'player.lost': 'Der Film lässt sich gerade nicht laden. Neuer Versuch…', 'player.offline': 'Sie sind offline. Der Film geht weiter, sobald die Verbindung wieder da ist.',
  'player.asUploaded': 'Der Strom lässt sich nicht laden. Der Film läuft weiter, wie er hochgeladen wurde.', 'player.unsent': 'Was Sie angesehen haben, bleibt hier und wird gesendet.', 'player.watched': '{at} von {of} angesehen', 'player.none': 'Dieser Film ist gerade nicht verfügbar.',
  'player.elsewhere': 'Dieser Film liegt auf einer anderen Seite, die sieht, dass Sie ihn ansehen.', 'player.here': 'Hier abspielen',

  'keys.title': 'Tastatur', 'keys.where': 'Diese Tasten wirken, solange der Fokus im Player ist.', 'keys.key': 'Taste', 'keys.does': 'Was sie tut',
  'keys.play': 'Abspielen oder anhalten', 'keys.back': '10 Sekunden zurück', 'keys.forward': '10 Sekunden vor', 'keys.stepBack': '5 Sekunden zurück', 'keys.stepForward': '5 Sekunden vor',
  'keys.mute': 'Ton an oder aus', 'keys.captions': 'Untertitel an oder aus', 'keys.full': 'Vollbild', 'keys.slower': 'Langsamer', 'keys.faster': 'Schneller',
  'keys.start': 'An den Anfang', 'keys.end': 'Ans Ende', 'keys.help': 'Diese Liste',

  'quiz.start': 'Quiz beginnen', 'quiz.resume': 'Versuch fortsetzen', 'quiz.again': 'Noch einmal versuchen', 'quiz.questions': '{n} Fragen', 'quiz.questions.one': '{n} Frage', 'quiz.questions.other': '{n} Fragen',
  'quiz.pass': 'Bestanden ab {percent} %', 'quiz.limit': 'Zeit: {time}', 'quiz.attempts': '{n} Versuche erlaubt', 'quiz.attempts.one': '{n} Versuch erlaubt', 'quiz.attempts.other': '{n} Versuche erlaubt',
  'quiz.noneLeft': 'Sie haben alle Versuche gebraucht.', 'quiz.past': 'Ihre Versuche', 'quiz.review': 'Versuch {number}', 'quiz.passed': 'Bestanden', 'quiz.failed': 'Nicht bestanden',
  'quiz.pointsOf': '{score} von {max} Punkten', 'quiz.attempt': 'Versuch {number}', 'quiz.submit': 'Abgeben', 'quiz.question': 'Frage {number}',
  'quiz.points': '{n} Punkte', 'quiz.points.one': '{n} Punkt', 'quiz.points.other': '{n} Punkte', 'quiz.hint': 'Hinweis', 'quiz.several': 'Alles Zutreffende wählen.',
  'quiz.right': 'Richtig', 'quiz.wrong': 'Nicht richtig', 'quiz.scored': '{n} Punkte', 'quiz.scored.one': '{n} Punkt', 'quiz.scored.other': '{n} Punkte',
  'quiz.expired': 'Die Zeit ist abgelaufen. Bewertet ist, was Sie bis dahin beantwortet hatten.', 'quiz.back': 'Zurück zum Quiz', 'quiz.left': 'Verbleibende Zeit:', 'quiz.leftSaid': 'Noch {time}',
  'answers.saved': 'Ihre Antworten sind gesichert.', 'answers.saving': 'Wird gesichert…', 'answers.waiting': 'Noch nicht gesichert: keine Verbindung. Neuer Versuch…', 'answers.refused': 'Nicht gesichert.',

  'problem.title': 'Etwas ist schiefgegangen', 'problem.title.missing': 'Hier nicht für Sie',
  'problem.network': 'Der Server ist nicht erreichbar. Prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal.', 'problem.unavailable': 'Der Server ist beschäftigt oder wird gerade erneuert. Versuchen Sie es gleich noch einmal.',
  'problem.internal': 'Bei uns ist etwas schiefgegangen. Versuchen Sie es noch einmal; bleibt es so, sagen Sie Ihrer Verwaltung Bescheid.',
  'problem.notFound': 'Das gibt es hier nicht, oder nicht mehr. Vielleicht wurde es aus dem Katalog genommen.', 'problem.forbidden': 'Das dürfen Sie nicht öffnen. Nehmen Sie einen Platz im Kurs, oder fragen Sie Ihre Kursleitung.',
  'problem.signedOut': 'Ihre Sitzung ist beendet. Melden Sie sich wieder an, um weiterzumachen.',
  'problem.limited': 'Zu viele Versuche. Warten Sie {n} Sekunden und versuchen Sie es dann noch einmal.', 'problem.limited.one': 'Zu viele Versuche. Warten Sie eine Sekunde und versuchen Sie es dann noch einmal.', 'problem.limited.other': 'Zu viele Versuche. Warten Sie {n} Sekunden und versuchen Sie es dann noch einmal.',
}
