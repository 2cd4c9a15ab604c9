package pgtest

import (
	"errors"
	"sync"
)

// ownServer starts one server for the whole process.
var ownServer = sync.OnceValues(func() (string, error) {
	return "", errors.New("set " + URLVariable)
})
