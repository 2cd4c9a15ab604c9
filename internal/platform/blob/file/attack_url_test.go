package file_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/file"
)

const (
	ourBytes, theirBytes = "what the attacker may read", "what the victim keeps"
	uploadBytes          = "uploaded by an attacker"
)

// place is a store with an object of the same name in two tenants, and what both hold.
type place struct {
	store          *file.Store
	ours, theirs   blob.Key
	absent, vacant blob.Key
}

func newPlace(t *testing.T) place {
	t.Helper()
	us, them := uuid.New(), uuid.New()
	key := func(tenant uuid.UUID, parts ...string) blob.Key {
		made, err := blob.NewKey(tenant, parts...)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	p := place{
		store: openStore(t), ours: key(us, "asset", "original"), theirs: key(them, "asset", "original"),
		absent: key(us, "fresh", "original"), vacant: key(them, "fresh", "original"),
	}
	put(t, p.store, p.ours, "text/plain", ourBytes)
	put(t, p.store, p.theirs, "text/plain", theirBytes)
	return p
}

// holds fails unless both tenants hold what they held, and nothing else.
func (p place) holds(t *testing.T) {
	t.Helper()
	for key, want := range map[blob.Key]string{p.ours: ourBytes, p.theirs: theirBytes} {
		all, err := blob.NewPrefix(key.Tenant())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for entry, err := range p.store.List(t.Context(), all) {
			if err != nil || entry.Key != key || entry.Size != int64(len(want)) {
				t.Errorf("%s holds %v of %d bytes (%v)", key.Tenant(), entry.Key, entry.Size, err)
			}
			n++
		}
		if n != 1 {
			t.Errorf("%s holds %d objects, want one", key.Tenant(), n)
		}
	}
}

// forgeries are what can be made of a link by who has no key: the names say what was changed.
func (p place) forgeries(link string, from, to blob.Key) map[string]string {
	path, query, _ := strings.Cut(link, "?")
	base := strings.TrimSuffix(path, from.String())
	us, them := from.Tenant().String(), to.Tenant().String()
	name := strings.TrimPrefix(from.String(), "t/"+us+"/")
	found := map[string]string{
		"another tenant":                 strings.Replace(link, us, them, 1),
		"another tenant in capitals":     strings.Replace(link, us, strings.ToUpper(them), 1),
		"dots":                           base + "t/" + us + "/../" + them + "/" + name + "?" + query,
		"dots behind the object":         path + "/../../../" + them + "/" + name + "?" + query,
		"encoded dots":                   base + "t/" + us + "/%2e%2e/" + them + "/" + name + "?" + query,
		"encoded dots and slashes":       base + "t/" + us + "%2f..%2f" + them + "/" + name + "?" + query,
		"double encoded":                 base + "t/" + us + "/%252e%252e/" + them + "/" + name + "?" + query,
		"double encoded slashes":         base + "t/" + us + "%252f..%252f" + them + "/" + name + "?" + query,
		"overlong dots":                  base + "t/" + us + "/%c0%ae%c0%ae/" + them + "/" + name + "?" + query,
		"backslashes":                    base + "t/" + us + "/%5c..%5c" + them + "/" + name + "?" + query,
		"a null byte":                    path + "%00" + "?" + query,
		"a semicolon":                    path + ";/../../../" + them + "/" + name + "?" + query,
		"an encoded letter":              base + "%74/" + us + "/" + name + "?" + query,
		"an empty segment":               base + "/t/" + us + "/" + name + "?" + query,
		"a slash at the end":             path + "/?" + query,
		"nothing signed":                 path,
		"the tenant as a parameter":      link + "&tenant=" + them,
		"the key as a parameter":         link + "&key=" + to.String(),
		"a question mark in the path":    path + "%3f" + query,
		"the tenant's folder":            base + "t/" + us + "/?" + query,
		"the folder of all tenants":      base + "t/?" + query,
		"the root":                       base + "?" + query,
		"the store's own files":          base + "tmp/?" + query,
		"the object's own files":         path + "@/data?" + query,
		"the signature in front":         path + "?" + reverse(query),
		"the signature twice":            link + "&" + query,
		"the signature in other letters": strings.Replace(link, "sig=", "SIG=", 1),
	}
	_, signature, _ := strings.Cut(query, "sig=")
	signature, _, _ = strings.Cut(signature, "&")
	exp, rest, _ := strings.Cut(signature, ".")
	kid, mac, _ := strings.Cut(rest, ".")
	signed := func(exp, kid, mac string) string {
		return strings.Replace(link, "sig="+signature, "sig="+exp+"."+kid+"."+mac, 1)
	}
	end, _ := strconv.ParseInt(exp, 10, 64)
	for what, exp := range map[string]string{
		"a second more": strconv.FormatInt(end+1, 10), "a year more": strconv.FormatInt(end+365*86400, 10), "for ever": "9223372036854775807",
		"beyond numbers": "9223372036854775808", "less": strconv.FormatInt(end-1, 10), "no end": "", "a zero in front": "0" + exp,
		"a plus": "%2B" + exp, "hexadecimal": "0x" + strconv.FormatInt(end, 16), "scientific": "1e99", "a line break": exp + "%0A",
	} {
		found["an end: "+what] = signed(exp, kid, mac)
	}
	for _, kid := range []string{"k0", "k2", "K1", "", "k1.", "none", "../k1", "k1%00", "%6b1"} {
		found["the key "+strconv.Quote(kid)] = signed(exp, kid, mac)
	}
	for what, mac := range map[string]string{
		"none": "", "cut": mac[:len(mac)-1], "longer": mac + "A", "padded": mac + "%3D", "twice": mac + mac, "zeros": strings.Repeat("A", len(mac)),
		"in standard base64": mac + "%2B%2F",
	} {
		found["a code: "+what] = signed(exp, kid, mac)
	}
	return found
}

func reverse(query string) string {
	parts := strings.Split(query, "&")
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return strings.Join(append(parts, "x=1"), "&")
}

// refused sends the link as it is, unless no server would take it, and fails when it gives or tells anything.
func (p place) refused(t *testing.T, what, method, link string, header http.Header, body string) {
	t.Helper()
	res := do(t, p.store, method, link, header, strings.NewReader(body))
	if res == nil {
		return
	}
	said := res.Body.String() + fmt.Sprint(res.Header())
	if res.Code < 400 || res.Code > 499 || strings.Contains(said, theirBytes) || strings.Contains(said, ourBytes) {
		t.Errorf("%s with %s: status %d: %.200s", method, what, res.Code, said)
	}
	if res.Header().Get("ETag") != "" || res.Header().Get("Last-Modified") != "" {
		t.Errorf("%s with %s tells of the object: %v", method, what, res.Header())
	}
}

// TestAttackSignedURLs makes of a tenant's own links whatever can be made without the key: none gives a byte of
// another tenant, or lasts longer, or does something else.
func TestAttackSignedURLs(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	link := download(t, p.store, p.ours, blob.DownloadRule{ContentType: "text/plain", Filename: "notes.txt"})
	if res := do(t, p.store, http.MethodGet, link, nil, http.NoBody); res.Code != http.StatusOK || res.Body.String() != ourBytes {
		t.Fatalf("GET: %d %s", res.Code, res.Body)
	}
	tried := 0
	ranges := []string{"", "bytes=0-", "bytes=0-0", "bytes=-1", "bytes=0-0,2-3", "bytes=999999999999999999999-"}
	for what, forged := range p.forgeries(link, p.ours, p.theirs) {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut} {
			for _, asked := range ranges {
				header := http.Header{}
				if asked != "" {
					header.Set("Range", asked)
				}
				p.refused(t, what+" "+asked, method, forged, header, uploadBytes)
				tried++
			}
		}
	}
	// What was signed for reading does not write, whatever says otherwise.
	for _, method := range []string{http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodPatch, "MOVE", "COPY", "put"} {
		header := http.Header{}
		header.Set("X-HTTP-Method-Override", http.MethodGet)
		header.Set("Content-Type", "text/plain")
		header.Set("Destination", "/blob/"+p.vacant.String())
		p.refused(t, "a link for reading", method, link, header, uploadBytes)
		tried++
	}
	p.holds(t)
	t.Logf("%d forged requests were refused", tried)
}

// TestAttackEveryBitOfTickets flips each bit of the link of an upload: nothing is stored. With the link as it was,
// everything that the ticket says is enforced.
func TestAttackEveryBitOfTickets(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	rule := blob.UploadRule{ContentType: "text/plain", Size: int64(len(uploadBytes))}
	ticket := upload(t, p.store, p.absent, rule)
	header := http.Header{"Content-Type": {"text/plain"}}
	start, tried := strings.Index(ticket.URL, "/blob/")+len("/blob/"), 0
	for i := start; i < len(ticket.URL); i++ {
		for bit := range 8 {
			flipped := []byte(ticket.URL)
			flipped[i] ^= 1 << bit
			for _, method := range []string{http.MethodPut, http.MethodGet, http.MethodHead} {
				p.refused(t, fmt.Sprintf("byte %d, bit %d flipped", i, bit), method, string(flipped), header, uploadBytes)
				tried++
			}
		}
	}
	for what, forged := range p.forgeries(ticket.URL, p.absent, p.vacant) {
		p.refused(t, what, http.MethodPut, forged, header, uploadBytes)
		tried++
	}
	for what, forged := range map[string]string{
		"a larger size":   strings.Replace(ticket.URL, "size=", "size=9", 1),
		"another size":    strings.Replace(ticket.URL, "size=", "max=", 1),
		"a maximum, too":  ticket.URL + "&max=99999",
		"another type":    strings.Replace(ticket.URL, "text%2Fplain", "text%2Fhtml", 1),
		"another object":  strings.Replace(ticket.URL, p.absent.String(), p.ours.String(), 1),
		"another's":       strings.Replace(ticket.URL, p.absent.String(), p.theirs.String(), 1),
		"another's place": strings.Replace(ticket.URL, p.absent.String(), p.vacant.String(), 1),
	} {
		p.refused(t, what, http.MethodPut, forged, header, uploadBytes)
		tried++
	}
	for what, tt := range map[string]struct{ contentType, body string }{
		"a page": {"text/html", uploadBytes}, "a type in capitals": {"Text/Plain", uploadBytes}, "a charset": {"text/plain; charset=utf-8", uploadBytes},
		"two types": {"text/plain, text/html", uploadBytes}, "no type": {"", uploadBytes}, "a short body": {"text/plain", uploadBytes[1:]},
		"a long body": {"text/plain", uploadBytes + "!"}, "no body": {"text/plain", ""}, "a very long body": {"text/plain", strings.Repeat("x", 1<<20)},
	} {
		header := http.Header{"Content-Type": {tt.contentType}}
		p.refused(t, what, http.MethodPut, ticket.URL, header, tt.body)
		tried++
	}
	p.holds(t)
	if res := do(t, p.store, http.MethodPut, ticket.URL, header, strings.NewReader(uploadBytes)); res.Code != http.StatusCreated {
		t.Errorf("the ticket as it was made: %d %s", res.Code, res.Body)
	}
	if res := do(t, p.store, http.MethodPut, ticket.URL, header, strings.NewReader(strings.ToUpper(uploadBytes))); res.Code != http.StatusPreconditionFailed {
		t.Errorf("the ticket for the second time: %d %s", res.Code, res.Body)
	}
	t.Logf("%d uploads were refused", tried)
}

// TestAttackOtherKeys presents links that are right in everything but the key they were signed with: one of another
// store, one that was rotated out, and one that signs paths and not files.
func TestAttackOtherKeys(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for what, key := range map[string]blob.SigningKey{
		"another secret of the same name": {ID: "k1", Secret: bytes.Repeat([]byte("x"), 32)},
		"a key that is not known":         signingKey("k2"),
		"a secret of zeros":               {ID: "k1", Secret: make([]byte, 32)},
		"the name of the key as secret":   {ID: "k1", Secret: []byte(strings.Repeat("k1", 17))},
	} {
		stranger := serve(t, t.TempDir(), newSigner(t, key))
		for _, victim := range []blob.Key{p.ours, p.theirs} {
			p.refused(t, what, http.MethodGet, download(t, stranger, victim, blob.DownloadRule{}), nil, "")
		}
		ticket := upload(t, stranger, p.vacant, blob.UploadRule{ContentType: "text/plain", Size: int64(len(uploadBytes))})
		p.refused(t, what, http.MethodPut, ticket.URL, http.Header{"Content-Type": {"text/plain"}}, uploadBytes)
	}
	signer := newSigner(t, signingKey("k1"))
	prefix, err := blob.NewPrefix(p.ours.Tenant(), "asset")
	if err != nil {
		t.Fatal(err)
	}
	path, err := signer.SignPath(prefix, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	token, _, _ := strings.Cut(strings.TrimPrefix(path, "/v/"), "/")
	p.refused(t, "the token of a path", http.MethodGet, "/blob/"+p.ours.String()+"?sig="+token, nil, "")
	p.refused(t, "a path with its token", http.MethodGet, "/blob"+path+"original", nil, "")
	p.holds(t)
}
