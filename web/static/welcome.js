// Runs the live attack of the welcome page and shows what stopped each attempt.
const button = document.getElementById('attack')
const frame = document.getElementById('attempts')
const outcome = document.getElementById('outcome')

function show(attempts) {
  const body = frame.querySelector('tbody')
  body.replaceChildren()
  for (const attempt of attempts) {
    const row = body.insertRow()
    row.className = attempt.leaked ? 'leaked' : attempt.void ? 'void' : ''
    const stopped = attempt.leaked ? 'Nothing. This is a leak.' : attempt.void ? 'Not tried: its owner gets no answer either.' : attempt.stoppedBy
    for (const text of [attempt.tried, attempt.answer, stopped]) row.insertCell().textContent = text
  }
  frame.hidden = false
}

function say(text, className = '') {
  outcome.textContent = text
  outcome.className = className
}

async function attack() {
  button.disabled = true
  say('Attacking…')
  try {
    const response = await fetch('/demo/attack', { method: 'POST' })
    if (!response.ok) throw new Error(await response.text())
    const attempts = await response.json()
    show(attempts)
    const leaks = attempts.filter((attempt) => attempt.leaked).length
    const tried = attempts.filter((attempt) => !attempt.void).length
    if (leaks === 0) say(`${tried} attempts, 0 leaks.`, 'held')
    else say(`${leaks} of ${attempts.length} attempts leaked!`, 'leaked')
  } catch (error) {
    say(error.message, 'leaked')
  } finally {
    button.disabled = false
  }
}

button?.addEventListener('click', attack)
