// Runs the live attack of the welcome page and shows what stopped each attempt.
const button = document.getElementById('attack')
const table = document.getElementById('attempts')
const outcome = document.getElementById('outcome')

function cell(row, text, className) {
  const td = row.insertCell()
  td.textContent = text
  if (className) td.className = className
}

async function attack() {
  button.disabled = true
  outcome.textContent = 'Attacking…'
  try {
    const response = await fetch('/demo/attack', { method: 'POST' })
    if (!response.ok) throw new Error(`The server answered ${response.status}.`)
    const attempts = await response.json()
    const body = table.tBodies[0]
    body.replaceChildren()
    for (const attempt of attempts) {
      const row = body.insertRow()
      cell(row, attempt.tried)
      cell(row, attempt.answer)
      cell(row, attempt.leaked ? 'NOTHING: this is a leak' : attempt.stoppedBy, attempt.leaked ? 'leaked' : 'stopped')
    }
    table.hidden = false
    const leaks = attempts.filter((attempt) => attempt.leaked).length
    outcome.textContent = leaks === 0 ? `${attempts.length} attempts, 0 leaks.` : `${leaks} of ${attempts.length} attempts leaked!`
  } catch (error) {
    outcome.textContent = error.message
  } finally {
    button.disabled = false
  }
}

button?.addEventListener('click', attack)
