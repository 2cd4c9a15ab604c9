// GraphiQL with sign-in: the token stays in this page's memory, and subscriptions come over server-sent events.
const { React, ReactDOM, GraphiQL } = window
const examples = JSON.parse(document.getElementById('examples').textContent)
const here = JSON.parse(document.getElementById('here').textContent)
const state = document.getElementById('state')
const persona = document.getElementById('persona')
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

// operations are the kinds and names of a document's operations.
function operations(query) {
  return [...query.matchAll(/^\s*(query|mutation|subscription)\b\s*(\w*)/gm)].map(([, kind, name]) => ({ kind, name }))
}

function fetcher(params, options) {
  const all = operations(params.query)
  const named = all.find((operation) => operation.name && operation.name === params.operationName)
  // A tab that was opened a moment ago may still carry the name of the one before.
  const asked = named ? params : { ...params, operationName: undefined }
  const kind = (named ?? all[0])?.kind
  return kind === 'subscription' ? events(asked, options?.headers) : post(asked, options?.headers)
}

function say(text, wrong = false) {
  state.textContent = text
  state.className = wrong ? 'wrong' : ''
}

// named says whether the host's name says which tenant is meant.
const named = location.hostname.startsWith(`${here.slug}.`)

async function signIn(email, password, tenant) {
  token = ''
  if (!email) {
    say('You are a visitor.')
    return
  }
  try {
    const result = await post({
      query: 'mutation($i: SignInInput!) { signIn(input: $i) { token viewer { role tenant { name } user { name } } } }',
      variables: { i: { email, password, ...(named || !tenant ? {} : { tenant }) } },
    })
    if (result.errors) {
      say(result.errors[0].message, true)
      return
    }
    const { viewer } = result.data.signIn
    token = result.data.signIn.token
    say(`You are ${viewer.user.name}, ${viewer.role.toLowerCase().replace('_', ' ')} at ${viewer.tenant.name}.`)
  } catch {
    say('The server cannot be reached.', true)
  }
}

// become signs a demo person in, at their own tenant's address when this one is another's.
function become(option) {
  const tenant = option?.closest('optgroup')?.dataset
  if (tenant && named && tenant.slug !== here.slug) {
    location.assign(`${tenant.url}/graphiql#as=${option.value}`)
    return undefined
  }
  return signIn(option?.value, here.password, tenant?.slug)
}

persona?.addEventListener('change', () => become(persona.selectedOptions[0]))
document.getElementById('who').addEventListener('submit', (event) => {
  event.preventDefault()
  document.querySelector('#who details')?.removeAttribute('open')
  if (persona) persona.value = ''
  signIn(document.getElementById('email').value, document.getElementById('password').value, here.slug)
})

// The welcome page leads here as one of the demo people: /graphiql#as=learner@acme.example.
const wanted = decodeURIComponent(location.hash.match(/^#as=(.+)$/)?.[1] ?? '')
const option = [...(persona?.options ?? [])].find((known) => known.value && known.value === wanted)
if (option) {
  persona.value = wanted
  await become(option)
}

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
    defaultTabs: examples,
    defaultEditorToolsVisibility: 'variables',
    shouldPersistHeaders: false,
  }),
)
