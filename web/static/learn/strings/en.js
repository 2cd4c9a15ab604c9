// The app in English. A word with a number in it may have forms: "lessons.one" for one, "lessons.other" for the rest.

export default {
  nav: 'Main', skip: 'Skip to content', close: 'Close', again: 'Try again', yes: 'Yes', no: 'No', progress: 'Progress',
  toCatalog: 'Go to the catalog', footer: 'Learning at {tenant}, with Lyceum.',
  offline: 'You are offline. What you watch and answer is kept here and sent when the connection is back.',
  'missing.title': 'Nothing here', missing: 'This address leads nowhere. It may have been mistyped, or the page has moved.',

  seconds: '{n} s', 'seconds.one': '{n} s', 'seconds.other': '{n} s',
  minutes: '{n} min', 'minutes.one': '{n} min', 'minutes.other': '{n} min',
  hours: '{n} h', 'hours.one': '{n} h', 'hours.other': '{n} h',
  lessons: '{n} lessons', 'lessons.one': '{n} lesson', 'lessons.other': '{n} lessons',

  signIn: 'Sign in', signOut: 'Sign out', 'signIn.title': 'Sign in to {tenant}', 'signIn.email': 'Email address', 'signIn.password': 'Password',

  catalog: 'Catalog', 'catalog.title': 'What would you like to learn?', 'catalog.search': 'Search courses and lessons', 'catalog.results': 'Results',
  'catalog.category': 'Topic', 'catalog.level': 'Level', 'catalog.language': 'Language', 'catalog.any': 'any', 'catalog.free': 'Free',
  'catalog.courses': '{n} courses', 'catalog.courses.one': '{n} course', 'catalog.courses.other': '{n} courses',
  'catalog.hits': '{n} results', 'catalog.hits.one': '{n} result', 'catalog.hits.other': '{n} results',
  'catalog.degraded': 'The search engine is away; the results may be fewer than usual.',
  'catalog.nothing': 'Nothing was found. Try fewer or other words, or remove a filter.', 'catalog.lessonOf': 'Lesson in {course}',
  'catalog.said': 'Said at {at}', 'catalog.more': 'Show more courses', 'catalog.pages': 'Pages', 'catalog.previous': 'Previous', 'catalog.next': 'Next', 'catalog.page': 'Page {page} of {last}',
  'level.BEGINNER': 'Beginner', 'level.INTERMEDIATE': 'Intermediate', 'level.ADVANCED': 'Advanced', 'level.ALL': 'All levels',

  'kind.VIDEO': 'Film', 'kind.ARTICLE': 'Article', 'kind.QUIZ': 'Quiz', 'kind.FILE': 'File', 'kind.LINK': 'Link',
  'state.NOT_STARTED': 'Not started', 'state.IN_PROGRESS': 'In progress', 'state.COMPLETED': 'Completed',
  'outline.optional': 'optional', 'outline.preview': 'open to everybody', 'outline.locked': 'Open once you have a place',

  'course.by': 'With {name}', 'course.about': 'About this course', 'course.outline': 'What is in it', 'course.yours': 'Your place',
  'course.before': 'Complete first:', 'course.signIn': 'Sign in to take a place', 'course.enroll': 'Take a place',
  'course.start': 'Start', 'course.continue': 'Continue', 'course.next': 'Next: {title}', 'course.done': '{done} of {of} required lessons completed',
  'course.due': 'Due {date}', 'course.completed': 'Completed', 'course.certificateComes': 'Your certificate is being made. You will be notified.',
  'course.lessons': 'Lessons', 'course.films': 'Films', 'course.certificate': 'Certificate', 'course.version': 'Version',
  certificate: 'Certificate',

  my: 'My learning', 'my.active': 'In progress', 'my.done': 'Completed', 'my.certificates': 'Certificates',
  engagement: 'Keeping at it', 'engagement.points': '{n} points', 'engagement.points.one': '{n} point', 'engagement.points.other': '{n} points',
  'engagement.week': '{points} this week', 'engagement.streak': '{n} days in a row', 'engagement.streak.one': '{n} day in a row',
  'engagement.streak.other': '{n} days in a row', 'engagement.achievements': 'Achievements', 'engagement.board': 'This week’s leaderboard',
  'engagement.somebody': 'Somebody', 'engagement.hidden': 'You are hidden from leaderboards.',
  'my.nothing': 'You have no courses yet.', 'my.completedOn': 'Completed {date}', 'my.revoked': 'This certificate was revoked.', 'my.pdf': 'Download PDF',

  inbox: 'Inbox', 'inbox.unread': 'unread', 'inbox.live': 'New messages appear as they arrive.', 'inbox.notLive': 'Connecting…',
  'inbox.readAll': 'Mark all as read', 'inbox.older': 'Show older', 'inbox.nothing': 'Nothing yet. What happens in your courses is told here.', 'inbox.new': 'New',
  mail: 'Choose what you get mail about', 'mail.about': 'All of it stands in this inbox, whatever you choose.', 'mail.kept': 'Your choice is kept.',
  'mail.ENROLLED': 'A course was given to me', 'mail.COURSE_COMPLETED': 'I have completed a course',
  'mail.CERTIFICATE_ISSUED': 'A certificate is ready', 'mail.CERTIFICATE_REVOKED': 'A certificate was revoked',

  'lesson.onwards': 'Lessons before and after', 'lesson.previous': 'Previous', 'lesson.next': 'Next: {title}', 'lesson.toCourse': 'Back to the course',
  'lesson.completed': 'Lesson completed', 'lesson.locked': 'This lesson is open to people who have a place in the course.',
  'lesson.courseCompleted': 'You have completed “{title}”.', 'lesson.read': 'I have read this', 'lesson.used': 'I have used this', 'lesson.watched': 'I have watched this',
  'lesson.download': 'Download {name} ({size})', 'lesson.open': 'Open {host}',

  'player.label': 'Player: {title}', 'player.seek': 'Position', 'player.position': '{at} of {of}', 'player.speed': 'Speed', 'player.captions': 'Captions',
  'player.sounds': 'Spoken language', 'player.captionsOff': 'Off', 'player.play': 'Play', 'player.pause': 'Pause', 'player.again': 'Play again', 'player.mute': 'Mute', 'player.unmute': 'Unmute',
  'player.muted': 'Sound off', 'player.unmuted': 'Sound on', 'player.captionsAreOn': 'Captions on', 'player.captionsAreOff': 'Captions off',
  'player.noCaptions': 'This film has no captions.', 'player.speedIs': 'Speed {rate}', 'player.resumed': 'You left off at {at}.', 'player.fromStart': 'From the start',
  'player.lost': 'The film cannot be loaded at the moment. Trying again…', 'player.offline': 'You are offline. The film goes on when the connection is back.',
  'player.asUploaded': 'The stream cannot be loaded. The film goes on as it was uploaded.', 'player.unsent': 'What you watched is kept here and will be sent.', 'player.watched': 'Watched {at} of {of}', 'player.none': 'This film is not available at the moment.',
  'player.elsewhere': 'This film is kept on another site, which will see that you watch it.', 'player.here': 'Play it here',

  'keys.title': 'Keyboard', 'keys.where': 'These keys work while the focus is in the player.', 'keys.key': 'Key', 'keys.does': 'What it does',
  'keys.play': 'Play or pause', 'keys.back': '10 seconds back', 'keys.forward': '10 seconds forward', 'keys.stepBack': '5 seconds back', 'keys.stepForward': '5 seconds forward',
  'keys.mute': 'Sound on or off', 'keys.captions': 'Captions on or off', 'keys.full': 'Full screen', 'keys.slower': 'Slower', 'keys.faster': 'Faster',
  'keys.start': 'To the start', 'keys.end': 'To the end', 'keys.help': 'This list',

  'quiz.start': 'Start the quiz', 'quiz.resume': 'Go on with your attempt', 'quiz.again': 'Try once more', 'quiz.questions': '{n} questions', 'quiz.questions.one': '{n} question', 'quiz.questions.other': '{n} questions',
  'quiz.pass': '{percent} % to pass', 'quiz.limit': 'Time limit: {time}', 'quiz.attempts': '{n} attempts allowed', 'quiz.attempts.one': '{n} attempt allowed', 'quiz.attempts.other': '{n} attempts allowed',
  'quiz.noneLeft': 'You have used all attempts.', 'quiz.past': 'Your attempts', 'quiz.review': 'Attempt {number}', 'quiz.passed': 'Passed', 'quiz.failed': 'Not passed',
  'quiz.pointsOf': '{score} of {max} points', 'quiz.attempt': 'Attempt {number}', 'quiz.submit': 'Hand in', 'quiz.question': 'Question {number}',
  'quiz.points': '{n} points', 'quiz.points.one': '{n} point', 'quiz.points.other': '{n} points', 'quiz.hint': 'Hint', 'quiz.several': 'Choose all that apply.',
  'quiz.right': 'Right', 'quiz.wrong': 'Not right', 'quiz.scored': '{n} points', 'quiz.scored.one': '{n} point', 'quiz.scored.other': '{n} points',
  'quiz.expired': 'The time ran out. What you had answered until then was graded.', 'quiz.back': 'Back to the quiz', 'quiz.left': 'Time left:', 'quiz.leftSaid': '{time} left',
  'answers.saved': 'Your answers are saved.', 'answers.saving': 'Saving…', 'answers.waiting': 'Not saved yet: no connection. Trying again…', 'answers.refused': 'Not saved.',

  'problem.title': 'Something went wrong', 'problem.title.missing': 'Not here for you',
  'problem.network': 'The server cannot be reached. Check your connection and try again.', 'problem.unavailable': 'The server is busy or being updated. Try again in a moment.',
  'problem.internal': 'Something went wrong on our side. Try again; if it stays so, tell your administrator.',
  'problem.notFound': 'This is not there, or no longer. It may have been taken out of the catalog.', 'problem.forbidden': 'You may not open this. Take a place in the course, or ask your instructor.',
  'problem.signedOut': 'Your session has ended. Sign in again to go on.',
  'problem.limited': 'Too many tries. Wait {n} seconds, then try again.', 'problem.limited.one': 'Too many tries. Wait a second, then try again.', 'problem.limited.other': 'Too many tries. Wait {n} seconds, then try again.',
}
