package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"lyceum/internal/platform/cache/cachetest"
)

// guessing is how many tries at the admin's password an attacker makes at once.
const guessing = 100

// signInField is one try.
func signInField(name, email string) string {
	return fmt.Sprintf(`%s:signIn(input:{email:%q,password:"a guess"}){token}`, name, email)
}

// signInBody is one try with the ready document.
func signInBody(email string) string {
	return fmt.Sprintf(`{"documentId":"sign-in","variables":{"email":%q,"password":"a guess"}}`, email)
}

// codesIn counts codes in the text of answers.
func codesIn(text string) map[string]int {
	counted := map[string]int{}
	for _, code := range []string{"UNAUTHENTICATED", "RATE_LIMITED", "BAD_USER_INPUT", operationTooLarge} {
		counted[code] = strings.Count(text, `"code":"`+code+`"`)
	}
	return counted
}

// TestAttackSignIn guesses a password a hundred times, in every way that there is to put several tries into one
// request or to look like somebody else: five are checked. The server has a Redis, or none any more.
func TestAttackSignIn(t *testing.T) {
	t.Parallel()
	const victim = "admin@acme.example"
	document := func(n, of int) string { // the n-th document of so many tries
		var b strings.Builder
		for i := range of {
			b.WriteString(signInField(fmt.Sprint("t", n*of+i), victim) + " ")
		}
		return "mutation{" + b.String() + "}"
	}
	const perDocument = 10 // aliases of one field
	ways := map[string]func(t *testing.T, e *edge, from string) string{
		"under 100 names": func(t *testing.T, e *edge, from string) string {
			t.Helper()
			r := graphQL(t, document(0, guessing), nil)
			r.address = from
			return e.ask(t, r).text
		},
		"ten at a time": func(t *testing.T, e *edge, from string) string {
			t.Helper()
			all := ""
			for n := range guessing / perDocument {
				r := graphQL(t, document(n, perDocument), nil)
				r.address = from
				all += e.ask(t, r).text
			}
			return all
		},
		"in fragments": func(t *testing.T, e *edge, from string) string {
			t.Helper()
			all := ""
			for n := range guessing / perDocument {
				fields := strings.TrimSuffix(strings.TrimPrefix(document(n, perDocument), "mutation{"), "}")
				r := graphQL(t, "mutation{...f ...f ...on Mutation{...f}} fragment f on Mutation{"+fields+"}", nil)
				r.address = from
				all += e.ask(t, r).text
			}
			return all
		},
		"in a batch": func(t *testing.T, e *edge, from string) string {
			t.Helper()
			r := edgeRequest{address: from, body: "[" + strings.TrimSuffix(strings.Repeat(signInBody(victim)+",", guessing), ",") + "]"}
			reply := e.ask(t, r)
			if reply.status != http.StatusBadRequest {
				t.Errorf("a batch: %s", reply.text)
			}
			return reply.text + allOf(t, e, from, func(int) edgeRequest { return edgeRequest{body: signInBody(victim)} })
		},
		"by a persisted document": func(t *testing.T, e *edge, from string) string {
			t.Helper()
			return allOf(t, e, from, func(int) edgeRequest { return edgeRequest{body: signInBody(victim)} })
		},
		"in mixed case, with spaces": func(t *testing.T, e *edge, from string) string {
			t.Helper()
			return allOf(t, e, from, func(i int) edgeRequest {
				return edgeRequest{body: signInBody(strings.Repeat(" ", i%3) + victim[:i%5] + strings.ToUpper(victim[i%5:]))}
			})
		},
		"on every host of the tenant": func(t *testing.T, e *edge, from string) string {
			t.Helper()
			hosts := []string{"acme.localhost", "ACME.localhost.:80", "learn.acme.example", "LEARN.acme.example:8080", "127.0.0.1", "localhost"}
			return allOf(t, e, from, func(i int) edgeRequest { return edgeRequest{host: hosts[i%len(hosts)], body: signInBody(victim)} })
		},
		"on no host, for the tenant": func(t *testing.T, e *edge, from string) string {
			t.Helper()
			body := fmt.Sprintf(`{"query":%q}`, `mutation{signIn(input:{tenant:"acme",email:"`+victim+`",password:"a guess"}){token}}`)
			return allOf(t, e, from, func(int) edgeRequest { return edgeRequest{host: "127.0.0.1", body: body} })
		},
		"from addresses that are one network": func(t *testing.T, e *edge, _ string) string {
			t.Helper()
			const network = "2001:db8:7:1::"
			return allOf(t, e, "", func(i int) edgeRequest {
				return edgeRequest{address: network + strconv.FormatInt(int64(i+1), 16), body: signInBody(victim)}
			})
		},
		"with addresses in front of one's own": func(t *testing.T, e *edge, from string) string {
			t.Helper()
			return allOf(t, e, "", func(i int) edgeRequest {
				return edgeRequest{address: fmt.Sprintf("192.0.2.%d, %s", i, from), body: signInBody(victim)}
			})
		},
		"as different clients": func(t *testing.T, e *edge, from string) string {
			t.Helper()
			return allOf(t, e, from, func(i int) edgeRequest {
				return edgeRequest{body: signInBody(victim), header: map[string]string{
					"User-Agent": fmt.Sprint("agent ", i), "X-Real-IP": fmt.Sprintf("192.0.2.%d", i), "Forwarded": fmt.Sprintf("for=192.0.2.%d", i),
				}}
			})
		},
		"by server-sent events": func(t *testing.T, e *edge, from string) string {
			t.Helper()
			all := ""
			for n := range guessing / perDocument {
				r := graphQL(t, document(n, perDocument), nil)
				r.address = from
				all += e.events(t, r)
			}
			return all
		},
		"on one socket": func(t *testing.T, e *edge, from string) string {
			t.Helper()
			socket := e.dialFrom(t, "acme.localhost", from, nil)
			all := ""
			for range guessing {
				all += socket.ask(t, `{"id":"1","type":"subscribe","payload":`+signInBody(victim)+`}`).text
			}
			return all
		},
		"at a hundred people": func(t *testing.T, e *edge, from string) string {
			t.Helper()
			return allOf(t, e, from, func(i int) edgeRequest {
				return edgeRequest{body: signInBody(fmt.Sprintf("person-%d@acme.example", i))}
			})
		},
	}
	redis := cachetest.Start(t)
	for kind, server := range map[string]struct {
		settings []string
		// of one account, and of many, that may be checked
		account, address int
	}{
		"with Redis": {[]string{"REDIS_URL=" + redis.URL(), "LYCEUM_REDIS_TIMEOUT=2s"}, 5, 20},
		// Nobody answers there: the process counts alone, and gives a quarter.
		"without Redis": {[]string{"REDIS_URL=redis://127.0.0.1:1", "LYCEUM_REDIS_TIMEOUT=100ms"}, 1, 5},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			e := newEdge(t, append([]string{"LYCEUM_LIMIT_ROOT_FIELDS=1000"}, server.settings...)...)
			n, hardest := 0, 0
			for way, guess := range ways {
				n++
				from := fmt.Sprintf("198.51.%d.%d", 100+n, n)
				t.Run(way, func(t *testing.T) {
					began := time.Now()
					codes := codesIn(guess(t, e, from))
					most, perMinute := server.account, triesAccount
					if way == "at a hundred people" {
						most, perMinute = server.address, triesAddress
					}
					checked := codes["UNAUTHENTICATED"]
					// Some come back while a slow machine guesses.
					again := int(time.Since(began)*time.Duration(perMinute)/time.Minute) + 1
					if checked > most+again || checked < most && codes[operationTooLarge] == 0 {
						t.Errorf("%d tries were checked, want %d: %v", checked, most, codes)
					}
					if codes["RATE_LIMITED"]+codes[operationTooLarge] == 0 {
						t.Errorf("nothing was refused: %v", codes)
					}
					if way != "at a hundred people" {
						hardest = max(hardest, checked)
					}
				})
			}
			t.Logf("signing in %s, in %d ways: of %d tries %d at most were checked of one account", kind, len(ways), guessing, hardest)
		})
	}
}

// allOf sends a hundred requests from an address, if they do not say where they come from, and returns all answers.
func allOf(t *testing.T, e *edge, from string, request func(i int) edgeRequest) string {
	t.Helper()
	all := ""
	for i := range guessing {
		r := request(i)
		r.address = orElse(r.address, from)
		all += e.ask(t, r).text
	}
	return all
}

// TestAttackOtherSecrets guesses what else opens something.
func TestAttackOtherSecrets(t *testing.T) {
	t.Parallel()
	redis := cachetest.Start(t)
	e := newEdge(t, "REDIS_URL="+redis.URL(), "LYCEUM_REDIS_TIMEOUT=2s")
	t.Run("the current password", func(t *testing.T) {
		token := e.token(t, "acme", "learner")
		limited := 0
		for n := range 4 {
			r := graphQL(t, "mutation{"+repeat(`c%d:changePassword(input:{current:"a guess",new:"another long password"}){revoked} `, 5)+"}", nil)
			r.token = token
			text := e.ask(t, r).text
			limited += strings.Count(text, `"RATE_LIMITED"`)
			if wrong := codesIn(text)["BAD_USER_INPUT"]; n > 0 && wrong > 1 || wrong > 5 {
				t.Errorf("request %d: %d guesses were checked", n, wrong)
			}
		}
		if limited == 0 {
			t.Error("twenty guesses, and none was refused")
		}
		r := graphQL(t, `mutation{signIn(input:{email:"learner@acme.example",password:"`+edgePassword+`"}){token}}`, nil)
		if reply := e.ask(t, r); reply.code() != "RATE_LIMITED" {
			t.Errorf("guessing there and signing in are counted apart: %s", reply.text)
		}
	})
	t.Run("codes of certificates", func(t *testing.T) {
		code := strings.Repeat("a", 26)
		names := repeat(`v%d:verifyCertificate(code:"`+code+`"){status} `, 10)
		limited := 0
		for range 8 {
			r := graphQL(t, "{"+names+"}", nil)
			r.address = "198.51.100.40"
			limited += strings.Count(e.ask(t, r).text, `"RATE_LIMITED"`)
		}
		if limited < 10 || limited > 20 {
			t.Errorf("of 80 looks %d were refused, want 20, or as many less as came back", limited)
		}
		page := func(address string) *edgeReply {
			return e.ask(t, edgeRequest{method: http.MethodGet, path: "/verify/" + code, address: address})
		}
		refused := 0
		for range guessing {
			if reply := page("198.51.100.40"); reply.status == http.StatusTooManyRequests && reply.header.Get("Retry-After") != "" {
				refused++
			}
		}
		if refused <= guessing/2 {
			t.Errorf("the page is counted apart: of %d looks %d were refused", guessing, refused)
		}
		if reply := page("198.51.100.41"); reply.status != http.StatusNotFound {
			t.Errorf("somebody else: %d", reply.status)
		}
	})
	t.Run("keys and sessions", func(t *testing.T) {
		limited := 0
		for i := range 800 {
			r := edgeRequest{body: `{"query":"{__typename}"}`, address: "198.51.100.50", token: fmt.Sprint("lyk_guess", i)}
			switch reply := e.ask(t, r); reply.status {
			case http.StatusUnauthorized:
			case http.StatusTooManyRequests:
				limited++
				if reply.header.Get("Retry-After") == "" || reply.code() != "RATE_LIMITED" {
					t.Fatalf("%v %s", reply.header, reply.text)
				}
			default:
				t.Fatalf("%d: %s", reply.status, reply.text)
			}
		}
		if limited == 0 {
			t.Error("800 guesses, and none was refused")
		}
		good := edgeRequest{body: `{"query":"{viewer{role}}"}`, address: "198.51.100.50", token: e.token(t, "acme", "learner")}
		if reply := e.ask(t, good); reply.code() != "" {
			t.Errorf("a neighbour of the guesser is kept out: %s", reply.text)
		}
	})
	t.Run("the staff's password", func(t *testing.T) {
		refused := 0
		for i := range 10 {
			email := []string{edgeStaff, strings.ToUpper(edgeStaff), " " + edgeStaff}[i%3]
			body := url.Values{"email": {email}, "password": {"a guess"}}.Encode()
			w := httptest.NewRecorder()
			e.admin.ServeHTTP(w, edgeRequest{path: "/sign-in", host: "127.0.0.1:8081", body: body, header: map[string]string{
				"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", "X-Forwarded-For": fmt.Sprintf("192.0.2.%d", i),
			}}.fill(t, ""))
			if strings.Contains(w.Body.String(), "Too many tries") {
				refused++
			}
		}
		if refused < 4 {
			t.Errorf("of ten tries %d were refused, want 5, or one less if one came back", refused)
		}
	})
}
