//go:build attack

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/docs/operations"
	"lyceum/e2e/attack"
	"lyceum/internal/platform/auth"
	"lyceum/internal/platform/gid"
)

// whoAmI asks who the server takes somebody for.
const whoAmI = `{ viewer { role user { id name email } tenant { id slug } } notifications { nodes { id title } } }`

// visit is a request as it goes over the wire: a target, lines of headers, and a body.
type visit struct {
	target  string
	headers []string
	token   string
	body    string
}

// knock sends it as it is, over a connection of its own, and returns the whole answer; nothing when the server hangs up
// without one.
func (w *attackWorld) knock(ctx context.Context, address string, v visit) (status int, said []byte, err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, nil, fmt.Errorf("dial: %w", err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	lines := append([]string{"POST " + v.target + " HTTP/1.1"}, v.headers...)
	lines = append(lines, "Content-Type: application/json", "X-Forwarded-For: "+w.address(), fmt.Sprintf("Content-Length: %d", len(v.body)), "Connection: close")
	if v.token != "" {
		lines = append(lines, "Authorization: Bearer "+v.token)
	}
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"+v.body); err != nil {
		return 0, nil, nil // it hung up, which is an answer
	}
	var raw bytes.Buffer
	response, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, &raw)), nil)
	if err != nil {
		return 0, raw.Bytes(), nil // what came is all there is to look at
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(io.Discard, response.Body)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return response.StatusCode, raw.Bytes(), err
}

// spellings are ways to write the name of a host, and what resembles it.
func spellings(host string) []string {
	name, base, _ := strings.Cut(host, ".")
	return []string{
		host, strings.ToUpper(host), strings.ToUpper(host[:1]) + host[1:], host + ".", host + "..", host + ":80", host + ":65536", host + ":99999999",
		host + ":", host + ".:8080", host + ":80:80", host + ":http", "." + host, host + "/", host + "/..", host + "\\", host + "#", host + "?x=1", host + "%00", host + "%2e",
		strings.Replace(host, ".", "%2e", 1), strings.Replace(host, ".", "。", 1), strings.Replace(host, ".", "．", 1), "ｖ" + host[1:], "xn--" + host,
		"xn--" + name + "-9ta." + base, name[:1] + "\u0301" + host[1:], host + "\u200b", "user@" + host, "user:pw@" + host, "www." + host, "a.b." + host, name,
		name + "." + host, host + "." + base, host + ".example", "[" + host + "]", host + "," + host, host + " " + host, host + "\t", "*." + base, "%", "-", "..", "_" + host,
	}
}

// addresses are hosts that name no tenant.
func addresses() []string {
	return []string{
		"", "localhost", "LOCALHOST", "localhost.", "localhost:1", "127.0.0.1", "127.0.0.1:80", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0.0.0.0", "[::1]", "[::1]:80",
		"[::1", "::1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fe80::1%25eth0]", "[fe80::1%eth0]", "[::]", "unknown.localhost", "unknown.example", "example.com", "metadata.google.internal",
	}
}

// guest is somebody who knocks at foreign doors.
type guest struct {
	name  string
	token string
	home  *side
}

// guests are the people and keys of a tenant whose tokens are good at home.
func (w *attackWorld) guests(s *side) []guest {
	var found []guest
	for _, persona := range []string{"admin", "instructor", "learner", "reader", "key"} {
		found = append(found, guest{s.slug + "'s " + persona, s.tokens[persona], s})
	}
	return append(found, guest{name: "visitor"})
}

// hostDoors are the ways to ask for a host: in the Host header, in the target, in headers that proxies use, and in several
// at once.
func hostDoors(home, host string) map[string]visit {
	to := func(target string, headers ...string) visit { return visit{target: target, headers: headers} }
	found := map[string]visit{
		"host":                     to("/graphql", "Host: "+host),
		"forwarded host":           to("/graphql", "Host: "+home, "X-Forwarded-Host: "+host),
		"forwarded":                to("/graphql", "Host: "+home, "Forwarded: host="+host+";for=127.0.0.1"),
		"original host":            to("/graphql", "Host: "+home, "X-Original-Host: "+host, "X-Host: "+host, "X-Forwarded-Server: "+host, "X-HTTP-Host-Override: "+host),
		"rewritten":                to("/graphql", "Host: "+home, "X-Original-URL: http://"+host+"/graphql", "X-Rewrite-URL: /graphql"),
		"tenant headers":           to("/graphql", "Host: "+home, "X-Tenant: "+host, "X-Tenant-Id: "+host, "Tenant: "+host),
		"origin":                   to("/graphql", "Host: "+home, "Origin: http://"+host, "Referer: http://"+host+"/"),
		"absolute target":          to("http://"+host+"/graphql", "Host: "+home),
		"absolute target, own":     to("http://"+home+"/graphql", "Host: "+host),
		"absolute target, secure":  to("https://"+host+"/graphql", "Host: "+home),
		"absolute, with a user":    to("http://"+home+"@"+host+"/graphql", "Host: "+home),
		"two hosts":                to("/graphql", "Host: "+home, "Host: "+host),
		"two hosts, the other way": to("/graphql", "Host: "+host, "Host: "+home),
		"a host with a space":      to("/graphql", "Host: "+home, "Host : "+host),
		"a folded host":            to("/graphql", "Host: "+home, " "+host),
		"an odd letter":            to("/graphql", "Host: "+home, "Hoſt: "+host),
		"two slashes":              to("//"+host+"/graphql", "Host: "+home),
		"a query":                  to("/graphql?host="+url.QueryEscape(host)+"&tenant="+url.QueryEscape(host), "Host: "+home),
	}
	return found
}

// TestAttackWrongHosts brings the sessions and keys of one tenant to the hosts of the other, to its own domain, to hosts
// that name none and to hosts that nobody has: nobody is ever taken for somebody of the other tenant, and whose token is
// refused is not even shown what visitors are.
func TestAttackWrongHosts(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	for _, s := range []*side{w.attacker, w.victim} {
		w.giveDomain(t, s)
	}
	address := strings.TrimPrefix(w.server.URL, "http://")
	tried, outcomes := 0, map[string]int{}
	for _, from := range []struct{ mine, theirs *side }{{w.attacker, w.victim}, {w.victim, w.attacker}} {
		theirs, err := w.scanner(t.Context(), from.theirs, true)
		if err != nil {
			t.Fatal(err)
		}
		domain := ownDomain(from.theirs)
		hosts := slices.Concat(spellings(from.theirs.host), spellings(domain), addresses())
		for _, host := range hosts {
			for door, v := range hostDoors(from.mine.host, host) {
				// The other headers are tried with the names as they are, not with every spelling.
				if door != "host" && host != from.theirs.host && host != domain && host != "localhost" {
					continue
				}
				for _, g := range w.guests(from.mine) {
					v.token, v.body = g.token, `{"query":`+quoted(whoAmI)+`}`
					status, said, err := w.knock(t.Context(), address, v)
					if err != nil {
						t.Fatalf("%s, %s %q: %v", g.name, door, host, err)
					}
					tried++
					outcome := w.outcome(status, said)
					outcomes[outcome]++
					if outcome == home && door == "host" && !slices.Contains(addresses(), host) {
						t.Errorf("%s is at home at %q", g.name, host)
					}
					w.judge(t, fmt.Sprintf("%s, %s %q", g.name, door, host), g, from.theirs, theirs, said)
				}
			}
		}
	}
	w.known(t)
	t.Logf("%d requests at wrong hosts: %v", tried, outcomes)
}

// home is the outcome of being taken for who one is.
const home = "home"

// outcome names what was answered, for the figures.
func (w *attackWorld) outcome(status int, said []byte) string {
	for _, s := range []*side{w.attacker, w.victim} {
		if bytes.Contains(said, []byte(s.id("Tenant"))) && bytes.Contains(said, []byte(`"email":"`)) {
			return home
		}
	}
	return http.StatusText(status)
}

func quoted(text string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\\`), `"`, `\"`) + `"`
}

// judge looks at an answer: nothing of the other tenant may be in it that is not for everybody, and nothing at all for
// who came with a token.
func (*attackWorld) judge(t *testing.T, what string, g guest, theirs *side, secrets *attack.Scanner, said []byte) {
	t.Helper()
	for _, finding := range secrets.Scan(said) {
		t.Errorf("%s: %s", what, finding)
	}
	if bytes.Contains(said, []byte(`"role":"`)) && g.token == "" && !bytes.Contains(said, []byte("ANONYMOUS")) {
		t.Errorf("%s: a visitor is taken for somebody: %s", what, said)
	}
	if g.token != "" && (bytes.Contains(said, []byte(theirs.id("Tenant"))) || bytes.Contains(said, []byte(`"slug":"`+theirs.slug+`"`))) {
		t.Errorf("%s: the token of another tenant is taken: %s", what, said)
	}
	if g.token != "" && bytes.Contains(said, []byte("ANONYMOUS")) {
		t.Errorf("%s: a token that is not taken makes a visitor: %s", what, said)
	}
}

// ownDomain is the domain that a tenant has of its own.
func ownDomain(s *side) string { return "learn." + s.slug + ".example" }

func (w *attackWorld) giveDomain(t *testing.T, s *side) {
	t.Helper()
	if err := w.super(t.Context(), `INSERT INTO domains (id, host, tenant_id) VALUES ($1, $2, $3)`, uuid.Must(uuid.NewV7()), ownDomain(s), s.tenant); err != nil {
		t.Fatal(err)
	}
}

// known is the control: at home, in the spellings that mean home, each token is taken, and the domain of its own means
// the victim.
func (w *attackWorld) known(t *testing.T) {
	t.Helper()
	domain := ownDomain(w.victim)
	for _, host := range []string{w.victim.host, strings.ToUpper(w.victim.host), w.victim.host + ".", w.victim.host + ":8080", domain, strings.ToUpper(domain) + ".:1"} {
		var read struct {
			Viewer struct {
				Tenant struct{ Slug string }
				User   struct{ ID string }
			}
		}
		w.run(t, w.victim.tokens["admin"], host, `{ viewer { user { id } tenant { slug } } }`, nil, &read)
		if read.Viewer.Tenant.Slug != w.victim.slug || read.Viewer.User.ID != gid.New("usr", w.victim.people["admin"]).String() {
			t.Errorf("at %s the victim's admin is %+v", host, read)
		}
	}
}

// TestAttackTokens makes of the tokens of one tenant whatever can be made of them, and brings it to both hosts: the
// tenant inside is changed, the secret, the kind, and every bit of it.
func TestAttackTokens(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	everything, err := w.scanner(t.Context(), w.victim, true)
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := w.attacker.tokens["admin"], w.victim.tokens["admin"]
	never, _ := auth.NewToken(auth.PrefixSession, w.victim.tenant)
	staff, _ := auth.NewToken(auth.PrefixStaff, uuid.Nil)
	key, theirKey := w.attacker.tokens["reader"], w.victim.tokens["reader"]
	forged := map[string]string{
		"a token never given": never, "a staff token never given": staff,
		"the victim's tenant with an own secret":    recombine(auth.PrefixSession, theirs, mine),
		"the victim's tenant with an own key":       recombine(auth.PrefixAPIKey, theirKey, key),
		"the own tenant with the victim's secret":   recombine(auth.PrefixSession, mine, theirs),
		"the own tenant with the victim's key":      recombine(auth.PrefixAPIKey, key, theirKey),
		"the newcomer's tenant with the own secret": recombine(auth.PrefixSession, w.newcomer.tokens["admin"], mine),
		"a session as a key":                        recombine(auth.PrefixAPIKey, mine, mine),
		"a key as a session":                        recombine(auth.PrefixSession, key, key),
		"a session as the staff's":                  recombine(auth.PrefixStaff, mine, mine),
		"the staff's kind, no tenant":               recombine(auth.PrefixStaff, staff, mine),
		"no tenant":                                 recombine(auth.PrefixSession, staff, mine),
		"twice":                                     mine + mine,
		"twice, apart":                              mine + " " + mine,
		"in capitals":                               strings.ToUpper(mine),
		"cut":                                       mine[:len(mine)-1],
		"longer":                                    mine + "0",
		"two with a comma":                          mine + "," + theirs[:len(theirs)-1],
		"another scheme inside":                     "Bearer " + mine,
		"an id":                                     w.attacker.id("Session"),
		"a raw id":                                  w.attacker.raw("Session").String(),
		"the tenant alone":                          w.attacker.tenant.String(),
	}
	for i := range len(mine) {
		for bit := range 7 {
			changed := []byte(mine)
			changed[i] ^= 1 << bit
			if changed[i] > ' ' && changed[i] < 0x7f {
				forged[fmt.Sprintf("byte %d, bit %d", i, bit)] = string(changed)
			}
		}
	}
	tried := 0
	for what, token := range forged {
		for _, host := range []string{w.attacker.host, w.victim.host, "localhost"} {
			a := w.ask(t, token, host, whoAmI, nil)
			tried++
			if a.Data != nil || a.Code() != "UNAUTHENTICATED" && a.Code() != "NOT_FOUND" {
				t.Errorf("%s at %s: %d %s", what, host, a.Status, a.Body)
			}
			for _, finding := range everything.Scan(a.Body, token) {
				t.Errorf("%s at %s: %s", what, host, finding)
			}
		}
	}
	if again := recombine(auth.PrefixSession, mine, mine); again != mine {
		t.Fatalf("the forger makes %q of %q: the attack is vacuous", again, mine)
	}
	for _, good := range []string{mine, key} {
		if a := w.ask(t, good, w.attacker.host, `{ viewer { role } }`, nil); a.Data == nil {
			t.Errorf("the token as it is: %s", a.Body)
		}
	}
	t.Logf("%d forged tokens were refused", tried)
}

// tenantEnd is where the tenant ends in a token, and checkLength how long the check at its end is, in characters.
const tenantEnd, checkLength = 4 + 26, 7

// recombine is a well-formed token of the kind, with the tenant of the first and the secret of the second.
func recombine(kind, first, second string) string {
	text := kind + "_" + first[len(kind)+1:tenantEnd] + second[tenantEnd:len(second)-checkLength]
	var check uuid.UUID
	binary.BigEndian.PutUint32(check[len(check)-crc32.Size:], crc32.ChecksumIEEE([]byte(text)))
	encoded := gid.Encode(check)
	return text + encoded[len(encoded)-checkLength:]
}

// TestAttackStaffDoor brings the staff's session to the tenants' listener, and tenants' sessions and keys to the staff's.
func TestAttackStaffDoor(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	hash, err := w.services.Tenancy.Hasher.Hash(t.Context(), attackPassword)
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.Must(uuid.NewV7())
	if err := w.super(t.Context(), `INSERT INTO staffs (id, email, name, role, password_hash, created_at) VALUES ($1, 'root@lyceum.example', 'Root', 'SUPER_ADMIN', $2, now())`, id, hash); err != nil {
		t.Fatal(err)
	}
	token, tokenHash := auth.NewToken(auth.PrefixStaff, uuid.Nil)
	if err := w.super(t.Context(), `INSERT INTO staff_sessions (id, staff_id, token_hash, created_at, expires_at) VALUES ($1, $2, $3, now(), now() + interval '10 minutes')`,
		uuid.Must(uuid.NewV7()), id, tokenHash); err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{w.attacker.host, w.victim.host, "localhost", "127.0.0.1"} {
		a := w.ask(t, token, host, whoAmI, nil)
		if a.Data != nil || a.Code() != "UNAUTHENTICATED" && a.Code() != "NOT_FOUND" {
			t.Errorf("the staff's session at %s: %d %s", host, a.Status, a.Body)
		}
		signIn := `mutation($p: String!) { signIn(input: {email: "root@lyceum.example", password: $p}) { token } }`
		if a := w.ask(t, "", host, signIn, input{"p": attackPassword}); a.Data != nil {
			t.Errorf("staff signs in at %s: %s", host, a.Body)
		}
	}
	handler, err := w.adminHandler(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	admin := httptest.NewServer(handler)
	t.Cleanup(admin.Close)
	for _, path := range []string{"/jobs/", "/jobs/api/jobs", "/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/profile?seconds=1", "/graphql"} {
		if status := w.adminStatus(t, admin.URL+path, token, "lyceum_staff"); path != "/graphql" && !strings.Contains(path, "profile") && status >= http.StatusBadRequest {
			t.Errorf("staff at %s: status %d: the attack is vacuous", path, status)
		}
		for _, s := range []*side{w.attacker, w.victim} {
			for persona, stolen := range s.tokens {
				for _, cookie := range []string{"lyceum_staff", "__Host-lyceum_staff", "session", "token", "Authorization"} {
					if status := w.adminStatus(t, admin.URL+path, stolen, cookie); status < http.StatusMultipleChoices {
						t.Errorf("%s's %s at %s, as %s: status %d", s.slug, persona, path, cookie, status)
					}
				}
			}
		}
	}
}

// adminStatus asks with the token in a cookie, or in the header Authorization.
func (*attackWorld) adminStatus(t *testing.T, address, token, as string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if as == "Authorization" {
		request.Header.Set("Authorization", "Bearer "+token)
	} else {
		request.AddCookie(&http.Cookie{Name: as, Value: token})
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode
}

// TestAttackSharedNames has both tenants share what names things: addresses of people, slugs of courses and categories,
// codes, words. Whoever asks by a name that only the other tenant has is answered as for a name that nobody has, in words
// and in the number of statements; and taking such a name for oneself works, and meets one's own.
func TestAttackSharedNames(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	everything, err := w.scanner(t.Context(), w.victim, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range w.names() {
		for _, persona := range n.personas {
			w.sameAsNever(t, everything, n, persona)
		}
	}
	w.takeNames(t)
	t.Logf("%d names of the victim's mean nothing at the attacker's", len(w.names()))
}

// named is a document that asks by a name.
type named struct {
	what, document string
	// theirs is the name at the victim's, never the same shape of a name that nobody has.
	theirs, never string
	personas      []string
}

// names are what the victim's things are called.
func (w *attackWorld) names() []named {
	everybody := []string{"", "learner", "instructor", "admin"}
	v := w.victim
	return []named{
		{"an email, signing in", `mutation($n: String!) { signIn(input: {email: $n, password: "` + attackPassword + `"}) { token } }`, v.texts["User.email"], neverLike(v.texts["User.email"]), []string{""}},
		{"a course", `query($n: String!) { course(slug: $n) { id title } }`, v.texts["Course.slug"], neverLike(v.texts["Course.slug"]), everybody},
		{"a public course", `query($n: String!) { course(slug: $n) { id title } }`, "open-" + v.public, neverLike("open-" + v.public), everybody},
		{"a category", `query($n: String!) { courses(filter: {category: $n}) { nodes { id } totalCount } }`, v.texts["Category.slug"], neverLike(v.texts["Category.slug"]), everybody},
		{"a category, searching", `query($n: String!) { search(query: "` + v.word + `", filter: {category: $n}) { total hits { title snippet } } }`, v.texts["Category.slug"], neverLike(v.texts["Category.slug"]), everybody},
		{"a word", `query($n: String!) { search(query: $n) { total hits { title snippet } } }`, v.word, neverLike(v.word), everybody},
		{"a certificate", `query($n: String!) { verifyCertificate(code: $n) { learnerName } }`, v.texts["Certificate.code"], neverLike(v.texts["Certificate.code"]), everybody},
		{"a revoked certificate", `query($n: String!) { verifyCertificate(code: $n) { learnerName } }`, v.texts["Certificate.code revoked"], neverLike(v.texts["Certificate.code revoked"]), everybody},
	}
}

// sameAsNever asks by the victim's name and by one that nobody has.
func (w *attackWorld) sameAsNever(t *testing.T, everything *attack.Scanner, n named, persona string) {
	t.Helper()
	ask := func(name string) answer {
		a := w.ask(t, w.attacker.tokens[persona], w.attacker.host, n.document, input{"n": name})
		a.Body = bytes.ReplaceAll(a.Body, []byte(name), []byte("the name"))
		return a
	}
	ask(n.never) // what is looked up once and remembered
	var theirs, never answer
	for range 5 { // a busy machine splits a batch now and then
		theirs, never = ask(n.theirs), ask(n.never)
		if theirs.Statements == never.Statements {
			break
		}
	}
	if theirs.Status != never.Status || !bytes.Equal(theirs.Body, never.Body) || theirs.Statements != never.Statements {
		t.Errorf("%s as %q: %d %s in %d statements; of one that nobody has %d %s in %d", n.what, persona, theirs.Status, theirs.Body, theirs.Statements,
			never.Status, never.Body, never.Statements)
	}
	for _, finding := range everything.Scan(theirs.Body, n.theirs) {
		t.Errorf("%s as %q: %s", n.what, persona, finding)
	}
}

// takeNames gives the attacker's people and courses the names of the victim's, and signs in to each with its own
// password.
func (w *attackWorld) takeNames(t *testing.T) {
	t.Helper()
	f := &filling{w, w.attacker}
	email := w.victim.texts["User.email"]
	f.do(t, "admin", `mutation($e: String!) { createUser(input: {email: $e, name: "Twin", role: LEARNER, password: "a password of the twin"}) { user { id } } }`, input{"e": email}, nil)
	signIn := `mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { viewer { tenant { slug } user { name } } } }`
	for _, tt := range []struct {
		host, password, want string
	}{
		{w.attacker.host, "a password of the twin", `"Twin"`},
		{w.attacker.host, attackPassword, "UNAUTHENTICATED"},
		{w.victim.host, attackPassword, `"slug":"` + w.victim.slug},
		{w.victim.host, "a password of the twin", "UNAUTHENTICATED"},
	} {
		if a := w.ask(t, "", tt.host, signIn, input{"e": email, "p": tt.password}); !strings.Contains(string(a.Body), tt.want) {
			t.Errorf("the twins at %s with %q: %s, want %s", tt.host, tt.password, a.Body, tt.want)
		}
	}
	for what, slug := range map[string]string{"course": w.victim.texts["Course.slug"], "archived course": w.victim.texts["Course.slug archived"]} {
		id := f.saveCourse(t, "instructor", input{"slug": slug, "title": "Twin of the " + what, "visibility": "PUBLIC"})
		f.saveLesson(t, "instructor", id, input{"key": "article", "moduleKey": "m", "title": "Twin", "kind": "ARTICLE", "body": "Twin"})
		f.publish(t, "instructor", id)
		for host, want := range map[string]string{w.attacker.host: "Twin of the " + what, w.victim.host: ""} {
			a := w.ask(t, "", host, `query($s: String!) { course(slug: $s) { title } }`, input{"s": slug})
			if got := strings.Contains(string(a.Body), "Twin"); got != (want != "") {
				t.Errorf("the %s at %s: %s", what, host, a.Body)
			}
		}
	}
	if a := w.ask(t, "", w.victim.host, `query($s: String!) { course(slug: $s) { title } }`, input{"s": "open-" + w.victim.public}); !strings.Contains(string(a.Body), w.victim.public) {
		t.Errorf("the victim's own course: %s", a.Body)
	}
}

// TestAttackPersistedKeys brings a key that runs persisted documents to everything else.
func TestAttackPersistedKeys(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	everything, err := w.scanner(t.Context(), w.victim, true)
	if err != nil {
		t.Fatal(err)
	}
	key := w.attacker.tokens["key"]
	ready := w.readyDocuments(t)
	ran := 0
	for name, id := range ready {
		for _, host := range []string{w.attacker.host, w.victim.host} {
			a := w.persisted(t, key, host, id, "")
			for _, finding := range everything.Scan(a.Body) {
				t.Errorf("%s at %s: %s", name, host, finding)
			}
			switch {
			case host == w.victim.host && (a.Data != nil || a.Code() != "UNAUTHENTICATED"):
				t.Errorf("%s at the victim's: %d %s", name, a.Status, a.Body)
			case host == w.attacker.host && a.Code() == "UNAUTHENTICATED":
				t.Errorf("%s at home: %s", name, a.Body)
			case host == w.attacker.host:
				ran++
			}
		}
		// A document of one's own beside the id of a good one is not run.
		if a := w.persisted(t, key, w.attacker.host, id, `{ viewer { user { email } } }`); a.Data != nil && strings.Contains(string(a.Body), "email") {
			t.Errorf("%s with another document: %s", name, a.Body)
		}
	}
	for _, document := range []string{`{ viewer { role } }`, `query Hidden { courses { nodes { id } } }`, `mutation { signOut { signedOut } }`} {
		if a := w.ask(t, key, w.attacker.host, document, nil); a.Data != nil {
			t.Errorf("a key for persisted documents runs %s: %s", document, a.Body)
		}
	}
	t.Logf("%d of %d persisted documents were tried at home, none at the victim's", ran, len(ready))
}

// readyDocuments are the ids of the persisted documents: their names, and their hashes.
func (*attackWorld) readyDocuments(t *testing.T) map[string]string {
	t.Helper()
	loaded, err := operations.Load()
	if err != nil || len(loaded.Names()) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	ids := map[string]string{}
	for _, name := range loaded.Names() {
		sum := sha256.Sum256([]byte(loaded.Text(name)))
		ids[name], ids[name+" by hash"] = name, "sha256:"+hex.EncodeToString(sum[:])
	}
	return ids
}

// persisted asks for a document by its id, with another beside it unless that is empty.
func (w *attackWorld) persisted(t *testing.T, token, host, id, beside string) answer {
	t.Helper()
	body := `{"documentId":"` + id + `"}`
	if beside != "" {
		body = `{"documentId":"` + id + `","query":` + quoted(beside) + `}`
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.URL+"/graphql", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("X-Forwarded-For", w.address())
	response, err := w.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{Status: response.StatusCode, Body: said}
	a.parse()
	return a
}
