package transport

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"lyceum/graph/answer"
	"lyceum/graph/limit"
)

// question is the request as one whose answer may be kept, nil when it cannot be: it is not for all visitors, or it does
// not want one answer.
func (t HTTP) question(ctx context.Context, params *graphql.RawParams, takes accepted) *answer.Question {
	if t.Answers == nil || takes.json == "" {
		return nil
	}
	text := params.Query
	if text == "" {
		id, err := documentID(params.Extensions)
		if err != nil || id == "" || t.Documents == nil {
			return nil
		}
		if text, _ = t.Documents.Lookup(ctx, id); text == "" {
			return nil
		}
	}
	return t.Answers.Ask(ctx, text, params.OperationName, params.Variables)
}

// visit is one request whose answer is kept, or will be.
type visit struct {
	HTTP

	w     http.ResponseWriter
	r     *http.Request
	exec  graphql.GraphExecutor
	takes accepted
	asked *answer.Question
}

// known answers a request of which it is known that its answer may be kept, before its document is looked at. It reports
// false when that did not come to an answer: somebody else tried to find it, and failed.
func (v *visit) known(ctx context.Context, params *graphql.RawParams) bool {
	if kept, found := v.asked.Kept(); found {
		v.give(ctx, kept)
		return true
	}
	return v.find(ctx, func(ctx context.Context) (*graphql.Response, answer.Plan) {
		op, refused := create(ctx, v.exec, params)
		if refused != nil {
			return refused, answer.Plan{}
		}
		return first(ctx, v.execution(op)), v.asked.Plan(op.Operation)
	})
}

// run answers a request whose operation was found to be one whose answers are kept. It was paid for already.
func (v *visit) run(ctx context.Context, op *graphql.OperationContext, plan answer.Plan) bool {
	return v.find(ctx, func(ctx context.Context) (*graphql.Response, answer.Plan) {
		return first(ctx, v.execution(op)), plan
	})
}

func (v *visit) execution(op *graphql.OperationContext) execution {
	return func(ctx context.Context, emit func(*graphql.Response) bool) {
		run(ctx, v.exec, op, cmp.Or(v.Timeout, DefaultTimeout), emit)
	}
}

// find answers with what is kept, or with what the attempt finds; others who ask meanwhile wait for that. Errors are the
// answer to whoever made the attempt, and to nobody else.
func (v *visit) find(ctx context.Context, attempt func(context.Context) (*graphql.Response, answer.Plan)) bool {
	var own *graphql.Response
	waiting, cancel := context.WithTimeout(ctx, cmp.Or(v.Timeout, DefaultTimeout))
	defer cancel()
	kept, err := v.asked.Get(waiting, func(ctx context.Context) (answer.Found, error) {
		response, plan := attempt(ctx)
		own = response
		if len(response.Errors) > 0 {
			return answer.Found{}, answer.ErrNotKept
		}
		return answer.Found{Data: response.Data, Plan: plan}, nil
	})
	switch {
	case own != nil && (err != nil || !v.reads()):
		write(v.w, v.takes.json, own)
	case waiting.Err() != nil:
		late().write(v.w, v.takes)
	case err != nil:
		return false
	case own != nil:
		v.deliver(kept, nil)
	default:
		v.give(ctx, kept)
	}
	return true
}

// reads reports whether the request may be kept by browsers and proxies too.
func (v *visit) reads() bool { return v.r.Method != http.MethodPost }

// give charges for a kept answer, and delivers it.
func (v *visit) give(ctx context.Context, kept *answer.Answer) {
	remaining, err := v.asked.Charge(ctx)
	if err != nil {
		write(v.w, v.takes.json, presented(ctx, v.exec, err))
		return
	}
	v.deliver(kept, remaining)
}

// deliver sends a kept answer. To GET it is the same bytes for everybody, without what is said to the caller alone.
func (v *visit) deliver(kept *answer.Answer, remaining *int) {
	if v.reads() {
		v.deliverTagged(kept)
		return
	}
	price := limit.Price{Requested: answer.Price, Maximum: v.Answers.MaxCost, Remaining: remaining}
	tail, err := json.Marshal(map[string]any{"extensions": map[string]any{"cost": price}})
	if err != nil {
		tail = []byte("{}") // It is made of numbers.
	}
	deliver(v.w, v.takes.json, http.StatusOK, dataMember, kept.Data, append([]byte{','}, tail[1:]...))
}

// The envelope of an answer that is data alone.
var (
	dataMember = []byte(`{"data":`)
	objectEnd  = []byte{'}'}
)

func (v *visit) deliverTagged(kept *answer.Answer) {
	header := v.w.Header()
	tag := tagFor(kept, v.takes.json)
	header.Set("ETag", tag)
	header.Set("Cache-Control", "public, max-age="+strconv.Itoa(secondsLeft(kept)))
	// Who sends a token is answered something else.
	header.Add("Vary", "Authorization")
	if matches(v.r.Header.Values("If-None-Match"), tag) {
		v.w.WriteHeader(http.StatusNotModified)
		return
	}
	deliver(v.w, v.takes.json, http.StatusOK, dataMember, kept.Data, objectEnd)
}

// tagFor tells the forms of an answer apart: their media types differ.
func tagFor(kept *answer.Answer, media string) string {
	if media == mediaJSON {
		return kept.Tag
	}
	return strings.TrimSuffix(kept.Tag, `"`) + `-g"`
}

// secondsLeft is for how long others may keep the answer: together with us no longer than its hints say.
func secondsLeft(kept *answer.Answer) int {
	return max(0, int(time.Until(kept.Until).Seconds()))
}

// matches reports whether If-None-Match names the tag, by the weak comparison of RFC 9110 §13.1.2.
func matches(fields []string, tag string) bool {
	for _, field := range fields {
		for candidate := range strings.SplitSeq(field, ",") {
			candidate = strings.TrimSpace(candidate)
			if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
				return true
			}
		}
	}
	return false
}
