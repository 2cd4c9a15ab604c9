// Package e2e drives a running Lyceum from outside: journeys over HTTP as each persona, the command-line
// client, real GraphQL clients, and a browser.
package e2e
