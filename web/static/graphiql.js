// GraphiQL with sign-in: the token stays in this page's memory, and subscriptions come over server-sent events.
const { React, ReactDOM, GraphiQL } = window
const examples = JSON.parse(document.getElementById('examples').textContent)
const demo = JSON.parse(document.getElementById('demo')?.textContent ?? 'null')
const state = document.getElementById('state')
let token = ''

function headers(more, accept) {
  const all = { 'Content-Type': 'application/json', Accept: accept, ...more }
  if (token && !Object.keys(all).some((name) => name.toLowerCase() === 'authorization')) {
    all.Authorization = `Bearer ${token}`
  }
  return all
}

async function post(params, more) {
  const response = await fetch('/graphql', {
    method: 'POST', headers: headers(more, 'application/graphql-response+json, application/json'), body: JSON.stringify(params),
  })
  return response.json()
}

// events yields the results of a subscription: the data of each "next" until "complete".
async function* events(params, more) {
  const stop = new AbortController()
  try {
    const response = await fetch('/graphql', {
      method: 'POST', headers: headers(more, 'text/event-stream'), body: JSON.stringify(params), signal: stop.signal,
    })
    if (!response.headers.get('Content-Type')?.startsWith('text/event-stream')) {
      yield await response.json()
      return
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let buffer = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      buffer += value
      const frames = buffer.split('\n\n')
      buffer = frames.pop()
      for (const frame of frames) {
        const lines = frame.split('\n')
        if (lines.includes('event: complete')) return
        const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5)).join('\n')
        if (data.trim()) yield JSON.parse(data)
      }
    }
  } finally {
    stop.abort()
  }
}

function subscribes(params) {
  const documents = params.query.matchAll(/(query|mutation|subscription)\s+(\w+)?/g)
  const kinds = [...documents].filter((match) => !params.operationName || match[2] === params.operationName)
  return kinds.some((match) => match[1] === 'subscription')
}

function fetcher(params, options) {
  return subscribes(params) ? events(params, options?.headers) : post(params, options?.headers)
}

async function signIn(email, password) {
  token = ''
  if (!email) {
    state.textContent = 'You are a visitor.'
    return
  }
  const result = await post({
    query: 'mutation($i: SignInInput!) { signIn(input: $i) { token viewer { role tenant { name } user { name } } } }',
    variables: { i: { email, password, ...tenantOf(email) } },
  })
  if (result.errors) {
    state.textContent = result.errors[0].message
    return
  }
  const { viewer } = result.data.signIn
  token = result.data.signIn.token
  state.textContent = `You are ${viewer.user.name}, ${viewer.role} of ${viewer.tenant.name}.`
}

// tenantOf names the tenant on hosts that name none; demo addresses carry it.
function tenantOf(email) {
  const named = location.hostname.endsWith('.localhost')
  const match = email.match(/@(\w+)\.example$/)
  return !named && match ? { tenant: match[1] } : {}
}

document.getElementById('who').addEventListener('submit', (event) => {
  event.preventDefault()
  signIn(document.getElementById('email').value, document.getElementById('password').value)
})
document.getElementById('persona')?.addEventListener('change', (event) => signIn(event.target.value, demo.password))

const memory = new Map()
const storage = {
  getItem: (key) => memory.get(key) ?? null,
  setItem: (key, value) => memory.set(key, value),
  removeItem: (key) => memory.delete(key),
  clear: () => memory.clear(),
  get length() { return memory.size },
}

ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, {
    fetcher,
    storage,
    defaultTabs: examples.map((example) => ({ query: example.text, variables: example.variables })),
    shouldPersistHeaders: false,
  }),
)
