package transport

import (
	"cmp"
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"lyceum/internal/fault"
)

// keyPersistedQuery is the extension in which Apollo's clients send the hash of a document.
const keyPersistedQuery = "persistedQuery"

// maxDocumentID bounds the ids of persisted documents, in bytes.
const maxDocumentID = 256

// Documents finds persisted documents by id.
type Documents interface {
	// Lookup returns the text stored under the id: a "documentId" as the client sent it, or "sha256:" and
	// the lower-case hash for clients that send extensions.persistedQuery.sha256Hash.
	Lookup(ctx context.Context, id string) (text string, found bool)
}

// Persisted lets requests name a stored document instead of sending its text, on every transport.
//
// A request that names one and sends a text as well runs the text, where texts are allowed at all: that
// is how Apollo's clients answer a CodePersistedNotFound. Nothing is ever stored.
type Persisted struct {
	Documents Documents
	// Only reports callers who may run stored documents and nothing else. Nil: there are none.
	Only func(context.Context) bool
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
} = Persisted{}

// ExtensionName implements graphql.HandlerExtension.
func (Persisted) ExtensionName() string { return "Persisted" }

// Validate implements graphql.HandlerExtension.
func (p Persisted) Validate(graphql.ExecutableSchema) error {
	if p.Documents == nil {
		return errors.New("transport: Persisted needs documents")
	}
	return nil
}

// MutateOperationParameters implements graphql.OperationParameterMutator: it puts the text in place.
func (p Persisted) MutateOperationParameters(ctx context.Context, request *graphql.RawParams) *gqlerror.Error {
	id, err := documentID(request.Extensions)
	if err != nil {
		return refusal(CodeBadRequest, err.Error())
	}
	mayText := p.Only == nil || !p.Only(ctx)
	if request.Query != "" && mayText {
		return nil
	}
	if id == "" {
		return &gqlerror.Error{Err: fault.New(fault.Forbidden, "You may run persisted documents only. Send a documentId."), Message: "persisted documents only"}
	}
	text, found := p.Documents.Lookup(ctx, id)
	if !found {
		return refusal(CodePersistedNotFound, "No document is stored under this id.")
	}
	if request.Query != "" && request.Query != text {
		return refusal(CodeBadRequest, "The text is not that of the document with this id.")
	}
	request.Query = text
	return nil
}

// documentID returns the id that the request names a document by, or "". The error is malformed.
func documentID(extensions map[string]any) (string, error) {
	var id string
	var apollo map[string]any
	if err := cmp.Or(
		member(extensions, keyDocumentID, "a string", &id),
		member(extensions, keyPersistedQuery, "an object", &apollo),
	); err != nil {
		return "", err
	}
	if id == "" && apollo != nil {
		var hash string
		if err := member(apollo, "sha256Hash", "a string", &hash); err != nil {
			return "", err
		}
		if hash == "" {
			return "", malformed(`"persistedQuery" must have a "sha256Hash".`)
		}
		id = "sha256:" + hash
	}
	if len(id) > maxDocumentID {
		return "", malformed("The document id is too long.")
	}
	return id, nil
}

// refusal returns an error that the presenter passes on as it is.
func refusal(code, message string) *gqlerror.Error {
	err := gqlerror.Errorf("%s", message)
	errcode.Set(err, code)
	return err
}
