package meili

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/meilisearch/meilisearch-go"
)

// maxAnswer bounds what is read of an answer: the largest asked for is a page of ids.
const maxAnswer = 16 << 20

// refusal is what Meilisearch says when it does not do what it is asked, at once or in a task.
//
// No refusal is final. Most come from what an operator can mend: a wrong key, a missing index, an old server,
// a full disk. A sync that gave up would leave a course out of search, and one that is tried again costs
// little, so the jobs that call this package are to be repeated whatever the reason.
type refusal struct {
	// Status is the HTTP status, 0 for a task.
	Status        int
	Code, Message string
}

// Error implements error.
func (r *refusal) Error() string {
	if r.Status == 0 {
		return fmt.Sprintf("the task failed: %s (%.300s)", r.Code, r.Message)
	}
	return fmt.Sprintf("answered %d: %s (%.300s)", r.Status, r.Code, r.Message)
}

// failed wraps an error of the client. Its own text may be as long as the answer, and repeat it.
func failed(doing string, err error) error {
	var answer *meilisearch.Error
	if !errors.As(err, &answer) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	switch {
	case answer.ErrCode == meilisearch.MeilisearchApiError, answer.ErrCode == meilisearch.MeilisearchApiErrorWithoutMessage:
		said := answer.MeilisearchApiError
		return fmt.Errorf("%s: %w", doing, &refusal{Status: answer.StatusCode, Code: said.Code, Message: said.Message})
	case answer.ErrCode == meilisearch.ErrCodeResponseUnmarshalBody:
		return fmt.Errorf("%s: the answer (status %d) is not Meilisearch's", doing, answer.StatusCode)
	case answer.OriginError != nil:
		return fmt.Errorf("%s: %w", doing, answer.OriginError)
	default:
		return fmt.Errorf("%s: status %d", doing, answer.StatusCode)
	}
}

// refusedWith reports whether Meilisearch refused with the code.
func refusedWith(err error, code string) bool {
	var r *refusal
	return errors.As(err, &r) && r.Code == code
}

// bounded is a transport whose answers end with an error when they are too long.
type bounded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(request)
	if err != nil {
		return nil, err //nolint:wrapcheck // http.Client wraps it
	}
	response.Body = &boundedBody{ReadCloser: response.Body, left: maxAnswer}
	return response, nil
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (b bounded) CloseIdleConnections() {
	if transport, ok := b.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		transport.CloseIdleConnections()
	}
}

var errTooLong = errors.New("the answer is too long")

type boundedBody struct {
	io.ReadCloser

	left int64
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
