package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// subtitles are the captions of a film of that length, in WebVTT, as dense as people speak and read: a cue of two
// lines every two seconds.
func subtitles(length time.Duration, line string) string {
	var b strings.Builder
	b.WriteString("WEBVTT\n\n")
	stamp := func(at time.Duration) string {
		return fmt.Sprintf("%02d:%02d:%02d.%03d", int(at.Hours()), int(at.Minutes())%60, int(at.Seconds())%60, at.Milliseconds()%1000)
	}
	const cue = 2 * time.Second
	for at := time.Duration(0); at < length; at += cue {
		fmt.Fprintf(&b, "%s --> %s\n%s\n%s\n\n", stamp(at), stamp(at+cue-100*time.Millisecond), line, line)
	}
	return b.String()
}

// The longest lines that subtitles have, 42 characters, in scripts of two and of three bytes.
const (
	greekLine = "Ουδέποτε θα μπορούσαμε να το φανταστούμεεε"
	hindiLine = "हमने कभी ऐसी कल्पना भी नहीं की थी मेरे दोस"
)

// authored is a draft course of the instructor, and how its lesson is saved.
type authored struct {
	*edge

	token, course string
}

func newAuthored(t *testing.T) *authored {
	t.Helper()
	a := &authored{edge: newEdge(t)}
	a.token = a.edge.token(t, "acme", "instructor")
	r := graphQL(t, `mutation{saveCourse(input:{slug:"films",title:"Films"}){course{id}}}`, nil)
	r.token = a.token
	var saved struct {
		SaveCourse struct{ Course struct{ ID string } }
	}
	reply := a.ask(t, r)
	if err := json.Unmarshal(reply.Data, &saved); err != nil {
		t.Fatalf("%v: %s", err, reply.text)
	}
	a.course = saved.SaveCourse.Course.ID
	r = graphQL(t, `mutation($c:ID!){saveModule(input:{courseId:$c,key:"m",title:"Module"}){module{id}}}`, map[string]any{"c": a.course})
	r.token = a.token
	if reply := a.ask(t, r); reply.code() != "" {
		t.Fatal(reply.text)
	}
	return a
}

const saveFilm = `mutation($c:ID!,$t:[CaptionInput!]){saveLesson(input:{
	courseId:$c,moduleKey:"m",key:"film",title:"Film",kind:VIDEO,url:"https://videos.example/film.mp4",durationMs:3600000,captions:$t
}){lesson{captions{locale}}}}`

// film is the request that saves the film with captions by language.
func (a *authored) film(t *testing.T, captions map[string]string) edgeRequest {
	t.Helper()
	tracks := []map[string]string{}
	for locale, vtt := range captions {
		tracks = append(tracks, map[string]string{"locale": locale, "vtt": vtt})
	}
	r := graphQL(t, saveFilm, map[string]any{"c": a.course, "t": tracks})
	r.token = a.token
	return r
}

// TestCaptionsOfAnHour saves a film of an hour with dense captions in ten languages: nobody has to take it apart.
func TestCaptionsOfAnHour(t *testing.T) {
	t.Parallel()
	a := newAuthored(t)
	captions, largest := map[string]string{}, 0
	for _, locale := range []string{"el", "ru", "uk", "he", "ar", "bg", "sr"} {
		captions[locale] = subtitles(time.Hour, greekLine)
	}
	for _, locale := range []string{"hi", "mr", "ne"} {
		captions[locale] = subtitles(time.Hour, hindiLine)
	}
	for _, vtt := range captions {
		largest = max(largest, len(vtt))
	}
	r := a.film(t, captions)
	reply := a.ask(t, r)
	if reply.code() != "" || strings.Count(reply.text, `"locale"`) != len(captions) {
		t.Fatalf("status %d: %.300s", reply.status, reply.text)
	}
	t.Logf("captions of %d bytes at most in %d languages, a request of %d bytes", largest, len(captions), len(r.body))

	reply = a.ask(t, a.film(t, map[string]string{"hi": "WEBVTT\n\n" + strings.Repeat("NOTE x\n\n", 1<<17+1)}))
	if reply.code() != badInput || len(reply.Errors[0].Extensions.Violations) != 1 || reply.Errors[0].Extensions.Violations[0].Field != "captions.0.vtt" {
		t.Errorf("captions of more than 1 MiB: %.300s", reply.text)
	}
}

// TestAttackLargeRequests sends as much as an author may: nobody else may, a document may not, and it is cheap.
// It runs alone, because the processor time of the process is what is measured.
func TestAttackLargeRequests(t *testing.T) {
	a := newAuthored(t)
	var hardest worst
	const most = 4 << 20
	fill := func(text string) string { return strings.Repeat(text, (most-1000)/max(len(text), 1)) }
	big := `{"query":"{__typename}","variables":{"x":"` + fill("a") + `"}}`
	for name, tt := range map[string]struct {
		token, body string
		status      int
		want        string
	}{
		"a visitor":                    {"", big, http.StatusRequestEntityTooLarge, "PAYLOAD_TOO_LARGE"},
		"a learner":                    {a.edge.token(t, "acme", "learner"), big, http.StatusRequestEntityTooLarge, "PAYLOAD_TOO_LARGE"},
		"an author":                    {a.token, big, http.StatusOK, ""},
		"an admin":                     {a.edge.token(t, "acme", "admin"), big, http.StatusOK, ""},
		"an author, a byte too many":   {a.token, `{"query":"{__typename}"}` + strings.Repeat(" ", most), http.StatusRequestEntityTooLarge, "PAYLOAD_TOO_LARGE"},
		"an author, as a document":     {a.token, `{"query":"{__typename}` + fill(" ") + `"}`, http.StatusOK, operationTooLarge},
		"an author, escapes":           {a.token, `{"query":"{__typename}","variables":{"x":"` + fill(`\u0041`) + `"}}`, http.StatusOK, ""},
		"an author, zeros":             {a.token, `{"query":"{__typename}","variables":{"x":[` + fill("0,") + `0]}}`, http.StatusBadRequest, badRequest},
		"an author, empty objects":     {a.token, `{"query":"{__typename}","variables":{"x":[` + fill("{},") + `0]}}`, http.StatusBadRequest, badRequest},
		"an author, brackets":          {a.token, fill("["), http.StatusBadRequest, badRequest},
		"an author, an endless number": {a.token, `{"query":"{__typename}","variables":{"x":` + fill("9") + `}}`, http.StatusOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			hardest.note(t, name, leastTime(t, func() {
				w = httptest.NewRecorder()
				a.public.ServeHTTP(w, edgeRequest{token: tt.token, body: tt.body}.fill(t, ""))
			}))
			reply := &edgeReply{status: w.Code, text: w.Body.String()}
			if err := json.Unmarshal(w.Body.Bytes(), reply); err != nil {
				t.Fatal(err)
			}
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
			checkRefused(t, reply, tt.want)
		})
	}
	t.Logf("requests of 4 MiB: %d; the hardest took %v of a processor (%s), at most %v each", hardest.count, hardest.took, hardest.name, hostileBudget)
}
