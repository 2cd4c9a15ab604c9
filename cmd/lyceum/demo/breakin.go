package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/platform/gid"
	"lyceum/web"
)

// What stops an attempt, as the report names it.
const (
	policyWall    = "Wall 1, the policy in ent: every query carries the viewer's tenant."
	searchWall    = "Wall 1: search is asked inside one tenant only."
	securityWall  = "Wall 2, row-level security in Postgres: no row of another tenant, whatever the statement says."
	nobodyWall    = "Wall 2, row-level security in Postgres: no tenant, no rows."
	identityWall  = "The door: a token opens its own tenant's host only."
	signatureWall = "The signature: it covers method, tenant, path and expiry."
)

// breakIns are the attempts, in the order in which they are made. What is destructive comes last.
func breakIns() []func(context.Context, *raid) ([]web.Attempt, error) {
	return []func(context.Context, *raid) ([]web.Attempt, error){
		byID, byList, bySearch, byToken, byCode, byAddress, bySQL, byNobody, byUpdate, byInsert, byMutation,
	}
}

// byID asks for the victim's things by their ids, which a link or a log might have given away.
func byID(ctx context.Context, r *raid) ([]web.Attempt, error) {
	const document = `query($id: ID!) { node(id: $id) { __typename id } }`
	things := []struct{ name, id string }{
		{"a course", r.bait.course()},
		{"an enrollment", r.bait.enrollment()},
		{"a user", r.bait.learner.GlobalID().String()},
		{"a certificate", r.bait.certificate.GlobalID().String()},
	}
	var attempts []web.Attempt
	for _, thing := range things {
		variables := map[string]any{"id": thing.id}
		mine, err := nodeOf(r.owner.send(ctx, document, variables))
		if err != nil {
			return nil, err
		}
		theirs, err := nodeOf(r.thief.send(ctx, document, variables))
		if err != nil {
			return nil, err
		}
		attempts = append(attempts, web.Attempt{
			Tried:  fmt.Sprintf("GraphQL: node(id) of %s of %s", thing.name, r.victim),
			Answer: theirs.said, StoppedBy: policyWall, Leaked: theirs.there, Void: !mine.there,
		})
	}
	return attempts, nil
}

// node is an answer to the query for one.
type node struct {
	there bool
	said  string
}

func nodeOf(a answer, err error) (node, error) {
	if err != nil {
		return node{}, err
	}
	r, err := a.reply()
	if err != nil {
		return node{}, err
	}
	var data struct {
		Node *struct {
			ID string `json:"id"`
		} `json:"node"`
	}
	if len(r.Data) > 0 {
		if err := json.Unmarshal(r.Data, &data); err != nil {
			return node{}, fmt.Errorf("read node: %w", err)
		}
	}
	return node{there: data.Node != nil, said: a.say()}, nil
}

// byList lists people and looks for the victim's among them.
func byList(ctx context.Context, r *raid) ([]web.Attempt, error) {
	const document = `query($filter: UserFilter) { users(first: 100, filter: $filter) { nodes { name email } } }`
	return r.compare(ctx, comparison{
		tried:    "GraphQL: search the list of people for a learner of " + r.victim,
		document: document, variables: map[string]any{"filter": map[string]any{"search": r.bait.learner.Email}},
		secret: r.bait.learner.Email, wall: policyWall,
	})
}

// bySearch looks for the title of the victim's course.
func bySearch(ctx context.Context, r *raid) ([]web.Attempt, error) {
	const document = `query($q: String!) { search(query: $q) { totalCount hits { course { id title } } } }`
	return r.compare(ctx, comparison{
		tried:    fmt.Sprintf("Search for “%s”, a course of %s", r.bait.certificate.CourseTitle, r.victim),
		document: document, variables: map[string]any{"q": r.bait.certificate.CourseTitle},
		secret: r.bait.course(), wall: searchWall,
	})
}

// comparison is a query whose answer holds the secret for the victim, and must not for the intruder.
type comparison struct {
	tried, document string
	variables       map[string]any
	secret, wall    string
}

func (r *raid) compare(ctx context.Context, c comparison) ([]web.Attempt, error) {
	mine, err := r.owner.send(ctx, c.document, c.variables)
	if err != nil {
		return nil, err
	}
	theirs, err := r.thief.send(ctx, c.document, c.variables)
	if err != nil {
		return nil, err
	}
	leaked := theirs.holds(append(r.bait.secrets(), c.secret)...)
	return []web.Attempt{{
		Tried: c.tried, Answer: theirs.say(), StoppedBy: c.wall, Leaked: leaked, Void: !mine.holds(c.secret),
	}}, nil
}

// byToken uses a stolen session of the victim at the intruder's own address.
func byToken(ctx context.Context, r *raid) ([]web.Attempt, error) {
	const document = `{ viewer { role tenant { name } user { email } } }`
	stolen := r.thief
	stolen.token = r.owner.token
	theirs, err := stolen.send(ctx, document, nil)
	if err != nil {
		return nil, err
	}
	return []web.Attempt{{
		Tried:  fmt.Sprintf("A stolen session token of %s, used on %s's host", r.victim, r.intruder),
		Answer: theirs.say(), StoppedBy: identityWall,
		Leaked: theirs.status == http.StatusOK || theirs.holds(r.victim+".example"),
	}}, nil
}

// byCode verifies the victim's certificate at the intruder's address.
func byCode(ctx context.Context, r *raid) ([]web.Attempt, error) {
	path := "/verify/" + r.bait.certificate.Code
	name := r.bait.certificate.LearnerName
	mine, err := r.owner.get(ctx, path)
	if err != nil {
		return nil, err
	}
	theirs, err := r.thief.get(ctx, path)
	if err != nil {
		return nil, err
	}
	return []web.Attempt{{
		Tried:  fmt.Sprintf("The page that verifies a certificate of %s, on %s's host", r.victim, r.intruder),
		Answer: fmt.Sprintf("%d %s", theirs.status, http.StatusText(theirs.status)), StoppedBy: policyWall,
		Leaked: theirs.status == http.StatusOK || theirs.holds(r.bait.secrets()...),
		Void:   mine.status != http.StatusOK || !mine.holds(name),
	}}, nil
}

// byAddress takes the signed address of a file of the intruder's own, and writes the victim's file into it.
func byAddress(ctx context.Context, r *raid) ([]web.Attempt, error) {
	const document = `query($sha256: [String!]!) { assetsByContent(sha256: $sha256) { url } }`
	own, err := r.db.Asset.Query().Where(asset.StatusEQ(asset.StatusREADY)).Order(asset.ByID()).First(as(ctx, r.ofIntruder))
	if err != nil {
		return nil, fmt.Errorf("find a file of %s: %w", r.intruder, err)
	}
	var data struct{ AssetsByContent []struct{ URL string } }
	if err := r.thief.run(ctx, document, map[string]any{"sha256": []string{own.Sha256}}, &data); err != nil {
		return nil, err
	}
	if len(data.AssetsByContent) == 0 {
		return nil, fmt.Errorf("%s has no address for its own file", r.intruder)
	}
	address := data.AssetsByContent[0].URL
	// Storage is no place for tokens: an address is its own permission.
	visitor := caller{http: r.thief.http}
	mine, err := visitor.get(ctx, address)
	if err != nil {
		return nil, err
	}
	theirs, err := visitor.get(ctx, strings.Replace(address, own.BlobKey, r.bait.file, 1))
	if err != nil {
		return nil, err
	}
	return []web.Attempt{{
		Tried:  fmt.Sprintf("A signed file address of %s, with the path of a file of %s written into it", r.intruder, r.victim),
		Answer: fmt.Sprintf("%d %s", theirs.status, http.StatusText(theirs.status)), StoppedBy: signatureWall,
		Leaked: theirs.status/100 == 2, Void: mine.status != http.StatusOK,
	}}, nil
}

// byMutation gives a learner's place in a course up.
func byMutation(ctx context.Context, r *raid) ([]web.Attempt, error) {
	const document = `mutation($id: ID!) { withdraw(enrollmentId: $id) { enrollment { id state } } }`
	state := func() (*ent.Enrollment, error) {
		return r.db.Enrollment.Get(as(ctx, r.ofVictim), r.bait.certificate.EnrollmentID)
	}
	before, err := state()
	if err != nil {
		return nil, fmt.Errorf("read enrollment: %w", err)
	}
	theirs, err := r.thief.send(ctx, document, map[string]any{"id": gid.New(ent.GIDEnrollment, before.ID).String()})
	if err != nil {
		return nil, err
	}
	after, err := state()
	if err != nil {
		return nil, fmt.Errorf("read enrollment: %w", err)
	}
	return []web.Attempt{{
		Tried:  "GraphQL: withdraw a learner of " + r.victim + " from a course",
		Answer: theirs.say(), StoppedBy: policyWall,
		Leaked: before.State != after.State || !before.UpdatedAt.Equal(after.UpdatedAt) || theirs.holds(r.bait.secrets()...),
	}}, nil
}

// holds reports whether the answer holds one of the words, also when JSON or HTML has escaped them.
func (a answer) holds(words ...string) bool {
	for _, word := range words {
		quoted, err := json.Marshal(word)
		if bytes.Contains(a.body, []byte(word)) || (err == nil && bytes.Contains(a.body, bytes.Trim(quoted, `"`))) {
			return true
		}
	}
	return false
}

// say is the answer in a line.
func (a answer) say() string {
	r, err := a.reply()
	switch {
	case err != nil:
		return fmt.Sprintf("%d %s", a.status, http.StatusText(a.status))
	case len(r.Errors) > 0:
		return r.Errors[0].Extensions.Code + ": " + r.Errors[0].Message
	default:
		return short(string(r.Data))
	}
}

// short cuts a text where a table would burst.
func short(s string) string {
	const most = 160
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// refusedBy names the wall that Postgres met, from its error; "" for no error.
func refusedBy(err error) string {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return ""
	}
	switch refused.Code {
	case "42501":
		return "Wall 2, row-level security in Postgres: a tenant writes rows of its own only."
	case "23503":
		return "Wall 2, the composite foreign key " + refused.ConstraintName + ": rows point inside their tenant only."
	default:
		return ""
	}
}

// complaint is what Postgres says.
func complaint(err error) string {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return err.Error()
	}
	return fmt.Sprintf("%s (SQLSTATE %s)", refused.Message, refused.Code)
}
