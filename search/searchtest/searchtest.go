// Package searchtest holds what every search.Engine must do, as tests.
package searchtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
	"lyceum/search"
)

// Setup is an engine under test and what it works on. Every test works in tenants of its own, so that an
// engine may be shared.
type Setup struct {
	DB     *pg.DB
	Engine search.Engine
	// Tenant makes a tenant, Course a course in one.
	Tenant func(t *testing.T) uuid.UUID
	Course func(t *testing.T, tenant uuid.UUID) uuid.UUID
	// Publish puts a version of the course in force that has these lessons, and returns its id. Preview is the lesson
	// that everybody may open. Enroll gives somebody new a place in a version. Only stores need them.
	Publish func(t *testing.T, tenant, course, preview uuid.UUID, lessons ...uuid.UUID) uuid.UUID
	Enroll  func(t *testing.T, tenant, course, version uuid.UUID) uuid.UUID
	// Withdraw ends somebody's place in the course.
	Withdraw func(t *testing.T, tenant, course, learner uuid.UUID)
}

// Run checks that the engine keeps the promises of search.Engine.
func Run(t *testing.T, s Setup) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"Finds", s.finds},
		{"LongBody", s.longBody},
		{"Words", s.words},
		{"Cues", s.cues},
		{"Languages", s.languages},
		{"Typos", s.typos},
		{"Marks", s.marks},
		{"Strangers", s.strangers},
		{"Narrows", s.narrows},
		{"Visibility", s.visibility},
		{"TenantsAreApart", s.tenantsAreApart},
		{"HostileQueries", s.hostileQueries},
		{"Pages", s.pages},
		{"Replaces", s.replaces},
		{"Forgets", s.forgets},
		{"PutTwice", s.putTwice},
		{"PutConcurrently", s.putConcurrently},
		{"Holds", s.holds},
		{"CancelledContext", s.cancelled},
		{"Ping", s.ping},
	} {
		t.Run(test.name, test.run)
	}
}

// as is a context in which the system works for the tenant.
func as(t *testing.T, tenant uuid.UUID) context.Context {
	t.Helper()
	return viewer.With(t.Context(), viewer.Job(tenant, "searchtest"))
}

// tenant is a new one and its context.
func (s Setup) tenant(t *testing.T) (uuid.UUID, context.Context) {
	t.Helper()
	tenant := s.Tenant(t)
	return tenant, as(t, tenant)
}

// document is a lesson of the course, public and in English.
func document(course uuid.UUID, title, body string) search.Document {
	return search.Document{
		ID: uuid.Must(uuid.NewV7()), Course: course, Lesson: true, Version: 1,
		Title: title, CourseTitle: "A course", Body: body,
		Language: "en", Level: "ALL", Visibility: "PUBLIC", PublishedAt: time.Now().UTC().Truncate(time.Second),
	}
}

// publish puts documents with these titles, and bodies where a bar divides them, into a course of their own.
func (s Setup) publish(t *testing.T, tenant uuid.UUID, texts ...string) []search.Document {
	t.Helper()
	course := s.Course(t, tenant)
	documents := make([]search.Document, len(texts))
	for i, text := range texts {
		title, body, _ := strings.Cut(text, "|")
		documents[i] = document(course, title, body)
	}
	s.put(t, tenant, course, documents...)
	return documents
}

func (s Setup) put(t *testing.T, tenant, course uuid.UUID, documents ...search.Document) {
	t.Helper()
	if err := s.tryPut(as(t, tenant), course, documents...); err != nil {
		t.Fatalf("Put: %v", err)
	}
}

func (s Setup) tryPut(ctx context.Context, course uuid.UUID, documents ...search.Document) error {
	var settle search.Settle
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		var err error
		settle, err = s.Engine.Put(ctx, tx, course, documents)
		return err
	})
	if err != nil {
		return err
	}
	return settle(ctx)
}

// query asks for the text as staff.
func (s Setup) query(t *testing.T, ctx context.Context, text string) search.Found {
	t.Helper()
	return s.ask(t, ctx, search.Query{Text: text, Members: true, Staff: true})
}

func (s Setup) ask(t *testing.T, ctx context.Context, q search.Query) search.Found {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 50
	}
	found, err := s.Engine.Query(ctx, q)
	if err != nil {
		t.Fatalf("Query %q: %v", q.Text, err)
	}
	if len(found.Hits) > q.Limit || found.Total < len(found.Hits) {
		t.Fatalf("Query %q: %d hits of %d, and at most %d were asked for", q.Text, len(found.Hits), found.Total, q.Limit)
	}
	return found
}

// expect checks which documents the query finds, in any order.
func expect(t *testing.T, found search.Found, query string, documents ...search.Document) {
	t.Helper()
	want, got := map[uuid.UUID]string{}, map[uuid.UUID]string{}
	for _, d := range documents {
		want[d.ID] = d.Title
	}
	for _, hit := range found.Hits {
		got[hit.ID] = hit.Title
	}
	for id, title := range want {
		if _, ok := got[id]; !ok {
			t.Errorf("%q does not find %q", query, title)
		}
	}
	for id, title := range got {
		if _, ok := want[id]; !ok {
			t.Errorf("%q finds %q", query, title)
		}
	}
}

func (s Setup) finds(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	course := s.Course(t, tenant)
	whole := document(course, "Botany for beginners", "Tags: gardening")
	whole.ID, whole.Lesson, whole.Summary = course, false, "How plants live."
	lesson := document(course, "Photosynthesis", "Chlorophyll absorbs light.\nWater is split.")
	other := document(course, "Roots", "They hold the plant.")
	s.put(t, tenant, course, whole, lesson, other)

	for query, want := range map[string][]search.Document{
		"botany":               {whole},
		"live":                 {whole},
		"gardening":            {whole},
		"photosynthesis":       {lesson},
		"PHOTOSYNTHESIS":       {lesson},
		"chlorophyll":          {lesson},
		"water":                {lesson},
		"photosynthesis water": {lesson},
		"roots":                {other},
		"roots water":          {},
		"astronomy":            {},
	} {
		expect(t, s.query(t, ctx, query), query, want...)
	}
	for query, want := range map[string]search.Hit{
		"botany": {ID: course, Course: course},
		"roots":  {ID: other.ID, Course: course, Lesson: true},
	} {
		found := s.query(t, ctx, query)
		if len(found.Hits) != 1 || found.Total != 1 {
			t.Fatalf("%q: %d hits of %d, want 1", query, len(found.Hits), found.Total)
		}
		got := found.Hits[0]
		if got.ID != want.ID || got.Course != want.Course || got.Lesson != want.Lesson {
			t.Errorf("%q: hit %+v, want %+v", query, got, want)
		}
	}
}

// longBody looks for what stands only at the end of a transcript of 100 KB.
func (s Setup) longBody(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	var transcript strings.Builder
	for i := 0; transcript.Len() < 100_000; i++ {
		fmt.Fprintf(&transcript, "So we go on, step %d of a long talk about cells. ", i)
	}
	transcript.WriteString("And that is why the mitochondria hum lullabies.")
	long := s.publish(t, tenant, "The cell, part 1|"+transcript.String(), "Lullabies|Mitochondria are not in this one: hum.")

	for query, want := range map[string][]search.Document{
		"mitochondria lullabies hum":     {long[0], long[1]},
		`"mitochondria hum lullabies"`:   {long[0]},
		`"lullabies hum mitochondria"`:   {},
		`cells "the mitochondria hum"`:   {long[0]},
		`"why the mitochondria hum" foo`: {},
	} {
		expect(t, s.query(t, ctx, query), query, want...)
	}
}

func (s Setup) words(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	d := s.publish(t, tenant,
		"Red apples|They are sweet and green inside.",
		"Green pears|They are red at times, and never sweet.",
		"Plums|C++ and state-of-the-art orchards; it's O'Neill's.",
		"Hygiene after COVID-19|What ISO 9001 and ISO-14001 ask for.",
	)
	for query, want := range map[string][]search.Document{
		"red green":            {d[0], d[1]},
		`"red apples"`:         {d[0]},
		`"apples red"`:         {},
		"green -pears":         {d[0]},
		`red -"green pears"`:   {d[0]},
		"app":                  {d[0]},
		"sweet gre":            {d[0], d[1]},
		"orchards":             {d[2]},
		"state-of-the-art":     {d[2]},
		"o'neill":              {d[2]},
		`"red apples" "sweet"`: {d[0]},
		"plums red":            {},
		"covid 19":             {d[3]},
		"covid-19":             {d[3]},
		"iso-9001":             {d[3]},
		"iso 14001":            {d[3]},
		"iso 140":              {d[3]},
		`"covid 19"`:           {d[3]},
		"hygiene -9001":        {},
	} {
		expect(t, s.query(t, ctx, query), query, want...)
	}
}

func (s Setup) languages(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	course := s.Course(t, tenant)
	var documents []search.Document
	for _, of := range []struct{ language, title, body string }{
		{"de", "Über Bäume", "Größe und Alter"},
		{"fr-CA", "Théâtre français", "Où est le café?"},
		{"ru", "История России", "Москва зимой"},
		{"zh-Hans", "光合作用 入门", "植物 与 阳光"},
		{"ar", "مقدمة في الجبر", "المعادلات"},
		{"tlh", "tlhIngan Hol", "Qapla'"},
	} {
		d := document(course, of.title, of.body)
		d.Language = of.language
		documents = append(documents, d)
	}
	s.put(t, tenant, course, documents...)
	for query, want := range map[string]int{
		"Bäume": 0, "baume": 0, "ÜBER": 0, "theatre": 1, "café": 1, "CAFE": 1, "история": 2, "МОСКВА": 2,
		"光合作用": 3, "阳光": 3, "الجبر": 4, "tlhIngan": 5,
	} {
		expect(t, s.query(t, ctx, query), query, documents[want])
	}
}

func (s Setup) typos(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	d := s.publish(t, tenant, "Photosynthesis|Light.", "Kubernetes in practice|Pods.", "Cooking|Pots.")
	for query, want := range map[string]search.Document{
		"photosyntesis": d[0], "photosinthesis": d[0], "kuberntes": d[1], "kubernetse": d[1],
	} {
		expect(t, s.query(t, ctx, query), query, want)
	}
	expect(t, s.query(t, ctx, "zzzzqqqq"), "zzzzqqqq")
	// What is put in quotes is meant as it is typed.
	expect(t, s.query(t, ctx, `"photosyntesis"`), `"photosyntesis"`)
}

func (s Setup) marks(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	s.publish(t, tenant, "Light & <b>photosynthesis</b>|Body.", "Cafés of Vienna|Body.")
	for query, want := range map[string]string{
		"photosynthesis":       "Light & <b>⟦photosynthesis⟧</b>",
		"light photosynthesis": "⟦Light⟧ & <b>⟦photosynthesis⟧</b>",
		"cafes":                "⟦Cafés⟧ of Vienna",
		"body vienna":          "Cafés of ⟦Vienna⟧",
	} {
		found := s.query(t, ctx, query)
		if len(found.Hits) != 1 || found.Hits[0].Title != want {
			t.Errorf("%q: hits %+v, want one with the title %q", query, found.Hits, want)
		}
	}
}

// strangers find a lesson by its text and see nothing of that; a course's description is for everybody.
func (s Setup) strangers(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	course := s.Course(t, tenant)
	whole := document(course, "Botany", "Chlorophyll, for everybody.")
	whole.ID, whole.Lesson = course, false
	lesson := document(course, "Photosynthesis", "Chlorophyll absorbs light.")
	s.put(t, tenant, course, whole, lesson)
	for _, q := range []search.Query{
		{}, {Members: true}, {Members: true, Reader: uuid.Must(uuid.NewV7())}, {Members: true, Reader: course}, {Reader: lesson.ID},
	} {
		for _, q.Text = range []string{"chlorophyll", `"absorbs light"`, "photosynthesis", "photosinthesis"} {
			found := s.ask(t, ctx, q)
			if len(found.Hits) == 0 {
				t.Errorf("%q finds nothing", q.Text)
			}
			for _, hit := range found.Hits {
				if hit.Lesson && hit.Snippet != "" {
					t.Errorf("%q shows a stranger %q", q.Text, hit.Snippet)
				}
			}
		}
	}
}

func (s Setup) narrows(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	course := s.Course(t, tenant)
	british, portuguese, english := document(course, "Go one", ""), document(course, "Go two", ""), document(course, "Go three", "")
	british.Language, british.Level, british.Categories = "en-GB", "BEGINNER", []string{"computing", "languages"}
	portuguese.Language, portuguese.Level, portuguese.Categories = "pt-BR", "ADVANCED", []string{"computing"}
	s.put(t, tenant, course, british, portuguese, english)
	for name, tt := range map[string]struct {
		query search.Query
		want  []search.Document
	}{
		"nothing":           {search.Query{}, []search.Document{british, portuguese, english}},
		"language":          {search.Query{Language: "en"}, []search.Document{british, english}},
		"language exactly":  {search.Query{Language: "en-GB"}, []search.Document{british}},
		"part of a tag":     {search.Query{Language: "e"}, nil},
		"level":             {search.Query{Level: "ADVANCED"}, []search.Document{portuguese}},
		"category":          {search.Query{Category: "computing"}, []search.Document{british, portuguese}},
		"other category":    {search.Query{Category: "languages"}, []search.Document{british}},
		"unknown category":  {search.Query{Category: "lang"}, nil},
		"all of them":       {search.Query{Language: "en", Level: "BEGINNER", Category: "computing"}, []search.Document{british}},
		"nothing of itself": {search.Query{Language: "pt", Level: "BEGINNER"}, nil},
	} {
		tt.query.Text = "go"
		expect(t, s.ask(t, ctx, tt.query), name, tt.want...)
	}
}

func (s Setup) visibility(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	course := s.Course(t, tenant)
	public, members := document(course, "Open secret", ""), document(course, "Closed secret", "")
	members.Visibility = "MEMBERS"
	s.put(t, tenant, course, public, members)

	expect(t, s.ask(t, ctx, search.Query{Text: "secret"}), "a visitor", public)
	expect(t, s.ask(t, ctx, search.Query{Text: "secret", Members: true}), "a member", public, members)
	expect(t, s.ask(t, ctx, search.Query{Text: "closed"}), "a visitor")
	expect(t, s.ask(t, ctx, search.Query{Text: "clsoed"}), "a visitor who mistypes")
	if total := s.ask(t, ctx, search.Query{Text: "secret"}).Total; total != 1 {
		t.Errorf("a visitor is told of %d hits, want 1", total)
	}
}

// tenantsAreApart puts the same texts into two tenants.
func (s Setup) tenantsAreApart(t *testing.T) {
	t.Parallel()
	acme, asAcme := s.tenant(t)
	globex, asGlobex := s.tenant(t)
	ours := s.publish(t, acme, "Payroll secrets|acme only")
	theirs := s.publish(t, globex, "Payroll secrets|globex only", "Payroll extras|globex only")

	for _, query := range []string{"payroll", "secrets", "only", `"payroll secrets"`, "pay", "payrol"} {
		for _, hit := range s.query(t, asAcme, query).Hits {
			if hit.ID != ours[0].ID {
				t.Errorf("acme's %q finds a document of globex", query)
			}
		}
	}
	expect(t, s.query(t, asAcme, "payroll"), "acme's payroll", ours...)
	expect(t, s.query(t, asGlobex, "payroll"), "globex's payroll", theirs...)
	expect(t, s.query(t, asAcme, "globex"), "acme's globex")
	if total := s.query(t, asAcme, "payroll").Total; total != 1 {
		t.Errorf("acme is told of %d hits, want 1", total)
	}

	// Nor can one write where the other reads.
	if err := s.tryPut(asAcme, theirs[0].Course); err != nil {
		t.Errorf("acme forgets a course of globex: %v, want no error and no effect", err)
	}
	expect(t, s.query(t, asGlobex, "payroll"), "globex's payroll after acme forgot it", theirs...)

	held, err := s.Engine.Held(asAcme)
	if err != nil || len(held) != 1 || held[ours[0].Course].Documents != 1 {
		t.Errorf("acme holds %v (%v), want its own course alone", held, err)
	}
	// Without a tenant there is nothing, or an error.
	if found, err := s.Engine.Query(t.Context(), search.Query{Text: "payroll", Members: true, Limit: 10}); err == nil && found.Total != 0 {
		t.Errorf("nobody finds %d documents", found.Total)
	}
	if held, err := s.Engine.Held(t.Context()); err == nil && len(held) != 0 {
		t.Errorf("nobody holds %v", held)
	}
}

// cues are found as the body is, also where a phrase goes on in the next one.
func (s Setup) cues(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	film := document(s.Course(t, tenant), "The bowline", "A knot.")
	film.Cues = []search.Cue{{Text: "The rabbit comes out"}, {At: 4 * time.Second, Text: "of its hole."}}
	other := document(film.Course, "The reef knot", "The rabbit stays at home.")
	s.put(t, tenant, film.Course, film, other)
	expect(t, s.query(t, ctx, "hole"), "a word of a cue", film)
	expect(t, s.query(t, ctx, `"comes out of its hole"`), "a phrase of two cues", film)
	expect(t, s.query(t, ctx, "knot hole"), "a word of the body and one of a cue", film)
}

// hostileQueries tries to break out of the query's text.
func (s Setup) hostileQueries(t *testing.T) {
	t.Parallel()
	acme, asAcme := s.tenant(t)
	globex, _ := s.tenant(t)
	ours := s.publish(t, acme, "Payroll|ours")
	closed := document(ours[0].Course, "Payroll of members", "")
	closed.Visibility = "MEMBERS"
	s.put(t, acme, ours[0].Course, ours[0], closed)
	s.publish(t, globex, "Payroll|theirs")

	texts := append(slices.Clone(hostile),
		fmt.Sprintf("payroll' OR tenant_id = '%s", globex),
		`payroll" OR tenant_id = "`+globex.String()+`"`,
		fmt.Sprintf("tenant_id = '%s'", globex),
		globex.String(),
	)
	for _, text := range texts {
		q := search.Query{Text: text, Limit: 50}
		found, err := s.Engine.Query(asAcme, q)
		if err != nil {
			t.Errorf("%q: %v, want no error", text, err)
		}
		for _, hit := range found.Hits {
			if hit.ID != ours[0].ID {
				t.Errorf("%q finds %q, which is not for a visitor of acme", text, hit.Title)
			}
		}
	}
}

// hostile are texts that mean something to some query language, or that end badly.
var hostile = []string{
	`'`, `"`, `""`, `"""`, "`", `\`, `\'`, `%`, `_`, `*`, `?`, `-`, `--`, `- -`, `-payroll`, `"payroll`, `payroll"`, `-"payroll`,
	`!`, `!!!`, `&`, `|`, `&|!`, `(`, `)`, `()`, `((((`, `<->`, `a <-> b`, `payroll:*`, `payroll:A`, `:*`, `a:b:c`, `or`, `OR`,
	`or or or`, `payroll or`, `or payroll`, `payroll OR 1=1`, `payroll AND`, `NOT payroll`, `payroll') OR ('1'='1`,
	`payroll'; DROP TABLE search_documents; --`, `tenant_id EXISTS`, `payroll" OR tenant_id EXISTS OR "a"="a`,
	`visibility = MEMBERS`, `visibility IN ['PUBLIC','MEMBERS']`, `payroll' OR visibility != 'PUBLIC`, `_geoRadius(0,0,1)`,
	`{"filter":"visibility = MEMBERS"}`, `$1`, `${jndi:ldap://x}`, `⟦payroll⟧`, `⟧⟦`, `payroll ⟧ ⟦`, `<script>payroll</script>`,
	`🎓`, `🎓 payroll`, `p̷a̷y̷`, "\u202epayroll", "a\u0301", "pay\u00adroll", strings.Repeat("a ", 100), strings.Repeat("a", 200),
	strings.Repeat(`"`, 200), strings.Repeat(`-`, 200), strings.Repeat("ab or ", 33), strings.Repeat(`"a b" `, 33),
}

func (s Setup) pages(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	const n = 23
	titles := make([]string, n)
	for i := range titles {
		titles[i] = fmt.Sprintf("Chemistry lesson|About chemistry, number %d", i)
	}
	s.publish(t, tenant, titles...)
	for _, text := range []string{"chemistry", "chemystry"} {
		whole := s.ask(t, ctx, search.Query{Text: text, Limit: 50})
		if len(whole.Hits) != n || whole.Total != n {
			t.Fatalf("%q: %d hits of %d, want %d", text, len(whole.Hits), whole.Total, n)
		}
		var paged []search.Hit
		for offset := 0; offset < n+10; offset += 5 {
			found := s.ask(t, ctx, search.Query{Text: text, Limit: 5, Offset: offset})
			if want := min(5, max(0, n-offset)); len(found.Hits) != want || (want > 0 && found.Total != n) {
				t.Errorf("%q: %d hits of %d at %d, want %d of %d", text, len(found.Hits), found.Total, offset, want, n)
			}
			paged = append(paged, found.Hits...)
		}
		if !slices.EqualFunc(paged, whole.Hits, func(a, b search.Hit) bool { return a.ID == b.ID }) {
			t.Errorf("%q: the pages together are not the whole", text)
		}
	}
}
