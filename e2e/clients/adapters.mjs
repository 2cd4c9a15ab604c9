// Four clients in the same shape: query, mutate and subscribe. An answer is { data, errors }, and so is an event,
// which has its id besides. subscribe goes on after lastEventId the way each client can say it, and returns
// how to end it.
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { Client, fetchExchange } from "@urql/core";
import { createClient as createSSE } from "graphql-sse";
import { createClient as createWS } from "graphql-ws";
import { WebSocket } from "ws";

const bearer = (token) => (token ? { Authorization: `Bearer ${token}` } : {});

function socket(url, token) {
  return createWS({
    url: url.replace("http", "ws"),
    webSocketImpl: WebSocket,
    connectionParams: bearer(token),
    lazy: true,
    retryAttempts: 0,
  });
}

// apollo speaks HTTP, and WebSocket for subscriptions.
export function apollo(url, token) {
  const sockets = socket(url, token);
  const link = ApolloLink.split(
    ({ operationType }) => operationType === "subscription",
    new GraphQLWsLink(sockets),
    new HttpLink({ uri: url, headers: bearer(token) }),
  );
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const errorsOf = (error) => {
    if (error && !CombinedGraphQLErrors.is(error)) throw error;
    return error?.errors;
  };
  const options = { fetchPolicy: "no-cache", errorPolicy: "all" };
  return {
    async query(document, variables) {
      const { data, error } = await client.query({ query: gql(document), variables, ...options });
      return { data, errors: errorsOf(error) };
    },
    async mutate(document, variables) {
      const { data, error } = await client.mutate({ mutation: gql(document), variables, ...options });
      return { data, errors: errorsOf(error) };
    },
    subscribe(document, lastEventId, onEvent) {
      const running = client
        .subscribe({ query: gql(document), extensions: { lastEventId }, ...options })
        .subscribe(({ data, error, extensions }) => onEvent({ data, errors: errorsOf(error), id: extensions?.eventId }));
      return () => running.unsubscribe();
    },
    async close() {
      client.stop();
      await sockets.dispose();
    },
  };
}

// urql speaks HTTP, and server-sent events for subscriptions.
export function urql(url, token) {
  const client = (headers) =>
    new Client({
      url,
      preferGetMethod: false,
      requestPolicy: "network-only",
      fetchSubscriptions: true,
      exchanges: [fetchExchange],
      fetchOptions: { headers: { ...bearer(token), ...headers } },
    });
  const answer = ({ data, error }) => {
    if (error?.networkError) throw error.networkError;
    return { data, errors: error?.graphQLErrors };
  };
  return {
    query: async (document, variables) => answer(await client().query(document, variables).toPromise()),
    mutate: async (document, variables) => answer(await client().mutation(document, variables).toPromise()),
    subscribe(document, lastEventId, onEvent) {
      const running = client({ "Last-Event-ID": lastEventId })
        .subscription(document, {})
        .subscribe((result) => onEvent({ ...answer(result), id: result.extensions?.eventId }));
      return () => running.unsubscribe();
    },
    async close() {},
  };
}

// once runs a query or a mutation over a client that knows only subscriptions.
function once(client, payload) {
  return new Promise((resolve, reject) => {
    let answer;
    client.subscribe(payload, {
      next: (result) => (answer = result),
      error: (error) => (Array.isArray(error) ? resolve({ errors: error }) : reject(error)),
      complete: () => resolve(answer),
    });
  });
}

// follow subscribes, and hands on the events with their ids.
function follow(client, payload, onEvent) {
  return client.subscribe(payload, {
    next: ({ data, errors, extensions }) => onEvent({ data, errors, id: extensions?.eventId }),
    error: (error) => onEvent({ errors: [].concat(error) }),
    complete: () => {},
  });
}

// sse speaks server-sent events for everything, a connection for each operation.
export function sse(url, token) {
  const client = (headers) =>
    createSSE({ url, singleConnection: false, headers: { ...bearer(token), ...headers }, retryAttempts: 0 });
  const ask = (query, variables) => once(client(), { query, variables });
  return {
    query: ask,
    mutate: ask,
    subscribe: (query, lastEventId, onEvent) => follow(client({ "Last-Event-ID": lastEventId }), { query }, onEvent),
    async close() {},
  };
}

// ws speaks graphql-transport-ws for everything, on one connection.
export function ws(url, token) {
  const client = socket(url, token);
  const ask = (query, variables) => once(client, { query, variables });
  return {
    query: ask,
    mutate: ask,
    subscribe: (query, lastEventId, onEvent) => follow(client, { query, extensions: { lastEventId } }, onEvent),
    close: async () => client.dispose(),
  };
}
