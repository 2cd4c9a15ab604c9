package pg

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"lyceum/internal/fault"
)

// ErrNoRows is what Scan of a QueryRow reports when there is no row.
var ErrNoRows = pgx.ErrNoRows

// ErrOtherTenant is returned when a statement is run in a transaction that belongs to another tenant.
var ErrOtherTenant = errors.New("pg: statement of one tenant in a transaction of another")

// SQLSTATEs that somebody hears of, from appendix A of Postgres's manual.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	notInRepertoire      = "22021" // a NUL or broken UTF-8 in text
	untranslatable       = "22P05" // a NUL in JSON
	queryCanceled        = "57014" // by statement_timeout: a context that ends closes the connection
	adminShutdown        = "57P01"
	crashShutdown        = "57P02"
	cannotConnectNow     = "57P03"
	tooManyConnections   = "53300"
)

// explain names the fault behind errors that the caller can do something about; any other error is returned
// as it is.
func explain(err error) error {
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch refused.Code {
		case notInRepertoire, untranslatable:
			return fault.New(fault.BadInput, "Text must not contain NUL characters.").Because(err)
		case queryCanceled:
			return unavailable("This took too long; try again shortly.", err)
		case adminShutdown, crashShutdown, cannotConnectNow, tooManyConnections:
			return unavailable("The service is restarting; try again shortly.", err)
		}
		return err
	}
	if _, broken := errors.AsType[*net.OpError](err); broken || errors.Is(err, io.ErrUnexpectedEOF) {
		return unavailable("The connection to the database was lost; try again shortly.", err)
	}
	return err
}

func unavailable(sentence string, cause error) error {
	return fault.New(fault.Unavailable, sentence).After(time.Second).Because(cause)
}

// retriable reports whether Postgres gave the transaction up for another one's sake.
func retriable(err error) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (refused.Code == serializationFailure || refused.Code == deadlockDetected)
}
